"""The consumers of a running platform: what they have put aside, and what may be asked of them.

A request is a mark in the consumer's own database, which the consumer finds within a second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.messaging.bus import stream_key
from chassis.telemetry import Metrics

PARKED_SHOWN_MAX = 100

_CONSUMERS = """
select name, source, rebuild_requested_at is not null as is_rebuilding, rebuilt_at,
       (select count(*) from parked_event as p where p.consumer = c.name) as parked
  from consumer as c order by name
"""

_PARKED = """
select consumer, aggregate, sequence, type, data, problem, parked_at,
       retry_requested_at is not null as is_retried
  from parked_event order by parked_at limit $1
"""

_RETRY = """
update parked_event set retry_requested_at = hutong.now()
 where ($1 = '' or consumer = $1)
   and ($2::text[] = '{}' or exists (
       select 1 from unnest($2::text[]) as part where strpos(aggregate, part) > 0))
"""

_REBUILD = "update consumer set rebuild_requested_at = hutong.now() where name = $1"


class ConsumerUnknown(Exception):
    """No service has a consumer of this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"there is no consumer {name}; there are {', '.join(known) or 'none'}")


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """How a consumer does. `unread` is None if it has no group in the stream."""

    name: str
    source: str
    parked: int
    is_rebuilding: bool
    rebuilt_at: datetime | None
    unread: int | None


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that a consumer has put aside, and why."""

    consumer: str
    aggregate: str
    sequence: int
    type: str
    data: bytes
    problem: str
    parked_at: datetime
    is_retried: bool


@dataclass(frozen=True, slots=True)
class Consumers:
    """All services' consumers, by their databases' addresses."""

    urls: Mapping[str, str]

    async def states(self, redis: Redis) -> list[ConsumerState]:
        """How each of them does."""
        found = []
        for name, url in self.urls.items():
            async with _transaction(name, url) as tx:
                rows = await tx.rows(_CONSUMERS)
            found += [
                ConsumerState(**row, unread=await _unread(redis, row.source, row.name))
                for row in rows
            ]
        return found

    async def parked(self) -> list[ParkedEvent]:
        """What is put aside, of each service the oldest first and so many at most."""
        found = []
        for name, url in self.urls.items():
            async with _transaction(name, url) as tx:
                rows = await tx.rows(_PARKED, PARKED_SHOWN_MAX)
            found += [ParkedEvent(**row) for row in rows]
        return found

    async def retry(self, *, consumer: str = "", aggregates: Sequence[str] = ()) -> int:
        """Has what is put aside tried again: all, or of one consumer, or of these aggregates.

        Of an aggregate a part of the name is enough.
        """
        asked = 0
        for name, url in self.urls.items():
            async with _transaction(name, url) as tx:
                asked += await tx.run(_RETRY, consumer, list(aggregates))
        return asked

    async def rebuild(self, consumer: str) -> None:
        """Has a consumer begin anew; ConsumerUnknown."""
        known: list[str] = []
        for name, url in self.urls.items():
            async with _transaction(name, url) as tx:
                if await tx.run(_REBUILD, consumer):
                    return
                known += [row.name for row in await tx.rows("select name from consumer order by 1")]
        raise ConsumerUnknown(consumer, known)


@asynccontextmanager
async def _transaction(service: str, url: str) -> AsyncIterator[Transaction]:
    database = Database(url, name=service, metrics=Metrics())
    try:
        async with database.transaction() as tx:
            yield tx
    finally:
        await database.close()


async def _unread(redis: Redis, source: str, name: str) -> int | None:
    try:
        groups = await redis.xinfo_groups(stream_key(source))
    except ResponseError:
        return None
    group = next((one for one in groups if one["name"] == name.encode()), None)
    return None if group is None else int(group["lag"] or 0) + int(group["pending"])
