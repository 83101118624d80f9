"""Baskets are checked by views that find damage, and kept by constraints that refuse it."""

from __future__ import annotations

import pytest
from asyncpg import IntegrityConstraintViolationError

from chassis.rpc.auth import Caller
from tests.support.baskets import checkout, line, setting
from tests.support.shop import Shop
from tests.support.world import World

VIEWS = ("basket_line", "basket_checkout", "order_basket")


async def ordered_and_refilled(shop: Shop) -> Caller:
    """A customer who has ordered a basket, and put something in again."""
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    orders = shop.orders(who)
    first = await orders.SetBasketLines(setting(who, line(sku, 1)))
    await orders.PlaceOrder(checkout(who, first))
    await orders.SetBasketLines(setting(who, line(sku, 2)))
    return who


def key_of(who: Caller) -> str:
    return f"demo:{who.customer.removeprefix('customers/')}"


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("update basket set lines = lines || lines where customer_id = $1", {"basket_line"}),
        (
            (
                "update basket set lines = jsonb_set(lines, '{0,unit_price_minor}', '-1') "
                "where customer_id = $1"
            ),
            {"basket_line"},
        ),
        (
            (
                "update basket as b set order_id = o.order_id from customer_order as o "
                "where o.customer_id = b.customer_id and b.customer_id = $1"
            ),
            {"basket_checkout"},
        ),
        ("update basket set order_id = 'ord_none' where customer_id = $1", {"basket_checkout"}),
        (
            (
                "update customer_order set state = 'PLACING', lease_token = 'lease_1' "
                "where customer_id = $1"
            ),
            {"order_basket"},
        ),
    ],
    ids=["line twice", "price below zero", "order that has ended", "no order", "basket not tied"],
)
async def test_damage_to_a_basket_is_found(
    shop: Shop, world: World, damage: str, found: set[str]
) -> None:
    who = await ordered_and_refilled(shop)
    broken = set()
    async with world.database("orders").transaction() as tx:
        await tx.run("savepoint whole")
        assert await tx.run(damage, key_of(who)) == 1
        for view in VIEWS:
            if await tx.rows(f"select 1 from verify.broken_{view}"):
                broken.add(view)
        await tx.run("rollback to savepoint whole")
    assert broken == found


@pytest.mark.parametrize(
    ("damage", "constraint"),
    [
        (
            (
                "update basket set lines = jsonb_set(lines, '{0,quantity}', '0') "
                "where customer_id = $1"
            ),
            "basket_line_quantity",
        ),
        ("update basket set version = 0 where customer_id = $1", "basket_version"),
        (
            (
                "update basket set lines = (select jsonb_agg(lines -> 0 || "
                "jsonb_build_object('i', i)) from generate_series(1, 201) as i) "
                "where customer_id = $1"
            ),
            "basket_lines_max",
        ),
        (
            "update basket set lines = '[]', frozen_until = now() where customer_id = $1",
            "basket_nothing_to_keep",
        ),
        (
            "update basket set lines = '[]', order_id = 'ord_1' where customer_id = $1",
            "basket_nothing_to_keep",
        ),
        (
            (
                "insert into customer_order select (o).* from (select jsonb_populate_record("
                'o, \'{"order_id": "ord_again"}\') as o from customer_order as o '
                "where customer_id = $1) as copied"
            ),
            "customer_order_of_basket",
        ),
    ],
    ids=["no quantity", "no version", "too many lines", "freeze", "checkout", "sold twice"],
)
async def test_what_a_basket_can_never_be_is_refused_by_the_database(
    shop: Shop, world: World, damage: str, constraint: str
) -> None:
    who = await ordered_and_refilled(shop)
    with pytest.raises(IntegrityConstraintViolationError) as caught:
        async with world.database("orders").transaction() as tx:
            await tx.run(damage, key_of(who))
    assert constraint in str(caught.value)
