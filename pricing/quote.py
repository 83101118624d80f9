"""What a basket costs at given prices. Reads no clock and no database: equal in, equal out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from chassis.kernel import money
from chassis.kernel.errors import InvalidInput, Refusal, UnitMismatch
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


class PriceVersionUnknown(InvalidInput):
    """The version that is said to have been shown was never asked by the store."""

    reason = "PRICE_VERSION_UNKNOWN"
    message = "the store never asked version {version} of the price of {sku}"


@dataclass(frozen=True, slots=True)
class Price:
    """What one piece, or one kilogram of weighed goods, costs, in which version of the price."""

    sku: str
    unit: Unit
    unit_price: Money
    version: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A version of a product's price that a customer was shown."""

    sku: str
    version: int


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """A price that a customer was shown and that is not asked any more."""

    version: int
    unit_price: Money


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """One product of a basket with its price and what the line comes to.

    `shown` is what the customer was shown, if that was another unit price than the one asked now.
    """

    sku: str
    quantity: int
    unit: Unit
    unit_price: Money
    price_version: int
    line_total: Money
    shown: ShownPrice | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A basket with prices. The total is the sum of the line totals, exactly."""

    lines: tuple[QuotedLine, ...]
    total: Money


def quote(
    lines: Sequence[BasketLine],
    prices: Mapping[str, Price | None],
    shown: Mapping[Shown, Money] = MappingProxyType({}),
) -> Quote:
    """The quote of a basket of at least one line; lines of one product are merged.

    `prices` has every product of the range that the basket names, with None for one that the store
    has no price for; `shown` has the unit price of every version that lines were shown and that was
    ever asked. Weighed goods are rounded half up to the minor unit once, on the merged line.
    Raises ProductUnknown, PriceMissing, PriceVersionUnknown, UnitMismatch, QuantityTooLarge,
    AmountTooLarge for a line or for the sum, and CurrencyMismatch if prices are in more than one
    currency.
    """
    if not lines:
        raise ValueError("a basket has at least one line")
    for i, line in enumerate(lines):
        _require_unit(line, _price_of(line.sku, prices))
        _require_known(line, shown, at=f"lines[{i}].shown_price_version")
    quoted = tuple(_quoted(line, _price_of(line.sku, prices), shown) for line in merged(lines))
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


def _require_known(line: BasketLine, shown: Mapping[Shown, Money], *, at: str) -> None:
    for version in line.shown_versions:
        if Shown(line.sku, version) not in shown:
            raise PriceVersionUnknown.at(at, "was never asked", sku=line.sku, version=version)


def _quoted(line: BasketLine, price: Price, shown: Mapping[Shown, Money]) -> QuotedLine:
    asked_otherwise = (
        ShownPrice(version, shown[Shown(line.sku, version)])
        for version in line.shown_versions
        if shown[Shown(line.sku, version)] != price.unit_price
    )
    return QuotedLine(
        sku=line.sku,
        quantity=line.quantity,
        unit=price.unit,
        unit_price=price.unit_price,
        price_version=price.version,
        line_total=money.extended_price(price.unit_price, line.quantity, price.unit),
        shown=next(asked_otherwise, None),
    )
