"""Following an order as it moves, through a real stream."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from allinone.topology import BLUEPRINTS
from chassis.kernel.errors import ErrorKind
from chassis.messaging import feed
from chassis.rpc.auth import Caller
from chassis.rpc.status import from_rpc_error
from hutong.orders.v1 import orders_pb2, orders_service_pb2, orders_service_pb2_grpc
from tests.support.shop import OPERATOR, Shop, customer, delivery, pickup, request_id, wanted
from tests.support.world import World, Worlds

NEWS_SECONDS_MAX = 10.0


@pytest.fixture(scope="module", autouse=True)
async def workers(world: World) -> None:
    world.start_workers()


class Watching:
    """One caller's stream of one order."""

    def __init__(self, world: World, who: Caller, name: str, *, after_version: int = 0) -> None:
        self._channel = grpc.aio.insecure_channel(world.address)
        stub: Any = orders_service_pb2_grpc.OrdersServiceStub(self._channel)
        self._call = stub.WatchOrder(
            orders_service_pb2.WatchOrderRequest(name=name, after_version=after_version),
            metadata=(("authorization", f"Bearer {world.token(who)}"),),
        )

    async def next(self) -> orders_pb2.Order | None:
        """The next order told; None when the stream has ended."""
        async with asyncio.timeout(NEWS_SECONDS_MAX):
            message = await self._call.read()
        return message if isinstance(message, orders_pb2.Order) else None

    async def close(self) -> None:
        self._call.cancel()
        await self._channel.close()


@pytest.fixture
async def placed(shop: Shop) -> tuple[Caller, orders_pb2.Order]:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    return who, await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))


async def cancel(shop: Shop, who: Caller, order: orders_pb2.Order) -> orders_pb2.Order:
    cancelled: orders_pb2.Order = await shop.orders(who).CancelOrder(
        orders_service_pb2.CancelOrderRequest(name=order.name, reason="no", request_id=request_id())
    )
    return cancelled


async def test_a_watcher_is_told_what_is_and_then_what_changes(
    world: World, shop: Shop, placed: tuple[Caller, orders_pb2.Order]
) -> None:
    who, order = placed
    watching = Watching(world, who, order.name)
    assert await watching.next() == order
    cancelled = await cancel(shop, who, order)
    assert await watching.next() == cancelled
    assert await watching.next() is None
    await watching.close()


async def test_a_watcher_is_told_that_it_is_packed_and_only_insiders_where_it_goes(
    world: World, shop: Shop
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1)))
    inside = Watching(world, who, order.name)
    outside = Watching(world, OPERATOR, order.name)
    assert await inside.next() == order
    ready = await shop.orders().MarkOrderReady(
        orders_service_pb2.MarkOrderReadyRequest(name=order.name, request_id=request_id())
    )
    assert ready.state == orders_pb2.ORDER_STATE_READY
    assert await inside.next() == ready
    for _ in range(2):
        told = await outside.next()
        assert told is not None
        assert not told.HasField("delivery")
    await inside.close()
    await outside.close()


async def test_a_stream_resumes_after_what_was_seen(
    world: World, shop: Shop, placed: tuple[Caller, orders_pb2.Order]
) -> None:
    who, order = placed
    watching = Watching(world, who, order.name, after_version=order.version)
    done = await shop.orders().HandOverOrder(
        orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())
    )
    assert await watching.next() == done
    await watching.close()


async def test_a_watcher_is_told_even_when_no_event_wakes_it(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_AGAIN_SECONDS", 0.2)
    quiet = await worlds.start(BLUEPRINTS)
    shop = Shop(quiet.client)
    await shop.open()
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    watching = Watching(quiet, who, order.name, after_version=order.version)
    cancelled = await cancel(shop, who, order)
    assert await watching.next() == cancelled
    await watching.close()
    await quiet.close()


async def test_a_stranger_learns_nothing(
    world: World, placed: tuple[Caller, orders_pb2.Order]
) -> None:
    _, order = placed
    watching = Watching(world, customer(777_777), order.name)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await watching.next()
    error = from_rpc_error(caught.value, part="orders")
    assert (error.kind, error.reason) == (ErrorKind.NOT_FOUND, "RESOURCE_NOT_FOUND")
    await watching.close()


async def test_a_draining_process_sends_its_watchers_elsewhere(worlds: Worlds) -> None:
    draining = await worlds.start(BLUEPRINTS)
    shop = Shop(draining.client)
    await shop.open()
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    watching = Watching(draining, who, order.name)
    assert await watching.next() == order
    await draining.server.turn_away()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await watching.next()
    assert from_rpc_error(caught.value, part="orders").kind is ErrorKind.UNAVAILABLE
    await watching.close()
    await draining.close()
