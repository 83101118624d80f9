"""Sales that a till made by its own prices: they are taken, and our price is kept beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from chassis.kernel.errors import HutongError
from hutong.orders.v1 import events_pb2, orders_pb2, orders_service_pb2
from hutong.payments.v1 import payments_pb2, payments_service_pb2
from tests.support.shop import (
    CASHIER,
    GRAM,
    MANAGER,
    OPERATOR,
    STORE,
    Shop,
    pickup,
    recorded_sale,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.world import World, call_context_for, caller


def charged(sku: str, fen: int, **fields: Any) -> orders_pb2.ChargedLine:
    return orders_pb2.ChargedLine(product=f"products/{sku}", charged_total=yuan(fen), **fields)


async def refused(work: Any) -> HutongError:
    with pytest.raises(HutongError) as caught:
        await work
    return caught.value


async def payment_of(shop: Shop, order: orders_pb2.Order) -> payments_pb2.Payment:
    order_id = order.name.rpartition("/")[2]
    paid: payments_pb2.Payment = await shop.payments().GetPayment(
        payments_service_pb2.GetPaymentRequest(name=f"{STORE}/payments/{order_id}")
    )
    return paid


async def test_what_was_charged_is_taken_and_our_price_is_kept_beside_it(shop: Shop) -> None:
    tea = await shop.product(stock=10, price=250)
    rice = await shop.product(stock=5_000, price=1_299, unit=GRAM)
    told = recorded_sale(
        lines=[charged(rice, 1_900), charged(tea, 667, discount=yuan(83))],
        receipt_number="31198570044",
    )
    order = await shop.orders(MANAGER).PlaceOrder(
        till_sale(wanted(tea, 3), wanted(rice, 1_500, GRAM), tendered=3_000, recorded_sale=told)
    )
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    assert [line.line_total.amount_minor for line in order.lines] == [750, 1_949]
    assert order.total == yuan(667 + 1_900)
    assert order.change_due == yuan(3_000 - 667 - 1_900)
    assert order.recorded_sale.receipt_number == "31198570044"
    assert order.recorded_sale.sale_time == told.sale_time
    assert order.recorded_sale.reason == told.reason
    assert list(order.recorded_sale.lines) == [told.lines[1], told.lines[0]]
    assert order.recorded_sale.quoted_total == yuan(750 + 1_949)
    assert await shop.stock(tea) == (7, 0)
    assert await shop.stock(rice) == (3_500, 0)
    paid = await payment_of(shop, order)
    assert (paid.amount, paid.captured) == (order.total, order.total)


async def test_it_is_read_and_told_as_it_was_recorded(shop: Shop, world: World) -> None:
    sku = await shop.product(stock=10, price=100)
    order = await shop.orders(MANAGER).PlaceOrder(
        till_sale(wanted(sku, 2), recorded_sale=recorded_sale((sku, 150)))
    )
    got = await shop.orders().GetOrder(orders_service_pb2.GetOrderRequest(name=order.name))
    assert got == order
    async with world.database("orders").transaction() as tx:
        (row,) = await tx.rows("select data from outbox where aggregate like '%' || $1", order.name)
        (line,) = await tx.rows(
            "select receipt_reason, difference_minor from verify.charged_line where order_id = $1",
            order.name.rpartition("/")[2],
        )
    assert events_pb2.OrderChanged.FromString(bytes(row.data)).order == order
    assert (line.receipt_reason, line.difference_minor) == (order.recorded_sale.reason, -50)


async def test_a_repeat_gets_the_first_answer_and_sells_nothing(shop: Shop) -> None:
    sku = await shop.product(stock=10, price=100)
    request = till_sale(wanted(sku, 2), recorded_sale=recorded_sale((sku, 150)))
    first = await shop.orders(MANAGER).PlaceOrder(request)
    await shop.price(sku, 777)
    again = await shop.orders(MANAGER).PlaceOrder(request)
    assert again.SerializeToString() == first.SerializeToString()
    assert await shop.stock(sku) == (8, 0)
    request.recorded_sale.lines[0].charged_total.amount_minor = 151
    assert (await refused(shop.orders(MANAGER).PlaceOrder(request))).reason == "REQUEST_ID_REUSED"


async def test_nothing_or_more_than_our_price_may_have_been_charged(shop: Shop) -> None:
    sku = await shop.product(stock=10, price=100)
    for fen in (0, 100_000):
        order = await shop.orders(MANAGER).PlaceOrder(
            till_sale(wanted(sku, 1), recorded_sale=recorded_sale((sku, fen)))
        )
        assert order.total == yuan(fen)
        assert (await payment_of(shop, order)).captured == yuan(fen)


async def test_a_cancelled_one_gives_back_what_was_charged(shop: Shop) -> None:
    sku = await shop.product(stock=10, price=100)
    order = await shop.orders(MANAGER).PlaceOrder(
        till_sale(wanted(sku, 2), recorded_sale=recorded_sale((sku, 150)))
    )
    await shop.orders().CancelOrder(
        orders_service_pb2.CancelOrderRequest(
            name=order.name, reason="brought back", request_id=request_id()
        )
    )
    assert (await payment_of(shop, order)).refunded == yuan(150)
    assert await shop.stock(sku) == (10, 0)


async def test_the_stock_must_be_there(shop: Shop) -> None:
    sku = await shop.product(stock=1)
    request = till_sale(wanted(sku, 2), recorded_sale=recorded_sale((sku, 150)))
    assert (await refused(shop.orders(MANAGER).PlaceOrder(request))).reason == "INSUFFICIENT_STOCK"


async def test_only_a_manager_of_the_store_may_record_a_sale(shop: Shop) -> None:
    sku = await shop.product(stock=10)
    request = till_sale(wanted(sku, 1), recorded_sale=recorded_sale((sku, 1)))
    both = replace(MANAGER, roles=frozenset({"cashier", "franchise_owner"}))
    for who in (CASHIER, both):
        error = await refused(shop.orders(who).PlaceOrder(request))
        assert error.reason == "RECORDED_SALE_NOT_ALLOWED"
    elsewhere = caller(role="store_manager", stores=["stores/sh02"])
    assert (
        await refused(shop.orders(elsewhere).PlaceOrder(request))
    ).reason == "RESOURCE_NOT_FOUND"
    assert (await refused(shop.orders(OPERATOR).PlaceOrder(request))).reason == "ROLE_NOT_ALLOWED"
    assert await shop.stock(sku) == (10, 0)


async def test_a_manager_who_shops_elsewhere_records_nothing_for_themselves(shop: Shop) -> None:
    sku, who = await shop.product(stock=10), await shop.customer(balance=1_000)
    shopper = replace(
        who,
        roles=frozenset({"customer", "store_manager"}),
        stores=frozenset({"stores/sh02"}),
    )
    request = pickup(shopper, wanted(sku, 1), recorded_sale=recorded_sale((sku, 1)))
    error = await refused(shop.orders(shopper).PlaceOrder(request))
    assert error.reason == "RECORDED_SALE_NOT_ALLOWED"


async def test_goods_that_are_kept_for_a_customer_are_sold_at_our_price(shop: Shop) -> None:
    sku, who = await shop.product(stock=10), await shop.customer(balance=1_000)
    here = replace(MANAGER, customer=who.customer, roles=frozenset({"customer", "store_manager"}))
    request = pickup(here, wanted(sku, 1), recorded_sale=recorded_sale((sku, 1)))
    error = await refused(shop.orders(here).PlaceOrder(request))
    assert error.reason == "RECORDED_SALE_INVALID"
    assert error.violations[0][0] == "recorded_sale"


BAD = [
    ({"lines": []}, "INVALID_INPUT"),
    ({"reason": ""}, "INVALID_INPUT"),
    ({"reason": " \u3000 "}, "RECORDED_SALE_INVALID"),
    ({"receipt_number": ""}, "INVALID_INPUT"),
    ({"receipt_number": "a b"}, "INVALID_INPUT"),
    ({"sale_time": None}, "INVALID_INPUT"),
    ({"sale_time": {"seconds": 32_503_680_000}}, "RECORDED_SALE_INVALID"),
]


@pytest.mark.parametrize(("fields", "reason"), BAD)
async def test_a_sale_that_can_be_none_is_refused(
    fields: dict[str, Any], reason: str, shop: Shop
) -> None:
    sku = await shop.product(stock=10)
    request = till_sale(wanted(sku, 1), recorded_sale=recorded_sale((sku, 1), **fields))
    assert (await refused(shop.orders(MANAGER).PlaceOrder(request))).reason == reason
    assert await shop.stock(sku) == (10, 0)


async def test_charges_that_are_not_those_of_the_lines_are_refused(shop: Shop) -> None:
    tea, rice = await shop.product(stock=10), await shop.product(stock=10)
    for lines in (
        [charged(tea, 1)],
        [charged(tea, 1), charged(rice, 1), charged("another", 1)],
        [charged(tea, 1), charged(rice, 1), charged(rice, 2)],
        [charged(tea, 1), charged(rice, 1, label="2110001005121")],
    ):
        request = till_sale(
            wanted(tea, 1), wanted(rice, 1), recorded_sale=recorded_sale(lines=lines)
        )
        error = await refused(shop.orders(MANAGER).PlaceOrder(request))
        assert error.reason == "RECORDED_SALE_INVALID"
        assert error.violations[0][0].startswith("recorded_sale.lines")
    assert await shop.stock(tea) == (10, 0)


async def test_lines_of_one_product_are_charged_as_one(shop: Shop) -> None:
    sku = await shop.product(stock=10)
    order = await shop.orders(MANAGER).PlaceOrder(
        till_sale(wanted(sku, 1), wanted(sku, 2), recorded_sale=recorded_sale((sku, 250)))
    )
    assert (len(order.lines), order.total) == (1, yuan(250))


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        (-1, "CNY", "AMOUNT_INVALID"),
        (1, "USD", "CURRENCY_MISMATCH"),
        (1_000_000_001, "CNY", "CHARGED_TOTAL_TOO_LARGE"),
        (2**62, "CNY", "AMOUNT_TOO_LARGE"),
        (1, "yuan", "INVALID_INPUT"),
    ],
)
async def test_an_amount_that_can_be_none_is_refused(
    amount: int, currency: str, reason: str, shop: Shop
) -> None:
    sku = await shop.product(stock=10)
    money = {"amount_minor": amount, "currency_code": currency}
    line = orders_pb2.ChargedLine(product=f"products/{sku}", charged_total=money)
    request = till_sale(wanted(sku, 1), recorded_sale=recorded_sale(lines=[line]))
    error = await refused(shop.orders(MANAGER).PlaceOrder(request))
    assert error.reason == reason
    assert [field.startswith("recorded_sale.lines") for field, _ in error.violations] == [True]
    assert await shop.stock(sku) == (10, 0)


@pytest.mark.parametrize(("amount", "currency"), [(-1, "CNY"), (1, "USD")])
async def test_a_discount_that_can_be_none_is_refused(
    amount: int, currency: str, shop: Shop
) -> None:
    sku = await shop.product(stock=10)
    line = charged(sku, 1, discount={"amount_minor": amount, "currency_code": currency})
    request = till_sale(wanted(sku, 1), recorded_sale=recorded_sale(lines=[line]))
    error = await refused(shop.orders(MANAGER).PlaceOrder(request))
    assert error.reason in {"AMOUNT_INVALID", "CURRENCY_MISMATCH"}


async def test_the_cash_must_cover_what_was_charged(shop: Shop) -> None:
    sku = await shop.product(stock=10, price=100)
    request = till_sale(wanted(sku, 1), tendered=100, recorded_sale=recorded_sale((sku, 101)))
    assert (await refused(shop.orders(MANAGER).PlaceOrder(request))).reason == "TENDER_INSUFFICIENT"


async def test_in_a_batch_each_caller_is_judged_for_themselves(shop: Shop) -> None:
    sku = await shop.product(stock=10, price=100)
    batch = orders_service_pb2.BatchPlaceOrdersRequest()
    for who in (MANAGER, CASHIER):
        batch.items.add(
            context=call_context_for(who),
            request=till_sale(wanted(sku, 1), recorded_sale=recorded_sale((sku, 99))),
        )
    reply = await shop.orders(caller(role="service")).BatchPlaceOrders(batch)
    assert reply.results[0].order.total == yuan(99)
    assert "only a manager" in reply.results[1].error.message


async def test_it_is_recorded_over_http_too(shop: Shop, world: World) -> None:
    sku = await shop.product(stock=10, price=100)
    address = await world.start_http()
    body = {
        "till": "1",
        "fulfilment": "FULFILMENT_CARRY_OUT",
        "lines": [{"product": f"products/{sku}", "quantity": 2, "unit": "MEASURE_UNIT_EACH"}],
        "tender": {"cash": {"tendered": {"amountMinor": 150, "currencyCode": "CNY"}}},
        "recordedSale": {
            "receiptNumber": "7",
            "saleTime": "2017-03-09T12:00:00Z",
            "reason": "offline",
            "lines": [
                {
                    "product": f"products/{sku}",
                    "chargedTotal": {"amountMinor": "150", "currencyCode": "CNY"},
                }
            ],
        },
    }
    headers = {
        "authorization": f"Bearer {world.token(MANAGER)}",
        "idempotency-key": request_id(),
    }
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{address}/v1/{STORE}/orders:place", json=body, headers=headers)
    assert answer.status_code == httpx.codes.OK, answer.text
    order = answer.json()
    assert order["total"]["amountMinor"] == "150"
    assert order["recordedSale"]["quotedTotal"]["amountMinor"] == "200"
    assert order["recordedSale"]["saleTime"] == "2017-03-09T12:00:00Z"
