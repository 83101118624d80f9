"""What becomes of figures: percentiles, and a file in which a stale one can be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import rows
from tests.bench.rows import Row, percentile, write, written


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7.0], 50, 7.0),
        ([7.0], 99, 7.0),
        ([1.0, 2.0], 50, 1.0),
        ([1.0, 2.0, 3.0], 50, 2.0),
        ([float(number) for number in range(1, 101)], 99, 99.0),
        ([float(number) for number in range(1, 101)], 99.5, 100.0),
        ([1.0, 2.0], 0, 1.0),
        ([1.0, 2.0], 100, 2.0),
    ],
)
def test_a_percentile_is_the_nearest_value_that_so_many_stay_within(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


def test_a_row_that_is_kept_says_when_it_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BENCH_FILE", tmp_path / "build" / "bench.json")
    monkeypatch.setattr(rows, "measured_at", lambda: "2026-01-01 08:00 UTC, abc1234")
    write([Row("stores", 1.0, "ms", "cold"), Row("orders", 2.0, "ms", "cold")])
    monkeypatch.setattr(rows, "measured_at", lambda: "2026-01-02 08:00 UTC, def5678")
    write([Row("orders", 3.0, "ms", "warm")], kept=written())
    assert written() == [
        Row("stores", 1.0, "ms", "cold; 2026-01-01 08:00 UTC, abc1234"),
        Row("orders", 3.0, "ms", "warm; 2026-01-02 08:00 UTC, def5678"),
    ]


def test_the_moment_of_a_measurement_has_a_date_and_a_commit() -> None:
    moment, _, commit = rows.measured_at().partition(" UTC, ")
    assert len(moment) == len("2026-01-01 08:00")
    assert commit
