"""What a customer's basket is, and how it changes.

A basket keeps the price that its customer was shown, line by line: an order is sold at that price
or refused, never at another. It holds no stock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.kernel import money, names
from chassis.kernel.errors import (
    HutongError,
    InvalidInput,
    Refusal,
    ResourceNotFound,
)
from chassis.kernel.money import Money
from chassis.kernel.names import CustomerId, StoreId
from chassis.kernel.quantity import Unit
from services.orders.domain.orders import Order, PlaceOrder, PricedLine, Purchaser, Quote, Wanted
from services.orders.domain.promises import StoreToday, why_closed
from services.orders.domain.refusals import LinePriceChanged

LINES_MAX = 200
"""So many products fit into a basket."""

FREEZE_TIME = timedelta(minutes=15)
"""So long a freeze keeps the shown prices."""

IDLE_TIME = timedelta(days=30)
"""A basket that is not changed for so long is deleted."""


class BasketChanged(Refusal):
    """Another device, or an order, has changed the basket since the customer saw it."""

    reason = "BASKET_CHANGED"
    message = "the basket is at version {actual}, not {expected}"


class BasketInCheckout(Refusal):
    """An order is being placed with the basket; until that has ended it stays as it is."""

    reason = "BASKET_IN_CHECKOUT"
    message = "an order is being placed with the basket"


class BasketFull(Refusal):
    """The basket would have too many lines."""

    reason = "BASKET_FULL"
    message = "a basket has {lines_max} lines at most"


class BasketEmpty(Refusal):
    """There is nothing in the basket."""

    reason = "BASKET_EMPTY"
    message = "the basket is empty"


class FreezeLifted(Refusal):
    """Why prices that were to be kept no longer are, as the basket tells its customer."""

    reason = "FREEZE_LIFTED"
    message = "prices are no longer kept, since the store has closed: {closure}"


@dataclass(frozen=True, slots=True)
class BasketName:
    """Whose basket at which store."""

    store: StoreId
    customer: CustomerId

    @property
    def text(self) -> str:
        """The resource name."""
        return names.BASKET.format(self.store, self.customer)


@dataclass(frozen=True, slots=True)
class Checkout:
    """Which version of a basket an order is to be placed with."""

    name: BasketName
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """So much a basket is to have of a product; 0 takes the line out."""

    sku: str
    quantity: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line at the price that its customer was shown, of a piece or a kilogram."""

    sku: str
    display_name: str
    quantity: int
    unit: Unit
    unit_price: Money
    price_version: int

    @property
    def wanted(self) -> Wanted:
        """The line without its price."""
        return Wanted(self.sku, self.quantity, self.unit)

    def at_shown_price(self) -> PricedLine:
        """The line as an order sells it that asks the shown price."""
        return PricedLine(
            sku=self.sku,
            display_name=self.display_name,
            quantity=self.quantity,
            unit=self.unit,
            unit_price=self.unit_price,
            price_version=self.price_version,
            line_total=money.extended_price(self.unit_price, self.quantity, self.unit),
        )


Prices = Mapping[str, PricedLine | HutongError]
"""For each SKU the wanted quantity at the price of now, or why it can't be bought."""


@dataclass(frozen=True, slots=True)
class KeptBasket:
    """A basket as it is kept; version 0 if it is not.

    `frozen_until` may have passed; is_frozen tells. `lifted_by` is the closure that ended the last
    freeze, and `order_id` the order that is being placed with the basket; both may be empty.
    """

    name: BasketName
    lines: tuple[ShownLine, ...] = ()
    version: int = 0
    frozen_until: datetime | None = None
    lifted_by: str = ""
    order_id: str = ""
    updated_at: datetime | None = None

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """What is in it, without prices."""
        return tuple(line.wanted for line in self.lines)

    def is_frozen(self, now: datetime) -> bool:
        """Whether the shown prices are kept."""
        return self.frozen_until is not None and now < self.frozen_until

    def after(self, changes: Sequence[Change]) -> tuple[Wanted, ...]:
        """What it has after the changes, each line in its place and new ones behind.

        InvalidInput if a product is changed twice, BasketFull.
        """
        if len({change.sku for change in changes}) < len(changes):
            raise InvalidInput.at("lines", "must name a product once")
        wanted = {line.sku: line.wanted for line in self.lines}
        for change in changes:
            if change.quantity:
                wanted[change.sku] = Wanted(change.sku, change.quantity, change.unit)
            else:
                wanted.pop(change.sku, None)
        if len(wanted) > LINES_MAX:
            raise BasketFull(lines_max=LINES_MAX)
        return tuple(wanted.values())

    def with_changes(
        self, changes: Sequence[Change], prices: Prices, *, now: datetime
    ) -> KeptBasket:
        """The basket after the changes; only what was changed is shown at the price of now.

        Raises why a changed line can't be bought, and AmountTooLarge if all of it comes to more
        than an amount can hold.
        """
        kept = {line.sku: line for line in self.lines}
        changed = {change.sku for change in changes}
        lines = tuple(
            _shown(prices[wanted.sku]) if wanted.sku in changed else kept[wanted.sku]
            for wanted in self.after(changes)
        )
        total_of([line.at_shown_price() for line in lines])
        return self._next(lines, now)

    def accepting(self, prices: Prices, *, now: datetime) -> KeptBasket:
        """The basket with the prices of now as the shown ones, where there are any."""

        def accepted(line: ShownLine) -> ShownLine:
            price = prices[line.sku]
            return line if isinstance(price, HutongError) else _shown(price)

        return self._next(tuple(accepted(line) for line in self.lines), now)

    def frozen(
        self, prices: Prices, *, now: datetime, closed: StoreToday | None = None
    ) -> KeptBasket:
        """The basket with its shown prices kept for FREEZE_TIME.

        BasketEmpty; StoreClosed if the store is; LinePriceChanged unless the shown prices are those
        of now; why a line can't be bought.
        """
        self.require_lines()
        if closed is not None:
            raise why_closed(closed)
        for line in self.lines:
            require_shown_price(line, prices[line.sku])
        return replace(self._next(self.lines, now), frozen_until=now + FREEZE_TIME)

    def cleared(self, *, now: datetime) -> KeptBasket:
        """The basket without its lines."""
        return self._next((), now)

    def require_lines(self) -> None:
        """BasketEmpty if there are none."""
        if not self.lines:
            raise BasketEmpty

    def require_version(self, expected: int) -> None:
        """BasketChanged unless it is at this version."""
        if expected != self.version:
            raise BasketChanged(expected=expected, actual=self.version)

    def require_changeable(self) -> None:
        """BasketInCheckout while an order is being placed with it."""
        if self.order_id:
            raise BasketInCheckout

    def require_orderable(self, version: int) -> None:
        """BasketChanged, BasketInCheckout, BasketEmpty unless this version can be ordered now."""
        self.require_version(version)
        self.require_changeable()
        self.require_lines()

    def frozen_quote(self, *, now: datetime) -> Quote:
        """What an order at the shown prices comes to; the basket has lines."""
        lines = tuple(line.at_shown_price() for line in self.lines)
        sum_of_lines = total_of(lines)
        assert sum_of_lines is not None
        return Quote(lines=lines, total=sum_of_lines, quoted_at=now)

    def require_shown(self, quote: Quote) -> None:
        """LinePriceChanged unless a quote of the lines has the shown prices."""
        prices = {line.sku: line for line in quote.lines}
        for line in self.lines:
            require_shown_price(line, prices[line.sku])

    def _next(self, lines: tuple[ShownLine, ...], now: datetime) -> KeptBasket:
        """The basket after a change by its customer.

        The first version is the time in microseconds. No basket is changed as often as that, so one
        that is begun anew after it was deleted never comes to a version that it had before.
        """
        version = self.version + 1 if self.version else _microseconds(now)
        return KeptBasket(self.name, lines, version, updated_at=now)


def require_shown_price(line: ShownLine, price: PricedLine | HutongError) -> None:
    """LinePriceChanged unless the price is the shown one; or why there is none."""
    if isinstance(price, HutongError):
        raise price
    if price.unit_price != line.unit_price:
        raise LinePriceChanged(
            sku=line.sku,
            shown_version=line.price_version,
            shown_unit_price_minor=line.unit_price.amount_minor,
            version=price.price_version,
            unit_price_minor=price.unit_price.amount_minor,
            currency=price.unit_price.currency,
        )


def checkout_of(order: Order | PlaceOrder) -> Checkout | None:
    """The basket that an order is placed with; None if it names its lines itself."""
    if order.basket_version is None:
        return None
    assert order.customer is not None, "a basket is its customer's"
    store = order.store if isinstance(order, Order) else order.basket.store
    return Checkout(BasketName(store, order.customer), order.basket_version)


def require_readable(name: BasketName, purchaser: Purchaser) -> None:
    """ResourceNotFound unless it is the purchaser's own, or they are staff of its store."""
    if not purchaser.is_staff:
        require_own(name, purchaser)


def require_own(name: BasketName, purchaser: Purchaser) -> None:
    """ResourceNotFound unless it is the purchaser's own."""
    if purchaser.customer != name.customer:
        raise ResourceNotFound(resource=name.text)


def total_of(lines: Sequence[PricedLine]) -> Money | None:
    """The sum of line totals; None if there is no line. AmountTooLarge."""
    if not lines:
        return None
    return money.total((line.line_total for line in lines), currency=lines[0].line_total.currency)


def _shown(price: PricedLine | HutongError) -> ShownLine:
    if isinstance(price, HutongError):
        raise price
    return ShownLine(
        sku=price.sku,
        display_name=price.display_name,
        quantity=price.quantity,
        unit=price.unit,
        unit_price=price.unit_price,
        price_version=price.price_version,
    )


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
