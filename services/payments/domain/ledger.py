"""The ledger: transfers that sum to zero in the books of one owner, and wallets.

An owner is where money is: a store for cash, a customer for a wallet. This refuses to move money
between owners: what a wallet pays waits in clearing:{store} in the customer's own books, and
netting those into the store's is settlement's work, which is not done here.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType

from chassis.kernel import ids, names
from chassis.kernel.errors import AmountInvalid, AmountTooLarge
from chassis.kernel.money import AMOUNT_MINOR_MAX, Money
from chassis.kernel.names import CustomerId, StoreId
from services.payments.domain.errors import currency_mismatch

Owner = NewType("Owner", str)
"""In whose books it is, with the tenant: demo:stores/sh01 or demo:customers/c0001."""

SALES = "sales"
WALLET = "wallet"
WALLET_HELD = "wallet_held"
TOP_UP = "top_up"
WALLET_ACCOUNTS = (WALLET, WALLET_HELD, TOP_UP)
"""What a wallet consists of; the three are opened together."""


class EntryKind(enum.StrEnum):
    """What a transfer is for."""

    SALE = "sale"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    TOP_UP = "top_up"


@dataclass(frozen=True, slots=True)
class Entry:
    """One account's part of a transfer: a debit if positive, a credit if negative."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Transfer:
    """Entries in one owner's books that sum to zero per currency; no other can be built."""

    owner: Owner
    transfer_id: str
    kind: EntryKind
    entries: tuple[Entry, ...]
    payment_id: str | None
    actor: str

    def __post_init__(self) -> None:
        sums: defaultdict[str, int] = defaultdict(int)
        for entry in self.entries:
            sums[entry.amount.currency] += entry.amount.amount_minor
        if any(sums.values()):
            raise ValueError("the entries of a transfer must sum to zero")


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry as it stands in the ledger; positions grow in the order of an owner's entries."""

    owner: Owner
    transfer_id: str
    line: int
    account: str
    amount: Money
    kind: EntryKind
    payment_id: str | None
    actor: str
    created_at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Wallet:
    """A customer's money: what can be spent, and what is held for open orders."""

    owner: Owner
    available: Money
    held: Money


@dataclass(frozen=True, slots=True)
class WalletBook:
    """A wallet with what was ever put into it, and how many top-ups that took."""

    wallet: Wallet
    topped_up: Money
    count: int


@dataclass(frozen=True, slots=True)
class TopUpWallet:
    """Money that comes into a wallet; AmountInvalid unless it is more than zero."""

    owner: Owner
    amount: Money
    actor: str

    def __post_init__(self) -> None:
        require_more_than_zero(self.amount)


@dataclass(frozen=True, slots=True)
class TopUp:
    """A top-up that was done: the wallet after it, what came in, and how many there were so far."""

    wallet: Wallet
    amount: Money
    count: int
    transfer: Transfer


def store_owner(store: StoreId) -> Owner:
    """The owner of a store's books."""
    return Owner(names.qualified(names.tenant_of(store), names.STORE.format(store)))


def customer_owner(customer: CustomerId) -> Owner:
    """The owner of a customer's books."""
    return Owner(names.qualified(names.tenant_of(customer), names.CUSTOMER.format(customer)))


def topped_up(book: WalletBook, command: TopUpWallet) -> TopUp:
    """The wallet with the money in it.

    CurrencyMismatch if the wallet is in another currency. AmountTooLarge if all that was ever put
    in passes what an amount can be; this also bounds all that it ever pays and may get back.
    """
    wallet = book.wallet
    if command.amount.currency != wallet.available.currency:
        raise currency_mismatch(given=command.amount.currency, wanted=wallet.available.currency)
    if book.topped_up.amount_minor + command.amount.amount_minor > AMOUNT_MINOR_MAX:
        raise AmountTooLarge.at("amount", "is too large")
    count = book.count + 1
    transfer = Transfer(
        owner=wallet.owner,
        transfer_id=ids.derived("trf", wallet.owner, EntryKind.TOP_UP, str(count)),
        kind=EntryKind.TOP_UP,
        entries=(Entry(TOP_UP, command.amount), Entry(WALLET, -command.amount)),
        payment_id=None,
        actor=command.actor,
    )
    after = replace(wallet, available=wallet.available + command.amount)
    return TopUp(wallet=after, amount=command.amount, count=count, transfer=transfer)


def require_more_than_zero(amount: Money) -> None:
    """AmountInvalid unless the amount is."""
    if amount.amount_minor <= 0:
        raise AmountInvalid.at("amount", "must be more than zero", amount_minor=amount.amount_minor)
