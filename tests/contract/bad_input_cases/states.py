"""The table of bad input, the part about what is right in itself and not now."""

from __future__ import annotations

from collections.abc import Iterator

from hutong.orders.v1 import orders_service_pb2 as orders
from tests.contract.bad_input_stage import (
    STOCK,
    Case,
    refused,
)
from tests.support.shop import (
    CASHIER,
    request_id,
    till_sale,
    wanted,
)


def cases() -> Iterator[Case]:
    """All of them."""
    short = {"wanted": str(STOCK + 2), "available": str(STOCK)}
    half = STOCK // 2 + 1
    yield Case(
        "more than there is",
        lambda s: till_sale(wanted(s.sku, STOCK + 2)),
        refused("INSUFFICIENT_STOCK", sku="sku1", **short),
        who=CASHIER,
        noted_by=frozenset({"orders", "inventory"}),
    )
    yield Case(
        "more than there is, on two lines",
        lambda s: till_sale(wanted(s.sku, half), wanted(s.sku, half)),
        refused("INSUFFICIENT_STOCK", sku="sku1", **short),
        who=CASHIER,
        noted_by=frozenset({"orders", "inventory"}),
    )
    yield Case(
        "hand over what was carried out",
        lambda s: orders.HandOverOrderRequest(name=s.sale, request_id=request_id()),
        refused("ORDER_STATE_INVALID", state="COMPLETED"),
        who=CASHIER,
    )
    yield Case(
        "pack what was carried out",
        lambda s: orders.MarkOrderReadyRequest(name=s.sale, request_id=request_id()),
        refused("ORDER_STATE_INVALID", state="COMPLETED"),
        who=CASHIER,
    )
    yield Case(
        "less cash than the total",
        lambda s: till_sale(wanted(s.sku, 1), tendered=1),
        refused("TENDER_INSUFFICIENT", tendered_minor="1", total_minor="100"),
        who=CASHIER,
    )
