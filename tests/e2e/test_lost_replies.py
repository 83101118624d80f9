"""The effect happened, the answer was lost: the client asks again and gets that answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.client import Peer
from chassis.testing.faults import FaultyProxy
from hutong.orders.v1 import orders_pb2, orders_service_pb2, orders_service_pb2_grpc
from tests.e2e.conftest import StartDying
from tests.support.shop import CASHIER, MANAGER, Shop, pickup, request_id, till_sale, wanted
from tests.support.world import Client, World, answer

EFFECT_SECONDS_MAX = 10.0
HELD_AFTER = {"inventory": 4, "payments": 400}
"""Pieces and fen that the first order and the step in question hold together."""


async def loses_the_reply(
    world: World, client: Client, proxy: FaultyProxy, method: str, request: Any
) -> None:
    """Sends a request whose effect happens and whose answer does not arrive."""
    before = await answered(world)
    proxy.loses_replies = True
    call = asyncio.ensure_future(getattr(client, method)(request))
    async with asyncio.timeout(EFFECT_SECONDS_MAX):
        while await answered(world) == before:
            await asyncio.sleep(0.02)
    assert not call.done()
    proxy.reset()
    proxy.loses_replies = False
    with pytest.raises(HutongError) as caught:
        await call
    assert not caught.value.is_answer


async def answered(world: World) -> int:
    """How many requests the orders service has answered."""
    async with world.database("orders").transaction() as tx:
        row = await tx.row("select count(*) as answers from verify.idempotency where answered")
    assert row is not None
    return int(row.answers)


def through(proxy: FaultyProxy, world: World, who: Any) -> tuple[Peer, Client]:
    token = world.token(who)
    peer = Peer(name="orders", address=f"127.0.0.1:{proxy.port}", token=lambda: token)
    return peer, Client(peer, orders_service_pb2_grpc.OrdersServiceStub(peer.channel))


async def test_a_sale_whose_reply_is_lost_is_sold_once_with_equal_bytes(
    world: World, shop: Shop
) -> None:
    sku = await shop.product(stock=10)
    async with FaultyProxy(_port(world)).running() as proxy:
        peer, client = through(proxy, world, CASHIER)
        await client.PlaceOrder(till_sale(wanted(sku, 1)))
        request = till_sale(wanted(sku, 2))
        await loses_the_reply(world, client, proxy, "PlaceOrder", request)
        first = await answer(client, "PlaceOrder", request)
        second = await shop.orders().PlaceOrder(request)
        await peer.close()
    assert first.SerializeToString() == second.SerializeToString()
    assert await shop.stock(sku) == (7, 0)


async def test_a_refusal_whose_reply_is_lost_stays_the_same_refusal(
    world: World, shop: Shop
) -> None:
    sku = await shop.product(stock=1)
    async with FaultyProxy(_port(world)).running() as proxy:
        peer, client = through(proxy, world, CASHIER)
        await client.PlaceOrder(till_sale(wanted(sku, 1)))
        request = till_sale(wanted(sku, 2))
        await loses_the_reply(world, client, proxy, "PlaceOrder", request)
        await shop.receive(sku, 10)
        refusal = await answer(client, "PlaceOrder", request)
        await peer.close()
    assert refusal.reason == "INSUFFICIENT_STOCK"
    assert refusal.facts["available"] == "0"
    assert await shop.stock(sku) == (10, 0)


async def test_a_cancellation_whose_reply_is_lost_refunds_once(world: World, shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    who = await shop.customer(balance=500)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 2)))
    request = orders_service_pb2.CancelOrderRequest(
        name=order.name, reason="changed my mind", request_id=request_id()
    )
    async with FaultyProxy(_port(world)).running() as proxy:
        peer, client = through(proxy, world, MANAGER)
        await client.GetOrder(orders_service_pb2.GetOrderRequest(name=order.name))
        await loses_the_reply(world, client, proxy, "CancelOrder", request)
        cancelled = await answer(client, "CancelOrder", request)
        await peer.close()
    assert cancelled.state == orders_pb2.ORDER_STATE_CANCELLED
    assert await shop.wallet(who) == (500, 0)
    assert await shop.stock(sku) == (5, 0)


@pytest.mark.parametrize("topology", ["cluster"])
@pytest.mark.parametrize("service", ["inventory", "payments"])
async def test_a_step_whose_reply_is_lost_between_two_processes_is_done_once(
    service: str, world: World, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    request = pickup(who, wanted(sku, 3))
    async with FaultyProxy(_port(world)).running() as proxy:
        behind = {service: f"127.0.0.1:{proxy.port}"}
        orders = await start_dying("never", **behind)
        client = orders.client(orders_service_pb2_grpc.OrdersServiceStub, who)
        await client.PlaceOrder(pickup(who, wanted(sku, 1)))
        proxy.loses_replies = True
        placing = asyncio.ensure_future(client.PlaceOrder(request))
        async with asyncio.timeout(EFFECT_SECONDS_MAX):
            while await _held(shop, service, sku, who) != HELD_AFTER[service]:
                await asyncio.sleep(0.02)
        proxy.reset()
        with pytest.raises(HutongError) as caught:
            await placing
        assert not caught.value.is_answer
        proxy.loses_replies = False
        order = await answer(client, "PlaceOrder", request)
    assert order.state == orders_pb2.ORDER_STATE_PLACED
    assert await shop.stock(sku) == (10, 4)
    assert await shop.wallet(who) == (600, 400)


async def _held(shop: Shop, service: str, sku: str, who: Caller) -> int:
    held = await (shop.stock(sku) if service == "inventory" else shop.wallet(who))
    return held[1]


def _port(world: World) -> int:
    return int(world.address.rpartition(":")[2])
