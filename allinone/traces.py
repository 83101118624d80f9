"""Where this process's traces go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from chassis import tracing
from chassis.settings import PlatformSettings

RECORDER = "chassis.trace_recorder"


@contextmanager
def traces_sent(settings: PlatformSettings, *, process: str) -> Iterator[None]:
    """Sends off what is sampled meanwhile, under the name of this process; nothing unless asked.

    What records is heavy, so it is imported only then.
    """
    if settings.traces_url is None:
        yield
        return
    recorder = import_module(RECORDER).recorder_to(
        settings.traces_url, ratio=settings.traces_ratio, process=process
    )
    tracing.record_with(recorder)
    try:
        yield
    finally:
        tracing.record_with(None)
        recorder.close()
