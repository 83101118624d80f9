"""Payments' messages as domain values, and back."""

from __future__ import annotations

from google.protobuf.message import Message

from chassis.kernel import names
from chassis.kernel.errors import InvalidInput, PageTokenInvalid
from chassis.messaging.outbox import Event
from chassis.rpc.call import Call
from chassis.rpc.paging import Page, PageRequest
from chassis.rpc.values import money_from_proto, money_to_proto, timestamp_of, wire_bytes
from hutong.payments.v1 import events_pb2, payments_pb2, payments_service_pb2
from services.payments.domain.ledger import (
    LedgerEntry,
    Owner,
    TopUp,
    TopUpWallet,
    Transfer,
    Wallet,
    customer_owner,
    store_owner,
)
from services.payments.domain.payments import (
    Change,
    MovePayment,
    Payment,
    PaymentKey,
    PaymentState,
    RefundPayment,
    TakePayment,
    TenderType,
)

_STORES = "stores/"
_POSITION_DIGITS_MAX = 18

_STATES = {
    PaymentState.AUTHORISED: payments_pb2.PAYMENT_STATE_AUTHORISED,
    PaymentState.CAPTURED: payments_pb2.PAYMENT_STATE_CAPTURED,
    PaymentState.VOIDED: payments_pb2.PAYMENT_STATE_VOIDED,
    PaymentState.REFUNDED: payments_pb2.PAYMENT_STATE_REFUNDED,
    PaymentState.DECLINED: payments_pb2.PAYMENT_STATE_DECLINED,
}
_TENDERS = {
    None: payments_pb2.TENDER_TYPE_UNSPECIFIED,
    TenderType.CASH: payments_pb2.TENDER_TYPE_CASH,
    TenderType.WALLET: payments_pb2.TENDER_TYPE_WALLET,
}


def authorise_command(
    request: payments_service_pb2.AuthorisePaymentRequest, call: Call
) -> TakePayment:
    """The wallet's payment to hold."""
    customer = names.parse_customer(request.parent, call.tenant, at="parent")
    return TakePayment(
        key=PaymentKey(customer_owner(customer), request.payment_id),
        store=names.parse_store(request.store, call.tenant, at="store"),
        tender=TenderType.WALLET,
        till="",
        amount=money_from_proto(request.amount, at="amount"),
        captures=False,
        actor=call.actor(request.actor),
        traceparent=call.traceparent,
    )


def charge_command(request: payments_service_pb2.ChargePaymentRequest, call: Call) -> TakePayment:
    """The payment to hold and capture at once: of a store in cash, of a customer by wallet."""
    is_cash = request.parent.startswith(_STORES)
    owner = owner_of(request.parent, call)
    store = names.parse_store(request.store, call.tenant, at="store")
    if is_cash and request.store != request.parent:
        raise InvalidInput.at("store", "must be the parent when cash is paid")
    if is_cash and not request.till:
        raise InvalidInput.at("till", "is required for cash")
    if not is_cash and request.till:
        raise InvalidInput.at("till", "must be empty when a wallet pays")
    return TakePayment(
        key=PaymentKey(owner, request.payment_id),
        store=store,
        tender=TenderType.CASH if is_cash else TenderType.WALLET,
        till=request.till,
        amount=money_from_proto(request.amount, at="amount"),
        captures=True,
        actor=call.actor(request.actor),
        traceparent=call.traceparent,
    )


def move_command(
    request: payments_service_pb2.CapturePaymentRequest | payments_service_pb2.VoidPaymentRequest,
    call: Call,
) -> MovePayment:
    """The payment to capture or to undo."""
    return MovePayment(
        key=payment_key(request.name, call),
        actor=call.actor(request.actor),
        traceparent=call.traceparent,
    )


def refund_command(request: payments_service_pb2.RefundPaymentRequest, call: Call) -> RefundPayment:
    """The money to give back."""
    return RefundPayment(
        key=payment_key(request.name, call),
        amount=money_from_proto(request.amount, at="amount"),
        actor=call.actor(request.actor),
    )


def top_up_command(request: payments_service_pb2.TopUpWalletRequest, call: Call) -> TopUpWallet:
    """The money to put into a wallet."""
    return TopUpWallet(
        owner=wallet_owner(request.name, call),
        amount=money_from_proto(request.amount, at="amount"),
        actor=call.caller.principal,
    )


def owner_of(parent: str, call: Call) -> Owner:
    """The owner that stores/{store} or customers/{customer} stands for."""
    if parent.startswith(_STORES):
        return store_owner(names.parse_store(parent, call.tenant))
    return customer_owner(names.parse_customer(parent, call.tenant, at="parent"))


def wallet_owner(name: str, call: Call) -> Owner:
    """The owner of customers/{customer}/wallet."""
    (customer,) = names.WALLET.parse(name)
    return owner_of(names.CUSTOMER.format(customer), call)


def payment_key(name: str, call: Call) -> PaymentKey:
    """The payment that a name below a store or a customer means."""
    if name.startswith(_STORES):
        store, payment_id = names.STORE_PAYMENT.parse(name)
        return PaymentKey(owner_of(names.STORE.format(store), call), payment_id)
    customer, payment_id = names.CUSTOMER_PAYMENT.parse(name)
    return PaymentKey(owner_of(names.CUSTOMER.format(customer), call), payment_id)


def position_after(page: PageRequest) -> int:
    """After which position the page begins; PageTokenInvalid if the token has none."""
    if not page.after:
        return 0
    if not page.after.isdecimal() or len(page.after) > _POSITION_DIGITS_MAX:
        raise PageTokenInvalid.at("page_token", "is not a token of this list")
    return int(page.after)


def payment_to_proto(payment: Payment) -> payments_pb2.Payment:
    """The payment's message; a tombstone has no amounts."""
    message = payments_pb2.Payment(
        name=payment.key.name,
        state=_STATES[payment.state],
        tender_type=_TENDERS[payment.tender],
        decline_reason="" if payment.decline is None else payment.decline.reason,
    )
    message.create_time.CopyFrom(timestamp_of(payment.created_at))
    if payment.store is not None:
        message.store = names.STORE.format(payment.store)
        message.amount.CopyFrom(money_to_proto(payment.money(payment.amount_minor)))
        message.captured.CopyFrom(money_to_proto(payment.money(payment.captured_minor)))
        message.refunded.CopyFrom(money_to_proto(payment.money(payment.refunded_minor)))
    return message


def wallet_to_proto(wallet: Wallet) -> payments_pb2.Wallet:
    """The wallet's message."""
    return payments_pb2.Wallet(
        name=_wallet_name(wallet.owner),
        available=money_to_proto(wallet.available),
        held=money_to_proto(wallet.held),
    )


def ledger_entries_to_proto(
    page: Page[LedgerEntry],
) -> payments_service_pb2.ListLedgerEntriesResponse:
    """A page of ledger entries."""
    return payments_service_pb2.ListLedgerEntriesResponse(
        ledger_entries=[_ledger_entry_to_proto(entry) for entry in page.rows],
        next_page_token=page.next_token,
    )


def payment_bytes(payment: Payment) -> bytes:
    """The payment's message, in the bytes that are kept for a repeat."""
    return wire_bytes(payment_to_proto(payment))


def wallet_bytes(wallet: Wallet) -> bytes:
    """The wallet's message, in the bytes that are kept for a repeat."""
    return wire_bytes(wallet_to_proto(wallet))


def payment_changed(change: Change, traceparent: str) -> Event:
    """The event that a payment was made or moved on, as part of a trace."""
    payment, moved = change.payment, change.transfer
    return _event(
        payment.key.owner,
        name=payment.key.name,
        sequence=payment.version,
        message=events_pb2.PaymentChanged(
            payment=payment_to_proto(payment),
            transfer=None if moved is None else _transfer_to_proto(moved),
        ),
        traceparent=traceparent,
    )


def wallet_topped_up(done: TopUp) -> Event:
    """The event that money came into a wallet."""
    name = _wallet_name(done.wallet.owner)
    return _event(
        done.wallet.owner,
        name=name,
        sequence=done.count,
        message=events_pb2.WalletToppedUp(
            wallet=name,
            amount=money_to_proto(done.amount),
            transfer=_transfer_to_proto(done.transfer),
            balance=wallet_to_proto(done.wallet),
        ),
    )


def _transfer_to_proto(transfer: Transfer) -> payments_pb2.LedgerTransfer:
    return payments_pb2.LedgerTransfer(
        transfer=transfer.transfer_id,
        owner=names.unqualified(transfer.owner),
        kind=transfer.kind.value,
        entries=[
            payments_pb2.LedgerTransfer.Entry(
                account=entry.account, amount=money_to_proto(entry.amount)
            )
            for entry in transfer.entries
        ],
        actor=transfer.actor,
    )


def _event(
    owner: Owner, *, name: str, sequence: int, message: Message, traceparent: str = ""
) -> Event:
    return Event(
        distribution_key=owner,
        aggregate=f"{names.tenant_of(owner)}/{name}",
        sequence=sequence,
        type=message.DESCRIPTOR.full_name,
        data=wire_bytes(message),
        traceparent=traceparent,
    )


def _ledger_entry_to_proto(entry: LedgerEntry) -> payments_pb2.LedgerEntry:
    root = names.unqualified(entry.owner)
    entry_id = f"{entry.transfer_id}-{entry.line}"
    if names.STORE.matches(root):
        name = names.STORE_LEDGER_ENTRY.format(*names.STORE.parse(root), entry_id)
    else:
        name = names.CUSTOMER_LEDGER_ENTRY.format(*names.CUSTOMER.parse(root), entry_id)
    payment = "" if entry.payment_id is None else PaymentKey(entry.owner, entry.payment_id).name
    message = payments_pb2.LedgerEntry(
        name=name,
        transfer=entry.transfer_id,
        account=entry.account,
        amount=money_to_proto(entry.amount),
        kind=entry.kind.value,
        payment=payment,
        actor=entry.actor,
    )
    message.create_time.CopyFrom(timestamp_of(entry.created_at))
    return message


def _wallet_name(owner: Owner) -> str:
    return names.WALLET.format(*names.CUSTOMER.parse(names.unqualified(owner)))
