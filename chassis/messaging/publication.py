"""What a service's bus is known to hold, and the sending again of what it has lost.

Nothing that is kept is marked as unsent to be sent again. What was published before a loss is a
fixed set, every row of it is visible, and a cursor runs through it in bounded chunks, beside the
new events: it may stop at any chunk and go on in another process.

A loss is seen by two signs, in the command that publishes. The epoch, a name that bus and database
share, is gone or another: everything was lost, or a consumer deleted it to get everything. The
count of all that was ever published is less than is known: the latest were lost, as when the bus's
machine lost power; they are sent again from the checkpoint on that is certain to have survived.
Whoever takes over can't know the count of a moment ago, and goes on from there in any case.

A checkpoint is a time and a count: all that was marked before that time is in a bus that has
counted so many. Two are kept, some seconds apart, since what the bus counted last may be lost.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from chassis.db.engine import Database
from chassis.kernel import ids
from chassis.kernel.errors import Unavailable
from chassis.log import logger
from chassis.messaging.bus import (
    STREAM_EVENTS_MAX,
    StoredEvent,
    count_key,
    epoch_key,
    publish_all,
    stream_key,
)

EVENTS_AGAIN_AT_ONCE_MAX = 500
"""So many events are sent again in one chunk."""

EARLIER_EVENTS_MAX = 2000
"""So many earlier events of their aggregates are sent before new ones while others wait."""

TAKEN_ALONG_MAX = 100_000
"""So many aggregates are remembered whose earlier events went with a new one."""

log = logger(__name__)

EVENT_COLUMNS = """
       o.distribution_key, o.aggregate, o.sequence, o.type, o.data, o.created_at, o.traceparent
"""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_READ = "select *, hutong.now() as now from publication where name = $1"

_OPEN = """
insert into publication (name, epoch, known_count, known_at, earlier_count, earlier_at,
                         forgotten_after, forgotten_position)
values ($1, $2, 0, $3, 0, $3, $3, 0)
on conflict (name) do nothing
"""

_BEGIN_ANEW = """
update publication
   set epoch = $2, known_count = $3, known_at = $4, earlier_count = $3, earlier_at = $4
 where name = $1
"""

_CHECKPOINT = """
update publication
   set earlier_count = known_count, earlier_at = known_at, known_count = $3, known_at = $4
 where name = $1 and epoch = $2
"""

_KEPT_EVENT = f"""{EVENT_COLUMNS},
       o.sequence > 1 and not exists (
           select 1 from outbox as before
            where before.distribution_key = o.distribution_key
              and before.aggregate = o.aggregate
              and before.sequence = o.sequence - 1) as is_oldest
"""

_CHUNK = f"""
select o.published_at, o.position, {_KEPT_EVENT}
  from outbox as o
 where o.published_at is not null and (o.published_at, o.position) > ($1, $2::bigint)
   and o.published_at <= $3
 order by o.published_at, o.position
 limit $4
"""

_EARLIER = f"""
select {_KEPT_EVENT}
  from (select distinct * from unnest($1::text[], $2::text[]))
       as asked (distribution_key, aggregate)
  join outbox as o using (distribution_key, aggregate)
 where o.published_at is not null and (o.published_at, o.position) > ($3, $4::bigint)
   and o.published_at <= $5
 order by o.published_at, o.position
 limit $6
"""


@dataclass(frozen=True, slots=True)
class _Cursor:
    """How far the sending again has come, by when rows were first marked and their positions."""

    after: datetime
    position: int
    until: datetime


class Publication:
    """Sends a service's events to the bus, and again what the bus has lost.

    `take_over` comes first. One process at a time should work with it; two do no harm, but send
    twice.
    """

    def __init__(
        self,
        *,
        name: str,
        service: str,
        database: Database,
        redis: Redis,
        events_again_at_once_max: int = EVENTS_AGAIN_AT_ONCE_MAX,
    ) -> None:
        self._name = name
        self._service = service
        self._database = database
        self._redis = redis
        self._at_once_max = events_again_at_once_max
        self._epoch = ""
        self._known_count = 0
        self._cursor: _Cursor | None = None
        self._sent_again = 0
        self._taken_along: set[tuple[str, str]] = set()

    @property
    def is_sending_again(self) -> bool:
        """Whether there is something left that the bus has lost."""
        return self._cursor is not None

    async def take_over(self) -> None:
        """Finds out what the bus holds, and what has to be sent again."""
        async with self._database.transaction() as tx:
            await tx.run(_OPEN, self._name, ids.mint("epoch"), _BEGINNING)
            row = await tx.row(_READ, self._name)
        assert row is not None, "it was opened"
        epoch, count = await self._bus()
        self._epoch, self._known_count = row.epoch, count
        self._cursor = _Cursor(row.earlier_at, 0, row.now)
        self._sent_again = 0
        self._taken_along.clear()
        if epoch == row.epoch and count >= row.earlier_count:
            return
        self._epoch, self._cursor = ids.mint("epoch"), _Cursor(_BEGINNING, 0, row.now)
        async with self._database.transaction() as tx:
            await tx.run(_BEGIN_ANEW, self._name, self._epoch, count, _BEGINNING)
        await self._set_epoch(self._epoch)
        log.info("events_begin_anew", service=self._service, had_epoch=bool(epoch))

    async def send(self, events: Sequence[StoredEvent]) -> bool:
        """Sends new events, after earlier ones of theirs that the bus has lost.

        False if the bus is not what it was taken for: nothing is sent, and `take_over` is due.
        """
        cursor = self._cursor
        if cursor is None or not events:
            return await self._publish(events)
        aggregates = {(event.distribution_key, event.aggregate) for event in events}
        earlier = await self._earlier(aggregates - self._taken_along, cursor)
        if not await self._publish([*earlier, *events]):
            return False
        if len(self._taken_along) > TAKEN_ALONG_MAX:
            self._taken_along.clear()
        self._taken_along |= aggregates
        return True

    async def send_again(self) -> bool:
        """Sends the next chunk of what the bus has lost; as `send` otherwise."""
        cursor = self._cursor
        if cursor is None:
            return True
        async with self._database.reading() as reading:
            rows = await reading.rows(
                _CHUNK, cursor.after, cursor.position, cursor.until, self._at_once_max
            )
        events = [_stored({**row}) for row in rows]
        if not await self._publish(events):
            return False
        self._sent_again += len(events)
        is_done = len(rows) < self._at_once_max
        if rows:
            cursor = _Cursor(rows[-1].published_at, rows[-1].position, cursor.until)
        self._cursor = None if is_done else cursor
        if is_done:
            self._taken_along.clear()
        if is_done and self._sent_again:
            log.info("events_republished", service=self._service, events=self._sent_again)
        return True

    async def is_far_ahead(self) -> bool:
        """Whether a group of consumers has so much to read that sending again should be slower."""
        try:
            groups: Any = await self._redis.xinfo_groups(stream_key(self._service))
        except ResponseError:
            return False  # There is no stream yet.
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem
        return any(int(group["lag"] or 0) > STREAM_EVENTS_MAX // 2 for group in groups)

    async def checkpoint(self) -> bool:
        """Notes up to when all that was marked is in the bus; as `send` otherwise.

        The time is read before the count: what the count lacks was sent, and marked, after that.
        """
        async with self._database.reading() as reading:
            now = await reading.row("select hutong.now() as now")
        assert now is not None
        at = now.now if self._cursor is None else min(now.now, self._cursor.after)
        if not await self._publish(()):
            return False
        async with self._database.transaction() as tx:
            await tx.run(_CHECKPOINT, self._name, self._epoch, self._known_count, at)
        return True

    async def _publish(self, events: Sequence[StoredEvent]) -> bool:
        try:
            count = await publish_all(
                self._redis,
                self._service,
                events,
                epoch=self._epoch,
                known_count=self._known_count,
            )
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem
        if count < 0:
            return False
        self._known_count = count
        return True

    async def _earlier(
        self, aggregates: Collection[tuple[str, str]], cursor: _Cursor
    ) -> list[StoredEvent]:
        """Events of the aggregates that wait to be sent again; none if they are too many.

        Then consumers that lack them wait until the cursor has passed.
        """
        if not aggregates:
            return []
        async with self._database.reading() as reading:
            rows = await reading.rows(
                _EARLIER,
                [distribution_key for distribution_key, _ in aggregates],
                [aggregate for _, aggregate in aggregates],
                cursor.after,
                cursor.position,
                cursor.until,
                EARLIER_EVENTS_MAX + 1,
            )
        if len(rows) > EARLIER_EVENTS_MAX:
            return []
        return [_stored({**row}) for row in rows]

    async def _bus(self) -> tuple[str, int]:
        try:
            kept: Any = await self._redis.mget(epoch_key(self._service), count_key(self._service))
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem
        return (kept[0] or b"").decode(), int(kept[1] or 0)

    async def _set_epoch(self, epoch: str) -> None:
        try:
            await self._redis.set(epoch_key(self._service), epoch)
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem


def _stored(columns: dict[str, object]) -> StoredEvent:
    for other in ("published_at", "position"):
        columns.pop(other, None)
    return StoredEvent(**columns)  # type: ignore[arg-type]
