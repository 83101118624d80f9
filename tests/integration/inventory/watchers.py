"""Watchers of a store's stock, in the words of the tests."""

from __future__ import annotations

import asyncio

from hutong.inventory.v1 import inventory_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from tests.integration.inventory.shop import EACH, Shop, request_id
from tests.support.watching import Following, StockPicture

SOON_SECONDS = 20.0


def watch(shop: Shop, *skus: str, token: str = "") -> service_pb2.WatchStockRequest:
    return service_pb2.WatchStockRequest(
        parent=shop.name, products=[f"products/{sku}" for sku in skus], resume_token=token
    )


async def count(shop: Shop, sku: str, counted: int) -> inventory_pb2.StockLevel:
    """Corrects a level to what was counted."""
    before = await shop.level(sku)
    level: inventory_pb2.StockLevel = await shop.manager.AdjustStock(
        service_pb2.AdjustStockRequest(
            name=shop.level_name(sku),
            counted=counted,
            expected_on_hand=before.on_hand,
            unit=EACH,
            reason="count",
            request_id=request_id(),
        )
    )
    return level


async def stored(shop: Shop, *skus: str) -> dict[str, inventory_pb2.StockLevel]:
    """The levels as the database has them."""
    levels: list[inventory_pb2.StockLevel] = []
    token = ""
    while True:
        page = await shop.manager.ListStockLevels(
            service_pb2.ListStockLevelsRequest(parent=shop.name, page_size=1000, page_token=token)
        )
        levels += page.stock_levels
        token = page.next_page_token
        if not token:
            break
    names = {shop.level_name(sku) for sku in skus}
    return {level.name: level for level in levels if not names or level.name in names}


async def until(picture: StockPicture, stream: Following, name: str, version: int) -> None:
    """Reads until a level has got as far as a version."""
    async with asyncio.timeout(SOON_SECONDS):
        while name not in picture.levels or picture.levels[name].version < version:
            picture.add(await stream.next())
