"""Selling, as many tills do at once: each store's sales one after another, in order of their time.

What is not an answer is asked again with the same request id, for as long as a platform may take to
come back. A refusal is kept, and the next sale goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from allinone.demo.asking import Asker, asking, in_lanes
from allinone.issuer import LocalIssuer
from allinone.replay import requests
from allinone.replay.sales import Sale
from chassis.kernel.errors import ErrorKind, HutongError
from hutong.orders.v1 import orders_pb2, orders_service_pb2_grpc

STORES_AT_ONCE = 64
PATIENCE_SECONDS = 120.0


class QuantityTaken(Exception):
    """The platform sold nothing of something. The text is one line for a person."""

    def __init__(self, answer: str) -> None:
        super().__init__(f"the platform should refuse a line of quantity 0, and answered: {answer}")


@dataclass(slots=True)
class Sold:
    """What came of selling."""

    sold: int = 0
    before: int = 0
    lines: int = 0
    lines_off_price: int = 0
    difference_cents: int = 0
    refused: list[tuple[Sale, HutongError]] = field(default_factory=list)


async def sell(
    sales: Sequence[Sale],
    *,
    address: str,
    issuer: LocalIssuer,
    now: datetime,
    progress: Callable[[int], None],
) -> Sold:
    """Sells all sales, which have lines; orders created before `now` had been sold before.

    `progress` gets how many more are answered. Raises the HutongError of a platform that gave no
    answer in PATIENCE_SECONDS.
    """
    result = Sold()
    by_store: dict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        by_store[sale.store].append(sale)

    async def sell_in(store: str) -> None:
        async with asking(
            address=address, issuer=issuer, caller=requests.manager_of(store)
        ) as till:
            for sale in by_store[store]:
                await _sell_one(till, sale, result, now)
                progress(1)

    # The store that has most to sell begins first, so that it is not the last.
    longest_first = sorted(by_store, key=lambda store: (-len(by_store[store]), store))
    await in_lanes(longest_first, sell_in, at_once=STORES_AT_ONCE)
    return result


async def _sell_one(till: Asker, sale: Sale, result: Sold, now: datetime) -> None:
    orders = orders_service_pb2_grpc.OrdersServiceStub(till.channel)
    try:
        order: orders_pb2.Order = await till.insist(
            orders.PlaceOrder, requests.place_order(sale), seconds=PATIENCE_SECONDS
        )
    except HutongError as error:
        if not error.is_answer or error.kind is ErrorKind.UNAUTHENTICATED:
            raise
        result.refused.append((sale, error))
        return
    result.sold += 1
    result.before += order.create_time.ToDatetime(tzinfo=UTC) < now
    ours = [line.line_total.amount_minor for line in order.lines]
    charged = [line.charged_total.amount_minor for line in order.recorded_sale.lines]
    result.lines += len(ours)
    result.lines_off_price += sum(a != b for a, b in zip(ours, charged, strict=True))
    result.difference_cents += sum(charged) - sum(ours)


async def prove_quantity_0_is_refused(
    sale: Sale, *, address: str, issuer: LocalIssuer
) -> HutongError:
    """The platform's refusal of a sale with nothing on a line; QuantityTaken if there is none."""
    async with asking(
        address=address, issuer=issuer, caller=requests.manager_of(sale.store)
    ) as till:
        orders = orders_service_pb2_grpc.OrdersServiceStub(till.channel)
        try:
            order = await till.insist(
                orders.PlaceOrder, requests.with_quantity_0(sale), seconds=PATIENCE_SECONDS
            )
        except HutongError as error:
            names_quantity = any("quantity" in field for field, _ in error.violations)
            if error.kind is ErrorKind.INVALID_ARGUMENT and names_quantity:
                return error
            if not error.is_answer or error.kind is ErrorKind.UNAUTHENTICATED:
                raise
            raise QuantityTaken(str(error)) from error
    raise QuantityTaken(order.name)
