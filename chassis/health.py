"""Whether a process can do its work: its database and its Redis answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from chassis.kernel.errors import HutongError

CHECK_SECONDS_MAX = 2.0

Check = Callable[[], Awaitable[None]]
"""Raises a HutongError, TimeoutError or OSError when the part does not answer."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part and whether it answers."""

    part: str
    is_up: bool
    problem: str = ""


async def check_all(checks: Mapping[str, Check]) -> list[PartHealth]:
    """Asks all parts at once, each for a bounded time."""
    return list(await asyncio.gather(*(_check(part, check) for part, check in checks.items())))


async def _check(part: str, check: Check) -> PartHealth:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await check()
    except (HutongError, TimeoutError, OSError) as problem:
        return PartHealth(part, is_up=False, problem=type(problem).__name__)
    return PartHealth(part, is_up=True)
