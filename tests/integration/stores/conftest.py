"""Stores on a real server, and a chain of its own for each test."""

from collections.abc import AsyncIterator

import pytest

from services.stores.main import BLUEPRINT
from tests.integration.stores.chains import Chain
from tests.support.world import Client, World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    started = await worlds.start([BLUEPRINT])
    yield started
    await started.close()


@pytest.fixture(autouse=True)
async def nothing_is_broken(world: World) -> AsyncIterator[None]:
    yield
    assert await world.broken() == []


@pytest.fixture
def chain(world: World) -> Chain:
    return Chain(world)


@pytest.fixture
def platform(chain: Chain) -> Client:
    return chain.client("platform")
