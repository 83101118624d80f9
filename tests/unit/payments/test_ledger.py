"""Rules of the ledger and of wallets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import AmountInvalid, AmountTooLarge, CurrencyMismatch
from chassis.kernel.money import AMOUNT_MINOR_MAX, Money
from chassis.kernel.names import CustomerId, StoreId
from services.payments.domain.ledger import (
    Entry,
    EntryKind,
    Owner,
    TopUpWallet,
    Transfer,
    Wallet,
    WalletBook,
    customer_owner,
    store_owner,
    topped_up,
)

OWNER = customer_owner(CustomerId("demo:c1"))


def transfer(*entries: Entry) -> Transfer:
    return Transfer(OWNER, "trf_1", EntryKind.SALE, entries, "p1", "tests")


def book(available: int, *, topped: int, count: int = 1) -> WalletBook:
    wallet = Wallet(OWNER, available=Money(available, "CNY"), held=Money(0, "CNY"))
    return WalletBook(wallet, topped_up=Money(topped, "CNY"), count=count)


def test_a_store_and_a_customer_of_one_id_have_different_books() -> None:
    assert store_owner(StoreId("demo:x1")) == Owner("demo:stores/x1")
    assert customer_owner(CustomerId("demo:x1")) == Owner("demo:customers/x1")


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6))
def test_only_transfers_that_sum_to_zero_can_be_built(amounts: list[int]) -> None:
    entries = [Entry(f"clearing:s{n}", Money(amount, "CNY")) for n, amount in enumerate(amounts)]
    transfer(*entries, Entry("wallet", Money(-sum(amounts), "CNY")))
    with pytest.raises(ValueError, match="sum to zero"):
        transfer(*entries, Entry("wallet", Money(1 - sum(amounts), "CNY")))


def test_a_transfer_sums_to_zero_in_each_currency_and_not_across_them() -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        transfer(Entry("wallet", Money(5, "CNY")), Entry("top_up", Money(-5, "USD")))


@given(
    st.integers(0, AMOUNT_MINOR_MAX // 2),
    st.integers(1, AMOUNT_MINOR_MAX // 2),
    st.integers(0, 1000),
)
def test_a_top_up_adds_what_came_in(before: int, amount: int, count: int) -> None:
    command = TopUpWallet(OWNER, Money(amount, "CNY"), "tests")
    done = topped_up(book(before, topped=before, count=count), command)
    assert done.wallet.available.amount_minor == before + amount
    assert done.count == count + 1
    assert [(e.account, e.amount.amount_minor) for e in done.transfer.entries] == [
        ("top_up", amount),
        ("wallet", -amount),
    ]


@pytest.mark.parametrize("amount", [0, -1])
def test_a_top_up_is_more_than_zero(amount: int) -> None:
    with pytest.raises(AmountInvalid):
        TopUpWallet(OWNER, Money(amount, "CNY"), "tests")


def test_a_wallet_keeps_its_currency() -> None:
    with pytest.raises(CurrencyMismatch) as refused:
        topped_up(book(5, topped=5), TopUpWallet(OWNER, Money(5, "USD"), "tests"))
    assert refused.value.facts == {"given": "USD", "wanted": "CNY"}
    assert refused.value.violations == (("amount.currency_code", "must be CNY"),)


def test_all_that_ever_comes_into_a_wallet_is_bounded() -> None:
    command = TopUpWallet(OWNER, Money(1, "CNY"), "tests")
    assert topped_up(book(0, topped=AMOUNT_MINOR_MAX - 1), command).count == 2
    with pytest.raises(AmountTooLarge):
        topped_up(book(0, topped=AMOUNT_MINOR_MAX), command)
