"""Waiting for work that somebody may wish to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable


def stop_wished() -> asyncio.Event:
    """An event that is set by SIGINT or SIGTERM, from now on."""
    wished = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, wished.set)
    return wished


async def until(stopping: asyncio.Event, work: Awaitable[object]) -> None:
    """Waits for the work, or for the wish to stop, which cancels it."""
    working = asyncio.ensure_future(work)
    wish = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({working, wish}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        wish.cancel()
        if not working.done():
            working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    if not working.cancelled():
        working.result()
