"""Polygons on the plane of longitude and latitude, and on which side of them a point lies.

Every coordinate is a whole ten-millionth of a degree, so each answer is exact and always the same.
An edge goes the shorter way round the earth and may therefore cross the antimeridian; an edge of
exactly half a turn has no shorter way and is refused, as is a ring around a pole.
"""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from chassis.kernel.geo import LONGITUDE_E7_MAX, WHOLE_TURN_E7, Position

RING_POSITIONS_MIN = 4

CORE_SHARE = 0.7
"""How long half of a core's side is, as a share of the way to the nearest edge; its corners are
1.41 times as far from its middle."""

NO_CORE = (0, -1, 0, -1)


class RingImpossible(ValueError):
    """Positions that no ring goes through. Its text says what they have: "an edge of …"."""


Vertex = tuple[int, int]
"""Longitude and latitude; the longitude may lie outside one turn, where the ring left it."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A closed line, the first vertex not repeated; neighbours are less than half a turn apart.

    The vertices lie in arrays, since 100,000 stores' areas are kept in memory.
    """

    longitudes: array[int]
    latitudes: array[int]
    west: int
    east: int
    south: int
    north: int

    @classmethod
    def of(cls, vertices: Sequence[Vertex]) -> Ring:
        """The ring through these vertices."""
        longitudes = array("q", [longitude for longitude, _ in vertices])
        latitudes = array("q", [latitude for _, latitude in vertices])
        return cls(
            longitudes,
            latitudes,
            west=min(longitudes),
            east=max(longitudes),
            south=min(latitudes),
            north=max(latitudes),
        )

    def side_of(self, longitude_e7: int, latitude_e7: int) -> int:
        """1 inside, 0 on the line, -1 outside: the even-odd rule.

        The point is also looked for a turn to the east and to the west.
        """
        if not self.south <= latitude_e7 <= self.north:
            return -1
        side, x = -1, self.west + (longitude_e7 - self.west) % WHOLE_TURN_E7
        while x <= self.east:
            side = max(side, self._side(x, latitude_e7))
            x += WHOLE_TURN_E7
        return side

    def _side(self, x: int, y: int) -> int:
        is_inside = False
        previous_x, previous_y = self.longitudes[-1], self.latitudes[-1]
        for next_x, next_y in zip(self.longitudes, self.latitudes, strict=True):
            if (previous_y < y and next_y < y) or (previous_y > y and next_y > y):
                # All of the edge is on one side of the parallel, as most edges are.
                previous_x, previous_y = next_x, next_y
                continue
            # Which side of the edge the point is on: the sign of a cross product.
            cross = (next_x - previous_x) * (y - previous_y) - (next_y - previous_y) * (
                x - previous_x
            )
            if (
                cross == 0
                and min(previous_x, next_x) <= x <= max(previous_x, next_x)
                and min(previous_y, next_y) <= y <= max(previous_y, next_y)
            ):
                return 0
            # Half-open in latitude, so that a vertex counts for one of its two edges.
            if (previous_y > y) != (next_y > y) and (cross > 0) == (next_y > previous_y):
                is_inside = not is_inside
            previous_x, previous_y = next_x, next_y
        return 1 if is_inside else -1

    def edges_from(self, x: int, y: int) -> float:
        """How far the nearest edge is from a point on the plane."""
        start, nearest = (self.longitudes[-1], self.latitudes[-1]), math.inf
        for end in zip(self.longitudes, self.latitudes, strict=True):
            nearest = min(nearest, _from_edge((x, y), start, end))
            start = end
        return nearest


@dataclass(frozen=True, slots=True)
class Polygon:
    """A ring without the insides of its holes. All edges belong to it.

    `core` is a square inside, from west to east and from south to north: whoever is there, as most
    who are near a store, is in the polygon without a look at its edges.
    """

    outer: Ring
    holes: tuple[Ring, ...]
    core: tuple[int, int, int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "core", _core(self.outer, self.holes))

    def contains(self, position: Position) -> bool:
        """Whether the position is in it or on an edge."""
        x, y = position.longitude_e7, position.latitude_e7
        west, east, south, north = self.core
        if west <= x <= east and south <= y <= north:
            return True
        return self.outer.side_of(x, y) >= 0 and all(hole.side_of(x, y) <= 0 for hole in self.holes)


def ring_through(positions: Sequence[Position]) -> Ring:
    """The ring through these positions, of which the last is the first; RingImpossible."""
    if len(positions) < RING_POSITIONS_MIN:
        raise RingImpossible("a ring of less than four positions")
    if positions[0] != positions[-1]:
        raise RingImpossible("a ring whose last position is not its first")
    vertices: list[Vertex] = []
    longitude_e7 = positions[0].longitude_e7
    for previous, position in itertools.pairwise(positions):
        vertices.append((longitude_e7, previous.latitude_e7))
        step = (position.longitude_e7 - previous.longitude_e7) % WHOLE_TURN_E7
        if step == LONGITUDE_E7_MAX:
            raise RingImpossible("an edge of half a turn")
        longitude_e7 += step if step < LONGITUDE_E7_MAX else step - WHOLE_TURN_E7
    if longitude_e7 != positions[0].longitude_e7:
        raise RingImpossible("a ring around a pole")
    if _twice_the_area(vertices) == 0:
        raise RingImpossible("a ring without an inside")
    return Ring.of(vertices)


def _twice_the_area(vertices: Sequence[Vertex]) -> int:
    return sum(
        x * next_y - next_x * y
        for (x, y), (next_x, next_y) in zip(vertices, [*vertices[1:], vertices[0]], strict=True)
    )


def _core(outer: Ring, holes: Sequence[Ring]) -> tuple[int, int, int, int]:
    """The square around the middle that reaches no edge; if the middle is not inside, none."""
    x, y = (outer.west + outer.east) // 2, (outer.south + outer.north) // 2
    if outer.side_of(x, y) != 1 or any(hole.side_of(x, y) != -1 for hole in holes):
        return NO_CORE
    half = int(CORE_SHARE * min(ring.edges_from(x, y) for ring in (outer, *holes)))
    return x - half, x + half, y - half, y + half


def _from_edge(point: Vertex, start: Vertex, end: Vertex) -> float:
    """How far a point is from an edge."""
    (x, y), (start_x, start_y) = point, start
    step_x, step_y = end[0] - start_x, end[1] - start_y
    along = ((x - start_x) * step_x + (y - start_y) * step_y) / (step_x**2 + step_y**2 or 1)
    share = min(1.0, max(0.0, along))
    return math.hypot(start_x + share * step_x - x, start_y + share * step_y - y)
