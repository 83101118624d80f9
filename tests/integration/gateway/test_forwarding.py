"""gRPC through the gateway: what callers get is what the service answers, and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from chassis.kernel.errors import HutongError, ResourceNotFound
from chassis.rpc.client import Peer
from chassis.rpc.status import STATUS_DETAILS_KEY
from gateway.forwarding import Forwarding
from gateway.upstream import Upstream
from hutong.orders.v1 import orders_pb2, orders_service_pb2_grpc
from tests.support.command import free_port
from tests.support.shop import CASHIER, Shop, till_sale, wanted
from tests.support.slow_service import SlowService
from tests.support.streaming_service import StreamingService
from tests.support.uploading import Till, sold
from tests.support.web import Web
from tests.support.world import Client

ORDERS = "hutong.orders.v1.OrdersService"
WATCH = f"/{ORDERS}/WatchOrder"
GET = f"/{ORDERS}/GetOrder"


class Forwarded:
    """A gateway's gRPC port and a connection to it."""

    def __init__(self, forwarding: Forwarding, address: str) -> None:
        self.forwarding = forwarding
        self.address = address
        self.channel: Any = grpc.aio.insecure_channel(address)

    def unary(self, path: str, **how: Any) -> Any:
        return self.channel.unary_unary(path)(b"", **how)

    def stream(self, path: str, **how: Any) -> Any:
        return self.channel.unary_stream(path)(b"", **how)

    async def health(self, service: str) -> int:
        stub: Any = health_pb2_grpc.HealthStub(self.channel)
        reply = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        return int(reply.status)


@asynccontextmanager
async def forwarding_to(*services: str, address: str) -> AsyncIterator[Forwarded]:
    upstream = Upstream(dict.fromkeys(services, address))
    forwarding, port = Forwarding(upstream), free_port()
    await forwarding.start(f"127.0.0.1:{port}")
    forwarded = Forwarded(forwarding, f"127.0.0.1:{port}")
    yield forwarded
    await forwarded.channel.close()
    await forwarding.stop()
    await upstream.close()


@pytest.fixture
async def real(web: Web) -> AsyncIterator[Forwarded]:
    async with forwarding_to(*web.world.services_served, address=web.world.address) as forwarded:
        yield forwarded


@pytest.fixture
async def slow() -> AsyncIterator[tuple[SlowService, Forwarded]]:
    service = SlowService(ORDERS)
    await service.start()
    async with forwarding_to(ORDERS, address=service.address) as forwarded:
        yield service, forwarded
    await service.stop()


@pytest.fixture
async def streaming() -> AsyncIterator[tuple[StreamingService, Forwarded]]:
    service = StreamingService()
    await service.start()
    async with forwarding_to(ORDERS, address=service.address) as forwarded:
        yield service, forwarded
    await service.stop()


def status_in(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    details = dict(error.trailing_metadata() or ())[STATUS_DETAILS_KEY]
    assert isinstance(details, bytes)
    return status_pb2.Status.FromString(details)


async def test_replies_and_refusals_are_those_of_the_service(
    web: Web, shop: Shop, real: Forwarded
) -> None:
    token = web.world.token(CASHIER)
    peer = Peer(name="gateway", address=real.address, token=lambda: token)
    through = Client(peer, orders_service_pb2_grpc.OrdersServiceStub(peer.channel))
    sku = await shop.product(stock=5)
    request = till_sale(wanted(sku, 2))
    order = await through.PlaceOrder(request)
    assert order == await shop.orders().PlaceOrder(request)
    assert await shop.stock(sku) == (3, 0)
    with pytest.raises(HutongError) as caught:
        await through.PlaceOrder(till_sale(wanted(sku, 4)))
    assert (caught.value.reason, caught.value.facts["available"]) == ("INSUFFICIENT_STOCK", "3")
    with pytest.raises(HutongError) as invalid:
        await through.PlaceOrder(till_sale(wanted(sku, 0)))
    assert invalid.value.reason == "INVALID_INPUT"
    await peer.close()


async def test_a_token_that_is_no_good_is_refused_by_the_service(real: Forwarded) -> None:
    for metadata in ((), (("authorization", "Bearer x"),)):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await real.unary(GET, metadata=metadata)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert status_in(caught.value).details


async def test_what_no_contract_has_is_unimplemented(real: Forwarded) -> None:
    for path in (f"/{ORDERS}/Nothing", "/hutong.nothing.v1.NothingService/Get"):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await real.unary(path)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_reflection_tells_every_service(web: Web, real: Forwarded) -> None:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(real.channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    told = [reply async for reply in stub.ServerReflectionInfo(iter([asked]))]
    names = {service.name for service in told[0].list_services_response.service}
    assert names >= set(web.world.services_served)


async def test_a_deadline_is_handed_on_and_a_caller_who_leaves_ends_the_call(
    slow: tuple[SlowService, Forwarded],
) -> None:
    service, forwarded = slow
    late = forwarded.unary(GET, timeout=0.5)
    await service.until_waiting(1)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await late
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await service.until_waiting(0)
    left = asyncio.ensure_future(_answered(forwarded))
    await service.until_waiting(1)
    left.cancel()
    await service.until_waiting(0)


async def test_a_service_that_is_gone_is_unavailable_in_our_own_words(
    slow: tuple[SlowService, Forwarded],
) -> None:
    service, forwarded = slow
    await service.stop()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await forwarded.unary(GET, timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "127.0.0.1" not in (caught.value.details() or "")
    assert status_in(caught.value).details


async def test_a_stream_is_told_as_it_comes_and_ends_with_its_status(
    streaming: tuple[StreamingService, Forwarded],
) -> None:
    service, forwarded = streaming

    async def two_then_refused(_: bytes) -> AsyncIterator[bytes]:
        yield orders_pb2.Order(version=1).SerializeToString()
        yield b""
        raise ResourceNotFound(resource="the order")

    service.script = two_then_refused
    call = forwarded.stream(WATCH)
    told = [await call.read(), await call.read()]
    assert told == [orders_pb2.Order(version=1).SerializeToString(), b""]
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert status_in(caught.value).details


async def test_a_reader_who_leaves_ends_the_stream(
    streaming: tuple[StreamingService, Forwarded],
) -> None:
    service, forwarded = streaming
    call = forwarded.stream(WATCH)
    await service.until_open(1)
    call.cancel()
    await service.until_open(0)


async def test_a_gateway_that_drains_answers_what_is_in_flight_and_cuts_streams(
    streaming: tuple[StreamingService, Forwarded],
) -> None:
    service, forwarded = streaming
    assert await forwarded.health(ORDERS) == health_pb2.HealthCheckResponse.NOT_SERVING
    await forwarded.forwarding.set_serving(ORDERS, is_serving=True)
    assert await forwarded.health(ORDERS) == health_pb2.HealthCheckResponse.SERVING
    call = forwarded.stream(WATCH)
    await service.until_open(1)
    await forwarded.forwarding.turn_away()
    with pytest.raises(grpc.aio.AioRpcError) as cut:
        await call.read()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await forwarded.unary(GET)
    assert {cut.value.code(), refused.value.code()} == {grpc.StatusCode.UNAVAILABLE}
    assert await forwarded.health(ORDERS) == health_pb2.HealthCheckResponse.NOT_SERVING
    await service.until_open(0)


async def _answered(forwarded: Forwarded) -> None:
    await forwarded.unary(GET)


async def test_sales_are_uploaded_through_it(web: Web, shop: Shop, real: Forwarded) -> None:
    sku = await shop.product(stock=500)
    till = Till(real.address, lambda: web.world.token(CASHIER))
    till.sell(sold(sku, 1, 100) for _ in range(300))
    foreign = sold(sku, 1, 100, parent="stores/sh09")
    till.sell([foreign])
    await till.upload()
    assert len(till.acknowledged) == 301
    assert till.reason_of(foreign) == "RESOURCE_NOT_FOUND"
    assert await shop.stock(sku) == (200, 0)


async def test_when_it_drains_what_was_passed_on_is_acknowledged(
    web: Web, shop: Shop, real: Forwarded
) -> None:
    sku = await shop.product(stock=500)
    till = Till(real.address, lambda: web.world.token(CASHIER))
    till.sell(sold(sku, 1, 100) for _ in range(20))
    draining: list[asyncio.Task[None]] = []

    def drain(_: object) -> None:
        if len(till.acknowledged) == 20:
            draining.append(asyncio.create_task(real.forwarding.turn_away()))

    with pytest.raises(HutongError) as caught:
        await till.upload(told=drain, ends=False)
    assert caught.value.reason == "UNAVAILABLE"
    await draining[0]
    assert (len(till.acknowledged), await shop.stock(sku)) == (20, (480, 0))


async def test_a_stream_that_the_service_refuses_is_refused(web: Web, real: Forwarded) -> None:
    till = Till(real.address, lambda: "no token")
    with pytest.raises(HutongError) as caught:
        await till.upload()
    assert caught.value.reason == "TOKEN_INVALID"
