"""`place_order_overload`: what comes of twice the load that there is room for.

It is an open loop, as customers are: they come whether or not those before them were served. An
order counts if it is answered with OK before its caller gives up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.bench.orders.kinds import TILL
from tests.bench.orders.runs import Load, Runs, at_once
from tests.bench.orders.shop import selling
from tests.bench.rows import NotMeasurable, Row
from tests.bench.sending.plan import Report

PATIENCE_SECONDS = 2.0
"""So long a till waits for its answer; it is the deadline of each call."""

SATURATING, SATURATING_CALLS = 256, 6_000
TIMES = 2.0
SECONDS = 12.0
OFFERED_SHARE_MIN = 0.9
"""The load has to offer this share of what it was told to, or it is the load that is slow."""


async def place_order_overload() -> list[Row]:
    """Orders in time at twice the load, as a share of those at the load that fills it."""
    async with selling() as platform, Runs(platform) as runs:
        await runs.warm_up()
        saturated = await runs.play(Load(TILL, SATURATING, SATURATING_CALLS))
        report = await overload(runs, saturated.per_second)
        await runs.check()
    in_time = report.within(PATIENCE_SECONDS * 1000)
    goodput = in_time / max(report.seconds, SECONDS)
    return [
        Row(
            "overload_goodput_ratio",
            round(goodput / saturated.per_second, 3),
            "",
            f"one process; {goodput:.0f} orders a second were answered with OK within "
            f"{PATIENCE_SECONDS:g} s of {report.asked / SECONDS:.0f} that were begun, for "
            f"{SECONDS:g} s; {saturated.per_second:.0f} a second with {SATURATING} in flight; the "
            f"answers by status {report.statuses}, the slowest of those with OK after "
            f"{report.percentile(100):.0f} ms; the load sent at most {report.late_ms:.0f} ms late",
        )
    ]


async def overload(
    runs: Runs, saturation: float, *, answered: Callable[[], Awaitable[None]] = at_once
) -> Report:
    """Offers twice as much; NotMeasurable if the load itself could not.

    `answered` is awaited after the last answer, before the books are looked at.
    """
    rate = TIMES * saturation
    report = await runs.offered(
        TILL, rate=rate, seconds=SECONDS, timeout_seconds=PATIENCE_SECONDS, answered=answered
    )
    if report.asked < OFFERED_SHARE_MIN * rate * SECONDS or not report.ok:
        raise NotMeasurable(
            f"{report.asked} were begun instead of {rate * SECONDS:.0f}: {report.statuses}"
        )
    return report
