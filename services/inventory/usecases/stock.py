"""What inventory does, a transaction each; what is hot in batches, by a fixed number of statements.

Whoever asks for stock first ends the holds of its stores that have run out, so that they count
nothing, whether or not the sweeper is alive.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NoReturn, Protocol

from chassis.db.engine import Database
from chassis.db.idempotency import Once
from chassis.db.transaction import Transaction
from chassis.kernel import ids
from chassis.kernel.errors import Conflict, HutongError, QuantityTooLarge, ResourceNotFound
from chassis.kernel.names import RESERVATION, STOCK_LEVEL, StoreId
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from chassis.messaging import outbox
from services.inventory.domain import deficits, reservations, stock
from services.inventory.domain.deficits import Discrepancy
from services.inventory.domain.reservations import (
    Decisions,
    EndCommand,
    Reservation,
    ReservationKey,
    ReserveCommand,
)
from services.inventory.domain.stock import (
    AdjustCommand,
    Books,
    LevelKey,
    Posting,
    ReceiveCommand,
    StockLevel,
    StockMovement,
    require_unit,
)
from services.inventory.repository import discrepancy_rows
from services.inventory.repository import stock_rows as repository

DUE_HOLDS_MAX = 500
"""So many holds that have run out are ended in one transaction."""

ATTEMPTS_MAX = 3
"""How often a batch is tried when another transaction makes one of its reservations meanwhile."""

MADE, ENDED = 1, 2
"""What a reservation can have of events: one when it is made, one when it ends after that."""

Results = list[Reservation | HutongError]

Traces = Mapping[ReservationKey, str]
"""Which trace a reservation's movements are part of."""

_NO_TRACES: Traces = {}


class _ReservationAppeared(Exception):
    """Another transaction made a reservation that this one did not see; nothing is done."""


class _Decide(Protocol):
    """Commits or releases a batch of reservations."""

    def __call__(
        self,
        commands: Iterable[EndCommand],
        *,
        known: Mapping[ReservationKey, Reservation],
        books: Books,
    ) -> Decisions: ...


class _MoreAreDue(Exception):
    """More holds have run out than one transaction ends."""


class Stock:
    """The stock levels and reservations of all stores.

    `stock_moved` writes the event that tells of a posting, `reservation_changed` the one of a
    reservation with its number among that reservation's, `discrepancy_changed` the one of a
    discrepancy, each as part of a trace. `changed` is told the stores whose stock may have changed,
    once that is committed.
    """

    def __init__(
        self,
        database: Database,
        *,
        stock_moved: Callable[[Posting, str], outbox.Event],
        reservation_changed: Callable[[Reservation, int, str], outbox.Event],
        discrepancy_changed: Callable[[Discrepancy, str], outbox.Event],
        changed: Callable[[Iterable[StoreId]], None] = lambda _: None,
        due_holds_max: int = DUE_HOLDS_MAX,
    ) -> None:
        self._database = database
        self._stock_moved = stock_moved
        self._reservation_changed = reservation_changed
        self._discrepancy_changed = discrepancy_changed
        self._changed = changed
        self._due_holds_max = due_holds_max

    async def reserve(self, commands: Sequence[ReserveCommand]) -> Results:
        """Holds or takes stock, for each command all of its lines or none, the earlier first.

        Answers in their order. The same reservation again gets the same answer.
        """
        while True:
            try:
                return await self._unless_raced(commands, lambda tx: self._reserve(tx, commands))
            except _MoreAreDue:
                # Each time round leaves fewer of them, so this ends.
                await self.end_due_holds({command.store_id for command in commands})

    async def commit(self, commands: Sequence[EndCommand]) -> Results:
        """Lets held goods leave. Answers in the order of the commands."""
        return await self._unless_raced(
            commands, lambda tx: self._end(tx, commands, reservations.commit)
        )

    async def release(self, commands: Sequence[EndCommand]) -> Results:
        """Ends reservations without a sale, also those that have yet to come.

        Answers in the order of the commands.
        """
        return await self._unless_raced(
            commands, lambda tx: self._end(tx, commands, reservations.release)
        )

    async def end_due_holds(self, stores: Iterable[StoreId] | None = None) -> None:
        """Ends all holds that have run out, of some stores or of all, in bounded transactions."""
        only = None if stores is None else set(stores)
        while await self._end_due_holds(only) == self._due_holds_max:
            pass

    async def receive(
        self,
        command: ReceiveCommand,
        once: Once,
        *,
        encode: Callable[[Sequence[StockLevel]], bytes],
    ) -> bytes:
        """Takes a delivery in, all lines or none; answers the levels after it, by SKU.

        Raises UnitMismatch, QuantityTooLarge.
        """
        async with once.transaction() as tx:
            moment = await repository.moment(tx)
            raised = await repository.raise_levels(tx, command.store_id, command.lines)
            if len(raised) < len(command.lines):
                await self._refuse_delivery(tx, command)
            postings = [
                stock.posted(
                    raised[line.sku],
                    stock.RECEIPT,
                    line.quantity,
                    actor=command.actor,
                    cause=command.delivery_note,
                    moment=moment,
                )
                for line in command.lines
            ]
            await self._tell(tx, postings)
            levels = await repository.levels(tx, command.store_id, raised)
            reply = await tx.keep(encode(levels))
        self._changed([command.store_id])
        return reply

    async def adjust(
        self, command: AdjustCommand, once: Once, *, encode: Callable[[StockLevel], bytes]
    ) -> bytes:
        """Corrects a level to what was counted; answers it.

        Raises ResourceNotFound, UnitMismatch, StockChanged, StockHeld.
        """
        await self.end_due_holds({command.store_id})
        key = LevelKey(command.store_id, command.sku)
        async with once.transaction() as tx:
            books = Books(
                await repository.lock_levels(tx, [key]), moment=await repository.moment(tx)
            )
            if books.level(key) is None:
                raise ResourceNotFound(resource=STOCK_LEVEL.format(*key))
            stock.adjust(command, books)
            await self._save(tx, books)
            (level,) = await repository.levels(tx, command.store_id, [command.sku])
            reply = await tx.keep(encode(level))
        self._changed([command.store_id])
        return reply

    async def level(self, key: LevelKey) -> StockLevel:
        """One stock level; ResourceNotFound if the store never had the product."""
        async with self._database.reading() as reading:
            levels = await repository.levels(reading, key.store_id, [key.sku])
        if not levels:
            raise ResourceNotFound(resource=STOCK_LEVEL.format(*key))
        return levels[0]

    async def levels(self, store_id: StoreId, *, after: str, limit: int) -> Sequence[StockLevel]:
        """A store's levels by SKU, those after one."""
        async with self._database.reading() as reading:
            return await repository.levels_after(reading, store_id, after=after, limit=limit)

    async def movements(self, key: LevelKey, *, after: int, limit: int) -> Sequence[StockMovement]:
        """A level's movements, oldest first, those after a version."""
        async with self._database.reading() as reading:
            return await repository.movements_after(reading, key, after=after, limit=limit)

    async def reservation(self, key: ReservationKey) -> Reservation:
        """One reservation; ResourceNotFound if there is none."""
        async with self._database.reading() as reading:
            moment, found = await repository.reservations(reading, [key])
        if key not in found:
            raise ResourceNotFound(resource=RESERVATION.format(*key))
        return found[key].seen_at(moment)

    async def _reserve(self, tx: Transaction, commands: Sequence[ReserveCommand]) -> Results:
        moment, known, is_any_due = await repository.reservations_and_due(
            tx, (c.key for c in commands)
        )
        new = [command for command in commands if command.key not in known]
        due: list[Reservation] = []
        if new and is_any_due:
            due = await repository.lock_due(
                tx, stores={c.store_id for c in new}, at=moment, limit=self._due_holds_max
            )
            if len(due) == self._due_holds_max:
                raise _MoreAreDue
        wanted = chain(
            (LevelKey(c.store_id, line.sku) for c in new for line in c.lines), _level_keys(due)
        )
        gone = {
            LevelKey(c.store_id, line.sku): line.unit
            for c in new
            if c.allow_deficit
            for line in c.lines
        }
        made: Sequence[LevelKey] = ()
        if gone:
            books, made = await self._books_with(tx, wanted, units=gone, moment=moment)
        else:
            books = await self._books(tx, wanted, moment=moment)
        ended = reservations.expired(due, books)
        decisions = reservations.reserve(commands, known=known, books=books)
        await self._store(tx, books, made=decisions.made, ended=ended, traces=_traces(commands))
        if made:
            await discrepancy_rows.drop_unused_levels(tx, made)
        return list(decisions.answers)

    async def _end(
        self, tx: Transaction, commands: Sequence[EndCommand], decide: _Decide
    ) -> Results:
        moment = await repository.moment(tx)
        known = await repository.lock_reservations(tx, (command.key for command in commands))
        still_open = [found for found in known.values() if found.ended_at is None]
        books = await self._books(tx, _level_keys(still_open), moment=moment)
        decisions = decide(commands, known=known, books=books)
        await self._store(
            tx, books, made=decisions.made, ended=decisions.changed, traces=_traces(commands)
        )
        return list(decisions.answers)

    async def _end_due_holds(self, stores: Iterable[StoreId] | None) -> int:
        async with self._database.transaction() as tx:
            moment = await repository.moment(tx)
            due = await repository.lock_due(tx, stores=stores, at=moment, limit=self._due_holds_max)
            books = await self._books(tx, _level_keys(due), moment=moment)
            ended = reservations.expired(due, books)
            await self._store(tx, books, made=(), ended=ended)
        self._changed({reservation.store_id for reservation in due})
        return len(due)

    async def _unless_raced(
        self,
        commands: Sequence[ReserveCommand | EndCommand],
        work: Callable[[Transaction], Awaitable[Results]],
    ) -> Results:
        """Runs a batch in a transaction, again if another one made a reservation meanwhile."""
        for _ in range(ATTEMPTS_MAX):
            try:
                async with self._database.transaction() as tx:
                    results = await work(tx)
            except _ReservationAppeared:
                continue
            self._changed({command.store_id for command in commands})
            return results
        raise Conflict

    async def _books(self, tx: Transaction, keys: Iterable[LevelKey], *, moment: datetime) -> Books:
        wanted = set(keys)
        levels = await repository.lock_levels(tx, wanted) if wanted else []
        return Books(levels, moment=moment)

    @staticmethod
    async def _books_with(
        tx: Transaction,
        keys: Iterable[LevelKey],
        *,
        units: Mapping[LevelKey, Unit],
        moment: datetime,
    ) -> tuple[Books, Sequence[LevelKey]]:
        """Books in which every level with a unit is, and which of them were made for it."""
        levels, made = await discrepancy_rows.lock_or_make_levels(tx, set(keys), units=units)
        return Books(levels, moment=moment), made

    async def _store(
        self,
        tx: Transaction,
        books: Books,
        *,
        made: Sequence[Reservation],
        ended: Sequence[Reservation],
        traces: Traces = _NO_TRACES,
    ) -> None:
        if ended:
            await repository.end_reservations(tx, ended)
        if made and await repository.add_reservations(tx, made) < len(made):
            raise _ReservationAppeared
        events = [
            self._reservation_changed(changed, sequence, traces.get(changed.key, ""))
            for sequence, all_changed in ((MADE, made), (ENDED, ended))
            for changed in all_changed
        ]
        await self._save(tx, books, traces, events=events)

    async def _save(
        self,
        tx: Transaction,
        books: Books,
        traces: Traces = _NO_TRACES,
        *,
        events: Sequence[outbox.Event] = (),
    ) -> None:
        if books.postings:
            await repository.set_levels(tx, books.levels_changed)
        await self._tell(tx, books.postings, traces, events=events)
        if books.postings:
            await self._open_discrepancies(tx, books.postings, traces)

    async def _open_discrepancies(
        self, tx: Transaction, postings: Sequence[Posting], traces: Traces
    ) -> None:
        found = deficits.deficits_in(postings)
        if not found:
            return
        opened = await discrepancy_rows.add_deficits(
            tx, found, ids=sorted(ids.mint("dsc") for _ in found)
        )
        await outbox.add_all(
            tx,
            [
                self._discrepancy_changed(
                    one, traces.get(ReservationKey(one.store_id, one.last_cause), "")
                )
                for one in opened
            ],
        )

    async def _tell(
        self,
        tx: Transaction,
        postings: Sequence[Posting],
        traces: Traces = _NO_TRACES,
        *,
        events: Sequence[outbox.Event] = (),
    ) -> None:
        """Writes movements, and their events behind others of the same transaction."""
        if postings:
            await repository.add_movements(tx, postings)
        await outbox.add_all(
            tx,
            [
                *events,
                *(
                    self._stock_moved(
                        posting,
                        traces.get(
                            ReservationKey(posting.level.store_id, posting.movement.cause), ""
                        ),
                    )
                    for posting in postings
                ),
            ],
        )

    async def _refuse_delivery(self, tx: Transaction, command: ReceiveCommand) -> NoReturn:
        """Says why a level did not take its line: the first by SKU."""
        skus = [line.sku for line in command.lines]
        levels = {level.sku: level for level in await repository.levels(tx, command.store_id, skus)}
        for line in command.lines:
            require_unit(line, levels[line.sku].unit)
        for line in command.lines:
            if levels[line.sku].on_hand + line.quantity > QUANTITY_MAX:
                raise QuantityTooLarge.at("lines", f"too much of {line.sku}", sku=line.sku)
        raise AssertionError("a level that has the unit and the room takes its line")


def _traces(commands: Iterable[ReserveCommand | EndCommand]) -> Traces:
    return {command.key: command.traceparent for command in commands}


def _level_keys(tied: Iterable[Reservation]) -> Iterable[LevelKey]:
    return chain.from_iterable(reservation.level_keys for reservation in tied)
