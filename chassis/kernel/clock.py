"""Time as something that is handed in, so that tests can set it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; every reading is aware and in UTC."""

    def now(self) -> datetime:
        """The wall clock's time."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, for deadlines and durations."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall clock's time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()
