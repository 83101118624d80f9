"""Lines of one product are one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import InvalidInput, QuantityTooLarge, UnitMismatch
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from pricing.basket import BasketLine, merged

SKUS = st.sampled_from(["apple", "milk", "rice", "soap"])
LINES = st.lists(st.builds(BasketLine, SKUS, st.integers(1, 1000), st.just(Unit.EACH)), max_size=12)


@given(LINES)
def test_merging_keeps_every_quantity_and_the_order_of_first_appearance(
    lines: list[BasketLine],
) -> None:
    result = merged(lines)
    assert [line.sku for line in result] == list(dict.fromkeys(line.sku for line in lines))
    for line in result:
        assert line.quantity == sum(each.quantity for each in lines if each.sku == line.sku)


@given(LINES)
def test_merging_twice_changes_nothing_more(lines: list[BasketLine]) -> None:
    assert merged(merged(lines)) == merged(lines)


@pytest.mark.parametrize("quantity", [0, -1, -(2**63)])
def test_a_line_holds_at_least_one(quantity: int) -> None:
    with pytest.raises(InvalidInput) as raised:
        BasketLine("milk", quantity, Unit.EACH)
    assert raised.value.violations[0][0] == "quantity"


def test_a_line_holds_the_maximum_and_no_more() -> None:
    assert BasketLine("milk", QUANTITY_MAX, Unit.EACH).quantity == QUANTITY_MAX
    with pytest.raises(QuantityTooLarge):
        BasketLine("milk", QUANTITY_MAX + 1, Unit.EACH)


def test_split_lines_can_not_pass_the_maximum_together() -> None:
    half = QUANTITY_MAX // 2 + 1
    with pytest.raises(QuantityTooLarge):
        merged([BasketLine("milk", half, Unit.EACH), BasketLine("milk", half, Unit.EACH)])


def test_one_product_is_not_both_counted_and_weighed() -> None:
    with pytest.raises(UnitMismatch):
        merged([BasketLine("apple", 1, Unit.EACH), BasketLine("apple", 200, Unit.GRAM)])
