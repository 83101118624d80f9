"""The check of the books finds what is planted, and nothing while the platform sells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from allinone.topology import BLUEPRINTS
from allinone.verify import verify
from hutong.orders.v1 import orders_service_pb2
from tests.support.shop import (
    CASHIER,
    MANAGER,
    Shop,
    delivery,
    pickup,
    recorded_sale,
    request_id,
    till_sale,
    wanted,
)
from tests.support.world import World, Worlds


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    started = await worlds.start(BLUEPRINTS)
    yield started
    await started.close()


@pytest.fixture(scope="module")
async def shop(world: World) -> Shop:
    opened = Shop(world.client)
    await opened.open()
    return opened


async def change(world: World, service: str, statement: str, order_id: str) -> None:
    """Tampers with one order's rows behind the services' backs."""
    async with world.database(service).transaction() as tx:
        await tx.run("set local session_replication_role = replica")
        assert await tx.run(statement, order_id) > 0


async def rules_broken(world: World, order_id: str) -> set[str]:
    return {found.rule for found in await verify(world.urls) if order_id in found.row}


REFUSE = "update customer_order set state = 'REFUSED', end_reason = '{}' where order_id = $1"
RAISE_TOTAL = "update customer_order set total_minor = total_minor + 1 where order_id = $1"
SKIP_VERSION = "update customer_order set version = version + 1 where order_id = $1"
FORGET_ANSWER = """
update idempotency set reply = null where position($1 in encode(reply, 'escape')) > 0
"""
FORGET_ORDER = "delete from customer_order where order_id = $1"
CHANGE_QUANTITY = """
update customer_order set lines = jsonb_set(lines, '{0,quantity}', '7') where order_id = $1
"""
MOVE_TO_ANOTHER_STORE = "update payment set store_id = 'demo:sh02' where payment_id = $1"
KEEP_FOR_ANOTHER_STORE = """
update ledger_entry set owner = 'demo:stores/sh02' where payment_id = $1
"""
CHANGE_VERSION = """
update customer_order set lines = jsonb_set(lines, '{0,price_version}', '7') where order_id = $1
"""
UNDERCHARGE = """
update customer_order
   set lines = jsonb_set(lines, '{0,line_total_minor}',
                         to_jsonb((lines -> 0 ->> 'line_total_minor')::bigint - 1))
 where order_id = $1
"""
FORGET_CHARGE = """
update customer_order set lines = lines #- '{0,charged_total_minor}' where order_id = $1
"""
FORGET_RECEIPT = "update customer_order set receipt = null where order_id = $1"
OVERCHARGE = """
update customer_order set lines = jsonb_set(lines, '{0,charged_total_minor}', '151')
 where order_id = $1
"""
BACKDATE = "update customer_order set created_at = '2020-01-01Z' where order_id = $1"
FORGET_STOCK = "delete from reservation where reservation_id = $1"
FORGET_MONEY = "delete from payment where payment_id = $1"
MOVE_TO_ANOTHER_CHAIN = "update customer_order set customer_id = 'other:c1' where order_id = $1"
FORGET_EVENTS = "delete from outbox where position($1 in aggregate || encode(data, 'escape')) > 0"
TAKE_TWICE = """
insert into ledger_entry (owner, transfer_id, line, account, currency, amount_minor, kind,
                          payment_id, actor)
select owner, 'again', line, account, currency, amount_minor, kind, payment_id, actor
  from ledger_entry where payment_id = $1
"""
PAY_ANOTHER_CHAIN = "update payment set store_id = 'other:sh01' where payment_id = $1"

PLANTED = [
    ("orders", MOVE_TO_ANOTHER_CHAIN, "orders.broken_order_tenant"),
    ("orders", FORGET_EVENTS, "orders.broken_order_event"),
    ("payments", FORGET_EVENTS, "payments.broken_payment_event"),
    ("inventory", FORGET_EVENTS, "inventory.broken_stock_event"),
    ("payments", TAKE_TWICE, "payments.broken_payment_transfers"),
    ("payments", PAY_ANOTHER_CHAIN, "payments.broken_payment_tenant"),
    ("orders", REFUSE, "order_and_stock"),
    ("orders", REFUSE, "order_and_money"),
    ("orders", RAISE_TOTAL, "order_and_money_amounts"),
    ("orders", RAISE_TOTAL, "orders.broken_order_total"),
    ("orders", SKIP_VERSION, "orders.broken_order_event"),
    ("orders", FORGET_ANSWER, "orders.broken_order_answer"),
    ("orders", FORGET_ORDER, "stock_without_order"),
    ("orders", FORGET_ORDER, "money_without_order"),
    ("orders", CHANGE_QUANTITY, "order_and_stock_quantities"),
    ("orders", CHANGE_VERSION, "order_price_version"),
    ("orders", BACKDATE, "order_price_version"),
    ("orders", UNDERCHARGE, "order_and_price"),
    ("inventory", FORGET_STOCK, "order_and_stock"),
    ("payments", FORGET_MONEY, "order_and_money"),
    ("payments", MOVE_TO_ANOTHER_STORE, "order_and_money_stores"),
    ("payments", MOVE_TO_ANOTHER_STORE, "payments.broken_money_kept"),
    ("payments", KEEP_FOR_ANOTHER_STORE, "payments.broken_money_kept"),
]


@pytest.mark.parametrize(("service", "statement", "rule"), PLANTED)
async def test_what_is_planted_is_found(
    service: str, statement: str, rule: str, world: World, shop: Shop
) -> None:
    sku = await shop.product(stock=10)
    order = await shop.orders().PlaceOrder(till_sale(wanted(sku, 2)))
    order_id = order.name.rpartition("/")[2]
    assert await rules_broken(world, order_id) == set()
    await change(world, service, statement, order_id)
    assert rule in await rules_broken(world, order_id)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (FORGET_CHARGE, "orders.broken_order_charge"),
        (FORGET_RECEIPT, "orders.broken_order_charge"),
        (OVERCHARGE, "orders.broken_order_total"),
        (RAISE_TOTAL, "orders.broken_order_total"),
        (RAISE_TOTAL, "order_and_money_amounts"),
        (UNDERCHARGE, "order_and_price"),
        (CHANGE_VERSION, "order_price_version"),
    ],
)
async def test_what_is_planted_in_a_recorded_sale_is_found(
    statement: str, rule: str, world: World, shop: Shop
) -> None:
    sku = await shop.product(stock=10)
    order = await shop.orders(MANAGER).PlaceOrder(
        till_sale(wanted(sku, 2), recorded_sale=recorded_sale((sku, 150)))
    )
    order_id = order.name.rpartition("/")[2]
    assert await rules_broken(world, order_id) == set()
    await change(world, "orders", statement, order_id)
    assert rule in await rules_broken(world, order_id)


@pytest.mark.parametrize(
    ("service", "statement", "rule"),
    [
        ("inventory", FORGET_STOCK, "order_and_stock"),
        ("payments", FORGET_MONEY, "order_and_money"),
        ("orders", RAISE_TOTAL, "order_and_money_amounts"),
        ("orders", CHANGE_QUANTITY, "order_and_stock_quantities"),
        ("orders", FORGET_ANSWER, "orders.broken_order_answer"),
        ("orders", SKIP_VERSION, "orders.broken_order_event"),
    ],
)
async def test_what_a_packed_order_lacks_is_found(
    service: str, statement: str, rule: str, world: World, shop: Shop
) -> None:
    sku, who = await shop.product(stock=10), await shop.customer(balance=1_000)
    order = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 2)))
    await shop.orders().MarkOrderReady(
        orders_service_pb2.MarkOrderReadyRequest(name=order.name, request_id=request_id())
    )
    order_id = order.name.rpartition("/")[2]
    assert await rules_broken(world, order_id) == set()
    await change(world, service, statement, order_id)
    assert rule in await rules_broken(world, order_id)


async def test_money_that_a_cancelled_order_kept_is_found(world: World, shop: Shop) -> None:
    sku = await shop.product(stock=10)
    order = await shop.orders().PlaceOrder(till_sale(wanted(sku, 2)))
    order_id = order.name.rpartition("/")[2]
    await shop.orders(CASHIER).CancelOrder(
        orders_service_pb2.CancelOrderRequest(
            name=order.name, reason="brought back", request_id=request_id()
        )
    )
    await change(
        world,
        "payments",
        "update payment set state = 'CAPTURED', refunded_minor = 0 where payment_id = $1",
        order_id,
    )
    broken = await rules_broken(world, order_id)
    assert {"order_and_money", "payments.broken_payment_money"} <= broken


async def test_nothing_is_found_while_orders_are_placed_and_cancelled(
    worlds: Worlds,
) -> None:
    busy = await worlds.start(BLUEPRINTS)
    shop = Shop(busy.client)
    await shop.open()
    sku = await shop.product(stock=1_000)
    who = await shop.customer(balance=1_000_000)
    cashier, customer = shop.orders(), shop.orders(who)

    async def trade() -> None:
        for _ in range(8):
            await cashier.PlaceOrder(till_sale(wanted(sku, 1)))
            order = await customer.PlaceOrder(pickup(who, wanted(sku, 1)))
            await customer.CancelOrder(
                orders_service_pb2.CancelOrderRequest(
                    name=order.name, reason="no", request_id=request_id()
                )
            )
            sent = await customer.PlaceOrder(delivery(who, wanted(sku, 1)))
            await cashier.MarkOrderReady(
                orders_service_pb2.MarkOrderReadyRequest(name=sent.name, request_id=request_id())
            )

    trading = asyncio.gather(*(trade() for _ in range(8)))
    checks = 0
    while not trading.done():
        assert await verify(busy.urls) == []
        checks += 1
    await trading
    assert checks > 1
    assert await verify(busy.urls) == []
    assert await shop.stock(sku) == (1_000 - 64, 64)
    await busy.close()
