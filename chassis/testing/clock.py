"""A clock that stands still until a test moves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass(slots=True)
class FakeClock:
    """Tells the time that it was set to. Implements chassis.kernel.clock.Clock."""

    time: datetime = _BEGIN
    seconds: float = 1000.0

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time

    def monotonic(self) -> float:
        """Seconds that move with the time."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Lets so much time pass."""
        self.time += timedelta(seconds=seconds)
        self.seconds += seconds
