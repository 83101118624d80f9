"""Events from the outbox through Valkey to their effect: in order, once, and never stuck."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel.errors import Conflict, Unavailable
from chassis.messaging import inbox, outbox
from chassis.messaging.bus import Delivery, StoredEvent, publish_all, stream_key
from chassis.messaging.consumer import DELIVERIES_MAX, GAP_SECONDS_MAX, Consumer
from chassis.messaging.inbox import Order
from chassis.messaging.outbox import Event
from chassis.messaging.relay import LEASE, LEASE_SECONDS, Relay
from chassis.messaging.retention import KEPT_DAYS, LOOKED_AT_ONCE_MAX, Retention
from chassis.telemetry import Metrics
from tests.support.world import World

ROUNDS_MAX = 60
ORDER = "demo/stores/sh01/orders/ord_1"
OTHER = "demo/stores/sh01/orders/ord_2"


@dataclass(slots=True)
class Bus:
    """A service's outbox, its relays, and consumers whose effect is a row."""

    world: World
    metrics: Metrics = field(default_factory=Metrics)
    tried: list[str] = field(default_factory=list)
    handled: list[str] = field(default_factory=list)
    poisoned: set[str] = field(default_factory=set)
    conflicts: Counter[str] = field(default_factory=Counter)

    @property
    def database(self) -> Database:
        return self.world.database("floor")

    def relay(self, redis: Redis | None = None) -> Relay:
        return Relay(
            service="floor",
            database=self.database,
            redis=redis or self.world.redis,
            metrics=self.metrics,
        )

    def consumer(
        self,
        member: str = "a",
        *,
        name: str = "ledger",
        redis: Redis | None = None,
        order: Order = Order.EVERY,
        lease_seconds: float = LEASE_SECONDS,
        gap_seconds_max: float = GAP_SECONDS_MAX,
    ) -> Consumer:
        return Consumer(
            name=name,
            member=member,
            source="floor",
            database=self.database,
            redis=redis or self.world.redis,
            handle=self._handle,
            metrics=self.metrics,
            order=order,
            claim_idle_ms=1,
            read_block_ms=1,
            lease_seconds=lease_seconds,
            gap_seconds_max=gap_seconds_max,
        )

    async def _handle(self, tx: Transaction, events: Sequence[Delivery]) -> None:
        for event in events:
            identity = f"{event.aggregate}#{event.sequence}"
            await tx.run("insert into effect values ($1)", identity)
            if self.conflicts[identity] > 0:
                self.conflicts[identity] -= 1
                raise Conflict
            self.tried.append(identity)
            if identity in self.poisoned:
                raise ZeroDivisionError
        self.handled += [f"{event.aggregate}#{event.sequence}" for event in events]

    async def happened(self, *sequences: int, aggregate: str = ORDER) -> None:
        async with self.database.transaction() as tx:
            await outbox.add_all(tx, [_event(aggregate, sequence) for sequence in sequences])

    async def sent(self, *sequences: int, aggregate: str = ORDER) -> None:
        """Puts events on the bus as a relay would, whatever the outbox holds."""
        events = [
            StoredEvent(
                distribution_key="demo:sh01",
                aggregate=aggregate,
                sequence=sequence,
                type="hutong.test.v1.Happened",
                data=b"",
                created_at=datetime.fromisoformat("2026-03-01T08:00:00+00:00"),
            )
            for sequence in sequences
        ]
        await publish_all(self.world.redis, "floor", events)

    async def on_the_stream(self) -> list[str]:
        entries: Any = await self.world.redis.xrange(stream_key("floor"))
        return [fields[b"ce_id"].decode() for _, fields in entries]

    async def effects(self) -> list[str]:
        async with self.database.transaction() as tx:
            return [row.what for row in await tx.rows("select what from effect order by what")]

    async def parked(self) -> list[str]:
        async with self.database.transaction() as tx:
            rows = await tx.rows("select aggregate, sequence from parked_event order by 1, 2")
        return [f"{row.aggregate}#{row.sequence}" for row in rows]

    async def pending(self, name: str = "ledger") -> int:
        summary: Any = await self.world.redis.xpending(stream_key("floor"), name)
        return int(summary["pending"])

    async def rounds_until(self, count: int, *consumers: Consumer) -> None:
        """Lets consumers work until so many effects are there and nothing is pending."""
        for _ in range(ROUNDS_MAX):
            await asyncio.gather(*(consumer.round() for consumer in consumers))
            if len(await self.effects()) == count and await self.pending() == 0:
                return
            await asyncio.sleep(0.002)
        raise AssertionError(f"{await self.effects()}, pending {await self.pending()}")


def _event(aggregate: str, sequence: int) -> Event:
    return Event(
        distribution_key="demo:sh01",
        aggregate=aggregate,
        sequence=sequence,
        type="hutong.test.v1.Happened",
        data=f"event {sequence}".encode() + b"\x00\xff",
    )


def _ids(*sequences: int, aggregate: str = ORDER) -> list[str]:
    return [f"{aggregate}#{sequence}" for sequence in sequences]


def _firsts(identities: Sequence[str]) -> list[str]:
    """Without what came again."""
    return list(dict.fromkeys(identities))


class RedisThatDies(Redis):
    """A Redis whose connection breaks when an event is acknowledged."""

    async def xack(self, *arguments: Any) -> Any:
        raise RedisConnectionError("gone")


@pytest.fixture
async def bus(world: World) -> AsyncIterator[Bus]:
    await world.redis.flushdb()
    yield Bus(world)
    await world.pass_time("floor", 0)


async def test_an_event_is_published_in_the_form_of_cloudevents(bus: Bus) -> None:
    await bus.happened(1)
    await bus.relay().round()
    entries: Any = await bus.world.redis.xrange(stream_key("floor"))
    ((_, fields),) = entries
    assert datetime.fromisoformat(fields.pop(b"ce_time").decode()).tzinfo is not None
    assert fields == {
        b"ce_specversion": b"1.0",
        b"ce_id": f"{ORDER}#1".encode(),
        b"ce_source": b"//hutong/floor",
        b"ce_type": b"hutong.test.v1.Happened",
        b"ce_subject": ORDER.encode(),
        b"ce_sequence": b"1",
        b"data": b"event 1\x00\xff",
    }


async def test_an_event_of_a_transaction_that_fails_never_happened(bus: Bus) -> None:
    with suppress(ZeroDivisionError):
        async with bus.database.transaction() as tx:
            await outbox.add_all(tx, [_event(ORDER, 1)])
            raise ZeroDivisionError
    await bus.relay().round()
    assert await bus.on_the_stream() == []


async def test_events_of_an_aggregate_arrive_in_their_order(bus: Bus) -> None:
    for sequence in (1, 2, 3):
        await bus.happened(sequence)
        await bus.happened(sequence, aggregate=OTHER)
    await bus.relay().round()
    await bus.rounds_until(6, bus.consumer())
    for aggregate in (ORDER, OTHER):
        mine = [one for one in bus.handled if one.startswith(aggregate)]
        assert mine == _ids(1, 2, 3, aggregate=aggregate)


async def test_an_event_that_is_delivered_twice_has_one_effect(bus: Bus) -> None:
    await bus.sent(1, 2, 1, 2, 2, 3, 1)
    await bus.rounds_until(3, bus.consumer())
    assert bus.handled == _ids(1, 2, 3)


async def test_of_two_that_handle_one_event_at_the_same_time_one_has_the_effect(bus: Bus) -> None:
    event = Delivery(source="x", aggregate=ORDER, sequence=1, type="t", data=b"")

    async def turn() -> inbox.Turn:
        async with bus.database.transaction() as tx:
            (turn,) = await inbox.take(tx, "ledger", [event], order=Order.EVERY)
            return turn

    async with bus.database.transaction() as tx:
        assert await inbox.take(tx, "ledger", [event], order=Order.EVERY) == [inbox.Turn.NOW]
        second = asyncio.create_task(turn())
        async with asyncio.timeout(5):
            while not await _somebody_waits(bus.database):
                await asyncio.sleep(0.01)
    assert await second is inbox.Turn.HANDLED


async def _somebody_waits(database: Database) -> bool:
    async with database.transaction() as tx:
        rows = await tx.rows(
            "select 1 from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        )
    return bool(rows)


async def test_every_consumer_gets_every_event(bus: Bus) -> None:
    await bus.sent(1, 2)
    for name in ("ledger", "search"):
        for _ in range(3):
            await bus.consumer(name=name).round()
    assert await bus.effects() == sorted(_ids(1, 2) * 2)


async def test_a_consumer_that_dies_before_it_acknowledges_has_one_effect(bus: Bus) -> None:
    await bus.sent(1, 2)
    dying = RedisThatDies(connection_pool=bus.world.redis.connection_pool)
    await bus.consumer("dying", redis=dying, lease_seconds=0.05).round()
    with pytest.raises(Unavailable):
        await bus.consumer("dying", redis=dying, lease_seconds=0.05).round()
    assert await bus.effects() == _ids(1, 2)
    assert await bus.pending() == 2
    await bus.rounds_until(2, bus.consumer("next"))
    assert bus.handled == _ids(1, 2)


async def test_a_consumer_that_dies_in_the_effect_leaves_none(bus: Bus) -> None:
    bus.poisoned = set(_ids(1))
    await bus.sent(1)
    for _ in range(3):
        await bus.consumer("dying", lease_seconds=0.05).round()
    assert await bus.effects() == []
    bus.poisoned = set()
    await bus.rounds_until(1, bus.consumer("next"))


async def test_of_the_members_of_a_group_one_works_and_each_effect_happens_once(bus: Bus) -> None:
    aggregates = [f"demo/stores/sh01/orders/ord_{number}" for number in range(4)]
    for sequence in range(1, 11):
        for aggregate in aggregates:
            await bus.sent(sequence, aggregate=aggregate)
    first, second = bus.consumer("a", lease_seconds=0.05), bus.consumer("b", lease_seconds=0.05)
    await bus.rounds_until(40, first, second)
    wanted = [one for aggregate in aggregates for one in _ids(*range(1, 11), aggregate=aggregate)]
    assert await bus.effects() == sorted(wanted)
    assert await bus.parked() == []


async def test_an_event_behind_a_gap_waits_until_it_is_filled(bus: Bus) -> None:
    consumer = bus.consumer()
    await bus.sent(1, 3)
    await bus.sent(1, aggregate=OTHER)
    for _ in range(4):
        await consumer.round()
    assert bus.handled == [*_ids(1), *_ids(1, aggregate=OTHER)]
    assert await bus.pending() == 1
    await bus.sent(2)
    await bus.rounds_until(4, consumer)
    assert bus.handled[2:] == _ids(2, 3)
    assert await bus.parked() == []


async def test_a_poisoned_event_is_parked_and_those_behind_it_pass(bus: Bus) -> None:
    bus.poisoned = set(_ids(2))
    await bus.sent(1, 2, 3)
    await bus.sent(1, aggregate=OTHER)
    consumer = bus.consumer()
    for _ in range(3):
        await consumer.round()
    assert await bus.effects() == [*_ids(1), *_ids(1, aggregate=OTHER)]
    assert await bus.parked() == []
    await bus.rounds_until(3, consumer)
    assert await bus.effects() == [*_ids(1, 3), *_ids(1, aggregate=OTHER)]
    assert await bus.parked() == _ids(2)
    assert bus.tried.count(_ids(2)[0]) >= DELIVERIES_MAX
    assert b'hutong_events_parked_total{consumer="ledger"} 1.0' in bus.metrics.exposition()
    async with bus.database.transaction() as tx:
        row = await tx.row("select problem, data from parked_event")
    assert row is not None
    assert "ZeroDivisionError" in row.problem


async def test_an_event_that_others_are_in_the_way_of_is_never_parked(bus: Bus) -> None:
    bus.conflicts[_ids(1)[0]] = DELIVERIES_MAX + 3
    await bus.sent(1)
    await bus.rounds_until(1, bus.consumer())
    assert await bus.parked() == []


async def test_an_entry_that_is_no_event_stops_nobody(bus: Bus) -> None:
    await bus.world.redis.xadd(stream_key("floor"), {"what": "is this"})
    await bus.sent(1)
    await bus.rounds_until(1, bus.consumer())


async def test_an_emptied_valkey_gets_all_events_again_and_no_effect_twice(bus: Bus) -> None:
    relay, consumer = bus.relay(), bus.consumer()
    await bus.happened(1, 2)
    await relay.round()
    await bus.rounds_until(2, consumer)
    await bus.world.redis.flushdb()
    await bus.happened(3)
    await relay.round()
    assert _firsts(await bus.on_the_stream()) == _ids(1, 2, 3)
    await bus.rounds_until(3, consumer)
    assert bus.handled == _ids(1, 2, 3)


async def test_of_two_relays_one_publishes_and_the_other_takes_over(bus: Bus) -> None:
    first, second = bus.relay(), bus.relay()
    await bus.happened(1)
    await first.round()
    await bus.happened(2)
    await second.round()
    assert await bus.on_the_stream() == _ids(1)
    await bus.world.pass_time("floor", LEASE_SECONDS + 1)
    await second.round()
    assert _firsts(await bus.on_the_stream()) == _ids(1, 2)
    await bus.happened(3)
    await first.round()
    assert _firsts(await bus.on_the_stream()) == _ids(1, 2)


async def test_while_valkey_is_down_events_wait_and_then_go(bus: Bus) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        down = Redis.from_url(f"redis://127.0.0.1:{nobody.getsockname()[1]}")
        relay = bus.relay(down)
        await bus.happened(1)
        with pytest.raises(Unavailable):
            await relay.round()
        with pytest.raises(Unavailable):
            await bus.consumer(redis=down).round()
        await down.aclose()
    assert b'hutong_outbox_waiting_events{service="floor"} 1.0' in bus.metrics.exposition()
    async with bus.database.transaction() as tx:
        await tx.run("delete from lease")
    await bus.relay().round()
    assert await bus.on_the_stream() == _ids(1)


async def test_old_events_are_forgotten_from_the_oldest_on_and_never_the_newest(bus: Bus) -> None:
    count = LOOKED_AT_ONCE_MAX + 3
    await bus.relay().round()
    async with bus.database.transaction() as tx:
        await tx.run(
            "insert into outbox (distribution_key, aggregate, sequence, position, type, data,"
            " published_at) overriding system value"
            " select 'demo:sh01', $1, n, n, 't', '', hutong.now() - make_interval(days => $2)"
            " from generate_series($3::int, 1, -1) as n",
            ORDER,
            KEPT_DAYS + 1,
            count,
        )
    await bus.happened(1, aggregate=OTHER)
    retention = Retention(name=LEASE, database=bus.database)
    await retention.forget(is_due=True)
    assert await _kept(bus) == list(range(LOOKED_AT_ONCE_MAX, count + 1))
    for _ in range(2):
        await retention.forget(is_due=True)
        assert await _kept(bus) == [count]


async def test_an_old_aggregate_forgets_what_was_kept_once_its_next_event_is_old(bus: Bus) -> None:
    await bus.relay().round()
    retention = Retention(name=LEASE, database=bus.database)
    for days, kept in ((3 * KEPT_DAYS, [1]), (KEPT_DAYS + 1, [2]), (1, [2, 3])):
        async with bus.database.transaction() as tx:
            await tx.run(
                "insert into outbox (distribution_key, aggregate, sequence, type, data,"
                " published_at) select 'demo:sh01', $1, 1 + coalesce(max(sequence), 0), 't', '',"
                " hutong.now() - make_interval(days => $2) from outbox",
                ORDER,
                days,
            )
        await retention.forget(is_due=True)
        assert await _kept(bus) == kept


async def _kept(bus: Bus) -> list[int]:
    async with bus.database.transaction() as tx:
        assert await tx.rows("select * from verify.broken_outbox_gap") == []
        rows = await tx.rows("select sequence from outbox where aggregate = $1 order by 1", ORDER)
    return [row.sequence for row in rows]
