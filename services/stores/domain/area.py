"""Where a store delivers: polygons on the plane of longitude and latitude.

Every coordinate is a whole ten-millionth of a degree, so each answer is exact and always the same.
An edge goes the shorter way round the earth and may therefore cross the antimeridian; an edge of
exactly half a turn has no shorter way and is refused, as is a ring around a pole.
"""

from __future__ import annotations

import itertools
import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from chassis.kernel.errors import InvalidInput
from chassis.kernel.geo import LONGITUDE_E7_MAX, WHOLE_TURN_E7, Position, PositionInvalid

AREA_POSITIONS_MAX = 1_000
AREA_BYTES_MAX = 65_536
RING_POSITIONS_MIN = 4


class DeliveryAreaInvalid(InvalidInput):
    """The delivery area is not a GeoJSON polygon that can be delivered to."""

    reason = "DELIVERY_AREA_INVALID"
    message = "the delivery area is not a GeoJSON polygon"


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


@dataclass(frozen=True, slots=True)
class Polygon:
    """A ring without the insides of its holes. All edges belong to it."""

    outer: Ring
    holes: tuple[Ring, ...]

    def contains(self, position: Position) -> bool:
        """Whether the position is in it or on an edge."""
        point = (position.longitude_e7, position.latitude_e7)
        return self.outer.side_of(*point) >= 0 and all(
            hole.side_of(*point) <= 0 for hole in self.holes
        )


@dataclass(frozen=True, slots=True)
class DeliveryArea:
    """The polygons that a store delivers to, and their GeoJSON; none if it delivers nowhere."""

    polygons: tuple[Polygon, ...]
    geojson: str

    def contains(self, position: Position) -> bool:
        """Whether the store delivers to the position."""
        return any(polygon.contains(position) for polygon in self.polygons)


NOWHERE = DeliveryArea((), "")


def area_of(geojson: str, *, at: str = "delivery_area") -> DeliveryArea:
    """The area that a GeoJSON geometry describes, NOWHERE if it is empty; DeliveryAreaInvalid.

    The area's own GeoJSON has the coordinates to seven decimals, and no spaces.
    """
    if not geojson:
        return NOWHERE
    if len(geojson) > AREA_BYTES_MAX:
        raise DeliveryAreaInvalid.at(at, f"must not be longer than {AREA_BYTES_MAX} bytes")
    geometry = _parsed(geojson, at)
    match geometry:
        case {"type": "Polygon", "coordinates": list(rings), **others} if not others:
            polygons = [rings]
        case {"type": "MultiPolygon", "coordinates": list(polygons), **others} if not others:
            pass
        case _:
            raise DeliveryAreaInvalid.at(
                at, "must be a Polygon or MultiPolygon with type and coordinates only"
            )
    if not polygons or _leaves(geometry["coordinates"]) > 2 * AREA_POSITIONS_MAX:
        raise DeliveryAreaInvalid.at(at, f"must have 1 to {AREA_POSITIONS_MAX} positions")
    return DeliveryArea(
        polygons=tuple(_polygon(rings, at) for rings in polygons),
        geojson=json.dumps(
            {"type": geometry["type"], "coordinates": _rounded(geometry["coordinates"])},
            separators=(",", ":"),
        ),
    )


def _parsed(geojson: str, at: str) -> Any:
    def refuse(_: str) -> NoReturn:
        raise ValueError

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = dict(pairs)
        if len(keys) < len(pairs):
            raise ValueError
        return keys

    try:
        return json.loads(geojson, parse_constant=refuse, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise DeliveryAreaInvalid.at(at, "is not JSON") from None


def _leaves(coordinates: Any) -> int:
    """How many values there are at the bottom, without following more than a geometry's levels."""
    leaves, level = 0, [coordinates]
    while level:
        deeper: list[Any] = []
        for value in level:
            if isinstance(value, list):
                deeper.extend(value)
            else:
                leaves += 1
        level = deeper
    return leaves


def _polygon(rings: Any, at: str) -> Polygon:
    if not isinstance(rings, list) or not rings:
        raise DeliveryAreaInvalid.at(at, "has a polygon without rings")
    outer, *holes = (_ring(ring, at) for ring in rings)
    return Polygon(outer, tuple(holes))


def _ring(positions: Any, at: str) -> Ring:
    if not isinstance(positions, list) or len(positions) < RING_POSITIONS_MIN:
        raise DeliveryAreaInvalid.at(at, "has a ring of less than four positions")
    if positions[0] != positions[-1]:
        raise DeliveryAreaInvalid.at(at, "has a ring whose last position is not its first")
    points = [_position(position, at) for position in positions]
    vertices: list[Vertex] = []
    longitude_e7 = points[0].longitude_e7
    for previous, point in itertools.pairwise(points):
        vertices.append((longitude_e7, previous.latitude_e7))
        step = (point.longitude_e7 - previous.longitude_e7) % WHOLE_TURN_E7
        if step == LONGITUDE_E7_MAX:
            raise DeliveryAreaInvalid.at(at, "has an edge of half a turn")
        longitude_e7 += step if step < LONGITUDE_E7_MAX else step - WHOLE_TURN_E7
    if longitude_e7 != points[0].longitude_e7:
        raise DeliveryAreaInvalid.at(at, "has a ring around a pole")
    if _twice_the_area(vertices) == 0:
        raise DeliveryAreaInvalid.at(at, "has a ring without an inside")
    return Ring.of(vertices)


def _position(coordinates: Any, at: str) -> Position:
    match coordinates:
        case [int() | float() as longitude, int() | float() as latitude]:
            if isinstance(longitude, bool) or isinstance(latitude, bool):
                raise DeliveryAreaInvalid.at(at, "has a position that is no pair of numbers")
        case _:
            raise DeliveryAreaInvalid.at(at, "has a position that is no pair of numbers")
    try:
        return Position.of(latitude_degrees=latitude, longitude_degrees=longitude)
    except PositionInvalid:
        raise DeliveryAreaInvalid.at(
            at, "has a position that is not longitude and latitude in degrees"
        ) from None


def _twice_the_area(vertices: Sequence[Vertex]) -> int:
    return sum(
        x * next_y - next_x * y
        for (x, y), (next_x, next_y) in zip(vertices, [*vertices[1:], vertices[0]], strict=True)
    )


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, list):
        return [_rounded(each) for each in coordinates]
    return round(coordinates, 7)
