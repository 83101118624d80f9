from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from allinone.topology import BLUEPRINTS
from tests.support.world import World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    started = await worlds.start(BLUEPRINTS)
    yield started
    await started.close()
