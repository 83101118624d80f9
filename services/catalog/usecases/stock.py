"""What stores have, for listings: told by inventory's events, some moments old.

The consumer of the events owns the transaction in which they are noted, since its inbox is in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel.names import StoreId
from services.catalog.domain.availability import Availabilities, LittleLeft, StoreStock
from services.catalog.repository import stock_rows


class StoreStocks:
    """The use cases on what stores have."""

    def __init__(self, database: Database, *, little_left: LittleLeft) -> None:
        self._database = database
        self._little_left = little_left

    async def note(self, tx: Transaction, stocks: Sequence[StoreStock]) -> None:
        """Notes what changed; what is older than what is known changes nothing."""
        latest: dict[tuple[StoreId, str], StoreStock] = {}
        for stock in stocks:
            known = latest.get((stock.store, stock.sku))
            if known is None or stock.version > known.version:
                latest[stock.store, stock.sku] = stock
        await stock_rows.keep(tx, list(latest.values()))

    async def begin_anew(self, tx: Transaction) -> None:
        """Forgets all; the events that come again tell it."""
        await stock_rows.empty(tx)

    async def availabilities(self, store: StoreId | None, skus: Sequence[str]) -> Availabilities:
        """Whether the store has these products; nothing if no store is asked for."""
        if store is None or not skus:
            return {}
        async with self._database.reading() as reading:
            stocks = await stock_rows.of(reading, store, skus)
        return {stock.sku: self._little_left.availability(stock) for stock in stocks}
