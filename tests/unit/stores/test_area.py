"""Delivery areas: edges, holes and the antimeridian, against shapely as the oracle."""

import json
import math
from typing import Any

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.kernel.errors import HutongError
from chassis.kernel.geo import Position
from chassis.kernel.polygon import NO_CORE
from services.stores.domain.area import AREA_POSITIONS_MAX, NOWHERE, area_of

grid = st.tuples(st.integers(-6, 6), st.integers(-6, 6))
"""Few values, so that points often lie on edges and vertices."""


def polygon(*rings: list[tuple[float, float]]) -> str:
    closed = [[*ring, ring[0]] for ring in rings]
    return json.dumps({"type": "Polygon", "coordinates": closed})


def place(longitude: float, latitude: float) -> Position:
    return Position.of(latitude_degrees=latitude, longitude_degrees=longitude)


def wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


@st.composite
def stars(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Rings that don't cross themselves: vertices by their angle around the middle."""
    points = draw(st.lists(grid.filter(any), min_size=3, max_size=10, unique=True))
    by_angle = {math.atan2(y, x): (float(x), float(y)) for x, y in points}
    ring = [by_angle[angle] for angle in sorted(by_angle)]
    assume(len(ring) >= 3)
    assume(shapely.Polygon(ring).is_valid)
    return ring


@given(stars(), grid)
def test_a_point_is_in_an_area_where_shapely_says_so_edges_included(
    ring: list[tuple[float, float]], point: tuple[int, int]
) -> None:
    expected = shapely.Polygon(ring).covers(shapely.Point(point))
    assert area_of(polygon(ring)).contains(place(*point)) == expected
    assert area_of(polygon(ring[::-1])).contains(place(*point)) == expected


@given(stars(), grid)
def test_a_hole_takes_its_inside_out_and_leaves_its_edge(
    ring: list[tuple[float, float]], point: tuple[int, int]
) -> None:
    frame = [(-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)]
    expected = shapely.Polygon(frame, [ring]).covers(shapely.Point(point))
    assert area_of(polygon(frame, ring)).contains(place(*point)) == expected


@given(stars(), grid, st.sampled_from([-180, -179, -177, 175, 177, 180]))
def test_an_area_across_the_antimeridian_is_the_area_moved_there(
    ring: list[tuple[float, float]], point: tuple[int, int], east: int
) -> None:
    moved = [(wrapped(x + east), y) for x, y in ring]
    expected = area_of(polygon(ring)).contains(place(*point))
    assert area_of(polygon(moved)).contains(place(wrapped(point[0] + east), point[1])) == expected


@given(stars(), st.data())
def test_a_point_on_an_edge_is_inside_whatever_way_the_ring_is_written(
    ring: list[tuple[float, float]], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(ring) - 1))
    (x, y), (next_x, next_y) = ring[start], ring[(start + 1) % len(ring)]
    middle = place((x + next_x) / 2, (y + next_y) / 2)
    turned = ring[start:] + ring[:start]
    for written in (ring, turned, turned[::-1]):
        assert area_of(polygon(written)).contains(middle)


@given(
    st.lists(
        st.tuples(st.floats(120, 122, width=32), st.floats(30, 32, width=32)),
        min_size=3,
        max_size=8,
    ),
    st.floats(120, 122),
    st.floats(30, 32),
)
def test_any_valid_polygon_agrees_with_shapely_away_from_its_edges(
    ring: list[tuple[float, float]], longitude: float, latitude: float
) -> None:
    oracle = shapely.Polygon(ring)
    assume(oracle.is_valid and oracle.area > 1e-6)
    point = shapely.Point(longitude, latitude)
    assume(oracle.boundary.distance(point) > 1e-6)
    got = area_of(polygon(ring)).contains(place(longitude, latitude))
    assert got == oracle.contains(point)


@given(stars(), stars(), st.floats(-7, 7), st.floats(-7, 7))
def test_a_core_says_what_the_edges_say(
    ring: list[tuple[float, float]],
    hole: list[tuple[float, float]],
    longitude: float,
    latitude: float,
) -> None:
    frame = [(-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)]
    for rings in ([ring], [frame, hole]):
        (whole,) = area_of(polygon(*rings)).polygons
        corners = [place(x / 1e7, y / 1e7) for x in whole.core[:2] for y in whole.core[2:]]
        for point in [place(longitude, latitude), *(corners if whole.core != NO_CORE else ())]:
            x, y = point.longitude_e7, point.latitude_e7
            by_edges = whole.outer.side_of(x, y) >= 0 and all(
                each.side_of(x, y) <= 0 for each in whole.holes
            )
            assert whole.contains(point) == by_edges


@given(stars())
def test_an_area_s_own_geojson_describes_the_same_area(ring: list[tuple[float, float]]) -> None:
    area = area_of(polygon(ring))
    assert area_of(area.geojson) == area


def test_several_polygons_are_served_each() -> None:
    west = [[179.0, 0.0], [180.0, 0.0], [180.0, 1.0], [179.0, 1.0], [179.0, 0.0]]
    east = [[-180.0, 0.0], [-179.0, 0.0], [-179.0, 1.0], [-180.0, 1.0], [-180.0, 0.0]]
    area = area_of(json.dumps({"type": "MultiPolygon", "coordinates": [[west], [east]]}))
    assert all(area.contains(place(x, 0.5)) for x in (179.0, 179.5, 180.0, -180.0, -179.5, -179.0))
    assert not any(area.contains(place(x, 0.5)) for x in (178.9, -178.9, 0.0))


def test_no_area_contains_nothing() -> None:
    assert area_of("") is NOWHERE
    assert not NOWHERE.contains(place(0, 0))


SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        [],
        7,
        {"type": "Polygon"},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [SQUARE], "crs": {}},
        {"type": "Polygon", "coordinates": [SQUARE[:-1]]},
        {"type": "Polygon", "coordinates": [SQUARE[:2] + SQUARE[:1]]},
        {"type": "Polygon", "coordinates": [[[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]]]},
        {"type": "Polygon", "coordinates": [[[0], [1], [2], [0]]]},
        {"type": "Polygon", "coordinates": [[["0", 0], [1, 0], [1, 1], ["0", 0]]]},
        {"type": "Polygon", "coordinates": [[[True, 0], [1, 0], [1, 1], [True, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 91], [1, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [181, 0], [1, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [180, 0], [90, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 80], [120, 80], [-120, 80], [0, 80]]]},
        {"type": "Polygon", "coordinates": [[[0, 0]] * (AREA_POSITIONS_MAX + 1)]},
    ],
)
def test_what_is_no_polygon_is_refused(geometry: Any) -> None:
    with pytest.raises(HutongError) as caught:
        area_of(json.dumps(geometry), at="store.delivery_area")
    assert caught.value.reason == "DELIVERY_AREA_INVALID"
    assert caught.value.violations[0][0] == "store.delivery_area"


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[" * 30_000,
        '{"type":"Polygon","coordinates":' + "[" * 500 + "]" * 500 + "}",
        '{"type":"Polygon","coordinates":[[[NaN,0],[1,0],[1,1],[NaN,0]]]}',
        '{"type":"Polygon","coordinates":[[[1e400,0],[1,0],[1,1],[1e400,0]]]}',
        '{"type":"Polygon","coordinates":[[[' + "9" * 5000 + ",0],[1,0],[1,1],[0,0]]]}",
        '{"type":"Polygon","type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}',
        '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}' + " " * 65_536,
    ],
)
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(HutongError) as caught:
        area_of(text)
    assert caught.value.reason == "DELIVERY_AREA_INVALID"
