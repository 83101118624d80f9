"""Who is near among many points: against all distances computed and sorted."""

from __future__ import annotations

import itertools
import random

import pytest

from chassis.kernel import nearest
from chassis.kernel.geo import Position, sphere_metres
from chassis.kernel.nearest import CELL_POINTS, GROUP_POINTS, Points

ROUNDING_METRES = 1e-6
"""One distance and many at once are not computed by the same instructions."""

SLACK_METRES = 0.2
"""The antipode's distance is the one that double precision knows the least."""


def somewhere(draw: random.Random, spread: str) -> Position:
    match spread:
        case "one point":
            return Position(312_000_000, 1_214_000_000)
        case "city":
            return Position(
                312_000_000 + draw.randint(-1_000_000, 1_000_000),
                1_214_000_000 + draw.randint(-1_000_000, 1_000_000),
            )
        case "antimeridian":
            turned = 1_800_000_000 + draw.randint(-9_000_000, 9_000_000)
            return Position(
                draw.randint(-9_000_000, 9_000_000),
                turned - 3_600_000_000 if turned >= 1_800_000_000 else turned,
            )
        case "pole":
            return Position(
                draw.randint(899_000_000, 900_000_000),
                draw.randint(-1_800_000_000, 1_799_999_999),
            )
        case _:
            return Position(
                draw.randint(-900_000_000, 900_000_000),
                draw.randint(-1_800_000_000, 1_799_999_999),
            )


def everything(points: Points, here: Position) -> list[tuple[float, int]]:
    """All points as they come, each checked against what was said before about the rest."""
    found: list[tuple[float, int]] = []
    beyond = 0.0
    for nearby in points.nearest(here):
        batch = list(zip(nearby.metres.tolist(), nearby.rows.tolist(), strict=True))
        assert batch == sorted(batch, key=lambda each: each[0])
        assert all(
            beyond - ROUNDING_METRES <= metres <= nearby.beyond_metres + ROUNDING_METRES
            for metres, _ in batch
        )
        beyond = nearby.beyond_metres
        found += batch
    assert beyond == float("inf")
    return found


@pytest.mark.parametrize("count", [0, 1, GROUP_POINTS, 5 * GROUP_POINTS + 3])
@pytest.mark.parametrize("spread", ["one point", "city", "antimeridian", "pole", "earth"])
def test_all_points_come_once_the_nearest_first(spread: str, count: int) -> None:
    draw = random.Random(f"{spread} {count}")
    points = Points()
    places = [somewhere(draw, spread) for _ in range(count)]
    for row, place in enumerate(places):
        assert points.add(place) == row
    for here in [*(somewhere(draw, spread) for _ in range(5)), somewhere(draw, "earth")]:
        found = everything(points, here)
        assert sorted(row for _, row in found) == list(range(count))
        for metres, row in found:
            assert metres == pytest.approx(sphere_metres(here, places[row]), abs=SLACK_METRES)


def test_points_that_come_and_move_are_found_where_they_are() -> None:
    draw = random.Random(11)
    points = Points()
    places: list[Position] = []
    for step in range(4_000):
        place = somewhere(draw, "city")
        if places and draw.random() < 0.4:
            row = draw.randrange(len(places))
            points.move(row, place)
            places[row] = place
        else:
            places.insert(points.add(place), place)
        if step % 97 == 0:
            here = somewhere(draw, "city")
            nearest = sorted((sphere_metres(here, place), row) for row, place in enumerate(places))
            found = everything(points, here)
            assert [row for _, row in found] == [row for _, row in nearest]


def test_few_points_are_looked_at_for_the_nearest() -> None:
    draw = random.Random(5)
    points = Points()
    for _ in range(50_000):
        points.add(somewhere(draw, "earth"))
    for _ in range(20):
        batches = points.nearest(somewhere(draw, "earth"))
        looked_at = 0
        for nearby in itertools.islice(batches, 3):
            looked_at += len(nearby.rows)
        assert 10 <= looked_at <= 30 * GROUP_POINTS


@pytest.mark.parametrize("count", [CELL_POINTS, CELL_POINTS + 1, 3_000])
@pytest.mark.parametrize("spread", ["one point", "city", "antimeridian", "pole", "earth"])
def test_who_asks_beside_one_another_finds_what_is_nearest_to_each(spread: str, count: int) -> None:
    draw = random.Random(f"{spread} {count}")
    points = Points()
    places = [somewhere(draw, spread) for _ in range(count)]
    for place in places:
        points.add(place)
    first = somewhere(draw, spread)
    for step in (0, 1, 7, 4_999, 99_999, 500_000):
        latitude_e7 = min(900_000_000, first.latitude_e7 + step)
        here = Position(latitude_e7, first.longitude_e7)
        found = everything(points, here)
        assert sorted(row for _, row in found) == list(range(count))
        truth = sorted(sphere_metres(here, place) for place in places)
        assert [metres for metres, _ in found] == pytest.approx(truth, abs=SLACK_METRES)


def test_cells_that_are_kept_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "CELLS_MAX", 20)
    draw = random.Random(3)
    points = Points()
    for _ in range(2_000):
        points.add(somewhere(draw, "earth"))
    for _ in range(100):
        next(points.nearest(somewhere(draw, "earth")))
    assert 0 < len(points._cells) <= 20
