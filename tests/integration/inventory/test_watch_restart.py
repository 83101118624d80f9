"""Following stock while PostgreSQL is killed, and after its data was put back as it had been."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from allinone.embedded import EmbeddedPostgres, EmbeddedValkey, Home, Supervisor
from chassis.testing.database import TestDatabases
from hutong.inventory.v1 import inventory_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from services.inventory.main import BLUEPRINT
from tests.integration.inventory.shop import Shop
from tests.integration.inventory.watchers import watch
from tests.support.command import free_port
from tests.support.watching import StockPicture, following
from tests.support.world import World, Worlds, answer, caller

BACK_SECONDS_MAX = 60.0


@pytest.fixture
async def stores_of_its_own(
    tmp_path: Path,
) -> AsyncIterator[tuple[Home, EmbeddedPostgres, Supervisor, World]]:
    """A world on servers that no other test uses."""
    home = Home.create(tmp_path / "home")
    home.lock()
    postgres = EmbeddedPostgres(home.folder, secrets=home.secrets, port=home.port("postgres"))
    valkey = EmbeddedValkey(home.folder, secrets=home.secrets, port=home.port("valkey"))
    supervisor = Supervisor([postgres, valkey])
    await supervisor.start()
    made = Worlds(
        databases=TestDatabases(postgres.url("postgres").rpartition("/")[0]),
        redis_url=valkey.url,
        folder=tmp_path,
        free_port=free_port,
    )
    world = await made.start([BLUEPRINT])
    world.start_workers()
    yield home, postgres, supervisor, world
    await made.close()
    await supervisor.stop()
    home.release()


async def levels(shop: Shop) -> dict[str, inventory_pb2.StockLevel]:
    """What the database has, as soon as it answers."""
    request = service_pb2.ListStockLevelsRequest(parent=shop.name)
    page = await answer(shop.manager, "ListStockLevels", request)
    return {level.name: level for level in page.stock_levels}


async def test_a_stream_outlives_postgresql_and_a_token_an_earlier_time(
    stores_of_its_own: tuple[Home, EmbeddedPostgres, Supervisor, World],
) -> None:
    home, postgres, supervisor, world = stores_of_its_own
    shop = Shop.opened(world)
    staff = caller(role="cashier", stores=[shop.name])
    await shop.receive({"milk": 5, "tofu": 3})
    await supervisor.stop()
    shutil.copytree(home.folder / "postgres" / "data", home.folder / "copy")
    await supervisor.start()
    await levels(shop)

    picture = StockPicture()
    async with following(world, staff, watch(shop)) as stream:
        await picture.until_current(stream)
        await shop.take("ord-1", {"milk": 2})
        while picture.levels != await levels(shop):
            picture.add(await stream.next())
        assert picture.resets == 1
        postgres.kill()
        await answer(shop.orders, "TakeStock", shop.take_request("ord-2", {"tofu": 1}))
        # A server that has started anew may have other data: everything is told, and nobody cut.
        while picture.resets < 2 or picture.levels != await levels(shop):
            picture.add(await stream.next(seconds=BACK_SECONDS_MAX))
        assert picture.resets == 2

    await supervisor.stop()
    shutil.rmtree(home.folder / "postgres" / "data")
    (home.folder / "copy").rename(home.folder / "postgres" / "data")
    await supervisor.start()
    await levels(shop)
    await shop.receive({"eggs": 9})
    async with following(world, staff, watch(shop, token=picture.token)) as stream:
        await picture.until_current(stream)
    assert picture.resets == 3
    assert picture.levels == await levels(shop)
    assert picture.levels[shop.level_name("milk")].on_hand == 5
