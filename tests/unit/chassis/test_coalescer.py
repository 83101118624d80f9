"""Group commit: nobody waits alone, nobody waits for ever, nobody pays for another's fault."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from chassis.kernel.errors import (
    Conflict,
    DeadlineExceeded,
    HutongError,
    Overloaded,
    ResourceNotFound,
    Unavailable,
)
from chassis.messaging.coalescer import Coalescer
from chassis.telemetry import Metrics


@dataclass(slots=True)
class Work:
    """Doubles numbers, once it is let; keeps the batches that it was given."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    batches: list[list[int]] = field(default_factory=list)
    problem: Exception | None = None
    most_at_once: int = 0
    _now: int = 0

    async def run(self, items: Sequence[int]) -> list[int | HutongError]:
        self.batches.append(list(items))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await self.gate.wait()
        self._now -= 1
        if self.problem is not None:
            raise self.problem
        return [ResourceNotFound(resource=str(i)) if i < 0 else 2 * i for i in items]


def _lane(work: Work, *, apart_seconds: float = 0.0, **bounds: int) -> Coalescer[int, int]:
    return Coalescer[int, int](
        "test",
        work.run,
        metrics=Metrics(),
        apart_seconds=apart_seconds,
        **bounds,
    )


def _submit(lane: Coalescer[int, int], *items: int, seconds: float = 60) -> list[asyncio.Task[int]]:
    deadline = time.monotonic() + seconds
    return [asyncio.create_task(lane.submit(item, deadline=deadline)) for item in items]


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_lone_request_is_run_at_once_by_itself() -> None:
    work = Work()
    work.gate.set()
    assert await _lane(work).submit(21, deadline=time.monotonic() + 60) == 42
    assert work.batches == [[21]]


async def test_what_arrives_in_one_turn_of_the_loop_is_one_batch() -> None:
    work = Work()
    work.gate.set()
    lane = _lane(work, batches_at_once_max=2)
    assert await asyncio.gather(*_submit(lane, 1, 2, 3)) == [2, 4, 6]
    assert work.batches == [[1, 2, 3]]


async def test_a_lane_that_is_closed_in_that_turn_answers_what_it_took() -> None:
    work = Work()
    work.gate.set()
    lane = _lane(work)
    tasks = _submit(lane, 1, 2)
    await asyncio.sleep(0)
    await lane.close()
    assert [task.result() for task in tasks] == [2, 4]


async def test_what_finds_a_batch_in_flight_waits_for_its_time_and_goes_together() -> None:
    work = Work()
    lane = _lane(work, batches_at_once_max=2, apart_seconds=0.2)
    begun = time.monotonic()
    first = _submit(lane, 1)
    await _settled()
    later = _submit(lane, 2)
    await _settled()
    work.gate.set()
    await asyncio.gather(*first)
    later += _submit(lane, 3)
    await _settled()
    assert work.batches == [[1]]
    assert await asyncio.gather(*later) == [4, 6]
    assert work.batches == [[1], [2, 3]]
    assert time.monotonic() - begun >= 0.2


async def test_what_finds_no_batch_in_flight_waits_for_nothing() -> None:
    work = Work()
    work.gate.set()
    lane = _lane(work, batches_at_once_max=2, apart_seconds=3600)
    assert [await lane.submit(i, deadline=time.monotonic() + 60) for i in (1, 2, 3)] == [2, 4, 6]
    assert work.batches == [[1], [2], [3]]


async def test_a_batch_that_waits_does_not_hold_up_the_next_for_longer() -> None:
    work = Work()
    lane = _lane(work, batches_at_once_max=2, apart_seconds=0.01)
    tasks = _submit(lane, 1)
    await _settled()
    tasks += _submit(lane, 2)
    async with asyncio.timeout(10):
        while len(work.batches) < 2:
            await asyncio.sleep(0.01)
    work.gate.set()
    assert await asyncio.gather(*tasks) == [2, 4]


async def test_a_lane_that_is_closed_waits_for_no_such_time() -> None:
    work = Work()
    lane = _lane(work, batches_at_once_max=2, apart_seconds=3600)
    tasks = _submit(lane, 1)
    await _settled()
    tasks += _submit(lane, 2)
    await _settled()
    work.gate.set()
    await lane.close()
    assert [task.result() for task in tasks] == [2, 4]


async def test_what_arrives_meanwhile_is_the_next_batch_in_its_order() -> None:
    work = Work()
    lane = _lane(work)
    first = _submit(lane, 1)
    await _settled()
    later = _submit(lane, 2, 3, 4)
    await _settled()
    assert work.batches == [[1]]
    work.gate.set()
    assert await asyncio.gather(*first, *later) == [2, 4, 6, 8]
    assert work.batches == [[1], [2, 3, 4]]
    assert work.most_at_once == 1


async def test_a_batch_has_a_greatest_size() -> None:
    work = Work()
    lane = _lane(work, batch_items_max=3)
    tasks = _submit(lane, *range(8))
    await _settled()
    work.gate.set()
    assert await asyncio.gather(*tasks) == [2 * item for item in range(8)]
    assert max(len(batch) for batch in work.batches) == 3
    assert [item for batch in work.batches for item in batch] == list(range(8))


async def test_so_many_batches_run_at_once_and_no_more() -> None:
    work = Work()
    lane = _lane(work, batch_items_max=2, batches_at_once_max=2)
    tasks = _submit(lane, *range(9))
    await _settled()
    assert len(work.batches) == 2
    work.gate.set()
    await asyncio.gather(*tasks)
    assert work.most_at_once == 2


async def test_without_batches_no_request_waits_for_another() -> None:
    work = Work()
    lane = _lane(work, batch_items_max=1, batches_at_once_max=2)
    tasks = _submit(lane, *range(9))
    await _settled()
    assert work.batches == [[item] for item in range(9)]
    work.gate.set()
    assert await asyncio.gather(*tasks) == [2 * item for item in range(9)]


async def test_beyond_the_queues_bound_callers_are_told_to_come_back() -> None:
    work = Work()
    lane = _lane(work, queue_items_max=2)
    running = _submit(lane, 0)
    await _settled()
    queued = _submit(lane, 1, 2)
    await _settled()
    with pytest.raises(Overloaded) as refused:
        await lane.submit(3, deadline=time.monotonic() + 60)
    assert int(refused.value.facts["retry_after_ms"]) > 0
    work.gate.set()
    assert await asyncio.gather(*running, *queued) == [0, 2, 4]
    assert work.batches == [[0], [1, 2]]


async def test_an_item_whose_deadline_passed_in_the_queue_is_not_run() -> None:
    work = Work()
    lane = _lane(work)
    running = _submit(lane, 1)
    await _settled()
    late = _submit(lane, 2, seconds=-1)
    in_time = _submit(lane, 3)
    await _settled()
    work.gate.set()
    with pytest.raises(DeadlineExceeded):
        await late[0]
    assert await asyncio.gather(*running, *in_time) == [2, 6]
    assert work.batches == [[1], [3]]


async def test_a_lane_goes_on_when_all_that_waited_was_late() -> None:
    work = Work()
    work.gate.set()
    lane = _lane(work)
    with pytest.raises(DeadlineExceeded):
        await lane.submit(1, deadline=time.monotonic() - 1)
    assert await lane.submit(2, deadline=time.monotonic() + 60) == 4
    assert work.batches == [[2]]


async def test_one_bad_item_fails_alone() -> None:
    work = Work()
    lane = _lane(work)
    tasks = _submit(lane, 1, -2, 3)
    await _settled()
    work.gate.set()
    one, bad, three = await asyncio.gather(*tasks, return_exceptions=True)
    assert (one, three) == (2, 6)
    assert isinstance(bad, ResourceNotFound)


@pytest.mark.parametrize(
    ("problem", "reason"), [(Conflict(), "CONFLICT"), (ZeroDivisionError(), "INTERNAL")]
)
async def test_a_batch_that_fails_fails_each_item_with_an_error_of_its_own(
    problem: Exception, reason: str
) -> None:
    work = Work(problem=problem)
    work.gate.set()
    lane = _lane(work, batch_items_max=3)
    failed = await asyncio.gather(*_submit(lane, 1, 2, 3), return_exceptions=True)
    assert all(isinstance(error, HutongError) and error.reason == reason for error in failed)
    assert len({id(error) for error in failed}) == 3
    work.problem = None
    assert await lane.submit(1, deadline=time.monotonic() + 60) == 2


async def test_a_mistake_of_ours_in_a_batch_is_logged_whole_and_told_as_an_id() -> None:
    work = Work(problem=ZeroDivisionError("secret"))
    work.gate.set()
    with capture_logs() as logged:
        (failed,) = await asyncio.gather(*_submit(_lane(work), 1), return_exceptions=True)
    assert isinstance(failed, HutongError)
    (line,) = logged
    assert line["event"] == "call_failed"
    assert line["exc_info"] is work.problem
    assert failed.facts == {"trace_id": line["trace_id"]}
    assert "secret" not in failed.text


async def test_a_batch_that_forgets_an_item_answers_nobody_wrongly() -> None:
    async def run(items: Sequence[int]) -> list[int | HutongError]:
        return [2 * item for item in items[1:]]

    lane = Coalescer[int, int]("test", run, metrics=Metrics())
    failed = await asyncio.gather(*_submit(lane, 1, 2), return_exceptions=True)
    assert [error.reason for error in failed if isinstance(error, HutongError)] == ["INTERNAL"] * 2


async def test_a_caller_that_leaves_does_not_stop_its_batch() -> None:
    work = Work()
    lane = _lane(work, batch_items_max=2)
    leaves, stays = _submit(lane, 1, 2)
    await _settled()
    leaves.cancel()
    await _settled()
    work.gate.set()
    assert await stays == 4
    assert leaves.cancelled()
    assert [item for batch in work.batches for item in batch] == [1, 2]


async def test_a_caller_that_leaves_the_queue_is_not_run() -> None:
    work = Work()
    lane = _lane(work)
    running = _submit(lane, 1)
    await _settled()
    leaves, stays = _submit(lane, 2, 3)
    await _settled()
    leaves.cancel()
    await _settled()
    work.gate.set()
    assert await asyncio.gather(*running, stays) == [2, 6]
    assert work.batches == [[1], [3]]


async def test_closing_answers_all_that_was_taken_and_takes_nothing_more() -> None:
    work = Work()
    lane = _lane(work, batch_items_max=2)
    tasks = _submit(lane, 1, 2, 3, 4, 5)
    await _settled()
    closing = asyncio.create_task(lane.close())
    await _settled()
    with pytest.raises(Unavailable):
        await lane.submit(6, deadline=time.monotonic() + 60)
    assert not closing.done()
    work.gate.set()
    await closing
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10]
