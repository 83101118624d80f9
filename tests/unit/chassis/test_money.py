"""Money: exact sums, one rounding, and bounds that no sum passes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import AmountTooLarge, CurrencyMismatch
from chassis.kernel.money import AMOUNT_MINOR_MAX, Money, allocated, extended_price, total
from chassis.kernel.quantity import QUANTITY_MAX, Unit

amounts = st.integers(min_value=-AMOUNT_MINOR_MAX, max_value=AMOUNT_MINOR_MAX)
weights = st.lists(st.integers(min_value=0, max_value=QUANTITY_MAX), min_size=1, max_size=40)


@given(amount=amounts, parts=weights)
def test_shares_sum_exactly_to_the_amount(amount: int, parts: list[int]) -> None:
    shares = allocated(Money(amount, "CNY"), parts)
    assert len(shares) == len(parts)
    assert sum(share.amount_minor for share in shares) == amount


@given(amount=amounts, parts=weights)
def test_each_share_is_within_one_unit_of_its_proportion(amount: int, parts: list[int]) -> None:
    counted = parts if any(parts) else [1] * len(parts)
    for share, part in zip(allocated(Money(amount, "CNY"), parts), counted, strict=True):
        exact = Fraction(amount * part, sum(counted))
        assert abs(share.amount_minor - exact) < 1
        assert share.amount_minor == 0 or part > 0


@given(amount=amounts, parts=weights)
def test_shares_of_a_negative_amount_mirror_those_of_the_positive(
    amount: int, parts: list[int]
) -> None:
    shares = allocated(Money(amount, "CNY"), parts)
    assert allocated(Money(-amount, "CNY"), parts) == tuple(-share for share in shares)


def test_the_earlier_of_equals_gets_the_unit_left_over() -> None:
    shares = allocated(Money(100, "CNY"), [1, 1, 1])
    assert [share.amount_minor for share in shares] == [34, 33, 33]


@pytest.mark.parametrize("parts", [[], [-1], [3, -1]])
def test_weights_that_are_missing_or_negative_are_a_programmers_mistake(parts: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocated(Money(1, "CNY"), parts)


@given(
    price=st.integers(min_value=-1_000_000, max_value=1_000_000),
    grams=st.integers(min_value=0, max_value=1_000_000),
)
def test_the_price_of_weighed_goods_is_rounded_half_up(price: int, grams: int) -> None:
    exact = Fraction(price * grams, 1000)
    rounded = extended_price(Money(price, "CNY"), grams, Unit.GRAM).amount_minor
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@pytest.mark.parametrize(
    ("price", "grams", "cost"), [(1, 499, 0), (1, 500, 1), (1990, 333, 663), (-1, 500, -1)]
)
def test_prices_of_weights_that_are_known_by_hand(price: int, grams: int, cost: int) -> None:
    assert extended_price(Money(price, "CNY"), grams, Unit.GRAM) == Money(cost, "CNY")


@given(price=st.integers(0, 10**6), pieces=st.integers(0, 10**6))
def test_the_price_of_counted_goods_is_the_product(price: int, pieces: int) -> None:
    assert extended_price(Money(price, "CNY"), pieces, Unit.EACH) == Money(price * pieces, "CNY")


@pytest.mark.parametrize("sign", [1, -1])
def test_an_amount_may_reach_the_bound_and_not_pass_it(sign: int) -> None:
    largest = Money(sign * AMOUNT_MINOR_MAX, "CNY")
    one = Money(sign, "CNY")
    too_large: list[Callable[[], Money]] = [
        lambda: Money(sign * (AMOUNT_MINOR_MAX + 1), "CNY"),
        lambda: largest + one,
        lambda: largest - -one,
        lambda: total([largest, one], currency="CNY"),
        lambda: extended_price(largest, 2, Unit.EACH),
        lambda: extended_price(largest, 1001, Unit.GRAM),
    ]
    for pass_the_bound in too_large:
        with pytest.raises(AmountTooLarge) as refused:
            pass_the_bound()
        assert refused.value.reason == "AMOUNT_TOO_LARGE"


def test_amounts_of_two_currencies_never_meet() -> None:
    yuan, dollar = Money(1, "CNY"), Money(1, "USD")
    meetings: list[Callable[[], Money]] = [
        lambda: yuan + dollar,
        lambda: yuan - dollar,
        lambda: total([dollar], currency="CNY"),
    ]
    for meet in meetings:
        with pytest.raises(CurrencyMismatch) as refused:
            meet()
        assert refused.value.facts == {"given": "USD", "wanted": "CNY"}


@given(st.lists(st.integers(-(10**12), 10**12), max_size=30))
def test_a_total_is_the_sum_and_zero_of_nothing(parts: list[int]) -> None:
    summed = total([Money(part, "CNY") for part in parts], currency="CNY")
    assert summed == Money(sum(parts), "CNY")
