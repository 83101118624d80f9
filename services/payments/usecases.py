"""What payments does, and in which transactions.

The hot ones work on batches: one transaction and a fixed number of statements, whatever the number
of orders; each order is answered on its own, and arrival order decides. `repository` says in which
order locks are taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chassis.db.engine import Database
from chassis.db.idempotency import Once
from chassis.db.transaction import Transaction
from chassis.kernel import names
from chassis.kernel.errors import Conflict, HutongError, ResourceNotFound
from chassis.messaging import outbox
from chassis.messaging.outbox import Event
from services.payments import repository
from services.payments.domain.ledger import (
    SALES,
    LedgerEntry,
    Owner,
    TopUp,
    TopUpWallet,
    Wallet,
    topped_up,
)
from services.payments.domain.payments import (
    Change,
    MovePayment,
    Payment,
    PaymentKey,
    RefundPayment,
    TakePayment,
    TenderType,
    captured,
    refunded,
    take_all,
    tombstone,
    voided,
)

ATTEMPTS_MAX = 5
"""How often a batch begins anew because one of its payments was made or undone beside it."""

Answer = Payment | HutongError

Traces = Mapping[PaymentKey, str]
"""Which trace a payment's event is part of."""

_NO_TRACES: Traces = {}
Command = TypeVar("Command")


class _SalesUnopened(Exception):
    """Stores that never took cash in a currency: their books are to be opened first, apart, since
    who has locked some must not wait for others.
    """

    def __init__(self, sales: Collection[tuple[Owner, str]]) -> None:
        super().__init__("books are to be opened")
        self.sales = sales


@dataclass(frozen=True, slots=True)
class Payments:
    """The use cases of payments; the events of what they do are written by the two encoders."""

    database: Database
    payment_changed: Callable[[Change, str], Event]
    wallet_topped_up: Callable[[TopUp], Event]

    async def take(self, commands: Sequence[TakePayment]) -> list[Answer]:
        """Authorises or charges each order once, in the order of arrival.

        A repeat is answered as the first was; WalletInsufficient, CurrencyMismatch, OrderUndone and
        RequestIdReused are answers. Conflict if the batch kept meeting others.
        """
        return await self._until_undisturbed(self._take, commands)

    async def capture(self, commands: Sequence[MovePayment]) -> list[Answer]:
        """Makes each payment's held money the store's. ResourceNotFound and PaymentEnded are
        answers.
        """
        async with self.database.transaction() as tx:
            known = await repository.lock_payments(tx, (command.key for command in commands))
            answers: list[Answer] = []
            changes: list[Change] = []
            for command in commands:
                try:
                    payment = _required(known.get(command.key), command.key)
                    change = captured(payment, actor=command.actor)
                except HutongError as refusal:
                    answers.append(refusal)
                    continue
                if change is not None:
                    changes.append(change)
                    known[command.key] = change.payment
                answers.append(known[command.key])
            await self._store(tx, changes=changes, traces=_traces(commands))
            return answers

    async def void(self, commands: Sequence[MovePayment]) -> list[Answer]:
        """Undoes each payment, and leaves a tombstone where there is none."""
        return await self._until_undisturbed(self._void, commands)

    async def refund(
        self, command: RefundPayment, *, once: Once, encode: Callable[[Payment], bytes]
    ) -> bytes:
        """Gives back part of a payment, once.

        ResourceNotFound, PaymentEnded, RefundTooLarge, CurrencyMismatch.
        """
        async with once.transaction() as tx:
            known = await repository.lock_payments(tx, [command.key])
            change = refunded(_required(known.get(command.key), command.key), command)
            await self._store(tx, changes=[change])
            return await tx.keep(encode(change.payment))

    async def top_up(
        self, command: TopUpWallet, *, once: Once, encode: Callable[[Wallet], bytes]
    ) -> bytes:
        """Puts money into a wallet, once, and opens it if it is new. CurrencyMismatch."""
        async with once.transaction() as tx:
            await repository.open_wallet(tx, command.owner, currency=command.amount.currency)
            await repository.lock_books(tx, [command.owner])
            book = await repository.wallet_book(tx, command.owner)
            assert book is not None, "it was opened just now"
            done = topped_up(book, command)
            await repository.post(tx, [done.transfer])
            await outbox.add_all(tx, [self.wallet_topped_up(done)])
            return await tx.keep(encode(done.wallet))

    async def wallet(self, owner: Owner) -> Wallet:
        """A customer's wallet; ResourceNotFound if it was never opened."""
        async with self.database.reading() as reading:
            book = await repository.wallet_book(reading, owner)
        if book is None:
            raise ResourceNotFound(resource=f"{names.unqualified(owner)}/wallet")
        return book.wallet

    async def payment(self, key: PaymentKey) -> Payment:
        """One payment; ResourceNotFound."""
        async with self.database.reading() as reading:
            known = await repository.payments(reading, [key])
        return _required(known.get(key), key)

    async def ledger_entries(
        self, owner: Owner, *, after: int, count_max: int
    ) -> list[LedgerEntry]:
        """At most so many of an owner's ledger entries after a position, oldest first."""
        async with self.database.reading() as reading:
            return await repository.ledger_entries(reading, owner, after=after, count_max=count_max)

    async def _take(self, tx: Transaction, commands: Sequence[TakePayment]) -> list[Answer]:
        books = await repository.lock_books(tx, (command.key.owner for command in commands))
        unopened = {
            (command.key.owner, command.amount.currency)
            for command in commands
            if command.tender is TenderType.CASH
        } - books.sales
        if unopened:
            raise _SalesUnopened(unopened)
        now, known = await repository.payments_now(tx, (command.key for command in commands))
        answers, changes = take_all(commands, known=known, wallets=books.wallets, now=now)
        await repository.add_payments(tx, (change.payment for change in changes))
        await self._post(tx, changes, _traces(commands))
        return answers

    async def _void(self, tx: Transaction, commands: Sequence[MovePayment]) -> list[Answer]:
        known = await repository.lock_payments(tx, (command.key for command in commands))
        now = await repository.now(tx)
        absent: dict[PaymentKey, Payment] = {}
        changes: list[Change] = []
        for command in commands:
            payment = known.get(command.key)
            if payment is None:
                stone = tombstone(command.key, actor=command.actor, now=now)
                known[command.key] = absent[command.key] = stone
                continue
            change = voided(payment, actor=command.actor)
            if change is not None:
                known[command.key] = change.payment
                changes.append(change)
        await self._store(tx, changes=changes, tombstones=absent.values(), traces=_traces(commands))
        return [known[command.key] for command in commands]

    async def _store(
        self,
        tx: Transaction,
        *,
        changes: Sequence[Change],
        tombstones: Iterable[Payment] = (),
        traces: Traces = _NO_TRACES,
    ) -> None:
        """Stores changes of payments that are locked, and tombstones of those that are absent."""
        moved = [change.transfer for change in changes if change.transfer is not None]
        if moved:
            await repository.lock_books(tx, (transfer.owner for transfer in moved))
        stones = [Change(stone, transfer=None) for stone in tombstones]
        await repository.add_payments(tx, (change.payment for change in stones))
        await repository.change_payments(tx, [change.payment for change in changes])
        await self._post(tx, [*changes, *stones], traces)

    async def _post(self, tx: Transaction, changes: Sequence[Change], traces: Traces) -> None:
        moved = [change.transfer for change in changes if change.transfer is not None]
        await repository.post(tx, moved)
        await outbox.add_all(
            tx,
            [
                self.payment_changed(change, traces.get(change.payment.key, ""))
                for change in changes
            ],
        )

    async def _until_undisturbed(
        self,
        work: Callable[[Transaction, Sequence[Command]], Awaitable[list[Answer]]],
        commands: Sequence[Command],
    ) -> list[Answer]:
        """Runs the batch, from the start if a payment that it found absent appears beside it, or if
        a store takes cash for the first time.

        The chassis can't do this: nothing failed, and the next round sees what is there then.
        """
        for _ in range(ATTEMPTS_MAX):
            try:
                async with self.database.transaction() as tx:
                    return await work(tx, commands)
            except repository.PaymentAppeared:
                continue
            except _SalesUnopened as unopened:
                async with self.database.transaction() as tx:
                    await repository.open_accounts(
                        tx, [(owner, SALES, currency) for owner, currency in unopened.sales]
                    )
        raise Conflict


def _traces(commands: Iterable[TakePayment | MovePayment]) -> Traces:
    return {command.key: command.traceparent for command in commands}


def _required(payment: Payment | None, key: PaymentKey) -> Payment:
    if payment is None:
        raise ResourceNotFound(resource=key.name)
    return payment
