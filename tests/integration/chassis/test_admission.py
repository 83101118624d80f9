"""A server with more to do than it can: who gets in, and who is told at once to come back.

The planted servicer holds what it is asked until its gate opens, so a server is full for as long as
a test wants.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.app import Blueprint, Deps, Service
from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.batch import answer_batch
from chassis.rpc.call import Call
from chassis.rpc.installed import Engine
from chassis.rpc.server import Servicer
from chassis.rpc.status import STATUS_DETAILS_KEY, from_rpc_error, from_status
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2_grpc
from hutong.catalog.v1 import catalog_service_pb2 as rpc
from services.catalog.main import BLUEPRINT as CATALOG
from tests.integration.chassis.planted import ENGINES
from tests.support.shop import STORE, wanted
from tests.support.world import World, Worlds, call_context_for, caller

SERVICE = "hutong.catalog.v1.CatalogService"
CALLS_MAX = 20
BROWSING_MAX, WORK_MAX = 14, 17
SOON = 20.0

CUSTOMER = caller(role="customer", customer="customers/c1")
OPERATOR = caller(role="platform")
OURSELVES = caller(role="service", principal="services/orders")

LOOK = rpc.GetProductRequest(name="products/tea")
SCAN = rpc.QuoteBasketRequest(parent=STORE, lines=[wanted("tea", 1)])


@dataclass(slots=True)
class Planted(catalog_service_pb2_grpc.CatalogServiceServicer):
    """Answers when the gate is open; counts who is inside."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0

    async def GetProduct(self, request: rpc.GetProductRequest, call: Call) -> catalog_pb2.Product:
        await self._wait()
        return catalog_pb2.Product(name=request.name)

    async def QuoteBasket(self, request: rpc.QuoteBasketRequest, call: Call) -> Any:
        await self._wait()
        return catalog_pb2.BasketQuote(store=request.parent)

    async def BatchQuoteBaskets(
        self, request: rpc.BatchQuoteBasketsRequest, call: Call
    ) -> rpc.BatchQuoteBasketsResponse:
        return await answer_batch(
            request,
            call,
            rpc.BatchQuoteBasketsResponse(),
            command=lambda item, _: item.parent,
            run=self._all,
            field="quote",
            convert=lambda store: catalog_pb2.BasketQuote(store=store),
        )

    async def _all(self, stores: Sequence[str]) -> list[str | HutongError]:
        await self._wait(len(stores))
        return list(stores)

    async def _wait(self, many: int = 1) -> None:
        self.inside += many
        try:
            await self.gate.wait()
        finally:
            self.inside -= many


@dataclass(slots=True)
class Floor:
    """The planted servicer behind a server with few places."""

    world: World
    planted: Planted
    channel: Any

    async def ask(
        self, method: str, request: Any, who: Caller = CUSTOMER, *, seconds: float = 60.0
    ) -> bytes:
        headers = (("authorization", f"Bearer {self.world.token(who)}"),)
        call = self.channel.unary_unary(f"/{SERVICE}/{method}")
        try:
            reply: bytes = await call(
                request.SerializeToString(), metadata=headers, timeout=seconds
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, part="the floor") from error
        return reply

    async def fill(self, method: str, request: Any, places: int) -> list[asyncio.Task[bytes]]:
        """Takes so many places."""
        wanted_inside = self.planted.inside + places
        calls = [asyncio.create_task(self.ask(method, request)) for _ in range(places)]
        await _until(lambda: self.planted.inside == wanted_inside)
        return calls


@pytest.fixture(params=ENGINES)
async def floor(worlds: Worlds, request: pytest.FixtureRequest) -> AsyncIterator[Floor]:
    planted = Planted()
    engine: Engine = request.param

    def build(_: Deps) -> Service:
        add = catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server
        return Service(name="floor", servicers=[Servicer(planted, add, SERVICE)])

    blueprint = Blueprint("floor", build, CATALOG.metadata, CATALOG.migrations)
    world = await worlds.start([blueprint], engine=engine, calls_at_once_max=CALLS_MAX)
    channel = grpc.aio.insecure_channel(world.address)
    yield Floor(world, planted, channel)
    planted.gate.set()
    await channel.close()
    await world.close()


async def refused(work: Any) -> HutongError:
    with pytest.raises(HutongError) as caught:
        await work
    return caught.value


async def test_those_who_look_leave_places_for_those_who_pay(floor: Floor) -> None:
    lookers = await floor.fill("GetProduct", LOOK, BROWSING_MAX)
    turned_away = await refused(floor.ask("GetProduct", LOOK))
    assert (turned_away.kind, turned_away.reason) == (ErrorKind.RESOURCE_EXHAUSTED, "OVERLOADED")
    payers = await floor.fill("QuoteBasket", SCAN, CALLS_MAX - BROWSING_MAX)
    assert (await refused(floor.ask("QuoteBasket", SCAN))).reason == "OVERLOADED"
    floor.planted.gate.set()
    assert len(await asyncio.gather(*lookers, *payers)) == CALLS_MAX
    await floor.ask("GetProduct", LOOK)


async def test_a_refusal_says_when_to_come_back(floor: Floor) -> None:
    await floor.fill("QuoteBasket", SCAN, CALLS_MAX)
    error = await refused(floor.ask("QuoteBasket", SCAN))
    cause = error.__cause__
    assert isinstance(cause, grpc.aio.AioRpcError)
    data: Any = dict(cause.trailing_metadata() or ())[STATUS_DETAILS_KEY]
    retry = error_details_pb2.RetryInfo()
    details = status_pb2.Status.FromString(data).details
    assert any(detail.Unpack(retry) for detail in details)
    assert retry.retry_delay.ToTimedelta().total_seconds() > 0


async def test_who_is_refused_costs_no_look_at_token_or_request(floor: Floor) -> None:
    await floor.fill("QuoteBasket", SCAN, CALLS_MAX)
    call = floor.channel.unary_unary(f"/{SERVICE}/QuoteBasket")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(b"\xff\xff", timeout=SOON)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_many_refusals_come_while_the_places_stay_taken(floor: Floor) -> None:
    inside = await floor.fill("QuoteBasket", SCAN, CALLS_MAX)
    errors = await asyncio.gather(*(refused(floor.ask("QuoteBasket", SCAN)) for _ in range(500)))
    assert {error.reason for error in errors} == {"OVERLOADED"}
    assert not any(call.done() for call in inside)
    assert floor.planted.inside == CALLS_MAX


async def test_a_caller_who_leaves_frees_a_place(floor: Floor) -> None:
    inside = await floor.fill("QuoteBasket", SCAN, CALLS_MAX)
    inside[0].cancel()
    await _until(lambda: floor.planted.inside == CALLS_MAX - 1)
    another = await floor.fill("QuoteBasket", SCAN, 1)
    floor.planted.gate.set()
    await asyncio.gather(*another, *inside[1:])


async def test_health_and_reflection_are_answered_while_it_is_full(floor: Floor) -> None:
    await floor.fill("QuoteBasket", SCAN, CALLS_MAX)
    stub: Any = health_pb2_grpc.HealthStub(floor.channel)
    reply = await stub.Check(health_pb2.HealthCheckRequest(), timeout=SOON)
    assert reply.status == health_pb2.HealthCheckResponse.SERVING


async def test_items_of_callers_outside_take_places_each(floor: Floor) -> None:
    batch = rpc.BatchQuoteBasketsRequest()
    for _ in range(CALLS_MAX + 5):
        batch.items.add(context=call_context_for(CUSTOMER), request=SCAN)
    asked = asyncio.create_task(floor.ask("BatchQuoteBaskets", batch, OURSELVES))
    await _until(lambda: floor.planted.inside == CALLS_MAX)
    assert (await refused(floor.ask("QuoteBasket", SCAN))).reason == "OVERLOADED"
    floor.planted.gate.set()
    results = rpc.BatchQuoteBasketsResponse.FromString(await asked).results
    reasons = [from_status(one.error).reason if one.HasField("error") else "" for one in results]
    assert reasons == [""] * CALLS_MAX + ["OVERLOADED"] * 5
    await floor.ask("QuoteBasket", SCAN)


async def test_work_of_our_own_services_is_not_refused(floor: Floor) -> None:
    await floor.fill("QuoteBasket", SCAN, CALLS_MAX)
    batch = rpc.BatchQuoteBasketsRequest()
    for _ in range(100):
        batch.items.add(context=call_context_for(OURSELVES), request=SCAN)
    asked = asyncio.create_task(floor.ask("BatchQuoteBaskets", batch, OURSELVES))
    await _until(lambda: floor.planted.inside == CALLS_MAX + 100)
    floor.planted.gate.set()
    results = rpc.BatchQuoteBasketsResponse.FromString(await asked).results
    assert not any(one.HasField("error") for one in results)


async def test_an_item_whose_time_is_over_is_not_worked_on(floor: Floor) -> None:
    batch = rpc.BatchQuoteBasketsRequest()
    batch.items.add(context=call_context_for(CUSTOMER, seconds=-1), request=SCAN)
    reply = await floor.ask("BatchQuoteBaskets", batch, OURSELVES)
    (result,) = rpc.BatchQuoteBasketsResponse.FromString(reply).results
    assert from_status(result.error).reason == "DEADLINE_EXCEEDED"


async def test_callers_whose_time_is_over_leave_nothing_behind(floor: Floor) -> None:
    answers = await asyncio.gather(
        *(floor.ask("QuoteBasket", SCAN, seconds=0.001) for _ in range(200)),
        return_exceptions=True,
    )
    assert all(isinstance(answer, HutongError) for answer in answers)
    await _until(lambda: floor.planted.inside == 0)
    await floor.fill("QuoteBasket", SCAN, CALLS_MAX)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not holds():
            await asyncio.sleep(0.01)
