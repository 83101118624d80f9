"""The application that answers every annotated method: HTTP in, gRPC on, HTTP back."""

from __future__ import annotations

import re
import time
from functools import partial
from http import HTTPStatus

from google.protobuf.message import Message
from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from chassis import tracing
from chassis.kernel.errors import HutongError, InvalidInput, Unauthenticated
from chassis.log import logger
from chassis.messaging.coalescer import Lanes
from chassis.rpc.admission import Admission, Places, urgency_of
from chassis.rpc.values import wire_bytes
from gateway.answers import Answer
from gateway.coalescing import Coalescing, Identity, twins_of
from gateway.limits import (
    CALL_SECONDS_DEFAULT,
    CALL_SECONDS_MAX,
    CALLS_AT_ONCE_MAX,
    HEADER_BYTES_MAX,
    STREAM_SECONDS_MAX,
)
from gateway.problems import problem, problem_of, problem_of_error
from gateway.routes.asked import Asked
from gateway.routes.bindings import Binding, Match, NoSuchPath, Routes, WrongMethod, bindings_of
from gateway.routes.bodies import JSON_TYPE, body_of
from gateway.routes.contracts import contracts_of
from gateway.routes.events import LAST_EVENT_ID, EventStreams, event
from gateway.routes.leaving import unless_left
from gateway.routes.openapi import openapi_of
from gateway.routes.replies import Replies, etag_of, is_known, message_in
from gateway.routes.requests import IDEMPOTENCY_KEY, request_of
from gateway.upstream import Refused, Upstream

TIMEOUT = "Grpc-Timeout"
_TIME = re.compile(r"([0-9]{1,8})([HMSmun])")
_UNIT_SECONDS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_NO_ROUTE = "none"

_TIMEOUT, _IDEMPOTENCY_KEY, _LAST_EVENT_ID = (
    name.lower().encode() for name in (TIMEOUT, IDEMPOTENCY_KEY, LAST_EVENT_ID)
)
_TRACEPARENT = tracing.TRACEPARENT.encode()
_JSON = [(b"content-type", JSON_TYPE.encode())]
_READ = [(b"cache-control", b"private, no-cache"), (b"vary", b"Authorization, Accept-Encoding")]

log = logger(__name__)


class TimeoutInvalid(InvalidInput):
    """The timeout header is not of the form that gRPC gives it."""

    reason = "TIMEOUT_INVALID"
    message = "the Grpc-Timeout must be at most eight digits and a unit, as in 1500m"


class Api:
    """Every annotated method of the services behind `upstream`, over HTTP.

    With an `identity`, calls to methods with a batch twin are gathered to batches. To be made
    inside the running event loop.
    """

    def __init__(
        self, upstream: Upstream, lanes: Lanes, *, identity: Identity | None = None
    ) -> None:
        metrics = lanes.metrics
        contracts = contracts_of(upstream.services)
        self.bindings = bindings_of(contracts.methods)
        self.openapi = openapi_of(self.bindings, contracts.comments)
        self._routes = Routes(self.bindings)
        self._replies = Replies()
        self._upstream = upstream
        self._metrics = metrics
        self._seconds: dict[tuple[str, int], Histogram] = {}
        self._admission = Admission(calls_max=CALLS_AT_ONCE_MAX, metrics=metrics, door="http")
        self._urgency = {each.rpc_path: urgency_of(each.method) for each in self.bindings}
        self._streams = EventStreams(metrics)
        self._coalescing: Coalescing | None = None
        if identity is not None:
            annotated = {binding.rpc_path for binding in self.bindings}
            twins = twins_of(contracts.methods)
            self._coalescing = Coalescing(
                {path: twin for path, twin in twins.items() if path in annotated},
                upstream,
                identity,
                lanes,
            )

    @property
    def prefixes(self) -> list[str]:
        """The first segments of its paths."""
        return sorted({binding.template.segments[0] for binding in self.bindings})

    def drain(self) -> None:
        """Ends the streams, which would go on for ever; their readers resume elsewhere."""
        self._streams.drain()

    async def close(self) -> None:
        """Waits for the calls that are on their way in batches."""
        if self._coalescing is not None:
            await self._coalescing.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, as ASGI has it; a caller who has left gets no answer."""
        asked = Asked(scope, receive)
        begun = time.perf_counter()
        match: Match | None = None
        try:
            match = self._match(asked)
            with tracing.serving(match.binding.route, asked.header(_TRACEPARENT)):
                try:
                    if match.binding.is_stream:
                        await self._tell(asked, match, begun, send)
                        return
                    answer = await self._answer(asked, match)
                except ClientDisconnect:
                    log.info("http_caller_left")
                    return
        except Refused as refused:
            answer = Answer.of(problem_of(refused.status))
        except HutongError as error:
            answer = Answer.of(problem_of_error(error))
        except HTTPException as refused:
            answer = Answer.of(problem(refused.status_code, refused.headers))
        self._observe(match, answer.status, begun)
        await answer.send(send, takes_gzip="gzip" in (asked.header(b"accept-encoding") or ""))

    def _match(self, asked: Asked) -> Match:
        if asked.header_bytes > HEADER_BYTES_MAX:
            raise HTTPException(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        try:
            return self._routes.match(asked.method, asked.raw_path)
        except (NoSuchPath, UnicodeDecodeError):
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        except WrongMethod as wrong:
            raise HTTPException(
                HTTPStatus.METHOD_NOT_ALLOWED, headers={"allow": ", ".join(wrong.allowed)}
            ) from None

    async def _answer(self, asked: Asked, match: Match) -> Answer:
        seconds = _seconds(asked, default=CALL_SECONDS_DEFAULT, most=CALL_SECONDS_MAX)
        deadline = time.monotonic() + seconds
        message = await _message(asked, match)
        with Places(self._admission) as places, unless_left(asked.receive):
            places.take(self._urgency[match.binding.rpc_path], seconds_left=seconds)
            reply = await self._reply(match.binding, message, _authorization(asked), deadline)
        body = self._replies.json_of(match.binding.method.output_type, reply)
        if not match.binding.is_read:
            return Answer(HTTPStatus.OK, _JSON, body)
        etag = etag_of(body)
        if is_known(etag, asked.header(b"if-none-match") or ""):
            return Answer(HTTPStatus.NOT_MODIFIED, [(b"etag", etag.encode()), *_READ])
        return Answer(HTTPStatus.OK, [(b"etag", etag.encode()), *_READ, *_JSON], body)

    async def _reply(
        self, binding: Binding, message: Message, authorization: str | None, deadline: float
    ) -> bytes:
        path, request = binding.rpc_path, wire_bytes(message)
        if self._coalescing is not None and self._coalescing.takes(path, request):
            return await self._coalescing.call(
                path, request, authorization=authorization, deadline=deadline
            )
        return await self._upstream.call(
            path,
            request,
            authorization=authorization,
            seconds=max(deadline - time.monotonic(), 0.0),
        )

    async def _tell(self, asked: Asked, match: Match, begun: float, send: Send) -> None:
        """Answers with a stream; what is raised is raised before anything was sent."""
        seconds = _seconds(asked, default=STREAM_SECONDS_MAX, most=STREAM_SECONDS_MAX)
        message = await _message(asked, match)
        authorization = _authorization(asked)
        with self._streams.one_more(authorization or ""):
            stream = self._upstream.stream(
                match.binding.rpc_path,
                wire_bytes(message),
                authorization=authorization,
                seconds=seconds,
            )
            await self._streams.tell(
                stream,
                partial(self._event, match.binding),
                lambda status: self._observe(match, status, begun),
                has_deadline=seconds < STREAM_SECONDS_MAX,
                is_head=asked.method == "HEAD",
                receive=asked.receive,
                send=send,
            )

    def _event(self, binding: Binding, reply: bytes) -> bytes:
        kind, resumption = binding.method.output_type, binding.resumption
        position = "" if resumption is None else resumption.position(message_in(kind, reply))
        return event(self._replies.json_of(kind, reply), id=position)

    def _observe(self, match: Match | None, status: int, begun: float) -> None:
        route = _NO_ROUTE if match is None else match.binding.route
        seconds = self._seconds.get((route, status))
        if seconds is None:
            seconds = self._metrics.http_seconds.labels(route, str(int(status)))
            self._seconds[route, status] = seconds
        seconds.observe(time.perf_counter() - begun)


async def _message(asked: Asked, match: Match) -> Message:
    return request_of(
        match,
        query=asked.query,
        body=await body_of(asked),
        idempotency_key=asked.header(_IDEMPOTENCY_KEY),
        last_event_id=asked.header(_LAST_EVENT_ID),
    )


def _authorization(asked: Asked) -> str | None:
    value = asked.header(b"authorization")
    if value is not None and not (value.isascii() and value.isprintable()):
        raise Unauthenticated
    return value


def _seconds(asked: Asked, *, default: float, most: float) -> float:
    timeout = asked.header(_TIMEOUT)
    if timeout is None:
        return default
    found = _TIME.fullmatch(timeout)
    if found is None:
        raise TimeoutInvalid.at(TIMEOUT, "is not of this form")
    return min(int(found[1]) * _UNIT_SECONDS[found[2]], most)
