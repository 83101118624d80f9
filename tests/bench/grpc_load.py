"""Load of unary gRPC calls whose requests differ, for less than what they cost the server.

h2load is cheaper, but sends one body for ever, and an order that is asked for twice is sold once.
Here frames are put together by hand. It is a closed loop: who got an answer asks the next.

It is run as a process of its own (`python -m tests.bench.grpc_load`), with a Plan as JSON on
standard input and a Report as JSON on standard output.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hpack import Decoder

from tests.bench.rows import NotMeasurable

REQUEST_ID_CHARACTERS = 36

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACK, _PADDED, _END_HEADERS, _PRIORITY = 0x1, 0x1, 0x8, 0x4, 0x20
_FRAME = struct.Struct(">HBBBI")
_WINDOW_MAX = 2**31 - 1
_WINDOW_AT_FIRST = 65_535
_INITIAL_WINDOW_SIZE = 4
_READ_BYTES = 1 << 18
_ANSWER_SECONDS_MAX = 60.0
_LOST = "lost"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: `bodies` in turn, as hexadecimal digits, each with a request id at an offset.

    The ids are made of `run` and a counter, so a run of another number sends other requests.
    """

    address: str
    path: str
    token: str
    bodies: Sequence[tuple[str, int]]
    run: int
    calls: int
    in_flight: int
    connections: int


@dataclass(slots=True)
class Report:
    """What came back: how many by gRPC status, latencies in milliseconds, shortest first."""

    statuses: dict[str, int] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    own_cpu_seconds: float = 0.0

    @property
    def sold(self) -> int:
        """How many calls were answered with OK."""
        return self.statuses.get("0", 0)


async def grpc_load(plan: Plan) -> Report:
    """Plays the plan in a process of its own; NotMeasurable if that fails."""
    return await played_apart("tests.bench.grpc_load", plan)


async def played_apart(module: str, plan: Plan, *, seconds_max: float = 300.0) -> Report:
    """What a load reports that takes its plan on standard input; NotMeasurable if it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        cwd=Path(__file__).parents[2],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, problem = await asyncio.wait_for(
            process.communicate(json.dumps(asdict(plan)).encode()), seconds_max
        )
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NotMeasurable(
            f"{plan.path or module} was not answered in {seconds_max:.0f} s"
        ) from None
    if process.returncode != 0:
        raise NotMeasurable(f"the load failed: {problem.decode(errors='replace')[-300:]}")
    return Report(**json.loads(output))


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    size = len(payload)
    return _FRAME.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def _text(value: bytes) -> bytes:
    """A string as HPACK has it, not compressed."""
    if len(value) < 0x7F:
        return bytes([len(value)]) + value
    rest, coded = len(value) - 0x7F, bytearray([0x7F])
    while rest >= 0x80:
        coded.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*coded, rest]) + value


def _heads(path: str, authority: str, token: str) -> tuple[bytes, bytes]:
    """A connection's first header block, which fills the peer's table, and all that follow."""
    post_over_http = b"\x83\x86"
    remembered = (
        (b"\x44", path.encode()),
        (b"\x41", authority.encode()),
        (b"\x5f", b"application/grpc"),
        (b"\x40" + _text(b"te"), b"trailers"),
        (b"\x40" + _text(b"grpc-timeout"), b"30S"),
        (b"\x57", f"Bearer {token}".encode()),
    )
    first = post_over_http + b"".join(name + _text(value) for name, value in remembered)
    newest = 62
    again = bytes(0x80 | newest + len(remembered) - 1 - i for i in range(len(remembered)))
    return first, post_over_http + again


class _Bodies:
    """Requests, each with an id that no other has."""

    def __init__(self, plan: Plan) -> None:
        self._templates = [
            (body[:offset], body[offset + REQUEST_ID_CHARACTERS :])
            for body, offset in ((bytes.fromhex(text), offset) for text, offset in plan.bodies)
        ]
        self._prefix = f"{plan.run:08x}-0000-4000-8000-"
        self.made = 0

    def next(self) -> bytes:
        before, after = self._templates[self.made % len(self._templates)]
        self.made += 1
        message = before + f"{self._prefix}{self.made:012x}".encode() + after
        return struct.pack(">BI", 0, len(message)) + message


class _Connection:
    """One connection; its calls, answers and flow control."""

    def __init__(self, plan: Plan, token: str, *, slots: int) -> None:
        host, _, port = plan.address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._first_head, self._head = _heads(plan.path, plan.address, token)
        self.free = slots
        self.begun: dict[int, float] = {}
        self._stream = 1
        self._window = _WINDOW_AT_FIRST
        self._read = bytearray()
        self._decoder = Decoder()
        self._known: dict[bytes, str | None] = {}
        settings = struct.pack(">HI", _INITIAL_WINDOW_SIZE, _WINDOW_MAX)
        more = struct.pack(">I", _WINDOW_MAX - _WINDOW_AT_FIRST)
        self.out = bytearray(
            _PREFACE + _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW_UPDATE, 0, 0, more)
        )
        self._received = 0

    def ask(self, bodies: _Bodies) -> bool:
        """Begins a call, if there is room."""
        if not self.free or self._window < _WINDOW_AT_FIRST // 4:
            return False
        body = bodies.next()
        head = self._first_head if self._stream == 1 else self._head
        self.out += _frame(_HEADERS, _END_HEADERS, self._stream, head)
        self.out += _frame(_DATA, _END_STREAM, self._stream, body)
        self._window -= len(body)
        self.begun[self._stream] = time.perf_counter()
        self._stream += 2
        self.free -= 1
        return True

    def write(self) -> None:
        """Sends what it can."""
        if self.out:
            try:
                del self.out[: self.socket.send(self.out)]
            except BlockingIOError:
                return

    def answers(self) -> Iterator[tuple[str, float]]:
        """What has come: statuses, and when their calls began."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("the server closed the connection")
        self._read += data
        at = 0
        while len(self._read) - at >= _FRAME.size:
            high, low, kind, flags, stream = _FRAME.unpack_from(self._read, at)
            end = at + _FRAME.size + (high << 8 | low)
            if end > len(self._read):
                break
            payload = bytes(self._read[at + _FRAME.size : end])
            at = end
            status = self._taken(kind, flags, stream, payload)
            is_over = kind == _RST_STREAM or (kind in (_DATA, _HEADERS) and flags & _END_STREAM)
            if is_over and stream in self.begun:
                self.free += 1
                yield status or _LOST, self.begun.pop(stream)
        del self._read[:at]

    def _taken(self, kind: int, flags: int, stream: int, payload: bytes) -> str | None:
        """Handles a frame; the gRPC status, if it bears one."""
        if kind == _HEADERS:
            return self._status(flags, payload)
        if kind == _DATA:
            self._received += len(payload)
            if self._received > _WINDOW_MAX // 2:
                self.out += _frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", self._received))
                self._received = 0
        elif kind == _SETTINGS and not flags & _ACK:
            self.out += _frame(_SETTINGS, _ACK, 0)
        elif kind == _PING and not flags & _ACK:
            self.out += _frame(_PING, _ACK, 0, payload)
        elif kind == _WINDOW_UPDATE and not stream:
            self._window += struct.unpack(">I", payload)[0]
        elif kind == _GOAWAY:
            raise ConnectionError("the server goes away")
        return None

    def _status(self, flags: int, block: bytes) -> str | None:
        """The status in a header block.

        A block of indices alone leaves the table as it is and means the same until that changes.
        """
        if flags & (_PADDED | _PRIORITY) or not flags & _END_HEADERS:
            raise ConnectionError("headers of a form that is not expected here")
        if block in self._known:
            return self._known[block]
        headers = {str(name): str(value) for name, value in self._decoder.decode(block)}
        status = headers.get("grpc-status")
        if all(byte & 0x80 for byte in block):
            self._known[block] = status
        else:
            self._known.clear()
        return status


class _Play:
    """A plan being played."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._bodies = _Bodies(plan)
        self._selector = selectors.DefaultSelector()
        self._connections = [
            _Connection(
                plan,
                plan.token,
                slots=plan.in_flight // plan.connections + (i < plan.in_flight % plan.connections),
            )
            for i in range(plan.connections)
        ]
        for connection in self._connections:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._statuses: Counter[str] = Counter()
        self._milliseconds: list[float] = []

    def run(self) -> Report:
        """Plays it to its end; TimeoutError if the server falls silent."""
        cpu, begun = time.process_time(), time.perf_counter()
        heard = begun
        while True:
            now = time.perf_counter()
            self._ask()
            for connection in self._connections:
                connection.write()
            if not any(connection.begun for connection in self._connections):
                break
            if self._hear():
                heard = now
            elif now - heard > _ANSWER_SECONDS_MAX:
                raise TimeoutError("the server fell silent")
        return Report(
            statuses=dict(self._statuses),
            milliseconds=sorted(self._milliseconds),
            seconds=time.perf_counter() - begun,
            own_cpu_seconds=time.process_time() - cpu,
        )

    def _ask(self) -> None:
        """Begins as many calls as there is room for, the connections in turn."""
        asking = True
        while asking:
            asking = False
            for connection in self._connections:
                if self._bodies.made < self._plan.calls:
                    asking |= connection.ask(self._bodies)

    def _hear(self) -> bool:
        """Takes what answers have come; whether there were any."""
        before = len(self._milliseconds)
        for key, _ in self._selector.select(timeout=0.01):
            for status, asked in key.data.answers():
                self._milliseconds.append((time.perf_counter() - asked) * 1000)
                self._statuses[status] += 1
        return len(self._milliseconds) > before


def main() -> None:
    """Reads a plan, plays it, prints the report."""
    print(json.dumps(asdict(_Play(Plan(**json.load(sys.stdin))).run())))


if __name__ == "__main__":
    main()
