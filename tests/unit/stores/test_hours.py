"""Opening hours: what the wall clock says, on the days when it jumps too."""

import functools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.kernel.civil_time import instant
from chassis.kernel.errors import HutongError
from services.stores.domain.hours import (
    ALWAYS_CLOSED,
    OpeningHours,
    Openness,
    Period,
    checked_hours,
    openness,
    zone_of,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SHANGHAI = ZoneInfo("Asia/Shanghai")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Its summer time is half an hour."""
APIA = ZoneInfo("Pacific/Apia")
"""It skipped 30 December 2011."""

ZONES = [BERLIN, NEW_YORK, SHANGHAI, LORD_HOWE]
JUMPS = [
    date(2026, 3, 29),  # Berlin forward
    date(2026, 10, 25),  # Berlin back
    date(2026, 3, 8),  # New York forward
    date(2026, 11, 1),  # New York back
    date(2026, 10, 4),  # Lord Howe forward
    date(2026, 4, 5),  # Lord Howe back
]


def daily(*periods: tuple[int, int]) -> OpeningHours:
    return OpeningHours({day: tuple(Period(*p) for p in periods) for day in range(7)}, {})


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@functools.cache
def first_showing(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock shows the time or later, minute by minute."""
    shown = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    at = shown.replace(tzinfo=UTC) - timedelta(hours=12)
    while at.astimezone(zone).replace(tzinfo=None) < shown:
        at += timedelta(minutes=1)
    return at


def is_open_by_scan(hours: OpeningHours, zone: ZoneInfo, at: datetime) -> date | None:
    """The business date of the first period that the instant is in, by the plain rule."""
    today = at.astimezone(zone).date()
    for step in (-2, -1, 0, 1):
        day = today + timedelta(days=step)
        for period in hours.periods_of(day):
            if (
                first_showing(day, period.open_minutes, zone)
                <= at
                < first_showing(day, period.close_minutes, zone)
            ):
                return day
    return None


@given(st.sampled_from(ZONES), st.sampled_from(JUMPS), st.integers(-1440, 2880))
def test_a_civil_time_is_the_first_instant_that_shows_it_or_has_passed_it(
    zone: ZoneInfo, day: date, minutes: int
) -> None:
    assert instant(day, minutes, zone) == first_showing(day, minutes, zone)


@given(st.sampled_from(ZONES), st.sampled_from(JUMPS), st.data())
def test_later_on_the_wall_clock_is_never_earlier_in_time(
    zone: ZoneInfo, day: date, data: st.DataObject
) -> None:
    first, second = sorted(data.draw(st.tuples(st.integers(0, 2880), st.integers(0, 2880))))
    assert instant(day, first, zone) <= instant(day, second, zone)


def test_times_of_a_skipped_date_are_the_moment_of_the_skip() -> None:
    skip = utc(2011, 12, 30, 10)
    for minutes in (0, 1, 720, 1439, 1440):
        assert instant(date(2011, 12, 30), minutes, APIA) == skip


periods = st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), max_size=2).map(
    lambda pairs: tuple(sorted(Period(a, a + length) for a, length in pairs))
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(JUMPS),
    st.integers(-2880, 2880),
    st.dictionaries(st.integers(0, 6), periods),
    st.dictionaries(st.integers(-2, 2), periods),
)
def test_open_or_closed_is_what_a_scan_of_the_wall_clock_says(
    zone: ZoneInfo,
    day: date,
    minutes: int,
    weekly: dict[int, tuple[Period, ...]],
    differing: dict[int, tuple[Period, ...]],
) -> None:
    hours = OpeningHours(
        weekly, {day + timedelta(days=step): each for step, each in differing.items()}
    )
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(minutes=minutes)
    got = openness(hours, zone, at)
    business_date = is_open_by_scan(hours, zone, at)
    assert got.is_open == (business_date is not None)
    assert got.business_date == (business_date or at.astimezone(zone).date())
    if got.open_until is not None:
        last = got.open_until - timedelta(microseconds=1)
        assert is_open_by_scan(hours, zone, last) is not None
        assert is_open_by_scan(hours, zone, got.open_until) is None
    if got.opens_at is not None:
        assert got.opens_at > at
        assert is_open_by_scan(hours, zone, got.opens_at) is not None
        before = got.opens_at - timedelta(microseconds=1)
        assert is_open_by_scan(hours, zone, before) is None


@pytest.mark.parametrize(
    ("zone", "day", "opens", "closes"),
    [
        (BERLIN, date(2026, 3, 28), utc(2026, 3, 28, 8), utc(2026, 3, 28, 21)),
        (BERLIN, date(2026, 3, 29), utc(2026, 3, 29, 7), utc(2026, 3, 29, 20)),
        (BERLIN, date(2026, 10, 24), utc(2026, 10, 24, 7), utc(2026, 10, 24, 20)),
        (BERLIN, date(2026, 10, 25), utc(2026, 10, 25, 8), utc(2026, 10, 25, 21)),
        (NEW_YORK, date(2026, 3, 7), utc(2026, 3, 7, 14), utc(2026, 3, 8, 3)),
        (NEW_YORK, date(2026, 3, 8), utc(2026, 3, 8, 13), utc(2026, 3, 9, 2)),
        (NEW_YORK, date(2026, 11, 1), utc(2026, 11, 1, 14), utc(2026, 11, 2, 3)),
        (SHANGHAI, date(2026, 3, 29), utc(2026, 3, 29, 1), utc(2026, 3, 29, 14)),
    ],
)
def test_nine_to_ten_is_nine_to_ten_on_the_day_the_clock_changes(
    zone: ZoneInfo, day: date, opens: datetime, closes: datetime
) -> None:
    hours = daily((540, 1320))
    tick = timedelta(microseconds=1)
    assert openness(hours, zone, opens - tick).opens_at == opens
    assert openness(hours, zone, opens) == Openness(
        is_open=True, open_until=closes, opens_at=None, business_date=day
    )
    assert openness(hours, zone, closes - tick).is_open
    assert not openness(hours, zone, closes).is_open


def test_a_night_shop_in_berlin_loses_an_hour_in_march_and_gains_one_in_october() -> None:
    hours = daily((1320, 1680))
    lengths = []
    for day in (date(2026, 3, 27), date(2026, 3, 28), date(2026, 10, 24)):
        opens = instant(day, 1320, BERLIN)
        until = openness(hours, BERLIN, opens).open_until
        assert until is not None
        lengths.append(until - opens)
    assert lengths == [timedelta(hours=6), timedelta(hours=5), timedelta(hours=7)]


def test_closing_at_a_time_that_the_clock_skips_is_closing_at_the_skip() -> None:
    hours = daily((1320, 1590))
    at = utc(2026, 3, 28, 23)
    assert openness(hours, BERLIN, at).open_until == utc(2026, 3, 29, 1)


def test_closing_at_a_time_that_the_clock_shows_twice_is_closing_at_the_first() -> None:
    hours = daily((1320, 1590))
    assert openness(hours, BERLIN, utc(2026, 10, 24, 23)).open_until == utc(2026, 10, 25, 0, 30)
    assert not openness(hours, BERLIN, utc(2026, 10, 25, 1, 10)).is_open


def test_what_is_sold_after_midnight_belongs_to_the_date_on_which_the_store_opened() -> None:
    hours = daily((1080, 1560))
    at_one_in_the_night = utc(2026, 2, 17, 17)
    got = openness(hours, SHANGHAI, at_one_in_the_night)
    assert at_one_in_the_night.astimezone(SHANGHAI).date() == date(2026, 2, 18)
    assert got.business_date == date(2026, 2, 17)
    assert got.open_until == utc(2026, 2, 17, 18)


def test_an_exception_replaces_its_date_and_lets_the_night_before_end() -> None:
    hours = OpeningHours(daily((1080, 1560)).weekly, {date(2026, 2, 17): ()})
    assert openness(hours, SHANGHAI, utc(2026, 2, 16, 17)).business_date == date(2026, 2, 16)
    noon = openness(hours, SHANGHAI, utc(2026, 2, 17, 12))
    assert not noon.is_open
    assert noon.opens_at == utc(2026, 2, 18, 10)


def test_a_store_that_never_closes_says_no_time() -> None:
    got = openness(daily((0, 1440)), BERLIN, utc(2026, 3, 29, 1))
    assert got.is_open
    assert got.open_until is None


def test_a_store_without_hours_never_opens() -> None:
    got = openness(ALWAYS_CLOSED, BERLIN, utc(2026, 3, 29, 1))
    assert (got.is_open, got.opens_at) == (False, None)


def test_a_closure_that_ends_before_opening_time_leaves_the_opening_time() -> None:
    hours = daily((540, 1320))
    at = utc(2026, 2, 17, 2)
    during = openness(hours, SHANGHAI, at, closed_until=utc(2026, 2, 17, 16))
    assert (during.is_open, during.opens_at) == (False, utc(2026, 2, 18, 1))
    shorter = openness(hours, SHANGHAI, at, closed_until=utc(2026, 2, 17, 3))
    assert shorter.opens_at == utc(2026, 2, 17, 3)
    over = openness(hours, SHANGHAI, at, closed_until=at)
    assert over.is_open


@pytest.mark.parametrize(
    ("weekly", "exceptions"),
    [
        ([(0, [(600, 600)])], []),
        ([(0, [(600, 500)])], []),
        ([(0, [(600, 2041)])], []),
        ([(0, [(540, 720), (700, 900)])], []),
        ([(0, [(540, 720)]), (0, [(800, 900)])], []),
        ([(0, [(1200, 1600)]), (1, [(100, 200)])], []),
        ([(6, [(1200, 1600)]), (0, [(100, 200)])], []),
        ([], [("2026-02-30", [])]),
        ([], [("2026-02-17", []), ("2026-02-17", [])]),
        ([], [("2026-02-17", [(540, 720), (700, 900)])]),
    ],
)
def test_hours_that_contradict_themselves_are_refused(
    weekly: list[tuple[int, list[tuple[int, int]]]],
    exceptions: list[tuple[str, list[tuple[int, int]]]],
) -> None:
    with pytest.raises(HutongError) as caught:
        checked_hours(
            [(day, [Period(*p) for p in pairs]) for day, pairs in weekly],
            [(day, [Period(*p) for p in pairs]) for day, pairs in exceptions],
            at="hours",
        )
    assert caught.value.reason == "HOURS_INVALID"
    assert caught.value.violations[0][0].startswith("hours.")


def test_periods_that_touch_are_one_opening() -> None:
    hours = checked_hours(
        [(0, [Period(720, 1440), Period(540, 720)]), (1, [Period(0, 60)])], [], at="hours"
    )
    got = openness(hours, SHANGHAI, utc(2026, 2, 16, 2))
    assert got.open_until == utc(2026, 2, 16, 17)


@pytest.mark.parametrize("name", ["", "Mars/Base", "localtime", "../UTC", "PRC", "/etc/passwd"])
def test_a_zone_that_is_not_of_the_database_is_refused(name: str) -> None:
    with pytest.raises(HutongError) as caught:
        zone_of(name)
    assert caught.value.reason == "TIME_ZONE_UNKNOWN"
