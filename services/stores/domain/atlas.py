"""Where all stores of a tenant are, in memory, and which of them come next from a position.

Stores are ordered by their distance over the ellipsoid, and then by id. The distance over the
sphere says, within a known error, which stores can be next; only theirs is measured.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chassis.kernel.geo import SPHERE_ERROR, Position, geodesic_millimetres
from chassis.kernel.names import StoreId, unqualified
from chassis.kernel.nearest import Points
from services.stores.domain.search import Mark, Search
from services.stores.domain.store import Capability, Kind, Store

_KIND_BITS = {kind: 1 << number for number, kind in enumerate(Kind)}
_CAPABILITY_BITS = {
    capability: 1 << (len(_KIND_BITS) + number) for number, capability in enumerate(Capability)
}
_ANY_KIND = sum(_KIND_BITS.values())
_GONE = 0
_NO_ROW = -1

_BEYOND_ALL = 10**12
"""In millimetres, farther than anything on the earth."""

ARC_METRES = 0.2
"""How far double precision may put an arc over the sphere from the truth, at the antipode."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is and what for, as of one of its versions."""

    store: StoreId
    position: Position
    kind: Kind
    capabilities: Sequence[Capability]
    version: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A store that comes next in the order, as of one of its versions."""

    store: StoreId
    version: int
    mark: Mark


class Atlas:
    """The places of one tenant's stores, the newest version of each that was noted."""

    def __init__(self) -> None:
        self._points = Points()
        self._rows: dict[StoreId, int] = {}
        self._stores: list[StoreId] = []
        self._latitudes = array("i")
        self._longitudes = array("i")
        self._versions = array("q")
        self._abilities = array("H")

    def __len__(self) -> int:
        return len(self._stores)

    def note(self, place: Place) -> None:
        """Notes where a store is; a version that is not newer changes nothing."""
        row = self._rows.get(place.store)
        if row is None:
            self._rows[place.store] = self._points.add(place.position)
            self._stores.append(place.store)
            self._latitudes.append(place.position.latitude_e7)
            self._longitudes.append(place.position.longitude_e7)
            self._versions.append(place.version)
            self._abilities.append(_abilities_of(place))
            return
        if place.version <= self._versions[row]:
            return
        if self._position(row) != place.position:
            self._points.move(row, place.position)
            self._latitudes[row] = place.position.latitude_e7
            self._longitudes[row] = place.position.longitude_e7
        self._versions[row] = place.version
        self._abilities[row] = _abilities_of(place)

    def forget(self, store: StoreId) -> None:
        """Notes that there is no such store."""
        row = self._rows.get(store)
        if row is not None:
            self._abilities[row] = _GONE
            self._versions[row] = 0

    def next(self, search: Search, *, count: int) -> list[Candidate]:
        """The next stores in the search's order, of its kinds and capabilities, within its limit.

        Fewer than `count` if no more follow.
        """
        found: list[Candidate] = []
        if count > 0:
            for millimetres, bare_id, row in self._in_order(search):
                found.append(
                    Candidate(self._stores[row], self._versions[row], Mark(millimetres, bare_id))
                )
                if len(found) == count:
                    break
        return found

    def _in_order(self, search: Search) -> Iterator[tuple[int, str, int]]:
        """Distance, id and row of all that follows in the search's order."""
        after = (-1, "") if search.after is None else (search.after.millimetres, search.after.id)
        limit = search.limit_millimetres
        measured: list[tuple[int, str, int]] = []
        for metres, row in self._by_sphere(search):
            least = least_millimetres(metres)
            while measured and measured[0][0] < least:
                yield heapq.heappop(measured)
            if least > limit:
                break
            if row == _NO_ROW or most_millimetres(metres) < after[0]:
                continue
            mark = (
                geodesic_millimetres(search.position, self._position(row)),
                unqualified(self._stores[row]),
            )
            if after < mark and mark[0] <= limit:
                heapq.heappush(measured, (*mark, row))
        while measured:
            yield heapq.heappop(measured)

    def _by_sphere(self, search: Search) -> Iterator[tuple[float, int]]:
        """Metres over the sphere and row of what may be wanted, the nearest first.

        _NO_ROW says that what follows is not nearer.
        """
        kinds = sum(_KIND_BITS[kind] for kind in search.kinds) or _ANY_KIND
        capabilities = sum(_CAPABILITY_BITS[each] for each in search.capabilities)
        abilities = self._abilities
        for nearby in self._points.nearest(search.position):
            for row, metres in zip(nearby.rows.tolist(), nearby.metres.tolist(), strict=True):
                ability = abilities[row]
                if ability & kinds and ability & capabilities == capabilities:
                    yield metres, row
            yield nearby.beyond_metres, _NO_ROW

    def _position(self, row: int) -> Position:
        return Position(self._latitudes[row], self._longitudes[row])


def place_of(store: Store) -> Place:
    """Where a store is and what for."""
    details = store.details
    return Place(store.id, details.position, details.kind, details.capabilities, store.version)


def least_millimetres(metres_on_sphere: float) -> int:
    """The least that a distance over the ellipsoid can be, given that over the sphere."""
    if metres_on_sphere == math.inf:
        return _BEYOND_ALL
    return max(0, int((metres_on_sphere - ARC_METRES) * (1 - SPHERE_ERROR) * 1000))


def most_millimetres(metres_on_sphere: float) -> int:
    """The most that a distance over the ellipsoid can be, given that over the sphere."""
    if metres_on_sphere == math.inf:
        return _BEYOND_ALL
    return int((metres_on_sphere + ARC_METRES) * (1 + SPHERE_ERROR) * 1000) + 1


def _abilities_of(place: Place) -> int:
    return _KIND_BITS[place.kind] | sum(_CAPABILITY_BITS[each] for each in place.capabilities)
