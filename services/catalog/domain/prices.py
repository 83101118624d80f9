"""Prices as values, the rules they keep, and what a scanned code comes to."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.kernel.errors import AmountInvalid, CurrencyMismatch, InvalidInput, Refusal
from chassis.kernel.money import Money, extended_price
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from pricing import barcode, quote
from pricing.barcode import BarcodeInvalid, Gtin, ScaleLabel
from pricing.basket import BasketLine
from services.catalog.domain.products import ONE_PIECE, Pack, Product

QUOTE_AHEAD_MAX = timedelta(days=1)
"""Prices further ahead may still change, so a quote for later than tomorrow promises nothing."""


ANNOUNCED_AHEAD_MAX = timedelta(days=366)
"""A year and a leap day; what is further ahead is a slip of the pen."""

TEMPORARY_MAX = timedelta(days=366)
"""The longest range of a price with an end."""


class Channel(enum.StrEnum):
    """Where a price is asked."""

    TILL = "till"
    ONLINE = "online"


class PriceAnnounced(Refusal):
    """A version of the price that starts as late or later is announced, and keeps its place."""

    reason = "PRICE_ANNOUNCED"
    message = "version {version} of the price of {sku} is announced for {start_time}"


class PriceOverlap(Refusal):
    """A version with an end is asked in a part of the range already."""

    reason = "PRICE_OVERLAP"
    message = "version {version} of the price of {sku} is asked from {start_time} to {end_time}"


class PriceStarted(Refusal):
    """A version that stands can't be taken back, only followed by another."""

    reason = "PRICE_STARTED"
    message = "version {version} of the price of {sku} is asked since {start_time}"


class PriceEnded(Refusal):
    """A version that has ended, or was withdrawn, has nothing left to take back."""

    reason = "PRICE_ENDED"
    message = "version {version} of the price of {sku} ended at {end_time}"


@dataclass(frozen=True, slots=True)
class PriceRange:
    """When and where new prices are asked.

    None for `start` is now, for `end` until others start, for `channel` in all channels.
    """

    start: datetime | None = None
    end: datetime | None = None
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """When a version was taken back, by whom and why."""

    at: datetime
    actor: str
    why: str


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What a store is to ask for one product, per piece or kilogram."""

    sku: str
    unit_price: Money


@dataclass(frozen=True, slots=True)
class StorePrice:
    """One version of what a store asks for a product, from starts_at on.

    Without an end it stands until the next one without an end starts; with an end it is asked in
    the stead of what stands, before ends_at. None for `channel` is all channels.
    """

    store: StoreId
    sku: str
    unit: Unit
    unit_price: Money
    version: int
    starts_at: datetime
    ends_at: datetime | None = None
    channel: Channel | None = None
    withdrawn: Withdrawal | None = None


@dataclass(frozen=True, slots=True)
class ToldPrice:
    """A price as an event tells of it; the sequence counts what was told of its price so far."""

    price: StorePrice
    sequence: int


@dataclass(frozen=True, slots=True)
class WatchedPrices:
    """The prices that a store asks in a channel."""

    store: StoreId
    channel: Channel


@dataclass(frozen=True, slots=True)
class WatchedPrice:
    """What is asked for a product now; None if nothing is."""

    among: WatchedPrices
    sku: str
    price: StorePrice | None


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scanned code means at a store; quantity 0 where the scale has to say how much.

    `pack` is what was scanned of counted goods, None for labels and weighed goods.
    """

    product: Product
    price: StorePrice
    quantity: int
    line_total: Money
    pack: Pack | None = None


@dataclass(frozen=True, slots=True)
class BasketToQuote:
    """A basket at a store of a tenant; where and at which instant it is bought, None is now."""

    tenant: str
    store: StoreId
    lines: tuple[BasketLine, ...]
    channel: Channel
    at: datetime | None


@dataclass(frozen=True, slots=True)
class BasketQuote:
    """What a basket costs at a store at an instant, and the products' names."""

    store: StoreId
    quote: quote.Quote
    display_names: Mapping[str, str]
    channel: Channel
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


def require_range(wanted: PriceRange, *, now: datetime) -> None:
    """InvalidInput, naming the field, if prices can't be asked in this range.

    That is a start that is past or too far ahead, an end that is not after the start, or one that
    is too far from it.
    """
    if wanted.start is not None and wanted.start <= now:
        raise InvalidInput.at("start_time", "must be in the future")
    if wanted.start is not None and wanted.start > now + ANNOUNCED_AHEAD_MAX:
        limit = f"must not be more than {ANNOUNCED_AHEAD_MAX.days} days ahead"
        raise InvalidInput.at("start_time", limit)
    start = wanted.start or now
    if wanted.end is not None and wanted.end <= start:
        raise InvalidInput.at("end_time", "must be after the start")
    if wanted.end is not None and wanted.end > start + TEMPORARY_MAX:
        limit = f"must not be more than {TEMPORARY_MAX.days} days after the start"
        raise InvalidInput.at("end_time", limit)


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


def require_apart(changes: Sequence[PriceChange], overlapping: Mapping[str, StorePrice]) -> None:
    """PriceOverlap if a version with an end, by SKU, is asked in a part of the range already."""
    for change in changes:
        other = overlapping.get(change.sku)
        if other is not None:
            assert other.ends_at is not None
            raise PriceOverlap(
                sku=other.sku,
                version=other.version,
                start_time=other.starts_at.isoformat(),
                end_time=other.ends_at.isoformat(),
            )


def withdrawn(price: StorePrice, withdrawal: Withdrawal) -> StorePrice:
    """The price, taken back at the withdrawal's instant: it ends then, or before it starts.

    PriceEnded if it has ended, PriceStarted if it stands already.
    """
    if price.ends_at is not None and (price.withdrawn or price.ends_at <= withdrawal.at):
        raise PriceEnded(sku=price.sku, version=price.version, end_time=price.ends_at.isoformat())
    if price.ends_at is None and price.starts_at <= withdrawal.at:
        raise PriceStarted(
            sku=price.sku, version=price.version, start_time=price.starts_at.isoformat()
        )
    ends_at = max(price.starts_at, withdrawal.at)
    return replace(price, ends_at=ends_at, withdrawn=withdrawal)


def meaning(
    code: Gtin | ScaleLabel, product: Product, price: StorePrice, *, pack: str | None = None
) -> Scanned:
    """What a scanned code of this product, or of one of its packs, comes to at this price.

    A GTIN stands for one piece or for those of the pack, and for nothing yet of weighed goods.
    BarcodeInvalid if a label carries a weight and the product is counted, or a price that gives no
    quantity of it.
    """
    if isinstance(code, Gtin):
        if product.unit is not Unit.EACH:
            return Scanned(product, price, 0, Money(0, price.unit_price.currency))
        held = next((each for each in product.packs if each.pack == pack), ONE_PIECE)
        total = extended_price(price.unit_price, held.pieces, product.unit)
        return Scanned(product, price, held.pieces, total, held)
    measured = barcode.measured(code, price.unit_price, product.unit)
    if measured is None:
        raise BarcodeInvalid.at(
            "barcode",
            "has a value that no quantity of the product comes to",
            barcode=code.barcode,
        )
    return Scanned(product, price, measured.quantity, measured.line_total)


def require_quotable(at: datetime, *, now: datetime) -> None:
    """InvalidInput if the instant is further ahead than QUOTE_AHEAD_MAX."""
    if at > now + QUOTE_AHEAD_MAX:
        raise InvalidInput.at("quote_time", "is in the future")
