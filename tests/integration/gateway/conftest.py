from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from allinone.topology import BLUEPRINTS
from allinone.verify import verify
from tests.support.shop import Shop
from tests.support.web import PAGE, Web
from tests.support.world import Worlds


@pytest.fixture(scope="package")
async def web(worlds: Worlds) -> AsyncIterator[Web]:
    world = await worlds.start(BLUEPRINTS)
    address = await world.start_http(allowed_origins=[PAGE])
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        yield Web(world, address, http)
    await world.close()


@pytest.fixture
def shop(shops: Shop) -> Shop:
    return shops


@pytest.fixture(scope="package")
async def shops(web: Web) -> Shop:
    opened = Shop(web.world.client)
    await opened.open()
    return opened


@pytest.fixture
async def the_books_balance(web: Web) -> AsyncIterator[None]:
    yield
    assert await verify(web.world.urls) == []
