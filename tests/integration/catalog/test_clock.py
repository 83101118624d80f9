"""Price versions when the database's clock is not the machine's."""

import time

from hutong.catalog.v1 import catalog_service_pb2
from tests.integration.catalog.chains import STORE, Chain, basket, creation, price_list, product
from tests.support.world import Client, World

HOUR = 3600


async def test_versions_keep_their_order_whatever_the_clock_does(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateProducts(creation(product("milk")))
    (first,) = (await platform.ChangePrices(price_list({"milk": 1290}))).prices

    await world.pass_time("catalog", HOUR)
    (second,) = (await platform.ChangePrices(price_list({"milk": 1190}))).prices
    assert abs(second.start_time.ToMilliseconds() - (time.time() + HOUR) * 1000) < 60_000
    quote = await platform.QuoteBasket(basket(("milk", 1)))
    assert quote.lines[0].price_version == 2

    await world.pass_time("catalog", 0)
    (third,) = (await platform.ChangePrices(price_list({"milk": 1090}))).prices
    assert third.version == 3
    assert third.start_time.ToMicroseconds() == second.start_time.ToMicroseconds() + 1
    now = await platform.GetPrice(catalog_service_pb2.GetPriceRequest(name=f"{STORE}/prices/milk"))
    assert now == first
    assert await chain.price_rows() == [("milk", 1, 1290), ("milk", 2, 1190), ("milk", 3, 1090)]
