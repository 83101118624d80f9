"""A festival's worth of offline sales on one stream: all recorded, and only so many at once."""

from __future__ import annotations

import asyncio
from typing import Any

from services.orders.api.uploads import UNACKNOWLEDGED_MAX
from tests.support.shop import CASHIER, Shop
from tests.support.uploading import Till, sold
from tests.support.world import World

SALES = 10_000
PRODUCTS = 20
TASKS_A_SALE_MAX = 4
TASKS_BESIDES_MAX = 300


async def test_ten_thousand_sales_on_one_stream_take_bounded_room(shop: Shop, world: World) -> None:
    skus = [await shop.product(stock=SALES // PRODUCTS, price=100) for _ in range(PRODUCTS)]
    till = Till(world.address, lambda: world.token(CASHIER))
    till.sell(sold(skus[n % PRODUCTS], 1, 99 + n % 3) for n in range(SALES))
    charged = sum(sale.recorded_sale.lines[0].charged_total.amount_minor for sale in _all(till))
    unacknowledged, tasks = 0.0, 0

    def look(_: Any) -> None:
        nonlocal unacknowledged, tasks
        unacknowledged = max(unacknowledged, world.metrics.uploads_unacknowledged._value.get())
        tasks = max(tasks, len(asyncio.all_tasks()))

    await till.upload(told=look, seconds=600)
    assert (till.journal, len(till.acknowledged)) == ({}, SALES)
    told = [answers[-1].total.amount_minor for answers in till.acknowledged.values()]
    assert sum(told) == charged
    assert 1 < unacknowledged <= UNACKNOWLEDGED_MAX
    assert tasks < TASKS_A_SALE_MAX * UNACKNOWLEDGED_MAX + TASKS_BESIDES_MAX
    assert [await shop.stock(sku) for sku in skus] == [(0, 0)] * PRODUCTS


def _all(till: Till) -> list[Any]:
    return list(till.journal.values())
