"""Points on the earth, and how far apart they are. The only place that knows pyproj.

Degrees are kept as whole ten-millionths, 11 mm at the equator, so that equality, storage and the
side of a line that a point lies on are exact.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from pyproj.geod import Geod

from chassis.kernel.errors import InvalidInput

E7_PER_DEGREE = 10_000_000
LATITUDE_E7_MAX = 90 * E7_PER_DEGREE
LONGITUDE_E7_MAX = 180 * E7_PER_DEGREE
WHOLE_TURN_E7 = 2 * LONGITUDE_E7_MAX

MEAN_RADIUS_METRES = 6_371_008.8
"""The mean radius of the WGS 84 ellipsoid, (2a + b) / 3."""

DISTANCE_METRES_MAX = 20_100_000
"""No two points on the earth are farther apart."""

SPHERE_ERROR = 0.006
"""How far, as a share of it, the distance on the sphere may be from that on the ellipsoid.

The ellipsoid's radii of curvature lie between b²/a, 6,335,439 m, and a²/b, 6,399,594 m: 0.56
percent below and 0.45 percent above the mean radius.
"""

_ELLIPSOID = Geod(ellps="WGS84")


class PositionInvalid(InvalidInput):
    """Latitude or longitude are not on the earth, or not where a position may be."""

    reason = "POSITION_INVALID"
    message = "the position is not possible here"


@dataclass(frozen=True, slots=True)
class Position:
    """A point on the WGS 84 ellipsoid, in ten-millionths of a degree."""

    latitude_e7: int
    longitude_e7: int

    @classmethod
    def of(
        cls, *, latitude_degrees: float, longitude_degrees: float, at: str = "position"
    ) -> Position:
        """The point at these degrees, to seven decimals; PositionInvalid, naming the field `at`.

        The meridian at 180 degrees has one name: -180.
        """
        # Written so that a NaN, which compares as false, is refused.
        if not (-90 <= latitude_degrees <= 90 and -180 <= longitude_degrees <= 180):
            raise PositionInvalid.at(at, "must be a latitude and a longitude in degrees")
        longitude_e7 = round(longitude_degrees * E7_PER_DEGREE)
        return cls(
            latitude_e7=round(latitude_degrees * E7_PER_DEGREE),
            longitude_e7=-longitude_e7 if longitude_e7 == LONGITUDE_E7_MAX else longitude_e7,
        )

    @property
    def latitude_degrees(self) -> float:
        """Degrees north of the equator."""
        return self.latitude_e7 / E7_PER_DEGREE

    @property
    def longitude_degrees(self) -> float:
        """Degrees east of Greenwich."""
        return self.longitude_e7 / E7_PER_DEGREE


def geodesic_millimetres(start: Position, end: Position) -> int:
    """The length of the shortest way over the ellipsoid (Karney 2013)."""
    metres: float = _ELLIPSOID.inv(
        start.longitude_degrees, start.latitude_degrees, end.longitude_degrees, end.latitude_degrees
    )[2]
    return round(1000 * metres)


def geodesics_millimetres(
    start: Position, latitudes_e7: Sequence[int], longitudes_e7: Sequence[int]
) -> list[int]:
    """The lengths of the shortest ways from a point to each of many; see geodesic_millimetres."""
    count = len(latitudes_e7)
    # In arrays that the distances may be written to, since each copy costs as much as a distance.
    metres: array[float] = _ELLIPSOID.inv(
        array("d", [start.longitude_degrees]) * count,
        array("d", [start.latitude_degrees]) * count,
        array("d", [each / E7_PER_DEGREE for each in longitudes_e7]),
        array("d", [each / E7_PER_DEGREE for each in latitudes_e7]),
        inplace=True,
    )[2]
    return [round(1000 * each) for each in metres]


def sphere_metres(start: Position, end: Position) -> float:
    """The length of the shortest way over a sphere of the mean radius, by the haversine formula.

    Within SPHERE_ERROR of the length over the ellipsoid.
    """
    latitude_start = math.radians(start.latitude_degrees)
    latitude_end = math.radians(end.latitude_degrees)
    longitude_step = math.radians(end.longitude_degrees - start.longitude_degrees)
    half_chord_squared = (
        math.sin((latitude_end - latitude_start) / 2) ** 2
        + math.cos(latitude_start) * math.cos(latitude_end) * math.sin(longitude_step / 2) ** 2
    )
    return 2 * MEAN_RADIUS_METRES * math.asin(math.sqrt(min(1.0, half_chord_squared)))
