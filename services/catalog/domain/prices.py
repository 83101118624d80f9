"""Prices as values, the rules they keep, and what a scanned code comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.kernel.errors import AmountInvalid, CurrencyMismatch, InvalidInput, Refusal
from chassis.kernel.money import Money, extended_price
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from pricing import barcode, quote
from pricing.barcode import BarcodeInvalid, Gtin, LabelValue, ScaleLabel
from pricing.basket import BasketLine
from services.catalog.domain.products import Product

QUOTE_AHEAD_MAX = timedelta(days=1)
"""Prices further ahead may still change, so a quote for later than tomorrow promises nothing."""


ANNOUNCED_AHEAD_MAX = timedelta(days=366)
"""A year and a leap day; what is further ahead is a slip of the pen, and can't be taken back."""


class PriceAnnounced(Refusal):
    """A version of the price that starts as late or later is announced, and keeps its place."""

    reason = "PRICE_ANNOUNCED"
    message = "version {version} of the price of {sku} is announced for {start_time}"


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What a store is to ask for one product, per piece or kilogram."""

    sku: str
    unit_price: Money


@dataclass(frozen=True, slots=True)
class StorePrice:
    """One version of what a store asks for a product: from starts_at until the next one starts."""

    store: StoreId
    sku: str
    unit: Unit
    unit_price: Money
    version: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scanned code means at a store; quantity 0 where the scale has to say how much."""

    product: Product
    price: StorePrice
    quantity: int
    line_total: Money


@dataclass(frozen=True, slots=True)
class BasketToQuote:
    """A basket at a store of a tenant, and the instant whose prices apply; None is now."""

    tenant: str
    store: StoreId
    lines: tuple[BasketLine, ...]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class BasketQuote:
    """What a basket costs at a store at an instant, and the products' names."""

    store: StoreId
    quote: quote.Quote
    display_names: Mapping[str, str]
    at: datetime


def currency_of(changes: Sequence[PriceChange]) -> str:
    """The currency of a store's list of new prices.

    A list that names a product twice is InvalidInput, a negative price is AmountInvalid, a second
    currency is CurrencyMismatch; each names its field.
    """
    wanted = changes[0].unit_price.currency
    skus: set[str] = set()
    for i, change in enumerate(changes):
        if change.sku in skus:
            raise InvalidInput.at(f"changes[{i}].product", "is in the list twice")
        skus.add(change.sku)
        field = f"changes[{i}].unit_price"
        amount = change.unit_price
        if amount.amount_minor < 0:
            raise AmountInvalid.at(field, "must not be negative", amount_minor=amount.amount_minor)
        if amount.currency != wanted:
            raise CurrencyMismatch.at(
                field, f"is not in {wanted}", given=amount.currency, wanted=wanted
            )
    return wanted


def require_announceable(start: datetime, *, now: datetime) -> None:
    """InvalidInput if prices can't be announced for this instant: it is past, or too far ahead."""
    if start <= now:
        raise InvalidInput.at("start_time", "must be in the future")
    if start > now + ANNOUNCED_AHEAD_MAX:
        limit = f"must not be more than {ANNOUNCED_AHEAD_MAX.days} days ahead"
        raise InvalidInput.at("start_time", limit)


def require_order(
    changes: Sequence[PriceChange], announced: Mapping[str, StorePrice], *, start: datetime
) -> None:
    """PriceAnnounced if one of the changes would not start after what is announced, by SKU."""
    for change in changes:
        later = announced.get(change.sku)
        if later is not None and later.starts_at >= start:
            raise PriceAnnounced(
                sku=later.sku, version=later.version, start_time=later.starts_at.isoformat()
            )


def meaning(code: Gtin | ScaleLabel, product: Product, price: StorePrice) -> Scanned:
    """What a scanned code of this product comes to at this price.

    A GTIN stands for one piece, and for nothing yet of weighed goods. BarcodeInvalid if a label
    carries a weight and the product is counted, or a price that gives no quantity of it.
    """
    if isinstance(code, Gtin):
        quantity = 1 if product.unit is Unit.EACH else 0
        total = extended_price(price.unit_price, quantity, product.unit)
        return Scanned(product, price, quantity, total)
    if code.meaning is LabelValue.GRAMS:
        if product.unit is not Unit.GRAM:
            raise _label_invalid(code, "has a weight, and the product is counted")
        total = extended_price(price.unit_price, code.value, product.unit)
        return Scanned(product, price, code.value, total)
    measured = barcode.measured(code, price.unit_price, product.unit)
    if measured is None:
        raise _label_invalid(code, "has a price that no quantity of the product comes to")
    return Scanned(product, price, measured.quantity, measured.line_total)


def require_quotable(at: datetime, *, now: datetime) -> None:
    """InvalidInput if the instant is further ahead than QUOTE_AHEAD_MAX."""
    if at > now + QUOTE_AHEAD_MAX:
        raise InvalidInput.at("quote_time", "is in the future")


def _label_invalid(label: ScaleLabel, problem: str) -> BarcodeInvalid:
    return BarcodeInvalid.at("barcode", problem, barcode=label.barcode)
