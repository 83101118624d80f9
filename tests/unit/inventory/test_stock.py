"""The rules of the books: merged lines, postings, counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import QuantityTooLarge, UnitMismatch
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from services.inventory.domain import stock
from services.inventory.domain.stock import AdjustCommand, Books, LevelKey, Line, StockLevel

STORE = StoreId("demo:sh01")
MOMENT = datetime(2026, 11, 11, tzinfo=UTC)

lines = st.builds(
    Line, sku=st.sampled_from("abc"), quantity=st.integers(1, 100), unit=st.just(Unit.EACH)
)


def level(sku: str, *, on_hand: int, held: int = 0) -> StockLevel:
    return StockLevel(STORE, sku, Unit.EACH, on_hand=on_hand, held=held, version=1)


def count(*, counted: int, expected: int, unit: Unit = Unit.EACH) -> AdjustCommand:
    return AdjustCommand(STORE, "a", unit, counted, expected, "miscounted", "users/mei")


@given(st.lists(lines))
def test_merged_lines_sum_to_what_was_given(given_lines: list[Line]) -> None:
    result = stock.merged(given_lines)
    assert [line.sku for line in result] == sorted({line.sku for line in given_lines})
    for line in result:
        assert line.quantity == sum(x.quantity for x in given_lines if x.sku == line.sku)


@given(st.lists(lines), st.randoms())
def test_the_order_of_lines_does_not_matter(given_lines: list[Line], random: object) -> None:
    shuffled = list(given_lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert stock.merged(shuffled) == stock.merged(given_lines)


def test_a_product_in_two_units_does_not_merge() -> None:
    with pytest.raises(UnitMismatch) as caught:
        stock.merged([Line("a", 1, Unit.EACH), Line("a", 1, Unit.GRAM)])
    assert caught.value.facts == {"sku": "a", "wanted": "each", "given": "gram"}


@given(st.lists(st.lists(lines, min_size=1).map(stock.merged)))
def test_a_level_is_the_sum_of_its_movements(deliveries: list[tuple[Line, ...]]) -> None:
    books = Books([level(sku, on_hand=7) for sku in "abc"], moment=MOMENT)
    for delivery in deliveries:
        books.post(STORE, delivery, stock.RECEIPT, actor="users/mei", cause="note")
    for sku in "abc":
        movements = [p.movement for p in books.postings if p.movement.sku == sku]
        after = books.level(LevelKey(STORE, sku))
        assert after is not None
        assert after.on_hand == 7 + sum(m.on_hand_change for m in movements)
        assert [m.version for m in movements] == list(range(2, 2 + len(movements)))
        assert after.version == 1 + len(movements)
    assert {x.key: x for x in books.levels_changed} == {
        p.level.key: p.level for p in books.postings
    }


def test_a_posting_that_would_pass_the_maximum_posts_no_line() -> None:
    books = Books([level("a", on_hand=1), level("b", on_hand=QUANTITY_MAX)], moment=MOMENT)
    delivery = [Line("a", 1, Unit.EACH), Line("b", 1, Unit.EACH)]
    with pytest.raises(QuantityTooLarge):
        books.post(STORE, delivery, stock.RETURN, actor="users/mei", cause="ord-1")
    assert books.postings == []


@given(
    on_hand=st.integers(0, 50),
    held=st.integers(0, 50),
    counted=st.integers(0, 60),
    expected=st.integers(0, 50),
)
def test_a_count_sets_the_level_or_is_refused(
    on_hand: int, held: int, counted: int, expected: int
) -> None:
    held = min(held, on_hand)
    books = Books([level("a", on_hand=on_hand, held=held)], moment=MOMENT)
    command = count(counted=counted, expected=expected)
    if expected != on_hand:
        with pytest.raises(stock.StockChanged):
            stock.adjust(command, books)
    elif counted < held:
        with pytest.raises(stock.StockHeld):
            stock.adjust(command, books)
    else:
        stock.adjust(command, books)
        after = books.level(LevelKey(STORE, "a"))
        assert after is not None
        assert (after.on_hand, after.held) == (counted, held)
        assert len(books.postings) == (counted != on_hand)
        return
    assert books.postings == []


def test_a_count_in_another_unit_is_refused() -> None:
    books = Books([level("a", on_hand=5)], moment=MOMENT)
    with pytest.raises(UnitMismatch):
        stock.adjust(count(counted=5, expected=5, unit=Unit.GRAM), books)


def test_what_has_run_out_is_available() -> None:
    seen = StockLevel(STORE, "a", Unit.EACH, on_hand=9, held=5, version=4, run_out=3)
    assert seen.available == 7
