"""How long an event takes from its change to the stream that consumers read, under load."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from allinone.topology import BLUEPRINTS
from chassis.kernel.errors import HutongError
from chassis.messaging.bus import stream_key
from tests.bench.rows import NotMeasurable, Row, percentile
from tests.bench.running import running
from tests.support.embedded_stores import Stores
from tests.support.shop import Shop, till_sale, wanted

RATE = 40
"""Till sales a second; below what a laptop does, so that what waits waits for the relay."""

SECONDS = 15
WARM_UP_SALES = 40
SETTLE_SECONDS = 3.0
STOCK = 1_000_000


async def event_lag() -> list[Row]:
    """Sells at a fixed rate, and reads from each event when it was written and when it was sent."""
    async with running() as platform:
        shop = await platform.command.shop()
        await shop.open()
        sku = await shop.product(stock=STOCK)
        for _ in range(WARM_UP_SALES):
            await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
        redis = Stores.of(platform.command.home).redis()
        try:
            after = {stream_key(plan.name): await _newest(redis, plan.name) for plan in BLUEPRINTS}
            sold = await _sell(shop, sku)
            await asyncio.sleep(SETTLE_SECONDS)
            lags = [lag for key in after for lag in await _lags(redis, key, after[key])]
        finally:
            await redis.aclose()
    if sold < RATE * SECONDS * 0.9:
        raise NotMeasurable(f"only {sold} of {RATE * SECONDS} sales were made")
    lags.sort()
    conditions = (
        f"{len(lags)} events of all services while tills sell {RATE} times a second for"
        f" {SECONDS} s; from the beginning of the transaction that writes the event on"
    )
    return [
        Row("outbox_lag_p50_ms", round(percentile(lags, 50), 1), "ms", conditions),
        Row("outbox_lag_p99_ms", round(percentile(lags, 99), 1), "ms", conditions),
    ]


async def _sell(shop: Shop, sku: str) -> int:
    """Starts a sale at each tick, whether or not those before have ended; how many succeeded."""
    cashier = shop.orders()
    begun, sales = time.monotonic(), []
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
        sales.append(asyncio.ensure_future(cashier.PlaceOrder(till_sale(wanted(sku, 1)))))
    answers = await asyncio.gather(*sales, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, HutongError):
            raise answer
    return sum(not isinstance(answer, BaseException) for answer in answers)


async def _lags(redis: Redis, key: str, after: str) -> list[float]:
    """In milliseconds, of each event behind an entry; an entry's id begins with its time."""
    entries: Any = await redis.xrange(key, f"({after}")
    return [
        int(entry_id.split(b"-")[0])
        - datetime.fromisoformat(fields[b"ce_time"].decode()).timestamp() * 1000
        for entry_id, fields in entries
    ]


async def _newest(redis: Redis, service: str) -> str:
    entries: Any = await redis.xrevrange(stream_key(service), count=1)
    return entries[0][0].decode() if entries else "0-0"
