"""The floor under every method, through a real server: each fault has one typed answer."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import grpc
import pytest
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from chassis.db.engine import Database
from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.client import MESSAGE_BYTES_MAX
from chassis.rpc.installed import Engine
from chassis.rpc.server import METADATA_BYTES_MAX, REQUEST_BYTES_MAX
from chassis.rpc.validation import VIOLATIONS_MAX
from hutong.catalog.v1 import catalog_pb2
from hutong.catalog.v1 import catalog_service_pb2 as rpc
from tests.integration.chassis.planted import (
    BLUEPRINT,
    ENGINES,
    GET_PRODUCT,
    LOCK,
    SECRET,
    SERVICE,
    Floor,
)
from tests.support.shop import wanted
from tests.support.world import World, Worlds, caller

GET_PRICE = f"/{SERVICE}/GetPrice"
LIST_PRODUCTS = f"/{SERVICE}/ListProducts"
OK = rpc.GetProductRequest(name="products/ok")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.param
    return chosen


@pytest.fixture(scope="module")
async def world(worlds: Worlds, engine: Engine) -> AsyncIterator[World]:
    started = await worlds.start([BLUEPRINT], engine=engine)
    async with started.database("floor").transaction() as tx:
        await tx.run("create table effect (what text not null)")
    yield started
    await started.close()


async def test_a_call_is_answered_for_its_callers_tenant(floor: Floor) -> None:
    reply = await floor.send(OK, who=caller(role="platform", tenant="another"))
    assert catalog_pb2.Product.FromString(reply).department == "another"


async def test_without_a_token_nobody_is_answered(floor: Floor) -> None:
    for headers in ((), (("authorization", "Bearer x.y.z"),), (("authorization", "x"),)):
        refused = await floor.refused(OK, who=None, headers=headers)
        assert (refused.kind, refused.reason) == (ErrorKind.UNAUTHENTICATED, "TOKEN_INVALID")


async def test_a_role_that_is_not_granted_is_turned_away(floor: Floor) -> None:
    refused = await floor.refused(OK, who=caller(role="passer_by"))
    assert (refused.kind, refused.reason) == (ErrorKind.PERMISSION_DENIED, "ROLE_NOT_ALLOWED")


@pytest.mark.parametrize(
    "method",
    [f"/{SERVICE}/Nope", "/hutong.catalog.v1.NoService/GetProduct", f"/{SERVICE}/UpdateProduct"],
    ids=["method", "service", "not written yet"],
)
async def test_what_is_not_there_is_unimplemented(floor: Floor, method: str) -> None:
    refused = await floor.refused(b"", method=method)
    assert refused.kind is ErrorKind.UNIMPLEMENTED


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe"])
async def test_garbage_instead_of_protobuf_is_an_invalid_argument(
    floor: Floor, data: bytes
) -> None:
    refused = await floor.refused(data)
    assert (refused.kind, refused.reason) == (ErrorKind.INVALID_ARGUMENT, "MESSAGE_MALFORMED")


async def test_a_request_that_breaks_its_contract_says_where(floor: Floor) -> None:
    refused = await floor.refused(rpc.ListProductsRequest(page_size=-1), method=LIST_PRODUCTS)
    assert refused.reason == "INVALID_INPUT"
    assert [field for field, _ in refused.violations] == ["page_size"]


async def test_a_nul_that_the_contract_lets_pass_is_bad_input_all_the_same(floor: Floor) -> None:
    refused = await floor.refused(rpc.ListProductsRequest(department="\x00"), method=LIST_PRODUCTS)
    assert refused.kind is ErrorKind.INVALID_ARGUMENT


async def test_a_message_over_the_limit_is_refused(floor: Floor) -> None:
    refused = await floor.refused(b"\x00" * (MESSAGE_BYTES_MAX + 1))
    assert refused.kind is ErrorKind.RESOURCE_EXHAUSTED
    await floor.send(OK)


async def test_one_callers_request_may_weigh_less_than_a_batch_of_many(floor: Floor) -> None:
    refused = await floor.refused(b"\x00" * (REQUEST_BYTES_MAX + 1))
    assert (refused.kind, refused.reason) == (ErrorKind.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
    at_the_limit = await floor.refused(b"\x00" * REQUEST_BYTES_MAX)
    assert at_the_limit.reason == "MESSAGE_MALFORMED"


async def test_metadata_over_the_limit_are_refused(floor: Floor, engine: Engine) -> None:
    headers = (("x-much", "x" * METADATA_BYTES_MAX * 2),)
    refused = await floor.refused(OK, headers=headers)
    # The native engine ends the stream below gRPC, which its caller takes for a lost connection.
    kinds = {"grpcio": ErrorKind.RESOURCE_EXHAUSTED, "native": ErrorKind.UNAVAILABLE}
    assert refused.kind is kinds[engine]
    await floor.send(OK)


async def test_a_name_of_any_length_gets_its_whole_answer(floor: Floor) -> None:
    who = caller(role="cashier", stores=["stores/sh01"])
    request = rpc.GetPriceRequest(name="stores/" + "x" * 1_000_000)
    refused = await floor.refused(request, method=GET_PRICE, who=who)
    assert (refused.kind, refused.reason) == (ErrorKind.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_any_number_of_violations_gets_its_whole_answer(floor: Floor) -> None:
    wrong = catalog_pb2.Product(display_name="\x00", department="X" * 500)
    request = rpc.BatchCreateProductsRequest(products=[wrong] * 1000)
    refused = await floor.refused(request, method=f"/{SERVICE}/BatchCreateProducts")
    assert refused.reason == "INVALID_INPUT"
    assert len(refused.violations) == VIOLATIONS_MAX


@pytest.mark.parametrize("what", ["crash", "no-table"])
async def test_our_own_fault_is_told_as_nothing_but_an_id(floor: Floor, what: str) -> None:
    refused = await floor.refused(rpc.GetProductRequest(name=f"products/{what}"))
    assert (refused.kind, refused.reason) == (ErrorKind.INTERNAL, "INTERNAL")
    assert list(refused.facts) == ["trace_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", refused.facts["trace_id"])
    shown = repr(refused.as_facts()) + repr(refused.__cause__)
    for hidden in (SECRET, "ZeroDivision", "no_such_table", "asyncpg", "Traceback", ".py"):
        assert hidden not in shown.replace("grpc/aio", "")


async def test_an_answer_leaves_by_its_deadline_and_its_work_stops(
    floor: Floor, database: Database
) -> None:
    async with database.transaction() as tx:
        await tx.rows(LOCK)
        begun = time.monotonic()
        ended = await asyncio.gather(
            *(floor.get("locked", seconds=0.3) for _ in range(12)), return_exceptions=True
        )
        took = time.monotonic() - begun
        assert {error.kind for error in ended if isinstance(error, HutongError)} == {
            ErrorKind.DEADLINE_EXCEEDED
        }
        assert len([error for error in ended if isinstance(error, HutongError)]) == 12
        assert took < 2.0
        await _nobody_waits(floor.world)
    await asyncio.gather(*(floor.get("locked") for _ in range(12)))


async def _nobody_waits(world: World) -> None:
    """Returns once no session of the floor waits for a lock."""
    async with asyncio.timeout(3):
        while True:
            async with world.database("floor").transaction() as tx:
                row = await tx.row(
                    "select count(*) as waiting from pg_stat_activity"
                    " where datname = current_database() and wait_event_type = 'Lock'"
                )
            if row is not None and row.waiting == 0:
                return
            await asyncio.sleep(0.05)


def _price_on(port: int) -> Message:
    return rpc.GetPriceRequest(name=f"stores/sh01/prices/{port}")


@contextmanager
def _port(*, is_listening: bool) -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if is_listening:
            server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("is_listening", [False, True], ids=["nobody listens", "nobody answers"])
async def test_a_database_that_is_down_is_told_as_unavailable_soon(
    floor: Floor, *, is_listening: bool
) -> None:
    with _port(is_listening=is_listening) as port:
        begun = time.monotonic()
        refused = await floor.refused(_price_on(port), method=GET_PRICE)
    assert (refused.kind, refused.reason) == (ErrorKind.UNAVAILABLE, "UNAVAILABLE")
    assert refused.facts == {"part": "the database"}
    assert time.monotonic() - begun < 4.0


async def test_every_outcome_is_counted(floor: Floor) -> None:
    await floor.refused(OK, who=caller(role="passer_by"))
    await floor.send(OK)
    text = floor.world.metrics.exposition().decode()
    assert f'hutong_rpc_refusals_total{{method="{GET_PRODUCT}",reason="ROLE_NOT_ALLOWED"}}' in text
    assert f'hutong_rpc_seconds_count{{code="OK",method="{GET_PRODUCT}"}}' in text


async def test_reflection_lists_what_is_served(floor: Floor) -> None:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(cast("Any", floor.channel))
    request = cast("Any", reflection_pb2).ServerReflectionRequest(list_services="")
    async for answer in stub.ServerReflectionInfo(iter([request])):
        listed = {service.name for service in answer.list_services_response.service}
        assert {SERVICE, "grpc.health.v1.Health"} <= listed
        return
    raise AssertionError("nothing was listed")


async def test_health_says_whether_the_process_is_ready(floor: Floor) -> None:
    stub: Any = health_pb2_grpc.HealthStub(floor.channel)

    async def status(service: str) -> str:
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    assert [await status(name) for name in ("", SERVICE)] == ["SERVING", "SERVING"]
    await floor.world.server.set_ready(is_ready=False)
    assert [await status(name) for name in ("", SERVICE)] == ["NOT_SERVING", "NOT_SERVING"]
    await floor.world.server.set_ready(is_ready=True)
    assert await status(SERVICE) == "SERVING"
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await status("nobody")
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


async def test_draining_lets_calls_in_flight_end_and_turns_new_ones_away(
    worlds: Worlds, engine: Engine
) -> None:
    world = await worlds.start([BLUEPRINT], engine=engine)
    floor, late = Floor(world), Floor(world)
    in_flight = asyncio.create_task(floor.get("wait"))
    await floor.planted.arrived.wait()
    draining = asyncio.create_task(world.server.turn_away())
    refused = await _refused_at_last(late)
    assert refused.kind is ErrorKind.UNAVAILABLE
    basket = rpc.QuoteBasketRequest(parent="stores/sh01", lines=[wanted("milk", 1)])
    await late.send(basket, method=f"/{SERVICE}/QuoteBasket", who=caller(role="service"))
    assert not draining.done()
    floor.planted.gate.set()
    assert catalog_pb2.Product.FromString(await in_flight).name == "products/wait"
    await draining
    await floor.close()
    await late.close()
    await world.close()


async def _refused_at_last(floor: Floor) -> HutongError:
    """The first error; until draining has begun calls are still answered."""
    async with asyncio.timeout(5):
        while (refused := await _outcome(floor)) is None:
            pass
    return refused


async def test_more_calls_than_there_is_room_for_are_told_to_come_back(
    worlds: Worlds, engine: Engine
) -> None:
    world = await worlds.start([BLUEPRINT], engine=engine, calls_at_once_max=10)
    floor = Floor(world)
    waiting = []
    for _ in range(7):
        floor.planted.arrived.clear()
        waiting.append(asyncio.create_task(floor.get("wait")))
        await floor.planted.arrived.wait()
    refused = await _outcome(floor)
    assert refused is not None
    assert (refused.kind, refused.reason) == (ErrorKind.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert int(refused.facts["retry_after_ms"]) > 0
    floor.planted.gate.set()
    await asyncio.gather(*waiting)
    await floor.send(OK)
    await floor.close()
    await world.close()


async def _outcome(floor: Floor) -> HutongError | None:
    try:
        await floor.send(OK)
    except HutongError as error:
        return error
    return None
