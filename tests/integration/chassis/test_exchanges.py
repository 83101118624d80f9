"""Streams both ways: what is read, answered, bounded and ended, on both gRPC servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import pytest

from chassis.app import Blueprint, Deps, Service
from chassis.kernel.errors import HutongError, Overloaded
from chassis.rpc import exchange
from chassis.rpc.call import Call
from chassis.rpc.exchange import Asked, answered
from chassis.rpc.installed import Engine
from chassis.rpc.server import Servicer
from chassis.rpc.status import from_rpc_error, from_status, to_status
from hutong.orders.v1 import orders_service_pb2 as rpc
from hutong.orders.v1 import orders_service_pb2_grpc
from services.orders.main import BLUEPRINT as ORDERS
from tests.integration.chassis.planted import ENGINES
from tests.support.shop import CASHIER
from tests.support.uploading import UPLOAD, sold
from tests.support.world import World, Worlds, caller

UNANSWERED_MAX = 8
SOON = 20.0


@dataclass(slots=True)
class Planted(orders_service_pb2_grpc.OrdersServiceServicer):
    """Acknowledges a sale when the gate is open, by what its till is called."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    stopped: int = 0
    reply_characters: int = 0

    def UploadSales(
        self, asked: AsyncIterator[Asked], call: Call
    ) -> AsyncGenerator[rpc.UploadSalesResponse, None]:
        return answered(asked, self._answer, unanswered_max=UNANSWERED_MAX)

    async def _answer(self, asked: Asked) -> rpc.UploadSalesResponse:
        request = cast(rpc.UploadSalesRequest, asked.request)
        self.begun += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if request.sale.till == "full":
            raise Overloaded(retry_after_ms=7)
        if request.sale.till == "crash":
            raise ZeroDivisionError
        told = rpc.UploadSalesResponse(request_id=request.sale.request_id)
        told.order = "x" * self.reply_characters
        if asked.refusal is not None:
            told.error.CopyFrom(to_status(asked.refusal))
        return told


@dataclass(slots=True)
class Floor:
    """The planted servicer behind a server, and streams to it."""

    world: World
    planted: Planted
    channel: Any

    @asynccontextmanager
    async def stream(self, who: Any = CASHIER) -> AsyncIterator[Any]:
        """A stream of bytes as this caller."""
        headers = (("authorization", f"Bearer {self.world.token(who)}"),)
        call = self.channel.stream_stream(UPLOAD)(metadata=headers, timeout=60)
        yield call
        call.cancel()


def request(**fields: Any) -> bytes:
    return rpc.UploadSalesRequest(sale=sold("tea", 1, 100, **fields)).SerializeToString()


async def end_of(call: Any) -> tuple[list[rpc.UploadSalesResponse], HutongError | None]:
    """All answers that are still to come, and the error that the stream ends with."""
    answers = []
    try:
        async with asyncio.timeout(SOON):
            while (data := await call.read()) is not grpc.aio.EOF:
                answers.append(rpc.UploadSalesResponse.FromString(data))
            return answers, None
    except grpc.aio.AioRpcError as error:
        return answers, from_rpc_error(error, part="the floor")


@pytest.fixture(params=ENGINES)
async def floor(worlds: Worlds, request: pytest.FixtureRequest) -> AsyncIterator[Floor]:
    planted = Planted()
    engine: Engine = request.param

    def build(_: Deps) -> Service:
        servicer = Servicer(
            planted,
            orders_service_pb2_grpc.add_OrdersServiceServicer_to_server,
            "hutong.orders.v1.OrdersService",
        )
        return Service(name="orders", servicers=[servicer])

    blueprint = Blueprint("orders", build, ORDERS.metadata, ORDERS.migrations)
    world = await worlds.start([blueprint], engine=engine)
    channel = grpc.aio.insecure_channel(world.address)
    yield Floor(world, planted, channel)
    await channel.close()
    await world.close()


async def test_each_request_is_answered_and_the_stream_ends_with_its_caller(floor: Floor) -> None:
    floor.planted.gate.set()
    async with floor.stream() as call:
        for _ in range(50):
            await call.write(request())
        await call.done_writing()
        answers, error = await end_of(call)
    assert (len({answer.request_id for answer in answers}), error) == (50, None)


async def test_no_more_is_read_than_may_be_unanswered(floor: Floor) -> None:
    async with floor.stream() as call:
        for _ in range(3 * UNANSWERED_MAX):
            await call.write(request())
        await _until(lambda: floor.planted.begun == UNANSWERED_MAX)
        await asyncio.sleep(0.2)
        assert floor.planted.begun == UNANSWERED_MAX
        floor.planted.gate.set()
        await call.done_writing()
        answers, error = await end_of(call)
    assert (len(answers), error) == (3 * UNANSWERED_MAX, None)


async def test_a_request_is_turned_away_without_its_neighbours(floor: Floor) -> None:
    floor.planted.gate.set()
    async with floor.stream() as call:
        await call.write(request(parent="stores/sh09"))
        await call.write(request(request_id="none"))
        await call.write(request())
        await call.done_writing()
        answers, _ = await end_of(call)
    reasons = [from_status(one.error).reason if one.HasField("error") else "" for one in answers]
    assert reasons == ["RESOURCE_NOT_FOUND", "INVALID_INPUT", ""]


async def test_a_role_that_may_nothing_here_is_told_before_it_asks(floor: Floor) -> None:
    async with floor.stream(caller(role="customer")) as call:
        _, error = await end_of(call)
    assert error is not None
    assert error.reason == "ROLE_NOT_ALLOWED"


async def test_silence_ends_a_stream_as_its_caller_would(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "SILENCE_SECONDS_MAX", 0.3)
    floor.planted.gate.set()
    async with floor.stream() as call:
        await call.write(request())
        answers, error = await end_of(call)
    assert (len(answers), error) == (1, None)


async def test_a_server_that_drains_answers_what_it_has_read(floor: Floor) -> None:
    async with floor.stream() as call:
        for _ in range(3):
            await call.write(request())
        await _until(lambda: floor.planted.begun == 3)
        draining = asyncio.create_task(floor.world.server.turn_away())
        await asyncio.sleep(0.2)
        assert not draining.done()
        floor.planted.gate.set()
        answers, error = await end_of(call)
        await asyncio.wait_for(draining, SOON)
    assert len(answers) == 3
    assert error is not None
    assert error.reason == "UNAVAILABLE"


@pytest.mark.parametrize(("till", "reason"), [("full", "OVERLOADED"), ("crash", "INTERNAL")])
async def test_an_answer_that_fails_ends_the_stream_behind_all_others(
    till: str, reason: str, floor: Floor
) -> None:
    async with floor.stream() as call:
        await call.write(request(till=till))
        for _ in range(3):
            await call.write(request())
        await _until(lambda: floor.planted.begun == 4)
        floor.planted.gate.set()
        answers, error = await end_of(call)
    assert len(answers) == 3
    assert error is not None
    assert error.reason == reason


async def test_what_is_no_message_ends_the_stream_behind_what_was_read(floor: Floor) -> None:
    floor.planted.gate.set()
    async with floor.stream() as call:
        await call.write(request())
        await call.write(b"\xff\xff")
        answers, error = await end_of(call)
    assert len(answers) == 1
    assert error is not None
    assert error.reason == "MESSAGE_MALFORMED"


async def test_a_caller_who_leaves_stops_what_is_under_way(floor: Floor) -> None:
    async with floor.stream() as call:
        for _ in range(3):
            await call.write(request())
        await _until(lambda: floor.planted.begun == 3)
    await _until(lambda: floor.planted.stopped == 3)
    async with asyncio.timeout(SOON):
        await floor.world.server.turn_away()


async def test_a_caller_who_does_not_read_is_let_go_of(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "STALLED_SECONDS_MAX", 0.5)
    floor.planted.reply_characters = 300_000
    floor.planted.gate.set()
    async with floor.stream() as call:

        async def send() -> None:
            while True:
                await call.write(request())

        sending = asyncio.create_task(send())
        await _until(lambda: floor.planted.begun > UNANSWERED_MAX)
        await _until(lambda: floor.world.server._gate._inside == 0)
        begun = floor.planted.begun
        await asyncio.sleep(0.2)
        assert floor.planted.begun == begun
        sending.cancel()


async def _until(holds: Any) -> None:
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0.01)
