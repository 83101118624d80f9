"""The payments of orders: how each is taken, moved on and ended, at most once, with its transfer.

A payment lives in the books of one owner and is known by the order's id, which is also what makes a
repeat a repeat. This refuses to know tills' drawers, cards, or anything that is not in the ledger.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chassis.kernel import ids, names
from chassis.kernel.errors import (
    AmountInvalid,
    CurrencyMismatch,
    HutongError,
    RequestIdReused,
)
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from services.payments.domain.errors import (
    OrderUndone,
    PaymentEnded,
    RefundTooLarge,
    WalletInsufficient,
    currency_mismatch,
)
from services.payments.domain.ledger import (
    SALES,
    WALLET,
    WALLET_HELD,
    Entry,
    EntryKind,
    Owner,
    Transfer,
    require_more_than_zero,
)


class TenderType(enum.StrEnum):
    """With what a payment is made."""

    CASH = "CASH"
    WALLET = "WALLET"


class PaymentState(enum.StrEnum):
    """Where a payment stands."""

    AUTHORISED = "AUTHORISED"
    CAPTURED = "CAPTURED"
    VOIDED = "VOIDED"
    REFUNDED = "REFUNDED"
    DECLINED = "DECLINED"


@dataclass(frozen=True, slots=True, order=True)
class PaymentKey:
    """Which payment it is; in this order rows are locked."""

    owner: Owner
    payment_id: str

    @property
    def name(self) -> str:
        """The resource name, relative to the tenant."""
        root = names.unqualified(self.owner)
        if names.STORE.matches(root):
            return names.STORE_PAYMENT.format(*names.STORE.parse(root), self.payment_id)
        return names.CUSTOMER_PAYMENT.format(*names.CUSTOMER.parse(root), self.payment_id)


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a payment was declined, so that a repeat is told the same."""

    reason: str
    facts: Mapping[str, str]

    def refusal(self) -> HutongError:
        """The error that the first caller got."""
        if self.reason == CurrencyMismatch.reason:
            return currency_mismatch(given=self.facts["given"], wanted=self.facts["wanted"])
        return WalletInsufficient(**self.facts)


@dataclass(frozen=True, slots=True)
class Payment:
    """The money side of one order. A tombstone has no store, tender, till, currency or hash.

    `version` counts the changes from 1. Amounts are in minor units of the currency.
    """

    key: PaymentKey
    store: StoreId | None
    tender: TenderType | None
    till: str
    currency: str
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    state: PaymentState
    request_hash: bytes
    decline: Decline | None
    version: int
    actor: str
    created_at: datetime

    @property
    def is_tombstone(self) -> bool:
        """Whether it was undone before it came."""
        return self.store is None

    @property
    def refundable_minor(self) -> int:
        """What is captured and not yet refunded."""
        return self.captured_minor - self.refunded_minor

    def money(self, amount_minor: int) -> Money:
        """An amount in the payment's currency."""
        return Money(amount_minor, self.currency)


@dataclass(frozen=True, slots=True)
class Change:
    """A payment after it was made or moved on, and the transfer that goes with it.

    There is no transfer if no money moves: the payment is of zero, or was declined.
    """

    payment: Payment
    transfer: Transfer | None


@dataclass(frozen=True, slots=True)
class TakePayment:
    """An order's amount to take: to hold (authorise), or to hold and capture at once.

    AmountInvalid if it is negative. Cash has a till and is always captured at once. `traceparent`
    is the trace that it is part of.
    """

    key: PaymentKey
    store: StoreId
    tender: TenderType
    till: str
    amount: Money
    captures: bool
    actor: str
    traceparent: str = ""

    def __post_init__(self) -> None:
        if self.amount.amount_minor < 0:
            raise AmountInvalid.at(
                "amount", "must not be negative", amount_minor=self.amount.amount_minor
            )

    @property
    def request_hash(self) -> bytes:
        """What makes two requests with one payment id the same; who acts is no part of it."""
        parts = (
            "charge" if self.captures else "authorise",
            self.tender.value,
            self.store,
            self.till,
            str(self.amount.amount_minor),
            self.amount.currency,
        )
        return hashlib.sha256("\x1f".join(parts).encode()).digest()


@dataclass(frozen=True, slots=True)
class MovePayment:
    """A payment to capture or to undo, who wants it, and as part of which trace."""

    key: PaymentKey
    actor: str
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """Money to give back of a payment; AmountInvalid unless it is more than zero."""

    key: PaymentKey
    amount: Money
    actor: str

    def __post_init__(self) -> None:
        require_more_than_zero(self.amount)


def take_all(
    commands: Sequence[TakePayment],
    *,
    known: Mapping[PaymentKey, Payment],
    wallets: Mapping[Owner, Money],
    now: datetime,
) -> tuple[list[Payment | HutongError], list[Change]]:
    """The answer to each command in its order, and the payments that are made by them.

    `known` are the payments that were there before, `wallets` what each wallet has available. The
    first to come gets the last cent; a repeat within the batch gets the first one's answer.
    """
    payments = dict(known)
    available = dict(wallets)
    answers: list[Payment | HutongError] = []
    changes: list[Change] = []
    for command in commands:
        if command.key not in payments:
            change = _taken(command, available.get(command.key.owner), now)
            payments[command.key] = change.payment
            changes.append(change)
            if change.transfer is not None and command.tender is TenderType.WALLET:
                available[command.key.owner] -= command.amount
        answers.append(_answered(payments[command.key], command))
    return answers, changes


def captured(payment: Payment, *, actor: str) -> Change | None:
    """The payment with its held money made the store's; None if that was done before.

    PaymentEnded if it was voided or declined.
    """
    if payment.state in (PaymentState.CAPTURED, PaymentState.REFUNDED):
        return None
    if payment.state is not PaymentState.AUTHORISED:
        raise PaymentEnded(state=payment.state)
    after = replace(
        payment,
        state=PaymentState.CAPTURED,
        captured_minor=payment.amount_minor,
        version=payment.version + 1,
        actor=actor,
    )
    return _change(after, EntryKind.CAPTURE, payment.amount_minor, WALLET_HELD, _earned(payment))


def voided(payment: Payment, *, actor: str) -> Change | None:
    """The payment undone whole, by lifting its hold or refunding the rest; None if it has ended."""
    if payment.state is PaymentState.CAPTURED:
        return _refunded(payment, payment.refundable_minor, actor)
    if payment.state is not PaymentState.AUTHORISED:
        return None
    after = replace(payment, state=PaymentState.VOIDED, version=payment.version + 1, actor=actor)
    return _change(after, EntryKind.VOID, payment.amount_minor, WALLET_HELD, WALLET)


def tombstone(key: PaymentKey, *, actor: str, now: datetime) -> Payment:
    """What undoing a payment that never came leaves, to refuse it when it does."""
    return Payment(
        key=key,
        store=None,
        tender=None,
        till="",
        currency="",
        amount_minor=0,
        captured_minor=0,
        refunded_minor=0,
        state=PaymentState.VOIDED,
        request_hash=b"",
        decline=None,
        version=1,
        actor=actor,
        created_at=now,
    )


def refunded(payment: Payment, command: RefundPayment) -> Change:
    """The payment with part or all of what was captured given back, to where it came from.

    PaymentEnded if it was voided or declined, RefundTooLarge, CurrencyMismatch.
    """
    if payment.state in (PaymentState.VOIDED, PaymentState.DECLINED):
        raise PaymentEnded(state=payment.state)
    if command.amount.currency != payment.currency:
        raise currency_mismatch(given=command.amount.currency, wanted=payment.currency)
    if command.amount.amount_minor > payment.refundable_minor:
        raise RefundTooLarge(refundable=payment.refundable_minor)
    return _refunded(payment, command.amount.amount_minor, command.actor)


def _taken(command: TakePayment, available: Money | None, now: datetime) -> Change:
    decline = _why_declined(command, available)
    is_captured = command.captures and decline is None
    amount_minor = command.amount.amount_minor
    payment = Payment(
        key=command.key,
        store=command.store,
        tender=command.tender,
        till=command.till,
        currency=command.amount.currency,
        amount_minor=amount_minor,
        captured_minor=amount_minor if is_captured else 0,
        refunded_minor=0,
        state=PaymentState.CAPTURED if is_captured else PaymentState.AUTHORISED,
        request_hash=command.request_hash,
        decline=None,
        version=1,
        actor=command.actor,
        created_at=now,
    )
    if decline is not None:
        declined = replace(payment, state=PaymentState.DECLINED, decline=decline)
        return Change(declined, transfer=None)
    if command.captures:
        return _change(payment, EntryKind.SALE, amount_minor, _paid_from(payment), _earned(payment))
    return _change(payment, EntryKind.HOLD, amount_minor, WALLET, WALLET_HELD)


def _why_declined(command: TakePayment, available: Money | None) -> Decline | None:
    if command.tender is TenderType.CASH:
        return None
    has = Money(0, command.amount.currency) if available is None else available
    if has.currency != command.amount.currency:
        facts = {"given": command.amount.currency, "wanted": has.currency}
        return Decline(CurrencyMismatch.reason, facts)
    if has.amount_minor < command.amount.amount_minor:
        wanted = str(command.amount.amount_minor)
        return Decline(
            WalletInsufficient.reason, {"wanted": wanted, "available": str(has.amount_minor)}
        )
    return None


def _answered(payment: Payment, command: TakePayment) -> Payment | HutongError:
    """What the command is told of the payment with its id, made by itself or by one before it."""
    if payment.is_tombstone:
        return OrderUndone(payment=payment.key.payment_id)
    if payment.request_hash != command.request_hash:
        return RequestIdReused.at("payment_id", "was used before with another body")
    if payment.decline is not None:
        return payment.decline.refusal()
    if payment.state is PaymentState.VOIDED:
        return OrderUndone(payment=payment.key.payment_id)
    return payment


def _refunded(payment: Payment, amount_minor: int, actor: str) -> Change:
    refunded_minor = payment.refunded_minor + amount_minor
    is_whole = refunded_minor == payment.captured_minor
    after = replace(
        payment,
        state=PaymentState.REFUNDED if is_whole else PaymentState.CAPTURED,
        refunded_minor=refunded_minor,
        version=payment.version + 1,
        actor=actor,
    )
    return _change(after, EntryKind.REFUND, amount_minor, _earned(payment), _paid_from(payment))


def _change(
    payment: Payment, kind: EntryKind, amount_minor: int, debit: str, credit: str
) -> Change:
    """The payment with its transfer: of refunds there may be many, of each other kind one."""
    if amount_minor == 0:
        return Change(payment, transfer=None)
    key = payment.key
    step = f"{kind}-{payment.version}" if kind is EntryKind.REFUND else kind.value
    transfer = Transfer(
        owner=key.owner,
        transfer_id=ids.derived("trf", key.owner, key.payment_id, step),
        kind=kind,
        entries=(
            Entry(debit, payment.money(amount_minor)),
            Entry(credit, payment.money(-amount_minor)),
        ),
        payment_id=key.payment_id,
        actor=payment.actor,
    )
    return Change(payment, transfer)


def _paid_from(payment: Payment) -> str:
    return WALLET if payment.tender is TenderType.WALLET else f"cash:{payment.till}"


def _earned(payment: Payment) -> str:
    if payment.tender is TenderType.CASH:
        return SALES
    return f"clearing:{names.unqualified(payment.store or '')}"
