"""A window of the store's day, minute by minute, on the days when the clock jumps too."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.promotions.conditions import Window, is_in_windows

ZONES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    "America/Santiago": (date(2026, 9, 6), date(2026, 4, 5)),  # jumps at midnight
    "America/St_Johns": (date(2006, 10, 28), date(2006, 10, 29)),  # 00:01 became 23:01
    "Asia/Shanghai": (date(2026, 3, 29), date(2026, 10, 25)),
    "Pacific/Apia": (date(2011, 12, 30), date(2011, 12, 31)),  # skipped a date
}
DAYS = [(zone, day) for zone, days in ZONES.items() for day in days]
ONE_MINUTE = timedelta(minutes=1)


@functools.cache
def walls(zone: ZoneInfo, day: date) -> list[tuple[datetime, datetime]]:
    """For every minute of nine days around a day, the instant and what the wall clock shows."""
    start = datetime.combine(day, datetime.min.time(), UTC) - timedelta(days=4)
    instants = [start + minute * ONE_MINUTE for minute in range(9 * 24 * 60)]
    return [(at, at.astimezone(zone).replace(tzinfo=None)) for at in instants]


def first_reaching(shown: list[tuple[datetime, datetime]], wanted: datetime) -> datetime:
    return next(at for at, wall in shown if wall >= wanted)


@pytest.mark.parametrize(("zone_name", "day"), DAYS)
@settings(max_examples=25, deadline=None)
@given(start=st.integers(0, 1439), length=st.integers(1, 1440), weekday=st.integers(0, 6))
def test_a_window_lasts_from_the_first_showing_of_its_start_to_that_of_its_end(
    zone_name: str, day: date, start: int, length: int, weekday: int
) -> None:
    zone = ZoneInfo(zone_name)
    window = Window(frozenset({weekday}), start, start + length)
    shown = walls(zone, day)
    spans = []
    for step in (-2, -1, 0, 1, 2):
        began = day + timedelta(days=step)
        if began.weekday() == weekday:
            midnight = datetime.combine(began, datetime.min.time())
            spans.append(
                (
                    first_reaching(shown, midnight + start * ONE_MINUTE),
                    first_reaching(shown, midnight + (start + length) * ONE_MINUTE),
                )
            )
    asked = [at for at, wall in shown if wall.date() == day][::7]
    edges = [edge for span in spans for edge in span]
    asked += [
        edge + shift * ONE_MINUTE
        for edge in edges
        for shift in (-1, 0, 1)
        if (edge + shift * ONE_MINUTE).astimezone(zone).date() == day
    ]
    for at in asked:
        assert is_in_windows((window,), at, zone) == any(
            began <= at < ended for began, ended in spans
        )
