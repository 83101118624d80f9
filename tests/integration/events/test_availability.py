"""Listings say whether a store has a product, as inventory's events told the catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from allinone.consumers import Consumers
from chassis.messaging.bus import stream_key
from hutong.catalog.v1 import catalog_pb2
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.inventory.v1 import events_pb2
from services.catalog.events import STOCK_CONSUMER
from tests.support.shop import STORE, Shop, till_sale, wanted
from tests.support.world import World

KNOWN_SECONDS_MAX = 60.0

IN_STOCK = catalog_pb2.AVAILABILITY_IN_STOCK
LOW = catalog_pb2.AVAILABILITY_LOW
OUT = catalog_pb2.AVAILABILITY_OUT_OF_STOCK
NOT_KNOWN = catalog_pb2.AVAILABILITY_UNSPECIFIED


async def availability(shop: Shop, sku: str, *, store: str = STORE) -> int:
    """What the list of products says."""
    page = await shop.catalog().ListProducts(
        catalog.ListProductsRequest(page_size=1000, store=store)
    )
    (found,) = [each for each in page.products if each.name == f"products/{sku}"]
    return int(found.availability)


async def until(what: Callable[[], Awaitable[bool]]) -> None:
    """Waits until it is so."""
    async with asyncio.timeout(KNOWN_SECONDS_MAX):
        while not await what():
            await asyncio.sleep(0.05)


async def until_told(shop: Shop, sku: str, wanted_availability: int) -> None:
    async def is_told() -> bool:
        return await availability(shop, sku) == wanted_availability

    await until(is_told)


async def test_what_is_sold_shows_in_lists_a_few_moments_later(shop: Shop) -> None:
    sku = await shop.product(stock=8)
    await until_told(shop, sku, IN_STOCK)
    await shop.orders().PlaceOrder(till_sale(wanted(sku, 3)))
    await until_told(shop, sku, LOW)
    await shop.orders().PlaceOrder(till_sale(wanted(sku, 5)))
    await until_told(shop, sku, OUT)


async def test_searches_and_prices_tell_it_too(shop: Shop) -> None:
    sku = await shop.product(stock=100)
    await until_told(shop, sku, IN_STOCK)
    prices = await shop.catalog().ListPrices(
        catalog.ListPricesRequest(parent=STORE, page_size=1000)
    )
    (price,) = [each for each in prices.prices if each.name == f"{STORE}/prices/{sku}"]
    assert price.availability == IN_STOCK
    product = await shop.catalog().GetProduct(catalog.GetProductRequest(name=f"products/{sku}"))
    assert product.availability == NOT_KNOWN
    found = await shop.catalog().SearchProducts(
        catalog.SearchProductsRequest(query=product.display_name, store=STORE)
    )
    assert [each.availability for each in found.products if each.name == product.name] == [IN_STOCK]


async def test_a_store_that_never_had_it_tells_nothing(shop: Shop) -> None:
    sku = await shop.product(stock=8)
    await until_told(shop, sku, IN_STOCK)
    assert await availability(shop, sku, store="stores/elsewhere") == NOT_KNOWN


async def test_events_that_come_twice_late_or_in_disorder_change_nothing(
    shop: Shop, world: World
) -> None:
    sku = await shop.product(stock=8)
    await shop.orders().PlaceOrder(till_sale(wanted(sku, 8)))
    await until_told(shop, sku, OUT)
    entries: Any = await world.redis.xrange(stream_key("inventory"))
    for _, fields in reversed(entries):
        await world.redis.xadd(stream_key("inventory"), fields)
    last = await shop.product(stock=8)
    await until_told(shop, last, IN_STOCK)
    assert await availability(shop, sku) == OUT


async def test_an_emptied_redis_loses_nothing(shop: Shop, world: World) -> None:
    before, after = await shop.product(stock=8), await shop.product(stock=8)
    await until_told(shop, before, IN_STOCK)
    await until_told(shop, after, IN_STOCK)
    await world.redis.flushdb()
    await shop.orders().PlaceOrder(till_sale(wanted(after, 8)))
    await until_told(shop, after, OUT)
    assert await availability(shop, before) == IN_STOCK


async def test_a_stream_that_was_trimmed_before_it_was_read_is_made_up_for(
    shop: Shop, world: World
) -> None:
    sku = await shop.product(stock=8)
    await until_told(shop, sku, IN_STOCK)
    async with world.database("catalog").transaction() as tx:
        # Another member holds the lease and does nothing.
        await tx.run(
            "update lease set holder = 'somebody', until = hutong.now() + interval '1 hour'"
            " where name = $1",
            f"consumer.{STOCK_CONSUMER}",
        )
    await asyncio.sleep(4)
    await shop.orders().PlaceOrder(till_sale(wanted(sku, 8)))
    await until(lambda: _has_told(world, sku, available=0))
    await world.redis.xtrim(stream_key("inventory"), maxlen=0, approximate=False)
    async with world.database("catalog").transaction() as tx:
        await tx.run(
            "update lease set until = hutong.now() where name = $1", f"consumer.{STOCK_CONSUMER}"
        )
    await until_told(shop, sku, OUT)


async def _has_told(world: World, sku: str, *, available: int) -> bool:
    entries: Any = await world.redis.xrange(stream_key("inventory"))
    for _, fields in entries:
        if fields[b"ce_type"] == b"hutong.inventory.v1.StockMoved":
            level = events_pb2.StockMoved.FromString(fields[b"data"]).level
            if level.name.endswith(f"/{sku}") and level.available == available:
                return True
    return False


async def test_a_rebuild_makes_it_anew_from_the_outbox_alone(shop: Shop, world: World) -> None:
    kept, gone = await shop.product(stock=8), await shop.product(stock=8)
    await shop.orders().PlaceOrder(till_sale(wanted(gone, 8)))
    await until_told(shop, kept, IN_STOCK)
    await until_told(shop, gone, OUT)
    async with world.database("catalog").transaction() as tx:
        await tx.run("update store_stock set available = 77, version = 1000000")
    async with world.database("inventory").transaction() as tx:
        # What a week leaves of it: the newest event of each level.
        await tx.run("update stock_movement set created_at = created_at - interval '8 days'")
        await tx.run(
            "delete from outbox as o where published_at is not null and exists (select 1"
            " from outbox as later where later.distribution_key = o.distribution_key"
            " and later.aggregate = o.aggregate and later.sequence > o.sequence)"
        )
    await world.redis.xtrim(stream_key("inventory"), maxlen=0, approximate=False)
    await Consumers(world.urls).rebuild(STOCK_CONSUMER)
    await until_told(shop, gone, OUT)
    await until_told(shop, kept, IN_STOCK)


async def test_how_consumers_do_is_told(shop: Shop, world: World) -> None:
    sku = await shop.product(stock=8)
    await until_told(shop, sku, IN_STOCK)
    (state,) = await Consumers(world.urls).states(world.redis)
    assert (state.name, state.source, state.parked) == (STOCK_CONSUMER, "inventory", 0)
