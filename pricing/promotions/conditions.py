"""When, where and for whom a promotion is."""

from __future__ import annotations

import enum
import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.kernel.civil_time import instant, wall_clock
from chassis.kernel.geo import (
    DISTANCE_METRES_MAX,
    E7_PER_DEGREE,
    MEAN_RADIUS_METRES,
    SPHERE_ERROR,
    WHOLE_TURN_E7,
    Position,
    geodesic_millimetres,
    sphere_metres,
)
from chassis.kernel.polygon import Polygon, Ring
from pricing.promotions.goods import require

MINUTES_PER_DAY = 24 * 60
DAYS_PER_WEEK = 7
WINDOWS_MAX = 21
AUDIENCE_NAMED_MAX = 10_000

MARGIN_METRES_MAX = 50_000
"""Around a polygon; farther out, edges on the plane and ways over the earth part too much."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_METRES_PER_E7 = math.radians(1 / E7_PER_DEGREE) * MEAN_RADIUS_METRES
_POLE_METRES = 90 * E7_PER_DEGREE * _METRES_PER_E7


def microseconds(at: datetime) -> int:
    """An instant as whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class Window:
    """A span of the store's day on some days of the week, 0 is Monday.

    From and to in minutes of the wall clock after the midnight of its day; one that ends after
    1,440 goes on into the next day. The end is not part of it.
    """

    days: frozenset[int]
    from_minutes: int
    to_minutes: int

    def __post_init__(self) -> None:
        require(
            bool(self.days) and self.days <= frozenset(range(DAYS_PER_WEEK)),
            "windows.days",
            "must be days of the week, 0 to 6",
        )
        require(
            0 <= self.from_minutes < MINUTES_PER_DAY, "windows.from_minutes", "must be in the day"
        )
        require(
            0 < self.to_minutes - self.from_minutes <= MINUTES_PER_DAY,
            "windows.to_minutes",
            "must be after the start, by a day at most",
        )

    def has(self, at_microseconds: int, zone: ZoneInfo, today: date) -> bool:
        """Whether an instant, which the zone's wall clock shows on `today`, lies in it."""
        return any(
            start <= at_microseconds < end
            for start, end in _spans(self, zone, today)
            if start < end
        )


@functools.lru_cache(maxsize=4096)
def _spans(window: Window, zone: ZoneInfo, today: date) -> tuple[tuple[int, int], ...]:
    """The instants of the windows that may matter on a date, in microseconds.

    A zone may skip a whole date, so a window of the day before yesterday may still be open; and it
    may go back over midnight, so that one of tomorrow has begun.
    """
    return tuple(
        (
            microseconds(instant(day, window.from_minutes, zone)),
            microseconds(instant(day, window.to_minutes, zone)),
        )
        for day in _days_around(today)
        if day.weekday() in window.days
    )


def _days_around(today: date) -> Iterator[date]:
    for step in (-2, -1, 0, 1):
        try:
            yield today + timedelta(days=step)
        except OverflowError:
            continue


@dataclass(frozen=True, slots=True)
class Validity:
    """From an instant on, before another; and within one of the windows, if there are any."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    windows: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        for at, field in ((self.starts_at, "starts_at"), (self.ends_at, "ends_at")):
            require(at is None or at.tzinfo is not None, field, "must have a time zone")
        if self.starts_at is not None and self.ends_at is not None:
            require(self.starts_at < self.ends_at, "ends_at", "must be after the start")
        require(len(self.windows) <= WINDOWS_MAX, "windows", f"must be at most {WINDOWS_MAX}")


ALWAYS = Validity()


def is_in_windows(windows: tuple[Window, ...], at: datetime, zone: ZoneInfo) -> bool:
    """Whether an instant lies in one of the windows, on the wall clock of a zone."""
    today = wall_clock(at, zone).date()
    then = microseconds(at)
    return any(window.has(then, zone, today) for window in windows)


class Whose(enum.StrEnum):
    """Whose position an area is about."""

    STORE = "store"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Box:
    """Bounds of an area; `east` may lie up to a turn beyond the antimeridian, never before west."""

    south: int
    north: int
    west: int
    east: int


@dataclass(frozen=True, slots=True)
class Circle:
    """Within so many metres of a point, over the ellipsoid; the edge belongs to it."""

    centre: Position
    radius_metres: int

    def __post_init__(self) -> None:
        require(
            1 <= self.radius_metres <= DISTANCE_METRES_MAX,
            "radius_metres",
            f"must be 1 to {DISTANCE_METRES_MAX}",
        )

    def has(self, position: Position) -> bool:
        """Whether a position is in it. The sphere decides what it can, being quicker."""
        metres = sphere_metres(self.centre, position)
        if metres * (1 + 2 * SPHERE_ERROR) < self.radius_metres:
            return True
        if metres * (1 - 2 * SPHERE_ERROR) > self.radius_metres:
            return False
        return geodesic_millimetres(self.centre, position) <= 1000 * self.radius_metres

    def box(self) -> Box:
        """Bounds that it lies in."""
        point = self.centre
        return _widened(
            Box(point.latitude_e7, point.latitude_e7, point.longitude_e7, point.longitude_e7),
            self.radius_metres * (1 + 2 * SPHERE_ERROR),
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """In a polygon or on its edge, or within so many metres of an edge.

    The distance to an edge is that on the plane of longitude and latitude, stretched as at the
    position: x by the cosine of its latitude, a degree of the mean sphere.
    """

    polygon: Polygon
    margin_metres: int = 0

    def __post_init__(self) -> None:
        require(
            0 <= self.margin_metres <= MARGIN_METRES_MAX,
            "margin_metres",
            f"must be 0 to {MARGIN_METRES_MAX}",
        )

    def has(self, position: Position) -> bool:
        """Whether a position is in it."""
        if self.polygon.contains(position):
            return True
        if self.margin_metres == 0:
            return False
        rings = (self.polygon.outer, *self.polygon.holes)
        return any(_metres_to(ring, position) <= self.margin_metres for ring in rings)

    def box(self) -> Box:
        """Bounds that it lies in."""
        outer = self.polygon.outer
        return _widened(
            Box(outer.south, outer.north, outer.west, outer.east), 2.0 * self.margin_metres
        )


@dataclass(frozen=True, slots=True)
class Area:
    """A place that the store or the customer must be in."""

    whose: Whose
    shape: Circle | Surroundings


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom: each of these that is not empty has to fit; of several values one is enough.

    With `needs_coupon` it is for those only who present one that unlocks it.
    """

    stores: frozenset[str] = frozenset()
    area: Area | None = None
    channels: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    is_for_first_order: bool = False
    needs_coupon: bool = False

    def __post_init__(self) -> None:
        for names, field in (
            (self.stores, "stores"),
            (self.channels, "channels"),
            (self.groups, "groups"),
        ):
            require("" not in names, field, "must not be empty")
            require(
                len(names) <= AUDIENCE_NAMED_MAX, field, f"must be at most {AUDIENCE_NAMED_MAX}"
            )


EVERYBODY = Audience()


def _widened(box: Box, metres: float) -> Box:
    """Bounds of all that is within so many metres of these bounds, and some more."""
    by_latitude = math.ceil(metres / _METRES_PER_E7)
    south, north = box.south - by_latitude, box.north + by_latitude
    farthest = max(abs(south), abs(north)) / E7_PER_DEGREE
    # Near a pole, and for very wide circles, all longitudes may be meant.
    if farthest >= 89 or metres > _POLE_METRES / 2:
        return Box(
            max(south, -90 * E7_PER_DEGREE), min(north, 90 * E7_PER_DEGREE), 0, WHOLE_TURN_E7
        )
    by_longitude = math.ceil(by_latitude / math.cos(math.radians(farthest)))
    return Box(south, north, box.west - by_longitude, box.east + by_longitude)


def _metres_to(ring: Ring, position: Position) -> float:
    """The least distance to a ring's edges on the plane that is stretched as at the position."""
    stretch = math.cos(math.radians(position.latitude_degrees))
    corners = [
        (
            (longitude - position.longitude_e7) * stretch * _METRES_PER_E7,
            (latitude - position.latitude_e7) * _METRES_PER_E7,
        )
        for longitude, latitude in zip(ring.longitudes, ring.latitudes, strict=True)
    ]
    turn = WHOLE_TURN_E7 * stretch * _METRES_PER_E7
    return min(
        _metres_from_origin(x + shift, y, next_x + shift, next_y)
        for shift in (-turn, 0.0, turn)
        for (x, y), (next_x, next_y) in zip(corners, [*corners[1:], corners[0]], strict=True)
    )


def _metres_from_origin(x: float, y: float, next_x: float, next_y: float) -> float:
    step_x, step_y = next_x - x, next_y - y
    length_squared = step_x * step_x + step_y * step_y
    along = -(x * step_x + y * step_y) / length_squared if length_squared else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(x + along * step_x, y + along * step_y)
