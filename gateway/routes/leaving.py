"""Callers who hang up before their answer: what is done for them alone ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect
from starlette.types import Receive

LOOK_AFTER_SECONDS = 0.02
"""Most answers are there sooner than this, and nobody then has to be watched."""


@contextmanager
def unless_left(receive: Receive) -> Iterator[None]:
    """Cancels what is awaited inside if the caller leaves, and raises ClientDisconnect.

    To be used once the whole body was received.
    """
    loop, working = asyncio.get_running_loop(), asyncio.current_task()
    assert working is not None
    watch = _Watch(receive, working)
    timer = loop.call_later(LOOK_AFTER_SECONDS, watch.begin)
    try:
        yield
    except asyncio.CancelledError:
        if not watch.has_left:
            raise
        working.uncancel()
        raise ClientDisconnect from None
    finally:
        timer.cancel()
        watch.end()


class _Watch:
    """Looks out for one caller's leaving, and cancels the task that works for them."""

    def __init__(self, receive: Receive, working: asyncio.Task[object]) -> None:
        self.has_left = False
        self._receive = receive
        self._working = working
        self._watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._watching = asyncio.get_running_loop().create_task(self._until_left())

    def end(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _until_left(self) -> None:
        await left(self._receive)
        self.has_left = True
        self._working.cancel()


async def left(receive: Receive) -> None:
    """Returns once the caller has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
