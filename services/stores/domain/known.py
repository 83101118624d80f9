"""What is kept in memory of a store that was found: enough to say how it appears, and its bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from chassis.kernel.polygon import Polygon
from services.stores.domain.area import DeliveryArea
from services.stores.domain.hours import Openness
from services.stores.domain.schedule import Schedule, Schedules
from services.stores.domain.store import (
    Capability,
    Closure,
    Serviceability,
    Store,
    openness_at,
    serviceability_of,
)

KEPT_BYTES_MAX = 64_000_000
"""How much memory the kept stores may take, as far as that can be told from their parts."""

STORE_BYTES = 250
VERTEX_BYTES = 16
RING_BYTES = 250


@dataclass(frozen=True, slots=True)
class Encoded:
    """A store as answers have it, without its closure, in two parts that follow one another.

    `usual` has what lists show; `more` has the hours and the delivery area.
    """

    usual: bytes
    more: bytes


@dataclass(frozen=True, slots=True)
class KnownStore:
    """A store at one version. Its hours and closure are judged at the time of each search."""

    id: StoreId
    version: int
    encoded: Encoded
    schedule: Schedule
    closure: Closure | None
    polygons: tuple[Polygon, ...]

    def openness(self, at: datetime) -> Openness:
        """Whether it is open at an instant, its closure and its hours considered."""
        if self.closure is None or not self.closure.holds_at(at):
            return self.schedule.openness(at)
        return openness_at(self.schedule.hours, self.schedule.time_zone, self.closure, at)

    def closure_at(self, at: datetime) -> Closure | None:
        """The closure that holds at an instant."""
        return self.closure if self.closure is not None and self.closure.holds_at(at) else None

    def serviceability(self, position: Position, *, is_open: bool) -> Serviceability:
        """Whether it delivers to a position, given whether it is open."""
        return serviceability_of(self.polygons, position, is_open=is_open)

    @property
    def bytes_in_memory(self) -> int:
        """About how much memory it takes."""
        rings = [ring for each in self.polygons for ring in (each.outer, *each.holes)]
        return (
            STORE_BYTES
            + len(self.encoded.usual)
            + len(self.encoded.more)
            + sum(RING_BYTES + VERTEX_BYTES * len(ring.longitudes) for ring in rings)
        )


@dataclass(slots=True)
class KnownStores:
    """Stores that were found lately: the newest version of each, up to so many bytes."""

    bytes_max: int = KEPT_BYTES_MAX
    _stores: OrderedDict[StoreId, KnownStore] = field(default_factory=OrderedDict)
    _schedules: Schedules = field(default_factory=Schedules)
    _bytes: int = 0

    def __len__(self) -> int:
        return len(self._stores)

    def get(self, store: StoreId) -> KnownStore | None:
        """The store, if it is kept."""
        known = self._stores.get(store)
        if known is not None:
            self._stores.move_to_end(store)
        return known

    def keep(self, store: Store, encoded: Encoded) -> KnownStore:
        """Keeps a store, and answers it as it is kept; an older version changes nothing."""
        before = self._stores.get(store.id)
        if before is not None and before.version >= store.version:
            return before
        known = KnownStore(
            id=store.id,
            version=store.version,
            encoded=encoded,
            schedule=self._schedules.of(store.details.opening_hours, store.details.time_zone),
            closure=store.closure,
            polygons=_served(store.details.capabilities, store.details.delivery_area),
        )
        self.forget([store.id])
        self._stores[store.id] = known
        self._bytes += known.bytes_in_memory
        while self._bytes > self.bytes_max and len(self._stores) > 1:
            _, longest_unasked = self._stores.popitem(last=False)
            self._bytes -= longest_unasked.bytes_in_memory
        return known

    def forget(self, stores: Iterable[StoreId]) -> None:
        """Drops stores that may have changed."""
        for store in stores:
            known = self._stores.pop(store, None)
            if known is not None:
                self._bytes -= known.bytes_in_memory

    def clear(self) -> None:
        """Drops all stores."""
        self._stores.clear()
        self._bytes = 0


def _served(capabilities: Iterable[Capability], area: DeliveryArea) -> tuple[Polygon, ...]:
    """Where the store delivers: nowhere unless it can."""
    return area.polygons if Capability.DELIVERY in capabilities else ()
