"""All services with their background work, and ways to wait for what events bring about."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from allinone.topology import BLUEPRINTS
from tests.support.shop import Shop
from tests.support.world import World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    started = await worlds.start(BLUEPRINTS)
    started.start_workers()
    yield started
    await started.close()


@pytest.fixture(scope="module")
async def shop(world: World) -> Shop:
    made = Shop(world.client)
    await made.open()
    return made


@pytest.fixture(autouse=True)
async def nothing_is_broken(world: World) -> AsyncIterator[None]:
    yield
    assert await world.broken() == []
