"""What a consumer needs besides its events: its group, its lag, its retries and its rebuilding.

A rebuild needs nothing of the source but its outbox: that keeps the newest event of each aggregate
for ever, and sends all that it keeps again when its epoch is taken off the bus. So a consumer that
starts new, lost part of the stream, or is told to begin anew asks in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel.errors import Conflict, Unavailable
from chassis.log import logger
from chassis.messaging import inbox
from chassis.messaging.bus import Delivery, epoch_key, stream_key
from chassis.telemetry import Metrics

LOOK_SECONDS = 1.0
FORGET_SECONDS = 60.0
ROWS_AT_ONCE_MAX = 5_000
RETRIES_AT_ONCE_MAX = 50

log = logger(__name__)

_REGISTER = """
insert into consumer (name, source, forgotten_after)
values ($1, $2, timestamptz '1970-01-01T00:00:00Z')
on conflict (name) do update set source = excluded.source where consumer.source <> excluded.source
"""

_STATE = """
select rebuild_requested_at,
       (select count(*) from (select 1 from parked_event where consumer = $1 limit 1000) as counted)
           as parked,
       exists (select 1 from parked_event
                where consumer = $1 and retry_requested_at is not null) as has_retries
  from consumer where name = $1
"""

_REBUILT = """
update consumer set rebuild_requested_at = null, rebuilt_at = hutong.now()
 where name = $1 and rebuild_requested_at = $2
"""


class Upkeep:
    """Looks after one consumer; only the member with the lease runs it."""

    def __init__(
        self,
        *,
        name: str,
        source: str,
        database: Database,
        redis: Redis,
        metrics: Metrics,
        reset: Callable[[Transaction], Awaitable[None]] | None,
        handle: Callable[[Transaction, Sequence[Delivery]], Awaitable[None]],
    ) -> None:
        self._name = name
        self._source = source
        self._stream = stream_key(source)
        self._database = database
        self._redis = redis
        self._reset = reset
        self._handle = handle
        self._lag = metrics.consumer_lag_events.labels(name)
        self._lag_seconds = metrics.consumer_lag_seconds.labels(name)
        self._now_parked = metrics.events_parked_now.labels(name)
        self._is_registered = False
        self._look_at = 0.0
        self._forget_at = time.monotonic() + FORGET_SECONDS

    async def round(self) -> None:
        """Looks after it, if it was not done a moment ago."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        state = await self._state()
        self._now_parked.set(state.parked)
        if state.rebuild_requested_at is not None:
            await self._rebuild(state.rebuild_requested_at)
        if state.has_retries:
            await self._retry()
        await self._look_at_stream()
        if now >= self._forget_at:
            async with self._database.transaction() as tx:
                looked_at = await inbox.forget(tx, self._name, limit=ROWS_AT_ONCE_MAX)
            if looked_at < ROWS_AT_ONCE_MAX:
                self._forget_at = now + FORGET_SECONDS

    async def create_group(self) -> None:
        """Makes the group, which reads the stream from its beginning.

        One that has never handled anything may have come after much was trimmed, and asks for it.
        """
        try:
            await self._redis.xgroup_create(self._stream, self._name, id="0", mkstream=True)
        except ResponseError as problem:
            if "BUSYGROUP" not in str(problem):
                raise
            return
        async with self._database.reading() as reading:
            handled = await reading.row(
                "select 1 from inbox where consumer = $1 limit 1", self._name
            )
        if handled is None:
            await self._ask_again(why="the consumer is new")

    async def lost(self, entry_ids: Sequence[bytes]) -> None:
        """Some pending entries were trimmed before they were handled: they have to come again."""
        await self._redis.xack(self._stream, self._name, *entry_ids)
        await self._ask_again(why="pending events were trimmed")

    async def _state(self) -> Any:
        async with self._database.transaction() as tx:
            if not self._is_registered:
                await tx.run(_REGISTER, self._name, self._source)
            state = await tx.row(_STATE, self._name)
        self._is_registered = state is not None
        assert state is not None, "it was registered"
        return state

    async def _look_at_stream(self) -> None:
        """Gauges how far behind the consumer is, and sees whether it was left behind for good."""
        groups: Any = await self._redis.xinfo_groups(self._stream)
        group = next((one for one in groups if one["name"] == self._name.encode()), None)
        if group is None:
            raise ResponseError("NOGROUP")
        stream: Any = await self._redis.xinfo_stream(self._stream)
        read = _order(group["last-delivered-id"])
        unread = int(group["lag"] or 0) + int(group["pending"])
        self._lag.set(unread)
        self._lag_seconds.set(max(0.0, time.time() - read[0] / 1000) if unread and read[0] else 0.0)
        first = stream["first-entry"]
        added, length = int(stream["entries-added"]), int(stream["length"])
        # The place before the first entry that is left, or at the end if none is.
        before = _before(_order(first[0])) if first else _order(stream["last-generated-id"])
        if before <= read or added - length <= int(group["entries-read"] or 0):
            return
        await self._ask_again(why="the stream was trimmed before it was read")
        await self._redis.xgroup_setid(
            self._stream, self._name, f"{before[0]}-{before[1]}", entries_read=added - length
        )

    async def _ask_again(self, *, why: str) -> None:
        """Has the source send all that it keeps again."""
        log.info("events_asked_for", consumer=self._name, source=self._source, why=why)
        try:
            await self._redis.delete(epoch_key(self._source))
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem

    async def _rebuild(self, requested_at: Any) -> None:
        """Begins anew: empties what was made and handled, and asks for all events.

        The request stays until all is done, so that whoever takes over does it all again.
        """
        while True:
            async with self._database.transaction() as tx:
                if await inbox.clear(tx, self._name, limit=ROWS_AT_ONCE_MAX) < ROWS_AT_ONCE_MAX:
                    await inbox.forget_parked(tx, self._name)
                    if self._reset is not None:
                        await self._reset(tx)
                    break
        await self._ask_again(why="a rebuild was requested")
        async with self._database.transaction() as tx:
            await tx.run(_REBUILT, self._name, requested_at)
        log.info("consumer_rebuilding", consumer=self._name)

    async def _retry(self) -> None:
        """Tries parked events again, each in a transaction of its own."""
        for _ in range(RETRIES_AT_ONCE_MAX):
            event: Delivery | None = None
            try:
                async with self._database.transaction() as tx:
                    found = await inbox.parked_to_retry(tx, self._name, limit=1)
                    if not found:
                        return
                    event = found[0]
                    await self._handle(tx, [event])
                    await inbox.unpark(tx, self._name, event)
            except (Unavailable, Conflict):
                raise
            except Exception as failure:
                if event is None:
                    raise
                log.warning("event_not_handled", consumer=self._name, problem=repr(failure))
                async with self._database.transaction() as tx:
                    await inbox.still_parked(tx, self._name, event, problem=repr(failure))


def _order(entry_id: bytes) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition(b"-")
    return int(milliseconds), int(number or 0)


def _before(place: tuple[int, int]) -> tuple[int, int]:
    milliseconds, number = place
    return (milliseconds, number - 1) if number else (milliseconds - 1, 2**63)
