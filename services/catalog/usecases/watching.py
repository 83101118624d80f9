"""What the board of prices reads: prices that are changed, that start or that end.

No price has to be touched when it starts or ends. A look finds what did so since the look before,
and says when the next will, so that the next look is then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.db.engine import Database
from chassis.messaging.board import Found, Look
from chassis.messaging.places import Place, moment_of
from services.catalog.domain.prices import WatchedPrice, WatchedPrices
from services.catalog.repository import price_rows, watched_rows

CHANGES_MISSED_MAX = 20_000
"""Who has missed more changes of a store's prices is told all of them anew."""


class PricesShown:
    """A topic is a store's prices in a channel, a key the SKU of one.

    `encode` makes the part of a message that tells a price, or that there is none any more.
    """

    def __init__(self, database: Database, *, encode: Callable[[WatchedPrice], bytes]) -> None:
        self._database = database
        self._encode = encode

    async def look(
        self, topics: Sequence[WatchedPrices], since: Place | None, *, found_max: int
    ) -> Look[WatchedPrices]:
        """In whose place another price may have come since a place, and when that is next."""
        async with self._database.transaction() as tx:
            moment = await moment_of(tx, table="price")
            if since is None or since.history != moment.history:
                return Look(moment, ())
            changed = await watched_rows.changed(
                tx,
                topics,
                since=since,
                before_transaction=moment.unused,
                rows_max=found_max + 1,
            )
            next_at = await watched_rows.next_at(tx, topics, now=moment.now)
        if len(changed) > found_max:
            return Look(moment, None, next_at)
        found = [Found(each.among, each.sku, self._encode(each)) for each in changed]
        return Look(moment, found, next_at)

    async def page(
        self,
        topic: WatchedPrices,
        *,
        keys: Sequence[str] | None,
        since: Place | None,
        after: str,
        parts_max: int,
    ) -> Sequence[tuple[str, bytes]] | None:
        """What is asked now by SKU, or those in whose place another price may have come."""
        async with self._database.transaction() as tx:
            if since is not None:
                moment = await moment_of(tx, table="price")
                missed = await watched_rows.count_changes(
                    tx,
                    topic.store,
                    since=since,
                    before_transaction=moment.unused,
                    count_max=CHANGES_MISSED_MAX + 1,
                )
                if missed > CHANGES_MISSED_MAX:
                    return None
                found = await watched_rows.changed(
                    tx,
                    [topic],
                    since=since,
                    before_transaction=moment.unused,
                    after=after,
                    only=keys,
                    rows_max=parts_max,
                )
            else:
                if keys is None:
                    prices = await price_rows.prices_now(
                        tx, topic.store, channel=topic.channel, after=after, rows_max=parts_max
                    )
                else:
                    asked = [key for key in keys if key > after][:parts_max]
                    prices = await watched_rows.prices(tx, topic, skus=asked)
                found = [WatchedPrice(topic, price.sku, price) for price in prices]
        return [(each.sku, self._encode(each)) for each in found]
