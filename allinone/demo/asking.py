"""Asking a running platform for what a demo needs, so that asking again changes nothing.

Every request id is derived from what is asked: the platform answers a repeat with its first answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TypeVar

from google.protobuf.message import Message

from allinone.issuer import LocalIssuer
from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.client import Peer

TOKEN_SECONDS = 3_600.0
CALL_SECONDS = 20.0
ATTEMPTS_MAX = 6
PAUSE_SECONDS_MIN = 0.1
PAUSE_SECONDS_MAX = 2.0

_REQUEST_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "demo.hutong.dev")

Item = TypeVar("Item")
Reply = TypeVar("Reply", bound=Message)


class Asker:
    """Calls a platform on behalf of one caller, and asks again while it is down."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.channel = peer.channel

    async def ask(self, method: Callable[..., Awaitable[Reply]], request: Message) -> Reply:
        """The reply of a stub's method.

        A platform that does not answer is asked ATTEMPTS_MAX times. Raises the HutongError that it
        refused with, or Unavailable.
        """
        pause = PAUSE_SECONDS_MIN
        for _ in range(ATTEMPTS_MAX - 1):
            try:
                return await self._peer.call(method, request, seconds=CALL_SECONDS)
            except HutongError as error:
                if error.kind is not ErrorKind.UNAVAILABLE:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
        return await self._peer.call(method, request, seconds=CALL_SECONDS)

    async def insist(
        self, method: Callable[..., Awaitable[Reply]], request: Message, *, seconds: float
    ) -> Reply:
        """The reply of a stub's method, of a request that has one effect however often it is asked.

        Whatever is no answer is asked again for so many seconds. Raises the HutongError that the
        platform refused with, or the last one that was no answer.
        """
        give_up_at, pause = time.monotonic() + seconds, PAUSE_SECONDS_MIN
        while True:
            try:
                return await self._peer.call(method, request, seconds=CALL_SECONDS)
            except HutongError as error:
                if error.is_answer or time.monotonic() >= give_up_at:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, PAUSE_SECONDS_MAX)


@asynccontextmanager
async def asking(*, address: str, issuer: LocalIssuer, caller: Caller) -> AsyncIterator[Asker]:
    """An asker for the platform at this gRPC address."""
    token = issuer.token(caller, seconds=TOKEN_SECONDS)
    peer = Peer(name="the platform", address=address, token=lambda: token)
    try:
        yield Asker(peer)
    finally:
        await peer.close()


async def in_lanes(
    items: Iterable[Item], work: Callable[[Item], Awaitable[None]], *, at_once: int
) -> None:
    """Works on all items, so many at a time, taken in their order; raises what the first raises."""
    waiting = iter(items)

    async def lane() -> None:
        for item in waiting:
            await work(item)

    lanes = [asyncio.ensure_future(lane()) for _ in range(at_once)]
    try:
        await asyncio.gather(*lanes)
    finally:
        for each in lanes:
            each.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)


def request_id(request: Message) -> str:
    """The id that this request, still without one, always gets."""
    content = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
    return str(uuid.uuid5(_REQUEST_IDS, f"{request.DESCRIPTOR.full_name}/{content}"))
