"""What the gRPC servers could differ in: draining under load, leaving callers, and deadlines."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.call import DEADLINE_SECONDS_DEFAULT
from chassis.rpc.installed import Engine
from hutong.catalog.v1 import catalog_pb2
from hutong.catalog.v1 import catalog_service_pb2 as rpc
from tests.integration.chassis.planted import BLUEPRINT, ENGINES, GET_PRODUCT, OPERATOR, Floor
from tests.support.world import World, Worlds

CALLERS = 32
OK = rpc.GetProductRequest(name="products/ok")


def answered(world: World) -> int:
    """How many calls the server has answered with OK, by its own count."""
    sample = world.metrics.rpc_seconds.labels(GET_PRODUCT, "OK")
    return int(sum(bucket.get() for bucket in sample._buckets))


@pytest.fixture(autouse=True)
async def nothing_is_left() -> None:
    """There is no database that outlives a test."""


@pytest.mark.parametrize("drain", range(3))
@pytest.mark.parametrize("engine", ENGINES)
async def test_a_server_that_drains_under_load_loses_no_answer(
    worlds: Worlds, engine: Engine, drain: int
) -> None:
    world = await worlds.start([BLUEPRINT], engine=engine)
    floors = [Floor(world) for _ in range(CALLERS)]
    got = 0

    async def ask(floor: Floor) -> HutongError:
        nonlocal got
        while True:
            try:
                await floor.send(OK)
            except HutongError as error:
                return error
            got += 1

    asking = [asyncio.create_task(ask(floor)) for floor in floors]
    while got < (drain + 1) * CALLERS:
        await asyncio.sleep(0.01)
    await world.server.turn_away()
    await world.server.stop()
    ends = await asyncio.gather(*asking)
    assert {end.kind for end in ends} == {ErrorKind.UNAVAILABLE}
    assert got == answered(world)
    for floor in floors:
        await floor.close()
    await world.close()


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_caller_who_leaves_ends_the_call(worlds: Worlds, engine: Engine) -> None:
    world = await worlds.start([BLUEPRINT], engine=engine)
    floor = Floor(world)
    leaving = asyncio.create_task(floor.get("wait"))
    await floor.planted.arrived.wait()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    async with asyncio.timeout(5):
        await world.server.turn_away()
    await floor.close()
    await world.close()


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_compressed_request_is_read_or_refused_but_never_more_of_it_than_is_allowed(
    worlds: Worlds, engine: Engine
) -> None:
    world = await worlds.start([BLUEPRINT], engine=engine)
    floor = Floor(world)
    call: Any = floor.channel.unary_unary(GET_PRODUCT)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(b"\x00" * 64_000_000, compression=grpc.Compression.Gzip, timeout=20)
    assert refused.value.code() in {
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNIMPLEMENTED,
    }
    await floor.send(OK)
    await floor.close()
    await world.close()


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_call_without_a_deadline_gets_the_usual_one(worlds: Worlds, engine: Engine) -> None:
    world = await worlds.start([BLUEPRINT], engine=engine)
    floor = Floor(world)
    call: Any = floor.channel.unary_unary(GET_PRODUCT)
    token = world.token(OPERATOR)
    reply = await call(
        rpc.GetProductRequest(name="products/left").SerializeToString(),
        metadata=(("authorization", f"Bearer {token}"),),
    )
    seconds = float(catalog_pb2.Product.FromString(reply).display_name)
    assert DEADLINE_SECONDS_DEFAULT - 1 < seconds <= DEADLINE_SECONDS_DEFAULT
    await floor.close()
    await world.close()
