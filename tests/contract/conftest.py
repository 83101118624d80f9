from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import httpx
import pytest

from allinone.topology import BLUEPRINTS
from allinone.verify import verify
from tests.contract.asking import Asker, Books
from tests.contract.bad_input_stage import Stage, set_stage
from tests.contract.walk_requests import requests_that_succeed
from tests.contract.walking import Cases
from tests.support.shop import Shop
from tests.support.web import Web
from tests.support.world import World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    started = await worlds.start(BLUEPRINTS)
    yield started
    await started.close()


@pytest.fixture(scope="module")
async def web(world: World) -> AsyncIterator[Web]:
    address = await world.start_http()
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        yield Web(world, address, http)


@pytest.fixture(scope="module")
async def direct(world: World) -> AsyncIterator[Web]:
    """The same platform behind a gateway that sends each call on its own."""
    address = await world.start_http(is_coalescing=False)
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        yield Web(world, address, http)


@pytest.fixture(scope="module")
async def channel(web: Web) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(web.world.address) as opened:
        yield opened


@pytest.fixture(scope="module")
async def cases(web: Web) -> Cases:
    return Cases(*await requests_that_succeed(web))


@pytest.fixture(scope="module")
async def stage(web: Web) -> AsyncIterator[Stage]:
    yield await set_stage(Shop(web.world.client))
    assert await verify(web.world.urls) == []


@pytest.fixture(scope="module")
def asker(web: Web, channel: grpc.aio.Channel) -> Asker:
    return Asker(web, channel)


@pytest.fixture(scope="module")
def books(web: Web) -> Books:
    return Books(web.world)
