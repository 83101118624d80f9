"""Where all stores of a tenant are, in memory, and which of them come next from a position.

Stores are ordered by their distance over the ellipsoid, and then by id. The distance over the
sphere says, within a known error, which stores can be next; only theirs is measured.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chassis.kernel.geo import SPHERE_ERROR, Position, geodesics_millimetres
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

_BEYOND_ALL = 10**12
"""In millimetres, farther than anything on the earth."""

MEASURED_MORE = 4
"""So many more distances are measured at once than stores are wanted, as orders differ a little."""

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


class Candidate(NamedTuple):
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
        measured: list[tuple[int, str, int]] = []
        found: list[Candidate] = []
        for rows, beyond_millimetres in self._by_sphere(search, at_once=count + MEASURED_MORE):
            measured += self._ahead(search, rows)
            measured.sort()
            is_next = bisect_left(measured, (beyond_millimetres,))
            for millimetres, bare_id, row in measured[: min(is_next, count - len(found))]:
                mark = Mark(millimetres, bare_id)
                found.append(Candidate(self._stores[row], self._versions[row], mark))
            if len(found) == count:
                return found
            del measured[:is_next]
        return found

    def _by_sphere(self, search: Search, *, at_once: int) -> Iterator[tuple[list[int], int]]:
        """Rows that may be wanted, the nearest over the sphere first, some at a time.

        With them comes how near, in millimetres, those that come later can be at the least.
        """
        kinds = sum(_KIND_BITS[kind] for kind in search.kinds) or _ANY_KIND
        capabilities = sum(_CAPABILITY_BITS[each] for each in search.capabilities)
        passed = _metres_passed(search)
        limit = search.limit_millimetres
        abilities, rows = self._abilities, list[int]()
        for nearby in self._points.nearest(search.position):
            for row, metres in zip(nearby.rows.tolist(), nearby.metres.tolist(), strict=True):
                if len(rows) == at_once:
                    beyond = least_millimetres(metres)
                    yield rows, beyond
                    if beyond > limit:
                        return
                    rows = []
                ability = abilities[row]
                if (
                    metres >= passed
                    and ability & kinds
                    and (ability & capabilities == capabilities)
                ):
                    rows.append(row)
            beyond = least_millimetres(nearby.beyond_metres)
            yield rows, beyond
            if beyond > limit:
                return
            rows = []

    def _ahead(self, search: Search, rows: Sequence[int]) -> list[tuple[int, str, int]]:
        """Those of some rows that are ahead in the order, with their distance and id."""
        latitudes, longitudes, stores = self._latitudes, self._longitudes, self._stores
        distances = geodesics_millimetres(
            search.position, [latitudes[row] for row in rows], [longitudes[row] for row in rows]
        )
        limit, after = search.limit_millimetres, search.after
        passed = (-1, "") if after is None else after
        return [
            (millimetres, bare_id, row)
            for millimetres, row in zip(distances, rows, strict=True)
            if millimetres <= limit and passed < (millimetres, bare_id := unqualified(stores[row]))
        ]

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


def _metres_passed(search: Search) -> float:
    """Over the sphere, what is nearer than this came on a page before."""
    if search.after is None:
        return 0.0
    return search.after.millimetres / 1000 / (1 + SPHERE_ERROR) - ARC_METRES


def _abilities_of(place: Place) -> int:
    return _KIND_BITS[place.kind] | sum(_CAPABILITY_BITS[each] for each in place.capabilities)
