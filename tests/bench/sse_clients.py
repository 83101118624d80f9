"""How many readers of events one platform holds, and what each of them weighs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from allinone.demo.people import TENANT
from allinone.issuer import LocalIssuer
from chassis.rpc.auth import Caller
from chassis.settings import PlatformSettings
from gateway.limits import STREAMS_AT_ONCE_MAX, STREAMS_OF_ONE_CALLER_MAX
from tests.bench.cpu import cpu_seconds, memory_bytes
from tests.bench.rows import NotMeasurable, Row

CLIENTS_MAX = STREAMS_AT_ONCE_MAX
START_SECONDS_MAX = 120.0
TOKEN_SECONDS = 3600.0
HELD_SECONDS = 10.0
OPENING_AT_ONCE = 50
PROGRAM = Path(sys.executable).parent / "hutong"
SKU, STORE, CUSTOMER = "p14001", "stores/sh01", "c0001"


@dataclass(frozen=True, slots=True)
class Held:
    """A stream that is open, from the reader's end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def sse_clients() -> list[Row]:
    """Opens as many streams of one order as are allowed, and looks at the platform's process."""
    with tempfile.TemporaryDirectory() as home:
        async with _platform(home) as (pid, http):
            path = await _an_order(http, home)
            before = memory_bytes([psutil.Process(pid)])
            opened = await _opened(http.base_url, path, _tokens(home))
            after, used = memory_bytes([psutil.Process(pid)]), sum(cpu_seconds(pid).values())
            await asyncio.sleep(HELD_SECONDS)
            used = sum(cpu_seconds(pid).values()) - used
            count = sum(not held.reader.at_eof() for held in opened)
            for held in opened:
                held.writer.close()
    if not count:
        raise NotMeasurable("no stream was opened")
    what = f"streams of one order that does not move, {CLIENTS_MAX} asked for, the limit"
    return [
        Row("sse_clients", count, "clients", what),
        Row(
            "sse_client_memory",
            (after - before) / count / 1024,
            "KiB",
            "PSS of the platform's process, more than before",
        ),
        Row(
            "sse_clients_idle_cpu",
            100 * used / HELD_SECONDS,
            "% of a CPU",
            f"all processes, while {count} readers wait; each order is looked at every 2 s",
        ),
    ]


@contextlib.asynccontextmanager
async def _platform(home: str) -> AsyncIterator[tuple[int, httpx.AsyncClient]]:
    ports = [_free_port() for _ in range(2)]
    environment = os.environ | {
        "HUTONG_HOME": home,
        "HUTONG_HTTP_PORT": str(ports[0]),
        "HUTONG_GRPC_PORT": str(ports[1]),
    }
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM), "run", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[0]}", timeout=30) as http:
            await _until_seeded(http, Path(home) / "seeded")
            yield process.pid, http
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()


async def _until_seeded(http: httpx.AsyncClient, mark: Path) -> None:
    try:
        async with asyncio.timeout(START_SECONDS_MAX):
            while not await asyncio.to_thread(mark.exists):
                await asyncio.sleep(0.2)
            (await http.get("/healthz")).raise_for_status()
    except (TimeoutError, httpx.HTTPError):
        raise NotMeasurable("the platform did not start") from None


async def _an_order(http: httpx.AsyncClient, home: str) -> str:
    token = _token(home, f"users/{CUSTOMER}", "customer", f"customers/{CUSTOMER}")
    placed = await http.post(
        f"/v1/{STORE}/orders:place",
        headers={
            "authorization": f"Bearer {token}",
            "idempotency-key": "2b1c9a52-6a57-4d0e-8f0e-51f0a2f6b7c8",
        },
        json={
            "lines": [{"product": f"products/{SKU}", "quantity": 1, "unit": "MEASURE_UNIT_EACH"}],
            "customer": f"customers/{CUSTOMER}",
            "fulfilment": "FULFILMENT_PICKUP",
            "tender": {"wallet": {}},
        },
    )
    if placed.status_code != httpx.codes.OK:
        raise NotMeasurable(f"no order was placed: {placed.text[:200]}")
    return f"/v1/{placed.json()['name']}:watch"


def _token(home: str, principal: str, role: str, customer: str = "") -> str:
    settings = PlatformSettings()
    issuer = LocalIssuer(
        Path(home) / "issuer",
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        mode="development",
    )
    who = Caller(principal, TENANT, frozenset({role}), customer=customer)
    return issuer.token(who, seconds=TOKEN_SECONDS)


def _tokens(home: str) -> list[str]:
    """As many tokens as are needed, since the streams of one are bounded."""
    number = -(-CLIENTS_MAX // STREAMS_OF_ONE_CALLER_MAX)
    return [_token(home, f"users/reader-{reader}", "platform") for reader in range(number)]


async def _opened(base_url: httpx.URL, path: str, tokens: list[str]) -> list[Held]:
    """The streams that began with an event."""
    room = asyncio.Semaphore(OPENING_AT_ONCE)

    async def opened(number: int) -> Held | None:
        token = tokens[number // STREAMS_OF_ONE_CALLER_MAX]
        async with room:
            try:
                reader, writer = await asyncio.open_connection(base_url.host, base_url.port)
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: bench\r\n"
                    f"Authorization: Bearer {token}\r\n\r\n".encode()
                )
                async with asyncio.timeout(START_SECONDS_MAX):
                    await reader.readuntil(b"data: ")
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                return None
        return Held(reader, writer)

    found = await asyncio.gather(*(opened(number) for number in range(CLIENTS_MAX)))
    return [held for held in found if held is not None]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
