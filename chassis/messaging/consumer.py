"""A consumer of events: exactly once in effect, in order within an aggregate, and never stuck.

Of several replicas the one with the lease works. What it handles is noted in the transaction of the
effect, so a replica that was paused for longer than its lease changes nothing twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from chassis import tracing
from chassis.db import leases
from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel.errors import Conflict, Unavailable
from chassis.log import logger
from chassis.messaging import inbox
from chassis.messaging.bus import Delivery, delivery_of, stream_key
from chassis.messaging.inbox import Order, Turn
from chassis.messaging.upkeep import Upkeep
from chassis.telemetry import Metrics

READ_EVENTS_MAX = 500
READ_BLOCK_MS = 1000
CLAIM_IDLE_MS = 5_000
DELIVERIES_MAX = 8

GAP_SECONDS_MAX = 600.0
"""An event behind a gap waits so long: all that is kept can be sent again meanwhile."""

GATHER_SECONDS = 0.04
"""So long more may come before the next read, so that they are handled many in a transaction."""

LEASE_SECONDS = 10.0
FOLLOW_SECONDS = 1.0

log = logger(__name__)

Handler = Callable[[Transaction, Sequence[Delivery]], Awaitable[None]]
"""The effects of events, in the transaction that also notes them as handled.

They come in the order of each aggregate, each of them once. One that was parked and is tried again
comes after later ones; a handler that keeps the newest state must not let it go back.
"""

_NO_GROUP = ("NOGROUP", "no such key")

_GAP = "an earlier event of the aggregate is missing"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event in the stream, and how often it was delivered before."""

    entry_id: bytes
    event: Delivery
    deliveries: int = 0

    @property
    def age_seconds(self) -> float:
        """How long it has been in the stream, by its id and this machine's clock."""
        return time.time() - int(self.entry_id.split(b"-")[0]) / 1000


class Consumer:
    """One consumer of one service's events, a member of the group that bears its name.

    Events are handled many in a transaction; if that fails, fewer. An event that comes before one
    that is missing, or whose handler fails, stays pending and comes again; after DELIVERIES_MAX
    times it is parked, counted and passed by. `reset` empties what the events made, for a rebuild.
    """

    def __init__(
        self,
        *,
        name: str,
        member: str,
        source: str,
        database: Database,
        redis: Redis,
        handle: Handler,
        metrics: Metrics,
        reset: Callable[[Transaction], Awaitable[None]] | None = None,
        order: Order = Order.EVERY,
        claim_idle_ms: int = CLAIM_IDLE_MS,
        read_block_ms: int = READ_BLOCK_MS,
        lease_seconds: float = LEASE_SECONDS,
        gap_seconds_max: float = GAP_SECONDS_MAX,
    ) -> None:
        self._name = name
        self._member = member
        self._stream = stream_key(source)
        self._database = database
        self._redis = redis
        self._handle = handle
        self._order = order
        self._claim_idle_ms = claim_idle_ms
        self._read_block_ms = read_block_ms
        self._lease_seconds = lease_seconds
        self._gap_seconds_max = gap_seconds_max
        self._parked = metrics.events_parked.labels(name)
        self._handled = metrics.events_handled.labels(name)
        self._leads_until = self._pending_at = 0.0
        self._is_new_in_charge = True
        self._upkeep = Upkeep(
            name=name,
            source=source,
            database=database,
            redis=redis,
            metrics=metrics,
            reset=reset,
            handle=handle,
        )

    async def round(self) -> None:
        """Handles what was left by members that fell silent, then what is new."""
        if not await self._leads():
            await asyncio.sleep(min(FOLLOW_SECONDS, self._lease_seconds / 4))
            return
        try:
            await self._upkeep.round()
            await self._handle_pending()
            await self._handle_new()
        except ResponseError as problem:
            if not any(sign in str(problem) for sign in _NO_GROUP):
                raise
            await self._upkeep.create_group()
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem

    async def _leads(self) -> bool:
        """Whether this member has the lease, as was known not long ago.

        Who has just got it takes what the one before has left, without waiting for it to be idle.
        """
        now = time.monotonic()
        if now < self._leads_until:
            return True
        async with self._database.transaction() as tx:
            leads = await leases.keep(
                tx,
                name=f"consumer.{self._name}",
                holder=self._member,
                seconds=self._lease_seconds,
            )
        if not leads:
            self._leads_until = 0.0
            return False
        if self._leads_until == 0.0:
            self._is_new_in_charge, self._pending_at = True, 0.0
        self._leads_until = now + self._lease_seconds / 3
        return True

    async def _handle_pending(self) -> None:
        """Delivers again what is pending and has rested; of a member before this one, all."""
        now = time.monotonic()
        if now < self._pending_at:
            return
        idle_ms = 0 if self._is_new_in_charge else self._claim_idle_ms
        after = "-"
        while True:
            pending: Any = await self._redis.xpending_range(
                self._stream, self._name, after, "+", READ_EVENTS_MAX, idle=idle_ms
            )
            if pending:
                await self._claim(
                    {entry["message_id"]: int(entry["times_delivered"]) for entry in pending},
                    idle_ms=idle_ms,
                )
                after = f"({pending[-1]['message_id'].decode()}"
            if len(pending) < READ_EVENTS_MAX:
                break
        self._is_new_in_charge = False
        self._pending_at = now + self._claim_idle_ms / 1000

    async def _claim(self, deliveries: Mapping[bytes, int], *, idle_ms: int) -> None:
        claimed: Any = await self._redis.xclaim(
            self._stream, self._name, self._member, idle_ms, list(deliveries)
        )
        found = {entry_id: fields for entry_id, fields in claimed if fields is not None}
        if gone := [entry_id for entry_id in deliveries if entry_id not in found]:
            await self._upkeep.lost(gone)
        await self._deliver(
            await self._readable(
                [(entry_id, fields, deliveries[entry_id]) for entry_id, fields in found.items()]
            )
        )

    async def _handle_new(self) -> None:
        streams: Any = await self._redis.xreadgroup(
            self._name,
            self._member,
            {self._stream: ">"},
            count=READ_EVENTS_MAX,
            block=self._read_block_ms,
        )
        for _, entries in streams or ():
            await self._deliver(
                await self._readable([(entry_id, fields, 0) for entry_id, fields in entries])
            )
            if len(entries) < READ_EVENTS_MAX:
                await asyncio.sleep(GATHER_SECONDS)

    async def _readable(
        self, entries: Sequence[tuple[bytes, dict[bytes, bytes], int]]
    ) -> list[_Entry]:
        """The entries that are events; the others are counted, told, and passed by."""
        events, others = [], []
        for entry_id, fields, deliveries in entries:
            try:
                events.append(_Entry(entry_id, delivery_of(fields), deliveries))
            except (KeyError, ValueError) as failure:
                log.error("event_not_readable", consumer=self._name, problem=repr(failure))
                self._parked.inc()
                others.append(entry_id)
        await self._acknowledge(others)
        return events

    async def _deliver(self, entries: Sequence[_Entry]) -> None:
        """Handles entries in one transaction; if they fail, in halves, so that only one fails."""
        if not entries:
            return
        try:
            turns = await self._try(entries)
        except Unavailable:
            raise
        except Conflict:
            return  # They come again, and are never given up for what was in their way.
        except Exception as failure:
            if len(entries) > 1:
                middle = len(entries) // 2
                await self._deliver(entries[:middle])
                await self._deliver(entries[middle:])
                return
            log.warning("event_not_handled", consumer=self._name, problem=repr(failure))
            await self._give_up_or_wait(entries[0], problem=repr(failure))
            return
        await self._acknowledge(
            [
                entry.entry_id
                for entry, turn in zip(entries, turns, strict=True)
                if turn is not Turn.TOO_EARLY
            ]
        )
        for entry, turn in zip(entries, turns, strict=True):
            if turn is Turn.TOO_EARLY and entry.age_seconds >= self._gap_seconds_max:
                await self._give_up_or_wait(entry, problem=_GAP)

    async def _try(self, entries: Sequence[_Entry]) -> list[Turn]:
        is_one = len(entries) == 1
        traceparent = entries[0].event.traceparent if is_one else ""
        began = time.monotonic()
        with tracing.serving(self._name, traceparent, kind="consumer", may_sample=is_one):
            async with self._database.transaction() as tx:
                turns = await inbox.take(
                    tx, self._name, [entry.event for entry in entries], order=self._order
                )
                events = [
                    entry.event
                    for entry, turn in zip(entries, turns, strict=True)
                    if turn is Turn.NOW
                ]
                if events:
                    await self._handle(tx, events)
        if not is_one and tracing.is_recorded():
            for event in events:
                tracing.item(
                    self._name,
                    event.traceparent,
                    began=began,
                    kind="consumer",
                    attributes={"hutong.batch.items": len(entries)},
                    problem=None,
                )
        self._handled.inc(len(events))
        return turns

    async def _give_up_or_wait(self, entry: _Entry, *, problem: str) -> None:
        if entry.deliveries < DELIVERIES_MAX:
            return
        async with self._database.transaction() as tx:
            await inbox.park(tx, self._name, entry.event, problem=problem)
        self._parked.inc()
        log.error("event_parked", consumer=self._name, aggregate=entry.event.aggregate)
        await self._acknowledge([entry.entry_id])

    async def _acknowledge(self, entry_ids: Sequence[bytes]) -> None:
        if entry_ids:
            await self._redis.xack(self._stream, self._name, *entry_ids)
