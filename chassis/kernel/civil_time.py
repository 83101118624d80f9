"""Civil time: which instant a wall clock's time is.

A civil time is the first instant at which the wall clock of a zone shows it or has passed it. So a
time that the clock skips is the moment of the skip, one that it shows twice is the first of the
two, and no period ever ends before it begins.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the wall clock shows these minutes of a day, or later."""
    shown = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    early = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_clock(early, zone) == shown:
        return early
    # The clock skips it. Read with the offset after the skip it lies before the skip, read with
    # the one before the skip it lies after (PEP 495): the skip is the boundary between.
    before = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)
    seconds = int((early - before).total_seconds())
    low, high = 0, seconds
    while low < high:
        middle = (low + high) // 2
        if wall_clock(before + timedelta(seconds=middle), zone) >= shown:
            high = middle
        else:
            low = middle + 1
    return before + timedelta(seconds=low)


def wall_clock(at: datetime, zone: ZoneInfo) -> datetime:
    """What the wall clock of a zone shows at an instant; a naive time."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)
