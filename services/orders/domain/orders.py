"""What an order is, which moves it may make, and when it is refused before anything happens."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.errors import ErrorKind, HutongError
from chassis.kernel.money import Money
from chassis.kernel.names import CustomerId, StoreId
from chassis.kernel.quantity import Unit
from services.orders.domain.delivery import (
    DeliveryAddress,
    DeliveryAddressInvalid,
    require_legible,
)
from services.orders.domain.recorded_sales import Charge, Receipt, RecordedSale
from services.orders.domain.refusals import (
    CancelNotAllowed,
    CustomerRequired,
    FulfilmentNotAllowed,
    LinePriceChanged,
    OrderStateInvalid,
    PriceChanged,
    TenderInsufficient,
    TenderNotAccepted,
    TillRequired,
)


class State(enum.StrEnum):
    """Where an order stands. Decision 0001 has the table."""

    PLACING = "PLACING"
    UNDOING = "UNDOING"
    PLACED = "PLACED"
    READY = "READY"
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    COMPLETING = "COMPLETING"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


ON_THE_WAY = frozenset({State.PLACING, State.UNDOING, State.CANCELLING, State.COMPLETING})
"""States that somebody has to drive on."""

UNSETTLED = frozenset({State.PLACING, State.UNDOING})
"""States in which it is not decided yet whether the order is placed."""

SOLD = frozenset({State.PLACED, State.COMPLETED})
"""What placing an order ends in when all goes well."""

LEGAL_MOVES: dict[State, frozenset[State]] = {
    State.PLACING: frozenset(
        {State.PLACED, State.COMPLETED, State.REFUSED, State.UNDOING, State.NEEDS_ATTENTION}
    ),
    State.UNDOING: frozenset({State.REFUSED, State.NEEDS_ATTENTION}),
    State.PLACED: frozenset({State.READY, State.CANCELLING, State.COMPLETING}),
    State.READY: frozenset({State.CANCELLING, State.COMPLETING}),
    State.COMPLETED: frozenset({State.CANCELLING}),
    State.CANCELLING: frozenset({State.CANCELLED, State.NEEDS_ATTENTION}),
    State.COMPLETING: frozenset({State.COMPLETED, State.NEEDS_ATTENTION}),
    State.REFUSED: frozenset(),
    State.CANCELLED: frozenset(),
    State.NEEDS_ATTENTION: frozenset(),
}


KEPT = frozenset({State.PLACED, State.READY})
"""States in which the store keeps goods and holds money for a customer."""


class Fulfilment(enum.StrEnum):
    """How the goods reach the customer."""

    CARRY_OUT = "CARRY_OUT"
    PICKUP = "PICKUP"
    DELIVERY = "DELIVERY"


class TenderType(enum.StrEnum):
    """What an order is paid with."""

    CASH = "CASH"
    WALLET = "WALLET"


@dataclass(frozen=True, slots=True)
class Wanted:
    """So much of one product, as the customer asked for it.

    `shown_price_version` is the version of its price that they were shown, 0 if it is not known;
    `label` the in-store label that was scanned, "" if none was.
    """

    sku: str
    quantity: int
    unit: Unit
    shown_price_version: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Basket:
    """What is wanted from a store, line by line as it was asked; the catalogue adds lines up.

    Goods that are bought at the till have the till's prices, all others those asked online.
    """

    store: StoreId
    wanted: tuple[Wanted, ...]
    is_at_till: bool = False


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """A price that the customer was shown, and that is not the price any more."""

    version: int
    unit_price: Money


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line at the price it is sold at. `unit_price` is that of a piece or a kilogram.

    `shown` is what the customer was shown, if that was another unit price; no order has such lines.
    `label` is the in-store label that the line is, "" if it is none. `charge` is what the till
    charged for a line of a recorded sale; `line_total` is ours there too.
    """

    sku: str
    display_name: str
    quantity: int
    unit: Unit
    unit_price: Money
    price_version: int
    line_total: Money
    shown: ShownPrice | None = None
    label: str = ""
    charge: Charge | None = None

    @property
    def to_pay(self) -> Money:
        """What is asked for it: what was charged, if a till has, else what it costs."""
        return self.line_total if self.charge is None else self.charge.total


@dataclass(frozen=True, slots=True)
class Quote:
    """What the basket costs, and the instant whose prices these are."""

    lines: tuple[PricedLine, ...]
    total: Money
    quoted_at: datetime


@dataclass(frozen=True, slots=True)
class Tender:
    """How it is paid; `tendered` is the cash on the counter, None for a wallet."""

    type: TenderType
    tendered: Money | None = None


@dataclass(frozen=True, slots=True)
class Purchaser:
    """Who asks: their name for the journal, whether they are staff, who they are as a customer.

    The chain's own people are staff everywhere; `works_here` is said of the store's people only,
    `manages_here` of its managers.
    """

    principal: str
    tenant: str
    is_staff: bool
    customer: CustomerId | None = None
    works_here: bool = False
    manages_here: bool = False


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What is asked for.

    With a `basket_version`, what is wanted is in the customer's basket at the store, and the order
    is good for that version of it only. `traceparent` is the trace that it is part of.
    """

    basket: Basket
    order_id: str
    fulfilment: Fulfilment
    tender: Tender
    purchaser: Purchaser
    customer: CustomerId | None
    till: str
    expected_total: Money | None
    delivery: DeliveryAddress | None = None
    basket_version: int | None = None
    traceparent: str = ""
    recorded: RecordedSale | None = None

    @property
    def has_happened(self) -> bool:
        """Whether a till tells of it afterwards, so that it is recorded whatever we say."""
        return self.recorded is not None and self.recorded.receipt.is_uploaded


@dataclass(frozen=True, slots=True)
class OrderName:
    """Which order."""

    store: StoreId
    order_id: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its row has it. `end_reason` is why it was refused or cancelled.

    `tells_delivery` is whether whoever made the request that is being answered may be told where it
    is brought. `basket_version` is that of the customer's basket at the store that it is placed
    with, None if its lines are its own. `traceparent` is the trace that its placing began; whatever
    happens to it later is part of that too. `receipt` is that of a recorded sale, whose lines have
    charges.
    """

    store: StoreId
    order_id: str
    state: State
    fulfilment: Fulfilment
    lines: tuple[PricedLine, ...]
    total: Money
    tender: Tender
    customer: CustomerId | None
    till: str
    placed_by: str
    end_reason: HutongError | None
    created_at: datetime
    updated_at: datetime
    version: int
    attempts: int = 0
    lease_token: str = ""
    delivery: DeliveryAddress | None = None
    tells_delivery: bool = True
    basket_version: int | None = None
    traceparent: str = ""
    receipt: Receipt | None = None

    @property
    def change_due(self) -> Money | None:
        """The cash to give back, None unless cash was taken."""
        if self.tender.tendered is None or self.state is State.REFUSED:
            return None
        return self.tender.tendered - self.total

    @property
    def has_happened(self) -> bool:
        """Whether a till told of it afterwards, so that it is recorded whatever the books say."""
        return self.receipt is not None and self.receipt.is_uploaded

    @property
    def place_ends_as(self) -> State:
        """What placing ends in when all goes well."""
        return State.COMPLETED if self.fulfilment is Fulfilment.CARRY_OUT else State.PLACED


def is_final(state: State) -> bool:
    """Whether an order in this state will never move again."""
    return not LEGAL_MOVES[state]


def require_askable(command: PlaceOrder) -> None:
    """Refuses what no price could make right: who may sell, how it is paid, for whom, to where."""
    is_till_sale = command.fulfilment is Fulfilment.CARRY_OUT
    if (command.fulfilment is Fulfilment.DELIVERY) != (command.delivery is not None):
        raise DeliveryAddressInvalid.at(
            "delivery", "is for delivery only" if command.delivery else "is needed for delivery"
        )
    if command.delivery is not None:
        require_legible(command.delivery)
    if is_till_sale and not command.purchaser.is_staff:
        raise FulfilmentNotAllowed(fulfilment=command.fulfilment)
    if is_till_sale and not command.till:
        raise TillRequired
    if command.tender.type is TenderType.CASH and not is_till_sale:
        raise TenderNotAccepted(tender=command.tender.type, fulfilment=command.fulfilment)
    needs_customer = command.tender.type is TenderType.WALLET or not is_till_sale
    if needs_customer and command.customer is None:
        raise CustomerRequired
    is_own_wallet = command.customer == command.purchaser.customer
    if command.tender.type is TenderType.WALLET and not is_own_wallet:
        raise TenderNotAccepted(tender=command.tender.type, fulfilment=command.fulfilment)


def require_payable(command: PlaceOrder, quote: Quote) -> None:
    """Refuses a quote that is not what the customer was shown, or that the cash does not cover."""
    for line in quote.lines:
        if line.shown is not None:
            raise LinePriceChanged(
                sku=line.sku,
                shown_version=line.shown.version,
                shown_unit_price_minor=line.shown.unit_price.amount_minor,
                version=line.price_version,
                unit_price_minor=line.unit_price.amount_minor,
                currency=line.unit_price.currency,
            )
    expected, currency = command.expected_total, quote.total.currency
    if expected is not None:
        expected.require_currency(currency, at="expected_total")
    if expected is not None and expected != quote.total:
        raise PriceChanged(
            expected_minor=expected.amount_minor,
            actual_minor=quote.total.amount_minor,
            currency=currency,
        )
    tendered = command.tender.tendered
    if tendered is None:
        return
    tendered.require_currency(currency, at="tender.cash.tendered")
    if (tendered - quote.total).amount_minor < 0:
        raise TenderInsufficient(
            tendered_minor=tendered.amount_minor, total_minor=quote.total.amount_minor
        )


def require_cancellable(order: Order, purchaser: Purchaser) -> None:
    """Refuses to cancel what is on its way or gone.

    A customer may until it is packed, staff until it is handed over; goods that were carried out
    are taken back by staff.
    """
    is_sold_at_till = order.state is State.COMPLETED and order.fulfilment is Fulfilment.CARRY_OUT
    if not is_sold_at_till:
        require_state(order, *KEPT)
    if order.state is not State.PLACED and not purchaser.is_staff:
        raise CancelNotAllowed(state=order.state)


def require_state(order: Order, *states: State) -> None:
    """Refuses unless the order stands in one of these."""
    if order.state not in states:
        raise OrderStateInvalid(state=order.state)


def is_visible_to(order: Order, purchaser: Purchaser) -> bool:
    """Staff see their store's orders (the contract's rule saw to the store), others their own."""
    return purchaser.is_staff or (
        purchaser.customer is not None and order.customer == purchaser.customer
    )


def may_know_delivery(order: Order, purchaser: Purchaser) -> bool:
    """Whether they may be told where it is brought: its customer, and who works at the store."""
    return purchaser.works_here or (
        purchaser.customer is not None and order.customer == purchaser.customer
    )


STEP_REFUSALS = frozenset(
    {ErrorKind.INVALID_ARGUMENT, ErrorKind.FAILED_PRECONDITION, ErrorKind.NOT_FOUND}
)
"""Kinds with which a step refuses the order; any other failure of a step is ours, and passes."""

UNDONE_REASON = "ORDER_UNDONE"
"""A step's word that the order was undone already, by whoever drives it now."""


def assert_legal(from_state: State, to_state: State) -> None:
    """Stops a move that the state table does not have: a programmer's mistake."""
    assert to_state in LEGAL_MOVES[from_state], f"no move from {from_state} to {to_state}"
