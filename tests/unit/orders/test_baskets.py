"""The rules of baskets, without a database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import AmountTooLarge, HutongError, InvalidInput
from chassis.kernel.money import AMOUNT_MINOR_MAX, Money, extended_price
from chassis.kernel.names import CustomerId, StoreId
from chassis.kernel.quantity import Unit
from pricing.quote import PriceMissing
from services.orders.domain.baskets import (
    FREEZE_TIME,
    LINES_MAX,
    BasketName,
    Change,
    KeptBasket,
    Prices,
    ShownLine,
    require_own,
    require_readable,
)
from services.orders.domain.orders import PricedLine, Purchaser, Quote, Wanted
from services.orders.domain.promises import StoreToday
from services.orders.domain.seen_baskets import seen

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
NAME = BasketName(StoreId("demo:sh01"), CustomerId("demo:c1"))
EMPTY = KeptBasket(NAME)
SKUS = ["apple", "pear", "plum", "fig"]


def priced(wanted: Wanted, unit_price_minor: int) -> PricedLine:
    unit_price = Money(unit_price_minor, "CNY")
    return PricedLine(
        sku=wanted.sku,
        display_name=wanted.sku.title(),
        quantity=wanted.quantity,
        unit=wanted.unit,
        unit_price=unit_price,
        price_version=1,
        line_total=extended_price(unit_price, wanted.quantity, wanted.unit),
    )


def prices_of(wanted: tuple[Wanted, ...], unit_price_minor: int) -> Prices:
    return {line.sku: priced(line, unit_price_minor) for line in wanted}


def changed(basket: KeptBasket, *changes: Change, price: int = 100) -> KeptBasket:
    return basket.with_changes(changes, prices_of(basket.after(changes), price), now=NOON)


def reason_of(work: Callable[[], object]) -> str:
    with pytest.raises(HutongError) as caught:
        work()
    return caught.value.reason


a_change = st.builds(
    Change,
    sku=st.sampled_from(SKUS),
    quantity=st.integers(min_value=0, max_value=1_000),
    unit=st.sampled_from(Unit),
)
some_changes = st.lists(a_change, min_size=1, max_size=4, unique_by=lambda change: change.sku)
many_changes = st.lists(some_changes, max_size=6)
a_price = st.integers(min_value=0, max_value=100_000)


@given(many_changes)
def test_a_basket_has_what_each_product_was_set_to_last(history: list[list[Change]]) -> None:
    basket, expected = EMPTY, dict[str, int]()
    for changes in history:
        basket = changed(basket, *changes)
        expected |= {change.sku: change.quantity for change in changes}
    in_it = {line.sku: line.quantity for line in basket.lines}
    assert in_it == {sku: quantity for sku, quantity in expected.items() if quantity}
    assert len(in_it) == len(basket.lines)


@given(some_changes, some_changes)
def test_changes_of_different_products_may_come_in_either_order(
    one: list[Change], other: list[Change]
) -> None:
    apart = [change for change in other if change.sku not in {each.sku for each in one}]
    both = changed(changed(EMPTY, *one), *apart)
    other_way = changed(changed(EMPTY, *apart), *one)
    assert set(both.lines) == set(other_way.lines)


@given(many_changes)
def test_every_change_counts_the_version_up(history: list[list[Change]]) -> None:
    basket = EMPTY
    for changes in history:
        after = changed(basket, *changes)
        assert after.version == (basket.version + 1 if basket.version else after.version)
        assert after.version > basket.version
        basket = after


def test_a_basket_that_is_begun_anew_is_past_all_its_versions() -> None:
    basket = changed(EMPTY, Change("apple", 1, Unit.EACH))
    for quantity in range(2, 1_000):
        basket = changed(basket, Change("apple", quantity, Unit.EACH))
    anew = EMPTY.with_changes([], {}, now=NOON + timedelta(milliseconds=1))
    assert anew.version > basket.version


@given(some_changes, a_price, a_price)
def test_only_what_was_changed_is_shown_at_the_price_of_now(
    changes: list[Change], old: int, new: int
) -> None:
    basket = changed(EMPTY, *(Change(sku, 1, Unit.EACH) for sku in SKUS), price=old)
    after = changed(basket, *changes, price=new)
    touched = {change.sku for change in changes}
    for line in after.lines:
        assert line.unit_price.amount_minor == (new if line.sku in touched else old)


@given(some_changes, a_price, a_price)
def test_a_look_shows_both_prices_and_sums_those_of_now(
    changes: list[Change], old: int, new: int
) -> None:
    basket = changed(EMPTY, *changes, price=old)
    look = seen(basket, prices_of(basket.wanted, new), now=LATER)
    assert all(line.has_changed is (old != new) for line in look.lines)
    totals = [priced(wanted, new).line_total.amount_minor for wanted in basket.wanted]
    assert look.total == (Money(sum(totals), "CNY") if totals else None)
    assert look.kept == basket


@given(some_changes, a_price, a_price)
def test_a_freeze_holds_to_its_end_and_not_a_moment_longer(
    changes: list[Change], old: int, new: int
) -> None:
    basket = changed(EMPTY, *changes, Change("tea", 1, Unit.EACH), price=old)
    frozen = basket.frozen(prices_of(basket.wanted, old), now=NOON)
    end = NOON + FREEZE_TIME
    before = seen(frozen, {}, now=end - timedelta(microseconds=1))
    assert before.total == frozen.frozen_quote(now=NOON).total
    assert not any(line.has_changed for line in before.lines)
    after = seen(frozen, prices_of(frozen.wanted, new), now=end)
    assert after.frozen_until is None
    assert all(line.has_changed is (old != new) for line in after.lines)


@given(some_changes, a_price)
def test_any_change_ends_a_freeze(changes: list[Change], price: int) -> None:
    basket = changed(EMPTY, Change("tea", 1, Unit.EACH), price=price)
    prices = prices_of(basket.wanted, price)
    frozen = basket.frozen(prices, now=NOON)
    for after in (
        changed(frozen, *changes),
        frozen.accepting(prices, now=LATER),
        frozen.cleared(now=LATER),
    ):
        assert not after.is_frozen(LATER)
        assert after.version == frozen.version + 1


@given(a_price, a_price)
def test_only_shown_prices_are_frozen_and_ordered(old: int, new: int) -> None:
    basket = changed(EMPTY, Change("tea", 3, Unit.EACH), price=old)
    line = priced(basket.wanted[0], new)
    quote = Quote(lines=(line,), total=line.line_total, quoted_at=NOON)
    if old == new:
        basket.frozen({"tea": line}, now=NOON)
        basket.require_shown(quote)
        return
    assert reason_of(lambda: basket.frozen({"tea": line}, now=NOON)) == "PRICE_CHANGED"
    assert reason_of(lambda: basket.require_shown(quote)) == "PRICE_CHANGED"


def test_a_store_that_is_closed_keeps_no_prices() -> None:
    basket = changed(EMPTY, Change("tea", 1, Unit.EACH), price=100)
    frozen = basket.frozen(prices_of(basket.wanted, 100), now=NOON)
    closed = StoreToday(False, None, "burst pipe", frozenset(), is_out_of_area=False)
    look = seen(frozen, prices_of(basket.wanted, 120), now=LATER, closed=closed)
    assert look.frozen_until is None
    assert look.lines[0].has_changed
    prices = prices_of(basket.wanted, 100)
    with pytest.raises(HutongError) as caught:
        basket.frozen(prices, now=NOON, closed=closed)
    assert (caught.value.reason, caught.value.facts) == ("STORE_CLOSED", {"closure": "burst pipe"})


def test_a_line_that_cannot_be_bought_counts_for_nothing() -> None:
    basket = changed(EMPTY, Change("tea", 1, Unit.EACH), Change("fig", 2, Unit.EACH), price=100)
    prices: Prices = {"tea": PriceMissing(sku="tea"), "fig": priced(basket.wanted[1], 100)}
    look = seen(basket, prices, now=NOON)
    assert look.total == Money(200, "CNY")
    assert [line.has_changed for line in look.lines] == [False, False]
    assert basket.accepting(prices, now=NOON).lines == basket.lines
    assert reason_of(lambda: basket.frozen(prices, now=NOON)) == "PRICE_MISSING"


def test_a_look_at_more_than_an_amount_can_hold_has_no_total() -> None:
    basket = changed(EMPTY, Change("tea", 1, Unit.EACH), Change("fig", 1, Unit.EACH))
    look = seen(basket, prices_of(basket.wanted, AMOUNT_MINOR_MAX), now=NOON)
    assert look.total is None
    with pytest.raises(AmountTooLarge):
        changed(
            EMPTY,
            Change("tea", 1, Unit.EACH),
            Change("fig", 1, Unit.EACH),
            price=AMOUNT_MINOR_MAX,
        )


def test_a_basket_is_full_at_its_limit() -> None:
    lines = [Change(f"sku{number}", 1, Unit.EACH) for number in range(LINES_MAX)]
    full = changed(EMPTY, *lines)
    assert reason_of(lambda: full.after([Change("more", 1, Unit.EACH)])) == "BASKET_FULL"
    assert len(full.after([Change("sku0", 0, Unit.EACH), Change("more", 1, Unit.EACH)])) == (
        LINES_MAX
    )


def test_a_product_is_changed_once_at_a_time() -> None:
    twice = [Change("tea", 1, Unit.EACH), Change("tea", 2, Unit.EACH)]
    with pytest.raises(InvalidInput) as caught:
        EMPTY.after(twice)
    assert caught.value.violations == (("lines", "must name a product once"),)


def test_a_version_is_the_one_that_was_seen_or_refused() -> None:
    basket = changed(EMPTY, Change("tea", 1, Unit.EACH))
    basket.require_version(basket.version)
    for other in (0, basket.version - 1, basket.version + 1):
        assert reason_of(partial(basket.require_version, other)) == "BASKET_CHANGED"


@pytest.mark.parametrize(
    ("purchaser", "may_read", "may_change"),
    [
        (Purchaser("users/c1", "demo", is_staff=False, customer=NAME.customer), True, True),
        (
            Purchaser("users/c2", "demo", is_staff=False, customer=CustomerId("demo:c2")),
            False,
            False,
        ),
        (Purchaser("users/m", "demo", is_staff=True), True, False),
        (Purchaser("users/x", "demo", is_staff=False), False, False),
    ],
    ids=["owner", "other customer", "staff", "nobody"],
)
def test_who_may_read_and_change_a_basket(
    purchaser: Purchaser, may_read: bool, may_change: bool
) -> None:
    for check, may in ((require_readable, may_read), (require_own, may_change)):
        if may:
            check(NAME, purchaser)
        else:
            assert reason_of(partial(check, NAME, purchaser)) == "RESOURCE_NOT_FOUND"


def test_a_shown_line_costs_what_the_catalogue_would_say() -> None:
    line = ShownLine("rice", "Rice", 1_500, Unit.GRAM, Money(1_299, "CNY"), 4)
    assert line.at_shown_price() == PricedLine(
        "rice", "Rice", 1_500, Unit.GRAM, Money(1_299, "CNY"), 4, Money(1_949, "CNY")
    )
