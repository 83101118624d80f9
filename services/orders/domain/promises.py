"""What a store has to promise before an order for pickup or delivery is begun.

A sale at a till is no promise: the goods are there and the customer too, so nobody is asked. What
was promised is kept, whatever the store says afterwards; so this is asked once, before the intent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.errors import Refusal
from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from services.orders.domain.delivery import DeliveryAddressInvalid
from services.orders.domain.orders import Fulfilment

PROMISED = frozenset({Fulfilment.PICKUP, Fulfilment.DELIVERY})
"""What the store does later, and therefore has to promise."""


class StoreUnknown(Refusal):
    """There is no such store that could promise anything."""

    reason = "STORE_UNKNOWN"
    message = "there is no {store} that could keep or send goods"


class StoreClosed(Refusal):
    """The store promises nothing now, by its hours or by a closure."""

    reason = "STORE_CLOSED"
    message = "the store is closed now"


class FulfilmentNotOffered(Refusal):
    """The store can't do this today."""

    reason = "FULFILMENT_NOT_OFFERED"
    message = "the store does not offer {fulfilment}"


class DeliveryOutOfArea(Refusal):
    """The store does not deliver there."""

    reason = "DELIVERY_OUT_OF_AREA"
    message = "the store does not deliver to this address"


@dataclass(frozen=True, slots=True)
class Promise:
    """What is wanted of a store; `to` is where it is brought, None if that is not known."""

    store: StoreId
    fulfilment: Fulfilment
    to: Position | None


@dataclass(frozen=True, slots=True)
class StoreToday:
    """What a store says of itself now.

    `opens_at` is None if it is open or nobody knows, `closure` is why it is closed whatever its
    hours say, and `is_out_of_area` is about the position that was asked about.
    """

    is_open: bool
    opens_at: datetime | None
    closure: str
    offers: frozenset[Fulfilment]
    is_out_of_area: bool


def require_position(fulfilment: Fulfilment | None, to: Position | None) -> None:
    """DeliveryAddressInvalid if goods that are not delivered have a place to be brought to."""
    if to is not None and fulfilment is not Fulfilment.DELIVERY:
        raise DeliveryAddressInvalid.at("position", "is for delivery only")


def require_promised(wanted: Promise, store: StoreToday) -> None:
    """Refuses what the store does not promise; first what waiting would not change."""
    if wanted.fulfilment not in store.offers:
        raise FulfilmentNotOffered(fulfilment=wanted.fulfilment)
    if wanted.to is not None and store.is_out_of_area:
        raise DeliveryOutOfArea
    if not store.is_open:
        raise why_closed(store)


def why_closed(store: StoreToday) -> StoreClosed:
    """That a store is closed, with when it opens and its closure, where these are known."""
    facts = {}
    if store.opens_at is not None:
        facts["opens_at"] = store.opens_at.isoformat().replace("+00:00", "Z")
    if store.closure:
        facts["closure"] = store.closure
    return StoreClosed(**facts)
