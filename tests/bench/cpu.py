"""The CPU time and memory of a platform's processes, as /proc tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

import psutil

MICROSECONDS = 1_000_000


def processes_of(root: int) -> list[psutil.Process]:
    """A process and all that descend from it: the platform, PostgreSQL, Valkey."""
    parent = psutil.Process(root)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(root: int, names: Mapping[int, str] | None = None) -> dict[str, float]:
    """User and system time so far by program name, that of ended children with their parent's.

    Processes of these ids go by these names instead.
    """
    seconds: dict[str, float] = {}
    for process in processes_of(root):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            name = (names or {}).get(process.pid) or process.name()
            used = times.user + times.system + times.children_user + times.children_system
            seconds[name] = seconds.get(name, 0.0) + used
    return seconds


def cpu_microseconds_each(
    before: dict[str, float], after: dict[str, float], count: int
) -> dict[str, float]:
    """What each of so many operations cost between two readings, by program name."""
    return {
        name: (after[name] - before.get(name, 0.0)) * MICROSECONDS / count for name in sorted(after)
    }


def told(by_program: Mapping[str, float]) -> str:
    """The costs by program, in words, without those that are next to nothing."""
    return ", ".join(f"{name} {value:.0f}" for name, value in by_program.items() if value >= 1)


def memory_bytes(processes: Iterable[psutil.Process]) -> int:
    """Their PSS, in which shared pages count once."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total
