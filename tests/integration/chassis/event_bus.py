"""A service's outbox, its relays, and consumers whose effect is a row."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel.errors import Conflict
from chassis.messaging import outbox
from chassis.messaging.bus import Delivery, StoredEvent, publish_all, stream_key
from chassis.messaging.consumer import GAP_SECONDS_MAX, Consumer
from chassis.messaging.inbox import Order
from chassis.messaging.outbox import Event
from chassis.messaging.publication import EVENTS_AGAIN_AT_ONCE_MAX
from chassis.messaging.relay import LEASE_SECONDS, Relay
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

    def relay(
        self, redis: Redis | None = None, *, again_at_once_max: int = EVENTS_AGAIN_AT_ONCE_MAX
    ) -> Relay:
        return Relay(
            service="floor",
            database=self.database,
            redis=redis or self.world.redis,
            metrics=self.metrics,
            events_again_at_once_max=again_at_once_max,
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
            await outbox.add_all(tx, [event_of(aggregate, sequence) for sequence in sequences])

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


def event_of(aggregate: str, sequence: int) -> Event:
    return Event(
        distribution_key="demo:sh01",
        aggregate=aggregate,
        sequence=sequence,
        type="hutong.test.v1.Happened",
        data=f"event {sequence}".encode() + b"\x00\xff",
    )


def ids_of(*sequences: int, aggregate: str = ORDER) -> list[str]:
    return [f"{aggregate}#{sequence}" for sequence in sequences]


def firsts(identities: Sequence[str]) -> list[str]:
    """Without what came again."""
    return list(dict.fromkeys(identities))
