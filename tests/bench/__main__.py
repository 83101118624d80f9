"""`make bench`: runs the benchmarks, prints the rows, writes build/bench.json."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from tests.bench.event_lag import event_lag
from tests.bench.find_stores import find_stores
from tests.bench.orders.batching import place_order_batching
from tests.bench.orders.endurance import MINUTES, endurance
from tests.bench.orders.overload import place_order_overload
from tests.bench.orders.placing import place_order, place_order_cluster
from tests.bench.quote import quote
from tests.bench.recovery import recovery
from tests.bench.replay_baskets import replay_baskets
from tests.bench.rows import BENCH_FILE, NotMeasurable, Row, machine, write, written
from tests.bench.sse_clients import sse_clients
from tests.bench.stock_watch import stock_watch

Benchmark = Callable[[], Awaitable[list[Row]]]

BENCHMARKS: Mapping[str, Benchmark] = {
    "find_stores": find_stores,
    "sse_clients": sse_clients,
    "quote": quote,
    "place_order": place_order,
    "place_order_cluster": place_order_cluster,
    "place_order_batching": place_order_batching,
    "place_order_overload": place_order_overload,
    "recovery": recovery,
    "replay_baskets": replay_baskets,
    "event_lag": event_lag,
    "stock_watch": stock_watch,
}

NAMED_ONLY: Mapping[str, Callable[[float], Awaitable[list[Row]]]] = {"endurance": endurance}
"""Run if they are named; they take as many minutes as they are told."""


async def measured(names: list[str], *, minutes: float) -> tuple[list[Row], bool]:
    """The rows of the named benchmarks, and whether each of them could be measured."""
    rows: list[Row] = []
    all_well = True
    for name in names:
        print(f"{name} …", flush=True)
        try:
            found = await (NAMED_ONLY[name](minutes) if name in NAMED_ONLY else BENCHMARKS[name]())
        except NotMeasurable as problem:
            print(f"{name}: not measured: {problem}", file=sys.stderr)
            all_well = False
            continue
        for row in found:
            print(f"  {row.name} = {row.value:g} {row.unit}   ({row.conditions})", flush=True)
        rows += found
    return rows, all_well


def main() -> None:
    """Runs the usual benchmarks, or those that are named; 1 if one could not be measured."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of endurance")
    arguments = parser.parse_args()
    names, every = arguments.names or list(BENCHMARKS), [*BENCHMARKS, *NAMED_ONLY]
    unknown = set(names) - set(every)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    print(machine())
    rows, all_well = asyncio.run(measured(names, minutes=arguments.minutes))
    write(rows, kept=written() if set(names) != set(BENCHMARKS) else ())
    print(f"{len(rows)} rows in {BENCH_FILE}")
    sys.exit(0 if all_well else 1)


if __name__ == "__main__":
    main()
