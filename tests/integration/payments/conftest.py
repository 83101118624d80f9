"""A world with payments in it, for each module of tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.payments.main import BLUEPRINT
from tests.integration.payments.purse import Purse
from tests.support.world import World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    world = await worlds.start([BLUEPRINT])
    yield world
    await world.close()


@pytest.fixture
def purse(world: World) -> Purse:
    """A customer and a store of the test's own, and those who may move money."""
    return Purse.new(world)


@pytest.fixture(autouse=True)
async def books_are_in_order(world: World) -> AsyncIterator[None]:
    yield
    assert await world.broken() == []
