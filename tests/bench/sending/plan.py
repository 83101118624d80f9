"""What is to be sent, what came back, and the process that does the sending."""

from __future__ import annotations

import asyncio
import json
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.bench.rows import NotMeasurable, percentile

REQUEST_ID_CHARACTERS = 36
ID = "0" * REQUEST_ID_CHARACTERS
"""Stands in a body where the id of each request goes."""

OK = "0"
UNKNOWN = ("4", "14", "HTTP 503", "HTTP 504", "lost", "none")
"""Answers after which a request may have had its effect, or not; `none` is that nothing came."""

Protocol = Literal["unary", "stream", "http"]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who asks, and for what: bodies in turn, as hexadecimal digits, each with an id's place.

    For `http` a body is the whole request, with its head.
    """

    token: str
    bodies: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send. Connections have their senders in turn.

    It is a closed loop with so many in flight, which ends after so many `calls` or `seconds`; with
    a `rate` it is an open one: so many begin each second, whether or not those before are answered.
    Request ids are made of `run` and a counter, so that another run sends other requests.
    """

    protocol: Protocol
    address: str
    path: str
    senders: Sequence[Sender]
    run: int
    in_flight: int
    connections: int
    calls: int | None = None
    seconds: float | None = None
    rate: float | None = None
    timeout_seconds: float = 30.0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Plan:
        """The plan that was written as JSON."""
        senders = [
            Sender(one["token"], [tuple(b) for b in one["bodies"]]) for one in values["senders"]
        ]
        return cls(**{**values, "senders": senders})


@dataclass(slots=True)
class Report:
    """What came back: the numbers of the requests that were not answered with OK, by status, and
    how long those with OK took, in milliseconds, shortest first.

    `seconds` end with the last of those. In an open loop a request's time begins when it was due,
    and `late_ms` is how much later than that the latest one was sent.
    """

    asked: int = 0
    others: dict[str, list[int]] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    own_cpu_seconds: float = 0.0
    late_ms: float = 0.0

    @property
    def ok(self) -> int:
        """How many were answered with OK."""
        return self.asked - sum(map(len, self.others.values()))

    @property
    def per_second(self) -> float:
        """The rate of answers with OK."""
        return self.ok / self.seconds

    @property
    def unknown(self) -> set[int]:
        """The numbers of those that may have had an effect, or not."""
        return {number for status in UNKNOWN for number in self.others.get(status, ())}

    @property
    def refused(self) -> set[int]:
        """The numbers of those that must have had no effect."""
        every = {number for numbers in self.others.values() for number in numbers}
        return every - self.unknown

    @property
    def statuses(self) -> dict[str, int]:
        """How many there were of each status."""
        return {OK: self.ok} | {status: len(numbers) for status, numbers in self.others.items()}

    def percentile(self, percent: float) -> float:
        """The latency in milliseconds that so many percent of the answers stayed within."""
        return percentile(self.milliseconds, percent)

    def within(self, milliseconds: float) -> int:
        """How many answers with OK came within this time."""
        return sum(taken <= milliseconds for taken in self.milliseconds)

    def as_json(self) -> str:
        """For the process that wanted it."""
        return json.dumps(asdict(self))


class Bodies:
    """A sender's requests, each with an id that no other has."""

    def __init__(self, plan: Plan, sender: Sender) -> None:
        self._templates = [
            (body[:offset], body[offset + REQUEST_ID_CHARACTERS :])
            for body, offset in ((bytes.fromhex(text), offset) for text, offset in sender.bodies)
        ]
        self._run = plan.run

    def of(self, number: int) -> bytes:
        """The request of that number."""
        before, after = self._templates[number % len(self._templates)]
        return before + request_id(self._run, number).encode() + after


def request_id(run: int, number: int) -> str:
    """The id of a request of a run."""
    return f"{run:08x}-0000-4000-8000-{number:012x}"


def number_of(request_id: str | bytes) -> int:
    """The number in such an id."""
    return int(request_id[-12:], 16)


def message(body: bytes) -> bytes:
    """A message as gRPC frames it."""
    return struct.pack(">BI", 0, len(body)) + body


async def sent(plan: Plan, *, seconds_max: float = 300.0) -> Report:
    """Plays the plan in a process of its own; NotMeasurable if that fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.sending",
        cwd=Path(__file__).parents[3],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, problem = await asyncio.wait_for(
            process.communicate(json.dumps(asdict(plan)).encode()), seconds_max
        )
    except TimeoutError:
        raise NotMeasurable(f"{plan.path} was not answered in {seconds_max:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise NotMeasurable(f"the load failed: {problem.decode(errors='replace')[-300:]}")
    return Report(**json.loads(output))
