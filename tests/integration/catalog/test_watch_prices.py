"""Following a store's prices: changes, and what starts and ends by itself."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from chassis.messaging import board
from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from services.catalog.main import BLUEPRINT
from tests.integration.catalog.chains import (
    STORE,
    Chain,
    ahead,
    creation,
    price_list,
    product,
    request_id,
)
from tests.support.watching import Following, PricePicture, Process, another_process, following
from tests.support.world import Client, World, caller

TILL, ONLINE = catalog_pb2.SALES_CHANNEL_TILL, catalog_pb2.SALES_CHANNEL_ONLINE
SOON_SECONDS = 20.0
HOUR = 3600


@pytest.fixture(autouse=True)
async def clock_of_its_own(world: World) -> AsyncIterator[None]:
    yield
    await world.pass_time("catalog", 0)


@pytest.fixture
async def running(world: World) -> AsyncIterator[Process]:
    """A process whose only work is its board."""
    async with another_process(world, BLUEPRINT, only_worker="catalog.board") as process:
        yield process


@pytest.fixture
def staff(chain: Chain) -> Caller:
    return caller(role="cashier", stores=[STORE], tenant=chain.tenant)


def watch(
    *skus: str, token: str = "", channel: catalog_pb2.SalesChannel = TILL
) -> catalog_service_pb2.WatchPricesRequest:
    return catalog_service_pb2.WatchPricesRequest(
        parent=STORE,
        products=[f"products/{sku}" for sku in skus],
        channel=channel,
        resume_token=token,
    )


def name(sku: str) -> str:
    return f"{STORE}/prices/{sku}"


async def asked(
    platform: Client, channel: catalog_pb2.SalesChannel = TILL
) -> dict[str, catalog_pb2.Price]:
    """The prices as they are listed."""
    page = await platform.ListPrices(
        catalog_service_pb2.ListPricesRequest(parent=STORE, page_size=1000, channel=channel)
    )
    return {price.name: price for price in page.prices}


async def until(picture: PricePicture, stream: Following, sku: str, version: int | None) -> None:
    """Reads until a version of a price is the one that is told, or none is."""
    async with asyncio.timeout(SOON_SECONDS):
        while True:
            price = picture.prices.get(name(sku))
            if (None if price is None else price.version) == version:
                return
            picture.add(await stream.next())


async def test_a_watcher_is_told_what_is_asked_and_then_what_changes(
    world: World, platform: Client, staff: Caller, running: Process
) -> None:
    await platform.BatchCreateProducts(creation(product("milk"), product("tofu")))
    await platform.ChangePrices(price_list({"milk": 100, "tofu": 50}))
    picture = PricePicture()
    async with following(world, staff, watch(), address=running.address) as stream:
        first = await stream.next()
        assert (first.is_reset, first.is_snapshot, first.is_current) == (True, True, True)
        picture.add(first)
        assert picture.prices == await asked(platform)
        await platform.ChangePrices(price_list({"milk": 90}))
        change = await stream.next()
        assert [(price.name, price.version) for price in change.prices] == [(name("milk"), 2)]
        picture.add(change)
        assert picture.prices == await asked(platform)


async def test_a_price_is_told_when_it_starts_and_when_it_ends_by_itself(
    world: World,
    platform: Client,
    staff: Caller,
    running: Process,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not by looking round often: the board knows when the next one does."""
    await platform.BatchCreateProducts(creation(product("milk"), product("tofu")))
    await platform.ChangePrices(price_list({"milk": 100}))
    monkeypatch.setattr(board, "LOOK_AGAIN_SECONDS", 3600.0)
    start, end = ahead(seconds=4), ahead(seconds=6)
    await platform.ChangePrices(price_list({"milk": 80, "tofu": 40}, start=start, end=end))
    picture = PricePicture()
    async with following(world, staff, watch(), address=running.address) as stream:
        await picture.until_current(stream)
        assert set(picture.prices) == {name("milk")}
        await until(picture, stream, "milk", 2)
        assert datetime.fromtimestamp(time.time(), UTC) >= start
        assert picture.prices[name("tofu")].unit_price.amount_minor == 40
        assert picture.prices == await asked(platform)
        await until(picture, stream, "milk", 1)
        assert datetime.fromtimestamp(time.time(), UTC) >= end
        assert set(picture.prices) == {name("milk")}
    assert picture.resets == 1


async def test_what_is_withdrawn_is_told_if_it_was_asked_and_never_asked_if_it_was_not(
    world: World, platform: Client, staff: Caller, running: Process
) -> None:
    await platform.BatchCreateProducts(creation(product("milk"), product("tofu")))
    await platform.ChangePrices(price_list({"milk": 100}))
    await platform.ChangePrices(price_list({"milk": 80, "tofu": 40}, end=ahead(hours=1)))
    start = ahead(seconds=4)
    await platform.ChangePrices(price_list({"milk": 60}, start=start, channel=TILL))
    picture = PricePicture()
    async with following(world, staff, watch(), address=running.address) as stream:
        await picture.until_current(stream)
        for sku, version in (("milk", 3), ("tofu", 1), ("milk", 2)):
            await platform.WithdrawPrice(
                catalog_service_pb2.WithdrawPriceRequest(
                    name=name(sku), version=version, reason="a slip", request_id=request_id()
                )
            )
        await until(picture, stream, "tofu", None)
        await until(picture, stream, "milk", 1)
        assert picture.prices == await asked(platform)
        left = (start - datetime.fromtimestamp(time.time(), UTC)).total_seconds()
        assert await stream.is_silent(seconds=max(left, 0) + 1)
    assert picture.prices == await asked(platform)


async def test_customers_learn_nothing_of_what_is_announced(
    world: World, chain: Chain, platform: Client, running: Process
) -> None:
    await platform.BatchCreateProducts(creation(product("milk")))
    await platform.ChangePrices(price_list({"milk": 100}))
    customer = caller(role="customer", customer="customers/c1", tenant=chain.tenant)
    request = watch(channel=catalog_pb2.SALES_CHANNEL_UNSPECIFIED)
    async with following(world, customer, request, address=running.address) as stream:
        await PricePicture().until_current(stream)
        await platform.ChangePrices(price_list({"milk": 80}, start=ahead(hours=1)))
        assert await stream.is_silent(seconds=2)


async def test_each_channel_is_told_its_own(
    world: World, platform: Client, staff: Caller, running: Process
) -> None:
    await platform.BatchCreateProducts(creation(product("milk")))
    await platform.ChangePrices(price_list({"milk": 100}))
    till, online = PricePicture(), PricePicture()
    async with (
        following(world, staff, watch(), address=running.address) as at_till,
        following(world, staff, watch(channel=ONLINE), address=running.address) as at_home,
    ):
        await till.until_current(at_till)
        await online.until_current(at_home)
        await platform.ChangePrices(price_list({"milk": 90}, channel=ONLINE))
        await until(online, at_home, "milk", 2)
        await platform.ChangePrices(price_list({"milk": 95}, channel=TILL))
        await until(till, at_till, "milk", 3)
    assert till.prices == await asked(platform)
    assert online.prices == await asked(platform, ONLINE)


async def test_resuming_tells_what_has_started_and_ended_meanwhile(
    world: World, platform: Client, staff: Caller
) -> None:
    await platform.BatchCreateProducts(creation(*(product(sku) for sku in ("a", "b", "c", "d"))))
    await platform.ChangePrices(price_list({"a": 100, "b": 100, "d": 100}))
    await platform.ChangePrices(price_list({"b": 80, "c": 40}, end=ahead(hours=1)))
    await platform.ChangePrices(price_list({"a": 70}, start=ahead(minutes=90)))
    picture = PricePicture()
    async with following(world, staff, watch()) as stream:
        await picture.until_current(stream)
    assert picture.prices == await asked(platform)
    await world.pass_time("catalog", 2 * HOUR)
    async with following(world, staff, watch(token=picture.token)) as stream:
        message = await stream.next()
    assert {(price.name, price.version) for price in message.prices} == {
        (name("a"), 2),
        (name("b"), 1),
    }
    assert list(message.ended_prices) == [name("c")]
    assert (message.is_reset, message.is_current) == (False, True)
    picture.add(message)
    assert picture.prices == await asked(platform)


async def test_a_clock_that_is_set_back_is_followed(
    world: World, platform: Client, staff: Caller
) -> None:
    await platform.BatchCreateProducts(creation(product("milk")))
    await platform.ChangePrices(price_list({"milk": 100}))
    await platform.ChangePrices(price_list({"milk": 80}, start=ahead(hours=1)))
    await world.pass_time("catalog", 2 * HOUR)
    picture = PricePicture()
    async with following(world, staff, watch()) as stream:
        await picture.until_current(stream)
    assert picture.prices[name("milk")].version == 2
    await world.pass_time("catalog", 0)
    async with another_process(world, BLUEPRINT, only_worker="catalog.board") as process:
        request = watch(token=picture.token)
        async with following(world, staff, request, address=process.address) as stream:
            await until(picture, stream, "milk", 1)
    assert picture.resets == 1


async def test_prices_of_a_whole_store_start_at_one_instant(
    world: World,
    platform: Client,
    staff: Caller,
    running: Process,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(board, "FOUND_MAX", 50)
    skus = [f"sku{number:03}" for number in range(board.PAGE_PARTS_MAX + 100)]
    await platform.BatchCreateProducts(creation(*map(product, skus)))
    await platform.ChangePrices(price_list(dict.fromkeys(skus, 100)))
    await platform.ChangePrices(price_list(dict.fromkeys(skus, 90), start=ahead(seconds=8)))
    picture = PricePicture()
    async with following(world, staff, watch(), address=running.address) as stream:
        await picture.until_current(stream)
        await until(picture, stream, skus[-1], 2)
        await picture.until_current(stream)
    assert picture.prices == await asked(platform)
    assert {price.version for price in picture.prices.values()} == {2}
    assert picture.resets == 1


@pytest.mark.parametrize("seed", [1, 2])
async def test_whoever_is_cut_and_resumes_has_the_prices_that_are_asked(
    world: World, platform: Client, staff: Caller, running: Process, seed: int
) -> None:
    """Prices change, start, end and are withdrawn, by another process than the followers'."""
    draw = random.Random(seed)
    skus = [f"sku{number:02}" for number in range(12)]
    await platform.BatchCreateProducts(creation(*map(product, skus)))
    await platform.ChangePrices(price_list(dict.fromkeys(skus[:8], 100)))
    is_over = asyncio.Event()

    async def change() -> None:
        while not is_over.is_set():
            amounts = {sku: draw.randint(1, 99) for sku in draw.sample(skus, 2)}
            start = draw.choice([None, ahead(seconds=draw.uniform(0.2, 2))])
            seconds = draw.uniform(2.1, 4)
            end = draw.choice([None, ahead(seconds=seconds)])
            channel = draw.choice([catalog_pb2.SALES_CHANNEL_UNSPECIFIED, TILL, ONLINE])
            request = price_list(amounts, start=start, end=end, channel=channel)
            # Some are refused, as a range is taken or a later one is announced.
            await asyncio.gather(platform.ChangePrices(request), return_exceptions=True)
            withdrawal = catalog_service_pb2.WithdrawPriceRequest(
                name=name(draw.choice(skus)),
                version=draw.randint(1, 12),
                reason="chance",
                request_id=request_id(),
            )
            await asyncio.gather(platform.WithdrawPrice(withdrawal), return_exceptions=True)
            await asyncio.sleep(draw.uniform(0, 0.1))

    async def follow(picture: PricePicture, channel: catalog_pb2.SalesChannel) -> None:
        while not is_over.is_set():
            request = watch(token=picture.token, channel=channel)
            async with following(world, staff, request, address=running.address) as stream:
                for _ in range(draw.randint(1, 5)):
                    picture.add(await stream.next())

    pictures = {channel: PricePicture() for channel in (TILL, ONLINE)}
    following_them = [
        asyncio.create_task(follow(picture, channel)) for channel, picture in pictures.items()
    ]
    changing = asyncio.create_task(change())
    await asyncio.sleep(6)
    is_over.set()
    await changing
    # By then all have started and ended, and the last change wakes who still waits for a message.
    await asyncio.sleep(4.5)
    await platform.ChangePrices(price_list(dict.fromkeys(skus, 7)))
    await asyncio.gather(*following_them)
    for channel, picture in pictures.items():
        request = watch(token=picture.token, channel=channel)
        async with following(world, staff, request) as stream:
            await picture.until_current(stream)
        assert picture.prices == await asked(platform, channel)
        assert picture.resets == 1
