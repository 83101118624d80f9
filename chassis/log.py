"""Log lines: a constant event in the past tense, and keys. No personal data, no tokens."""

from __future__ import annotations

import logging
import re
import sys
from typing import Literal, TextIO

import structlog

from chassis import tracing
from chassis.kernel import ids
from chassis.kernel.errors import HutongError

_ROW_OF_AN_ERROR = re.compile(r"^.*\bDETAIL: .*$", re.MULTILINE)
"""How PostgreSQL tells of the row that broke a rule, with all its values."""


def configure(*, level: str, form: Literal["console", "json"], out: TextIO | None = None) -> None:
    """Sets up structlog for this process; lines go to standard error, or to `out`."""
    out = out or sys.stderr
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _with_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _without_rows,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=out, format="%(name)s: %(message)s")


def _with_trace(
    _: object, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """The event with the id of the trace that it is part of, unless it has one."""
    trace = tracing.current()
    if trace is not None:
        event.setdefault("trace_id", trace.id)
    return event


def _without_rows(
    _: object, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """The event without what the database told of a row: it may say who lives where."""
    problem = event.get("exception")
    if isinstance(problem, str):
        event["exception"] = _ROW_OF_AN_ERROR.sub("(the row is left out)", problem)
    return event


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one module, with its name as key."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return bound


def about(**keys: str) -> None:
    """What all further log lines of this task are about: order="ord_…"."""
    structlog.contextvars.bind_contextvars(**keys)


def our_fault(problem: BaseException, *, where: str) -> HutongError:
    """A mistake of ours: logged whole under an id, and told as nothing but that id."""
    trace = tracing.current()
    trace_id = ids.mint("err") if trace is None else trace.id
    log = logger(__name__)
    log.error("call_failed", where=where, trace_id=trace_id, exc_info=problem)
    return HutongError(trace_id=trace_id)
