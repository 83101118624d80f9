"""A world with nothing but inventory in it; its books must balance after every test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.inventory.main import BLUEPRINT
from tests.integration.inventory.shop import Shop
from tests.support.world import World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    world = await worlds.start([BLUEPRINT])
    yield world
    await world.close()


@pytest.fixture(autouse=True)
async def balanced(world: World) -> AsyncIterator[None]:
    await world.pass_time("inventory", 0)
    yield
    assert await world.broken() == []


@pytest.fixture
def shop(world: World) -> Shop:
    """A store that no other test uses."""
    return Shop.opened(world)
