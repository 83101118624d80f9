"""Stores all over China on a real service: each arrives once, however often it is asked for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from allinone.demo.china.cities import cities
from allinone.demo.china.seeding import ChinaSummary, OtherStores, seed_china
from allinone.demo.china.stores import china_stores
from allinone.demo.people import person
from hutong.common.v1 import position_pb2
from hutong.stores.v1 import stores_pb2, stores_service_pb2, stores_service_pb2_grpc
from services.stores.main import BLUEPRINT as STORES_SERVICE
from tests.integration.stores.chains import request_id
from tests.support.world import Client, World, Worlds

NUMBER = 2_000


@pytest.fixture
async def world(worlds: Worlds) -> AsyncIterator[World]:
    world = await worlds.start([STORES_SERVICE])
    yield world
    assert await world.broken() == []
    await world.close()


async def seeded(
    world: World, number: int, *, random_seed: int = 1, counts: list[int] | None = None
) -> ChinaSummary:
    counted = [] if counts is None else counts
    return await seed_china(
        address=world.address,
        issuer=world.issuer,
        number=number,
        random_seed=random_seed,
        progress=counted.append,
    )


async def store_ids(world: World) -> list[str]:
    async with world.database("stores").transaction() as tx:
        rows = await tx.rows("select store_id from store order by store_id")
    return [row.store_id for row in rows]


def expected_ids(number: int) -> list[str]:
    return sorted(f"china:{store.id}" for store in china_stores(number))


def client(world: World, name: str) -> Client:
    return world.client(stores_service_pb2_grpc.StoresServiceStub, person(name).caller)


async def test_two_thousand_stores_arrive_once_and_are_found_near_their_cities(
    world: World,
) -> None:
    counts: list[int] = []
    summary = await seeded(world, NUMBER, counts=counts)
    assert summary == ChinaSummary(stores=NUMBER, cities=357, provinces=31)
    assert str(summary) == "2,000 stores in 357 cities of 31 provinces"
    assert sum(counts) == NUMBER
    assert await store_ids(world) == expected_ids(NUMBER)
    async with world.database("stores").transaction() as tx:
        rows = await tx.rows("select region, count(*) as stores from store group by region")
    wanted = Counter(
        f"{store.city.province} {store.city.province_english}" for store in china_stores(NUMBER)
    )
    assert {row.region: row.stores for row in rows} == wanted

    assert await seeded(world, NUMBER) == summary
    assert await store_ids(world) == expected_ids(NUMBER)

    customer = client(world, "china-customer")
    for city in cities()[::60]:
        found = await customer.FindStores(
            stores_service_pb2.FindStoresRequest(
                position=position_pb2.Position(
                    latitude_degrees=city.latitude_degrees, longitude_degrees=city.longitude_degrees
                ),
                page_size=1,
            )
        )
        (nearest,) = found.stores
        assert nearest.store.address.locality == f"{city.name} {city.english}"
        assert nearest.distance_metres < 30_000


async def test_the_demo_city_does_not_see_them(world: World) -> None:
    await seeded(world, 5)
    listed = await client(world, "operator").ListStores(stores_service_pb2.ListStoresRequest())
    assert list(listed.stores) == []


async def test_a_seeding_that_was_cut_off_is_finished_by_the_next(world: World) -> None:
    reached = asyncio.Event()

    def note(_: int) -> None:
        reached.set()

    first = asyncio.create_task(
        seed_china(
            address=world.address,
            issuer=world.issuer,
            number=NUMBER,
            random_seed=1,
            progress=note,
        )
    )
    await reached.wait()
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    assert 0 < len(await store_ids(world)) < NUMBER
    await seeded(world, NUMBER)
    assert await store_ids(world) == expected_ids(NUMBER)


async def test_a_larger_number_adds_what_a_smaller_one_left_in_the_middle_of_a_batch(
    world: World,
) -> None:
    await seeded(world, 130)
    counts: list[int] = []
    await seeded(world, 450, counts=counts)
    assert sum(counts) == 450
    assert await store_ids(world) == expected_ids(450)
    await seeded(world, 130)
    assert await store_ids(world) == expected_ids(450)


async def test_two_seedings_at_once_bring_each_store_once(world: World) -> None:
    await asyncio.gather(seeded(world, 900), seeded(world, 700))
    assert await store_ids(world) == expected_ids(900)


async def test_another_random_seed_is_refused_before_anything_is_brought(world: World) -> None:
    await seeded(world, 30)
    with pytest.raises(OtherStores, match="--random-seed"):
        await seeded(world, 2_000, random_seed=2)
    assert await store_ids(world) == expected_ids(30)


async def test_a_store_that_people_changed_stays_as_they_made_it(world: World) -> None:
    await seeded(world, 3)
    operator = client(world, "china-operator")
    moved = stores_pb2.Store(
        name="stores/310000-00001",
        position=position_pb2.Position(latitude_degrees=31.0, longitude_degrees=121.0),
    )
    await operator.UpdateStore(
        stores_service_pb2.UpdateStoreRequest(
            store=moved, update_mask={"paths": ["position"]}, request_id=request_id()
        )
    )
    await seeded(world, 10)
    there = await operator.GetStore(stores_service_pb2.GetStoreRequest(name=moved.name))
    assert there.position == moved.position
    assert await store_ids(world) == expected_ids(10)
