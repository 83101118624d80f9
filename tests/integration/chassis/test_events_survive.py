"""What is kept comes again after every loss, once in effect, and what is new goes beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from chassis.app import Share, Worker, Workers
from chassis.db.engine import Database
from chassis.messaging import outbox
from chassis.messaging.bus import count_key, epoch_key, stream_key
from chassis.messaging.inbox import Order
from chassis.messaging.publication import EARLIER_EVENTS_MAX
from chassis.messaging.relay import WAITING_COUNTED_MAX
from chassis.messaging.waking import Waking
from chassis.telemetry import Metrics
from tests.integration.chassis.event_bus import ORDER, OTHER, Bus, event_of, firsts, ids_of

NEVER_SECONDS = 300.0
WOKEN_SECONDS_MAX = 30.0


async def _published(bus: Bus) -> dict[str, object]:
    async with bus.database.transaction() as tx:
        rows = await tx.rows("select aggregate, sequence, published_at from outbox")
    return {f"{row.aggregate}#{row.sequence}": row.published_at for row in rows}


async def _until(bus: Bus, is_so: Callable[[list[str]], bool]) -> list[str]:
    async with asyncio.timeout(WOKEN_SECONDS_MAX):
        while not is_so(await bus.on_the_stream()):
            await asyncio.sleep(0.05)
    return await bus.on_the_stream()


async def test_what_was_lost_is_sent_again_in_chunks_and_nothing_is_unmarked(bus: Bus) -> None:
    await bus.happened(*range(1, 8))
    await bus.relay().round()
    marked = await _published(bus)
    await bus.world.redis.flushdb()
    async with bus.database.transaction() as tx:
        await tx.run("delete from lease")
    relay = bus.relay(again_at_once_max=2)
    await relay.round()
    assert await bus.on_the_stream() == ids_of(1, 2)
    await bus.happened(1, aggregate=OTHER)
    await relay.round()
    assert ids_of(1, aggregate=OTHER)[0] in await bus.on_the_stream()
    while len(firsts(await bus.on_the_stream())) < 8:
        await relay.round()
    assert [one for one in firsts(await bus.on_the_stream()) if one.startswith(ORDER)] == ids_of(
        *range(1, 8)
    )
    after = await _published(bus)
    assert {one: after[one] for one in marked} == marked


async def test_sending_again_is_taken_up_where_another_relay_left_it(bus: Bus) -> None:
    for sequence in range(1, 7):
        await bus.happened(sequence)
        async with bus.database.transaction() as tx:
            await tx.run(
                "update outbox set published_at = hutong.now() - make_interval(secs => $1)"
                " where sequence = $2",
                100 - sequence,
                sequence,
            )
    first = bus.relay(again_at_once_max=2)
    await first.round()
    for _ in range(2):
        await first._publication.checkpoint()
    async with bus.database.transaction() as tx:
        await tx.run("delete from lease")
    second = bus.relay()
    await second.round()
    stream = await bus.on_the_stream()
    assert firsts(stream) == ids_of(*range(1, 7))
    assert stream.count(ids_of(1)[0]) == 1


async def test_a_new_event_comes_after_the_lost_ones_of_its_aggregate(bus: Bus) -> None:
    await bus.happened(1, aggregate=OTHER)
    await bus.happened(1, 2, 3)
    await bus.relay().round()
    await bus.world.redis.flushdb()
    await bus.happened(4)
    async with bus.database.transaction() as tx:
        await tx.run("delete from lease")
    await bus.relay(again_at_once_max=1).round()
    assert firsts(await bus.on_the_stream())[:4] == ids_of(1, 2, 3, 4)


async def test_an_aggregate_with_too_much_behind_it_does_not_hold_up_its_new_event(
    bus: Bus,
) -> None:
    await bus.relay().round()
    async with bus.database.transaction() as tx:
        await tx.run("delete from lease")
        await tx.run(
            "insert into outbox (distribution_key, aggregate, sequence, type, data, published_at)"
            " select 'demo:sh01', $1, n, 't', '', hutong.now() from generate_series(1, $2) as n",
            ORDER,
            EARLIER_EVENTS_MAX + 1,
        )
    await bus.world.redis.flushdb()
    await bus.happened(EARLIER_EVENTS_MAX + 2)
    await bus.relay(again_at_once_max=1).round()
    assert (await bus.on_the_stream())[0] == ids_of(EARLIER_EVENTS_MAX + 2)[0]


async def test_the_latest_events_that_a_crash_took_from_the_bus_are_sent_again(bus: Bus) -> None:
    relay = bus.relay()
    await bus.happened(1, 2)
    await relay.round()
    for _ in range(2):
        await relay._publication.checkpoint()
    await bus.happened(3, 4)
    await relay.round()
    redis = bus.world.redis
    lost: Any = await redis.xrevrange(stream_key("floor"), count=2)
    await redis.xdel(stream_key("floor"), *(entry_id for entry_id, _ in lost))
    await redis.decrby(count_key("floor"), 2)
    assert firsts(await bus.on_the_stream()) == ids_of(1, 2)
    relay._check_at = 0.0
    for _ in range(2):
        await relay.round()
    assert set(await bus.on_the_stream()) == set(ids_of(1, 2, 3, 4))


async def test_an_event_that_is_committed_late_is_published_all_the_same(bus: Bus) -> None:
    relay = bus.relay()
    async with bus.database.transaction() as late:
        await outbox.add_all(late, [event_of(ORDER, 1)])
        await bus.happened(1, aggregate=OTHER)
        await relay.round()
        assert await bus.on_the_stream() == ids_of(1, aggregate=OTHER)
    await relay.round()
    assert await bus.on_the_stream() == [*ids_of(1, aggregate=OTHER), *ids_of(1)]


async def test_a_consumer_that_starts_late_gets_what_was_trimmed(bus: Bus) -> None:
    relay, consumer = bus.relay(), bus.consumer("late", name="late")
    await bus.happened(1, 2, 3)
    await relay.round()
    await bus.world.redis.xtrim(stream_key("floor"), maxlen=1, approximate=False)
    for _ in range(2):
        await consumer.round()
    assert await bus.world.redis.get(epoch_key("floor")) is None
    relay._check_at = 0.0
    async with asyncio.timeout(WOKEN_SECONDS_MAX):
        while len(bus.handled) < 3:
            await relay.round()
            await consumer.round()
    assert bus.handled == ids_of(1, 2, 3)


async def test_the_oldest_that_is_kept_is_no_gap(bus: Bus) -> None:
    async with bus.database.transaction() as tx:
        await tx.run(
            "insert into outbox (distribution_key, aggregate, sequence, type, data, published_at)"
            " select 'demo:sh01', $1, n, 't', '', hutong.now() from generate_series(7, 9) as n",
            ORDER,
        )
    await bus.happened(10)
    await bus.relay().round()
    await bus.rounds_until(4, bus.consumer())
    assert bus.handled == ids_of(7, 8, 9, 10)


async def test_who_needs_the_newest_only_waits_for_nothing(bus: Bus) -> None:
    consumer = bus.consumer(order=Order.NEWEST)
    await bus.sent(4, 2, 4, 3, 6, 5)
    await bus.rounds_until(1, consumer)
    assert bus.handled == ids_of(6)
    await bus.sent(8, 6, 8)
    await bus.rounds_until(2, consumer)
    assert bus.handled == ids_of(6, 8)
    assert await bus.parked() == []


async def test_an_event_behind_a_gap_that_nothing_fills_is_parked_in_the_end(bus: Bus) -> None:
    await bus.sent(1, 3)
    consumer = bus.consumer(gap_seconds_max=0.0)
    async with asyncio.timeout(WOKEN_SECONDS_MAX):
        while not await bus.parked():
            await consumer.round()
    assert await bus.parked() == ids_of(3)
    await bus.sent(2, 4)
    await bus.rounds_until(3, consumer)
    assert bus.handled == ids_of(1, 2, 4)


async def test_a_parked_event_has_its_effect_when_it_is_tried_again(bus: Bus) -> None:
    bus.poisoned = set(ids_of(1))
    await bus.sent(1, 2)
    consumer = bus.consumer()
    await bus.rounds_until(1, consumer)
    assert await bus.parked() == ids_of(1)
    for poisoned, parked in ((set(ids_of(1)), ids_of(1)), (set(), [])):
        bus.poisoned = poisoned
        async with bus.database.transaction() as tx:
            await tx.run("update parked_event set retry_requested_at = hutong.now()")
        async with asyncio.timeout(WOKEN_SECONDS_MAX):
            while await _has_retries(bus):
                await consumer.round()
        assert await bus.parked() == parked
    assert await bus.effects() == ids_of(1, 2)


async def test_a_rebuild_forgets_what_was_put_aside(bus: Bus) -> None:
    """It comes again; tried again besides, it would have its effect twice."""
    relay, consumer = bus.relay(), bus.consumer()
    bus.poisoned = set(ids_of(1))
    await bus.happened(1)
    await relay.round()
    async with asyncio.timeout(WOKEN_SECONDS_MAX):
        while not await bus.parked():
            await consumer.round()
    bus.poisoned = set()
    async with bus.database.transaction() as tx:
        await tx.run("update consumer set rebuild_requested_at = hutong.now()")
    relay._check_at = 0.0
    async with asyncio.timeout(WOKEN_SECONDS_MAX):
        while not await bus.effects():
            await consumer.round()
            await relay.round()
    assert await bus.parked() == []
    assert await bus.effects() == ids_of(1)


async def _has_retries(bus: Bus) -> bool:
    async with bus.database.transaction() as tx:
        return bool(
            await tx.rows("select 1 from parked_event where retry_requested_at is not null")
        )


async def test_a_large_backlog_is_counted_to_a_bound(bus: Bus) -> None:
    async with bus.database.transaction() as tx:
        await tx.run(
            "insert into outbox (distribution_key, aggregate, sequence, type, data)"
            " select 'demo:sh01', $1, n, 't', '' from generate_series(1, $2) as n",
            ORDER,
            WAITING_COUNTED_MAX + 7,
        )
    await bus.relay().round()
    expected = f'hutong_outbox_waiting_events{{service="floor"}} {WAITING_COUNTED_MAX:.1f}'
    assert expected in bus.metrics.exposition().decode()


async def test_a_commit_wakes_the_relay_of_its_process(bus: Bus) -> None:
    waking = Waking(service="floor", database=bus.database, redis=bus.world.redis)
    async with asyncio.timeout(WOKEN_SECONDS_MAX):
        waiting = asyncio.create_task(waking.wait(NEVER_SECONDS))
        await bus.happened(1)
        await waiting


async def test_a_commit_wakes_the_relay_that_leads_in_another_process(bus: Bus) -> None:
    elsewhere = Database(bus.world.urls["floor"], name="floor", metrics=Metrics())
    leading = Waking(service="floor", database=elsewhere, redis=bus.world.redis)
    workers = Workers(Metrics())
    workers.add(Worker("listen", leading.listen))
    workers.start(bus.world.services["floor"], bus.world.deps["floor"], share=Share.ATTACHED)
    waiting = asyncio.create_task(leading.wait(NEVER_SECONDS))
    async with asyncio.timeout(WOKEN_SECONDS_MAX):
        sequence = 0
        while not waiting.done():
            sequence += 1
            await bus.happened(sequence)
            await asyncio.sleep(0.05)
    await workers.stop()
    await elsewhere.close()
