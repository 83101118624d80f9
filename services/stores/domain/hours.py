"""When a store is open, in civil time of its zone (chassis.kernel.civil_time)."""

from __future__ import annotations

import functools
import itertools
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.kernel.civil_time import instant, wall_clock
from chassis.kernel.errors import InvalidInput

MINUTES_PER_DAY = 24 * 60
DAYS_PER_WEEK = 7

PERIOD_DAYS_MAX = 2
"""A period ends on the date it began on, or on the one after; a zone may skip a whole date."""

OPENS_AT_DAYS_MAX = 400
"""How far ahead an opening is looked for: past a year of exceptions."""

ONE_DAY = timedelta(days=1)


class HoursInvalid(InvalidInput):
    """Opening hours contradict themselves."""

    reason = "HOURS_INVALID"
    message = "the opening hours contradict themselves"


class TimeZoneUnknown(InvalidInput):
    """The zone is not one of the IANA time zone database."""

    reason = "TIME_ZONE_UNKNOWN"
    message = "there is no time zone {time_zone}"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From opening to closing, in minutes of the wall clock after the midnight of its day."""

    open_minutes: int
    close_minutes: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Periods by day of the week, 0 is Monday, and by date for dates that differ.

    A date's periods stand in place of its weekly ones; what began the day before goes on.
    """

    weekly: Mapping[int, Sequence[Period]]
    exceptions: Mapping[date, Sequence[Period]]

    def periods_of(self, day: date) -> Sequence[Period]:
        """The periods that begin on a date."""
        if day in self.exceptions:
            return self.exceptions[day]
        return self.weekly.get(day.weekday(), ())


ALWAYS_CLOSED = OpeningHours({}, {})


@dataclass(frozen=True, slots=True)
class Openness:
    """Whether a store is open at an instant, and for how long.

    `open_until` is None unless it is open and closes within a week; `opens_at` unless it is closed
    and something says when it opens.
    """

    is_open: bool
    open_until: datetime | None
    opens_at: datetime | None
    business_date: date


@dataclass(frozen=True, slots=True)
class _Span:
    """A period of one date as instants."""

    start: datetime
    end: datetime
    business_date: date


def checked_hours(
    weekly: Sequence[tuple[int, Sequence[Period]]],
    exceptions: Sequence[tuple[str, Sequence[Period]]],
    *,
    at: str,
) -> OpeningHours:
    """Hours from days of the week, 0 is Monday, and dates such as 2026-02-17.

    HoursInvalid, naming the field, if a day or date comes twice, a date does not exist, a period
    ends before it begins or lasts longer than a day, or two overlap.
    """
    by_day: dict[int, Sequence[Period]] = {}
    for index, (day, periods) in enumerate(weekly):
        if day in by_day:
            raise HoursInvalid.at(f"{at}.weekly[{index}].day", "comes twice")
        by_day[day] = _ordered(periods, at=f"{at}.weekly[{index}].periods")
    by_date: dict[date, Sequence[Period]] = {}
    for index, (text, periods) in enumerate(exceptions):
        day_off = _date(text, at=f"{at}.exceptions[{index}].date")
        if day_off in by_date:
            raise HoursInvalid.at(f"{at}.exceptions[{index}].date", "comes twice")
        by_date[day_off] = _ordered(periods, at=f"{at}.exceptions[{index}].periods")
    for day, periods in by_day.items():
        following = by_day.get((day + 1) % DAYS_PER_WEEK)
        last = periods[-1].close_minutes - MINUTES_PER_DAY if periods else 0
        if following and last > following[0].open_minutes:
            raise HoursInvalid.at(f"{at}.weekly", "has a day that runs into the next one's hours")
    return OpeningHours(by_day, by_date)


def zone_of(time_zone: str, *, at: str = "time_zone") -> ZoneInfo:
    """The zone with this IANA name; TimeZoneUnknown, naming the field `at`."""
    if time_zone not in _zone_names():
        raise TimeZoneUnknown.at(at, "is no IANA time zone", time_zone=time_zone)
    return ZoneInfo(time_zone)


def openness(
    hours: OpeningHours, zone: ZoneInfo, at: datetime, *, closed_until: datetime | None = None
) -> Openness:
    """Whether a store with these hours is open at an instant.

    `closed_until`, if it lies after `at`, is when a closure ends: until then it is closed.
    """
    if closed_until is not None and closed_until > at:
        reopened = openness(hours, zone, closed_until)
        return Openness(
            is_open=False,
            open_until=None,
            opens_at=closed_until if reopened.is_open else reopened.opens_at,
            business_date=wall_clock(at, zone).date(),
        )
    return openness_and_end(hours, zone, at)[0]


def openness_and_end(
    hours: OpeningHours, zone: ZoneInfo, at: datetime
) -> tuple[Openness, datetime]:
    """Whether a store with these hours is open at an instant, and until when that answer holds."""
    today = wall_clock(at, zone).date()
    until: datetime | None = None
    opens_at: datetime | None = None
    business_date = today
    ends = [instant(today, MINUTES_PER_DAY, zone)] if today < date.max else []
    far = at + timedelta(days=DAYS_PER_WEEK)
    for span in _spans(hours, zone, today):
        if until is None and span.start > at:
            opens_at = span.start
            ends.append(span.start)
            break
        if until is None and at < span.end:
            until, business_date = span.end, span.business_date
            ends.append(span.end)
        elif until is not None:
            if span.start > until or until > far:
                break
            until = max(until, span.end)
    if until is not None and until > far:
        # It closes more than a week from now, whatever else follows, until that is a week.
        ends.append(until - timedelta(days=DAYS_PER_WEEK))
    answer = Openness(
        is_open=until is not None,
        open_until=until if until is not None and until <= far else None,
        opens_at=opens_at,
        business_date=business_date,
    )
    return answer, min((end for end in ends if end > at), default=at)


def _spans(hours: OpeningHours, zone: ZoneInfo, today: date) -> Iterator[_Span]:
    """The periods that may matter today and later, in the order in which they begin."""
    if not hours.weekly and not hours.exceptions:
        return
    for step in range(-PERIOD_DAYS_MAX, OPENS_AT_DAYS_MAX + 1):
        try:
            day = today + step * ONE_DAY
        except OverflowError:
            continue
        for period in hours.periods_of(day):
            start = instant(day, period.open_minutes, zone)
            end = instant(day, period.close_minutes, zone)
            if start < end:
                yield _Span(start, end, day)


def _ordered(periods: Sequence[Period], *, at: str) -> tuple[Period, ...]:
    for period in periods:
        if not 0 < period.close_minutes - period.open_minutes <= MINUTES_PER_DAY:
            raise HoursInvalid.at(at, "must each close after they open, within a day")
    ordered = tuple(sorted(periods))
    for earlier, later in itertools.pairwise(ordered):
        if later.open_minutes < earlier.close_minutes:
            raise HoursInvalid.at(at, "must not overlap")
    return ordered


def _date(text: str, *, at: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HoursInvalid.at(at, "is not a date") from None


@functools.cache
def _zone_names() -> frozenset[str]:
    """The database's names; those without a region are old aliases, or the machine's own zone."""
    return frozenset(
        name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC"
    )
