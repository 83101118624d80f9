"""Log lines: a constant event in the past tense, and keys. No personal data, no tokens."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure(*, level: str, form: Literal["console", "json"]) -> None:
    """Sets up structlog for this process; lines go to standard error."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one module, with its name as key."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return bound
