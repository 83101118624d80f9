"""What devices show as prices, and where that is not what the store asks."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.kernel.errors import AmountInvalid, InvalidInput
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from services.catalog.domain.prices import Channel, StorePrice

REPORT_AHEAD_MAX = timedelta(minutes=5)
"""So far may a device's clock be ahead; one that is more so would hide its later reports."""


class Surface(enum.StrEnum):
    """What shows a price to people."""

    SHELF_LABEL = "shelf_label"
    TILL = "till"
    APP = "app"

    @property
    def channel(self) -> Channel:
        """Whose prices it shows."""
        return Channel.ONLINE if self is Surface.APP else Channel.TILL


@dataclass(frozen=True, slots=True)
class Device:
    """One thing of a store that shows prices."""

    store: StoreId
    surface: Surface
    device: str


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """A price of a product as a device shows it, and the version that it took it from."""

    sku: str
    version: int
    unit_price: Money


@dataclass(frozen=True, slots=True)
class Report:
    """What a device showed at an instant of its own clock."""

    device: Device
    prices: tuple[ShownPrice, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A device shows what the store does not ask.

    `price_version` and `unit_price` are what is asked, None for nothing; `resolved_at` is None
    while they disagree.
    """

    device: Device
    number: int
    shown: ShownPrice
    price_version: int | None
    unit_price: Money | None
    first_seen_at: datetime
    resolved_at: datetime | None
    version: int = 1


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A device shows other prices than before, or it is not known any more what it shows.

    `version` counts the changes of the device; `at` is when it reported, None if it was given up.
    """

    device: Device
    version: int
    prices: tuple[ShownPrice, ...]
    lost: tuple[str, ...]
    at: datetime | None


def require_reportable(report: Report) -> None:
    """InvalidInput or AmountInvalid, naming the field, if a report can't be right."""
    skus: set[str] = set()
    for i, shown in enumerate(report.prices):
        if shown.sku in skus:
            raise InvalidInput.at(f"prices[{i}].product", "is in the list twice")
        skus.add(shown.sku)
        amount = shown.unit_price.amount_minor
        if amount < 0:
            field = f"prices[{i}].unit_price"
            raise AmountInvalid.at(field, "must not be negative", amount_minor=amount)


def require_past(at: datetime, *, now: datetime) -> None:
    """InvalidInput if a report's instant is further ahead than REPORT_AHEAD_MAX."""
    if at > now + REPORT_AHEAD_MAX:
        raise InvalidInput.at("report_time", "is in the future")


def to_show_instead(
    shown: Sequence[ShownPrice], in_force: Mapping[str, StorePrice]
) -> list[StorePrice]:
    """The prices in force, by SKU, of what is shown at another unit price, in the order given."""
    return [
        in_force[each.sku]
        for each in shown
        if each.sku in in_force and in_force[each.sku].unit_price != each.unit_price
    ]
