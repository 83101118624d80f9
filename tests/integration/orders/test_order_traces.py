"""What an order makes happen in other services is told as part of the order's trace."""

from __future__ import annotations

import asyncio
import secrets

from chassis import tracing
from hutong.orders.v1 import orders_service_pb2
from tests.support.shop import Shop, request_id, till_sale, wanted
from tests.support.world import World

ORDERS = 20


async def _traces(world: World, service: str, order: str) -> set[str]:
    """The traces of a service's events that tell of an order."""
    async with world.database(service).transaction() as tx:
        rows = await tx.rows(
            "select traceparent from outbox where position(convert_to($1, 'utf8') in data) > 0",
            order.rpartition("/")[2],
        )
    return {row.traceparent.split("-")[1] for row in rows}


async def test_orders_that_share_batches_keep_their_own_traces(world: World, shop: Shop) -> None:
    sku = await shop.product(stock=1_000, price=100)

    async def sell() -> tuple[str, str]:
        trace = tracing.Trace(secrets.randbits(128), secrets.randbits(64), is_sampled=False)
        with tracing.serving("the till", trace.traceparent):
            order = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
        return order.name, trace.id

    placed = await asyncio.gather(*(sell() for _ in range(ORDERS)))
    assert len({trace for _, trace in placed}) == ORDERS
    for order, trace in placed:
        for service in ("orders", "inventory", "payments"):
            assert await _traces(world, service, order) == {trace}

    order, trace = placed[0]
    await shop.orders().CancelOrder(
        orders_service_pb2.CancelOrderRequest(
            name=order, reason="brought back", request_id=request_id()
        )
    )
    for service in ("orders", "inventory", "payments"):
        assert await _traces(world, service, order) == {trace}
