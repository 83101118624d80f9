"""`place_order` and `place_order_cluster`: what an order costs, the whole path, all processes.

Token, validation, idempotency, quote, stock, money, ledger, order and its events, published.
"""

from __future__ import annotations

from tests.bench.orders.floor import floor
from tests.bench.orders.kinds import HOT_TILL, PICKUP, RECORDED, TILL
from tests.bench.orders.runs import Load, Runs
from tests.bench.orders.shop import selling
from tests.bench.rows import Row
from tests.bench.running import Topology

IN_FLIGHT = ((1, 200), (16, 1_500), (64, 3_000), (256, 4_000), (1_000, 4_000))
"""How many calls are in flight, and how many are measured then."""

USUAL = 256
"""Where a figure has one load only, it is this one."""

USUAL_CALLS = 4_000


async def place_order() -> list[Row]:
    """Orders in one process with all services, and the floor that its PostgreSQL sets."""
    return await _rows("run")


async def place_order_cluster() -> list[Row]:
    """Orders where each service has a process of its own."""
    return await _rows("cluster")


async def _rows(topology: Topology) -> list[Row]:
    rows: list[Row] = []
    async with selling(topology) as platform, Runs(platform) as runs:
        await runs.warm_up()
        rows += await _floor_rows(runs)
        loads = [Load(kind, *load) for kind in (TILL, PICKUP) for load in IN_FLIGHT]
        for load in loads:
            rows += await _load_rows(runs, load)
        label = f"{{topology={runs.topology}}}"
        hot = await runs.measured(Load(HOT_TILL, USUAL, USUAL_CALLS))
        rows.append(hot.row(f"place_order_hot_sku_cpu_us{label}", hot.cpu_us, "us"))
        http = await runs.measured(Load(TILL, USUAL, USUAL_CALLS, "http"))
        rows.append(http.row(f"gateway_place_order_cpu_us{label}", http.cpu_us, "us"))
        streamed = await runs.measured(Load(RECORDED, USUAL, USUAL_CALLS, "stream"))
        rows.append(streamed.row(f"sales_stream_cpu_us{label}", streamed.cpu_us, "us"))
        await runs.check()
    return rows


async def _load_rows(runs: Runs, load: Load) -> list[Row]:
    """The rows of one kind at one load."""
    measured = await runs.measured(load)
    report = measured.report
    at = f"{{topology={runs.topology},kind={load.kind.name},in_flight={load.in_flight}}}"
    return [
        measured.row(f"place_order_cpu_us{at}", measured.cpu_us, "us"),
        measured.row(f"place_order_per_second{at}", report.per_second, "1/s"),
        measured.row(f"place_order_p50_ms{at}", report.percentile(50), "ms"),
        measured.row(f"place_order_p99_ms{at}", report.percentile(99), "ms"),
    ]


async def _floor_rows(runs: Runs) -> list[Row]:
    """What PostgreSQL alone needs, and how many times as much an order costs right after it.

    That is at the beginning, while the server has nothing else to do, such as to vacuum.
    """
    lowest = await floor(runs.platform)
    measured = await runs.measured(Load(TILL, USUAL, USUAL_CALLS))
    label = f"{{topology={runs.topology}}}"
    ratio = measured.cpu_us / lowest.cpu_us
    also = f"; the floor is {lowest.cpu_us:.0f} us"
    return [
        lowest.row(f"postgres_floor_cpu_us{label}"),
        measured.row(f"place_order_to_floor_ratio{label}", ratio, "", also=also),
    ]
