"""Opening hours between messages and values; most stores of a chain have the same."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import date

from chassis.rpc.values import wire_bytes
from hutong.stores.v1 import stores_pb2
from services.stores.domain.hours import HoursInvalid, OpeningHours, Period, checked_hours

HOURS_KEPT_MAX = 1_000
"""How many different opening hours are kept as messages and as values."""

Periods = tuple[Period, ...]


def hours_of(message: stores_pb2.OpeningHours, *, at: str) -> OpeningHours:
    """The hours in a message; HoursInvalid, naming the field below `at`."""
    try:
        return _hours_in(wire_bytes(message))
    except HoursInvalid:
        return _checked(message, at=at)


def hours_message(hours: OpeningHours) -> stores_pb2.OpeningHours:
    """The hours as the contract has them, to be copied and not to be changed."""
    return _message(
        tuple((day, tuple(periods)) for day, periods in sorted(hours.weekly.items())),
        tuple((day, tuple(periods)) for day, periods in sorted(hours.exceptions.items())),
    )


@functools.lru_cache(maxsize=HOURS_KEPT_MAX)
def _hours_in(data: bytes) -> OpeningHours:
    return _checked(stores_pb2.OpeningHours.FromString(data), at="")


def _checked(message: stores_pb2.OpeningHours, *, at: str) -> OpeningHours:
    return checked_hours(
        [(day.day - 1, _periods(day.periods)) for day in message.weekly],
        [(day.date, _periods(day.periods)) for day in message.exceptions],
        at=at,
    )


def _periods(messages: Sequence[stores_pb2.OpenPeriod]) -> list[Period]:
    return [Period(message.open_minutes, message.close_minutes) for message in messages]


@functools.lru_cache(maxsize=HOURS_KEPT_MAX)
def _message(
    weekly: Sequence[tuple[int, Periods]], exceptions: Sequence[tuple[date, Periods]]
) -> stores_pb2.OpeningHours:
    return stores_pb2.OpeningHours(
        weekly=[
            stores_pb2.DayHours(
                day=stores_pb2.DayOfWeek.Name(day + 1), periods=_period_messages(periods)
            )
            for day, periods in weekly
        ],
        exceptions=[
            stores_pb2.DateHours(date=day.isoformat(), periods=_period_messages(periods))
            for day, periods in exceptions
        ],
    )


def _period_messages(periods: Periods) -> list[stores_pb2.OpenPeriod]:
    return [
        stores_pb2.OpenPeriod(open_minutes=period.open_minutes, close_minutes=period.close_minutes)
        for period in periods
    ]
