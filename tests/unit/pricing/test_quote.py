"""A quote depends on what is in the basket, not on how it came in."""

from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import AmountTooLarge, CurrencyMismatch, HutongError, UnitMismatch
from chassis.kernel.money import AMOUNT_MINOR_MAX, Money
from chassis.kernel.quantity import Unit
from pricing.basket import BasketLine
from pricing.quote import (
    Price,
    PriceMissing,
    PriceVersionUnknown,
    ProductUnknown,
    Shown,
    ShownPrice,
    quote,
)


def price(sku: str, amount_minor: int, unit: Unit = Unit.EACH, *, currency: str = "CNY") -> Price:
    return Price(sku, unit, Money(amount_minor, currency), version=3)


UNITS = {"apple": Unit.GRAM, "milk": Unit.EACH, "rice": Unit.GRAM, "soap": Unit.EACH}
PRICES = st.fixed_dictionaries(
    {
        sku: st.builds(price, st.just(sku), st.integers(0, 10_000_000), st.just(unit))
        for sku, unit in UNITS.items()
    }
)
BASKETS = st.lists(
    st.sampled_from(sorted(UNITS)).flatmap(
        lambda sku: st.builds(
            BasketLine, st.just(sku), st.integers(1, 100_000), st.just(UNITS[sku])
        )
    ),
    min_size=1,
    max_size=10,
)


@given(BASKETS, PRICES)
def test_the_total_is_the_sum_of_the_lines(
    basket: list[BasketLine], prices: dict[str, Price]
) -> None:
    result = quote(basket, prices)
    assert result.total.amount_minor == sum(line.line_total.amount_minor for line in result.lines)


@given(BASKETS, PRICES, st.randoms())
def test_the_order_of_lines_never_changes_what_they_cost(
    basket: list[BasketLine], prices: dict[str, Price], random: Random
) -> None:
    shuffled = list(basket)
    random.shuffle(shuffled)
    first, second = quote(basket, prices), quote(shuffled, prices)
    assert first.total == second.total
    assert set(first.lines) == set(second.lines)


@given(BASKETS, PRICES)
def test_splitting_a_line_never_changes_the_quote(
    basket: list[BasketLine], prices: dict[str, Price]
) -> None:
    split: list[BasketLine] = []
    for line in basket:
        half = line.quantity // 2
        parts = (half, line.quantity - half) if half else (line.quantity,)
        split += [BasketLine(line.sku, part, line.unit) for part in parts]
    assert quote(split, prices) == quote(basket, prices)


@given(grams=st.integers(1, 100_000_000), amount=st.integers(0, 1_000_000))
def test_weighed_goods_are_rounded_half_up_once(grams: int, amount: int) -> None:
    result = quote(
        [BasketLine("apple", grams, Unit.GRAM)], {"apple": price("apple", amount, Unit.GRAM)}
    )
    exact = Decimal(amount) * grams / 1000
    assert result.total.amount_minor == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(quantity=st.integers(1, 1_000_000), amount=st.integers(0, 1_000_000))
def test_counted_goods_are_never_rounded(quantity: int, amount: int) -> None:
    result = quote([BasketLine("milk", quantity, Unit.EACH)], {"milk": price("milk", amount)})
    assert result.total == Money(quantity * amount, "CNY")


@pytest.mark.parametrize(
    ("grams", "amount", "total"),
    [(500, 1, 1), (499, 1, 0), (250, 1998, 500), (335, 1290, 432), (1, 499, 0), (1, 500, 1)],
)
def test_weighed_vectors(grams: int, amount: int, total: int) -> None:
    result = quote(
        [BasketLine("apple", grams, Unit.GRAM)], {"apple": price("apple", amount, Unit.GRAM)}
    )
    assert result.total == Money(total, "CNY")


def test_two_weighings_of_one_product_are_rounded_together() -> None:
    lines = [BasketLine("apple", 250, Unit.GRAM)] * 2
    result = quote(lines, {"apple": price("apple", 1, Unit.GRAM)})
    assert [line.quantity for line in result.lines] == [500]
    assert result.total.amount_minor == 1


def test_a_line_carries_the_price_and_its_version() -> None:
    (line,) = quote([BasketLine("milk", 3, Unit.EACH)], {"milk": price("milk", 1290)}).lines
    assert (line.unit_price, line.price_version, line.line_total) == (
        Money(1290, "CNY"),
        3,
        Money(3870, "CNY"),
    )


LARGE = AMOUNT_MINOR_MAX // 2 + 1


@pytest.mark.parametrize(
    ("lines", "prices", "error"),
    [
        ([("milk", 1, Unit.EACH)], {}, ProductUnknown),
        ([("milk", 1, Unit.EACH)], {"milk": None}, PriceMissing),
        ([("milk", 1, Unit.GRAM)], {"milk": price("milk", 1)}, UnitMismatch),
        (
            [("milk", 1, Unit.EACH), ("milk", 1, Unit.GRAM)],
            {"milk": price("milk", 1)},
            UnitMismatch,
        ),
        ([("milk", 2, Unit.EACH)], {"milk": price("milk", LARGE)}, AmountTooLarge),
        (
            [("milk", 1, Unit.EACH), ("milk", 1, Unit.EACH)],
            {"milk": price("milk", LARGE)},
            AmountTooLarge,
        ),
        (
            [("milk", 1, Unit.EACH), ("soap", 1, Unit.EACH)],
            {"milk": price("milk", LARGE), "soap": price("soap", LARGE)},
            AmountTooLarge,
        ),
        (
            [("milk", 1, Unit.EACH), ("soap", 1, Unit.EACH)],
            {"milk": price("milk", 1), "soap": price("soap", 1, currency="JPY")},
            CurrencyMismatch,
        ),
    ],
)
def test_what_can_not_be_priced_is_refused(
    lines: list[tuple[str, int, Unit]],
    prices: dict[str, Price | None],
    error: type[HutongError],
) -> None:
    with pytest.raises(error):
        quote([BasketLine(*line) for line in lines], prices)


def test_a_unit_mismatch_names_the_unit_of_the_product() -> None:
    lines = [BasketLine("milk", 1, Unit.GRAM), BasketLine("milk", 1, Unit.EACH)]
    with pytest.raises(UnitMismatch) as raised:
        quote(lines, {"milk": price("milk", 1)})
    assert raised.value.facts == {"sku": "milk", "wanted": "each", "given": "gram"}


MILK = {"milk": price("milk", 1290)}


@given(
    shown=st.lists(st.integers(1, 5), max_size=4),
    amounts=st.fixed_dictionaries({version: st.integers(1289, 1291) for version in range(1, 6)}),
)
def test_what_was_shown_stands_beside_a_price_only_if_it_was_another(
    shown: list[int], amounts: dict[int, int]
) -> None:
    known = {Shown("milk", version): Money(amount, "CNY") for version, amount in amounts.items()}
    basket = [BasketLine("milk", 1, Unit.EACH, (version,)) for version in shown]
    (line,) = quote([BasketLine("milk", 1, Unit.EACH), *basket], MILK, known).lines
    others = [version for version in sorted(shown) if amounts[version] != 1290]
    expected = ShownPrice(others[0], Money(amounts[others[0]], "CNY")) if others else None
    assert line.shown == expected
    assert line.line_total.amount_minor == 1290 * (1 + len(shown))


def test_a_version_that_was_never_asked_names_its_line() -> None:
    lines = [BasketLine("milk", 1, Unit.EACH), BasketLine("milk", 1, Unit.EACH, (9,))]
    with pytest.raises(PriceVersionUnknown) as raised:
        quote(lines, MILK, {Shown("milk", 1): Money(1290, "CNY")})
    assert raised.value.violations[0][0] == "lines[1].shown_price_version"
    assert raised.value.facts == {"sku": "milk", "version": "9"}
