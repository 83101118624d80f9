"""Prices that are announced: asked from their instant on, and in their place from the beginning."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from hutong.catalog.v1 import catalog_service_pb2
from tests.integration.catalog.chains import STORE, Chain, basket, creation, price_list, product
from tests.support.world import Client, World

MILK = f"{STORE}/prices/milk"


@pytest.fixture(autouse=True)
async def shelf(world: World, platform: Client) -> AsyncIterator[None]:
    await platform.BatchCreateProducts(creation(product("milk"), product("soap")))
    yield
    await world.pass_time("catalog", 0)


def ahead(**by: float) -> datetime:
    return datetime.fromtimestamp(time.time(), UTC) + timedelta(**by)


def announcement(
    amounts: dict[str, int], start: datetime
) -> catalog_service_pb2.ChangePricesRequest:
    request = price_list(amounts)
    request.start_time.FromDatetime(start)
    return request


async def version_now(client: Client) -> int:
    """The version that each way of asking for the price of now answers."""
    price = await client.GetPrice(catalog_service_pb2.GetPriceRequest(name=MILK))
    listed = await client.ListPrices(catalog_service_pb2.ListPricesRequest(parent=STORE))
    quote = await client.QuoteBasket(basket(("milk", 1)))
    assert list(listed.prices) == [price]
    assert quote.lines[0].price_version == price.version
    return int(price.version)


async def test_an_announced_price_is_asked_from_its_instant_on(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    start = ahead(hours=2)
    (price,) = (await platform.ChangePrices(announcement({"milk": 990}, start))).prices
    assert (price.version, price.start_time.ToDatetime(tzinfo=UTC)) == (2, start)
    assert await version_now(platform) == 1
    just_before = start - timedelta(microseconds=1)
    for at, version in ((just_before, 1), (start, 2)):
        quote = await platform.QuoteBasket(basket(("milk", 1), at=at))
        assert quote.lines[0].price_version == version
    await world.pass_time("catalog", 3 * 3600)
    assert await version_now(platform) == 2
    await platform.ChangePrices(price_list({"milk": 1190}))
    assert await version_now(platform) == 3
    assert [event[1] for event in await chain.events() if event[0].endswith("milk")][-3:] == [
        1,
        2,
        3,
    ]


async def test_a_first_price_may_be_announced_and_is_missing_until_then(
    platform: Client,
) -> None:
    await platform.ChangePrices(announcement({"milk": 990}, ahead(days=1)))
    with pytest.raises(HutongError) as raised:
        await platform.GetPrice(catalog_service_pb2.GetPriceRequest(name=MILK))
    assert raised.value.reason == "RESOURCE_NOT_FOUND"
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(basket(("milk", 1)))
    assert raised.value.reason == "PRICE_MISSING"


async def test_nothing_starts_before_what_is_announced(chain: Chain, platform: Client) -> None:
    start = ahead(days=7)
    await platform.ChangePrices(announcement({"milk": 990}, start))
    too_early = [
        price_list({"soap": 300, "milk": 1290}),
        announcement({"soap": 300, "milk": 1290}, start - timedelta(days=1)),
        announcement({"soap": 300, "milk": 1290}, start),
    ]
    for request in too_early:
        for _ in range(2):
            with pytest.raises(HutongError) as raised:
                await platform.ChangePrices(request)
            assert raised.value.reason == "PRICE_ANNOUNCED"
            assert raised.value.facts == {
                "sku": "milk",
                "version": "1",
                "start_time": start.isoformat(),
            }
    assert await chain.price_rows() == [("milk", 1, 990)]
    await platform.ChangePrices(announcement({"milk": 1290}, start + timedelta(days=1)))
    await platform.ChangePrices(price_list({"soap": 300}))
    assert await chain.price_rows() == [("milk", 1, 990), ("milk", 2, 1290), ("soap", 1, 300)]


@pytest.mark.parametrize("days", [-1, 0, 366.1])
async def test_a_start_that_is_past_or_too_far_ahead_names_its_field(
    chain: Chain, platform: Client, days: float
) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.ChangePrices(announcement({"milk": 990}, ahead(days=days)))
    assert raised.value.kind is ErrorKind.INVALID_ARGUMENT
    assert raised.value.violations[0][0] == "start_time"
    assert await chain.price_rows() == []


async def test_a_repeated_announcement_gets_the_same_answer_also_after_its_start(
    world: World, chain: Chain, platform: Client
) -> None:
    request = announcement({"milk": 990}, ahead(hours=1))
    first = await platform.ChangePrices(request)
    await world.pass_time("catalog", 2 * 3600)
    assert await platform.ChangePrices(request) == first
    assert await chain.price_rows() == [("milk", 1, 990)]


async def test_parallel_announcements_for_one_instant_have_one_winner(
    chain: Chain, platform: Client
) -> None:
    start = ahead(hours=1)
    answers = await asyncio.gather(
        *(platform.ChangePrices(announcement({"milk": 100 + i}, start)) for i in range(8)),
        return_exceptions=True,
    )
    refused = [each.reason for each in answers if isinstance(each, HutongError)]
    assert refused == ["PRICE_ANNOUNCED"] * 7
    assert len(await chain.price_rows()) == 1


async def test_versions_are_listed_newest_first_in_pages(chain: Chain, platform: Client) -> None:
    for amount in (1, 2, 3):
        await platform.ChangePrices(price_list({"milk": amount}))
    await platform.ChangePrices(announcement({"milk": 4}, ahead(days=30)))
    manager = chain.client("store_manager", stores=[STORE])
    request = catalog_service_pb2.ListPriceVersionsRequest(parent=MILK, page_size=3)
    first = await manager.ListPriceVersions(request)
    request.page_token = first.next_page_token
    second = await manager.ListPriceVersions(request)
    listed = [*first.prices, *second.prices]
    assert [(each.version, each.unit_price.amount_minor) for each in listed] == [
        (4, 4),
        (3, 3),
        (2, 2),
        (1, 1),
    ]
    assert (len(first.prices), second.next_page_token) == (3, "")
    request.parent = f"{STORE}/prices/soap"
    with pytest.raises(HutongError) as raised:
        await manager.ListPriceVersions(request)
    assert raised.value.reason == "PAGE_TOKEN_INVALID"


async def test_versions_of_a_price_that_was_never_asked_are_not_found(platform: Client) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.ListPriceVersions(catalog_service_pb2.ListPriceVersionsRequest(parent=MILK))
    assert raised.value.reason == "RESOURCE_NOT_FOUND"
    assert raised.value.facts == {"resource": MILK}


async def test_announced_prices_are_not_for_customers(chain: Chain, platform: Client) -> None:
    await platform.ChangePrices(announcement({"milk": 990}, ahead(days=1)))
    request = catalog_service_pb2.ListPriceVersionsRequest(parent=MILK)
    with pytest.raises(HutongError) as raised:
        await chain.client("customer", customer="customers/c1").ListPriceVersions(request)
    assert raised.value.kind is ErrorKind.PERMISSION_DENIED
    with pytest.raises(HutongError) as raised:
        await chain.client("cashier", stores=["stores/sh02"]).ListPriceVersions(request)
    assert raised.value.reason == "RESOURCE_NOT_FOUND"
