"""What a basket costs at given prices. Reads no clock and no database: equal in, equal out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from chassis.kernel import money
from chassis.kernel.errors import AmountTooLarge, InvalidInput, Refusal, UnitMismatch
from chassis.kernel.money import Money
from chassis.kernel.quantity import Unit
from pricing.barcode import BarcodeInvalid, LabelMismatch, LabelValue, ScaleLabel, measured
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
    `label` is the in-store label that the line is, "" if it is none; what a label has printed on it
    as its price is the line's total.
    """

    sku: str
    quantity: int
    unit: Unit
    unit_price: Money
    price_version: int
    line_total: Money
    shown: ShownPrice | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A basket with prices. The total is the sum of the line totals, exactly."""

    lines: tuple[QuotedLine, ...]
    total: Money


def quote(
    lines: Sequence[BasketLine],
    prices: Mapping[str, Price | None],
    shown: Mapping[Shown, Money] = MappingProxyType({}),
    items: Mapping[str, str] = MappingProxyType({}),
) -> Quote:
    """The quote of a basket of at least one line; lines of one product are merged, labels apart.

    `prices` has every product of the range that the basket names, with None for one that the store
    has no price for; `shown` has the unit price of every version that lines were shown and that was
    ever asked; `items` has the product of every item number on a label. Weighed goods are rounded
    half up to the minor unit once, on the merged line.
    Raises ProductUnknown, PriceMissing, PriceVersionUnknown, UnitMismatch, QuantityTooLarge,
    AmountTooLarge for a line or for the sum, CurrencyMismatch if prices are in more than one
    currency, BarcodeInvalid for a label that can't be one of its line's product, and LabelMismatch
    for one that gives another quantity.
    """
    if not lines:
        raise ValueError("a basket has at least one line")
    for i, line in enumerate(lines):
        price = _price_of(line.sku, prices)
        _require_unit(line, price, at=f"lines[{i}].unit")
        _require_known(line, shown, at=f"lines[{i}].shown_price_version")
        if line.label is not None:
            _require_label(line, line.label, price, shown, items, at=f"lines[{i}].label")
    try:
        quoted = tuple(_quoted(line, _price_of(line.sku, prices), shown) for line in merged(lines))
        currency = quoted[0].line_total.currency
        total = money.total((line.line_total for line in quoted), currency=currency)
    except AmountTooLarge:
        raise AmountTooLarge.at("lines", "come to too much") from None
    return Quote(lines=quoted, total=total)


def _price_of(sku: str, prices: Mapping[str, Price | None]) -> Price:
    if sku not in prices:
        raise ProductUnknown(sku=sku)
    price = prices[sku]
    if price is None:
        raise PriceMissing(sku=sku)
    return price


def _require_unit(line: BasketLine, price: Price, *, at: str) -> None:
    if line.unit is not price.unit:
        raise UnitMismatch.at(
            at,
            f"{line.sku} is sold by {price.unit}",
            sku=line.sku,
            wanted=price.unit,
            given=line.unit,
        )


def _require_known(line: BasketLine, shown: Mapping[Shown, Money], *, at: str) -> None:
    for version in line.shown_versions:
        if Shown(line.sku, version) not in shown:
            raise PriceVersionUnknown.at(at, "was never asked", sku=line.sku, version=version)


def _require_label(
    line: BasketLine,
    label: ScaleLabel,
    price: Price,
    shown: Mapping[Shown, Money],
    items: Mapping[str, str],
    *,
    at: str,
) -> None:
    if items.get(label.item_number) != line.sku:
        raise BarcodeInvalid.at(at, "is not a label of the product", barcode=label.barcode)
    changed = _changed(line, price, shown)
    unit_price = price.unit_price if changed is None else changed.unit_price
    given = measured(label, unit_price, price.unit)
    if given is None:
        raise BarcodeInvalid.at(
            at, "has a value that no quantity of the product comes to", barcode=label.barcode
        )
    if given.quantity != line.quantity:
        raise LabelMismatch(
            barcode=label.barcode, sku=line.sku, wanted=given.quantity, given=line.quantity
        )


def _changed(line: BasketLine, price: Price, shown: Mapping[Shown, Money]) -> ShownPrice | None:
    for version in line.shown_versions:
        unit_price = shown[Shown(line.sku, version)]
        if unit_price != price.unit_price:
            return ShownPrice(version, unit_price)
    return None


def _quoted(line: BasketLine, price: Price, shown: Mapping[Shown, Money]) -> QuotedLine:
    line_total = money.extended_price(price.unit_price, line.quantity, price.unit)
    if line.label is not None and line.label.meaning is LabelValue.PRICE_MINOR:
        line_total = Money(line.label.value, price.unit_price.currency)
    return QuotedLine(
        sku=line.sku,
        quantity=line.quantity,
        unit=price.unit,
        unit_price=price.unit_price,
        price_version=price.version,
        line_total=line_total,
        shown=_changed(line, price, shown),
        label="" if line.label is None else line.label.barcode,
    )
