"""Sales that a till has made by its own prices: what was charged, kept beside what we would ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.errors import InvalidInput, PermissionDenied
from chassis.kernel.money import Money

LineKey = tuple[str, str]
"""What a line is of: the SKU, and the in-store label that it is, "" if it is none."""


class RecordedSaleNotAllowed(PermissionDenied):
    """What a till charged is believed from a manager of its store only."""

    reason = "RECORDED_SALE_NOT_ALLOWED"
    message = "only a manager of the store may record what its till charged"


class RecordedSaleInvalid(InvalidInput):
    """The recorded sale does not fit the order that it is recorded as."""

    reason = "RECORDED_SALE_INVALID"
    message = "the recorded sale does not fit the order"


class ChargedTotalTooLarge(InvalidInput):
    """More was charged for a line than any line costs: a barcode in the place of an amount."""

    reason = "CHARGED_TOTAL_TOO_LARGE"
    message = "{charged_minor} for {sku} is more than {limit_minor}"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a till charged for a line; `discount` is what it named as taken off, if it did.

    `display_name` and `unit_price` are what its receipt says, if they are told. `is_unpriced` is
    said of a line that our catalogue had no price for: it has the till's in its place.
    """

    total: Money
    discount: Money | None = None
    display_name: str = ""
    unit_price: Money | None = None
    is_unpriced: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The till's own number of a sale, when it made it, and why it is not sold at our prices.

    A sale that `is_uploaded` has happened: it is recorded whatever the books have.
    """

    number: str
    sold_at: datetime
    reason: str
    is_uploaded: bool = False


@dataclass(frozen=True, slots=True)
class RecordedSale:
    """A sale as a till tells of it, with a charge for each of its lines."""

    receipt: Receipt
    charges: Mapping[LineKey, Charge]
