"""Orders that are placed with a basket: at the shown prices or not at all, and once."""

from __future__ import annotations

import asyncio

from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from hutong.orders.v1 import baskets_pb2, orders_pb2, orders_service_pb2
from tests.support.baskets import (
    accepting,
    checkout,
    clearing,
    freezing,
    getting,
    line,
    setting,
)
from tests.support.refusals import refused
from tests.support.shop import STORE, Shop, pickup, till_sale, wanted, yuan
from tests.support.world import World, answer, call_context_for, caller

ELSEWHERE = "stores/sh02"


async def filled(
    shop: Shop, *, price: int = 250, quantity: int = 2, stock: int = 10, balance: int = 10_000
) -> tuple[str, Caller, baskets_pb2.Basket]:
    """A product, a customer, and their basket with some of it."""
    sku = await shop.product(stock=stock, price=price)
    who = await shop.customer(balance=balance)
    return sku, who, await shop.orders(who).SetBasketLines(setting(who, line(sku, quantity)))


async def test_an_order_sells_what_is_in_the_basket_and_empties_it(shop: Shop) -> None:
    sku, who, basket = await filled(shop)
    orders = shop.orders(who)
    request = checkout(who, basket, expected_total=yuan(500))
    order = await orders.PlaceOrder(request)
    assert order.state == orders_pb2.ORDER_STATE_PLACED
    assert [(each.product, each.quantity) for each in order.lines] == [(f"products/{sku}", 2)]
    assert order.total == yuan(500)
    assert await shop.stock(sku) == (10, 2)
    emptied = await orders.GetBasket(getting(who))
    assert not emptied.lines
    assert not emptied.notices
    assert emptied.version == basket.version + 1
    again = await orders.PlaceOrder(request)
    assert again.SerializeToString() == order.SerializeToString()
    assert await shop.stock(sku) == (10, 2)


async def test_a_repeat_touches_nothing_that_was_put_in_since(shop: Shop) -> None:
    sku, who, basket = await filled(shop)
    orders = shop.orders(who)
    request = checkout(who, basket)
    order = await orders.PlaceOrder(request)
    kept = await orders.SetBasketLines(setting(who, line(sku, 5)))
    await shop.price(sku, 999)
    assert (await orders.PlaceOrder(request)).SerializeToString() == order.SerializeToString()
    read = await orders.GetBasket(getting(who))
    assert (read.version, read.lines[0].quantity) == (kept.version, 5)


async def test_another_version_than_was_seen_is_refused(shop: Shop) -> None:
    sku, who, seen = await filled(shop)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(sku, 3)))
    request = checkout(who, seen)
    for _ in range(2):
        error = await refused(orders.PlaceOrder(request))
        assert error.reason == "BASKET_CHANGED"
        assert error.facts == {"expected": str(seen.version), "actual": str(kept.version)}
    assert await orders.GetBasket(getting(who)) == kept
    assert await shop.stock(sku) == (10, 0)


async def test_a_price_that_was_not_shown_is_refused_until_it_is_accepted(shop: Shop) -> None:
    sku, who, basket = await filled(shop)
    orders = shop.orders(who)
    await shop.price(sku, 280)
    error = await refused(orders.PlaceOrder(checkout(who, basket)))
    assert error.reason == "PRICE_CHANGED"
    assert error.facts == {
        "sku": sku,
        "shown_version": "1",
        "shown_unit_price_minor": "250",
        "version": "2",
        "unit_price_minor": "280",
        "currency": "CNY",
    }
    accepted = await orders.AcceptBasketPrices(accepting(who, basket.version))
    order = await orders.PlaceOrder(checkout(who, accepted))
    assert order.total == yuan(560)


async def test_a_price_that_came_back_is_the_one_that_was_shown(shop: Shop) -> None:
    sku, who, basket = await filled(shop)
    await shop.price(sku, 280)
    await shop.price(sku, 250)
    order = await shop.orders(who).PlaceOrder(checkout(who, basket))
    assert order.total == yuan(500)
    assert order.lines[0].price_version == 3


async def test_a_frozen_basket_is_sold_at_its_prices_until_the_freeze_expires(
    shop: Shop, world: World
) -> None:
    sku, who, basket = await filled(shop)
    _, late, other = await filled(shop)
    orders = shop.orders(who)
    frozen = await orders.FreezeBasket(freezing(who, basket.version))
    too_late = await shop.orders(late).FreezeBasket(freezing(late, other.version))
    for product in (frozen.lines[0].product, too_late.lines[0].product):
        await shop.price(product.removeprefix("products/"), 999)
    order = await orders.PlaceOrder(checkout(who, frozen))
    assert order.total == yuan(500)
    assert order.lines[0].price_version == 1
    assert order.lines[0].display_name == f"Goods {sku}"
    try:
        await world.pass_time("orders", 15 * 60)
        error = await refused(shop.orders(late).PlaceOrder(checkout(late, too_late)))
    finally:
        await world.pass_time("orders", 0)
    assert error.reason == "PRICE_CHANGED"


async def test_a_refused_order_leaves_the_basket_as_it_is(shop: Shop) -> None:
    sku, who, basket = await filled(shop, quantity=12, balance=1_000)
    orders = shop.orders(who)
    request = checkout(who, basket)
    error = await refused(orders.PlaceOrder(request))
    assert error.reason == "INSUFFICIENT_STOCK"
    assert await orders.GetBasket(getting(who)) == basket
    await shop.receive(sku, 10)
    error = await refused(orders.PlaceOrder(request))
    assert error.reason == "INSUFFICIENT_STOCK"
    error = await refused(orders.PlaceOrder(checkout(who, basket)))
    assert error.reason == "WALLET_INSUFFICIENT"
    assert await orders.GetBasket(getting(who)) == basket
    fewer = await orders.SetBasketLines(setting(who, line(sku, 4)))
    order = await orders.PlaceOrder(checkout(who, fewer))
    assert order.total == yuan(1_000)
    assert not (await orders.GetBasket(getting(who))).lines


async def test_one_version_of_a_basket_is_sold_once_on_two_devices(shop: Shop) -> None:
    sku, who, basket = await filled(shop, stock=100)
    requests = [checkout(who, basket) for _ in range(8)]
    answers = await asyncio.gather(
        *(answer(shop.orders(who), "PlaceOrder", request) for request in requests)
    )
    placed = [each for each in answers if isinstance(each, orders_pb2.Order)]
    reasons = {each.reason for each in answers if isinstance(each, HutongError)}
    assert len(placed) == 1
    assert reasons <= {"BASKET_CHANGED", "BASKET_IN_CHECKOUT"}
    assert await shop.stock(sku) == (100, 2)
    for request, first in zip(requests, answers, strict=True):
        again = await answer(shop.orders(who), "PlaceOrder", request)
        assert str(again) == str(first)
    assert await shop.stock(sku) == (100, 2)


async def test_what_another_device_puts_in_is_ordered_or_kept_and_never_lost(
    shop: Shop,
) -> None:
    for _ in range(6):
        sku, who, basket = await filled(shop)
        pear = await shop.product(stock=10, price=100)
        placed, put = await asyncio.gather(
            answer(shop.orders(who), "PlaceOrder", checkout(who, basket)),
            answer(shop.orders(who), "SetBasketLines", setting(who, line(pear, 1))),
        )
        read = await shop.orders(who).GetBasket(getting(who))
        left = {each.product for each in read.lines}
        if isinstance(placed, HutongError):
            assert placed.reason == "BASKET_CHANGED"
            assert left == {f"products/{sku}", f"products/{pear}"}
        elif isinstance(put, HutongError):
            assert put.reason == "BASKET_IN_CHECKOUT"
            assert left == set()
        else:
            assert left == {f"products/{pear}"}


async def test_a_basket_in_checkout_stays_as_it_is(shop: Shop, world: World) -> None:
    sku, who, basket = await filled(shop)
    orders = shop.orders(who)

    async def tie(order_id: str | None) -> None:
        async with world.database("orders").transaction() as tx:
            await tx.run(
                "update basket set order_id = $2 where version = $1", basket.version, order_id
            )

    await tie("ord_somewhere")
    try:
        for change in (
            orders.SetBasketLines(setting(who, line(sku, 9))),
            orders.AcceptBasketPrices(accepting(who, basket.version)),
            orders.FreezeBasket(freezing(who, basket.version)),
            orders.ClearBasket(clearing(who, basket.version)),
            orders.PlaceOrder(checkout(who, basket)),
        ):
            assert (await refused(change)).reason == "BASKET_IN_CHECKOUT"
        read = await orders.GetBasket(getting(who))
        assert [notice.reason for notice in read.notices] == ["BASKET_IN_CHECKOUT"]
        assert read.lines == basket.lines
    finally:
        await tie(None)
    assert await orders.GetBasket(getting(who)) == basket


async def test_an_empty_basket_and_what_cannot_be_bought_are_refused(
    shop: Shop, world: World
) -> None:
    sku, who, basket = await filled(shop)
    orders = shop.orders(who)
    async with world.database("catalog").transaction() as tx:
        await tx.run("delete from price where sku = $1", sku)
    error = await refused(orders.PlaceOrder(checkout(who, basket)))
    assert (error.reason, error.facts) == ("PRICE_MISSING", {"sku": sku})
    empty = await orders.ClearBasket(clearing(who, basket.version))
    assert (await refused(orders.PlaceOrder(checkout(who, empty)))).reason == "BASKET_EMPTY"
    untouched = await shop.customer(balance=1)
    never = baskets_pb2.Basket(name=getting(untouched).name, version=1)
    error = await refused(shop.orders(untouched).PlaceOrder(checkout(untouched, never)))
    assert (error.reason, error.facts) == ("BASKET_CHANGED", {"expected": "1", "actual": "0"})


async def test_an_order_names_lines_or_the_customers_own_basket(shop: Shop) -> None:
    sku, who, basket = await filled(shop)
    _, other, foreign = await filled(shop)
    there = baskets_pb2.Basket(name=getting(who, store=ELSEWHERE).name, version=1)
    orders = shop.orders(who)
    for request in (
        checkout(who, basket, lines=[wanted(sku, 1)]),
        pickup(who),
        checkout(who, basket, basket_version=0),
        pickup(who, wanted(sku, 1), basket_version=basket.version),
        checkout(who, foreign),
        checkout(who, there),
        checkout(who, basket, basket="stores/sh01"),
    ):
        error = await refused(orders.PlaceOrder(request))
        assert error.kind.value == "INVALID_ARGUMENT", request
        assert error.violations
    error = await refused(orders.PlaceOrder(checkout(who, foreign, customer=other.customer)))
    assert error.reason == "RESOURCE_NOT_FOUND"
    assert await shop.orders(other).GetBasket(getting(other)) == foreign


async def test_a_cashier_sells_a_customers_basket_at_the_till(shop: Shop) -> None:
    sku, who, basket = await filled(shop)
    sale = till_sale(
        customer=who.customer, basket=basket.name, basket_version=basket.version, tendered=500
    )
    order = await shop.orders().PlaceOrder(sale)
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    assert order.change_due == yuan(0)
    assert await shop.stock(sku) == (8, 0)
    assert not (await shop.orders(who).GetBasket(getting(who))).lines


async def test_a_batch_sells_baskets_beside_other_orders(shop: Shop) -> None:
    sku, who, basket = await filled(shop)
    _, late, stale = await filled(shop)
    await shop.orders(late).SetBasketLines(setting(late, line(sku, 1)))
    batch = orders_service_pb2.BatchPlaceOrdersRequest()
    for asking, request in (
        (who, checkout(who, basket)),
        (who, pickup(who, wanted(sku, 1))),
        (late, checkout(late, stale)),
        (who, checkout(who, basket)),
    ):
        batch.items.add(context=call_context_for(asking), request=request)
    reply = await shop.orders(caller(role="service")).BatchPlaceOrders(batch)
    states = [result.order.state for result in reply.results]
    placed = orders_pb2.ORDER_STATE_PLACED
    assert states[1] == placed
    assert sorted([states[0], states[3]]) == [orders_pb2.ORDER_STATE_UNSPECIFIED, placed]
    assert [result.HasField("error") for result in reply.results].count(True) == 2
    assert reply.results[2].HasField("error")
    assert await shop.stock(sku) == (10, 3)
    assert STORE in reply.results[1].order.name
