"""Traces: which calls, batches and events belong together, in whichever process they are.

Every call is part of a trace, if only so that its log lines can be found; it travels as W3C Trace
Context says. What is sampled is also recorded and sent off in batches (OpenTelemetry, OTLP over
HTTP), if there is somewhere to send it. Who begins a trace decides whether it is sampled, and all
others follow.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self

TRACEPARENT = "traceparent"
"""The name under which a trace travels: in metadata, headers, and as an attribute of events."""

Kind = Literal["server", "internal", "consumer"]
"""What a span is: work for a caller, a part of it, an event's effect."""

_FORM = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Trace:
    """A place in a trace: the trace, the span that what happens here is part of, and whether the
    trace is recorded.
    """

    trace_id: int
    span_id: int
    is_sampled: bool

    @property
    def id(self) -> str:
        """The trace's id as people and log lines write it: 32 hexadecimal digits."""
        return f"{self.trace_id:032x}"

    @property
    def traceparent(self) -> str:
        """The place as it travels."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.is_sampled):02x}"


class Recorded(Protocol):
    """A span that is being recorded."""

    def tell(self, attributes: Mapping[str, str | int]) -> None:
        """Adds attributes."""

    def failed(self, problem: BaseException) -> None:
        """Says that it failed, by a reason or a kind of exception and no more."""

    def end(self) -> None:
        """Ends it."""


class Recorder(Protocol):
    """What records spans; `chassis.trace_recorder` has the one that sends them off."""

    def begin(self, name: str, parent: Trace | None, *, kind: Kind) -> Span:
        """Begins a span below `parent`, or a trace, which may turn out not to be sampled."""

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


@dataclass(slots=True)
class _Process:
    """What records the sampled traces of this process, if anything does."""

    recorder: Recorder | None = None


_process = _Process()


def record_with(recorder: Recorder | None) -> None:
    """Hands what is sampled to a recorder from now on, or to none."""
    _process.recorder = recorder


def is_recorded() -> bool:
    """Whether anything is recorded in this process."""
    return _process.recorder is not None


def current() -> Trace | None:
    """Where this task is, if it is part of a trace."""
    span = _current.get()
    return None if span is None else span.trace


def current_traceparent() -> str:
    """Where this task is, as it travels; empty if it is part of no trace."""
    trace = current()
    return "" if trace is None else trace.traceparent


def tell(attributes: Mapping[str, str | int]) -> None:
    """Adds what is known only now to the span that this task is in, if it is recorded."""
    span = _current.get()
    if span is not None:
        span.tell(attributes)


def parsed(traceparent: str | None) -> Trace | None:
    """The place that somebody else named; None if they named none that can be read."""
    found = _FORM.fullmatch(traceparent) if traceparent else None
    if found is None or traceparent is None or traceparent.startswith("ff"):
        return None
    trace_id, span_id = int(found[1], 16), int(found[2], 16)
    if not trace_id or not span_id:
        return None
    return Trace(trace_id, span_id, bool(int(found[3], 16) & _SAMPLED))


class Span:
    """Something that takes time and is part of a trace. To be used with `with`; whatever is done
    inside is part of it.
    """

    __slots__ = ("_before", "_recorded", "trace")

    def __init__(self, trace: Trace | None, recorded: Recorded | None = None) -> None:
        self.trace = trace
        self._recorded = recorded
        self._before: Span | None = None

    def __enter__(self) -> Self:
        self._before = _current.get()
        _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _current.set(self._before)
        if self._recorded is not None:
            if problem is not None:
                self._recorded.failed(problem)
            self._recorded.end()

    def tell(self, attributes: Mapping[str, str | int]) -> None:
        """Adds what is known of it only later."""
        if self._recorded is not None:
            self._recorded.tell(attributes)


_current: ContextVar[Span | None] = ContextVar("span", default=None)


def serving(
    name: str, traceparent: str | None, *, kind: Kind = "server", may_sample: bool = True
) -> Span:
    """The work on something that came from outside; where no trace came with it, one begins.

    One that begins is sampled or not, as configured; never, if it may not be.
    """
    parent = parsed(traceparent)
    recorder = _process.recorder
    is_wanted = may_sample if parent is None else parent.is_sampled
    if recorder is not None and is_wanted:
        return recorder.begin(name, parent, kind=kind)
    if parent is None:
        return Span(Trace(random.getrandbits(128) or 1, random.getrandbits(64) or 1, False))
    return Span(parent)


def span(name: str) -> Span:
    """A part of what this task is doing; of no trace if the task is not."""
    trace = current()
    recorder = _process.recorder
    if recorder is None or trace is None or not trace.is_sampled:
        return Span(trace)
    return recorder.begin(name, trace, kind="internal")


def item(
    name: str,
    traceparent: str,
    *,
    began: float,
    attributes: Mapping[str, str | int],
    problem: str | None,
    kind: Kind = "server",
) -> None:
    """Records what was done for one of many, now that it has ended.

    `began` is a reading of the monotonic clock; `problem` why it was not done.
    """
    recorder = _process.recorder
    parent = None if recorder is None else parsed(traceparent)
    if recorder is not None and parent is not None and parent.is_sampled:
        recorder.add(name, parent, kind=kind, began=began, attributes=attributes, problem=problem)
