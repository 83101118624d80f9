"""A stream of messages as server-sent events: one event a message, told at once, to a live reader.

Reading from the service waits for the reader, so what is in memory for one stream is a message and
what the sockets hold. A reader who takes nothing for too long is dropped, and resumes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from google.rpc import code_pb2
from starlette.types import Message, Receive, Send

from chassis.kernel.errors import RETRY_AFTER_MS, Overloaded, Unavailable
from chassis.log import logger
from chassis.telemetry import Metrics
from gateway.answers import Answer, security_headers
from gateway.limits import (
    HEARTBEAT_SECONDS,
    RECONNECT_MS,
    STREAM_OPEN_SECONDS,
    STREAM_SEND_SECONDS_MAX,
    STREAMS_AT_ONCE_MAX,
    STREAMS_OF_ONE_CALLER_MAX,
)
from gateway.problems import problem_of
from gateway.routes.leaving import left, unless_left
from gateway.upstream import Refused, Stream

CONTENT_TYPE = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"

_BEGINNING = f"retry: {RECONNECT_MS}\n\n".encode()
_HEARTBEAT = b":\n\n"
_OWN_HEADERS = [
    (b"content-type", CONTENT_TYPE.encode()),
    (b"x-accel-buffering", b"no"),
]
_HEADERS = [*_OWN_HEADERS, *security_headers(_OWN_HEADERS)]
_NOTHING_TO_TELL = Answer(HTTPStatus.NO_CONTENT, ())
_NO_STREAM = Answer(HTTPStatus.OK, _OWN_HEADERS)

log = logger(__name__)

EventOf = Callable[[bytes], bytes]
"""Makes the event that tells a message."""


def event(data: bytes, *, id: str = "", kind: str = "") -> bytes:  # noqa: A002
    """An event as it is sent. `data` is one line, as JSON is."""
    named = f"event: {kind}\n" if kind else ""
    placed = f"id: {id}\n" if id else ""
    return f"{named}{placed}data: ".encode() + data + b"\n\n"


class EventStreams:
    """Tells streams to their readers, a bounded number at once."""

    def __init__(self, metrics: Metrics) -> None:
        self._open = metrics.http_streams_open
        self._callers: Counter[str] = Counter()
        self._readers: set[asyncio.Task[None]] = set()
        self._is_draining = False

    def drain(self) -> None:
        """Opens no more streams, and ends those that are open so that their readers resume."""
        self._is_draining = True
        for reader in self._readers:
            reader.cancel()

    @contextmanager
    def one_more(self, caller: str) -> Iterator[None]:
        """Room for one more stream; Overloaded if there is none, for this caller or for anybody."""
        if self._is_draining:
            raise Unavailable(part="this process, which is shutting down,")
        if (
            self._callers.total() >= STREAMS_AT_ONCE_MAX
            or self._callers[caller] >= STREAMS_OF_ONE_CALLER_MAX
        ):
            raise Overloaded(retry_after_ms=RETRY_AFTER_MS)
        self._callers[caller] += 1
        self._open.inc()
        try:
            yield
        finally:
            self._open.dec()
            self._callers[caller] -= 1
            if not self._callers[caller]:
                del self._callers[caller]

    async def tell(
        self,
        stream: Stream,
        event_of: EventOf,
        answered: Callable[[int], None],
        *,
        has_deadline: bool,
        is_head: bool,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answers a request with a stream, and ends the stream with the answer.

        `answered` is told the status; before that, Refused is raised as for any call, and
        ClientDisconnect if the caller leaves. A stream that has nothing to tell is a 204.
        `has_deadline` says that the caller gave a time, and that its end is a failure.
        """
        telling = _Telling(stream, event_of, receive, send, has_deadline=has_deadline)
        try:
            with unless_left(receive):
                has_message = await telling.has_message()
            answered(HTTPStatus.OK if has_message else HTTPStatus.NO_CONTENT)
            if not has_message:
                await _NOTHING_TO_TELL.send(send, takes_gzip=False)
                return
            if is_head:
                await _NO_STREAM.send(send, takes_gzip=False)
                return
            self._readers.add(telling.begin())
            if self._is_draining:
                self.drain()
            await telling.until_end()
        except TimeoutError:
            log.info("http_reader_too_slow")
        finally:
            await telling.end()
            self._readers.discard(telling.reader)


class _Telling:
    """One stream on its way to its reader.

    `reader` is done when the reader has left, and cancelled when the process drains.
    """

    def __init__(
        self,
        stream: Stream,
        event_of: EventOf,
        receive: Receive,
        send: Send,
        *,
        has_deadline: bool,
    ) -> None:
        self._resumed = {code_pb2.UNAVAILABLE}
        if not has_deadline:
            self._resumed.add(code_pb2.DEADLINE_EXCEEDED)
        self._stream = stream
        self._event_of = event_of
        self._send = send
        self._reading = asyncio.create_task(stream.next())
        self._receive = receive
        self.reader: asyncio.Task[None] | None = None

    async def has_message(self) -> bool:
        """Whether there is one, or none yet; Refused if the stream begins with that."""
        await asyncio.wait({self._reading}, timeout=STREAM_OPEN_SECONDS)
        return not self._reading.done() or self._reading.result() is not None

    def begin(self) -> asyncio.Task[None]:
        """Looks out for the reader's leaving from now on."""
        self.reader = asyncio.create_task(left(self._receive))
        return self.reader

    async def until_end(self) -> None:
        """Sends all there is to tell; TimeoutError if the reader does not take it."""
        head = {"type": "http.response.start", "status": 200, "headers": _HEADERS}
        await self._sent(head)
        await self._sent(_part(_BEGINNING))
        while (part := await self._next_part()) is not None:
            await self._sent(part)
            if not part["more_body"]:
                return

    async def end(self) -> None:
        """Leaves nothing of it behind."""
        self._stream.cancel()
        tasks = [task for task in (self._reading, self.reader) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _next_part(self) -> Message | None:
        """What is to be sent next, None if there is nobody any more."""
        assert self.reader is not None
        await asyncio.wait(
            {self._reading, self.reader},
            timeout=HEARTBEAT_SECONDS,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self.reader.cancelled():
            return _part(b"", is_last=True)
        if self.reader.done():
            return None
        if not self._reading.done():
            return _part(_HEARTBEAT)
        try:
            message = self._reading.result()
        except Refused as refused:
            # What was only cut goes on when it is resumed, and needs no error.
            is_cut = refused.status.code in self._resumed
            return _part(b"" if is_cut else _failure(refused), is_last=True)
        if message is None:
            return _part(b"", is_last=True)
        self._reading = asyncio.create_task(self._stream.next())
        return _part(self._event_of(message))

    async def _sent(self, message: Message) -> None:
        """Returns when the reader has taken most of what was sent before."""
        async with asyncio.timeout(STREAM_SEND_SECONDS_MAX):
            await self._send(message)


def _failure(refused: Refused) -> bytes:
    return event(bytes(problem_of(refused.status).body), kind="error")


def _part(events: bytes, *, is_last: bool = False) -> Message:
    return {"type": "http.response.body", "body": events, "more_body": not is_last}
