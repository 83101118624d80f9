"""A world with the floor in it: a servicer that does what a test asks, on real servers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chassis.db.engine import Database
from tests.integration.chassis.event_bus import Bus
from tests.integration.chassis.planted import BLUEPRINT, Floor
from tests.support.world import World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    world = await worlds.start([BLUEPRINT])
    async with world.database("floor").transaction() as tx:
        await tx.run("create table effect (what text not null)")
    yield world
    await world.close()


@pytest.fixture(scope="module")
def database(world: World) -> Database:
    """The floor's database, with the chassis' tables and one for effects."""
    return world.database("floor")


@pytest.fixture
async def floor(world: World) -> AsyncIterator[Floor]:
    """Calls to the planted servicer."""
    floor = Floor(world)
    yield floor
    await floor.close()


@pytest.fixture(autouse=True)
async def nothing_is_left(database: Database) -> AsyncIterator[None]:
    yield
    async with database.transaction() as tx:
        await tx.run(
            "truncate effect, idempotency, lease, outbox, publication, consumer, inbox,"
            " parked_event restart identity"
        )


@pytest.fixture
async def bus(world: World) -> AsyncIterator[Bus]:
    await world.redis.flushdb()
    yield Bus(world)
    await world.pass_time("floor", 0)
