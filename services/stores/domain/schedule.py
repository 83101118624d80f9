"""Opening hours that remember their last answer, and that stores with the same hours share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from services.stores.domain.hours import OpeningHours, Openness, openness_and_end, zone_of

SCHEDULES_MAX = 10_000


@dataclass(slots=True)
class Schedule:
    """Hours in a zone. Answers are worked out once and hold until the next opening or closing."""

    hours: OpeningHours
    time_zone: str
    _known: tuple[datetime, datetime, Openness] | None = None

    def openness(self, at: datetime) -> Openness:
        """Whether a store with these hours is open at an instant, without a closure."""
        if self._known is not None:
            since, until, known = self._known
            if since <= at < until:
                return known
        answer, until = openness_and_end(self.hours, zone_of(self.time_zone), at)
        self._known = at, until, answer
        return answer


@dataclass(slots=True)
class Schedules:
    """One schedule for all stores that have the same hours in the same zone."""

    _by_hours: OrderedDict[Hashable, Schedule] = field(default_factory=OrderedDict)

    def of(self, hours: OpeningHours, time_zone: str) -> Schedule:
        """The schedule of these hours; that of long ago may have been forgotten."""
        key = (
            time_zone,
            tuple((day, tuple(hours.weekly[day])) for day in sorted(hours.weekly)),
            tuple((day, tuple(hours.exceptions[day])) for day in sorted(hours.exceptions)),
        )
        schedule = self._by_hours.get(key)
        if schedule is None:
            schedule = self._by_hours[key] = Schedule(hours, time_zone)
            if len(self._by_hours) > SCHEDULES_MAX:
                self._by_hours.popitem(last=False)
        return schedule
