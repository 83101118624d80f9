"""Takes events from the outbox to the bus: at least once, in order within an aggregate.

Events of one aggregate are written under its row's lock, so that a later one is never visible
before an earlier one, and publishing in order of position keeps them in order. Only what was sent
is marked, by its key. What the bus has lost is sent again beside it (`publication`).
"""

from __future__ import annotations

import time

from redis.asyncio import Redis

from chassis.db import leases
from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel import ids
from chassis.messaging.bus import StoredEvent
from chassis.messaging.publication import EVENT_COLUMNS, EVENTS_AGAIN_AT_ONCE_MAX, Publication
from chassis.messaging.retention import Retention
from chassis.messaging.waking import Waking
from chassis.telemetry import Metrics

LEASE = "relay"
LEASE_SECONDS = 10.0
FOLLOW_SECONDS = 1.0
"""A relay without the lease asks for it so often, so one that fell silent is soon replaced."""

PASS_ON_SECONDS = 60.0

EVENTS_A_ROUND_MAX = 500
LOOK_SECONDS = 0.5
"""A relay looks so often though nobody woke it."""

AGAIN_PAUSE_SECONDS = 0.1
"""Between two chunks that are sent again, for consumers to keep up and new events to go between."""

AGAIN_SLOW_PAUSE_SECONDS = 1.0

CHECK_SECONDS = 1.0
CHECKPOINT_SECONDS = 5.0
WAITING_COUNTED_MAX = 10_000

_WAITING = f"""
select {EVENT_COLUMNS}
  from outbox as o where o.published_at is null
 order by o.position limit $1
"""

# A mark that is lost in a crash costs a second delivery, which a consumer takes no notice of; so it
# need not wait for the disk.
_MARK = """
update outbox as o set published_at = hutong.now()
  from unnest($1::text[], $2::text[], $3::bigint[]) as sent (distribution_key, aggregate, sequence),
       (select set_config('synchronous_commit', 'off', true)) as unhurried
 where (o.distribution_key, o.aggregate, o.sequence)
     = (sent.distribution_key, sent.aggregate, sent.sequence)
   and o.published_at is null
"""

_LAG = """
select (select count(*)
          from (select 1 from outbox where published_at is null limit $1) as counted) as waiting,
       coalesce(extract(epoch from hutong.now() - (
           select created_at from outbox where published_at is null order by position limit 1
       )), 0) as seconds
"""


class Relay:
    """One service's relay; of several replicas the one with the lease works.

    One that is paused for longer than its lease may send again what it had read before, once.
    """

    def __init__(
        self,
        *,
        service: str,
        database: Database,
        redis: Redis,
        metrics: Metrics,
        holder: str | None = None,
        lease_seconds: float = LEASE_SECONDS,
        events_again_at_once_max: int = EVENTS_AGAIN_AT_ONCE_MAX,
    ) -> None:
        self._database = database
        self._holder = holder or ids.mint("relay")
        self._lease_seconds = lease_seconds
        self._waiting = metrics.outbox_waiting.labels(service)
        self._lag = metrics.outbox_lag_seconds.labels(service)
        self._redis_seconds = metrics.redis_seconds.labels("publish")
        self._publication = Publication(
            name=LEASE,
            service=service,
            database=database,
            redis=redis,
            events_again_at_once_max=events_again_at_once_max,
        )
        self._retention = Retention(name=LEASE, database=database)
        self._waking = Waking(service=service, database=database, redis=redis)
        self._is_in_charge = False
        self._sent: list[StoredEvent] = []
        self._check_at = self._again_at = 0.0
        self._checkpoint_at = time.monotonic() + CHECKPOINT_SECONDS

    async def round(self) -> None:
        """Publishes what waits; rests when there is little, or while another holds the lease."""
        events = await self._mark_and_read()
        if events is None:
            self._is_in_charge = False
            await self._waking.pass_on(min(FOLLOW_SECONDS, self._lease_seconds / 4))
            return
        if not self._is_in_charge:
            await self._publication.take_over()
            self._is_in_charge = True
        if events:
            await self._send(events)
            if len(events) < EVENTS_A_ROUND_MAX:
                await self._mark_sent()
        await self._send_again()
        await self._keep_watch()
        if len(events) < EVENTS_A_ROUND_MAX:
            await self._waking.wait(
                AGAIN_PAUSE_SECONDS if self._publication.is_sending_again else LOOK_SECONDS
            )

    async def listen(self) -> None:
        """Hears from other processes that events were written; a worker beside `round` runs it."""
        await self._waking.listen()

    async def pass_on(self) -> None:
        """Tells the relay in another process of events that are written in this one.

        A worker runs it where `round` does not run.
        """
        await self._waking.pass_on(PASS_ON_SECONDS)

    async def _mark_and_read(self) -> list[StoredEvent] | None:
        """Marks what was sent, and answers what waits; None while another has the lease."""
        async with self._database.transaction() as tx:
            await _mark(tx, self._sent)
            leads = await leases.keep(
                tx, name=LEASE, holder=self._holder, seconds=self._lease_seconds
            )
            rows = await tx.rows(_WAITING, EVENTS_A_ROUND_MAX) if leads else ()
            if time.monotonic() >= self._check_at:
                lag = await tx.row(_LAG, WAITING_COUNTED_MAX)
                if lag is not None:
                    self._waiting.set(lag.waiting)
                    self._lag.set(float(lag.seconds))
        self._sent = []
        return [StoredEvent(**row) for row in rows] if leads else None

    async def _mark_sent(self) -> None:
        async with self._database.transaction() as tx:
            await _mark(tx, self._sent)
        self._sent = []

    async def _send(self, events: list[StoredEvent]) -> None:
        begun = time.perf_counter()
        if not await self._publication.send(events):
            await self._publication.take_over()
            if not await self._publication.send(events):
                return
        self._redis_seconds.observe(time.perf_counter() - begun)
        self._sent = events

    async def _send_again(self) -> None:
        if self._publication.is_sending_again and time.monotonic() >= self._again_at:
            if not await self._publication.send_again():
                await self._publication.take_over()
            is_slow = await self._publication.is_far_ahead()
            pause_seconds = AGAIN_SLOW_PAUSE_SECONDS if is_slow else AGAIN_PAUSE_SECONDS
            self._again_at = time.monotonic() + pause_seconds

    async def _keep_watch(self) -> None:
        """Looks after what is kept, and whether the bus is still the same when nothing is sent."""
        now = time.monotonic()
        if now < self._check_at:
            return
        self._check_at = now + CHECK_SECONDS
        is_same = await self._publication.send(())
        if is_same and now >= self._checkpoint_at:
            self._checkpoint_at = now + CHECKPOINT_SECONDS
            is_same = await self._publication.checkpoint()
        if not is_same:
            await self._publication.take_over()
        await self._retention.forget_if_due()


async def _mark(tx: Transaction, events: list[StoredEvent]) -> None:
    if events:
        await tx.run(
            _MARK,
            [event.distribution_key for event in events],
            [event.aggregate for event in events],
            [event.sequence for event in events],
        )
