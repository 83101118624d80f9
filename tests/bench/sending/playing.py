"""Playing a plan: in a closed loop who got an answer asks the next, in an open one time does."""

from __future__ import annotations

import selectors
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from socket import socket
from typing import Protocol

from tests.bench.sending.http1 import Http1
from tests.bench.sending.http2 import Streamed, Unary
from tests.bench.sending.plan import OK, Plan, Report

ANSWER_SECONDS_MAX = 60.0
"""A closed loop fails when nothing was answered for so long."""

GRACE_SECONDS = 5.0
"""So long after their deadline an open loop waits for answers."""

POLL_SECONDS = 0.01


class Connection(Protocol):
    """A way for requests: it takes them by number and tells their answers."""

    socket: socket

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""

    def ask(self, number: int) -> bool:
        """Begins a request, if there is room."""

    def finish(self) -> None:
        """Nothing more is asked."""

    def write(self) -> None:
        """Sends what it can."""

    def answers(self) -> Iterator[tuple[int, str]]:
        """What has come: requests' numbers and their statuses."""


KINDS: Mapping[str, Callable[..., Connection]] = {"unary": Unary, "stream": Streamed, "http": Http1}


class Play:
    """A plan being played."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._selector = selectors.DefaultSelector()
        self._connections: list[Connection] = [
            KINDS[plan.protocol](
                plan,
                plan.senders[i % len(plan.senders)],
                slots=plan.in_flight // plan.connections + (i < plan.in_flight % plan.connections),
            )
            for i in range(plan.connections)
        ]
        for connection in self._connections:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._due: dict[int, float] = {}
        self._others: defaultdict[str, list[int]] = defaultdict(list)
        self._milliseconds: list[float] = []
        self._made = 0
        self._late = 0.0
        self._turn = 0
        self._last_good = time.perf_counter()

    def run(self) -> Report:
        """Plays it to its end; TimeoutError if the server falls silent in a closed loop."""
        cpu, begun = time.process_time(), time.perf_counter()
        heard = begun
        while True:
            now = time.perf_counter()
            asking = self._ask(now, now - begun)
            if not asking:
                for connection in self._connections:
                    connection.finish()
            for connection in self._connections:
                connection.write()
            if not asking and not any(each.waiting for each in self._connections):
                break
            if self._hear():
                heard = now
            elif not asking and self._is_given_up(now - begun):
                break
            elif self._plan.rate is None and now - heard > ANSWER_SECONDS_MAX:
                raise TimeoutError("the server fell silent")
        for number in self._due:
            self._others["none"].append(number)
        return Report(
            asked=self._made,
            others=dict(self._others),
            milliseconds=sorted(self._milliseconds),
            seconds=self._last_good - begun,
            own_cpu_seconds=time.process_time() - cpu,
            late_ms=self._late * 1000,
        )

    def _ask(self, now: float, elapsed: float) -> bool:
        """Begins what is to be begun; whether there will be more."""
        plan = self._plan
        if plan.seconds is not None and elapsed >= plan.seconds:
            return False
        if plan.rate is None:
            return self._ask_at_once(now)
        while self._made < elapsed * plan.rate:
            due = now - elapsed + self._made / plan.rate
            if not self._begin(due):
                break
            self._late = max(self._late, now - due)
        return True

    def _ask_at_once(self, now: float) -> bool:
        """Begins as many requests as there is room for, the connections in turn."""
        full = 0
        while full < len(self._connections):
            if self._plan.calls is not None and self._made >= self._plan.calls:
                return False
            full = 0 if self._next().ask(self._made) and self._begun(now) else full + 1
        return True

    def _begin(self, due: float) -> bool:
        """Begins one request on whichever connection has room."""
        return any(
            self._next().ask(self._made) and self._begun(due) for _ in range(len(self._connections))
        )

    def _next(self) -> Connection:
        self._turn = (self._turn + 1) % len(self._connections)
        return self._connections[self._turn]

    def _begun(self, due: float) -> bool:
        self._due[self._made] = due
        self._made += 1
        return True

    def _hear(self) -> bool:
        """Takes what answers have come; whether there were any."""
        before = len(self._due)
        for key, _ in self._selector.select(timeout=self._pause()):
            for number, status in key.data.answers():
                now = time.perf_counter()
                due = self._due.pop(number)
                if status == OK:
                    self._last_good = now
                    self._milliseconds.append((now - due) * 1000)
                else:
                    self._others[status].append(number)
        return len(self._due) < before

    def _pause(self) -> float:
        return POLL_SECONDS if self._plan.rate is None else min(POLL_SECONDS, 1 / self._plan.rate)

    def _is_given_up(self, elapsed: float) -> bool:
        plan = self._plan
        if plan.rate is None or plan.seconds is None:
            return False
        return elapsed > plan.seconds + plan.timeout_seconds + GRACE_SECONDS
