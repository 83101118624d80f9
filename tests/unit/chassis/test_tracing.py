"""Traces travel as W3C Trace Context says, and lanes keep the callers' apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace.status import StatusCode

from chassis import log, tracing
from chassis.kernel.errors import ResourceNotFound
from chassis.messaging.coalescer import Coalescer
from chassis.telemetry import Metrics
from chassis.trace_recorder import OpenTelemetryRecorder

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
NOT_SAMPLED = f"00-{TRACE}-00f067aa0ba902b7-00"


class Kept(SpanExporter):
    """Keeps what it is to export."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


def _recorder(kept: Kept, *, ratio: float) -> OpenTelemetryRecorder:
    return OpenTelemetryRecorder(kept, ratio=ratio, process="test")


@pytest.fixture(autouse=True)
def nothing_is_recorded_afterwards() -> Iterator[None]:
    yield
    tracing.record_with(None)


@pytest.mark.parametrize("text", [PARENT, NOT_SAMPLED])
def test_a_trace_travels_unchanged(text: str) -> None:
    trace = tracing.parsed(text)
    assert trace is not None
    assert trace.traceparent == text
    assert trace.id == TRACE
    assert trace.is_sampled == text.endswith("01")


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    later = tracing.parsed(f"cc-{TRACE}-00f067aa0ba902b7-09-what-the-future-brings")
    assert later is not None
    assert later.traceparent == PARENT


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "00",
        PARENT.upper(),
        PARENT + " ",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01\n",
    ],
)
def test_what_is_no_trace_begins_one(text: str | None) -> None:
    assert tracing.parsed(text) is None
    with tracing.serving("work", text) as span:
        assert span.trace is not None
        assert span.trace.id != TRACE
        assert not span.trace.is_sampled
        assert tracing.current() == span.trace
    assert tracing.current() is None


def test_only_what_is_sampled_is_recorded_with_its_parts_and_their_reasons() -> None:
    kept = Kept()
    recorder = _recorder(kept, ratio=0.0)
    tracing.record_with(recorder)
    with tracing.serving("not sampled", NOT_SAMPLED), tracing.span("part"):
        pass
    with tracing.serving("begins here", None), tracing.span("part"):
        pass
    with (
        tracing.serving("call", PARENT) as call,
        pytest.raises(ResourceNotFound),
        tracing.span("part"),
    ):
        raise ResourceNotFound(resource="stores/sh01")
    recorder.close()
    part, whole = kept.spans
    assert (whole.name, part.name) == ("call", "part")
    assert whole.parent is not None
    assert whole.parent.span_id == 0x00F067AA0BA902B7
    assert part.parent is not None
    assert call.trace is not None
    assert part.parent.span_id == call.trace.span_id
    assert (part.status.status_code, part.status.description) == (
        StatusCode.ERROR,
        "RESOURCE_NOT_FOUND",
    )


def test_the_ratio_says_how_many_traces_that_begin_here_are_sampled() -> None:
    kept = Kept()
    recorder = _recorder(kept, ratio=0.5)
    tracing.record_with(recorder)
    for _ in range(400):
        with tracing.serving("call", None):
            pass
    with tracing.serving("batch", None, may_sample=False) as batch:
        assert batch.trace is not None
        assert not batch.trace.is_sampled
    recorder.close()
    assert 120 < len(kept.spans) < 280
    assert {span.name for span in kept.spans} == {"call"}


async def test_a_batch_of_many_is_part_of_no_ones_trace_and_one_of_one_of_its_own() -> None:
    seen: list[tuple[list[int], str | None]] = []
    gate = asyncio.Event()

    async def run(items: Sequence[int]) -> list[int]:
        trace = tracing.current()
        seen.append((list(items), None if trace is None else trace.id))
        await gate.wait()
        return list(items)

    lane = Coalescer[int, int]("lane", run, metrics=Metrics())

    async def submit(item: int) -> None:
        log.about(order=f"ord_{item}")
        with tracing.serving("call", f"00-{item:032x}-00f067aa0ba902b7-00"):
            await lane.submit(item, deadline=time.monotonic() + 60)

    first = asyncio.create_task(submit(1))
    while not seen:
        await asyncio.sleep(0)
    later = [asyncio.create_task(submit(item)) for item in (2, 3)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *later)
    assert seen == [([1], f"{1:032x}"), ([2, 3], None)]
    assert "order" not in structlog.contextvars.get_contextvars()


def test_a_log_line_bears_its_trace_and_what_it_is_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = structlog.get_config()
    log.configure(level="info", form="json")
    try:
        with structlog.contextvars.bound_contextvars():
            with tracing.serving("call", PARENT):
                log.about(order="ord_1")
                log.logger("test").info("sold")
            structlog.contextvars.unbind_contextvars("order")
            log.logger("test").info("rested")
    finally:
        structlog.configure(**before)
    first, second = capsys.readouterr().err.splitlines()
    assert f'"trace_id": "{TRACE}"' in first
    assert '"order": "ord_1"' in first
    assert "trace_id" not in second
