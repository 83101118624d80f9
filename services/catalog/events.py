"""The events of other services that the catalogue listens to: what moves in stores' stock."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.app import Deps
from chassis.db.transaction import Transaction
from chassis.kernel import ids
from chassis.messaging.bus import Delivery
from chassis.messaging.consumer import Consumer
from chassis.messaging.inbox import Order
from services.catalog.convert import stock as convert
from services.catalog.usecases.stock import StoreStocks

STOCK_CONSUMER = "catalog.stock"
STOCK_SOURCE = "inventory"


def stock_consumer(stocks: StoreStocks, deps: Deps) -> Consumer:
    """Keeps what stores have; each event tells a whole level, so the newest is enough."""

    async def handle(tx: Transaction, deliveries: Sequence[Delivery]) -> None:
        told = convert.stocks_of(deliveries)
        if told:
            await stocks.note(tx, told)

    return Consumer(
        name=STOCK_CONSUMER,
        member=ids.mint("consumer"),
        source=STOCK_SOURCE,
        database=deps.database,
        redis=deps.redis,
        handle=handle,
        reset=stocks.begin_anew,
        order=Order.NEWEST,
        metrics=deps.metrics,
    )
