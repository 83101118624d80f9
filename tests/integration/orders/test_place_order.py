"""Selling, through a real server with all services behind it."""

from __future__ import annotations

import asyncio

import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.auth import Caller
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from tests.support.shop import (
    CASHIER,
    GRAM,
    MANAGER,
    STORE,
    Shop,
    customer,
    pickup,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.world import World, call_context_for, caller


async def refused(work: object) -> HutongError:
    with pytest.raises(HutongError) as caught:
        await work  # type: ignore[misc]
    return caught.value


async def test_a_till_sale_is_complete_in_the_answer(shop: Shop) -> None:
    apple = await shop.product(stock=10, price=250)
    rice = await shop.product(stock=5_000, price=1_299, unit=GRAM)
    order = await shop.orders().PlaceOrder(
        till_sale(wanted(apple, 2), wanted(rice, 1_500, GRAM), tendered=3_000)
    )
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    assert [line.line_total.amount_minor for line in order.lines] == [500, 1_949]
    assert order.total == yuan(2_449)
    assert order.change_due == yuan(551)
    assert [line.price_version for line in order.lines] == [1, 1]
    assert order.placed_by == CASHIER.principal
    assert await shop.stock(apple) == (8, 0)
    assert await shop.stock(rice) == (3_500, 0)


async def test_a_quote_is_what_the_order_then_costs_and_changes_nothing(shop: Shop) -> None:
    sku = await shop.product(stock=10, price=333)
    rice = await shop.product(stock=5_000, price=1_299, unit=GRAM)
    lines = [wanted(sku, 2), wanted(rice, 755, GRAM), wanted(sku, 1)]
    quote = await shop.orders().QuoteOrder(
        orders_service_pb2.QuoteOrderRequest(parent=STORE, lines=lines)
    )
    assert await shop.stock(sku) == (10, 0)
    order = await shop.orders().PlaceOrder(till_sale(*lines, expected_total=quote.total))
    assert order.lines == quote.lines
    assert order.total == quote.total == yuan(999 + 981)


async def test_an_order_answers_the_same_when_it_is_read_later(shop: Shop) -> None:
    sku = await shop.product(stock=3)
    placed = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    read = await shop.orders().GetOrder(orders_service_pb2.GetOrderRequest(name=placed.name))
    assert read == placed


async def test_lines_of_one_product_are_added_up(shop: Shop) -> None:
    sku = await shop.product(stock=3)
    error = await refused(shop.orders().PlaceOrder(till_sale(wanted(sku, 2), wanted(sku, 2))))
    assert error.reason == "INSUFFICIENT_STOCK"
    assert await shop.stock(sku) == (3, 0)


async def test_a_repeat_gets_the_same_bytes_and_sells_once(shop: Shop) -> None:
    sku = await shop.product(stock=3)
    request = till_sale(wanted(sku, 1))
    first = await shop.orders().PlaceOrder(request)
    await shop.price(sku, 999)
    second = await shop.orders().PlaceOrder(request)
    assert second.SerializeToString() == first.SerializeToString()
    assert await shop.stock(sku) == (2, 0)


async def test_the_same_request_many_times_at_once_sells_once(shop: Shop) -> None:
    sku = await shop.product(stock=30)
    request = till_sale(wanted(sku, 1))
    answers = await asyncio.gather(*(shop.orders().PlaceOrder(request) for _ in range(20)))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert await shop.stock(sku) == (29, 0)


async def test_a_refusal_is_repeated_even_when_goods_have_come_in(shop: Shop) -> None:
    sku = await shop.product(stock=1)
    request = till_sale(wanted(sku, 2))
    first = await refused(shop.orders().PlaceOrder(request))
    await shop.receive(sku, 10)
    second = await refused(shop.orders().PlaceOrder(request))
    assert first.reason == second.reason == "INSUFFICIENT_STOCK"
    assert first.facts == second.facts
    assert first.facts["wanted"] == "2"
    assert first.facts["available"] == "1"
    assert await shop.stock(sku) == (11, 0)


async def test_a_request_id_is_good_for_one_body(shop: Shop) -> None:
    sku = await shop.product(stock=5)
    request = till_sale(wanted(sku, 1))
    await shop.orders().PlaceOrder(request)
    other = till_sale(wanted(sku, 2), request_id=request.request_id)
    error = await refused(shop.orders().PlaceOrder(other))
    assert error.reason == "REQUEST_ID_REUSED"
    assert error.kind is ErrorKind.INVALID_ARGUMENT
    assert await shop.stock(sku) == (4, 0)


async def test_two_hundred_buyers_share_fifty_units(shop: Shop) -> None:
    sku = await shop.product(stock=50)
    orders = shop.orders()

    async def buy() -> str:
        try:
            await orders.PlaceOrder(till_sale(wanted(sku, 1)))
        except HutongError as error:
            return f"{error.kind.value} {error.reason}"
        return "sold"

    outcomes = await asyncio.gather(*(buy() for _ in range(200)))
    assert outcomes.count("sold") == 50
    assert outcomes.count("FAILED_PRECONDITION INSUFFICIENT_STOCK") == 150
    assert await shop.stock(sku) == (0, 0)


async def test_too_little_cash_is_refused_before_anything_happens(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    error = await refused(shop.orders().PlaceOrder(till_sale(wanted(sku, 2), tendered=199)))
    assert error.reason == "TENDER_INSUFFICIENT"
    assert await shop.stock(sku) == (5, 0)


async def test_a_total_that_was_shown_is_charged_or_refused(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    await shop.price(sku, 120)
    error = await refused(
        shop.orders().PlaceOrder(till_sale(wanted(sku, 2), expected_total=yuan(200)))
    )
    assert error.reason == "PRICE_CHANGED"
    assert (error.facts["expected_minor"], error.facts["actual_minor"]) == ("200", "240")


async def test_a_free_order_is_an_order(shop: Shop) -> None:
    sku = await shop.product(stock=1, price=0)
    order = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1), tendered=0))
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    assert order.total == yuan(0)


async def test_an_unknown_product_and_a_missing_price_are_refused(shop: Shop) -> None:
    error = await refused(shop.orders().PlaceOrder(till_sale(wanted("nothing", 1))))
    assert error.reason == "PRODUCT_UNKNOWN"
    sku = await shop.product(stock=1, store="stores/sh02")
    error = await refused(shop.orders().PlaceOrder(till_sale(wanted(sku, 1))))
    assert error.reason == "PRICE_MISSING"


async def test_grams_of_counted_goods_are_refused(shop: Shop) -> None:
    sku = await shop.product(stock=5)
    error = await refused(shop.orders().PlaceOrder(till_sale(wanted(sku, 1, GRAM))))
    assert error.reason == "UNIT_MISMATCH"


async def test_a_pickup_holds_stock_and_money_until_it_is_handed_over(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 3)))
    assert order.state == orders_pb2.ORDER_STATE_PLACED
    assert await shop.stock(sku) == (5, 3)
    assert await shop.wallet(who) == (700, 300)
    request = orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())
    done = await shop.orders().HandOverOrder(request)
    assert done.state == orders_pb2.ORDER_STATE_COMPLETED
    assert await shop.stock(sku) == (2, 0)
    assert await shop.wallet(who) == (700, 0)
    again = await shop.orders().HandOverOrder(request)
    assert again.SerializeToString() == done.SerializeToString()


async def test_a_wallet_that_is_short_leaves_no_trace_in_stock(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    who = await shop.customer(balance=250)
    request = pickup(who, wanted(sku, 3))
    error = await refused(shop.orders(who).PlaceOrder(request))
    assert error.reason == "WALLET_INSUFFICIENT"
    assert (error.facts["wanted"], error.facts["available"]) == ("300", "250")
    assert await shop.stock(sku) == (5, 0)
    assert await shop.wallet(who) == (250, 0)
    repeated = await refused(shop.orders(who).PlaceOrder(request))
    assert (repeated.reason, repeated.facts) == (error.reason, error.facts)


async def test_the_last_cent_of_a_wallet_goes_to_one_order(shop: Shop) -> None:
    sku = await shop.product(stock=50, price=100)
    who = await shop.customer(balance=300)
    orders = shop.orders(who)

    async def buy() -> str:
        try:
            await orders.PlaceOrder(pickup(who, wanted(sku, 1)))
        except HutongError as error:
            return error.reason
        return "placed"

    outcomes = await asyncio.gather(*(buy() for _ in range(10)))
    assert sorted(outcomes) == ["WALLET_INSUFFICIENT"] * 7 + ["placed"] * 3
    assert await shop.stock(sku) == (50, 3)


async def test_cancelling_gives_stock_and_money_back(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 3)))
    request = orders_service_pb2.CancelOrderRequest(
        name=order.name, reason="changed my mind", request_id=request_id()
    )
    cancelled = await shop.orders(who).CancelOrder(request)
    assert cancelled.state == orders_pb2.ORDER_STATE_CANCELLED
    assert "changed my mind" in cancelled.end_reason
    assert await shop.stock(sku) == (5, 0)
    assert await shop.wallet(who) == (1_000, 0)
    again = await shop.orders(who).CancelOrder(request)
    assert again.SerializeToString() == cancelled.SerializeToString()


async def test_a_cancelled_sale_is_returned_to_the_shelf(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    order = await shop.orders().PlaceOrder(till_sale(wanted(sku, 2)))
    cancelled = await shop.orders(MANAGER).CancelOrder(
        orders_service_pb2.CancelOrderRequest(
            name=order.name, reason="brought back", request_id=request_id()
        )
    )
    assert cancelled.state == orders_pb2.ORDER_STATE_CANCELLED
    assert await shop.stock(sku) == (5, 0)
    error = await refused(
        shop.orders().CancelOrder(
            orders_service_pb2.CancelOrderRequest(
                name=order.name, reason="again", request_id=request_id()
            )
        )
    )
    assert error.reason == "ORDER_STATE_INVALID"


async def test_cancel_and_hand_over_at_once_have_one_winner(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    who = await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    outcomes = await asyncio.gather(
        shop.orders(who).CancelOrder(
            orders_service_pb2.CancelOrderRequest(
                name=order.name, reason="no", request_id=request_id()
            )
        ),
        shop.orders().HandOverOrder(
            orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())
        ),
        return_exceptions=True,
    )
    won = [outcome for outcome in outcomes if not isinstance(outcome, HutongError)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, HutongError)]
    assert len(won) == 1
    assert lost[0].reason in {"REQUEST_IN_FLIGHT", "ORDER_STATE_INVALID"}


async def test_who_may_sell_what_to_whom(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    who = await shop.customer(balance=1_000)
    line = wanted(sku, 1)
    carried = till_sale(line, customer=who.customer)
    assert (await refused(shop.orders(who).PlaceOrder(carried))).reason == "FULFILMENT_NOT_ALLOWED"
    no_till = till_sale(line, till="")
    assert (await refused(shop.orders().PlaceOrder(no_till))).reason == "TILL_REQUIRED"
    theirs = pickup(who, line)
    assert (await refused(shop.orders().PlaceOrder(theirs))).reason == "TENDER_NOT_ACCEPTED"
    other = customer(999_999)
    error = await refused(shop.orders(other).PlaceOrder(theirs))
    assert error.reason == "RESOURCE_NOT_FOUND"


async def test_staff_of_one_store_are_customers_in_another(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    both = Caller(
        principal="users/c5",
        tenant="demo",
        roles=frozenset({"customer", "cashier"}),
        stores=frozenset({"stores/sh02"}),
        customer="customers/c5",
    )
    theirs = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    error = await refused(
        shop.orders(both).GetOrder(orders_service_pb2.GetOrderRequest(name=theirs.name))
    )
    assert error.reason == "RESOURCE_NOT_FOUND"
    listed = await shop.orders(both).ListOrders(orders_service_pb2.ListOrdersRequest(parent=STORE))
    assert list(listed.orders) == []
    error = await refused(
        shop.orders(both).CancelOrder(
            orders_service_pb2.CancelOrderRequest(
                name=theirs.name, reason="no", request_id=request_id()
            )
        )
    )
    assert error.reason == "RESOURCE_NOT_FOUND"
    sale = till_sale(wanted(sku, 1), customer=both.customer)
    error = await refused(shop.orders(both).PlaceOrder(sale))
    assert error.reason == "FULFILMENT_NOT_ALLOWED"
    assert await shop.stock(sku) == (4, 0)


async def test_foreign_and_absent_orders_are_answered_alike(shop: Shop, world: World) -> None:
    sku = await shop.product(stock=5)
    order = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    absent = f"{STORE}/orders/ord_00000000000000000000000000"
    elsewhere = caller(role="cashier", stores=["stores/sh02"])
    foreign_tenant = caller(role="cashier", stores=[STORE], tenant="other")
    stranger = customer(888_888)
    for who in (elsewhere, foreign_tenant, stranger):
        for name in (order.name, absent):
            error = await refused(
                shop.orders(who).GetOrder(orders_service_pb2.GetOrderRequest(name=name))
            )
            assert (error.reason, error.facts) == ("RESOURCE_NOT_FOUND", {"resource": name})


async def test_orders_are_listed_newest_first_a_page_at_a_time(shop: Shop) -> None:
    store = "stores/sh09"
    sku = await shop.product(stock=9, store=store)
    cashier = caller(role="cashier", stores=[store])
    orders = shop.orders(cashier)
    placed = [(await orders.PlaceOrder(till_sale(wanted(sku, 1), store=store))) for _ in range(5)]
    listed: list[str] = []
    token = ""
    while True:
        page = await orders.ListOrders(
            orders_service_pb2.ListOrdersRequest(parent=store, page_size=2, page_token=token)
        )
        listed += [order.name for order in page.orders]
        token = page.next_page_token
        if not token:
            break
    assert listed == [order.name for order in reversed(placed)]
    error = await refused(
        orders.ListOrders(orders_service_pb2.ListOrdersRequest(parent=store, page_token="nonsense"))
    )
    assert error.reason == "PAGE_TOKEN_INVALID"


async def test_a_batch_answers_each_item_on_its_own(shop: Shop, world: World) -> None:
    sku = await shop.product(stock=2)
    batch = orders_service_pb2.BatchPlaceOrdersRequest()
    requests = [
        till_sale(wanted(sku, 1)),
        till_sale(wanted(sku, 0)),
        till_sale(wanted(sku, 1)),
        till_sale(wanted(sku, 1)),
        till_sale(wanted(sku, 1), store="stores/sh02"),
    ]
    for request in requests:
        batch.items.add(context=call_context_for(CASHIER), request=request)
    reply = await shop.orders(caller(role="service")).BatchPlaceOrders(batch)
    states = [result.order.state for result in reply.results]
    assert states.count(orders_pb2.ORDER_STATE_COMPLETED) == 2
    codes = [result.error.code for result in reply.results]
    assert codes[1] == 3
    assert codes[4] == 5
    assert await shop.stock(sku) == (0, 0)
    error = await refused(shop.orders(CASHIER).BatchPlaceOrders(batch))
    assert error.kind is ErrorKind.PERMISSION_DENIED


async def test_the_work_goes_on_when_the_caller_leaves(shop: Shop) -> None:
    sku = await shop.product(stock=5)
    request = till_sale(wanted(sku, 1))
    leaving = asyncio.ensure_future(shop.orders().PlaceOrder(request))
    await asyncio.sleep(0.003)
    leaving.cancel()
    order = await shop.orders().PlaceOrder(request)
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    assert await shop.stock(sku) == (4, 0)
