"""`place_order_batching`: what batches are worth, by two platforms that take turns.

Without batches each order takes its steps alone, with transactions and calls of its own, as many
beside each other as the databases have connections for: the same code, as a plain server would run
it. Events are published in batches on both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from tests.bench.orders.kinds import TILL
from tests.bench.orders.runs import Load, Measured, Runs
from tests.bench.orders.shop import selling
from tests.bench.rows import Row

WITHOUT = {"HUTONG_BATCH_ITEMS_MAX": "1"}
IN_FLIGHT = 256
ROUNDS = 3
CALLS, CALLS_WITHOUT, LONE_CALLS = 4_000, 1_000, 200


async def place_order_batching() -> list[Row]:
    """How many times as many orders a second batches let through, and what a lone one waits."""
    lone: list[tuple[Measured, Measured]] = []
    many: list[tuple[Measured, Measured]] = []
    async with (
        selling() as platform,
        selling(settings=WITHOUT) as plain,
        Runs(platform) as on,
        Runs(plain) as off,
    ):
        await on.warm_up()
        await off.warm_up()
        for _ in range(ROUNDS):
            lone.append((await _lone(on), await _lone(off)))
            many.append((await _many(on, CALLS), await _many(off, CALLS_WITHOUT)))
        await on.check()
        await off.check()
    return [
        _row("place_order_batching_ratio", many, lambda one: one.report.per_second, "a second"),
        _row("place_order_batching_cpu_ratio", many, lambda one: one.cpu_us, "CPU us an order"),
        _row("place_order_lone_p50_ratio", lone, lambda one: one.report.percentile(50), "ms"),
    ]


async def _lone(runs: Runs) -> Measured:
    return await runs.measured(Load(TILL, 1, LONE_CALLS))


async def _many(runs: Runs, calls: int) -> Measured:
    return await runs.measured(Load(TILL, IN_FLIGHT, calls))


def _row(
    name: str,
    turns: Sequence[tuple[Measured, Measured]],
    figure: Callable[[Measured], float],
    unit: str,
) -> Row:
    """The middle one of the turns' ratios, on : off."""
    pairs = [(figure(on), figure(off)) for on, off in turns]
    told = ", ".join(f"{on:.4g} : {off:.4g}" for on, off in pairs)
    first, _ = turns[0]
    return Row(
        name,
        round(median(on / off for on, off in pairs), 3),
        "",
        f"batching on : off, {unit}, the middle one of {ROUNDS} turns of two platforms, one "
        f"process each, {first.load.in_flight} in flight, till sales: {told}",
    )
