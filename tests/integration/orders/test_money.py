"""What orders do with money: all of it or none, to the cent, and without holding anybody up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chassis.kernel.errors import HutongError
from hutong.catalog.v1 import catalog_pb2
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from hutong.payments.v1 import payments_pb2, payments_service_pb2
from tests.support.shop import (
    GRAM,
    MANAGER,
    STORE,
    Shop,
    delivery,
    pickup,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.world import World

WAITING_SECONDS_MAX = 3.0
MAKERS = pytest.mark.parametrize("make", [pickup, delivery])

_WAITING = """
select count(*) as waiting from pg_stat_activity
 where datname = current_database() and wait_event_type = 'Lock'
"""

_OPEN_IN_ORDERS = """
select count(*) as open from pg_stat_activity as a
 where a.datname = current_database() and a.pid <> pg_backend_pid()
   and (a.xact_start is not null
        or exists (select from pg_locks as l where l.pid = a.pid and l.relation is not null))
"""


async def refused(work: Any) -> HutongError:
    with pytest.raises(HutongError) as caught:
        await work
    return caught.value


async def hand_over(shop: Shop, order: orders_pb2.Order) -> orders_pb2.Order:
    done: orders_pb2.Order = await shop.orders().HandOverOrder(
        orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())
    )
    return done


async def cancel(shop: Shop, order: orders_pb2.Order) -> orders_pb2.Order:
    gone: orders_pb2.Order = await shop.orders(MANAGER).CancelOrder(
        orders_service_pb2.CancelOrderRequest(name=order.name, reason="no", request_id=request_id())
    )
    return gone


async def refund(shop: Shop, order: orders_pb2.Order, fen: int) -> payments_pb2.Payment:
    """Gives so much of an order's money back."""
    owner = order.customer or STORE
    paid: payments_pb2.Payment = await shop.payments().RefundPayment(
        payments_service_pb2.RefundPaymentRequest(
            name=f"{owner}/payments/{_id(order)}", amount=yuan(fen), request_id=request_id()
        )
    )
    return paid


def _id(order: orders_pb2.Order) -> str:
    return order.name.rpartition("/")[2]


@asynccontextmanager
async def held_up(world: World, service: str, table: str) -> AsyncIterator[None]:
    """The service can't touch one of its tables for so long."""
    async with world.database(service).transaction() as tx:
        await tx.run(f"lock table {table} in access exclusive mode")
        yield


async def until_somebody_waits(world: World, service: str) -> None:
    async with asyncio.timeout(WAITING_SECONDS_MAX):
        while True:
            async with world.database(service).transaction() as tx:
                row = await tx.row(_WAITING)
            if row is not None and row.waiting:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("service", "table"),
    [
        ("stores", "store"),
        ("catalog", "price"),
        ("inventory", "stock_level"),
        ("payments", "payment"),
    ],
)
async def test_no_lock_and_no_transaction_of_orders_is_open_while_another_service_works(
    service: str, table: str, world: World, shop: Shop
) -> None:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    async with held_up(world, service, table):
        placing = asyncio.ensure_future(shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1))))
        await until_somebody_waits(world, service)
        async with world.database("orders").transaction() as tx:
            row = await tx.row(_OPEN_IN_ORDERS)
        assert row is not None
        assert row.open == 0
        assert not placing.done()
    assert (await placing).state == orders_pb2.ORDER_STATE_PLACED


@MAKERS
async def test_money_that_is_refused_after_stock_was_held_releases_all_of_it(
    make: Any, world: World, shop: Shop
) -> None:
    first = await shop.product(stock=10, price=100)
    second = await shop.product(stock=10, price=250)
    who = await shop.customer(balance=599)
    request = make(who, wanted(first, 1), wanted(second, 2))
    error = await refused(shop.orders(who).PlaceOrder(request))
    assert (error.reason, error.facts) == (
        "WALLET_INSUFFICIENT",
        {"wanted": "600", "available": "599"},
    )
    assert [await shop.stock(sku) for sku in (first, second)] == [(10, 0), (10, 0)]
    assert await shop.wallet(who) == (599, 0)
    async with world.database("orders").transaction() as tx:
        (order,) = await tx.rows(
            "select order_id, state from customer_order where customer_id = $1",
            f"demo:{who.customer.removeprefix('customers/')}",
        )
    assert order.state == "REFUSED"
    async with world.database("inventory").transaction() as tx:
        (held,) = await tx.rows(
            "select state from verify.reservation where reservation_id = $1", order.order_id
        )
    assert held.state == "RELEASED"
    await shop.payments().TopUpWallet(
        payments_service_pb2.TopUpWalletRequest(
            name=f"{who.customer}/wallet", amount=yuan(1), request_id=request_id()
        )
    )
    repeated = await refused(shop.orders(who).PlaceOrder(request))
    assert (repeated.reason, repeated.facts) == (error.reason, error.facts)
    request.request_id = request_id()
    assert (await shop.orders(who).PlaceOrder(request)).state == orders_pb2.ORDER_STATE_PLACED


@MAKERS
async def test_an_order_of_nothing_to_pay_goes_all_the_way_from_a_wallet(
    make: Any, shop: Shop
) -> None:
    sku = await shop.product(stock=10, price=0)
    who = await shop.customer(balance=1)
    orders = shop.orders(who)
    order = await orders.PlaceOrder(make(who, wanted(sku, 2), expected_total=yuan(0)))
    assert (order.state, order.total) == (orders_pb2.ORDER_STATE_PLACED, yuan(0))
    assert await shop.stock(sku) == (10, 2)
    done = await hand_over(shop, order)
    assert done.state == orders_pb2.ORDER_STATE_COMPLETED
    other = await orders.PlaceOrder(make(who, wanted(sku, 3)))
    assert (await cancel(shop, other)).state == orders_pb2.ORDER_STATE_CANCELLED
    assert await shop.stock(sku) == (8, 0)
    assert await shop.wallet(who) == (1, 0)
    assert (await refused(refund(shop, order, 1))).reason == "REFUND_TOO_LARGE"


async def test_an_order_of_nothing_to_pay_goes_all_the_way_for_cash(shop: Shop) -> None:
    sku = await shop.product(stock=10, price=0)
    sale = await shop.orders().PlaceOrder(till_sale(wanted(sku, 2), tendered=0))
    assert (sale.state, sale.total) == (orders_pb2.ORDER_STATE_COMPLETED, yuan(0))
    assert sale.change_due == yuan(0)
    given = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1), tendered=500))
    assert given.change_due == yuan(500)
    assert (await cancel(shop, sale)).state == orders_pb2.ORDER_STATE_CANCELLED
    assert await shop.stock(sku) == (9, 0)


async def test_a_customer_whose_wallet_was_never_opened_can_have_what_costs_nothing(
    shop: Shop,
) -> None:
    sku = await shop.product(stock=10, price=0)
    who = await shop.customer(balance=None)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    assert (await hand_over(shop, order)).state == orders_pb2.ORDER_STATE_COMPLETED


async def test_an_amount_is_rounded_once_and_that_is_what_is_paid(shop: Shop) -> None:
    """Each line half up, once; quote, order, payment and ledger have the same cents."""
    prices = (1_299, 3_333, 999)
    rices = [await shop.product(stock=100_000, price=price, unit=GRAM) for price in prices]
    who = await shop.customer(balance=100_000)
    lines: list[catalog_pb2.WantedLine] = [
        wanted(sku, grams, GRAM) for sku, grams in zip(rices, (755, 333, 5), strict=True)
    ]
    quote = await shop.orders(who).QuoteOrder(
        orders_service_pb2.QuoteOrderRequest(parent=STORE, lines=lines)
    )
    each = [981, 1_110, 5]  # 980.745, 1109.889 and 4.995
    assert [line.line_total.amount_minor for line in quote.lines] == each
    order = await shop.orders(who).PlaceOrder(delivery(who, *lines))
    assert order.total == quote.total == yuan(sum(each))
    assert await shop.wallet(who) == (100_000 - sum(each), sum(each))
    await hand_over(shop, order)
    paid = await shop.payments().GetPayment(
        payments_service_pb2.GetPaymentRequest(name=f"{who.customer}/payments/{_id(order)}")
    )
    assert paid.captured == yuan(sum(each))
    assert await shop.wallet(who) == (100_000 - sum(each), 0)


@pytest.mark.parametrize("parts", [[2_096], [1, 2_095], [699, 699, 698], [524] * 4])
async def test_refunds_go_up_to_what_was_captured_and_not_a_cent_further(
    parts: list[int], shop: Shop
) -> None:
    """Rounded lines never keep the last cent back, and never give one too many."""
    rice = await shop.product(stock=100_000, price=1_299, unit=GRAM)
    tea = await shop.product(stock=100, price=223)
    who = await shop.customer(balance=10_000)
    order = await shop.orders(who).PlaceOrder(pickup(who, wanted(rice, 755, GRAM), wanted(tea, 5)))
    assert order.total == yuan(2_096)
    error = await refused(refund(shop, order, 1))
    assert (error.reason, error.facts) == ("REFUND_TOO_LARGE", {"refundable": "0"})
    await hand_over(shop, order)
    for part in parts:
        left = 10_000 - (await shop.wallet(who))[0]
        error = await refused(refund(shop, order, left + 1))
        assert (error.reason, error.facts) == ("REFUND_TOO_LARGE", {"refundable": str(left)})
        await refund(shop, order, part)
    assert await shop.wallet(who) == (10_000, 0)
    assert (await refused(refund(shop, order, 1))).reason == "REFUND_TOO_LARGE"


async def test_refunds_at_once_never_give_back_more_than_was_captured(shop: Shop) -> None:
    sku = await shop.product(stock=10, price=100)
    sale = await shop.orders().PlaceOrder(till_sale(wanted(sku, 5)))
    answers = await asyncio.gather(
        *(refund(shop, sale, 90) for _ in range(12)), return_exceptions=True
    )
    refusals = [answer for answer in answers if isinstance(answer, HutongError)]
    assert [error.reason for error in refusals] == ["REFUND_TOO_LARGE"] * 7
    assert (await refund(shop, sale, 50)).refunded == yuan(500)


async def test_captures_less_refunds_are_the_money_kept_by_order_store_and_day(
    world: World, shop: Shop
) -> None:
    sku = await shop.product(stock=100, price=333)
    who = await shop.customer(balance=100_000)
    before = await kept_by_store(world)
    sale = await shop.orders().PlaceOrder(till_sale(wanted(sku, 3)))
    returned = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    await cancel(shop, returned)
    sent = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 7)))
    open_ = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 2)))
    await hand_over(shop, sent)
    await refund(shop, sent, 500)
    await refund(shop, sale, 1)
    expected = {
        _id(sale): (999, 1, 998),
        _id(returned): (333, 333, 0),
        _id(sent): (2_331, 500, 1_831),
    }
    async with world.database("payments").transaction() as tx:
        rows = await tx.rows(
            "select payment_id, captured_minor, refunded_minor, kept_minor"
            "  from verify.money_kept where payment_id = any($1::text[])",
            [*expected, _id(open_)],
        )
    assert {row.payment_id: tuple(row)[1:] for row in rows} == expected
    assert await kept_by_store(world) - before == 998 + 1_831


async def kept_by_store(world: World) -> int:
    """What the store has kept of all days together."""
    async with world.database("payments").transaction() as tx:
        rows = await tx.rows(
            "select day, sum(kept_minor) as kept_minor from verify.money_kept"
            " where store_id = 'demo:sh01' group by day"
        )
    return sum(int(row.kept_minor) for row in rows)
