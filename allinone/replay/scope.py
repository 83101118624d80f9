"""Which part of the data set is replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Scope:
    """Days that follow one another, and at most how many baskets of them; None for all."""

    days: Sequence[date]
    baskets_max: int | None = None

    def __str__(self) -> str:
        if len(self.days) == 1:
            return str(self.days[0])
        return f"{self.days[0]} to {self.days[-1]}"


def median_day(baskets: Mapping[date, int]) -> date:
    """The first day with the median number of baskets, the lower one of an even number of days."""
    in_order = sorted(baskets.values())
    median = in_order[(len(in_order) - 1) // 2]
    return min(day for day, count in baskets.items() if count == median)


def scope_of(
    baskets: Mapping[date, int], *, days: int | None = None, baskets_max: int | None = None
) -> Scope:
    """The days from the median one on; the last days of the data set if it has too few after that.

    Without `days` it is one day, or as many as so many baskets take.
    """
    all_days = sorted(baskets)
    begin = all_days.index(median_day(baskets))
    if days is None:
        days = _days_for(baskets_max or 1, [baskets[day] for day in all_days[begin:]])
    begin = max(0, min(begin, len(all_days) - days))
    return Scope(all_days[begin : begin + days], baskets_max)


def _days_for(wanted: int, counts: Sequence[int]) -> int:
    days = 0
    while wanted > 0 and days < len(counts):
        wanted -= counts[days]
        days += 1
    return days
