"""Rules of payments: whatever comes in whatever order, no money is made, lost or owed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from chassis.kernel.errors import AmountInvalid, CurrencyMismatch, HutongError
from chassis.kernel.money import Money
from chassis.kernel.names import CustomerId, StoreId
from services.payments.domain.errors import PaymentEnded, RefundTooLarge
from services.payments.domain.ledger import (
    Owner,
    TopUpWallet,
    Transfer,
    Wallet,
    WalletBook,
    customer_owner,
    store_owner,
    topped_up,
)
from services.payments.domain.payments import (
    Change,
    Payment,
    PaymentKey,
    PaymentState,
    RefundPayment,
    TakePayment,
    TenderType,
    captured,
    refunded,
    take_all,
    tombstone,
    voided,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)
STORE = StoreId("demo:sh01")
CUSTOMERS = [customer_owner(CustomerId(f"demo:c{n}")) for n in range(2)]
AMOUNTS = st.integers(0, 60)


def wallet_payment(
    payment_id: str,
    amount: int,
    *,
    captures: bool = False,
    currency: str = "CNY",
    owner: Owner = CUSTOMERS[0],
) -> TakePayment:
    return TakePayment(
        key=PaymentKey(owner, payment_id),
        store=STORE,
        tender=TenderType.WALLET,
        till="",
        amount=Money(amount, currency),
        captures=captures,
        actor="tests",
    )


def cash_payment(payment_id: str, amount: int, *, till: str = "t1") -> TakePayment:
    return TakePayment(
        key=PaymentKey(store_owner(STORE), payment_id),
        store=STORE,
        tender=TenderType.CASH,
        till=till,
        amount=Money(amount, "CNY"),
        captures=True,
        actor="tests",
    )


def taken(command: TakePayment, *, available: int = 1000) -> Payment:
    answers, _ = take_all(
        [command], known={}, wallets={command.key.owner: Money(available, "CNY")}, now=NOW
    )
    assert isinstance(answers[0], Payment)
    return answers[0]


def reason(answer: Payment | HutongError) -> str:
    assert isinstance(answer, HutongError)
    return answer.reason


def refund_of(payment: Payment, amount: int, currency: str = "CNY") -> RefundPayment:
    return RefundPayment(payment.key, Money(amount, currency), "tests")


class Books(RuleBasedStateMachine):
    """Two wallets, one till, and any sequence of what can happen to their payments."""

    keys: Bundle[PaymentKey] = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.payments: dict[PaymentKey, Payment] = {}
        self.balances: Counter[tuple[Owner, str]] = Counter()
        self.moved: Counter[tuple[PaymentKey, str]] = Counter()
        self.transfer_ids: set[tuple[Owner, str]] = set()
        self.top_ups: Counter[Owner] = Counter()

    def post(self, transfer: Transfer | None) -> None:
        if transfer is None:
            return
        identity = (transfer.owner, transfer.transfer_id)
        assert identity not in self.transfer_ids
        self.transfer_ids.add(identity)
        for entry in transfer.entries:
            amount = entry.amount.amount_minor
            self.balances[transfer.owner, entry.account] += amount
            if transfer.payment_id is not None:
                kind = entry.account.partition(":")[0]
                key = PaymentKey(transfer.owner, transfer.payment_id)
                self.moved[key, "earned" if kind in ("sales", "clearing") else kind] -= amount

    def store(self, change: Change | None) -> None:
        if change is None:
            return
        before = self.payments.get(change.payment.key)
        assert change.payment.version == (1 if before is None else before.version + 1)
        self.payments[change.payment.key] = change.payment
        self.post(change.transfer)

    def take(self, commands: list[TakePayment]) -> None:
        wallets = {
            owner: Money(-self.balances[owner, "wallet"], "CNY")
            for owner in CUSTOMERS
            if self.top_ups[owner]
        }
        _, changes = take_all(commands, known=self.payments, wallets=wallets, now=NOW)
        for change in changes:
            self.store(change)

    @rule(owner=st.sampled_from(CUSTOMERS), amount=st.integers(1, 100))
    def top_up(self, owner: Owner, amount: int) -> None:
        wallet = Wallet(
            owner,
            available=Money(-self.balances[owner, "wallet"], "CNY"),
            held=Money(-self.balances[owner, "wallet_held"], "CNY"),
        )
        book = WalletBook(wallet, Money(self.balances[owner, "top_up"], "CNY"), self.top_ups[owner])
        done = topped_up(book, TopUpWallet(owner, Money(amount, "CNY"), "tests"))
        self.top_ups[owner] = done.count
        self.post(done.transfer)

    @rule(
        target=keys,
        owner=st.sampled_from(CUSTOMERS),
        number=st.integers(0, 9),
        amount=AMOUNTS,
        captures=st.booleans(),
    )
    def wallet_pays(self, owner: Owner, number: int, amount: int, captures: bool) -> PaymentKey:
        command = wallet_payment(f"w{number}", amount, captures=captures, owner=owner)
        self.take([command])
        return command.key

    @rule(target=keys, number=st.integers(0, 9), amount=AMOUNTS)
    def cash_pays(self, number: int, amount: int) -> PaymentKey:
        command = cash_payment(f"c{number}", amount)
        self.take([command])
        return command.key

    @rule(amounts=st.lists(AMOUNTS, max_size=8), number=st.integers(10, 20))
    def many_pay(self, amounts: list[int], number: int) -> None:
        self.take([wallet_payment(f"w{number + n}", amount) for n, amount in enumerate(amounts)])

    @rule(key=keys)
    def capture(self, key: PaymentKey) -> None:
        payment = self.payments[key]
        try:
            change = captured(payment, actor="tests")
        except PaymentEnded:
            assert payment.state in (PaymentState.VOIDED, PaymentState.DECLINED)
            return
        self.store(change)
        assert self.payments[key].captured_minor == payment.amount_minor

    @rule(key=keys)
    def void(self, key: PaymentKey) -> None:
        self.store(voided(self.payments[key], actor="tests"))
        assert self.payments[key].refundable_minor == 0

    @rule(number=st.integers(0, 9), owner=st.sampled_from(CUSTOMERS))
    def void_before(self, number: int, owner: Owner) -> None:
        key = PaymentKey(owner, f"w{number}")
        if key not in self.payments:
            self.store(Change(tombstone(key, actor="tests", now=NOW), transfer=None))

    @rule(key=keys, amount=st.integers(1, 60))
    def refund(self, key: PaymentKey, amount: int) -> None:
        payment = self.payments[key]
        if payment.is_tombstone:
            return
        try:
            change = refunded(payment, refund_of(payment, amount))
        except PaymentEnded:
            assert payment.captured_minor == 0
        except RefundTooLarge:
            assert amount > payment.refundable_minor
        else:
            self.store(change)

    @invariant()
    def money_stays_in_bounds(self) -> None:
        for payment in self.payments.values():
            assert 0 <= payment.refunded_minor <= payment.captured_minor <= payment.amount_minor

    @invariant()
    def no_wallet_is_overdrawn(self) -> None:
        for owner in CUSTOMERS:
            assert self.balances[owner, "wallet"] <= 0
            assert self.balances[owner, "wallet_held"] <= 0

    @invariant()
    def each_payment_is_what_its_entries_moved(self) -> None:
        for key, payment in self.payments.items():
            is_held = payment.state is PaymentState.AUTHORISED
            assert self.moved[key, "earned"] == payment.refundable_minor
            assert self.moved[key, "wallet_held"] == (payment.amount_minor if is_held else 0)

    @invariant()
    def the_books_sum_to_zero(self) -> None:
        assert sum(self.balances.values()) == 0


TestAnySequenceKeepsTheBooks = Books.TestCase
TestAnySequenceKeepsTheBooks.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(0, 200))
def test_who_comes_first_gets_the_last_cent(amounts: list[int], available: int) -> None:
    commands = [wallet_payment(f"p{n}", amount) for n, amount in enumerate(amounts)]
    answers, changes = take_all(
        commands, known={}, wallets={CUSTOMERS[0]: Money(available, "CNY")}, now=NOW
    )
    left = available
    for amount, answer in zip(amounts, answers, strict=True):
        if amount <= left:
            assert isinstance(answer, Payment)
            left -= amount
        else:
            assert reason(answer) == "WALLET_INSUFFICIENT"
            assert isinstance(answer, HutongError)
            assert answer.facts == {"wanted": str(amount), "available": str(left)}
    assert len(changes) == len(amounts)


def test_a_wallet_that_was_never_opened_has_nothing_and_can_pay_nothing() -> None:
    commands = [wallet_payment("p1", 1), wallet_payment("p2", 0)]
    answers, _ = take_all(commands, known={}, wallets={}, now=NOW)
    assert reason(answers[0]) == "WALLET_INSUFFICIENT"
    assert isinstance(answers[1], Payment)
    assert answers[1].state is PaymentState.AUTHORISED


def test_a_repeat_in_the_same_batch_gets_the_first_ones_answer() -> None:
    first, again, other = (wallet_payment("p1", amount) for amount in (5, 5, 6))
    answers, changes = take_all(
        [first, again, other], known={}, wallets={CUSTOMERS[0]: Money(50, "CNY")}, now=NOW
    )
    assert answers[0] == answers[1]
    assert reason(answers[2]) == "REQUEST_ID_REUSED"
    assert len(changes) == 1


@pytest.mark.parametrize(
    "other",
    [
        wallet_payment("p1", 6),
        wallet_payment("p1", 5, currency="USD"),
        wallet_payment("p1", 5, captures=True),
        replace(wallet_payment("p1", 5), store=StoreId("demo:sh02")),
    ],
)
def test_another_body_under_the_same_id_is_refused(other: TakePayment) -> None:
    first = taken(wallet_payment("p1", 5))
    answers, changes = take_all([other], known={first.key: first}, wallets={}, now=NOW)
    assert reason(answers[0]) == "REQUEST_ID_REUSED"
    assert changes == []


def test_who_acts_does_not_make_another_request() -> None:
    first = taken(wallet_payment("p1", 5))
    again = replace(wallet_payment("p1", 5), actor="someone else")
    answers, _ = take_all([again], known={first.key: first}, wallets={}, now=NOW)
    assert answers == [first]


def test_a_declined_payment_is_declined_again_with_the_same_facts_when_money_came() -> None:
    command = wallet_payment("p1", 50)
    purse = {command.key.owner: Money(10, "CNY")}
    _, (change,) = take_all([command], known={}, wallets=purse, now=NOW)
    rich = {command.key.owner: Money(10_000, "CNY")}
    answers, changes = take_all(
        [command], known={command.key: change.payment}, wallets=rich, now=NOW
    )
    assert isinstance(answers[0], HutongError)
    assert answers[0].facts == {"wanted": "50", "available": "10"}
    assert changes == []


def test_another_currency_is_declined_and_says_which_is_wanted() -> None:
    command = wallet_payment("p1", 5, currency="USD")
    answers, (change,) = take_all(
        [command], known={}, wallets={command.key.owner: Money(10, "CNY")}, now=NOW
    )
    assert isinstance(answers[0], HutongError)
    assert answers[0].reason == "CURRENCY_MISMATCH"
    assert answers[0].violations == (("amount.currency_code", "must be CNY"),)
    assert change.payment.state is PaymentState.DECLINED


def test_a_payment_that_comes_after_its_undoing_is_refused() -> None:
    command = wallet_payment("p1", 5)
    stone = tombstone(command.key, actor="tests", now=NOW)
    undone = voided(taken(command), actor="tests")
    assert undone is not None
    for known in (stone, undone.payment):
        answers, changes = take_all([command], known={command.key: known}, wallets={}, now=NOW)
        assert reason(answers[0]) == "ORDER_UNDONE"
        assert changes == []


def test_a_payment_of_zero_moves_no_money_and_goes_all_the_way() -> None:
    payment = taken(wallet_payment("p1", 0))
    capture = captured(payment, actor="tests")
    assert capture is not None
    assert capture.transfer is None
    void = voided(capture.payment, actor="tests")
    assert void is not None
    assert void.transfer is None
    assert void.payment.state is PaymentState.REFUNDED


def test_a_negative_amount_is_no_payment() -> None:
    with pytest.raises(AmountInvalid):
        wallet_payment("p1", -1)


def test_the_last_cent_can_be_refunded_and_not_one_more() -> None:
    payment = taken(cash_payment("p1", 100))
    payment = refunded(payment, refund_of(payment, 99)).payment
    assert payment.state is PaymentState.CAPTURED
    with pytest.raises(RefundTooLarge) as refused:
        refunded(payment, refund_of(payment, 2))
    assert refused.value.facts == {"refundable": "1"}
    payment = refunded(payment, refund_of(payment, 1)).payment
    assert payment.state is PaymentState.REFUNDED
    with pytest.raises(RefundTooLarge):
        refunded(payment, refund_of(payment, 1))


def test_money_that_is_only_held_is_not_refunded() -> None:
    payment = taken(wallet_payment("p1", 100))
    with pytest.raises(RefundTooLarge) as refused:
        refunded(payment, refund_of(payment, 1))
    assert refused.value.facts == {"refundable": "0"}


def test_a_refund_is_in_the_currency_of_the_payment() -> None:
    payment = taken(cash_payment("p1", 100))
    with pytest.raises(CurrencyMismatch):
        refunded(payment, refund_of(payment, 1, "USD"))
