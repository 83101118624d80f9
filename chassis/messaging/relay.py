"""Takes events from the outbox to the bus: at least once, in order within an aggregate.

Events of one aggregate are written under its row's lock, so that a later one is never visible
before an earlier one, and publishing in order of position keeps them in order. If Redis was
emptied, its epoch is missing, and all events that are still kept are published again.
"""

from __future__ import annotations

import asyncio
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.db import leases
from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel import ids
from chassis.kernel.errors import Unavailable
from chassis.log import logger
from chassis.messaging.bus import StoredEvent, epoch_key, publish_all
from chassis.telemetry import Metrics

EVENTS_A_ROUND_MAX = 500
IDLE_SECONDS = 0.5
LEASE_SECONDS = 10.0
KEPT_DAYS = 7
FORGET_EVERY_SECONDS = 600.0
FORGOTTEN_AT_ONCE_MAX = 10_000

log = logger(__name__)

_WAITING = """
select distribution_key, aggregate, sequence, type, data, created_at, traceparent
  from outbox where published_at is null
 order by position limit $1
"""

_MARK = """
update outbox as o set published_at = hutong.now()
  from unnest($1::text[], $2::text[], $3::bigint[]) as sent (distribution_key, aggregate, sequence)
 where (o.distribution_key, o.aggregate, o.sequence)
     = (sent.distribution_key, sent.aggregate, sent.sequence)
"""

_LAG = """
select count(*) as waiting,
       coalesce(extract(epoch from hutong.now() - min(created_at)), 0) as seconds
  from outbox where published_at is null
"""

_FORGET = """
delete from outbox
 where (distribution_key, aggregate, sequence) in (
       select o.distribution_key, o.aggregate, o.sequence
         from outbox as o
        where o.published_at < hutong.now() - make_interval(days => $1)
          and exists (select 1 from outbox as later
                       where later.distribution_key = o.distribution_key
                         and later.aggregate = o.aggregate
                         and later.sequence > o.sequence)
        order by o.position
        limit $2)
"""


class Relay:
    """One service's relay; of several replicas the one with the lease works."""

    def __init__(self, *, service: str, database: Database, redis: Redis, metrics: Metrics) -> None:
        self._service = service
        self._database = database
        self._redis = redis
        self._holder = ids.mint("relay")
        self._waiting = metrics.outbox_waiting.labels(service)
        self._lag = metrics.outbox_lag_seconds.labels(service)
        self._forget_at = time.monotonic() + FORGET_EVERY_SECONDS
        self._redis_seconds = metrics.redis_seconds.labels("publish")

    async def round(self) -> None:
        """Publishes what waits; pauses when there is little, or when another holds the lease."""
        published = await self._publish() if await self._lead() else 0
        if published < EVENTS_A_ROUND_MAX:
            await self._forget()
            await asyncio.sleep(IDLE_SECONDS)

    async def _lead(self) -> bool:
        async with self._database.transaction() as tx:
            leads = await leases.acquire(
                tx, name="relay", holder=self._holder, seconds=LEASE_SECONDS
            )
            lag = await tx.row(_LAG)
            if lag is not None:
                self._waiting.set(lag.waiting)
                self._lag.set(float(lag.seconds))
            return leads

    async def _publish(self) -> int:
        await self._republish_after_loss()
        async with self._database.transaction() as tx:
            rows = await tx.rows(_WAITING, EVENTS_A_ROUND_MAX)
        events = [StoredEvent(**row) for row in rows]
        if not events:
            return 0
        begun = time.perf_counter()
        try:
            await publish_all(self._redis, self._service, events)
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem
        self._redis_seconds.observe(time.perf_counter() - begun)
        async with self._database.transaction() as tx:
            await _mark(tx, events)
        return len(events)

    async def _forget(self) -> None:
        """Deletes what was published long ago, but the newest event of each aggregate."""
        if time.monotonic() < self._forget_at:
            return
        self._forget_at = time.monotonic() + FORGET_EVERY_SECONDS
        async with self._database.transaction() as tx:
            await tx.run(_FORGET, KEPT_DAYS, FORGOTTEN_AT_ONCE_MAX)

    async def _republish_after_loss(self) -> None:
        try:
            if await self._redis.get(epoch_key(self._service)) is not None:
                return
            async with self._database.transaction() as tx:
                again = await tx.run(
                    "update outbox set published_at = null where published_at is not null"
                )
            await self._redis.set(epoch_key(self._service), ids.mint("epoch"))
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem
        log.info("events_republished", service=self._service, events=again)


async def _mark(tx: Transaction, events: list[StoredEvent]) -> None:
    await tx.run(
        _MARK,
        [event.distribution_key for event in events],
        [event.aggregate for event in events],
        [event.sequence for event in events],
    )
