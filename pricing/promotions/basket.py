"""A basket with prices, and all that promotions ask about it: where, when, by whom it is bought.

What only a service can know comes in as values: which promotions a presented coupon unlocks, how
often the customer may still use one, whose budget is spent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from chassis.kernel.errors import AmountInvalid, AmountTooLarge, InvalidInput, QuantityTooLarge
from chassis.kernel.geo import Position
from chassis.kernel.money import AMOUNT_MINOR_MAX, Money, extended_price
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from pricing.quote import Quote

LINES_MAX = 1_000

INSTANT_MIN = datetime(1970, 1, 2, tzinfo=UTC)
INSTANT_MAX = datetime(9999, 12, 1, tzinfo=UTC)
"""Between these, days before and after exist in every zone."""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """So much of a product, of a department, at the price of a piece or of a kilogram.

    The total is what the line costs without promotions. It is at least 0; of counted goods it is
    the product. InvalidInput, QuantityTooLarge or AmountInvalid else.
    """

    sku: str
    department: str
    quantity: int
    unit: Unit
    unit_price_minor: int
    total_minor: int

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise InvalidInput.at("quantity", "must be at least 1")
        if self.quantity > QUANTITY_MAX:
            raise QuantityTooLarge.at("lines", f"too much of {self.sku}", sku=self.sku)
        for amount in (self.unit_price_minor, self.total_minor):
            if amount < 0:
                raise AmountInvalid.at("lines", "must not be negative", amount_minor=amount)
        if self.unit is Unit.EACH and self.total_minor != self.quantity * self.unit_price_minor:
            raise AmountInvalid.at(
                "lines", "must be the product of pieces and price", amount_minor=self.total_minor
            )

    @classmethod
    def of(
        cls, sku: str, department: str, quantity: int, unit: Unit, unit_price: Money
    ) -> PricedLine:
        """The line at what the quantity costs."""
        total = extended_price(unit_price, quantity, unit)
        return cls(sku, department, quantity, unit, unit_price.amount_minor, total.amount_minor)


@dataclass(frozen=True, slots=True)
class Place:
    """The store at which a basket is bought, and its time zone."""

    store: str
    zone: ZoneInfo
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who buys, as far as promotions ask.

    `unlocked` are the promotions that the coupons presented stand for; `uses_left` has those that
    the customer may use so often only, 0 for not any more; `spent` are those whose budget is.
    """

    groups: frozenset[str] = frozenset()
    is_first_order: bool = False
    position: Position | None = None
    unlocked: frozenset[str] = frozenset()
    uses_left: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    spent: frozenset[str] = frozenset()


ANYBODY = Shopper()


@dataclass(frozen=True, slots=True)
class PricedBasket:
    """Lines in one currency at a place, through a channel, at an instant.

    InvalidInput for no lines or too many, or an instant that is naive or out of this world;
    AmountTooLarge for a sum that the ledger can't hold.
    """

    lines: tuple[PricedLine, ...]
    currency: str
    place: Place
    channel: str
    at: datetime
    shopper: Shopper = ANYBODY

    def __post_init__(self) -> None:
        if not 1 <= len(self.lines) <= LINES_MAX:
            raise InvalidInput.at("lines", f"must be 1 to {LINES_MAX}")
        if self.at.tzinfo is None or not INSTANT_MIN <= self.at <= INSTANT_MAX:
            raise InvalidInput.at("at", "must be an instant with its time zone")
        if self.total_minor > AMOUNT_MINOR_MAX:
            raise AmountTooLarge.at("lines", "come to too much")

    @property
    def total_minor(self) -> int:
        """What all lines cost without promotions."""
        return sum([line.total_minor for line in self.lines])


def priced_lines(quote: Quote, department_of: Callable[[str], str]) -> tuple[PricedLine, ...]:
    """The lines of a quote, given the department of each SKU.

    A label of counted goods that was printed at an earlier price has the price that it gives.
    """
    return tuple(
        PricedLine(
            sku=line.sku,
            department=department_of(line.sku),
            quantity=line.quantity,
            unit=line.unit,
            unit_price_minor=(
                line.line_total.amount_minor // line.quantity
                if line.unit is Unit.EACH
                else line.unit_price.amount_minor
            ),
            total_minor=line.line_total.amount_minor,
        )
        for line in quote.lines
    )
