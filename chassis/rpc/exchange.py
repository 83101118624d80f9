"""Streams both ways: one caller sends requests, each is judged on its own, and answers come as they
are ready.

The caller's token is looked at for each request, so one that expires ends the stream. A caller who
says nothing, who does not read, or who sends faster than is answered, costs a bounded amount.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from chassis import tracing
from chassis.kernel.errors import HutongError
from chassis.rpc.access import authorise, require_role
from chassis.rpc.auth import Caller
from chassis.rpc.call import Call
from chassis.rpc.interceptors import (
    STALLED_SECONDS_MAX,
    STREAM_SECONDS_MAX,
    Floor,
    Method,
    bytes_of,
    end_with,
    headers_of,
    known_errors,
    observe,
    seconds_left,
)

SILENCE_SECONDS_MAX = 60.0
"""A stream on which nothing is asked for so long ends as if its caller had ended it."""

Item = TypeVar("Item")
Reply = TypeVar("Reply")

_END: Any = object()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a stream, and why it is turned away, if it is; its neighbours don't notice.

    `place` is to be held while it is answered; it is waited for.
    """

    request: Message
    call: Call
    refusal: HutongError | None
    place: Callable[[], AbstractAsyncContextManager[None]]


ExchangeBehaviour = Callable[[AsyncIterator[Asked], Call], AsyncGenerator[Message | bytes, None]]
"""Answers what is asked, in any order. Reading raises what ends the stream ahead of its caller."""


async def serve_exchange(
    floor: Floor,
    method: Method,
    behaviour: ExchangeBehaviour,
    requests: AsyncIterator[bytes],
    context: grpc.aio.ServicerContext[bytes, bytes],
) -> AsyncIterator[bytes]:
    """Answers a stream of requests' bytes with one of replies' bytes, and ends it with a status."""
    begun = time.perf_counter()
    headers = headers_of(context)
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    try:
        with method.span(headers), floor.gate.room(), known_errors(method):
            seconds = seconds_left(context, default=STREAM_SECONDS_MAX)
            caller = await floor.authenticator.caller(headers.get("authorization"))
            require_role(floor.rules[method.path], caller)
            call = _call(method, caller, seconds)
            with floor.gate.passing(caller):
                asked = _asked(floor, method, aiter(requests), headers, call)
                async with aclosing(behaviour(asked, call)) as replies:
                    async for reply in replies:
                        # Whoever does not read is cut off without a word.
                        stalled = loop.call_later(STALLED_SECONDS_MAX, task.cancel)
                        try:
                            yield bytes_of(reply)
                        finally:
                            stalled.cancel()
    except HutongError as error:
        await end_with(floor, method, context, error, begun)
    observe(floor, method, "OK", begun)


async def answered(
    asked: AsyncIterator[Item],
    answer: Callable[[Item], Awaitable[Reply]],
    *,
    unanswered_max: int,
) -> AsyncGenerator[Reply, None]:
    """The answers to what is asked, as they are ready.

    At most so many have been read whose answers were not taken; no more is read before. If reading
    or an answer fails, nothing more is read, what was read is answered, and then it raises.
    """
    exchange = _Exchange(asked, answer, unanswered_max)
    try:
        while (reply := await exchange.replies.get()) is not _END:
            yield reply
            exchange.room.release()
        exchange.raise_if_failed()
    finally:
        exchange.stop()


class _Exchange:
    """What goes on beside whoever takes the answers."""

    def __init__(
        self,
        asked: AsyncIterator[Any],
        answer: Callable[[Any], Awaitable[Any]],
        unanswered_max: int,
    ) -> None:
        self.replies: asyncio.Queue[Any] = asyncio.Queue()
        self.room = asyncio.Semaphore(unanswered_max)
        self._answer = answer
        self._answering: set[asyncio.Task[None]] = set()
        self._failure: Exception | None = None
        self._reading = asyncio.create_task(self._read(asked))
        self._reading.add_done_callback(self._read_ended)

    def raise_if_failed(self) -> None:
        """Raises the first failure, of reading or of an answer."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ends whatever still goes on, since nobody waits for it."""
        self._reading.cancel()
        for task in self._answering:
            task.cancel()

    async def _read(self, asked: AsyncIterator[Any]) -> None:
        while True:
            await self.room.acquire()
            item = await anext(asked, _END)
            if item is _END:
                return
            task = asyncio.create_task(self._tell(item))
            self._answering.add(task)
            task.add_done_callback(self._told)

    async def _tell(self, item: Any) -> None:
        self.replies.put_nowait(await self._answer(item))

    def _read_ended(self, reading: asyncio.Task[None]) -> None:
        self._note(reading)
        self._end_if_done()

    def _told(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if self._note(task):
            self._reading.cancel()
        self._end_if_done()

    def _note(self, task: asyncio.Task[None]) -> bool:
        """Keeps the first failure; whether this task failed."""
        problem = None if task.cancelled() else task.exception()
        if isinstance(problem, Exception) and self._failure is None:
            self._failure = problem
        return problem is not None

    def _end_if_done(self) -> None:
        if self._reading.done() and not self._answering:
            self.replies.put_nowait(_END)


async def _asked(
    floor: Floor,
    method: Method,
    requests: AsyncIterator[bytes],
    headers: Mapping[str, str],
    call: Call,
) -> AsyncIterator[Asked]:
    """The requests as they come, until their caller ends them or is silent.

    Raises Unavailable when the process drains, Unauthenticated once the token is not believed any
    more, DeadlineExceeded, and what no request can be read from.
    """
    place = partial(floor.admission.waited_for, method.urgency)
    while (data := await _next_request(floor, requests, call)) is not None:
        caller = await floor.authenticator.caller(headers.get("authorization"))
        request = method.request(data)
        yield Asked(request, call, _refusal_of(floor, method, caller, request), place)


async def _next_request(floor: Floor, requests: AsyncIterator[bytes], call: Call) -> bytes | None:
    left = call.seconds_left()
    with floor.gate.cutting():
        try:
            async with asyncio.timeout(min(left, SILENCE_SECONDS_MAX)):
                return await anext(requests, None)
        except TimeoutError:
            call.seconds_left()
            return None


def _refusal_of(
    floor: Floor, method: Method, caller: Caller, request: Message
) -> HutongError | None:
    try:
        authorise(floor.rules[method.path], caller, request)
        floor.validator.check(request)
    except HutongError as error:
        floor.metrics.rpc_refusals.labels(method.path, error.reason).inc()
        return error
    return None


def _call(method: Method, caller: Caller, seconds: float) -> Call:
    return Call(
        method=method.path,
        caller=caller,
        deadline=time.monotonic() + min(seconds, STREAM_SECONDS_MAX),
        traceparent=tracing.current_traceparent(),
    )
