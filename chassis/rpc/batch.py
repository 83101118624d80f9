"""Batch twins: many callers' requests in one message, each answered on its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from chassis.kernel.errors import HutongError
from chassis.rpc.call import Call
from chassis.rpc.status import from_status, to_status

ItemCommand = TypeVar("ItemCommand")
ItemResult = TypeVar("ItemResult")


async def answer_items(
    items: Iterable[Message],
    call: Call,
    *,
    command: Callable[[Any, Call], ItemCommand],
    run: Callable[[Sequence[ItemCommand]], Awaitable[Sequence[ItemResult | HutongError]]],
) -> list[ItemResult | HutongError]:
    """Runs the items that were admitted as one batch; the others keep why they were not.

    `command` converts one item's request and may refuse it with a HutongError; `run` answers its
    commands in their order.
    """
    answers: list[ItemResult | HutongError | None] = []
    commands: list[ItemCommand] = []
    for item, item_call in zip(items, call.items, strict=True):
        try:
            if isinstance(item_call, HutongError):
                raise item_call
            item_call.seconds_left()
            commands.append(command(item.request, item_call))  # type: ignore[attr-defined]
            answers.append(None)
        except HutongError as error:
            answers.append(error)
    results = iter(await run(commands) if commands else ())
    return [next(results) if answer is None else answer for answer in answers]


def fill_results(
    reply: Message,
    answers: Iterable[ItemResult | HutongError],
    *,
    field: str,
    convert: Callable[[Any], Message],
) -> None:
    """Writes the answers into reply.results: into `field`, or as the error's status."""
    for answer in answers:
        result = reply.results.add()  # type: ignore[attr-defined]
        if isinstance(answer, HutongError):
            result.error.CopyFrom(to_status(answer))
        else:
            getattr(result, field).CopyFrom(convert(answer))


def read_results(
    reply: Message, *, field: str, convert: Callable[[Any], ItemResult]
) -> list[ItemResult | HutongError]:
    """The answers in a batch's reply, in the order of its items."""
    return [
        from_status(result.error) if result.HasField("error") else convert(getattr(result, field))
        for result in reply.results  # type: ignore[attr-defined]
    ]
