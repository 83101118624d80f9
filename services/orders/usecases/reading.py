"""Orders as they are looked at: one, all of a store, one that is followed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence

from chassis.db.engine import Database
from chassis.kernel import names
from chassis.kernel.errors import ResourceNotFound
from chassis.kernel.names import CustomerId, StoreId
from chassis.messaging.coalescer import Coalescer, Lanes
from chassis.messaging.feed import Feed
from services.orders.domain.orders import Order, Purchaser, is_final, is_visible_to
from services.orders.repository import orders as repository

READ_SECONDS_MAX = 5.0
"""The longest time that a watcher's read waits for its batch."""


class OrderReader:
    """The use cases that change nothing."""

    def __init__(self, database: Database, *, feed: Feed, lanes: Lanes) -> None:
        self._database = database
        self._feed = feed
        self._reads: Coalescer[tuple[StoreId, str], Order | None] = lanes.lane(
            "orders.read", self._read_all
        )

    async def get_order(
        self, store: StoreId, order_id: str, purchaser: Purchaser, *, deadline: float
    ) -> Order:
        """One order that the purchaser may see; ResourceNotFound otherwise."""
        order = await self._reads.submit((store, order_id), deadline=deadline)
        return require_visible(order, store, order_id, purchaser)

    async def _read_all(self, names: Sequence[tuple[StoreId, str]]) -> list[Order | None]:
        """Orders by store and id, in one statement: watchers look again and again."""
        async with self._database.reading() as reading:
            found = await repository.get_all(reading, sorted(set(names)))
        return [found.get(name) for name in names]

    async def watch_order(
        self, store: StoreId, order_id: str, purchaser: Purchaser, *, after_version: int
    ) -> AsyncIterator[Order]:
        """The order in each version after the given one, as it comes, until it is final."""
        told = after_version
        with self._feed.watching(aggregate_of(store, order_id)) as watch:
            while True:
                deadline = time.monotonic() + READ_SECONDS_MAX
                order = await self.get_order(store, order_id, purchaser, deadline=deadline)
                if order.version > told:
                    told = order.version
                    yield order
                if is_final(order.state):
                    return
                await watch.news()

    async def list_orders(
        self, store: StoreId, purchaser: Purchaser, *, before: str, limit: int
    ) -> list[Order]:
        """Orders of a store that the purchaser may see, newest first."""
        customer = None if purchaser.is_staff else purchaser.customer or CustomerId("")
        async with self._database.reading() as reading:
            return await repository.newest(
                reading, store, before=before, limit=limit, customer=customer
            )

    async def close(self) -> None:
        """Waits until every read is answered."""
        await self._reads.close()


def aggregate_of(store: StoreId, order_id: str) -> str:
    """The order as its events name it."""
    return f"{names.tenant_of(store)}/{names.ORDER.format(store, order_id)}"


def require_visible(
    order: Order | None, store: StoreId, order_id: str, purchaser: Purchaser
) -> Order:
    """The order, if there is one that the purchaser may see; ResourceNotFound."""
    if order is None or not is_visible_to(order, purchaser):
        raise ResourceNotFound(resource=names.ORDER.format(store, order_id))
    return order
