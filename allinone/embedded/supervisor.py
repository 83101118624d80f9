"""Keeps the embedded stores running: one that dies is started again, all are stopped in reverse
order.

A store that was killed comes back within a second, on the same port, and its clients reconnect.
Refuses to hide a store that keeps dying: after a few failures in a minute it is left down and
`wait` says so.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import structlog

from allinone.embedded.errors import ChildKeepsFailing, EmbeddedError

FAILURES_MAX = 6
FAILURE_WINDOW_SECONDS = 60.0
BACKOFF_FIRST_SECONDS = 0.05
BACKOFF_MAX_SECONDS = 5.0
BACKOFF_FACTOR = 3.0


class Child(Protocol):
    """A process below this one, as the supervisor sees it."""

    @property
    def name(self) -> str:
        """How logs and errors call it."""

    async def start(self) -> None:
        """Returns when it serves; at once when it runs already. Raises EmbeddedError when it
        cannot.
        """

    async def stop(self) -> None:
        """Returns when it has ended; at once when it is not running."""

    async def wait_exit(self) -> int:
        """Returns the exit code of the present run once that has ended."""


class Supervisor:
    """Runs children in the order given. Its loop's thread must live as long as the platform: they
    die with it.
    """

    def __init__(self, children: Sequence[Child], *, failures_max: int = FAILURES_MAX) -> None:
        self._children = tuple(children)
        self._failures_max = failures_max
        self._started: list[Child] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._log = structlog.get_logger("allinone.embedded")

    async def start(self) -> None:
        """Starts each child after the one before it serves. When one cannot, stops the others and
        raises its error.
        """
        try:
            for child in self._children:
                self._started.append(child)
                await child.start()
                self._log.info("child_started", child=child.name)
                self._watchers.append(
                    asyncio.create_task(self._watch(child), name=f"watch {child.name}")
                )
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> None:
        """Returns after `stop`; raises ChildKeepsFailing as soon as a child is given up. The others
        still run then.
        """
        if self._watchers:
            done, _ = await asyncio.wait(self._watchers, return_when=asyncio.FIRST_EXCEPTION)
            for watcher in done:
                if not watcher.cancelled():
                    watcher.result()

    async def stop(self) -> None:
        """Stops all that were started, the last first. Tries each, then raises the first error."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._watchers.clear()
        errors: list[EmbeddedError] = []
        for child in reversed(self._started):
            try:
                await child.stop()
                self._log.info("child_stopped", child=child.name)
            except EmbeddedError as error:
                errors.append(error)
        self._started.clear()
        if errors:
            raise errors[0]

    async def _watch(self, child: Child) -> None:
        failures: deque[float] = deque()
        while True:
            reason = f"exit code {await child.wait_exit()}"
            self._log.warning("child_died", child=child.name, reason=reason)
            await self._revive(child, failures, reason)
            self._log.info("child_restarted", child=child.name, failures=len(failures))

    async def _revive(self, child: Child, failures: deque[float], reason: str) -> None:
        """Starts the child until it serves, slower with each failure of the last minute."""
        clock = asyncio.get_running_loop().time
        while True:
            failures.append(clock())
            while failures[0] < clock() - FAILURE_WINDOW_SECONDS:
                failures.popleft()
            if len(failures) >= self._failures_max:
                self._log.error("child_given_up", child=child.name, failures=len(failures))
                raise ChildKeepsFailing(child.name, len(failures), FAILURE_WINDOW_SECONDS, reason)
            await asyncio.sleep(backoff_seconds(len(failures)))
            try:
                await child.start()
                return
            except EmbeddedError as error:
                reason = str(error)
                self._log.warning("child_restart_failed", child=child.name, reason=reason)


def backoff_seconds(failures: int) -> float:
    """How long to wait before the next start, after so many failures of late."""
    return min(BACKOFF_FIRST_SECONDS * BACKOFF_FACTOR ** (failures - 1), BACKOFF_MAX_SECONDS)
