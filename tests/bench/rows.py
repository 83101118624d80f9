"""What a benchmark answers, and the file it goes to."""

from __future__ import annotations

import json
import math
import platform
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from chassis.kernel.clock import SystemClock

REPOSITORY = Path(__file__).parents[2]
BENCH_FILE = REPOSITORY / "build" / "bench.json"


class NotMeasurable(Exception):
    """The figure can't be had here, and why, in one line. Its row is left out, never guessed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `conditions` says in words under what it holds: size, rate, what is counted."""

    name: str
    value: float
    unit: str
    conditions: str


def machine() -> str:
    """The machine as figures have to name it."""
    gibibytes = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} CPUs, {gibibytes:.0f} GiB, "
        f"{platform.system()}, CPython {platform.python_version()}"
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """What so many percent of the values stay within, by the nearest rank; the smallest first."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def measured_at() -> str:
    """When this is, and of which commit the checkout is, if that is known."""
    commit = "a commit that is not known"
    with suppress(OSError, subprocess.CalledProcessError):
        describe = ["git", "describe", "--always", "--dirty"]
        told = subprocess.run(describe, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        commit = told.stdout.strip()
    return f"{SystemClock().now():%Y-%m-%d %H:%M} UTC, {commit}"


def write(rows: Sequence[Row], *, kept: Sequence[Row] = ()) -> None:
    """Writes the rows to build/bench.json, those kept from an earlier run before them.

    Each says at the end of its conditions when and of which commit it was measured.
    """
    names, moment = {row.name for row in rows}, measured_at()
    written_now = [replace(row, conditions=f"{row.conditions}; {moment}") for row in rows]
    all_rows = [*(row for row in kept if row.name not in names), *written_now]
    BENCH_FILE.parent.mkdir(exist_ok=True)
    BENCH_FILE.write_text(
        json.dumps([asdict(row) for row in all_rows], indent=2, ensure_ascii=False) + "\n"
    )


def written() -> list[Row]:
    """The rows of an earlier run; none if there was none."""
    if not BENCH_FILE.exists():
        return []
    return [Row(**row) for row in json.loads(BENCH_FILE.read_text())]
