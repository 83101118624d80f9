"""Background work that is told to stop."""

from __future__ import annotations

import asyncio

import pytest

from chassis import app
from chassis.app import Worker, Workers
from chassis.telemetry import Metrics


async def test_work_that_misses_its_cancellation_is_stopped_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "CANCEL_AGAIN_SECONDS", 0.05)
    missed = 0

    async def round_() -> None:
        nonlocal missed
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if missed:
                raise
            missed += 1

    workers = Workers(Metrics())
    workers._tasks.append(asyncio.create_task(workers._repeat(Worker("deaf", round_))))
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await workers.stop()
    assert missed == 1


async def test_stopping_no_work_is_no_work() -> None:
    await Workers(Metrics()).stop()
