"""Following stock as server-sent events, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from google.protobuf import json_format

from chassis.rpc.auth import Caller
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from tests.integration.inventory.shop import Shop
from tests.integration.inventory.watchers import count, stored
from tests.support.event_source import Event, EventReader, reading
from tests.support.watching import StockPicture
from tests.support.world import World, caller


@pytest.fixture(scope="module", autouse=True)
async def workers(world: World) -> None:
    world.start_workers()


@pytest.fixture(scope="module")
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=await world.start_http(), timeout=30) as client:
        yield client


@pytest.fixture
def staff(shop: Shop) -> Caller:
    return caller(role="store_manager", stores=[shop.name])


async def add(picture: StockPicture, reader: EventReader) -> Event:
    """Takes the next event in, whose id is its token."""
    event = await reader.next()
    assert event is not None
    message = service_pb2.WatchStockResponse()
    json_format.Parse(event.data, message)
    assert event.id == message.resume_token
    picture.add(message)
    return event


async def test_a_reader_resumes_with_the_id_of_the_last_event(
    world: World, http: httpx.AsyncClient, shop: Shop, staff: Caller
) -> None:
    await shop.receive({"milk": 5, "tofu": 3})
    path = f"/v1/{shop.name}/stockLevels:watch"
    headers = {"authorization": f"Bearer {world.token(staff)}"}
    picture = StockPicture()
    async with reading(http, path, headers) as reader:
        assert reader.response.headers["content-type"] == "text/event-stream"
        event = await add(picture, reader)
        assert picture.levels == await stored(shop)
    await count(shop, "milk", 4)
    async with reading(http, path, headers | {"last-event-id": event.id}) as reader:
        await add(picture, reader)
        assert [each["name"] for each in event.json["stockLevels"]] == sorted(picture.levels)
        assert picture.levels == await stored(shop)
        assert (picture.resets, picture.is_current) == (1, True)
        await count(shop, "tofu", 2)
        await add(picture, reader)
        assert picture.levels == await stored(shop)
    async with reading(http, path, headers | {"last-event-id": "who knows"}) as reader:
        await add(picture, reader)
    assert picture.resets == 2
    assert picture.levels == await stored(shop)


async def test_a_reader_names_products_in_the_address(
    world: World, http: httpx.AsyncClient, shop: Shop, staff: Caller
) -> None:
    await shop.receive({"milk": 5, "tofu": 3, "eggs": 1})
    skus = ["milk", "eggs", *(f"sku{number}" for number in range(96))]
    query = "&".join(f"products=products/{sku}" for sku in skus)
    headers = {"authorization": f"Bearer {world.token(staff)}"}
    picture = StockPicture()
    path = f"/v1/{shop.name}/stockLevels:watch?{query}"
    async with reading(http, path, headers) as reader:
        await add(picture, reader)
    assert picture.levels == await stored(shop, "milk", "eggs")
