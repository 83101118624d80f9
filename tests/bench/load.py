"""Load by h2load, which is written in C and costs less than what it measures."""

from __future__ import annotations

import asyncio
import shutil
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.rows import NotMeasurable

PROGRAM = "h2load"
OK = 200
STEP_MS_MIN = 100
GRPC_HEADERS = {"content-type": "application/grpc", "te": "trailers"}


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back: latencies in milliseconds, shortest first; how many were no 200; how long."""

    milliseconds: list[float]
    failed: int
    seconds: float

    @property
    def count(self) -> int:
        """How many answers there were."""
        return len(self.milliseconds)

    @property
    def per_second(self) -> float:
        """The rate at which they came."""
        return self.count / self.seconds


async def load(
    *urls: str,
    requests: int,
    clients: int,
    in_flight: int = 1,
    rate: int | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    is_http_1: bool = True,
    seconds_max: float = 120.0,
) -> Answers:
    """Sends requests, each client so many at once; `rate` is for all clients in a second.

    At a rate the clients ask in turn, at even distances. Every client goes through all URLs, again
    and again; they are of one host. With a body it is POST. NotMeasurable without h2load.
    """
    if shutil.which(PROGRAM) is None:
        raise NotMeasurable("h2load is not installed (Debian: nghttp2-client)")
    with tempfile.TemporaryDirectory() as folder:
        log_file, body_file = Path(folder) / "log", Path(folder) / "body"
        urls_file = Path(folder) / "urls"
        urls_file.write_text("\n".join(urls))
        arguments = ["-n", str(requests), "-c", str(clients), "-m", str(in_flight)]
        arguments += ["--log-file", str(log_file), "--input-file", str(urls_file)]
        if is_http_1:
            arguments.append("--h1")
        if rate is not None:
            arguments += ["--rps", f"{rate / clients:g}", *_in_turn(clients, rate)]
        for name, value in (headers or {}).items():
            arguments += ["-H", f"{name}: {value}"]
        if body is not None:
            body_file.write_bytes(body)
            arguments += ["-d", str(body_file)]
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), seconds_max)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise NotMeasurable(f"{urls[0]} did not answer in {seconds_max:.0f} s") from None
        if process.returncode != 0 or not log_file.exists():
            raise NotMeasurable(f"h2load failed: {output.decode(errors='replace')[-200:]}")
        return answers_in(log_file.read_text())


def _in_turn(clients: int, rate: int) -> list[str]:
    """Lets each client begin a step after the one before, and so ask between the others.

    They would all ask in the same instant otherwise, and wait for one another's answers. h2load
    begins them no closer than 100 ms, so some whole turns lie between.
    """
    step_ms = 1000 / rate
    turns = -(-STEP_MS_MIN // (clients * step_ms))
    return ["-r", "1", "--rate-period", f"{turns * clients * step_ms + step_ms:.0f}ms"]


def answers_in(log: str) -> Answers:
    """The answers in h2load's log: start in microseconds, HTTP status, microseconds taken."""
    rows = [tuple(map(int, line.split("\t")[:3])) for line in log.splitlines()]
    if not rows:
        raise NotMeasurable("nothing was answered")
    begun = min(start for start, _, _ in rows)
    ended = max(start + taken for start, _, taken in rows)
    return Answers(
        milliseconds=sorted(taken / 1000 for _, _, taken in rows),
        failed=sum(status != OK for _, status, _ in rows),
        seconds=(ended - begun) / 1_000_000,
    )


def grpc_frame(message: bytes) -> bytes:
    """A message as gRPC sends it: not compressed, its length before it.

    h2load sees HTTP statuses only: look at the platform's refusals too.
    """
    return struct.pack(">BI", 0, len(message)) + message
