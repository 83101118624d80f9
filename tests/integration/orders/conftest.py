from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from allinone.topology import BLUEPRINTS
from allinone.verify import verify
from tests.support.shop import Shop
from tests.support.world import World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    started = await worlds.start(BLUEPRINTS)
    yield started
    await started.close()


@pytest.fixture
def shop(shops: Shop) -> Shop:
    return shops


@pytest.fixture(scope="module")
async def shops(world: World) -> Shop:
    opened = Shop(world.client)
    await opened.open()
    return opened


@pytest.fixture(autouse=True)
async def the_books_balance(world: World) -> AsyncIterator[None]:
    yield
    assert await verify(world.urls) == []
