"""What a basket costs at given prices. Reads no clock and no database: equal in, equal out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.kernel import money
from chassis.kernel.errors import Refusal, UnitMismatch
from chassis.kernel.money import Money
from chassis.kernel.quantity import Unit
from pricing.basket import BasketLine, merged


class ProductUnknown(Refusal):
    """The range has no such product."""

    reason = "PRODUCT_UNKNOWN"
    message = "there is no product {sku} in the range"


class PriceMissing(Refusal):
    """The product is in the range, but the store does not ask a price for it at that instant."""

    reason = "PRICE_MISSING"
    message = "the store has no price for {sku}"


@dataclass(frozen=True, slots=True)
class Price:
    """What one piece, or one kilogram of weighed goods, costs, in which version of the price."""

    sku: str
    unit: Unit
    unit_price: Money
    version: int


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """One product of a basket with its price and what the line comes to."""

    sku: str
    quantity: int
    unit: Unit
    unit_price: Money
    price_version: int
    line_total: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """A basket with prices. The total is the sum of the line totals, exactly."""

    lines: tuple[QuotedLine, ...]
    total: Money


def quote(lines: Sequence[BasketLine], prices: Mapping[str, Price | None]) -> Quote:
    """The quote of a basket of at least one line; lines of one product are merged.

    `prices` has every product of the range that the basket names, with None for one that the store
    has no price for. Weighed goods are rounded half up to the minor unit once, on the merged line.
    Raises ProductUnknown, PriceMissing, UnitMismatch, QuantityTooLarge, AmountTooLarge for a line
    or for the sum, and CurrencyMismatch if prices are in more than one currency.
    """
    if not lines:
        raise ValueError("a basket has at least one line")
    for line in lines:
        _require_unit(line, _price_of(line.sku, prices))
    quoted = tuple(_quoted(line, _price_of(line.sku, prices)) for line in merged(lines))
    total = money.total(
        (line.line_total for line in quoted), currency=quoted[0].line_total.currency
    )
    return Quote(lines=quoted, total=total)


def _price_of(sku: str, prices: Mapping[str, Price | None]) -> Price:
    if sku not in prices:
        raise ProductUnknown(sku=sku)
    price = prices[sku]
    if price is None:
        raise PriceMissing(sku=sku)
    return price


def _require_unit(line: BasketLine, price: Price) -> None:
    if line.unit is not price.unit:
        raise UnitMismatch(sku=line.sku, wanted=price.unit, given=line.unit)


def _quoted(line: BasketLine, price: Price) -> QuotedLine:
    return QuotedLine(
        sku=line.sku,
        quantity=line.quantity,
        unit=price.unit,
        unit_price=price.unit_price,
        price_version=price.version,
        line_total=money.extended_price(price.unit_price, line.quantity, price.unit),
    )
