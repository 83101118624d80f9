"""Where a store delivers: polygons, whose edges belong to them, as GeoJSON describes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from chassis.kernel.errors import InvalidInput
from chassis.kernel.geo import Position, PositionInvalid
from chassis.kernel.polygon import Polygon, Ring, RingImpossible, ring_through

AREA_POSITIONS_MAX = 1_000
AREA_BYTES_MAX = 65_536


class DeliveryAreaInvalid(InvalidInput):
    """The delivery area is not a GeoJSON polygon that can be delivered to."""

    reason = "DELIVERY_AREA_INVALID"
    message = "the delivery area is not a GeoJSON polygon"


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
    if not isinstance(positions, list):
        raise DeliveryAreaInvalid.at(at, "has a ring of less than four positions")
    try:
        return ring_through([_position(position, at) for position in positions])
    except RingImpossible as problem:
        raise DeliveryAreaInvalid.at(at, f"has {problem}") from None


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


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, list):
        return [_rounded(each) for each in coordinates]
    return round(coordinates, 7)
