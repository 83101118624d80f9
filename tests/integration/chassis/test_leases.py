"""Leases: one holder at a time, by the database's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.db import leases
from chassis.db.engine import Database
from tests.support.world import World

SECONDS = 30.0


@pytest.fixture(autouse=True)
async def time_is_right_again(world: World) -> AsyncIterator[None]:
    yield
    await world.pass_time("floor", 0)


async def _acquire(database: Database, holder: str, *, name: str = "work") -> bool:
    async with database.transaction() as tx:
        return await leases.acquire(tx, name=name, holder=holder, seconds=SECONDS)


async def _release(database: Database, holder: str) -> None:
    async with database.transaction() as tx:
        await leases.release(tx, name="work", holder=holder)


async def test_one_of_many_gets_the_lease(database: Database) -> None:
    got = await asyncio.gather(*(_acquire(database, f"holder {n}") for n in range(8)))
    assert sorted(got) == [False] * 7 + [True]


async def test_the_holder_may_renew_and_nobody_else_may_take(
    world: World, database: Database
) -> None:
    assert await _acquire(database, "one")
    for passed in (20, 40, 60):
        await world.pass_time("floor", passed)
        assert not await _acquire(database, "two")
        assert await _acquire(database, "one")


async def test_another_takes_over_when_the_lease_has_ended(
    world: World, database: Database
) -> None:
    assert await _acquire(database, "one")
    await world.pass_time("floor", SECONDS - 5)
    assert not await _acquire(database, "two")
    await world.pass_time("floor", SECONDS + 1)
    assert await _acquire(database, "two")
    assert not await _acquire(database, "one")


async def test_a_lease_that_is_given_back_is_free_at_once(database: Database) -> None:
    assert await _acquire(database, "one")
    await _release(database, "two")
    assert not await _acquire(database, "two")
    await _release(database, "one")
    assert await _acquire(database, "two")


async def test_leases_of_other_names_are_apart(database: Database) -> None:
    assert await _acquire(database, "one")
    assert await _acquire(database, "two", name="other work")
