"""Watchers of stock that are cut, resume anywhere, and still have what the database has."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from chassis.rpc.auth import Caller
from hutong.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.inventory.main import BLUEPRINT
from tests.integration.inventory.shop import Shop
from tests.integration.inventory.watchers import stored, watch
from tests.support.watching import Process, StockPicture, another_process, following
from tests.support.world import World, caller

MOVED_SECONDS = 6.0
HOLDS_SECONDS = 3.0
"""By then all holds with a clock have run out and are ended."""


@pytest.fixture(scope="module", autouse=True)
async def workers(world: World) -> None:
    world.start_workers()


@pytest.fixture(scope="module")
async def other(world: World) -> AsyncIterator[Process]:
    async with another_process(world, BLUEPRINT) as process:
        yield process


@dataclass(slots=True)
class Cut:
    """A follower who is cut again and again, and the chance that decides when."""

    world: World
    shop: Shop
    who: Caller
    addresses: Sequence[str]
    some: Sequence[str]
    draw: random.Random
    picture: StockPicture = field(default_factory=StockPicture)

    async def resume(self, *, messages: int) -> None:
        """Takes so many messages from wherever it was; with none, all there are by now."""
        request = watch(self.shop, *self.some, token=self.picture.token)
        address = self.draw.choice(self.addresses)
        async with following(self.world, self.who, request, address=address) as stream:
            for _ in range(messages):
                self.picture.add(await stream.next())
            if not messages:
                await self.picture.until_current(stream)

    async def follow(self, is_over: asyncio.Event) -> None:
        """Resumes until it is over."""
        while not is_over.is_set():
            await self.resume(messages=self.draw.randint(1, 8))


async def move(
    shop: Shop, skus: Sequence[str], name: str, draw: random.Random, is_over: asyncio.Event
) -> None:
    """Takes, holds and releases stock until it is over."""
    for number in itertools.count():
        if is_over.is_set():
            return
        lines = {sku: draw.randint(1, 3) for sku in draw.sample(skus, draw.randint(1, 4))}
        order = f"{name}-{number}"
        if draw.random() < 0.5:
            await shop.take(order, lines)
        else:
            await shop.hold(order, lines, seconds=draw.choice([None, 1]))
            if draw.random() < 0.5:
                await shop.release(order)
        await asyncio.sleep(draw.uniform(0, 0.05))


@pytest.mark.parametrize("seed", [1, 2])
async def test_whoever_is_cut_and_resumes_has_what_the_database_has(
    world: World, shop: Shop, other: Process, seed: int
) -> None:
    """Two processes move stock of the same store, and followers resume at either."""
    draw = random.Random(seed)
    skus = [f"sku{number:02}" for number in range(40)]
    await shop.receive(dict.fromkeys(skus, 10_000))
    staff = caller(role="cashier", stores=[shop.name])
    addresses = [world.address, other.address]
    cut = [
        Cut(world, shop, staff, addresses, some, random.Random(draw.random()))
        for some in ((), (), skus[:7], skus[5:30])
    ]
    elsewhere = replace(shop, orders=other.client(world, InventoryServiceStub, shop.service))
    is_over = asyncio.Event()
    following_them = [asyncio.create_task(each.follow(is_over)) for each in cut]
    moving = [
        asyncio.create_task(
            move((shop, elsewhere)[n % 2], skus, f"ord-{seed}-{n}", random.Random(n), is_over)
        )
        for n in range(4)
    ]
    await asyncio.sleep(MOVED_SECONDS)
    is_over.set()
    await asyncio.gather(*moving)
    await asyncio.sleep(HOLDS_SECONDS)
    # What moved last may have come before the last message that a follower waits for.
    await shop.receive(dict.fromkeys(skus, 1))
    await asyncio.gather(*following_them)
    for each in cut:
        await each.resume(messages=0)
        assert each.picture.levels == await stored(shop, *each.some)
        assert each.picture.resets == 1
        assert each.picture.messages > 10
