"""A platform with all services, for a test of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from allinone.topology import BLUEPRINTS
from allinone.verify import verify
from tests.support.world import World, Worlds


@pytest.fixture
async def world(worlds: Worlds) -> AsyncIterator[World]:
    started = await worlds.start(BLUEPRINTS)
    yield started
    assert await verify(started.urls) == []
    await started.close()
