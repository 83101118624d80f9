"""The way in: shut when a process drains, and it knows when the last caller has left.

Services go on calling one another through a shut gate, since the calls still in flight need them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.kernel.errors import RETRY_AFTER_MS, Overloaded, Unavailable
from chassis.rpc.auth import Caller


class Gate:
    """Counts callers in, and turns new ones away once it is shut."""

    def __init__(self, *, calls_max: int) -> None:
        self._calls_max = calls_max
        self._calls = 0
        self._inside = 0
        self._shut = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._waiting: set[asyncio.Task[object]] = set()

    @contextmanager
    def room(self) -> Iterator[None]:
        """Holds one of the places that there are for calls; Overloaded if all are taken."""
        if self._calls >= self._calls_max:
            raise Overloaded(retry_after_ms=RETRY_AFTER_MS)
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1

    @contextmanager
    def passing(self, caller: Caller) -> Iterator[None]:
        """Holds the gate for one call; Unavailable if it is shut and the caller no service."""
        if caller.is_service:
            yield
            return
        if self._shut.is_set():
            raise Unavailable(part="this process, which is shutting down,")
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @contextmanager
    def cutting(self) -> Iterator[None]:
        """Cuts a stream here when the gate shuts; it would go on for ever.

        It is for the wait for the next message, and not for writing one, which would end without a
        status. The caller gets Unavailable, and resumes elsewhere.
        """
        if self._shut.is_set():
            raise Unavailable(part="this process, which is shutting down,")
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._shut.is_set():
                raise
            task.uncancel()
            raise Unavailable(part="this process, which is shutting down,") from None
        finally:
            self._waiting.discard(task)

    async def shut(self, *, seconds_max: float) -> None:
        """Turns new callers away, and waits until those inside have left, or for so long."""
        self._shut.set()
        for task in self._waiting:
            task.cancel()
        try:
            async with asyncio.timeout(seconds_max):
                await self._empty.wait()
        except TimeoutError:
            return
