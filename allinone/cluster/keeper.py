"""Keeps the processes of a cluster running: all start at once, and one that dies is started again.

Who was up is started again for ever, a little slower if it dies often. Who does not come up in
several starts is given up, and `wait` says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from allinone.cluster.child import ChildProcess
from allinone.cluster.errors import ProcessFailed, ProcessKeepsDying
from allinone.embedded.supervisor import FAILURE_WINDOW_SECONDS, backoff_seconds
from chassis.log import logger

STARTS_MAX = 5
PAUSE_SECONDS_MAX = 2.0

log = logger(__name__)


class Keeper:
    """Runs the children of these groups, and stops them group by group.

    `patience` has the seconds that each group gets to end by itself.
    """

    def __init__(
        self, groups: Sequence[Sequence[ChildProcess]], *, patience: Sequence[float]
    ) -> None:
        self._groups = groups
        self._patience = patience
        self._watchers: list[asyncio.Task[None]] = []

    @property
    def children(self) -> list[ChildProcess]:
        """All of them."""
        return [child for group in self._groups for child in group]

    async def start(self) -> None:
        """Starts all; returns when each answers. EmbeddedError if one can't start."""
        starting = [
            asyncio.create_task(self._come_up(child, is_first=True)) for child in self.children
        ]
        try:
            await asyncio.gather(*starting)
        finally:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
        for child in self.children:
            self._watchers.append(asyncio.create_task(self._watch(child), name=child.name))

    async def wait(self) -> None:
        """Returns after `stop`; raises ProcessKeepsDying as soon as a child is given up."""
        if self._watchers:
            done, _ = await asyncio.wait(self._watchers, return_when=asyncio.FIRST_EXCEPTION)
            for watcher in done:
                if not watcher.cancelled():
                    watcher.result()

    async def stop(self) -> None:
        """Stops all, each group after the one before it has ended."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._watchers.clear()
        for group, seconds in zip(self._groups, self._patience, strict=True):
            await asyncio.gather(*(child.stop(seconds=seconds) for child in group))

    async def _watch(self, child: ChildProcess) -> None:
        clock = asyncio.get_running_loop().time
        deaths: deque[float] = deque()
        while True:
            code = await child.wait_exit()
            deaths.append(clock())
            while deaths[0] < clock() - FAILURE_WINDOW_SECONDS:
                deaths.popleft()
            log.warning("process_died", name=child.name, exit_code=code, lately=len(deaths))
            await asyncio.sleep(_pause_seconds(len(deaths)))
            await self._come_up(child)
            log.info("process_restarted", name=child.name, pid=child.pid)

    async def _come_up(self, child: ChildProcess, *, is_first: bool = False) -> None:
        """Starts the child until it answers. What refuses its first start is not asked again."""
        for starts in range(1, STARTS_MAX + 1):
            try:
                await child.start()
                return
            except ProcessFailed as failed:
                if is_first and failed.is_refusal:
                    raise
                log.warning("process_not_started", name=child.name, problem=str(failed))
                if starts == STARTS_MAX:
                    log.error("process_given_up", name=child.name, starts=starts)
                    raise ProcessKeepsDying(child.name, starts, str(failed)) from failed
            await asyncio.sleep(_pause_seconds(starts))


def _pause_seconds(failures: int) -> float:
    return min(backoff_seconds(failures), PAUSE_SECONDS_MAX)
