"""Points some metres away from others, on the scale of a city."""

from __future__ import annotations

import functools
import math

METRES_PER_DEGREE = 111_195.0
RING_CORNERS = 8
DEGREE_DIGITS = 5
"""A metre, as far as a demo has to know where a door is."""


def shifted(
    latitude_degrees: float, longitude_degrees: float, *, east_metres: float, north_metres: float
) -> tuple[float, float]:
    """Latitude and longitude of the point so far east and north of another."""
    eastward = east_metres / METRES_PER_DEGREE / math.cos(math.radians(latitude_degrees))
    return (
        round(latitude_degrees + north_metres / METRES_PER_DEGREE, DEGREE_DIGITS),
        round(longitude_degrees + eastward, DEGREE_DIGITS),
    )


def ring_around(
    latitude_degrees: float, longitude_degrees: float, *, metres: float
) -> list[tuple[float, float]]:
    """Longitude and latitude of the corners of an octagon around a point, closed, as in GeoJSON."""
    ring = []
    narrowing = math.cos(math.radians(latitude_degrees))
    degrees = metres / METRES_PER_DEGREE
    for east, north in _corners():
        longitude = round(longitude_degrees + degrees * east / narrowing, DEGREE_DIGITS)
        ring.append((longitude, round(latitude_degrees + degrees * north, DEGREE_DIGITS)))
    return [*ring, ring[0]]


@functools.cache
def _corners() -> tuple[tuple[float, float], ...]:
    """East and north of the corners of an octagon of radius one."""
    angles = (2 * math.pi * (corner + 0.5) / RING_CORNERS for corner in range(RING_CORNERS))
    return tuple((math.cos(angle), math.sin(angle)) for angle in angles)
