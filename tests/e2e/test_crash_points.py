"""Every row of decision 0001's table: the process is killed there, and the order still ends once.

A second platform over the same databases plays the replica, or the restart, that recovers. What
leaves work behind in other services dies in both topologies; packing does not, and deliveries and
packed orders go through the same steps as pickups.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chassis.kernel.errors import HutongError
from hutong.orders.v1 import orders_pb2, orders_service_pb2, orders_service_pb2_grpc
from tests.e2e.conftest import IN_BOTH, StartDying, dies_in
from tests.support.shop import (
    CASHIER,
    MANAGER,
    OPERATOR,
    Shop,
    delivery,
    pickup,
    recorded_sale,
    request_id,
    till_sale,
    wanted,
)
from tests.support.uploading import Till, sold
from tests.support.world import RETRY_SECONDS, World, answer

RECOVERY_SECONDS_MAX = 20.0
STUB = orders_service_pb2_grpc.OrdersServiceStub


@IN_BOTH
@pytest.mark.parametrize(
    "point", ["quoted", "intent_written", "stock_done", "money_done", "outcome_written"]
)
async def test_a_till_sale_that_dies_on_the_way_is_sold_once(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    dying = await start_dying(point)
    request = till_sale(wanted(sku, 3))
    await dies_in(dying, dying.client(STUB, CASHIER).PlaceOrder(request))
    order = await answer(shop.orders(), "PlaceOrder", request)
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    again = await shop.orders().PlaceOrder(request)
    assert again.SerializeToString() == order.SerializeToString()
    assert await shop.stock(sku) == (7, 0)


@pytest.mark.parametrize("point", ["intent_written", "stock_done", "money_done"])
async def test_a_recorded_sale_that_dies_on_the_way_keeps_what_was_charged(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    dying = await start_dying(point)
    request = till_sale(wanted(sku, 3), recorded_sale=recorded_sale((sku, 299)))
    await dies_in(dying, dying.client(STUB, MANAGER).PlaceOrder(request))
    order = await answer(shop.orders(MANAGER), "PlaceOrder", request)
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    assert order.total.amount_minor == 299
    assert order.recorded_sale.quoted_total.amount_minor == 300
    assert await shop.stock(sku) == (7, 0)


@IN_BOTH
@pytest.mark.parametrize(
    "point", ["quoted", "intent_written", "stock_done", "money_done", "outcome_written"]
)
async def test_uploaded_sales_whose_recording_dies_are_recorded_once(
    point: str, shop: Shop, world: World, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    dying = await start_dying(point)
    till = Till(dying.address, lambda: dying.issuer.token(CASHIER, seconds=3600))
    sales = [sold(sku, 3, 299) for _ in range(5)]
    till.sell(sales)
    await dies_in(dying, till.upload())
    till.address, till.token = world.address, lambda: world.token(MANAGER)
    await till.upload_until_all_is_told()
    assert [till.reason_of(sale) for sale in sales] == [""] * 5
    assert len({till.acknowledged[sale.request_id][-1].order for sale in sales}) == 5
    assert await shop.stock(sku) == (0, 0)


@IN_BOTH
@pytest.mark.parametrize(
    "point", ["quoted", "intent_written", "stock_done", "money_done", "outcome_written"]
)
async def test_a_pickup_that_dies_on_the_way_is_placed_once(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    dying = await start_dying(point)
    request = pickup(who, wanted(sku, 3))
    await dies_in(dying, dying.client(STUB, who).PlaceOrder(request))
    order = await answer(shop.orders(who), "PlaceOrder", request)
    assert order.state == orders_pb2.ORDER_STATE_PLACED
    assert await shop.stock(sku) == (10, 3)
    assert await shop.wallet(who) == (700, 300)


@pytest.mark.parametrize(
    "point", ["quoted", "intent_written", "stock_done", "money_done", "outcome_written"]
)
async def test_a_delivery_that_dies_on_the_way_is_placed_once(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    dying = await start_dying(point)
    request = delivery(who, wanted(sku, 3))
    await dies_in(dying, dying.client(STUB, who).PlaceOrder(request))
    order = await answer(shop.orders(who), "PlaceOrder", request)
    assert (order.state, order.delivery) == (orders_pb2.ORDER_STATE_PLACED, request.delivery)
    again = await shop.orders(who).PlaceOrder(request)
    assert again.SerializeToString() == order.SerializeToString()
    assert await shop.stock(sku) == (10, 3)
    assert await shop.wallet(who) == (700, 300)


async def test_packing_that_dies_before_its_answer_is_done_once(
    shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 3)))
    dying = await start_dying("ready_written")
    request = orders_service_pb2.MarkOrderReadyRequest(name=order.name, request_id=request_id())
    await dies_in(dying, dying.client(STUB, CASHIER).MarkOrderReady(request))
    ready = await answer(shop.orders(), "MarkOrderReady", request)
    assert (ready.state, ready.version) == (orders_pb2.ORDER_STATE_READY, order.version + 1)
    assert ready.delivery == order.delivery
    assert await shop.stock(sku) == (10, 3)
    assert await shop.wallet(who) == (700, 300)


@IN_BOTH
@pytest.mark.parametrize(
    "point", ["undoing_written", "money_voided", "stock_released", "outcome_written"]
)
async def test_an_order_that_dies_while_it_is_undone_is_refused_without_a_trace(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=299)
    dying = await start_dying(point)
    request = pickup(who, wanted(sku, 3))
    await dies_in(dying, dying.client(STUB, who).PlaceOrder(request))
    error = await answer(shop.orders(who), "PlaceOrder", request)
    assert isinstance(error, HutongError)
    assert error.reason == "WALLET_INSUFFICIENT"
    assert await shop.stock(sku) == (10, 0)
    assert await shop.wallet(who) == (299, 0)


@IN_BOTH
@pytest.mark.parametrize(
    "point", ["cancelling_written", "money_voided", "stock_released", "outcome_written"]
)
async def test_a_cancellation_that_dies_on_the_way_gives_all_back_once(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 3)))
    dying = await start_dying(point)
    request = orders_service_pb2.CancelOrderRequest(
        name=order.name, reason="changed my mind", request_id=request_id()
    )
    await dies_in(dying, dying.client(STUB, who).CancelOrder(request))
    cancelled = await answer(shop.orders(who), "CancelOrder", request)
    assert cancelled.state == orders_pb2.ORDER_STATE_CANCELLED
    assert await shop.stock(sku) == (10, 0)
    assert await shop.wallet(who) == (1_000, 0)


@IN_BOTH
@pytest.mark.parametrize(
    "point", ["completing_written", "stock_committed", "money_captured", "outcome_written"]
)
async def test_a_hand_over_that_dies_on_the_way_completes_once(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 3)))
    dying = await start_dying(point)
    request = orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())
    await dies_in(dying, dying.client(STUB, CASHIER).HandOverOrder(request))
    completed = await answer(shop.orders(), "HandOverOrder", request)
    assert completed.state == orders_pb2.ORDER_STATE_COMPLETED
    assert await shop.stock(sku) == (7, 0)
    assert await shop.wallet(who) == (700, 0)


@pytest.mark.parametrize(
    "point", ["completing_written", "stock_committed", "money_captured", "outcome_written"]
)
async def test_a_packed_order_whose_hand_over_dies_on_the_way_completes_once(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 3)))
    await _packed(shop, order)
    dying = await start_dying(point)
    request = orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())
    await dies_in(dying, dying.client(STUB, CASHIER).HandOverOrder(request))
    completed = await answer(shop.orders(), "HandOverOrder", request)
    assert completed.state == orders_pb2.ORDER_STATE_COMPLETED
    assert completed.delivery == order.delivery
    assert await shop.stock(sku) == (7, 0)
    assert await shop.wallet(who) == (700, 0)


@pytest.mark.parametrize(
    "point", ["cancelling_written", "money_voided", "stock_released", "outcome_written"]
)
async def test_a_packed_order_whose_cancellation_dies_on_the_way_gives_all_back_once(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 3)))
    await _packed(shop, order)
    dying = await start_dying(point)
    request = orders_service_pb2.CancelOrderRequest(
        name=order.name, reason="no courier", request_id=request_id()
    )
    await dies_in(dying, dying.client(STUB, OPERATOR).CancelOrder(request))
    cancelled = await answer(shop.orders(OPERATOR), "CancelOrder", request)
    assert cancelled.state == orders_pb2.ORDER_STATE_CANCELLED
    assert not cancelled.HasField("delivery")
    assert await shop.stock(sku) == (10, 0)
    assert await shop.wallet(who) == (1_000, 0)


@IN_BOTH
@pytest.mark.parametrize("point", ["intent_written", "stock_done", "money_done"])
async def test_a_process_that_wakes_up_after_its_lease_changes_nothing(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku = await shop.product(stock=10, price=100)
    dying = await start_dying(point, "SIGSTOP")
    request = till_sale(wanted(sku, 3))
    paused = asyncio.ensure_future(dying.client(STUB, CASHIER).PlaceOrder(request))
    await _recovered(shop, request, paused)
    order = await answer(shop.orders(), "PlaceOrder", request)
    dying.resume()
    with pytest.raises(HutongError) as caught:
        await paused
    assert caught.value.reason == "REQUEST_IN_FLIGHT"
    again = await answer(dying.client(STUB, CASHIER), "PlaceOrder", request)
    assert again.SerializeToString() == order.SerializeToString()
    assert await shop.stock(sku) == (7, 0)


async def _packed(shop: Shop, order: orders_pb2.Order) -> None:
    await shop.orders().MarkOrderReady(
        orders_service_pb2.MarkOrderReadyRequest(name=order.name, request_id=request_id())
    )


async def _recovered(shop: Shop, request: Any, paused: asyncio.Future[Any]) -> None:
    """Waits until the healthy platform has the order that the paused one began."""
    async with asyncio.timeout(RECOVERY_SECONDS_MAX):
        while True:
            listed = await shop.orders().ListOrders(
                orders_service_pb2.ListOrdersRequest(parent=request.parent, page_size=1)
            )
            mine = [order for order in listed.orders if order.lines[0].product in str(request)]
            if mine and mine[0].state == orders_pb2.ORDER_STATE_COMPLETED:
                assert not paused.done()
                return
            await asyncio.sleep(RETRY_SECONDS)
