"""How many readers of events one platform holds, and what each of them weighs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from allinone.demo.people import person
from chassis.rpc.auth import Caller
from gateway.limits import STREAMS_AT_ONCE_MAX, STREAMS_OF_ONE_CALLER_MAX
from tests.bench.rows import NotMeasurable, Row
from tests.bench.running import Running, running

CLIENTS_MAX = STREAMS_AT_ONCE_MAX
START_SECONDS_MAX = 120.0
HELD_SECONDS = 10.0
OPENING_AT_ONCE = 50
SKU, CUSTOMER = "p14001", "c0001"

STORE = "stores/sh04"
"""It is open around the clock."""


@dataclass(frozen=True, slots=True)
class Held:
    """A stream that is open, from the reader's end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def sse_clients() -> list[Row]:
    """Opens as many streams of one order as are allowed, and looks at the platform's process."""
    async with running(is_seeded=True) as platform:
        path = await _an_order(platform)
        before = platform.memory_bytes()["platform"]
        opened = await _opened(httpx.URL(platform.http), path, _tokens(platform))
        after, used = platform.memory_bytes()["platform"], sum(platform.cpu_seconds().values())
        await asyncio.sleep(HELD_SECONDS)
        used = sum(platform.cpu_seconds().values()) - used
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
            f"all processes, while {count} readers wait",
        ),
    ]


async def _an_order(platform: Running) -> str:
    token = platform.token(person(CUSTOMER).caller)
    async with httpx.AsyncClient(base_url=platform.http, timeout=30) as http:
        placed = await http.post(
            f"/v1/{STORE}/orders:place",
            headers={
                "authorization": f"Bearer {token}",
                "idempotency-key": "2b1c9a52-6a57-4d0e-8f0e-51f0a2f6b7c8",
            },
            json={
                "lines": [
                    {"product": f"products/{SKU}", "quantity": 1, "unit": "MEASURE_UNIT_EACH"}
                ],
                "customer": f"customers/{CUSTOMER}",
                "fulfilment": "FULFILMENT_PICKUP",
                "tender": {"wallet": {}},
            },
        )
    if placed.status_code != httpx.codes.OK:
        raise NotMeasurable(f"no order was placed: {placed.text[:200]}")
    return f"/v1/{placed.json()['name']}:watch"


def _tokens(platform: Running) -> list[str]:
    """As many tokens as are needed, since the streams of one are bounded."""
    tenant = person(CUSTOMER).caller.tenant
    return [
        platform.token(Caller(f"users/reader-{reader}", tenant, frozenset({"platform"})))
        for reader in range(-(-CLIENTS_MAX // STREAMS_OF_ONE_CALLER_MAX))
    ]


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
