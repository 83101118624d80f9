"""Load of HTTP/1.1 requests that differ, for less than what they cost the server.

The bodies of a plan are whole requests, head and all, and each connection has one of them in
flight. It is a closed loop: who got an answer asks the next.

It is run as a process of its own, as `grpc_load` is.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from tests.bench.grpc_load import REQUEST_ID_CHARACTERS, Plan, Report, played_apart

GRPC_STATUS = {200: "0", 503: "14", 504: "4"}
"""What an answer is counted as; by its HTTP status otherwise."""

_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)", re.IGNORECASE)
_READ_BYTES = 1 << 16
_ANSWER_SECONDS_MAX = 60.0


async def http_load(plan: Plan) -> Report:
    """Plays the plan in a process of its own; NotMeasurable if that fails."""
    return await played_apart("tests.bench.http_load", plan)


@dataclass(slots=True)
class _Connection:
    """One connection with at most one request in flight."""

    socket: socket.socket
    begun: float = 0.0
    out: bytes = b""
    read: bytearray = field(default_factory=bytearray)

    def ask(self, request: bytes) -> None:
        """Sends a request."""
        self.begun, self.out = time.perf_counter(), request
        self.write()

    def write(self) -> None:
        """Sends what it can."""
        if self.out:
            try:
                self.out = self.out[self.socket.send(self.out) :]
            except BlockingIOError:
                return

    def answer(self) -> int | None:
        """The status of the answer, once all of it has come."""
        data = self.socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.read += data
        head, separator, body = self.read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not separator or len(body) < int(length[1] if length else 0):
            return None
        self.read.clear()
        return int(head.split(b" ", 2)[1])


class _Play:
    """A plan being played."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._templates = [
            (body[:offset], body[offset + REQUEST_ID_CHARACTERS :])
            for body, offset in ((bytes.fromhex(text), offset) for text, offset in plan.bodies)
        ]
        self._asked = 0
        self._statuses: Counter[str] = Counter()
        self._milliseconds: list[float] = []
        self._selector = selectors.DefaultSelector()
        host, _, port = plan.address.rpartition(":")
        self._connections = [
            _Connection(socket.create_connection((host, int(port)))) for _ in range(plan.in_flight)
        ]
        for connection in self._connections:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.socket.setblocking(False)
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)

    def run(self) -> Report:
        """Plays it to its end; TimeoutError if the server falls silent."""
        cpu, begun = time.process_time(), time.perf_counter()
        self._ask(self._connections)
        heard = begun
        while len(self._milliseconds) < self._plan.calls:
            ready = [key.data for key, _ in self._selector.select(timeout=0.01)]
            free = [connection for connection in ready if self._is_answered(connection)]
            self._ask(free)
            for connection in self._connections:
                connection.write()
            if free:
                heard = time.perf_counter()
            elif time.perf_counter() - heard > _ANSWER_SECONDS_MAX:
                raise TimeoutError("the server fell silent")
        return Report(
            statuses=dict(self._statuses),
            milliseconds=sorted(self._milliseconds),
            seconds=time.perf_counter() - begun,
            own_cpu_seconds=time.process_time() - cpu,
        )

    def _ask(self, free: Sequence[_Connection]) -> None:
        for connection in free[: self._plan.calls - self._asked]:
            before, after = self._templates[self._asked % len(self._templates)]
            number = f"{self._plan.run:08x}-0000-4000-8000-{self._asked:012x}"
            connection.ask(before + number.encode() + after)
            self._asked += 1

    def _is_answered(self, connection: _Connection) -> bool:
        status = connection.answer()
        if status is None:
            return False
        self._milliseconds.append((time.perf_counter() - connection.begun) * 1000)
        self._statuses[GRPC_STATUS.get(status, str(status))] += 1
        return True


def main() -> None:
    """Reads a plan, plays it, prints the report."""
    print(json.dumps(asdict(_Play(Plan(**json.load(sys.stdin))).run())))


if __name__ == "__main__":
    main()
