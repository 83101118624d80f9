"""A consumer of every service's events, with a database of its own, and events that go wrong.

Its effect is a row for each event that it handled; nothing but the inbox keeps a second one away.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from google.protobuf import descriptor_pool
from google.protobuf.message_factory import GetMessageClass
from redis.asyncio import Redis
from sqlalchemy import MetaData

from allinone.topology import BLUEPRINTS
from chassis.app import Worker, Workers
from chassis.db.engine import CONNECT_SECONDS_MAX, Database
from chassis.db.migrate import upgrade
from chassis.db.transaction import Transaction
from chassis.messaging.bus import Delivery, stream_key
from chassis.messaging.consumer import Consumer
from chassis.telemetry import Metrics

SERVICE = "simulation"
"""The consumer's own service, as its database is known by."""

CONSUMER = "witness"
MEMBERS = ("a", "b")
LEASE_SECONDS = 2.0
CLAIM_IDLE_MS = 500
READ_BLOCK_MS = 200
SENT_AGAIN_MAX = 200
POISONED = "poison"
"""Begins the last id of every aggregate that only a poisoned event is about."""

_EFFECTS = """
insert into public.effect (source, aggregate, sequence)
select * from unnest($1::text[], $2::text[], $3::bigint[])
"""


@dataclass(slots=True)
class Witness:
    """Consumes all events, as two members of which one has the lease."""

    url: str
    redis: Redis
    _database: Database | None = None
    _metrics: Metrics = field(default_factory=Metrics)
    _workers: Workers | None = None

    async def start(self, *, folder: Path) -> None:
        """Makes its tables and begins; `folder` is empty, since it has no migrations of its own."""
        await upgrade(self.url, migrations=folder, metadata=MetaData())
        connection = await asyncpg.connect(self.url, timeout=CONNECT_SECONDS_MAX * 10)
        await connection.execute(
            "create table if not exists public.effect"
            " (source text, aggregate text, sequence bigint)"
        )
        await connection.close()
        self._database = Database(self.url, name=SERVICE, metrics=self._metrics)
        self._workers = Workers(self._metrics)
        for plan in BLUEPRINTS:
            for member in MEMBERS:
                consumer = self.consumer(plan.name, member)
                self._workers.add(Worker(f"{CONSUMER}.{plan.name}.{member}", consumer.round))

    def consumer(self, source: str, member: str, *, name: str = CONSUMER) -> Consumer:
        """One member, of one service's events; another name is another consumer."""
        assert self._database is not None
        return Consumer(
            name=f"{name}-{source}",
            member=member,
            source=source,
            database=self._database,
            redis=self.redis,
            handle=handle,
            metrics=self._metrics,
            claim_idle_ms=CLAIM_IDLE_MS,
            read_block_ms=READ_BLOCK_MS,
            lease_seconds=LEASE_SECONDS,
        )

    async def stop(self) -> None:
        """Ends it."""
        if self._workers is not None:
            await self._workers.stop()
        if self._database is not None:
            await self._database.close()


async def handle(tx: Transaction, events: Sequence[Delivery]) -> None:
    """Reads the events, which fails if one is poisoned, and notes them."""
    for event in events:
        kind: Any = GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(event.type))
        kind.FromString(event.data)
    await tx.run(
        _EFFECTS,
        [event.source for event in events],
        [event.aggregate for event in events],
        [event.sequence for event in events],
    )


async def send_again(redis: Redis, chance: random.Random) -> int:
    """Sends events of one service a second time, in another order; how many."""
    stream = stream_key(chance.choice([plan.name for plan in BLUEPRINTS]))
    entries: Any = await redis.xrevrange(stream, count=SENT_AGAIN_MAX)
    chance.shuffle(entries)
    for _, fields in entries:
        await redis.xadd(stream, fields)
    return len(entries)


async def poison(redis: Redis, number: int) -> None:
    """Sends an event that can't be handled, and one that is none."""
    stream = stream_key("orders")
    await redis.xadd(
        stream,
        {
            "ce_source": "//hutong/orders",
            "ce_type": "hutong.orders.v1.OrderChanged",
            "ce_subject": f"north/stores/sh01/orders/{POISONED}{number}",
            "ce_sequence": "1",
            "data": b"\xff\xff not an event",
        },
    )
    await redis.xadd(stream, {"nonsense": "1"})
