"""All SQL of payments.

Locks are taken in one order everywhere, each kind sorted by its key, so that no two transactions
wait for each other: first payments that exist (`lock_payments`), then the owners' books
(`lock_books`), then payments that are made (`add_payments`, which waits for another's insert of the
same key). A store's books are guarded by its sales accounts and a customer's by the wallet: whoever
has locked these may touch the owner's other accounts in any order.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.db.transaction import TRANSACTION_TIME, Reading, Row, Transaction
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from services.payments.domain.ledger import (
    SALES,
    TOP_UP,
    WALLET,
    WALLET_ACCOUNTS,
    WALLET_HELD,
    EntryKind,
    LedgerEntry,
    Owner,
    Transfer,
    Wallet,
    WalletBook,
)
from services.payments.domain.payments import (
    Decline,
    Payment,
    PaymentKey,
    PaymentState,
    TenderType,
)


class PaymentAppeared(Exception):
    """A payment that was absent a moment ago was made by someone else: begin again and see it."""


@dataclass(frozen=True, slots=True)
class LockedBooks:
    """What is known of owners whose books are locked: what each wallet has available, and in which
    currencies stores have sales.
    """

    wallets: dict[Owner, Money]
    sales: frozenset[tuple[Owner, str]]


_NOW = f"select {TRANSACTION_TIME}"

_LOCK_BOOKS = """
select owner, account, currency, balance_minor
  from account
 where owner = any($1::text[]) and account in ('sales', 'wallet')
 order by owner, account, currency
   for update
"""

_OPEN_ACCOUNTS = """
insert into account (owner, account, currency, balance_minor, version)
select owner, account, currency, 0, 0
  from unnest($1::text[], $2::text[], $3::text[]) as missing (owner, account, currency)
 order by owner, account, currency
on conflict do nothing
"""

_ADD_TO_ACCOUNTS = """
update account as a
   set balance_minor = a.balance_minor + change.amount_minor, version = a.version + 1
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
       as change (owner, account, currency, amount_minor)
 where (a.owner, a.account, a.currency) = (change.owner, change.account, change.currency)
returning a.owner, a.account, a.currency
"""

_OPEN_WITH = """
insert into account (owner, account, currency, balance_minor, version)
select owner, account, currency, amount_minor, 1
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
       as opened (owner, account, currency, amount_minor)
"""

_ADD_ENTRIES = """
insert into ledger_entry
       (owner, transfer_id, line, account, currency, amount_minor, kind, payment_id, actor)
select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bigint[],
                     $7::text[], $8::text[], $9::text[])
"""

_WALLET = """
select account, currency, balance_minor, version
  from account
 where owner = $1 and account in ('wallet', 'wallet_held', 'top_up')
"""

_ENTRIES = """
select owner, transfer_id, line, position, account, currency, amount_minor, kind, payment_id, actor,
       created_at
  from ledger_entry
 where owner = $1 and position > $2
 order by position
 limit $3
"""

_PAYMENT_COLUMNS = """
       p.owner, p.payment_id, p.store_id, p.tender_type, p.till, p.currency, p.amount_minor,
       p.captured_minor, p.refunded_minor, p.state, p.request_hash, p.decline_reason,
       p.decline_facts, p.version, p.actor, p.created_at
"""

_PAYMENTS = f"""
select {_PAYMENT_COLUMNS}
  from unnest($1::text[], $2::text[]) as asked (owner, payment_id)
  join payment as p using (owner, payment_id)
"""

_PAYMENTS_NOW = f"""
select {TRANSACTION_TIME} as now, {_PAYMENT_COLUMNS}
  from unnest($1::text[], $2::text[]) as asked (owner, payment_id)
  left join payment as p using (owner, payment_id)
"""

_LOCK_PAYMENTS = f"""{_PAYMENTS}
 order by p.owner, p.payment_id
   for update of p
"""

_ADD_PAYMENTS = """
insert into payment
       (owner, payment_id, store_id, tender_type, till, currency, amount_minor, captured_minor,
        refunded_minor, state, request_hash, decline_reason, decline_facts, version, actor)
select owner, payment_id, store_id, tender_type, till, currency, amount_minor, captured_minor,
       refunded_minor, state, request_hash, decline_reason, decline_facts::jsonb, version, actor
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
              $8::bigint[], $9::bigint[], $10::text[], $11::bytea[], $12::text[], $13::text[],
              $14::bigint[], $15::text[])
       as made (owner, payment_id, store_id, tender_type, till, currency, amount_minor,
                captured_minor, refunded_minor, state, request_hash, decline_reason, decline_facts,
                version, actor)
 order by owner, payment_id
on conflict (owner, payment_id) do nothing
returning payment_id
"""

_CHANGE_PAYMENTS = f"""
update payment as p
   set state = change.state, captured_minor = change.captured_minor,
       refunded_minor = change.refunded_minor, version = change.version, actor = change.actor,
       updated_at = {TRANSACTION_TIME}
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
              $7::text[])
       as change (owner, payment_id, state, captured_minor, refunded_minor, version, actor)
 where (p.owner, p.payment_id) = (change.owner, change.payment_id)
   and p.version = change.version - 1
"""


async def now(tx: Transaction) -> datetime:
    """The transaction's time, which is what its rows are created at."""
    row = await tx.row(_NOW)
    assert row is not None
    time: datetime = row[0]
    return time


async def open_accounts(tx: Transaction, accounts: Collection[tuple[Owner, str, str]]) -> None:
    """Opens (owner, account, currency), empty, unless it is open; a second wallet is not opened."""
    await tx.run(
        _OPEN_ACCOUNTS,
        [owner for owner, _, _ in accounts],
        [account for _, account, _ in accounts],
        [currency for _, _, currency in accounts],
    )


async def lock_books(tx: Transaction, owners: Iterable[Owner]) -> LockedBooks:
    """Locks the owners' books, as far as they are open."""
    rows = await tx.rows(_LOCK_BOOKS, sorted(set(owners)))
    return LockedBooks(
        wallets={
            row.owner: Money(-row.balance_minor, row.currency)
            for row in rows
            if row.account == WALLET
        },
        sales=frozenset((row.owner, row.currency) for row in rows if row.account == SALES),
    )


async def post(tx: Transaction, transfers: Sequence[Transfer]) -> None:
    """Writes transfers and adds each account's sum to it, once; the books of all are locked."""
    if not transfers:
        return
    sums: defaultdict[tuple[Owner, str, str], int] = defaultdict(int)
    for transfer in transfers:
        for entry in transfer.entries:
            sums[transfer.owner, entry.account, entry.amount.currency] += entry.amount.amount_minor
    added = await tx.rows(_ADD_TO_ACCOUNTS, *_columns(sums))
    if len(added) < len(sums):
        # An owner's first transfer of a kind. Nobody else opens its accounts: its books are locked.
        for row in added:
            del sums[row.owner, row.account, row.currency]
        await tx.run(_OPEN_WITH, *_columns(sums))
    lines = [
        (transfer, line, entry)
        for transfer in transfers
        for line, entry in enumerate(transfer.entries, start=1)
    ]
    await tx.run(
        _ADD_ENTRIES,
        [transfer.owner for transfer, _, _ in lines],
        [transfer.transfer_id for transfer, _, _ in lines],
        [line for _, line, _ in lines],
        [entry.account for _, _, entry in lines],
        [entry.amount.currency for _, _, entry in lines],
        [entry.amount.amount_minor for _, _, entry in lines],
        [transfer.kind.value for transfer, _, _ in lines],
        [transfer.payment_id for transfer, _, _ in lines],
        [transfer.actor for transfer, _, _ in lines],
    )


def _columns(sums: Mapping[tuple[Owner, str, str], int]) -> tuple[list[object], ...]:
    """Sums by account turned into the columns that unnest takes, in key order."""
    keys = sorted(sums)
    return (
        [owner for owner, _, _ in keys],
        [account for _, account, _ in keys],
        [currency for _, _, currency in keys],
        [sums[key] for key in keys],
    )


async def open_wallet(tx: Transaction, owner: Owner, *, currency: str) -> None:
    """Opens a customer's wallet in the currency, unless it is open, in whatever currency."""
    await open_accounts(tx, [(owner, account, currency) for account in sorted(WALLET_ACCOUNTS)])


async def wallet_book(reading: Reading, owner: Owner) -> WalletBook | None:
    """A customer's wallet and its top-ups; None if it was never opened."""
    rows = {row.account: row for row in await reading.rows(_WALLET, owner)}
    if not rows:
        return None
    currency = rows[WALLET].currency
    return WalletBook(
        wallet=Wallet(
            owner=owner,
            available=Money(-rows[WALLET].balance_minor, currency),
            held=Money(-rows[WALLET_HELD].balance_minor, currency),
        ),
        topped_up=Money(rows[TOP_UP].balance_minor, currency),
        # Nothing but a top-up changes this account, and each is a change of its own.
        count=rows[TOP_UP].version,
    )


async def ledger_entries(
    reading: Reading, owner: Owner, *, after: int, count_max: int
) -> list[LedgerEntry]:
    """An owner's entries after a position, oldest first.

    Entries of one owner are written under the lock of its books: their positions grow in the order
    of the commits, and no page ever misses one.
    """
    return [_ledger_entry(row) for row in await reading.rows(_ENTRIES, owner, after, count_max)]


async def payments(reading: Reading, keys: Iterable[PaymentKey]) -> dict[PaymentKey, Payment]:
    """Those of the payments that exist."""
    return await _found(reading, _PAYMENTS, keys)


async def payments_now(
    tx: Transaction, keys: Iterable[PaymentKey]
) -> tuple[datetime, dict[PaymentKey, Payment]]:
    """The transaction's time, and the payments that exist of those asked for, one at least."""
    wanted = sorted(set(keys))
    rows = await tx.rows(
        _PAYMENTS_NOW, [key.owner for key in wanted], [key.payment_id for key in wanted]
    )
    found = [_payment(row) for row in rows if row.state is not None]
    return rows[0].now, {payment.key: payment for payment in found}


async def lock_payments(tx: Transaction, keys: Iterable[PaymentKey]) -> dict[PaymentKey, Payment]:
    """Those of the payments that exist, locked."""
    return await _found(tx, _LOCK_PAYMENTS, keys)


async def add_payments(tx: Transaction, made: Iterable[Payment]) -> None:
    """Adds payments that were absent; PaymentAppeared if one of them is there now."""
    rows = list(made)
    if not rows:
        return
    added = await tx.rows(
        _ADD_PAYMENTS,
        [payment.key.owner for payment in rows],
        [payment.key.payment_id for payment in rows],
        [payment.store for payment in rows],
        [payment.tender and payment.tender.value for payment in rows],
        [payment.till or None for payment in rows],
        [payment.currency or None for payment in rows],
        [payment.amount_minor for payment in rows],
        [payment.captured_minor for payment in rows],
        [payment.refunded_minor for payment in rows],
        [payment.state.value for payment in rows],
        [payment.request_hash or None for payment in rows],
        [payment.decline and payment.decline.reason for payment in rows],
        [payment.decline and json.dumps(dict(payment.decline.facts)) for payment in rows],
        [payment.version for payment in rows],
        [payment.actor for payment in rows],
    )
    if len(added) != len(rows):
        raise PaymentAppeared


async def change_payments(tx: Transaction, changed: Sequence[Payment]) -> None:
    """Stores payments that are locked and have moved on by one version."""
    if not changed:
        return
    count = await tx.run(
        _CHANGE_PAYMENTS,
        [payment.key.owner for payment in changed],
        [payment.key.payment_id for payment in changed],
        [payment.state.value for payment in changed],
        [payment.captured_minor for payment in changed],
        [payment.refunded_minor for payment in changed],
        [payment.version for payment in changed],
        [payment.actor for payment in changed],
    )
    assert count == len(changed), "payments are locked before they are changed"


async def _found(
    reading: Reading, statement: str, keys: Iterable[PaymentKey]
) -> dict[PaymentKey, Payment]:
    wanted = sorted(set(keys))
    rows = await reading.rows(
        statement, [key.owner for key in wanted], [key.payment_id for key in wanted]
    )
    found = [_payment(row) for row in rows]
    return {payment.key: payment for payment in found}


def _payment(row: Row) -> Payment:
    return Payment(
        key=PaymentKey(Owner(row.owner), row.payment_id),
        store=None if row.store_id is None else StoreId(row.store_id),
        tender=None if row.tender_type is None else TenderType(row.tender_type),
        till=row.till or "",
        currency=row.currency or "",
        amount_minor=row.amount_minor,
        captured_minor=row.captured_minor,
        refunded_minor=row.refunded_minor,
        state=PaymentState(row.state),
        request_hash=bytes(row.request_hash or b""),
        decline=_decline(row),
        version=row.version,
        actor=row.actor,
        created_at=row.created_at,
    )


def _decline(row: Row) -> Decline | None:
    if row.decline_reason is None:
        return None
    return Decline(row.decline_reason, row.decline_facts)


def _ledger_entry(row: Row) -> LedgerEntry:
    return LedgerEntry(
        owner=Owner(row.owner),
        transfer_id=row.transfer_id,
        line=row.line,
        account=row.account,
        amount=Money(row.amount_minor, row.currency),
        kind=EntryKind(row.kind),
        payment_id=row.payment_id,
        actor=row.actor,
        created_at=row.created_at,
        position=row.position,
    )
