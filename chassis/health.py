"""Whether a process can do its work: its database and its Redis answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis.db.engine import Database
from chassis.kernel.errors import HutongError, Unavailable

CHECK_SECONDS_MAX = 2.0
LOOK_PAUSE_SECONDS = 1.0
FAILURES_MAX = 2
"""So many looks in a row have to fail: one may have waited behind many callers."""

HEALTH_KEY = "hutong:health"

Check = Callable[[], Awaitable[None]]
"""Raises a HutongError, TimeoutError or OSError when the part does not answer."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part and whether it answers."""

    part: str
    is_up: bool
    problem: str = ""


Tell = Callable[[PartHealth], Awaitable[None]]


async def check_all(checks: Mapping[str, Check]) -> list[PartHealth]:
    """Asks all parts at once, each for a bounded time."""
    return list(await asyncio.gather(*(_check(part, check) for part, check in checks.items())))


def report(parts: Sequence[PartHealth]) -> dict[str, object]:
    """What `/healthz` tells of these parts."""
    return {
        "status": "up" if all(part.is_up for part in parts) else "down",
        "parts": {
            part.part: {"status": "up"}
            if part.is_up
            else {"status": "down", "problem": part.problem}
            for part in parts
        },
    }


def database_check(database: Database) -> Check:
    """Asks whether a database answers."""

    async def check() -> None:
        async with database.reading() as reading:
            await reading.row("select 1")

    return check


def redis_check(redis: Redis) -> Check:
    """Asks whether Redis answers."""

    async def check() -> None:
        try:
            await redis.get(HEALTH_KEY)
        except RedisError as problem:
            raise Unavailable(part="Redis") from problem

    return check


class Lookout:
    """Looks at parts again and again, and tells when one has come up or gone down.

    A part counts as down until it has answered once.
    """

    def __init__(self, checks: Mapping[str, Check], *, tell: Tell) -> None:
        self._checks = checks
        self._tell = tell
        self._failures = dict.fromkeys(checks, FAILURES_MAX)

    @property
    def is_up(self) -> bool:
        """Whether all parts are up."""
        return all(failures < FAILURES_MAX for failures in self._failures.values())

    async def round(self) -> None:
        """Looks once, then rests; a worker runs it again and again."""
        await self.look()
        await asyncio.sleep(LOOK_PAUSE_SECONDS)

    async def look(self) -> None:
        """Asks all parts once, and tells of those that have changed."""
        for part in await check_all(self._checks):
            before = self._failures[part.part]
            now = 0 if part.is_up else min(before + 1, FAILURES_MAX)
            self._failures[part.part] = now
            if (before < FAILURES_MAX) is not (now < FAILURES_MAX):
                await self._tell(part)


async def _check(part: str, check: Check) -> PartHealth:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await check()
    except (HutongError, TimeoutError, OSError) as problem:
        return PartHealth(part, is_up=False, problem=type(problem).__name__)
    return PartHealth(part, is_up=True)
