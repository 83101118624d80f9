"""The way in: shut when a process drains, and it knows when the last caller has left.

Services go on calling one another through a shut gate, since the calls still in flight need them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.kernel.errors import Unavailable
from chassis.rpc.auth import Caller


class Gate:
    """Counts callers in, and turns new ones away once it is shut."""

    def __init__(self) -> None:
        self._inside = 0
        self._is_shut = False
        self._empty = asyncio.Event()
        self._empty.set()
        self._streams: set[asyncio.Task[object]] = set()

    @contextmanager
    def passing(self, caller: Caller) -> Iterator[None]:
        """Holds the gate for one call; Unavailable if it is shut and the caller no service."""
        if caller.is_service:
            yield
            return
        if self._is_shut:
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
    def streaming(self, caller: Caller) -> Iterator[None]:
        """Holds the gate for a stream, which would go on for ever: it is cut when the gate shuts.

        The caller then gets Unavailable, and resumes elsewhere.
        """
        task = asyncio.current_task()
        assert task is not None
        with self.passing(caller):
            self._streams.add(task)
            try:
                yield
            except asyncio.CancelledError:
                if not self._is_shut:
                    raise
                task.uncancel()
                raise Unavailable(part="this process, which is shutting down,") from None
            finally:
                self._streams.discard(task)

    async def shut(self, *, seconds_max: float) -> None:
        """Turns new callers away, and waits until those inside have left, or for so long."""
        self._is_shut = True
        for stream in self._streams:
            stream.cancel()
        try:
            async with asyncio.timeout(seconds_max):
                await self._empty.wait()
        except TimeoutError:
            return
