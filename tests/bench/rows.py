"""What a benchmark answers, and the file it goes to."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

BENCH_FILE = Path(__file__).parents[2] / "build" / "bench.json"


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


def write(rows: Sequence[Row], *, kept: Sequence[Row] = ()) -> None:
    """Writes the rows to build/bench.json, those kept from an earlier run before them."""
    names = {row.name for row in rows}
    all_rows = [*(row for row in kept if row.name not in names), *rows]
    BENCH_FILE.parent.mkdir(exist_ok=True)
    BENCH_FILE.write_text(
        json.dumps([asdict(row) for row in all_rows], indent=2, ensure_ascii=False) + "\n"
    )


def written() -> list[Row]:
    """The rows of an earlier run; none if there was none."""
    if not BENCH_FILE.exists():
        return []
    return [Row(**row) for row in json.loads(BENCH_FILE.read_text())]
