"""Wakes the relay that leads when events were written, in its own process or in another one.

Within a process the commit itself wakes it, which costs nothing. Other processes of the service
tell over Redis' publish and subscribe; a word that is lost there costs no more than the time until
the relay looks anyway.
"""

from __future__ import annotations

import asyncio
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.db.engine import Database
from chassis.kernel.errors import Unavailable
from chassis.messaging.outbox import TOPIC

GATHER_SECONDS = 0.04
"""So long more may come after a first event is heard of, so that under load they go in batches."""


class Waking:
    """What one process hears and tells of events that were written for one service."""

    def __init__(self, *, service: str, database: Database, redis: Redis) -> None:
        self._channel = f"hutong:written:{{{service}}}"
        self._redis = redis
        self._woken = asyncio.Event()
        self._is_ours = False
        database.on_news(TOPIC, self._written_here)

    async def wait(self, seconds: float) -> None:
        """Waits until there is news, or for so many seconds; a little longer if there is news."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        await asyncio.sleep(min(GATHER_SECONDS, seconds))
        self._woken.clear()

    async def pass_on(self, seconds: float) -> None:
        """Tells the process that leads, for so many seconds, when something was written here."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            await self.wait(left)
            if self._is_ours:
                self._is_ours = False
                try:
                    await self._redis.publish(self._channel, b"")
                except (RedisError, OSError) as problem:
                    raise Unavailable(part="Redis") from problem

    async def listen(self) -> None:
        """Hears what other processes pass on; a worker runs it for as long as it can."""
        try:
            async with self._redis.pubsub(ignore_subscribe_messages=True) as heard:
                await heard.subscribe(self._channel)
                async for _ in heard.listen():
                    self._woken.set()
        except (RedisError, OSError) as problem:
            raise Unavailable(part="Redis") from problem

    def _written_here(self) -> None:
        self._is_ours = True
        self._woken.set()
