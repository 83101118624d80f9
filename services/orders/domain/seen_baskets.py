"""What a basket looks like at an instant: what an order would ask for it, or why none is placed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.errors import AmountTooLarge, HutongError
from chassis.kernel.money import Money
from services.orders.domain.baskets import KeptBasket, Prices, ShownLine, total_of
from services.orders.domain.orders import PricedLine
from services.orders.domain.promises import StoreToday
from services.orders.domain.refusals import PriceChanged


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line with what an order would ask for it now, or why none would be placed."""

    shown: ShownLine
    now: PricedLine | HutongError

    @property
    def has_changed(self) -> bool:
        """Whether it can be bought, and at another price than was shown."""
        return isinstance(self.now, PricedLine) and self.now.unit_price != self.shown.unit_price


@dataclass(frozen=True, slots=True)
class SeenBasket:
    """A basket at an instant, as its customer sees it.

    `frozen_until` is None unless the prices are kept. `total` is that of the lines that can be
    bought; None if there are none, or if they come to more than an amount can hold. `closed` is
    what the store says of itself if it is closed whatever its hours say.
    """

    kept: KeptBasket
    lines: tuple[SeenLine, ...]
    total: Money | None
    frozen_until: datetime | None
    closed: StoreToday | None


def seen(
    kept: KeptBasket, prices: Prices, *, now: datetime, closed: StoreToday | None = None
) -> SeenBasket:
    """How a basket looks at the prices of now, which are needed unless it is frozen.

    A store that is closed keeps no prices.
    """
    is_frozen = kept.is_frozen(now) and closed is None
    lines = tuple(
        SeenLine(line, line.at_shown_price() if is_frozen else prices[line.sku])
        for line in kept.lines
    )
    try:
        total = total_of([line.now for line in lines if isinstance(line.now, PricedLine)])
    except AmountTooLarge:
        total = None
    return SeenBasket(
        kept=kept,
        lines=lines,
        total=total,
        frozen_until=kept.frozen_until if is_frozen else None,
        closed=closed,
    )


def require_seen_total(seen_by_customer: Money | None, basket: SeenBasket) -> None:
    """PriceChanged if a customer has seen another total than the basket's; CurrencyMismatch."""
    total = basket.total
    if seen_by_customer is None or total is None:
        return
    seen_by_customer.require_currency(total.currency, at="expected_total")
    if seen_by_customer == total:
        return
    raise PriceChanged(
        expected_minor=seen_by_customer.amount_minor,
        actual_minor=total.amount_minor,
        currency=total.currency,
    )
