"""A simulation: load with faults, then quiet, then the checks."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from allinone.verify import Violation
from chassis.db.engine import CONNECT_SECONDS_MAX
from chassis.testing.faults import FaultyProxy
from tests.simulation.asking import Callers, Ways
from tests.simulation.checks import Books, violations
from tests.simulation.deeds import Deeds, open_chains
from tests.simulation.edges import watch_edges
from tests.simulation.events import SERVICE, Witness
from tests.simulation.faults import Faults, Played, never_recovered
from tests.simulation.intents import Intent, intents
from tests.simulation.platforms import Cluster, OneProcess, Tokens
from tests.simulation.record import Record
from tests.support.embedded_stores import Stores

CALLERS = 24
LEASE_SECONDS = 3.0
ANSWERED_SECONDS_MAX = 90.0
DRAINED_SECONDS_MAX = 60.0
POLL_SECONDS = 0.3
CONNECT_TRIES_SECONDS = 30.0

TOPOLOGIES = {kind.topology: kind for kind in (OneProcess, Cluster)}

_ON_THE_WAY = """
select count(*) from verify.customer_order
 where state in ('PLACING', 'UNDOING', 'CANCELLING', 'COMPLETING')
"""
_WAITING = "select count(*) from verify.outbox where published_at is null"
_WRITTEN = "select count(*) from verify.outbox"
_SEEN = "select count(distinct (aggregate, sequence)) from public.effect"


@dataclass(slots=True)
class Report:
    """What came of a simulation."""

    seed: int
    topology: str
    seconds: float
    record: Record
    played: list[Played] = field(default_factory=list)
    quiet_seconds: float = 0.0
    found: list[Violation] = field(default_factory=list)


async def simulate(
    seed: int, *, seconds: float, folder: Path, topology_name: str | None = None
) -> Report:
    """Plays so many seconds of load and faults of this seed on a platform of its own.

    Of which topology that is, the seed says too, unless it is named.
    """
    record = Record()
    kind = TOPOLOGIES[topology_name or random.Random(seed).choice(list(TOPOLOGIES))]
    async with _platform(folder, kind) as (platform, proxies, ways, tokens):
        await open_chains(tokens)
        stores = Stores.of(platform.command.home)
        await stores.postgres.ensure_databases([SERVICE])
        await watch_edges(stores.urls())
        witness = Witness(stores.url(SERVICE), stores.redis())
        no_migrations = folder / "no-migrations"
        no_migrations.mkdir(exist_ok=True)
        await witness.start(folder=no_migrations)
        callers = Callers(ways, record, seed=seed)
        faults = Faults(
            platform, proxies, stores.redis(), random.Random(seed), LEASE_SECONDS, record
        )
        report = Report(seed, platform.name, seconds, record, played=faults.played)
        try:
            ends_at = time.monotonic() + seconds
            await _load(callers, faults, seed=seed, ends_at=ends_at)
            report.quiet_seconds = await _quiet(stores)
            report.found = [
                *never_recovered(record, faults.played),
                *await violations(Books(stores.urls(), stores.url(SERVICE)), record),
            ]
        finally:
            await witness.stop()
            await witness.redis.aclose()
            await faults.redis.aclose()
    return report


@asynccontextmanager
async def _platform(
    folder: Path, kind: type[OneProcess]
) -> AsyncIterator[tuple[OneProcess, tuple[FaultyProxy, ...], Ways, Ways]]:
    """A running platform, the faulty ways to it, and a good one."""
    platform = kind.at(folder / "home", HUTONG_ORDERS_LEASE_SECONDS=str(LEASE_SECONDS))
    try:
        await platform.start()
        command = platform.command
        token = Tokens(command.issuer())
        async with (
            FaultyProxy(command.grpc_port).running() as grpc_proxy,
            FaultyProxy(command.http_port).running() as http_proxy,
        ):
            ways = Ways(grpc_port=grpc_proxy.port, http_port=http_proxy.port, token=token)
            good = Ways(grpc_port=command.grpc_port, http_port=command.http_port, token=token)
            try:
                yield platform, (grpc_proxy, http_proxy), ways, good
            finally:
                await ways.close()
                await good.close()
    finally:
        await platform.stop()


async def _load(callers: Callers, faults: Faults, *, seed: int, ends_at: float) -> None:
    """Callers at work while faults are played; returns when everybody has an answer.

    They go on after the end until they have sold since the last fault, for as long as that may
    take: else nobody would know whether the platform recovered from it.
    """
    deeds = Deeds(callers)
    meant = intents(seed)
    is_over = asyncio.Event()
    working = [asyncio.create_task(_caller(deeds, meant, is_over)) for _ in range(CALLERS)]
    try:
        await faults.play_until(ends_at)
        await asyncio.sleep(max(0.0, ends_at - time.monotonic()))
        await faults.recovered()
        is_over.set()
        callers.gives_up_at = time.monotonic() + ANSWERED_SECONDS_MAX
        await asyncio.gather(*working)
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def _caller(deeds: Deeds, meant: Iterator[Intent], is_over: asyncio.Event) -> None:
    while not is_over.is_set():
        await deeds.do(next(meant))


async def _quiet(stores: Stores) -> float:
    """Waits until orders rest and all events are handled, for as long as that may take."""
    begun = time.monotonic()
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAINED_SECONDS_MAX):
            while not await _is_quiet(stores):
                await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - begun


async def _is_quiet(stores: Stores) -> bool:
    written = 0
    for service, url in stores.urls().items():
        connection = await _connect(url)
        try:
            if service == "orders" and await connection.fetchval(_ON_THE_WAY):
                return False
            if await connection.fetchval(_WAITING):
                return False
            written += await connection.fetchval(_WRITTEN)
        finally:
            await connection.close()
    connection = await _connect(stores.url(SERVICE))
    try:
        return bool(await connection.fetchval(_SEEN) >= written)
    finally:
        await connection.close()


async def _connect(url: str) -> asyncpg.Connection:
    """A connection, also while PostgreSQL comes back."""
    async with asyncio.timeout(CONNECT_TRIES_SECONDS):
        while True:
            try:
                return await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX)
            except (OSError, asyncpg.PostgresError, TimeoutError):
                await asyncio.sleep(POLL_SECONDS)
