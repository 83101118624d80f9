"""Discrepancies: listed for whoever manages the store, and resolved once, by a count or a note.

They are opened where stock is taken, in the transaction of the sale that was short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chassis.db.engine import Database
from chassis.db.idempotency import Once
from chassis.kernel.errors import ResourceNotFound
from chassis.kernel.names import DISCREPANCY, StoreId
from chassis.messaging import outbox
from services.inventory.domain.deficits import (
    Discrepancy,
    DiscrepancyState,
    ResolveCommand,
    resolved,
)
from services.inventory.domain.stock import AdjustCommand, Books, Posting, adjust
from services.inventory.repository import discrepancy_rows, stock_rows
from services.inventory.usecases.stock import Stock


class Discrepancies:
    """The discrepancies of all stores.

    `stock_moved` and `discrepancy_changed` write the events, `changed` is told the stores whose
    stock may have changed, once that is committed.
    """

    def __init__(
        self,
        database: Database,
        stock: Stock,
        *,
        stock_moved: Callable[[Posting, str], outbox.Event],
        discrepancy_changed: Callable[[Discrepancy, str], outbox.Event],
        changed: Callable[[Iterable[StoreId]], None],
    ) -> None:
        self._database = database
        self._stock = stock
        self._stock_moved = stock_moved
        self._discrepancy_changed = discrepancy_changed
        self._changed = changed

    async def of_store(
        self, store_id: StoreId, *, state: DiscrepancyState | None, after: str, limit: int
    ) -> Sequence[Discrepancy]:
        """A store's discrepancies, oldest first, those after one; only in a state if it is said."""
        async with self._database.reading() as reading:
            return await discrepancy_rows.after(
                reading, store_id, state=state, after=after, limit=limit
            )

    async def resolve(
        self, command: ResolveCommand, once: Once, *, encode: Callable[[Discrepancy], bytes]
    ) -> bytes:
        """Ends a discrepancy, and corrects the level to what was counted, if it was; answers it.

        Raises ResourceNotFound, DiscrepancyResolved, DiscrepancyOutdated, StockChanged, StockHeld.
        """
        if command.count is not None:
            await self._stock.end_due_holds({command.key.store_id})
        async with once.transaction() as tx:
            seen = await discrepancy_rows.get(tx, command.key)
            if seen is None:
                raise ResourceNotFound(resource=DISCREPANCY.format(*command.key))
            books = Books(
                await stock_rows.lock_levels(tx, [seen.level_key]),
                moment=await stock_rows.moment(tx),
            )
            locked = await discrepancy_rows.get(tx, command.key, for_update=True)
            assert locked is not None
            ended = resolved(locked, command, moment=books.moment)
            if command.count is not None:
                adjust(
                    AdjustCommand(
                        store_id=ended.store_id,
                        sku=ended.sku,
                        unit=ended.unit,
                        counted=command.count.counted,
                        expected_on_hand=command.count.expected_on_hand,
                        reason=DISCREPANCY.format(*ended.key),
                        actor=command.actor,
                    ),
                    books,
                )
            if books.postings:
                await stock_rows.set_levels(tx, books.levels_changed)
                await stock_rows.add_movements(tx, books.postings)
            await discrepancy_rows.resolve(tx, ended)
            moved = [self._stock_moved(posting, "") for posting in books.postings]
            await outbox.add_all(tx, [*moved, self._discrepancy_changed(ended, "")])
            reply = await tx.keep(encode(ended))
        self._changed([command.key.store_id])
        return reply
