"""Remembered answers about opening hours are those that would be worked out anew."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.stores.domain.hours import OpeningHours, Period, openness, zone_of
from services.stores.domain.schedule import SCHEDULES_MAX, Schedule, Schedules

BORN = datetime(2026, 3, 27, tzinfo=UTC)
"""A Friday; the clocks of Berlin go forward on the Sunday, those of Lord Howe back a week later."""

zones = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "UTC"])


@st.composite
def periods(draw: st.DrawFn) -> tuple[Period, ...]:
    edges = sorted(draw(st.lists(st.integers(0, 1440), unique=True, max_size=6)))
    return tuple(
        Period(opens, closes) for opens, closes in list(pairwise(edges))[::2] if opens < 1440
    )


hours = st.builds(
    OpeningHours,
    weekly=st.dictionaries(st.integers(0, 6), periods() | st.just((Period(0, 1440),))),
    exceptions=st.dictionaries(
        st.dates(BORN.date(), (BORN + timedelta(days=9)).date()), periods(), max_size=3
    ),
)


@given(hours, zones, st.lists(st.integers(0, 15 * 24 * 60), min_size=2, max_size=40))
def test_what_is_remembered_is_what_would_be_worked_out(
    hours: OpeningHours, zone: str, minutes: list[int]
) -> None:
    schedule = Schedule(hours, zone)
    for minute in sorted(minutes):
        at = BORN + timedelta(minutes=minute)
        assert schedule.openness(at) == openness(hours, zone_of(zone), at)


def test_time_that_goes_back_is_answered_for_what_it_is() -> None:
    hours = OpeningHours({4: (Period(60, 120),)}, {})
    schedule = Schedule(hours, "UTC")
    assert schedule.openness(BORN + timedelta(minutes=90)).is_open
    assert not schedule.openness(BORN + timedelta(minutes=30)).is_open


def test_stores_with_the_same_hours_share_a_schedule() -> None:
    schedules = Schedules()
    first = schedules.of(OpeningHours({4: (Period(60, 120),)}, {}), "UTC")
    assert schedules.of(OpeningHours({4: [Period(60, 120)]}, {}), "UTC") is first
    assert schedules.of(OpeningHours({4: (Period(60, 120),)}, {}), "Asia/Shanghai") is not first
    assert schedules.of(OpeningHours({5: (Period(60, 120),)}, {}), "UTC") is not first


def test_no_more_schedules_are_remembered_than_was_said() -> None:
    schedules = Schedules()
    for minutes in range(SCHEDULES_MAX + 10):
        day = {minutes % 7: (Period(minutes % 1000, minutes % 1000 + minutes // 1000 + 1),)}
        schedules.of(OpeningHours(day, {}), "UTC")
    assert len(schedules._by_hours) == SCHEDULES_MAX
