"""Distances: known ones, and how far the sphere is from the ellipsoid."""

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.geo import (
    DISTANCE_METRES_MAX,
    SPHERE_ERROR,
    Position,
    PositionInvalid,
    geodesic_millimetres,
    sphere_metres,
)

positions = st.builds(
    Position,
    latitude_e7=st.integers(-900_000_000, 900_000_000),
    longitude_e7=st.integers(-1_800_000_000, 1_799_999_999),
)


def place(latitude: float, longitude: float) -> Position:
    return Position.of(latitude_degrees=latitude, longitude_degrees=longitude)


@pytest.mark.parametrize(
    ("start", "end", "metres"),
    [
        # A degree of the equator, 2πa/360, and the meridian's quadrant of WGS 84.
        (place(0, 0), place(0, 1), 111_319.491),
        (place(0, 0), place(90, 0), 10_001_965.729),
        (place(0, 179.5), place(0, -179.5), 111_319.491),
        (place(31.2, 121.4), place(31.2, 121.4), 0),
    ],
)
def test_known_distances_are_measured_to_the_millimetre(
    start: Position, end: Position, metres: float
) -> None:
    assert geodesic_millimetres(start, end) == round(metres * 1000)


@given(positions, positions)
def test_distances_are_those_of_another_implementation(start: Position, end: Position) -> None:
    oracle: float = geodesic(
        (start.latitude_degrees, start.longitude_degrees),
        (end.latitude_degrees, end.longitude_degrees),
    ).m
    assert abs(geodesic_millimetres(start, end) - 1000 * oracle) <= 0.501


@given(positions, positions)
def test_the_sphere_is_as_far_from_the_ellipsoid_as_is_said_and_no_farther(
    start: Position, end: Position
) -> None:
    measured = geodesic_millimetres(start, end) / 1000
    near = sphere_metres(start, end)
    assert near * (1 - SPHERE_ERROR) - 0.01 <= measured <= near * (1 + SPHERE_ERROR) + 0.01
    assert measured <= DISTANCE_METRES_MAX
    assert geodesic_millimetres(end, start) == pytest.approx(measured * 1000, abs=1)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(90.1, 0), (-91, 0), (0, 180.1), (float("nan"), 0), (0, float("nan")), (float("inf"), 0)],
)
def test_a_point_off_the_earth_is_refused(latitude: float, longitude: float) -> None:
    with pytest.raises(PositionInvalid):
        place(latitude, longitude)


def test_the_meridian_at_180_degrees_has_one_name() -> None:
    assert place(10, 180) == place(10, -180)
