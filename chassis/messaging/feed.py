"""Who is watching what: wakes those who wait for news of an aggregate when its events come by.

A wake-up says that something may have changed, and no more: whoever wakes reads the truth from the
database. So an event that is lost, late or doubled costs at most the time until the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.kernel.errors import Unavailable
from chassis.messaging.bus import stream_key

READ_EVENTS_MAX = 500
READ_BLOCK_MS = 1000
LOOK_AGAIN_SECONDS = 2.0
"""A watcher looks at least so often, also when Redis is down."""


class Waiter:
    """One watcher's place: `news` waits until something may have changed."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Says that something may have changed."""
        self._woken.set()

    async def news(self) -> None:
        """Waits for a wake-up since the last call, or for LOOK_AGAIN_SECONDS."""
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._woken.clear()


class Feed:
    """Follows one service's events and wakes the watchers of their aggregates in this process."""

    def __init__(self, *, service: str, redis: Redis) -> None:
        self._stream = stream_key(service)
        self._redis = redis
        self._after: Any = None
        self._watches: dict[str, set[Waiter]] = {}

    @contextmanager
    def watching(self, aggregate: str) -> Iterator[Waiter]:
        """A place from which to watch one aggregate, by its name as events bear it."""
        watch = Waiter()
        self._watches.setdefault(aggregate, set()).add(watch)
        try:
            yield watch
        finally:
            watches = self._watches[aggregate]
            watches.discard(watch)
            if not watches:
                del self._watches[aggregate]

    async def round(self) -> None:
        """Reads what is new and wakes who waits for it; a worker runs it again and again."""
        try:
            if self._after is None:
                self._after = await self._newest()
            streams: Any = await self._redis.xread(
                {self._stream: self._after}, count=READ_EVENTS_MAX, block=READ_BLOCK_MS
            )
        except (RedisError, OSError) as problem:
            self._after = None
            raise Unavailable(part="Redis") from problem
        for _, entries in streams or ():
            for entry_id, fields in entries:
                self._after = entry_id
                for watch in self._watches.get(fields.get(b"ce_subject", b"").decode(), ()):
                    watch.wake()

    async def _newest(self) -> Any:
        entries: Any = await self._redis.xrevrange(self._stream, count=1)
        return entries[0][0] if entries else "0"
