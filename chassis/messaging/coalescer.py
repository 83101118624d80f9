"""Group commit: requests that arrive while a batch is in flight become the next batch.

A lone request is run at once and never waits for company, but for what arrived in the same turn of
the event loop. Under load batches grow by themselves, up to a bound; beyond a bounded queue callers
are told to come back. One item's failure is its own.

With batches of one there is nothing to wait for: each request is run at once, beside all others.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chassis import tracing
from chassis.kernel.errors import (
    RETRY_AFTER_MS,
    DeadlineExceeded,
    HutongError,
    Overloaded,
    Unavailable,
)
from chassis.log import our_fault
from chassis.settings import BATCH_ITEMS_MAX
from chassis.telemetry import Metrics

QUEUE_ITEMS_MAX = 4000
LANES = 1

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Later(Generic[Result]):
    """What answers one item of a batch when its neighbours have been answered already."""

    answer: Coroutine[Any, Any, Result]


RunBatch = Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception | Later[Result]]]]
"""Answers a batch's items in their order, each with a result, with its own error, or later."""


@dataclass(slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    deadline: float
    answer: asyncio.Future[Result]
    context: Context


class Coalescer(Generic[Item, Result]):
    """One lane of work, in batches. Whoever stops waiting does not stop a batch that has begun.

    Where several batches may be in flight at once, what finds one in flight begins no sooner than
    `apart_seconds` after it began, together with all that arrives until then.
    """

    def __init__(
        self,
        lane: str,
        run: RunBatch[Item, Result],
        *,
        metrics: Metrics,
        batch_items_max: int = BATCH_ITEMS_MAX,
        queue_items_max: int = QUEUE_ITEMS_MAX,
        batches_at_once_max: int = LANES,
        apart_seconds: float = 0.0,
    ) -> None:
        self._lane = lane
        self._run = run
        self._batch_items_max = batch_items_max
        self._queue_items_max = queue_items_max
        self._batches_at_once_max = queue_items_max if batch_items_max == 1 else batches_at_once_max
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._apart_seconds = 0.0 if batch_items_max == 1 else apart_seconds
        self._batches: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._begun = 0.0
        self._starting: asyncio.Handle | None = None
        self._batch_size = metrics.batch_items.labels(lane)
        self._queued = metrics.queue_items.labels(lane)

    async def submit(self, item: Item, *, deadline: float) -> Result:
        """The item's result, from whichever batch it rides in.

        `deadline` is a reading of the monotonic clock: an item that is still queued then is dropped
        with DeadlineExceeded. Raises Overloaded at once if the queue is full.
        """
        with tracing.span(self._lane):
            return await self.enqueue(item, deadline=deadline)

    def enqueue(self, item: Item, *, deadline: float) -> asyncio.Future[Result]:
        """The item's result to come, as `submit` has it; to cancel it gives up a place in the
        queue.
        """
        if self._is_closed:
            raise Unavailable(part="this service, which is shutting down,")
        if len(self._queue) >= self._queue_items_max:
            raise Overloaded(retry_after_ms=RETRY_AFTER_MS)
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(item, deadline, answer, copy_context()))
        if self._starting is None and len(self._batches) < self._batches_at_once_max:
            # Whatever else has arrived by now is seen before the loop comes to this.
            self._starting = asyncio.get_running_loop().call_soon(self._start_soon)
        return answer

    async def close(self) -> None:
        """Takes nothing more, and waits until all that was taken is answered."""
        self._is_closed = True
        if self._starting is not None:
            self._starting.cancel()
        self._start_batches()
        while self._batches or self._late:
            await asyncio.wait(self._batches | self._late)

    def _start_soon(self) -> None:
        left = self._begun + self._apart_seconds - time.monotonic()
        if self._batches and left > 0:
            self._starting = asyncio.get_running_loop().call_later(left, self._start_batches)
        else:
            self._start_batches()

    def _start_batches(self) -> None:
        self._starting = None
        while self._queue and len(self._batches) < self._batches_at_once_max:
            self._begun = time.monotonic()
            batch = self._next_batch()
            if batch:
                # What runs for many is part of nobody's trace; what runs for one is part of theirs.
                context = batch[0].context if len(batch) == 1 else Context()
                task = asyncio.create_task(self._answer(batch), context=context)
                self._batches.add(task)
                task.add_done_callback(self._batch_ended)
        self._queued.set(len(self._queue))

    def _batch_ended(self, task: asyncio.Task[None]) -> None:
        self._batches.discard(task)
        if self._starting is None:
            self._start_batches()

    def _next_batch(self) -> list[_Waiting[Item, Result]]:
        batch: list[_Waiting[Item, Result]] = []
        now = time.monotonic()
        while self._queue and len(batch) < self._batch_items_max:
            waiting = self._queue.popleft()
            if waiting.answer.done():
                continue
            if waiting.deadline <= now:
                waiting.answer.set_exception(DeadlineExceeded())
                continue
            batch.append(waiting)
        return batch

    async def _answer(self, batch: list[_Waiting[Item, Result]]) -> None:
        self._batch_size.observe(len(batch))
        await self._run_all(batch)

    async def _run_all(self, batch: list[_Waiting[Item, Result]]) -> None:
        """Answers a batch; in halves if we make a mistake, so that only whom it is about has it."""
        results: Sequence[Result | Exception | Later[Result]]
        try:
            results = await self._run([waiting.item for waiting in batch])
            if len(results) != len(batch):
                raise ValueError(f"{len(results)} answers to {len(batch)} items")
        except HutongError as problem:
            results = [problem.copy() for _ in batch]
        except Exception as problem:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._run_all(batch[:middle])
                await self._run_all(batch[middle:])
                return
            results = [our_fault(problem, where=self._lane)]
        for waiting, result in zip(batch, results, strict=True):
            if isinstance(result, Later):
                task = asyncio.create_task(
                    self._answer_late(waiting, result), context=waiting.context
                )
                self._late.add(task)
                task.add_done_callback(self._late.discard)
            else:
                _tell(waiting, result)

    async def _answer_late(self, waiting: _Waiting[Item, Result], later: Later[Result]) -> None:
        try:
            _tell(waiting, await later.answer)
        except HutongError as problem:
            _tell(waiting, problem)
        except Exception as problem:
            _tell(waiting, our_fault(problem, where=self._lane))


def _tell(waiting: _Waiting[Item, Result], result: Result | Exception) -> None:
    if waiting.answer.done():
        return
    if isinstance(result, Exception):
        waiting.answer.set_exception(result)
    else:
        waiting.answer.set_result(result)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Makes the lanes of a process: with its metrics, and with batches as large as it may make."""

    metrics: Metrics
    batch_items_max: int = BATCH_ITEMS_MAX

    def lane(
        self,
        name: str,
        run: RunBatch[Item, Result],
        *,
        batches_at_once_max: int = LANES,
        apart_seconds: float = 0.0,
    ) -> Coalescer[Item, Result]:
        """A lane of this name; what it does without is as a Coalescer has it."""
        return Coalescer(
            name,
            run,
            metrics=self.metrics,
            batch_items_max=self.batch_items_max,
            batches_at_once_max=batches_at_once_max,
            apart_seconds=apart_seconds,
        )
