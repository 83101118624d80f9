"""A store, how it changes, and what it promises."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from chassis.kernel.errors import InvalidInput, Refusal
from chassis.kernel.geo import E7_PER_DEGREE, Position, PositionInvalid
from chassis.kernel.names import StoreId
from chassis.kernel.polygon import Polygon
from services.stores.domain.area import DeliveryArea
from services.stores.domain.hours import OpeningHours, Openness, openness, zone_of

STORE_LATITUDE_E7_MAX = 85 * E7_PER_DEGREE
"""Beyond it indexes that square the earth have no place for a store."""

CLOSURE_MAX = timedelta(days=1100)
"""A closure that is to last longer has no end."""

Value = TypeVar("Value")


class StoreExists(Refusal):
    """The chain has a store with this id."""

    reason = "STORE_EXISTS"
    message = "there is a store {store} already"


class StoreChanged(Refusal):
    """The store is not as the change assumed."""

    reason = "STORE_CHANGED"
    message = "the store is at version {actual}, not {expected}"


class StoreNotClosed(Refusal):
    """There is no closure to lift."""

    reason = "STORE_NOT_CLOSED"
    message = "the store is not closed"


class ClosureInvalid(InvalidInput):
    """The closure would have ended before it began, or its end is too far off to be meant."""

    reason = "CLOSURE_INVALID"
    message = "the closure would be over already, or last for years"


class Kind(enum.StrEnum):
    """The format of a store."""

    FRESH_MARKET = "FRESH_MARKET"
    SMART = "SMART"
    POP_UP = "POP_UP"
    CORNER = "CORNER"
    WAREHOUSE = "WAREHOUSE"


class Capability(enum.StrEnum):
    """One thing that a store can do."""

    CARRY_OUT = "CARRY_OUT"
    PICKUP = "PICKUP"
    DELIVERY = "DELIVERY"
    KITCHEN = "KITCHEN"
    SCAN_AND_GO = "SCAN_AND_GO"
    RETURNS = "RETURNS"


class Serviceability(enum.Enum):
    """Whether a store delivers to a position now, or why it does not."""

    SERVICEABLE = "SERVICEABLE"
    OUT_OF_AREA = "OUT_OF_AREA"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address."""

    country_code: str
    region: str
    locality: str
    district: str
    street: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Closure:
    """The store promises nothing from an instant on; without an end until it is reopened."""

    reason: str
    started_at: datetime
    ends_at: datetime | None

    def holds_at(self, at: datetime) -> bool:
        """Whether it is not over at an instant."""
        return self.ends_at is None or at < self.ends_at


@dataclass(frozen=True, slots=True)
class StoreDetails:
    """All of a store that people decide."""

    display_name: str
    kind: Kind
    address: Address
    position: Position
    time_zone: str
    opening_hours: OpeningHours
    capabilities: tuple[Capability, ...]
    delivery_area: DeliveryArea
    franchise_owner: str


@dataclass(frozen=True, slots=True)
class NewStore:
    """A store to create."""

    id: StoreId
    details: StoreDetails


@dataclass(frozen=True, slots=True)
class StoreEdit:
    """What changes of a store; None stays as it is."""

    display_name: str | None = None
    kind: Kind | None = None
    address: Address | None = None
    position: Position | None = None
    time_zone: str | None = None
    opening_hours: OpeningHours | None = None
    capabilities: tuple[Capability, ...] | None = None
    delivery_area: DeliveryArea | None = None
    franchise_owner: str | None = None

    def of(self, details: StoreDetails) -> StoreDetails:
        """The details after the change."""

        def either(new: Value | None, old: Value) -> Value:
            return old if new is None else new

        return StoreDetails(
            display_name=either(self.display_name, details.display_name),
            kind=either(self.kind, details.kind),
            address=either(self.address, details.address),
            position=either(self.position, details.position),
            time_zone=either(self.time_zone, details.time_zone),
            opening_hours=either(self.opening_hours, details.opening_hours),
            capabilities=either(self.capabilities, details.capabilities),
            delivery_area=either(self.delivery_area, details.delivery_area),
            franchise_owner=either(self.franchise_owner, details.franchise_owner),
        )


@dataclass(frozen=True, slots=True)
class Check:
    """A question what a store promises, if a position is given for goods that go there."""

    store: StoreId
    to: Position | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a store promises at an instant; `serviceability` is None if no position was given."""

    openness: Openness
    serviceability: Serviceability | None
    capabilities: tuple[Capability, ...]
    closure: Closure | None


@dataclass(frozen=True, slots=True)
class Store:
    """A store as it is. `closure` may be over; closure_at tells."""

    id: StoreId
    details: StoreDetails
    closure: Closure | None
    version: int
    created_at: datetime
    updated_at: datetime

    def closure_at(self, at: datetime) -> Closure | None:
        """The closure that holds at an instant."""
        return self.closure if self.closure is not None and self.closure.holds_at(at) else None

    def edited(self, edit: StoreEdit, *, expected_version: int, at: datetime) -> Store:
        """The store after a change; StoreChanged unless it is at the version, 0 for any."""
        if expected_version not in (0, self.version):
            raise StoreChanged(expected=expected_version, actual=self.version)
        return self._next(at, details=edit.of(self.details), closure=self.closure)

    def closed(self, *, reason: str, ends_at: datetime | None, at: datetime) -> Store:
        """The store, closed from now on; ClosureInvalid if the end has passed or is far off."""
        if ends_at is not None and not at < ends_at <= at + CLOSURE_MAX:
            raise ClosureInvalid.at(
                "end_time", f"must lie ahead, by {CLOSURE_MAX.days} days at most"
            )
        holding = self.closure_at(at)
        started_at = at if holding is None else holding.started_at
        closure = Closure(reason=reason, started_at=started_at, ends_at=ends_at)
        return self._next(at, details=self.details, closure=closure)

    def reopened(self, *, at: datetime) -> Store:
        """The store without its closure; StoreNotClosed if none holds."""
        if self.closure_at(at) is None:
            raise StoreNotClosed
        return self._next(at, details=self.details, closure=None)

    def openness(self, at: datetime) -> Openness:
        """Whether it is open at an instant, its closure and its hours considered."""
        details = self.details
        return openness_at(details.opening_hours, details.time_zone, self.closure_at(at), at)

    def serviceability(self, position: Position, *, is_open: bool) -> Serviceability:
        """Whether it delivers to a position, given whether it is open."""
        delivers = Capability.DELIVERY in self.details.capabilities
        polygons = self.details.delivery_area.polygons if delivers else ()
        return serviceability_of(polygons, position, is_open=is_open)

    def _next(self, at: datetime, *, details: StoreDetails, closure: Closure | None) -> Store:
        # A clock that was set back must not date a change before the one that it follows.
        return replace(
            self,
            details=details,
            closure=closure,
            version=self.version + 1,
            updated_at=max(at, self.updated_at),
        )


def openness_at(
    hours: OpeningHours, time_zone: str, closure: Closure | None, at: datetime
) -> Openness:
    """Whether a store is open at an instant, given the closure that holds then, if one does."""
    zone = zone_of(time_zone)
    if closure is None:
        return openness(hours, zone, at)
    if closure.ends_at is not None:
        return openness(hours, zone, at, closed_until=closure.ends_at)
    return Openness(
        is_open=False,
        open_until=None,
        opens_at=None,
        business_date=at.astimezone(zone).date(),
    )


def serviceability_of(
    polygons: Sequence[Polygon], position: Position, *, is_open: bool
) -> Serviceability:
    """Whether a store that delivers to these polygons delivers to a position."""
    for polygon in polygons:
        if polygon.contains(position):
            return Serviceability.SERVICEABLE if is_open else Serviceability.CLOSED
    return Serviceability.OUT_OF_AREA


def require_place(position: Position, *, at: str) -> Position:
    """The position, if a store can be there; PositionInvalid, naming the field `at`."""
    if abs(position.latitude_e7) > STORE_LATITUDE_E7_MAX:
        raise PositionInvalid.at(at, "must be at most 85 degrees north or south")
    return position


def require_apart(stores: Sequence[NewStore]) -> None:
    """InvalidInput if two of the stores have one id."""
    seen: set[StoreId] = set()
    for index, store in enumerate(stores):
        if store.id in seen:
            raise InvalidInput.at(f"stores[{index}].name", "comes twice")
        seen.add(store.id)
