"""Sales that a till made while it could not reach us: what they come to where we have no price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chassis.kernel import money
from chassis.kernel.errors import HutongError, QuantityTooLarge, UnitMismatch
from chassis.kernel.money import Money
from chassis.kernel.quantity import GRAMS_PER_KILOGRAM, QUANTITY_MAX, Unit
from services.orders.domain.orders import Basket, PricedLine, Wanted
from services.orders.domain.recorded_sales import (
    Charge,
    LineKey,
    RecordedSale,
    RecordedSaleInvalid,
)

UNPRICED = frozenset(
    {
        "PRODUCT_UNKNOWN",
        "PRICE_MISSING",
        "PRICE_VERSION_UNKNOWN",
        "BARCODE_INVALID",
        "BARCODE_UNKNOWN",
        "LABEL_MISMATCH",
    }
)
"""Reasons for which the catalogue prices a line not at all, though it may well have been sold."""


def sold_lines(basket: Basket) -> list[Basket]:
    """What was sold, a basket for each line of the order; the price of now is asked.

    Lines of one product are one, those with a label stay apart, as in the catalogue.
    """
    by_line: dict[LineKey, list[Wanted]] = {}
    for wanted in basket.wanted:
        by_line.setdefault((wanted.sku, wanted.label), []).append(wanted)
    return [replace(basket, wanted=tuple(lines)) for lines in by_line.values()]


def without_shown_prices(basket: Basket) -> Basket:
    """The basket for somebody who was shown no prices of ours."""
    wanted = tuple(replace(line, shown_price_version=0) for line in basket.wanted)
    return replace(basket, wanted=wanted)


def as_the_till_says(sold: Basket, sale: RecordedSale) -> PricedLine:
    """The line that the catalogue has no price for, at what the till charged for it.

    Raises RecordedSaleInvalid if it charged nothing for it, UnitMismatch, QuantityTooLarge.
    """
    first = sold.wanted[0]
    charge = sale.charges.get((first.sku, first.label))
    if charge is None:
        raise RecordedSaleInvalid.at("recorded_sale.lines", f"have no charge for {first.sku}")
    quantity = _quantity(sold.wanted)
    return PricedLine(
        sku=first.sku,
        display_name=charge.display_name or first.sku,
        quantity=quantity,
        unit=first.unit,
        unit_price=charge.unit_price or _charged_for_one(charge, quantity, first.unit),
        price_version=max(line.shown_price_version for line in sold.wanted),
        line_total=charge.total,
        label=first.label,
        charge=replace(charge, is_unpriced=True),
    )


def is_unpriced(problem: HutongError) -> bool:
    """Whether the catalogue has no price for what was sold, so that the till's is taken."""
    return problem.reason in UNPRICED


def total_of(lines: Sequence[PricedLine]) -> Money:
    """What lines come to, one at least; CurrencyMismatch if their currencies differ."""
    return money.total((line.line_total for line in lines), currency=lines[0].line_total.currency)


def _quantity(lines: Sequence[Wanted]) -> int:
    quantity, unit = 0, lines[0].unit
    for line in lines:
        if line.unit is not unit:
            raise UnitMismatch.at(
                "lines", f"{line.sku} has two units", sku=line.sku, wanted=unit, given=line.unit
            )
        quantity += line.quantity
    if quantity > QUANTITY_MAX:
        raise QuantityTooLarge.at("lines", f"too much of {lines[0].sku}", sku=lines[0].sku)
    return quantity


_ONE: Mapping[Unit, int] = {Unit.EACH: 1, Unit.GRAM: GRAMS_PER_KILOGRAM}
"""How much of a unit its price is for."""


def _charged_for_one(charge: Charge, quantity: int, unit: Unit) -> Money:
    return Money(charge.total.amount_minor * _ONE[unit] // quantity, charge.total.currency)
