"""A label of the store's scale costs the same when it is printed, scanned, quoted and sold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import HutongError
from chassis.kernel.money import Money, extended_price
from chassis.kernel.quantity import Unit
from pricing import barcode
from pricing.barcode import ScaleLabel, check_digit
from pricing.basket import BasketLine
from pricing.quote import Price, Shown, ShownPrice, quote

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "label_vectors.json").read_text(encoding="utf-8")
)
ITEM, SKU = "01234", "apple"
ITEMS = {ITEM: SKU}


def labelled(prefix: str, value: int) -> ScaleLabel:
    body = f"{prefix}{ITEM}{value:05}"
    return barcode.scanned_label(f"{body}{check_digit(body)}", at="label")


def priced(amount_minor: int, unit: Unit = Unit.GRAM) -> dict[str, Price | None]:
    return {SKU: Price(SKU, unit, Money(amount_minor, "CNY"), version=2)}


def line_of(label: ScaleLabel, quantity: int, unit: Unit = Unit.GRAM, *shown: int) -> BasketLine:
    return BasketLine(SKU, quantity, unit, shown, label)


@pytest.mark.parametrize("vector", VECTORS, ids=[each["label"] for each in VECTORS])
def test_golden_labels_cost_what_they_say(vector: dict[str, Any]) -> None:
    """`quantity_alone_minor` is what the same quantity costs that was weighed at the till."""
    label, unit = barcode.scanned_label(vector["label"], at="label"), Unit(vector["unit"])
    price = Money(vector["unit_price_minor"], "CNY")
    scanned = barcode.measured(label, price, unit)
    assert scanned is not None
    assert (scanned.quantity, scanned.line_total.amount_minor) == (
        vector["quantity"],
        vector["line_total_minor"],
    )
    prices = priced(price.amount_minor, unit)
    result = quote([line_of(label, scanned.quantity, unit)], prices, items=ITEMS)
    assert result.total == scanned.line_total
    assert result.lines[0].label == vector["label"]
    alone = quote([BasketLine(SKU, scanned.quantity, unit)], prices)
    assert alone.total.amount_minor == vector["quantity_alone_minor"]


@given(printed=st.integers(1, 99_999), amount=st.integers(1, 1_000_000))
def test_a_printed_price_survives_scan_and_quote_at_any_price_of_a_kilogram(
    printed: int, amount: int
) -> None:
    label = labelled("22", printed)
    scanned = barcode.measured(label, Money(amount, "CNY"), Unit.GRAM)
    if scanned is None:
        return
    result = quote([line_of(label, scanned.quantity)], priced(amount), items=ITEMS)
    assert result.total == Money(printed, "CNY")
    exact = extended_price(Money(amount, "CNY"), scanned.quantity, Unit.GRAM).amount_minor
    assert abs(exact - printed) <= amount / 2000 + 0.5


@given(printed=st.integers(1, 99_999), amount=st.integers(1, 200_000), off=st.integers(-9, 9))
def test_no_quantity_but_the_labels_own_is_charged_as_printed(
    printed: int, amount: int, off: int
) -> None:
    label = labelled("22", printed)
    scanned = barcode.measured(label, Money(amount, "CNY"), Unit.GRAM)
    if scanned is None or off == 0 or scanned.quantity + off < 1:
        return
    with pytest.raises(HutongError) as raised:
        quote([line_of(label, scanned.quantity + off)], priced(amount), items=ITEMS)
    assert raised.value.reason == "LABEL_MISMATCH"
    assert raised.value.facts == {
        "barcode": label.barcode,
        "sku": SKU,
        "wanted": str(scanned.quantity),
        "given": str(scanned.quantity + off),
    }


def test_labels_stay_apart_and_other_lines_are_added_up() -> None:
    label = labelled("22", 1299)
    weighed = BasketLine(SKU, 100, Unit.GRAM)
    lines = [weighed, line_of(label, 503), line_of(label, 503), weighed]
    result = quote(lines, priced(2580), items=ITEMS)
    assert [(each.quantity, each.line_total.amount_minor) for each in result.lines] == [
        (200, 516),
        (503, 1299),
        (503, 1299),
    ]
    assert result.total.amount_minor == 516 + 2 * 1299


def test_a_label_is_judged_at_the_price_that_was_shown() -> None:
    """So that who scanned before a change is told of the change, and not of a mismatch."""
    label, shown = labelled("22", 1299), {Shown(SKU, 1): Money(2580, "CNY")}
    (line,) = quote([line_of(label, 503, Unit.GRAM, 1)], priced(3000), shown, ITEMS).lines
    assert line.shown == ShownPrice(1, Money(2580, "CNY"))
    assert line.line_total.amount_minor == 1299


@pytest.mark.parametrize(
    ("label", "unit", "items"),
    [
        (labelled("22", 1299), Unit.GRAM, {}),
        (labelled("22", 1299), Unit.GRAM, {ITEM: "pear"}),
        (labelled("21", 503), Unit.EACH, ITEMS),
        (labelled("22", 1299), Unit.EACH, ITEMS),
    ],
)
def test_a_label_that_can_not_be_of_the_product_names_its_line(
    label: ScaleLabel, unit: Unit, items: dict[str, str]
) -> None:
    lines = [BasketLine(SKU, 1, unit), line_of(label, 503, unit)]
    with pytest.raises(HutongError) as raised:
        quote(lines, priced(2580, unit), items=items)
    assert raised.value.reason == "BARCODE_INVALID"
    assert raised.value.violations[0][0] == "lines[1].label"


def test_a_gtin_is_no_label() -> None:
    with pytest.raises(HutongError) as raised:
        barcode.scanned_label("4006381333931", at="lines[0].label")
    assert raised.value.reason == "BARCODE_INVALID"
    assert raised.value.violations[0][0] == "lines[0].label"
