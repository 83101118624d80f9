"""Batches of orders of baskets: a fixed number of statements, and one order a basket."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.db.engine import Database
from chassis.db.idempotency import StoredAnswer, request_key
from chassis.kernel import ids, names
from chassis.kernel.errors import HutongError
from hutong.orders.v1 import baskets_pb2
from services.orders.convert import orders as convert
from services.orders.domain.baskets import BasketName
from services.orders.domain.orders import (
    Basket,
    Fulfilment,
    Order,
    PlaceOrder,
    Purchaser,
    Quote,
    State,
    Tender,
    TenderType,
)
from services.orders.domain.refusals import OrderAbandoned
from services.orders.repository.baskets import get_all
from services.orders.repository.orders import Move
from services.orders.usecases.orders import Intent, Moved, Orders, new_order
from tests.support.baskets import line, setting
from tests.support.shop import Shop, request_id
from tests.support.statements import statements_of
from tests.support.world import World


def orders_of(world: World) -> Orders:
    """The use cases as the service has them."""
    return Orders(
        world.database("orders"),
        encode=convert.encode,
        lease_seconds=60,
    )


async def baskets(shop: Shop, count: int) -> list[baskets_pb2.Basket]:
    """So many customers' baskets with one of a product."""
    sku = await shop.product(stock=0, price=100)
    made = []
    for _ in range(count):
        who = await shop.customer(balance=100)
        made.append(await shop.orders(who).SetBasketLines(setting(who, line(sku, 1))))
    return made


async def intents(database: Database, seen: Sequence[baskets_pb2.Basket]) -> list[Intent]:
    """An order of each basket, at the version that was seen."""
    named = [BasketName(*names.parse_basket(basket.name, "demo")) for basket in seen]
    async with database.transaction() as tx:
        found = await get_all(tx, named)
    return [
        _intent(name, basket.version, kept.frozen_quote(now=now))
        for name, basket, (kept, now) in zip(named, seen, found, strict=True)
    ]


def _intent(name: BasketName, version: int, quote: Quote) -> Intent:
    command = PlaceOrder(
        basket=Basket(name.store, ()),
        order_id=ids.mint("ord"),
        fulfilment=Fulfilment.PICKUP,
        tender=Tender(TenderType.WALLET),
        purchaser=Purchaser("users/c", "demo", is_staff=False, customer=name.customer),
        customer=name.customer,
        till="",
        expected_total=None,
        basket_version=version,
    )
    key = request_key(
        distribution_key=name.store,
        principal="demo/users/c",
        method="PlaceOrder",
        request_id=request_id(),
        body=b"",
    )
    return Intent(key, new_order(command, quote))


async def test_a_batch_of_baskets_costs_as_many_statements_as_two(shop: Shop, world: World) -> None:
    database, orders = world.database("orders"), orders_of(world)
    costs = []
    for count in (2, 40):
        seen = await baskets(shop, count)
        asked = await intents(database, seen)
        async with statements_of(database) as sent:
            begun = [each for each in await orders.begin_all(asked) if isinstance(each, Order)]
            moves = [Move(order, State.REFUSED, OrderAbandoned()) for order in begun]
            ended = await orders.move_all(moves)
        assert len(begun) == count
        assert all(isinstance(each, Moved) for each in ended)
        costs.append(len(sent))
    assert costs[0] == costs[1]


async def test_of_a_batch_the_first_order_of_a_basket_gets_it(shop: Shop, world: World) -> None:
    database, orders = world.database("orders"), orders_of(world)
    one, other = await baskets(shop, 2)
    stale = baskets_pb2.Basket(name=one.name, version=one.version - 1)
    asked = await intents(database, [stale, one, other, one])
    outcomes = await orders.begin_all(asked)
    begun = [each for each in outcomes if isinstance(each, Order)]
    refused = [each.reason for each in outcomes if isinstance(each, HutongError)]
    assert begun == [asked[1].outcome, asked[2].outcome]
    assert refused == ["BASKET_CHANGED", "BASKET_IN_CHECKOUT"]
    again = await orders.begin_all(asked[3:])
    assert isinstance(again[0], StoredAnswer)
    assert again[0].refusal is not None
    assert again[0].refusal.reason == "BASKET_IN_CHECKOUT"
    await orders.move_all([Move(order, State.REFUSED, OrderAbandoned()) for order in begun])
    async with database.transaction() as tx:
        name = BasketName(*names.parse_basket(one.name, "demo"))
        ((kept, _),) = await get_all(tx, [name])
    assert (kept.order_id, kept.version, len(kept.lines)) == ("", one.version, 1)
