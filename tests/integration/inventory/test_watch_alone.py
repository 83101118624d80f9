"""Following stock where nothing works but the board: no sweeper, no relay, no Redis."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from chassis.rpc.auth import Caller
from services.inventory.main import BLUEPRINT
from tests.integration.inventory.shop import Shop
from tests.integration.inventory.watchers import SOON_SECONDS, until, watch
from tests.support.command import free_port
from tests.support.watching import StockPicture, another_process, following
from tests.support.world import World, caller


@pytest.fixture
def staff(shop: Shop) -> Caller:
    return caller(role="cashier", stores=[shop.name])


async def test_a_hold_that_runs_out_is_told_though_nobody_ends_it(
    world: World, shop: Shop, staff: Caller
) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 2}, seconds=1)
    async with another_process(world, BLUEPRINT, only_worker="inventory.board") as process:
        picture = StockPicture()
        async with following(world, staff, watch(shop), address=process.address) as stream:
            await picture.until_current(stream)
            assert picture.levels[shop.level_name("milk")].available in {3, 5}
            async with asyncio.timeout(SOON_SECONDS):
                while picture.levels[shop.level_name("milk")].available < 5:
                    picture.add(await stream.next())


async def test_no_message_is_needed_to_be_told_what_another_process_did(
    world: World, shop: Shop, staff: Caller
) -> None:
    await shop.receive({"milk": 5})
    nowhere = Redis(port=free_port())
    async with another_process(
        world, BLUEPRINT, only_worker="inventory.board", redis=nowhere
    ) as process:
        picture = StockPicture()
        async with following(world, staff, watch(shop), address=process.address) as stream:
            await picture.until_current(stream)
            await world.redis.flushdb()
            await shop.take("ord-1", {"milk": 1})
            await until(picture, stream, shop.level_name("milk"), 2)
    await nowhere.aclose()
