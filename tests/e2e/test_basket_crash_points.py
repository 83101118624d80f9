"""An order of a basket that dies on the way: the basket is emptied if it is sold, else kept."""

from __future__ import annotations

import asyncio

import pytest

from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from hutong.orders.v1 import baskets_pb2, orders_pb2, orders_service_pb2_grpc
from tests.e2e.conftest import IN_BOTH, StartDying, dies_in
from tests.support.baskets import checkout, freezing, getting, line, setting
from tests.support.shop import Shop
from tests.support.world import RETRY_SECONDS, answer

RECOVERY_SECONDS_MAX = 20.0
STUB = orders_service_pb2_grpc.OrdersServiceStub


async def frozen_basket(shop: Shop, *, balance: int) -> tuple[str, Caller, baskets_pb2.Basket]:
    """A product, a customer, and 3 of it in their basket, frozen at 100 fen; it costs 120 now."""
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=balance)
    kept = await shop.orders(who).SetBasketLines(setting(who, line(sku, 3)))
    frozen = await shop.orders(who).FreezeBasket(freezing(who, kept.version))
    await shop.price(sku, 120)
    return sku, who, frozen


@IN_BOTH
@pytest.mark.parametrize(
    "point", ["quoted", "intent_written", "stock_done", "money_done", "outcome_written"]
)
async def test_a_basket_whose_order_dies_on_the_way_is_sold_once_and_emptied(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku, who, basket = await frozen_basket(shop, balance=1_000)
    dying = await start_dying(point)
    request = checkout(who, basket)
    await dies_in(dying, dying.client(STUB, who).PlaceOrder(request))
    order = await answer(shop.orders(who), "PlaceOrder", request)
    assert order.state == orders_pb2.ORDER_STATE_PLACED
    emptied = await shop.orders(who).GetBasket(getting(who))
    assert not emptied.lines
    assert not emptied.notices
    again = await shop.orders(who).PlaceOrder(request)
    assert again.SerializeToString() == order.SerializeToString()
    assert await shop.stock(sku) == (10, 3)
    assert await shop.wallet(who) == (700, 300)


@pytest.mark.parametrize(
    "point", ["undoing_written", "money_voided", "stock_released", "outcome_written"]
)
async def test_a_basket_whose_refusal_dies_on_the_way_is_as_it_was(
    point: str, shop: Shop, start_dying: StartDying
) -> None:
    sku, who, basket = await frozen_basket(shop, balance=299)
    dying = await start_dying(point)
    request = checkout(who, basket)
    await dies_in(dying, dying.client(STUB, who).PlaceOrder(request))
    error = await answer(shop.orders(who), "PlaceOrder", request)
    assert isinstance(error, HutongError)
    assert error.reason == "WALLET_INSUFFICIENT"
    assert await shop.orders(who).GetBasket(getting(who)) == basket
    fewer = await shop.orders(who).SetBasketLines(setting(who, line(sku, 2)))
    order = await shop.orders(who).PlaceOrder(checkout(who, fewer))
    assert order.total.amount_minor == 240
    assert await shop.stock(sku) == (10, 2)


@IN_BOTH
async def test_a_process_that_wakes_up_late_empties_nothing_that_was_put_in_since(
    shop: Shop, start_dying: StartDying
) -> None:
    sku, who, basket = await frozen_basket(shop, balance=1_000)
    dying = await start_dying("money_done", "SIGSTOP")
    request = checkout(who, basket)
    paused = asyncio.ensure_future(dying.client(STUB, who).PlaceOrder(request))
    async with asyncio.timeout(RECOVERY_SECONDS_MAX):
        while (await shop.orders(who).GetBasket(getting(who))).lines:
            await asyncio.sleep(RETRY_SECONDS)
    assert not paused.done()
    kept = await shop.orders(who).SetBasketLines(setting(who, line(sku, 1)))
    dying.resume()
    with pytest.raises(HutongError) as caught:
        await paused
    assert caught.value.reason == "REQUEST_IN_FLIGHT"
    assert await shop.orders(who).GetBasket(getting(who)) == kept
    assert await shop.stock(sku) == (10, 3)
