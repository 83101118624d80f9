"""What of traces needs OpenTelemetry. For its weight it is imported only where they are sent off.

Spans go out in batches, by a thread of their own; what does not fit into its queue is dropped, so
that no call ever waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.status import Status, StatusCode

from chassis.kernel.errors import HutongError
from chassis.tracing import Kind, Span, Trace

NAMESPACE = "hutong"
EXPORT_SECONDS_MAX = 5

_KINDS: Final[Mapping[Kind, otel.SpanKind]] = {
    "server": otel.SpanKind.SERVER,
    "internal": otel.SpanKind.INTERNAL,
    "consumer": otel.SpanKind.CONSUMER,
}


class _Recorded:
    """A span that is being recorded."""

    __slots__ = ("_span",)

    def __init__(self, span: otel.Span) -> None:
        self._span = span

    def tell(self, attributes: Mapping[str, str | int]) -> None:
        """Adds attributes."""
        self._span.set_attributes(attributes)

    def failed(self, problem: BaseException) -> None:
        """Says that it failed, by a reason or a kind of exception and no more."""
        self._span.set_status(Status(StatusCode.ERROR, _reason_of(problem)))

    def end(self) -> None:
        """Ends it; it is sent off with others."""
        self._span.end()


class OpenTelemetryRecorder:
    """Records spans of one process and hands them to an exporter, in batches."""

    def __init__(self, exporter: SpanExporter, *, ratio: float, process: str) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: process, SERVICE_NAMESPACE: NAMESPACE}),
            sampler=ParentBased(TraceIdRatioBased(ratio)),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(NAMESPACE)

    def begin(self, name: str, parent: Trace | None, *, kind: Kind) -> Span:
        """Begins a span below `parent`, or a trace."""
        span = self._tracer.start_span(
            name, context=otel.set_span_in_context(_known(parent)), kind=_KINDS[kind]
        )
        context = span.get_span_context()
        trace = Trace(context.trace_id, context.span_id, context.trace_flags.sampled)
        return Span(trace, _Recorded(span) if span.is_recording() else None)

    def add(
        self,
        name: str,
        parent: Trace,
        *,
        kind: Kind,
        began: float,
        attributes: Mapping[str, str | int],
        problem: str | None,
    ) -> None:
        """Records what has ended just now; `began` is a reading of the monotonic clock."""
        ended = time.time_ns()
        span = self._tracer.start_span(
            name,
            context=otel.set_span_in_context(_known(parent)),
            kind=_KINDS[kind],
            attributes=attributes,
            start_time=ended - int((time.monotonic() - began) * 1e9),
        )
        if problem is not None:
            span.set_status(Status(StatusCode.ERROR, problem))
        span.end(ended)

    def close(self) -> None:
        """Sends off what is left, and stops."""
        self._provider.shutdown()


def recorder_to(url: str, *, ratio: float, process: str) -> OpenTelemetryRecorder:
    """What sends spans to an OTLP/HTTP address, such as http://127.0.0.1:4318/v1/traces.

    `ratio` is the share of the traces that begin here which is sampled.
    """
    exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS_MAX)
    return OpenTelemetryRecorder(exporter, ratio=ratio, process=process)


def _known(parent: Trace | None) -> otel.Span:
    if parent is None:
        return otel.INVALID_SPAN
    flags = otel.TraceFlags(otel.TraceFlags.SAMPLED if parent.is_sampled else 0)
    context = otel.SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=flags)
    return otel.NonRecordingSpan(context)


def _reason_of(problem: BaseException) -> str:
    return problem.reason if isinstance(problem, HutongError) else type(problem).__name__
