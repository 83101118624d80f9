"""Events from the outbox through Valkey to their effect: in order, once, and never stuck."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from chassis.db.engine import Database
from chassis.kernel.errors import Unavailable
from chassis.messaging import inbox, outbox
from chassis.messaging.bus import Delivery, stream_key
from chassis.messaging.consumer import DELIVERIES_MAX
from chassis.messaging.inbox import Order
from chassis.messaging.relay import LEASE, LEASE_SECONDS
from chassis.messaging.retention import KEPT_DAYS, LOOKED_AT_ONCE_MAX, Retention
from tests.integration.chassis.event_bus import ORDER, OTHER, Bus, event_of, firsts, ids_of


class RedisThatDies(Redis):
    """A Redis whose connection breaks when an event is acknowledged."""

    async def xack(self, *arguments: Any) -> Any:
        raise RedisConnectionError("gone")


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
            await outbox.add_all(tx, [event_of(ORDER, 1)])
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
        assert mine == ids_of(1, 2, 3, aggregate=aggregate)


async def test_an_event_that_is_delivered_twice_has_one_effect(bus: Bus) -> None:
    await bus.sent(1, 2, 1, 2, 2, 3, 1)
    await bus.rounds_until(3, bus.consumer())
    assert bus.handled == ids_of(1, 2, 3)


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
    assert await bus.effects() == sorted(ids_of(1, 2) * 2)


async def test_a_consumer_that_dies_before_it_acknowledges_has_one_effect(bus: Bus) -> None:
    await bus.sent(1, 2)
    dying = RedisThatDies(connection_pool=bus.world.redis.connection_pool)
    await bus.consumer("dying", redis=dying, lease_seconds=0.05).round()
    with pytest.raises(Unavailable):
        await bus.consumer("dying", redis=dying, lease_seconds=0.05).round()
    assert await bus.effects() == ids_of(1, 2)
    assert await bus.pending() == 2
    await bus.rounds_until(2, bus.consumer("next"))
    assert bus.handled == ids_of(1, 2)


async def test_a_consumer_that_dies_in_the_effect_leaves_none(bus: Bus) -> None:
    bus.poisoned = set(ids_of(1))
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
    wanted = [one for aggregate in aggregates for one in ids_of(*range(1, 11), aggregate=aggregate)]
    assert await bus.effects() == sorted(wanted)
    assert await bus.parked() == []


async def test_an_event_behind_a_gap_waits_until_it_is_filled(bus: Bus) -> None:
    consumer = bus.consumer()
    await bus.sent(1, 3)
    await bus.sent(1, aggregate=OTHER)
    for _ in range(4):
        await consumer.round()
    assert bus.handled == [*ids_of(1), *ids_of(1, aggregate=OTHER)]
    assert await bus.pending() == 1
    await bus.sent(2)
    await bus.rounds_until(4, consumer)
    assert bus.handled[2:] == ids_of(2, 3)
    assert await bus.parked() == []


async def test_a_poisoned_event_is_parked_and_those_behind_it_pass(bus: Bus) -> None:
    bus.poisoned = set(ids_of(2))
    await bus.sent(1, 2, 3)
    await bus.sent(1, aggregate=OTHER)
    consumer = bus.consumer()
    for _ in range(3):
        await consumer.round()
    assert await bus.effects() == [*ids_of(1), *ids_of(1, aggregate=OTHER)]
    assert await bus.parked() == []
    await bus.rounds_until(3, consumer)
    assert await bus.effects() == [*ids_of(1, 3), *ids_of(1, aggregate=OTHER)]
    assert await bus.parked() == ids_of(2)
    assert bus.tried.count(ids_of(2)[0]) >= DELIVERIES_MAX
    assert b'hutong_events_parked_total{consumer="ledger"} 1.0' in bus.metrics.exposition()
    async with bus.database.transaction() as tx:
        row = await tx.row("select problem, data from parked_event")
    assert row is not None
    assert "ZeroDivisionError" in row.problem


async def test_an_event_that_others_are_in_the_way_of_is_never_parked(bus: Bus) -> None:
    bus.conflicts[ids_of(1)[0]] = DELIVERIES_MAX + 3
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
    assert firsts(await bus.on_the_stream()) == ids_of(1, 2, 3)
    await bus.rounds_until(3, consumer)
    assert bus.handled == ids_of(1, 2, 3)


async def test_of_two_relays_one_publishes_and_the_other_takes_over(bus: Bus) -> None:
    first, second = bus.relay(), bus.relay()
    await bus.happened(1)
    await first.round()
    await bus.happened(2)
    await second.round()
    assert await bus.on_the_stream() == ids_of(1)
    await bus.world.pass_time("floor", LEASE_SECONDS + 1)
    await second.round()
    assert firsts(await bus.on_the_stream()) == ids_of(1, 2)
    await bus.happened(3)
    await first.round()
    assert firsts(await bus.on_the_stream()) == ids_of(1, 2)


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
    assert await bus.on_the_stream() == ids_of(1)


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
    await retention.forget()
    assert await _kept(bus) == list(range(LOOKED_AT_ONCE_MAX, count + 1))
    for _ in range(2):
        await retention.forget()
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
        await retention.forget()
        assert await _kept(bus) == kept


async def _kept(bus: Bus) -> list[int]:
    async with bus.database.transaction() as tx:
        assert await tx.rows("select * from verify.broken_outbox_gap") == []
        rows = await tx.rows("select sequence from outbox where aggregate = $1 order by 1", ORDER)
    return [row.sequence for row in rows]
