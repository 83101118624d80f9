"""What happens around every call: parse, authenticate, authorise, validate, limit in time, answer.

It is one plain function per call, not a chain of wrappers, because each wrapper costs as much as a
small batch's share of SQL.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2

from chassis import tracing
from chassis.db.idempotency import Replayed
from chassis.kernel.errors import (
    RETRY_AFTER_MS,
    DeadlineExceeded,
    HutongError,
    MessageTooLarge,
    Overloaded,
    Unauthenticated,
)
from chassis.log import our_fault
from chassis.rpc.access import Rule, authorise
from chassis.rpc.admission import Admission, Places, Urgency
from chassis.rpc.auth import Authenticator, Caller
from chassis.rpc.call import (
    DEADLINE_SECONDS_DEFAULT,
    DEADLINE_SECONDS_MAX,
    Call,
    caller_from_proto,
)
from chassis.rpc.engines import NO_DEADLINE_SECONDS
from chassis.rpc.gate import Gate
from chassis.rpc.status import STATUS_DETAILS_KEY, code_of, to_status
from chassis.rpc.validation import Validator, parsed
from chassis.telemetry import Metrics

Behaviour = Callable[[Message, Call], Awaitable[Message | bytes]]
StreamBehaviour = Callable[[Message, Call], AsyncIterator[Message | bytes]]

STREAM_SECONDS_MAX = 3600.0
"""A stream ends after so long; its caller resumes from where it was."""

STALLED_SECONDS_MAX = 30.0
"""So long after that a caller who does not read what is being written is cut off without a word."""


_FULL = to_status(Overloaded(retry_after_ms=RETRY_AFTER_MS))
_FULL_DETAILS = ((STATUS_DETAILS_KEY, _FULL.SerializeToString(deterministic=True)),)


@dataclass(frozen=True, slots=True)
class Floor:
    """What every method shares: the gate, places, identity, rules, validation, metrics."""

    gate: Gate
    admission: Admission

    authenticator: Authenticator
    validator: Validator
    metrics: Metrics
    rules: Mapping[str, Rule]


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a servicer with its path, its request's type and the most it may weigh.

    The urgency of a batch is that of its items.
    """

    path: str
    request_type: type[Message]
    bytes_max: int
    is_batch: bool
    urgency: Urgency

    def span(self, headers: Mapping[str, str]) -> tracing.Span:
        """The call as part of a trace. A batch is many callers' and begins none of its own."""
        return tracing.serving(
            self.path[1:], headers.get(tracing.TRACEPARENT), may_sample=not self.is_batch
        )

    def request(self, data: bytes) -> Message:
        """The request in the bytes; MessageTooLarge, MessageMalformed."""
        if len(data) > self.bytes_max:
            raise MessageTooLarge(limit_bytes=self.bytes_max)
        return parsed(self.request_type, data)


async def serve_unary(
    floor: Floor,
    method: Method,
    behaviour: Behaviour,
    data: bytes,
    context: grpc.aio.ServicerContext[bytes, bytes],
) -> bytes:
    """Answers one unary call with the reply's bytes, or ends it with a status."""
    begun = time.perf_counter()
    with Places(floor.admission) as places:
        left: float | None = context.time_remaining()
        seconds = DEADLINE_SECONDS_DEFAULT if left is None else left
        if not method.is_batch and not places.found(method.urgency, seconds_left=seconds):
            return _turned_away(floor, method, context, begun)
        headers = headers_of(context)
        try:
            with method.span(headers):
                reply = await _answer(floor, method, behaviour, data, context, headers, places)
        except HutongError as error:
            await end_with(floor, method, context, error, begun)
            raise AssertionError("ending a call does not return") from error
    observe(floor, method, "OK", begun)
    return reply


def _turned_away(
    floor: Floor,
    method: Method,
    context: grpc.aio.ServicerContext[bytes, bytes],
    begun: float,
) -> bytes:
    """Ends a call that found no place. It is told what is known before, and no exception is raised:
    under an overload most calls end here, and what they cost the others don't get.
    """
    observe(floor, method, grpc.StatusCode.RESOURCE_EXHAUSTED.name, begun)
    floor.metrics.rpc_refusals.labels(method.path, Overloaded.reason).inc()
    context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)
    context.set_details(_FULL.message)
    context.set_trailing_metadata(_FULL_DETAILS)
    return b""


async def serve_stream(
    floor: Floor,
    method: Method,
    behaviour: StreamBehaviour,
    data: bytes,
    context: grpc.aio.ServicerContext[bytes, bytes],
) -> AsyncIterator[bytes]:
    """Answers one call with a stream of messages' bytes, and ends it with a status if it fails."""
    begun = time.perf_counter()
    headers = headers_of(context)
    try:
        with method.span(headers), floor.gate.room(), known_errors(method):
            left = seconds_left(context, default=STREAM_SECONDS_MAX)
            request = method.request(data)
            deadline = time.monotonic() + min(left, STREAM_SECONDS_MAX)
            call = await _admitted(floor, method, request, headers, deadline=deadline)
            with floor.gate.passing(call.caller):
                async with asyncio.timeout(call.seconds_left() + STALLED_SECONDS_MAX):
                    messages = behaviour(request, call)
                    while (message := await _next(floor.gate, messages, call)) is not None:
                        yield bytes_of(message)
    except HutongError as error:
        await end_with(floor, method, context, error, begun)
    observe(floor, method, "OK", begun)


async def _next(
    gate: Gate, messages: AsyncIterator[Message | bytes], call: Call
) -> Message | bytes | None:
    """The next message of a stream, None behind the last.

    Unavailable if the gate shuts first, TimeoutError if the caller's deadline comes first.
    """
    with gate.cutting():
        async with asyncio.timeout(call.seconds_left()):
            return await anext(messages, None)


async def _answer(
    floor: Floor,
    method: Method,
    behaviour: Behaviour,
    data: bytes,
    context: grpc.aio.ServicerContext[bytes, bytes],
    headers: Mapping[str, str],
    places: Places,
) -> bytes:
    try:
        with known_errors(method):
            left = seconds_left(context, default=DEADLINE_SECONDS_DEFAULT)
            request = method.request(data)
            deadline = time.monotonic() + min(left, DEADLINE_SECONDS_MAX)
            call = await _admitted(
                floor, method, request, headers, deadline=deadline, places=places
            )
            with floor.gate.passing(call.caller):
                async with asyncio.timeout(call.seconds_left()):
                    reply = await behaviour(request, call)
    except Replayed as replayed:
        if replayed.answer.refusal is not None:
            raise replayed.answer.refusal from None
        reply = replayed.answer.reply or b""
    return bytes_of(reply)


def bytes_of(message: Message | bytes) -> bytes:
    """The reply as it goes over the wire."""
    return message if isinstance(message, bytes) else message.SerializeToString(deterministic=True)


@contextmanager
def known_errors(method: Method) -> Iterator[None]:
    """Lets out what callers may be told, and turns all else into our own fault."""
    try:
        yield
    except TimeoutError:
        raise DeadlineExceeded from None
    except (HutongError, Replayed):
        raise
    except Exception as problem:
        raise our_fault(problem, where=method.path) from problem


async def _admitted(
    floor: Floor,
    method: Method,
    request: Message,
    headers: Mapping[str, str],
    *,
    deadline: float,
    places: Places | None = None,
) -> Call:
    """The call; a batch's items take their places."""
    caller = await floor.authenticator.caller(headers.get("authorization"))
    rule = floor.rules[method.path]
    authorise(rule, caller, request)
    floor.validator.check(request)
    call = Call(
        method=method.path,
        caller=caller,
        deadline=deadline,
        traceparent=tracing.current_traceparent(),
    )
    if not rule.batch_of:
        return call
    items = [
        _item_call(floor, method, rule.batch_of, item, call, places)
        for item in request.items  # type: ignore[attr-defined]
    ]
    return Call(method=method.path, caller=caller, deadline=deadline, items=items)


def _item_call(
    floor: Floor, method: Method, unary: str, item: Message, batch: Call, places: Places | None
) -> Call | HutongError:
    """The call that one item stands for, or why it is turned away; its neighbours don't notice.

    One of a caller outside takes a place, as its call would.
    """
    context, request = item.context, item.request  # type: ignore[attr-defined]
    try:
        caller = _vouched(caller_from_proto(context.caller))
        authorise(floor.rules[unary], caller, request)
        floor.validator.check(request)
        if places is not None and not caller.is_service:
            places.take(method.urgency, seconds_left=batch.seconds_left())
    except HutongError as error:
        floor.metrics.rpc_refusals.labels(unary, error.reason).inc()
        return error
    deadline = batch.deadline
    if context.HasField("deadline"):
        left = context.deadline.ToMilliseconds() / 1000 - time.time()
        deadline = min(deadline, time.monotonic() + left)
    return Call(method=unary, caller=caller, deadline=deadline, traceparent=context.traceparent)


def seconds_left(context: grpc.aio.ServicerContext[bytes, bytes], *, default: float) -> float:
    """The time that the caller gives, or the usual one; DeadlineExceeded if it is over already."""
    left: float | None = context.time_remaining()
    if left is None or left > NO_DEADLINE_SECONDS:
        return default
    if left <= 0:
        raise DeadlineExceeded
    return left


def headers_of(context: grpc.aio.ServicerContext[bytes, bytes]) -> dict[str, str]:
    """The call's metadata that is text; of what comes twice the last."""
    return {
        key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)
    }


def _vouched(caller: Caller) -> Caller:
    if not caller.principal or not caller.tenant:
        raise Unauthenticated
    return caller


def observe(floor: Floor, method: Method, code: str, begun: float) -> None:
    """Counts a call that has ended, and how long it took."""
    floor.metrics.rpc_seconds.labels(method.path, code).observe(time.perf_counter() - begun)


async def end_with(
    floor: Floor,
    method: Method,
    context: grpc.aio.ServicerContext[bytes, bytes],
    error: HutongError,
    begun: float,
) -> None:
    """Ends a call with the error's status, and counts it."""
    observe(floor, method, code_of(error).name, begun)
    floor.metrics.rpc_refusals.labels(method.path, error.reason).inc()
    status: status_pb2.Status = to_status(error)
    await context.abort(
        code_of(error),
        status.message,
        ((STATUS_DETAILS_KEY, status.SerializeToString(deterministic=True)),),
    )
