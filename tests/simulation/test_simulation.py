"""Half a minute of the simulation, with a seed that nobody chose; `make simulate` plays longer."""

from __future__ import annotations

import itertools
import secrets
from pathlib import Path

import pytest

from tests.simulation.__main__ import SEEDS
from tests.simulation.intents import intents
from tests.simulation.report import told
from tests.simulation.run import simulate

SECONDS = 30.0


@pytest.mark.timeout(600)
async def test_every_invariant_holds_whatever_is_killed(tmp_path: Path) -> None:
    seed = secrets.randbelow(SEEDS)
    print(f"make simulate MINUTES=0.5 SEED={seed}")
    report = await simulate(seed, seconds=SECONDS, folder=tmp_path)
    assert report.found == [], f"{told(report)}\nits home, with all logs: {tmp_path}"
    assert report.played, "no fault was played"
    assert any(attempt.has_sold for attempt in report.record.attempts)


def test_a_seed_means_the_same_each_time() -> None:
    first, again, other = (list(itertools.islice(intents(seed), 500)) for seed in (7, 7, 8))
    assert first == again
    assert first != other
