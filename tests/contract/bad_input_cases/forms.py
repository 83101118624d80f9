"""The table of bad input, the part about long lists and fields that lack, hide or are nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.catalog.v1 import parity_pb2
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.stores.v1 import stores_pb2
from hutong.stores.v1 import stores_service_pb2 as stores
from tests.contract.bad_input_stage import (
    Case,
    Stage,
    created,
    given,
    invalid,
    of_nothing,
    priced,
    quoted,
    received,
)
from tests.integration.stores.chains import looking
from tests.support.baskets import line, setting
from tests.support.shop import (
    CASHIER,
    STORE,
    delivery,
    door,
    goods,
    till_sale,
    wanted,
    yuan,
)

LINES = 10_000
HIDDEN = {
    "NUL": "a\x00b",
    "a control character": "a\x07b",
    "a bidi override": "a\u202eb",
    "a zero-width space": "a\u200bb",
}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _many_lines()
    yield from _hidden_characters()
    yield from _enums()
    yield from _missing()


def _many_lines() -> Iterator[Case]:
    at = invalid("lines")
    yield Case("receive 10,000 lines", lambda s: received(*[goods(s.sku, 1)] * LINES), at)
    yield Case(
        "sell 10,000 lines", lambda s: till_sale(*[wanted(s.sku, 1)] * LINES), at, who=CASHIER
    )
    yield Case("quote 10,000 lines", lambda s: quoted(*[wanted(s.sku, 1)] * LINES), at)
    yield Case(
        "put 10,000 lines into a basket",
        lambda s: setting(s.customer, *[line(s.sku, 1)] * LINES),
        at,
        who=None,
    )


def _hidden_characters() -> Iterator[Case]:
    for what, text in HIDDEN.items():
        yield Case(
            f"{what} in a product's id",
            given(text, lambda s, t: till_sale(wanted(t, 1))),
            invalid("lines[0].product", reason="NAME_INVALID", pattern="products/{product}"),
            who=CASHIER,
        )
        yield Case(
            f"{what} in a store's id",
            given(text, lambda s, t: stores.GetStoreRequest(name=f"stores/{t}")),
            invalid("name", reason="NAME_INVALID", pattern="stores/{store}"),
        )
        yield Case(
            f"{what} in a new store's id",
            given(text, lambda s, t: created(name=f"stores/{t}")),
            invalid("store.name", reason="NAME_INVALID", pattern="stores/{store}"),
        )
        yield Case(
            f"{what} in a reservation's id",
            given(
                text,
                lambda s, t: inventory.TakeStockRequest(
                    parent=STORE, reservation_id=t, lines=[goods(s.sku, 1)]
                ),
            ),
            invalid("reservation_id"),
        )
        yield Case(
            f"{what} in a till's id",
            given(text, lambda s, t: till_sale(wanted(s.sku, 1), till=t)),
            invalid("till"),
            who=CASHIER,
        )
        yield Case(
            f"{what} in a delivery note",
            given(text, lambda s, t: received(goods(s.sku, 1), delivery_note=t)),
            invalid("delivery_note"),
        )
        yield Case(
            f"{what} in a street",
            given(
                text, lambda s, t: delivery(s.customer, wanted(s.sku, 1), delivery=door(street=t))
            ),
            invalid("delivery.street"),
            who=None,
        )


def _enums() -> Iterator[Case]:
    numbers: tuple[Any, ...] = (99, 0)
    for number in numbers:
        yield Case(
            f"the unit {number}",
            given(number, lambda s, n: till_sale(wanted(s.sku, 1, n))),
            invalid("lines[0].unit"),
            who=CASHIER,
        )
        yield Case(
            f"the fulfilment {number}",
            given(number, lambda s, n: till_sale(wanted(s.sku, 1), fulfilment=n)),
            invalid("fulfilment"),
            who=CASHIER,
        )
        yield Case(
            f"the kind {number} of store",
            given(number, lambda s, n: created(kind=n)),
            invalid("store.kind"),
        )
        yield Case(
            f"the surface {number}",
            given(
                number,
                lambda s, n: catalog.ReportShownPricesRequest(
                    parent=STORE,
                    surface=n,
                    device="till-1",
                    prices=[
                        parity_pb2.ShownPrice(
                            product=f"products/{s.sku}", price_version=1, unit_price=yuan(1)
                        )
                    ],
                    report_time=Timestamp(seconds=1_700_000_000),
                ),
            ),
            invalid("surface"),
        )
    yield Case("look for the kind 99", lambda s: looking(kinds=[99]), invalid("kinds[0]"), who=None)
    yield Case(
        "the channel 99",
        lambda s: priced(s.sku, yuan(120), channel=99),
        invalid("channel"),
    )
    yield Case(
        "the capability 99",
        lambda s: created(capabilities=[stores_pb2.CAPABILITY_PICKUP, 99]),
        invalid("store.capabilities[1]"),
    )


def _missing() -> Iterator[Case]:
    def without(*names: str) -> Callable[[Stage], Message]:
        def built(stage: Stage) -> Message:
            request = till_sale(wanted(stage.sku, 1))
            for name in names:
                request.ClearField(name)
            return request

        return built

    yield Case("a sale of no lines", without("lines"), invalid(""), who=CASHIER)
    for name in ("fulfilment", "tender", "request_id"):
        yield Case(f"a sale without {name}", without(name), invalid(name), who=CASHIER)
    yield Case(
        "a delivery note left out",
        lambda s: received(goods(s.sku, 1), delivery_note=""),
        invalid("delivery_note"),
    )
    yield Case(
        "a line of no product",
        lambda s: received(of_nothing(s)),
        invalid("lines[0].product", reason="NAME_INVALID", pattern="products/{product}"),
    )
    yield Case(
        "no position to look around",
        lambda s: stores.FindStoresRequest(page_size=1),
        invalid("position"),
        who=None,
    )
    for text in ("", "1", "7f8a2d4e-0f6b-4c51-9a51-3e0c5a1b2c3", "x" * 36):
        yield Case(
            f"the request id {text!r}",
            given(text, lambda s, g: received(goods(s.sku, 1), request_id=g)),
            invalid("request_id"),
        )
