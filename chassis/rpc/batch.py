"""Batch twins: many callers' requests in one message, each answered on its own."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message

from chassis import tracing
from chassis.kernel.errors import HutongError
from chassis.rpc.call import Call
from chassis.rpc.status import from_status, to_status
from chassis.rpc.values import wire_bytes
from hutong.common.v1 import batch_pb2

ItemCommand = TypeVar("ItemCommand")
ItemResult = TypeVar("ItemResult")
Reply = TypeVar("Reply", bound="BatchReply")


class BatchRequest(Protocol):
    """What every batch's request has: items, each with a context and a request."""

    items: Any


class BatchReply(Protocol):
    """What every batch's reply has: results, each with an error or with its one other field."""

    results: Any


RunItems = Callable[[Sequence[ItemCommand]], Awaitable[Sequence[ItemResult | HutongError]]]
"""Answers commands in their order, each with a result or with its own error."""


async def answer_batch(
    request: BatchRequest,
    call: Call,
    reply: Reply,
    *,
    command: Callable[[Any, Call], ItemCommand],
    run: RunItems[ItemCommand, ItemResult],
    field: str,
    convert: Callable[[Any], Message | bytes],
    omit_results: bool = False,
) -> Reply:
    """Runs the items of a batch that were admitted as one, and writes the reply's results.

    `command` converts one item's request and may refuse it with a HutongError; `run` answers its
    commands in their order; `convert` makes the message for a result's `field`, or its bytes, which
    may be omitted.
    """
    answers = await _answers(request.items, call, command=command, run=run)
    for answer in answers:
        result = reply.results.add()
        if isinstance(answer, HutongError):
            result.error.CopyFrom(to_status(answer))
        elif not omit_results:
            _set(getattr(result, field), convert(answer))
    return reply


async def answer_batch_in_bytes(
    request: BatchRequest,
    call: Call,
    *,
    command: Callable[[Any, Call], ItemCommand],
    run: RunItems[ItemCommand, bytes],
) -> bytes:
    """The reply of a batch whose results are made as bytes, which are copied and never parsed.

    It is `answer_batch` otherwise.
    """
    reply = batch_pb2.BatchResults()
    for answer in await _answers(request.items, call, command=command, run=run):
        if isinstance(answer, HutongError):
            reply.results.add(error=to_status(answer))
        else:
            reply.results.add(reply=answer)
    return wire_bytes(reply)


def read_results(
    reply: BatchReply, *, field: str, convert: Callable[[Any], ItemResult]
) -> list[ItemResult | HutongError]:
    """The answers in a batch's reply, in the order of its items."""
    return [
        from_status(result.error) if result.HasField("error") else convert(getattr(result, field))
        for result in reply.results
    ]


def _set(message: Message, value: Message | bytes) -> None:
    if isinstance(value, bytes):
        message.SetInParent()
        message.MergeFromString(value)
    else:
        message.CopyFrom(value)


async def _answers(
    items: Iterable[Any],
    call: Call,
    *,
    command: Callable[[Any, Call], ItemCommand],
    run: RunItems[ItemCommand, ItemResult],
) -> list[ItemResult | HutongError]:
    """What became of each item; those that were not admitted keep why."""
    answers: list[ItemResult | HutongError | None] = []
    commands: list[ItemCommand] = []
    for item, item_call in zip(items, call.items, strict=True):
        try:
            if isinstance(item_call, HutongError):
                raise item_call
            item_call.seconds_left()
            commands.append(command(item.request, item_call))
            answers.append(None)
        except HutongError as error:
            answers.append(error)
    began = time.monotonic()
    results = iter(await run(commands) if commands else ())
    told = [next(results) if answer is None else answer for answer in answers]
    if tracing.is_recorded():
        _record(call.items, told, began)
    return told


def _record(calls: Sequence[Call | HutongError], answers: Sequence[object], began: float) -> None:
    """Lets each item's trace show that it was answered here, among others."""
    for call, answer in zip(calls, answers, strict=True):
        if isinstance(call, Call):
            tracing.item(
                call.method[1:],
                call.traceparent,
                began=began,
                attributes={"hutong.batch.items": len(calls)},
                problem=answer.reason if isinstance(answer, HutongError) else None,
            )
