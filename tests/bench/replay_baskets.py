"""How fast real baskets are sold: a day of the public data set, as `make replay` does it."""

from __future__ import annotations

import io

from allinone.replay.command import replay
from allinone.replay.journey import DataMissing, InstalledJourney
from allinone.replay.scope import scope_of
from allinone.replay.selling import STORES_AT_ONCE
from chassis.kernel.clock import SystemClock
from tests.bench.rows import NotMeasurable, Row
from tests.bench.running import running


async def replay_baskets() -> list[Row]:
    """Baskets a second, where the data set is installed and the books are what it says."""
    try:
        journey = InstalledJourney()
    except DataMissing as problem:
        raise NotMeasurable(str(problem)) from problem
    scope = scope_of(journey.baskets_by_day())
    told = io.StringIO()
    async with running() as platform:
        done = await replay(
            journey,
            scope,
            address=f"127.0.0.1:{platform.command.grpc_port}",
            issuer=platform.issuer,
            clock=SystemClock(),
            out=told,
        )
    if not done.is_well:
        raise NotMeasurable(told.getvalue().splitlines()[-1])
    return [
        Row(
            "replay_baskets_per_second",
            done.sold.sold / done.sell_seconds,
            "1/s",
            f"{done.sold.sold} baskets with {done.sold.lines} lines of {scope}, on an empty "
            f"platform, {STORES_AT_ONCE} stores at once, each one basket after another, unary gRPC "
            "from a Python client on the same machine, one platform process with PostgreSQL and "
            f"Valkey; not counted {done.prepare_seconds:.1f} s to bring stores, products, prices "
            f"and stock before, and {done.check_seconds:.1f} s to check the books after",
        )
    ]
