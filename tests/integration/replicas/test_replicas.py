"""Several processes relay, consume and sweep; the one that leads is killed or paused at work."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from chassis.db.engine import Database
from chassis.messaging import outbox
from chassis.messaging.bus import stream_key
from chassis.messaging.outbox import Event
from services.inventory.main import BLUEPRINT as INVENTORY
from tests.integration.chassis.planted import BLUEPRINT as FLOOR
from tests.integration.replicas.replica import CONSUMER, LEASE_SECONDS, SERVICE, Place, work
from tests.support.world import World, Worlds

REPLICAS = 3
AGGREGATES = [f"demo/stores/sh01/orders/ord_{number}" for number in range(8)]
START_SECONDS_MAX = 60.0
HANDLED_SECONDS_MAX = 60.0

PAUSED_SECONDS = 2 * LEASE_SECONDS

ADD_DUE_HOLDS = """
insert into reservation (store_id, reservation_id, state, lines, request_hash, expires_at, actor,
                         created_at)
select 'demo:sh01', 'hold-' || n, 'HELD', '[["milk", 1, "each"]]', '\\x00',
       hutong.now() - interval '1 second', 'test', hutong.now() - interval '1 minute'
  from generate_series(1, $1::bigint) as n
"""

ADD_HELD_LEVEL = """
insert into stock_level
values ('demo:sh01', 'milk', 'each', $1::bigint, $1::bigint, $1::bigint + 1)
"""

# So old that nobody misses their events any more.
ADD_HOLD_MOVEMENTS = """
insert into stock_movement (store_id, sku, version, type, on_hand_change, held_change,
                            on_hand_after, held_after, actor, cause, created_at)
select 'demo:sh01', 'milk', 1, 'RECEIPT', $1::bigint, 0, $1::bigint, 0, 'test', 'note',
       hutong.now() - interval '8 days'
 union all
select 'demo:sh01', 'milk', n + 1, 'HOLD', 0, 1, $1::bigint, n, 'test', 'hold-' || n,
       hutong.now() - interval '8 days'
  from generate_series(1, $1::bigint) as n
"""


@dataclass(slots=True)
class Replicas:
    """Processes that do the same work over one database."""

    world: World
    service: str
    redis_url: str
    forks: ForkServerContext
    processes: dict[str, BaseProcess] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)

    @property
    def database(self) -> Database:
        return self.world.database(self.service)

    async def start(self, role: str) -> None:
        """Starts them; returns when all of them work."""
        place = Place(self.world.urls[self.service], self.redis_url)
        starting = []
        for number in range(REPLICAS):
            name, is_up = f"replica-{number}", self.forks.Event()
            process = self.forks.Process(target=work, args=(name, role, place, is_up), daemon=True)
            process.start()
            self.processes[name] = process
            starting.append(is_up)
        for is_up in starting:
            assert await asyncio.to_thread(is_up.wait, START_SECONDS_MAX)

    async def leader(self, lease: str) -> str:
        """Who has the lease, as soon as somebody does."""
        async with asyncio.timeout(START_SECONDS_MAX):
            while True:
                async with self.database.transaction() as tx:
                    row = await tx.row(
                        "select holder from lease where name = $1 and until > hutong.now()", lease
                    )
                if row is not None and row.holder in self.processes:
                    return str(row.holder)
                await asyncio.sleep(0.02)

    def signal(self, name: str, number: signal.Signals) -> None:
        pid = self.processes[name].pid
        assert pid is not None
        os.kill(pid, number)

    async def happen(self, times: int) -> None:
        """Lets each aggregate change so many times, in small transactions."""
        for _ in range(times):
            events = []
            for aggregate in AGGREGATES:
                self.told[aggregate] += 1
                events.append(
                    Event("demo:sh01", aggregate, self.told[aggregate], "t.Happened", b"")
                )
            async with self.database.transaction() as tx:
                await outbox.add_all(tx, events)

    async def effects(self) -> list[str]:
        async with self.database.transaction() as tx:
            return [row.what for row in await tx.rows("select what from effect")]

    async def until_handled(self) -> None:
        wanted = sum(self.told.values())
        async with asyncio.timeout(HANDLED_SECONDS_MAX):
            while len(set(await self.effects())) < wanted:
                await asyncio.sleep(0.1)

    async def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            await asyncio.to_thread(process.join)


@pytest.fixture
async def replicas(worlds: Worlds, forks: ForkServerContext) -> AsyncIterator[Replicas]:
    world = await worlds.start([FLOOR])
    async with world.database(SERVICE).transaction() as tx:
        await tx.run("create table effect (what text not null)")
    made = Replicas(world, SERVICE, worlds.redis_url, forks)
    await made.start("events")
    yield made
    await made.close()
    await world.close()


@pytest.mark.parametrize("lease", ["relay", f"consumer.{CONSUMER}"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "paused"])
async def test_when_the_leader_falls_silent_another_goes_on_and_nothing_is_lost_or_done_twice(
    replicas: Replicas, lease: str, number: signal.Signals
) -> None:
    await replicas.happen(20)
    first = await replicas.leader(lease)
    working = asyncio.create_task(replicas.happen(300))
    await asyncio.sleep(0.2)
    replicas.signal(first, number)
    await asyncio.sleep(PAUSED_SECONDS)
    second = await replicas.leader(lease)
    assert second != first
    await working
    if number is signal.SIGSTOP:
        replicas.signal(first, signal.SIGCONT)
    await replicas.happen(20)
    await replicas.until_handled()
    effects = await replicas.effects()
    assert len(effects) == len(set(effects)) == sum(replicas.told.values())
    entries: Any = await replicas.world.redis.xrange(stream_key(SERVICE))
    firsts: dict[str, list[int]] = defaultdict(list)
    for _, fields in entries:
        aggregate, sequence = fields[b"ce_subject"].decode(), int(fields[b"ce_sequence"])
        if sequence not in firsts[aggregate]:
            firsts[aggregate].append(sequence)
    assert firsts == {name: list(range(1, replicas.told[name] + 1)) for name in AGGREGATES}
    async with replicas.database.transaction() as tx:
        assert await tx.rows("select * from parked_event") == []


async def test_holds_that_run_out_are_ended_once_whoever_of_the_sweepers_dies(
    worlds: Worlds, forks: ForkServerContext
) -> None:
    holds = 1500
    world = await worlds.start([INVENTORY])
    async with world.database("inventory").transaction() as tx:
        await tx.run(ADD_HELD_LEVEL, holds)
        await tx.run(ADD_HOLD_MOVEMENTS, holds)
        await tx.run(ADD_DUE_HOLDS, holds)
    sweepers = Replicas(world, "inventory", worlds.redis_url, forks)
    await sweepers.start("sweeper")
    sweepers.signal("replica-0", signal.SIGKILL)
    sweepers.signal("replica-1", signal.SIGSTOP)
    await asyncio.sleep(0.5)
    sweepers.signal("replica-1", signal.SIGCONT)
    async with asyncio.timeout(HANDLED_SECONDS_MAX):
        while await _held(world):
            await asyncio.sleep(0.1)
    await sweepers.close()
    assert await world.broken() == []
    async with world.database("inventory").transaction() as tx:
        level = await tx.row("select on_hand, held, version from stock_level")
        told = await tx.rows(
            "select sequence, count(*) as events from outbox"
            " where type = 'hutong.inventory.v1.ReservationChanged' group by 1"
        )
    assert level is not None
    assert tuple(level) == (holds, 0, 2 * holds + 1)
    assert [tuple(row) for row in told] == [(2, holds)]
    await world.close()


async def _held(world: World) -> bool:
    async with world.database("inventory").transaction() as tx:
        return bool(await tx.rows("select 1 from reservation where state = 'HELD' limit 1"))
