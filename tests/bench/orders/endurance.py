"""`endurance`: whether minutes of load leave anything behind, and how soon overload is forgotten.

It runs if it is named, for as long as it is told to: `make bench ARGS='endurance --minutes 10'`.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from statistics import median

import asyncpg
import httpx
import psutil

from chassis.kernel.errors import HutongError
from tests.bench.orders.kinds import CASHIER, SKUS, STORES, TILL
from tests.bench.orders.overload import PATIENCE_SECONDS, SATURATING, SATURATING_CALLS, overload
from tests.bench.orders.runs import Load, Runs
from tests.bench.orders.shop import selling
from tests.bench.rows import NotMeasurable, Row
from tests.bench.running import Running
from tests.support.shop import Shop, till_sale, wanted
from tests.support.world import Client

MINUTES = 10.0
LOAD_SHARE = 0.5
"""Of what the platform can do when it is full."""

FIRST_SECONDS = 60.0
END_SECONDS = 5.0
"""The last look is so long before the load ends."""

PROBES = 20
PROBE_EVERY_SECONDS = 0.1
CALM_PROBES = 5
CALM_TIMES = 2.0
CALM_SECONDS_MAX = 30.0
"""Latency is back when so many sales in a row took at most so many times as long as before."""

_BACKENDS = "select count(*) from pg_stat_activity where backend_type = 'client backend'"

_LAG = """
select coalesce(extract(epoch from hutong.now() - min(created_at)), 0)::float8
  from outbox where published_at is null
"""

_CONSUMER_LAG = re.compile(r"^hutong_consumer_lag_events\{.*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Look:
    """What a platform holds at a moment."""

    platform_bytes: int
    all_bytes: int
    backends: int
    sockets: int
    outbox_seconds: float
    consumer_events: float

    def __str__(self) -> str:
        return (
            f"{self.platform_bytes / 2**20:.0f} MiB of {self.all_bytes / 2**20:.0f} MiB in all, "
            f"{self.backends} backends, {self.sockets} sockets, the oldest event waits "
            f"{self.outbox_seconds:.2f} s, {self.consumer_events:.0f} events to handle"
        )


async def endurance(minutes: float = MINUTES) -> list[Row]:
    """Rows of what the last minute has that the first had not, and of the calm after overload."""
    if minutes * 60 <= FIRST_SECONDS + END_SECONDS:
        raise NotMeasurable("it needs more than the first minute, with which it compares the last")
    async with selling() as platform, Runs(platform) as runs:
        await runs.warm_up()
        full = (await runs.play(Load(TILL, SATURATING, SATURATING_CALLS))).per_second
        first, last, told = await _under_load(runs, rate=LOAD_SHARE * full, seconds=minutes * 60)
        till = _till(platform)
        usual = median([await _sale(till) for _ in range(PROBES)])
        calm = 0.0

        async def answered() -> None:
            nonlocal calm
            calm = await _calm_seconds(till, usual)

        await overload(runs, full, answered=answered)
        await runs.check()
    what = f"one process, {told}; after a minute {first}; after {minutes:g} minutes {last}"
    return [
        Row("endurance_memory_ratio", _ratio(last.all_bytes, first.all_bytes), "", what),
        Row("endurance_backends_ratio", _ratio(last.backends, first.backends), "", what),
        Row("endurance_sockets_ratio", _ratio(last.sockets, first.sockets), "", what),
        Row("endurance_outbox_lag_seconds", round(last.outbox_seconds, 3), "s", what),
        Row("endurance_consumer_lag_events", last.consumer_events, "events", what),
        Row(
            "overload_calm_seconds",
            round(calm, 2),
            "s",
            f"one process; from the last answer to twice its load on, until {CALM_PROBES} sales in "
            f"a row took at most {CALM_TIMES:g} times {usual * 1000:.1f} ms, the usual; each call "
            f"of the overload had {PATIENCE_SECONDS:g} s",
        ),
    ]


def _ratio(last: float, first: float) -> float:
    return round(last / first, 3)


async def _under_load(runs: Runs, *, rate: float, seconds: float) -> tuple[Look, Look, str]:
    """What there is after the first minute and at the end of a load, and the load in words."""
    loading = asyncio.create_task(
        runs.offered(TILL, rate=rate, seconds=seconds, timeout_seconds=30.0)
    )
    try:
        await asyncio.sleep(FIRST_SECONDS)
        first = await _look(runs)
        await asyncio.sleep(seconds - FIRST_SECONDS - END_SECONDS)
        last = await _look(runs)
        report = await loading
    finally:
        loading.cancel()
    if report.ok < report.asked:
        raise NotMeasurable(f"half of the load was not all answered with OK: {report.statuses}")
    return first, last, f"{rate:.0f} till sales a second, p99 {report.percentile(99):.0f} ms"


async def _look(runs: Runs) -> Look:
    platform = runs.platform
    memory = await asyncio.to_thread(platform.memory_bytes)
    connection = await asyncpg.connect(platform.stores.postgres.url("postgres"))
    try:
        backends = await connection.fetchval(_BACKENDS)
    finally:
        await connection.close()
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{platform.http}/metrics")).text
    return Look(
        platform_bytes=memory["platform"],
        all_bytes=memory["all"],
        backends=backends,
        sockets=len(psutil.Process(platform.pid).net_connections()),
        outbox_seconds=max([await _outbox_seconds(url) for url in platform.stores.urls().values()]),
        consumer_events=sum(map(float, _CONSUMER_LAG.findall(metrics))),
    )


async def _outbox_seconds(url: str) -> float:
    connection = await asyncpg.connect(url)
    try:
        seconds: float = await connection.fetchval(_LAG)
        return seconds
    finally:
        await connection.close()


def _till(platform: Running) -> Client:
    token = platform.token(CASHIER)
    return Shop(lambda stub, _: platform.command.client(stub, token)).orders()


async def _sale(till: Client) -> float:
    """How long a lone sale takes, in seconds."""
    begun = time.perf_counter()
    await till.PlaceOrder(till_sale(wanted(SKUS[1], 1), store=STORES[0]))
    return time.perf_counter() - begun


async def _calm_seconds(till: Client, usual: float) -> float:
    """How long it takes until sales are as quick as usual; NotMeasurable if that is too long."""
    begun, in_a_row = time.perf_counter(), 0
    while time.perf_counter() - begun < CALM_SECONDS_MAX:
        try:
            is_quick = await _sale(till) <= CALM_TIMES * usual
        except HutongError:
            is_quick = False
        in_a_row = in_a_row + 1 if is_quick else 0
        if in_a_row == CALM_PROBES:
            return time.perf_counter() - begun
        await asyncio.sleep(PROBE_EVERY_SECONDS)
    raise NotMeasurable(f"sales took longer than usual for {CALM_SECONDS_MAX:g} s after overload")
