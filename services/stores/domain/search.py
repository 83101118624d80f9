"""Finding stores from a position: what is asked, and in which order they come.

Stores are ordered by their distance over the ellipsoid, which is dear to compute, and then by id.
The distance over the sphere says, within a known error, which stores can be next; only theirs is
computed.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from chassis.kernel.geo import (
    DISTANCE_METRES_MAX,
    SPHERE_ERROR,
    Position,
    geodesic_millimetres,
    sphere_metres,
)
from chassis.kernel.names import unqualified
from services.stores.domain.hours import Openness
from services.stores.domain.store import Capability, Kind, Serviceability, Store

BEHIND_ALL_IDS = "~"
"""Sorts behind every id."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the order: behind the store with this distance and id."""

    millimetres: int
    id: str


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. `kinds` empty is all kinds; `after` is where the page before ended."""

    position: Position
    kinds: frozenset[Kind]
    capabilities: frozenset[Capability]
    is_open_only: bool
    is_serviceable_only: bool
    metres_max: int
    after: Mark | None
    rows_max: int

    @property
    def limit_metres(self) -> int:
        """How far a store may be."""
        return self.metres_max or DISTANCE_METRES_MAX

    def first_radius_metres(self, usual: float) -> float:
        """How wide to look at first: past where the page before ended, within the limit."""
        passed = 0.0 if self.after is None else self.after.millimetres / 1000 * 1.1
        return min(max(usual, passed), self.limit_metres)

    def may_want(self, metres_most: float) -> bool:
        """Whether a store that is at most so far may come behind the page before."""
        return self.after is None or metres_most * 1000 + 1 >= self.after.millimetres

    def is_past(self, millimetres: int) -> bool:
        """Whether a page that ends before this distance is a step ahead."""
        return millimetres > 1 + (0 if self.after is None else self.after.millimetres)

    def wants(self, seen: Seen) -> bool:
        """Whether a store is looked for as it appears; kind and capabilities aside."""
        if self.is_open_only and not seen.openness.is_open:
            return False
        return not self.is_serviceable_only or seen.serviceability is Serviceability.SERVICEABLE


@dataclass(frozen=True, slots=True)
class Seen:
    """A store as it appears from a position at an instant."""

    store: Store
    openness: Openness
    serviceability: Serviceability


@dataclass(frozen=True, slots=True)
class Found:
    """A store that was looked for, with its distance."""

    seen: Seen
    millimetres: int

    @property
    def mark(self) -> Mark:
        """Its place in the order."""
        return Mark(self.millimetres, unqualified(self.seen.store.id))


@dataclass(frozen=True, slots=True)
class Findings:
    """Stores in order, and where the search ended if more may follow."""

    stores: list[Found]
    next_after: Mark | None


@dataclass(slots=True)
class NearestFirst:
    """Puts stores in order, as few distances computed as that takes.

    `accept` answers how a store appears, or None if it is not looked for.
    """

    search: Search
    accept: Callable[[Store], Seen | None]
    _waiting: list[tuple[int, int, str, Store | Seen]] = field(default_factory=list)

    def add(self, store: Store) -> None:
        """Lets a store take part; it is not added twice."""
        metres = sphere_metres(self.search.position, store.details.position)
        after = self.search.after
        if after is not None and most_millimetres(metres) < after.millimetres:
            return
        bare_id = unqualified(store.id)
        heapq.heappush(self._waiting, (least_millimetres(metres), 0, bare_id, store))

    def take(self, count: int, *, below_millimetres: int | None) -> list[Found]:
        """The next stores in order, so many at most, nearer than a distance if one is said.

        Nothing that is nearer than that may be added afterwards.
        """
        taken: list[Found] = []
        while self._waiting and len(taken) < count:
            if below_millimetres is not None and self._waiting[0][0] >= below_millimetres:
                break
            millimetres, _, bare_id, waiting = heapq.heappop(self._waiting)
            if isinstance(waiting, Seen):
                taken.append(Found(waiting, millimetres))
            elif (seen := self.accept(waiting)) is not None:
                self._measure(bare_id, seen)
        return taken

    def _measure(self, bare_id: str, seen: Seen) -> None:
        position = seen.store.details.position
        mark = Mark(geodesic_millimetres(self.search.position, position), bare_id)
        is_behind = self.search.after is None or mark > self.search.after
        if is_behind and mark.millimetres <= self.search.limit_metres * 1000:
            heapq.heappush(self._waiting, (mark.millimetres, 1, bare_id, seen))


def least_millimetres(metres_on_sphere: float) -> int:
    """The least that a distance over the ellipsoid can be, given that over the sphere."""
    return int(metres_on_sphere * (1 - SPHERE_ERROR) * 1000)


def most_millimetres(metres_on_sphere: float) -> int:
    """The most that a distance over the ellipsoid can be, given that over the sphere."""
    return int(metres_on_sphere * (1 + SPHERE_ERROR) * 1000) + 1


def seen_from(position: Position, store: Store, openness: Openness) -> Seen:
    """The store as it appears from a position."""
    return Seen(store, openness, store.serviceability(position, is_open=openness.is_open))
