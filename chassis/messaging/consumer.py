"""A consumer of events: exactly once in effect, in order within an aggregate, and never stuck."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from chassis import tracing
from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel.errors import Conflict, Unavailable
from chassis.log import logger
from chassis.messaging import inbox
from chassis.messaging.bus import Delivery, stream_key
from chassis.telemetry import Metrics

READ_EVENTS_MAX = 100
READ_BLOCK_MS = 1000
CLAIM_IDLE_MS = 5_000
DELIVERIES_MAX = 8

log = logger(__name__)

Handler = Callable[[Transaction, Delivery], Awaitable[None]]
"""The effect of one event, in the transaction that also notes it as handled."""


class Consumer:
    """One consumer of one service's events, a member of the group that bears its name.

    An event that comes before one that is missing, or whose handler fails, stays pending and comes
    again; after DELIVERIES_MAX times it is parked, counted and passed by.
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
        claim_idle_ms: int = CLAIM_IDLE_MS,
        read_block_ms: int = READ_BLOCK_MS,
    ) -> None:
        self._name = name
        self._member = member
        self._stream = stream_key(source)
        self._database = database
        self._redis = redis
        self._handle = handle
        self._claim_idle_ms = claim_idle_ms
        self._read_block_ms = read_block_ms
        self._parked = metrics.events_parked.labels(name)

    async def round(self) -> None:
        """Handles what was left by members that fell silent, then what is new."""
        try:
            await self._handle_abandoned()
            await self._handle_new()
        except ResponseError as problem:
            if "NOGROUP" not in str(problem):
                raise
            await self._create_group()
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem

    async def _create_group(self) -> None:
        try:
            await self._redis.xgroup_create(self._stream, self._name, id="0", mkstream=True)
        except ResponseError as problem:
            if "BUSYGROUP" not in str(problem):
                raise

    async def _handle_abandoned(self) -> None:
        pending: Any = await self._redis.xpending_range(
            self._stream, self._name, "-", "+", READ_EVENTS_MAX, idle=self._claim_idle_ms
        )
        deliveries = {entry["message_id"]: int(entry["times_delivered"]) for entry in pending}
        if not deliveries:
            return
        claimed: Any = await self._redis.xclaim(
            self._stream, self._name, self._member, self._claim_idle_ms, list(deliveries)
        )
        for entry_id, fields in claimed:
            await self._deliver(
                entry_id, fields, is_last_try=deliveries[entry_id] >= DELIVERIES_MAX
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
            for entry_id, fields in entries:
                await self._deliver(entry_id, fields, is_last_try=False)

    async def _deliver(
        self, entry_id: bytes, fields: dict[bytes, bytes] | None, *, is_last_try: bool
    ) -> None:
        if fields is None:
            await self._redis.xack(self._stream, self._name, entry_id)
            return
        try:
            event = _delivery(fields)
        except (KeyError, ValueError) as failure:
            log.error("event_not_readable", consumer=self._name, problem=repr(failure))
            self._parked.inc()
            await self._redis.xack(self._stream, self._name, entry_id)
            return
        problem = "an earlier event of the aggregate is missing"
        try:
            with tracing.serving(self._name, event.traceparent, kind="consumer"):
                async with self._database.transaction() as tx:
                    turn = await inbox.turn(tx, self._name, event)
                    if turn is inbox.Turn.NOW:
                        await self._handle(tx, event)
        except Unavailable:
            raise
        except Conflict:
            return  # It comes again, and is never given up for what was in its way.
        except Exception as failure:
            turn, problem = inbox.Turn.TOO_EARLY, repr(failure)
            log.warning("event_not_handled", consumer=self._name, problem=problem)
        if turn is inbox.Turn.TOO_EARLY:
            if not is_last_try:
                return
            async with self._database.transaction() as tx:
                await inbox.park(tx, self._name, event, problem=problem)
            self._parked.inc()
            log.error("event_parked", consumer=self._name, aggregate=event.aggregate)
        await self._redis.xack(self._stream, self._name, entry_id)


def _delivery(fields: dict[bytes, bytes]) -> Delivery:
    return Delivery(
        source=fields[b"ce_source"].decode(),
        aggregate=fields[b"ce_subject"].decode(),
        sequence=int(fields[b"ce_sequence"]),
        type=fields[b"ce_type"].decode(),
        data=fields[b"data"],
        traceparent=fields.get(b"ce_traceparent", b"").decode(),
    )
