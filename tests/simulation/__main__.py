"""`make simulate MINUTES=5 SEED=7`: plays a simulation and prints its report."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import sys
from pathlib import Path

from chassis import log
from tests.simulation.report import told
from tests.simulation.run import TOPOLOGIES, simulate

FOLDER = Path(__file__).parents[2] / "build" / "simulation"
SEEDS = 1_000_000
MINUTES_DEFAULT = 2.0


def main() -> None:
    """Plays one simulation; 1 if a rule is broken. Then its home stays, with all logs."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES_DEFAULT, help="of load")
    parser.add_argument("--seed", type=int, default=None, help="plays that one again")
    parser.add_argument("--topology", choices=list(TOPOLOGIES), help="else the seed chooses")
    options = parser.parse_args()
    seed = secrets.randbelow(SEEDS) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    log.configure(level="error", form="console")
    folder = FOLDER / str(seed)
    shutil.rmtree(folder, ignore_errors=True)
    report = asyncio.run(
        simulate(
            seed,
            seconds=options.minutes * 60,
            folder=folder,
            topology_name=options.topology,
        )
    )
    print(told(report))
    if report.found:
        print(f"its home, with all logs: {folder}", file=sys.stderr)
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
