"""Who gets in when a process has more to do than it can: a bounded number of calls at once, and the
last places for those that are urgent.

Who finds no place is told at once, before anything is read of the call, and so is who would be
answered too late: work on that would be lost, and make others late. Batches that our own
services ask for themselves are not counted: they are part of calls that have a place, and refusing
them would waste that work. Those that they ask for callers outside take a place an item.
"""

from __future__ import annotations

import asyncio
import enum
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from google.protobuf.descriptor import MethodDescriptor

from chassis.kernel.errors import RETRY_AFTER_MS, Overloaded
from chassis.telemetry import Metrics
from hutong.common.v1 import urgency_pb2

BUSY_CALLS = 200
"""From so many calls on it matters how fast they are answered: they wait for one another."""

PACE_SECONDS = 0.25
"""So long calls are counted to see how fast they are answered."""

LATE_FACTOR = 1.5
"""A call is turned away if so many times what it would take is more than it has: some take longer
than others.
"""

_URGENCY: Any = urgency_pb2.urgency
"""The option; its generated type does not say that it extends MethodOptions."""

_READS = re.compile(r"(Get|List|Find|Search|LookUp|Quote|Check|Watch)(?=[A-Z]|$)")


class Urgency(enum.StrEnum):
    """What a call gives way to."""

    CHECKOUT = "checkout"
    WORK = "work"
    BROWSING = "browsing"
    DEFERRED = "deferred"


SHARE_PERCENT: Mapping[Urgency, int] = {
    Urgency.CHECKOUT: 100,
    Urgency.WORK: 85,
    Urgency.BROWSING: 70,
    Urgency.DEFERRED: 50,
}
"""Up to how much of all places calls of an urgency find one."""


def urgency_of(method: MethodDescriptor) -> Urgency:
    """What the contract says of a method; else it goes by the name."""
    declared = method.GetOptions().Extensions[_URGENCY]
    if declared != urgency_pb2.URGENCY_UNSPECIFIED:
        name = urgency_pb2.Urgency.Name(declared)
        return Urgency[name.removeprefix("URGENCY_")]
    return Urgency.BROWSING if _READS.match(method.name) else Urgency.WORK


class _Pace:
    """How many calls a second end while there is much to do, as was seen last."""

    def __init__(self) -> None:
        self._per_second = 0.0
        self._ended = 0
        self._since = 0.0

    def ended(self, calls: int, *, inside: int) -> None:
        """Counts calls that end, of which so many are still inside."""
        if inside < BUSY_CALLS:
            self._since = 0.0
            return
        now = time.monotonic()
        if not self._since:
            self._since, self._ended = now, 0
        self._ended += calls
        if (seconds := now - self._since) >= PACE_SECONDS:
            self._per_second = self._ended / seconds
            self._since, self._ended = now, 0

    def seconds_for(self, inside: int) -> float:
        """How long a call takes if so many are inside; nothing if that is few, or not known."""
        if inside < BUSY_CALLS or not self._per_second:
            return 0.0
        return inside / self._per_second


class Admission:
    """The places behind one door of a process."""

    def __init__(self, *, calls_max: int, metrics: Metrics, door: Literal["grpc", "http"]) -> None:
        self._limits = {
            urgency: max(1, calls_max * percent // 100)
            for urgency, percent in SHARE_PERCENT.items()
        }
        self._taken = 0
        self._pace = _Pace()
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._refusals = {
            urgency: metrics.calls_turned_away.labels(door, urgency) for urgency in Urgency
        }
        metrics.calls_at_once.labels(door).set_function(lambda: self._taken)

    def found(self, urgency: Urgency, *, seconds_left: float) -> bool:
        """Takes a place, if there is one for a call of this urgency, and if the call would be
        answered in the time that it has left; whether it was taken.
        """
        is_late = self._pace.seconds_for(self._taken) * LATE_FACTOR > seconds_left
        if is_late or self._taken >= self._limits[urgency]:
            self._refusals[urgency].inc()
            return False
        self._taken += 1
        return True

    def take(self, urgency: Urgency, *, seconds_left: float) -> None:
        """Takes a place; Overloaded if there is none, or the call would be answered too late."""
        if not self.found(urgency, seconds_left=seconds_left):
            raise Overloaded(retry_after_ms=RETRY_AFTER_MS)

    def give_back(self, places: int) -> None:
        """Gives places back."""
        self._taken -= places
        self._pace.ended(places, inside=self._taken)
        if self._waiting:
            self._wake()

    @asynccontextmanager
    async def waited_for(self, urgency: Urgency) -> AsyncIterator[None]:
        """Holds a place, which is waited for, first come, first served."""
        limit = self._limits[urgency]
        while self._taken >= limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((limit, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake()
                raise
        self._taken += 1
        try:
            yield
        finally:
            self.give_back(1)

    def _wake(self) -> None:
        """Lets as many of those who wait look again as there are places for."""
        taken = self._taken
        while self._waiting and taken < self._waiting[0][0]:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                taken += 1


class Places:
    """The places that one call holds; they are given back when it ends."""

    __slots__ = ("_admission", "_held")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._held = 0

    def found(self, urgency: Urgency, *, seconds_left: float) -> bool:
        """Takes one more, as Admission has it; whether it was taken."""
        is_found = self._admission.found(urgency, seconds_left=seconds_left)
        self._held += is_found
        return is_found

    def take(self, urgency: Urgency, *, seconds_left: float) -> None:
        """Takes one more; Overloaded as Admission has it."""
        self._admission.take(urgency, seconds_left=seconds_left)
        self._held += 1

    def __enter__(self) -> Places:
        return self

    def __exit__(self, *_: object) -> None:
        if self._held:
            self._admission.give_back(self._held)
