"""What the board of stock levels reads: levels that have moved, and holds that have run out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.db.engine import Database
from chassis.kernel.names import StoreId
from chassis.messaging.board import Found, Look
from chassis.messaging.places import Place, moment_of
from services.inventory.domain.stock import StockLevel
from services.inventory.repository import stock_rows, watched_rows

MOVEMENTS_MISSED_MAX = 20_000
"""Who has missed more movements of a store is told all of its levels anew."""


class StockShown:
    """What the board of stock levels reads: a topic is a store, a key the SKU of a level.

    `encode` makes the part of a message that tells a level.
    """

    def __init__(self, database: Database, *, encode: Callable[[StockLevel], bytes]) -> None:
        self._database = database
        self._encode = encode

    async def look(
        self, topics: Sequence[StoreId], since: Place | None, *, found_max: int
    ) -> Look[StoreId]:
        """What has moved or run out in the stores since a place."""
        async with self._database.transaction() as tx:
            moment = await moment_of(tx, table="stock_movement")
            if since is None or since.history != moment.history:
                return Look(moment, ())
            levels = await watched_rows.changed_levels(
                tx, topics, since=since, before_transaction=moment.unused, limit=found_max + 1
            )
        if len(levels) > found_max:
            return Look(moment, None)
        return Look(moment, [Found(x.store_id, x.sku, self._encode(x)) for x in levels])

    async def page(
        self,
        topic: StoreId,
        *,
        keys: Sequence[str] | None,
        since: Place | None,
        after: str,
        parts_max: int,
    ) -> Sequence[tuple[str, bytes]] | None:
        """A store's levels by SKU, or those that have changed."""
        async with self._database.transaction() as tx:
            if since is not None:
                moment = await moment_of(tx, table="stock_movement")
                missed = await watched_rows.count_movements(
                    tx,
                    topic,
                    since=since,
                    before_transaction=moment.unused,
                    count_max=MOVEMENTS_MISSED_MAX + 1,
                )
                if missed > MOVEMENTS_MISSED_MAX:
                    return None
                levels: Sequence[StockLevel] = await watched_rows.changed_levels(
                    tx,
                    [topic],
                    since=since,
                    before_transaction=moment.unused,
                    after=after,
                    only=keys,
                    limit=parts_max,
                )
            elif keys is None:
                levels = await stock_rows.levels_after(tx, topic, after=after, limit=parts_max)
            else:
                asked = [key for key in keys if key > after][:parts_max]
                levels = await stock_rows.levels(tx, topic, asked)
        return [(level.sku, self._encode(level)) for level in levels]
