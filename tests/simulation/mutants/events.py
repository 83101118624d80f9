"""Defects on the way of events, from the change to its last effect."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from chassis.db.engine import CONNECT_SECONDS_MAX
from chassis.kernel.errors import Unavailable
from chassis.messaging import consumer, inbox, outbox, relay
from chassis.messaging.bus import StoredEvent, publish_all
from chassis.messaging.consumer import Consumer
from hutong.orders.v1 import orders_service_pb2
from hutong.payments.v1 import payments_service_pb2
from tests.simulation.mutants.stage import EVENT_SECONDS_MAX, Mutant, Stage, kept, whatever
from tests.support.shop import request_id, yuan

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
UNREADABLE = b"\xff\xff"
IDLE = "idle"


async def _until(stage: Stage, service: str, statement: str, *arguments: object) -> None:
    async with asyncio.timeout(EVENT_SECONDS_MAX):
        while not await stage.rows(service, statement, *arguments):
            await asyncio.sleep(0.05)


def _all_but_the_second(patch: pytest.MonkeyPatch) -> None:
    real = outbox.add_all

    async def add_all(tx: Any, events: Sequence[outbox.Event]) -> None:
        await real(tx, [e for e in events if e.sequence != 2 or "/orders/" not in e.aggregate])

    patch.setattr(outbox, "add_all", add_all)


async def _pack_and_hand_over(stage: Stage) -> list[str]:
    words, order, _ = await kept(stage)
    cashier = stage.shop.orders()
    await whatever(
        cashier.MarkOrderReady(
            orders_service_pb2.MarkOrderReadyRequest(name=order.name, request_id=request_id())
        )
    )
    await whatever(
        cashier.HandOverOrder(
            orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())
        )
    )
    return words


def _another_chain(patch: pytest.MonkeyPatch) -> None:
    real = outbox.add_all

    async def add_all(tx: Any, events: Sequence[outbox.Event]) -> None:
        moved = [replace(e, aggregate=f"other/{e.aggregate.partition('/')[2]}") for e in events]
        await real(tx, moved)

    patch.setattr(outbox, "add_all", add_all)


async def _top_up(stage: Stage) -> list[str]:
    who = await stage.shop.customer(balance=None)
    request = payments_service_pb2.TopUpWalletRequest(
        name=f"{who.customer}/wallet", amount=yuan(100), request_id=request_id()
    )
    await whatever(stage.shop.payments().TopUpWallet(request))
    return [f"{who.customer}/wallet"]


def _cursor_on_position(patch: pytest.MonkeyPatch) -> None:
    waiting = relay._WAITING.replace(
        "where o.published_at is null",
        "where o.published_at is null and o.position > coalesce("
        "(select max(position) from outbox where published_at is not null), 0)",
    )
    assert waiting != relay._WAITING
    patch.setattr(relay, "_WAITING", waiting)


async def _commit_late(stage: Stage) -> list[str]:
    """An event gets its position first and commits last; the relay has gone by meanwhile."""
    add = (
        "insert into public.outbox (distribution_key, aggregate, sequence, type, data) "
        "values ('demo:late', $1, 1, 'hutong.stores.v1.StoreChanged', '')"
    )
    late, early = (f"demo/stores/{word}-{request_id()[:8]}" for word in ("late", "early"))
    url = stage.world.urls["stores"]
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX * 10)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(add, late)
        await stage.rows("stores", add, early)
        await _until(
            stage,
            "stores",
            "select 1 from outbox where aggregate = $1 and published_at is not null",
            early,
        )
        await transaction.commit()
    finally:
        await connection.close()
    await asyncio.sleep(2 * relay.LOOK_SECONDS)
    return [late]


def _inbox_off(patch: pytest.MonkeyPatch) -> None:
    async def take(_: Any, __: str, events: Sequence[Any], *, order: Any) -> list[inbox.Turn]:
        return [inbox.Turn.NOW for _ in events]

    patch.setattr(inbox, "take", take)


async def _send_twice(stage: Stage) -> list[str]:
    aggregate = f"demo/stores/twice-{request_id()[:8]}"
    await _send(stage, aggregate, 1)
    await _send(stage, aggregate, 1)
    await stage.witnessed(aggregate, times=2)
    return [aggregate]


async def _send(stage: Stage, aggregate: str, sequence: int) -> None:
    event = StoredEvent("demo", aggregate, sequence, "hutong.stores.v1.StoreChanged", b"", LONG_AGO)
    await publish_all(stage.world.redis, "stores", [event])


def _no_order(patch: pytest.MonkeyPatch) -> None:
    real = inbox._Seen.turn

    def turn(seen: Any, event: Any) -> inbox.Turn:
        decided = real(seen, event)
        return inbox.Turn.NOW if decided is inbox.Turn.TOO_EARLY else decided

    patch.setattr(inbox._Seen, "turn", turn)


async def _send_the_second(stage: Stage) -> list[str]:
    aggregate = f"demo/stores/second-{request_id()[:8]}"
    await _send(stage, aggregate, 2)
    await stage.witnessed(aggregate)
    return [aggregate]


async def _send_and_roll_back(stage: Stage) -> list[str]:
    """An event goes to the bus at once, and then there is no commit."""
    real = outbox.add_all

    async def add_all(tx: Any, events: Sequence[outbox.Event]) -> None:
        for event in events:
            stored = StoredEvent(
                event.distribution_key,
                event.aggregate,
                event.sequence,
                event.type,
                event.data,
                LONG_AGO,
            )
            await publish_all(stage.world.redis, "payments", [stored])
        raise Unavailable(part="the database")

    outbox.add_all = add_all
    try:
        words = await _top_up(stage)
    finally:
        outbox.add_all = real
    await stage.witnessed(f"demo/{words[0]}")
    return words


def _unreadable(patch: pytest.MonkeyPatch) -> None:
    real = outbox.add_all

    async def add_all(tx: Any, events: Sequence[outbox.Event]) -> None:
        await real(tx, [replace(event, data=UNREADABLE) for event in events])

    patch.setattr(outbox, "add_all", add_all)
    patch.setattr(consumer, "DELIVERIES_MAX", 2)


async def _top_up_until_parked(stage: Stage) -> list[str]:
    words = await _top_up(stage)
    connection = await asyncpg.connect(stage.witness.url, timeout=CONNECT_SECONDS_MAX * 10)
    try:
        async with asyncio.timeout(EVENT_SECONDS_MAX):
            while not await connection.fetchval(
                "select count(*) from public.parked_event where aggregate = $1", f"demo/{words[0]}"
            ):
                await asyncio.sleep(0.05)
    finally:
        await connection.close()
    return words


def _dropped(patch: pytest.MonkeyPatch) -> None:
    real = Consumer._deliver

    async def deliver(one: Consumer, entries: Sequence[Any]) -> None:
        await one._acknowledge([e.entry_id for e in entries if "/wallet" in e.event.aggregate])
        await real(one, [e for e in entries if "/wallet" not in e.event.aggregate])

    patch.setattr(Consumer, "_deliver", deliver)


async def _top_up_a_minute_ago(stage: Stage) -> list[str]:
    words = await _top_up(stage)
    aggregate = f"demo/{words[0]}"
    await _until(
        stage,
        "payments",
        "select 1 from outbox where aggregate = $1 and published_at is not null",
        aggregate,
    )
    await stage.rows(
        "payments",
        "update public.outbox set published_at = now() - interval '2 minutes' where aggregate = $1",
        aggregate,
    )
    return words


def _idle_from_the_first_on(patch: pytest.MonkeyPatch) -> None:
    real = Consumer._deliver

    async def deliver(one: Consumer, entries: Sequence[Any]) -> None:
        if one._name.startswith(IDLE):
            await one._acknowledge([entry.entry_id for entry in entries])
        else:
            await real(one, entries)

    patch.setattr(Consumer, "_deliver", deliver)


async def _top_up_with_one_more_consumer(stage: Stage) -> list[str]:
    idle = stage.witness.consumer("payments", "a", name=IDLE)
    for _ in range(2):
        await idle.round()
    await _top_up_a_minute_ago(stage)
    return [IDLE]


EVENT_MUTANTS = (
    Mutant(
        "an event between two others is not written",
        ("orders.broken_outbox_gap",),
        _pack_and_hand_over,
        _all_but_the_second,
    ),
    Mutant(
        "an event is told of another chain's",
        ("payments.broken_outbox_tenant",),
        _top_up,
        _another_chain,
    ),
    Mutant(
        "the relay's cursor runs along the position",
        ("event_not_published", "event_missed"),
        _commit_late,
        _cursor_on_position,
    ),
    Mutant(
        "the inbox is off",
        ("event_handled_twice",),
        _send_twice,
        _inbox_off,
    ),
    Mutant(
        "a consumer does not wait for what is missing",
        ("event_skipped",),
        _send_the_second,
        _no_order,
    ),
    Mutant(
        "an event is sent before its transaction has committed",
        ("event_of_nothing",),
        _send_and_roll_back,
    ),
    Mutant(
        "an event can't be read",
        ("simulation.broken_parked_event",),
        _top_up_until_parked,
        _unreadable,
    ),
    Mutant(
        "a consumer drops events",
        ("event_not_handled",),
        _top_up_a_minute_ago,
        _dropped,
        why_row="a consumer has a minute; the time of publication is set back by two",
    ),
    Mutant(
        "a consumer has never handled anything",
        ("event_not_handled",),
        _top_up_with_one_more_consumer,
        _idle_from_the_first_on,
        why_row="a consumer has a minute; the time of publication is set back by two",
    ),
)
