"""What the store says decides about pickup and delivery, and about nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from allinone.topology import BLUEPRINTS
from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.auth import Caller
from hutong.common.v1 import position_pb2
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from hutong.stores.v1 import stores_pb2, stores_service_pb2
from tests.support.shop import (
    ACROSS_THE_RIVER,
    CASHIER,
    STORE,
    Shop,
    delivery,
    door,
    pickup,
    request_id,
    till_sale,
    wanted,
)
from tests.support.world import World, Worlds, caller

PICKUP = orders_pb2.FULFILMENT_PICKUP
DELIVERY = orders_pb2.FULFILMENT_DELIVERY
FAR = position_pb2.Position(
    latitude_degrees=ACROSS_THE_RIVER[0], longitude_degrees=ACROSS_THE_RIVER[1]
)


async def reason_of(work: Any) -> HutongError:
    with pytest.raises(HutongError) as caught:
        await work
    return caught.value


async def close(shop: Shop, store: str = STORE, *, until: datetime | None = None) -> None:
    await shop.stores().CloseStore(
        stores_service_pb2.CloseStoreRequest(
            name=store, reason="burst pipe", end_time=until, request_id=request_id()
        )
    )


async def reopen(shop: Shop, store: str = STORE) -> None:
    await shop.stores().ReopenStore(
        stores_service_pb2.ReopenStoreRequest(name=store, request_id=request_id())
    )


async def offer(shop: Shop, *capabilities: stores_pb2.Capability) -> None:
    await shop.stores().UpdateStore(
        stores_service_pb2.UpdateStoreRequest(
            store=stores_pb2.Store(name=STORE, capabilities=capabilities),
            update_mask={"paths": ["capabilities"]},
            request_id=request_id(),
        )
    )


@asynccontextmanager
async def closed(shop: Shop, *, until: datetime | None = None) -> AsyncIterator[None]:
    await close(shop, until=until)
    yield
    await reopen(shop)


@asynccontextmanager
async def offering(shop: Shop, *capabilities: stores_pb2.Capability) -> AsyncIterator[None]:
    """The store offers nothing else for so long."""
    await offer(shop, *capabilities)
    yield
    await offer(
        shop,
        stores_pb2.CAPABILITY_CARRY_OUT,
        stores_pb2.CAPABILITY_PICKUP,
        stores_pb2.CAPABILITY_DELIVERY,
    )


@asynccontextmanager
async def stores_broken(world: World) -> AsyncIterator[None]:
    """The stores service can answer nothing for so long."""
    stores = world.database("stores")
    async with stores.transaction() as tx:
        await tx.run("alter table store rename to store_out_of_reach")
    yield
    async with stores.transaction() as tx:
        await tx.run("alter table store_out_of_reach rename to store")


def quote(sku: str, store: str = STORE, **fields: Any) -> orders_service_pb2.QuoteOrderRequest:
    return orders_service_pb2.QuoteOrderRequest(parent=store, lines=[wanted(sku, 1)], **fields)


@pytest.fixture
async def sku(shop: Shop) -> str:
    return await shop.product(stock=50, price=100)


@pytest.fixture
async def who(shop: Shop) -> Caller:
    return await shop.customer(balance=10_000)


async def test_a_closed_store_makes_no_new_promise_and_its_tills_go_on_selling(
    shop: Shop, sku: str, who: Caller
) -> None:
    async with closed(shop):
        for order in (pickup(who, wanted(sku, 1)), delivery(who, wanted(sku, 1))):
            error = await reason_of(shop.orders(who).PlaceOrder(order))
            assert (error.kind, error.reason) == (ErrorKind.FAILED_PRECONDITION, "STORE_CLOSED")
            assert error.facts == {"closure": "burst pipe"}
        sale = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
        assert sale.state == orders_pb2.ORDER_STATE_COMPLETED
        assert await shop.stock(sku) == (49, 0)
        assert await shop.wallet(who) == (10_000, 0)
    placed = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    assert placed.state == orders_pb2.ORDER_STATE_PLACED


async def test_a_closure_that_ends_says_when(shop: Shop, sku: str, who: Caller) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)  # noqa: TID251
    async with closed(shop, until=end):
        error = await reason_of(shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1))))
    assert error.facts == {
        "closure": "burst pipe",
        "opens_at": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


async def test_outside_its_hours_a_store_is_closed_until_it_opens(shop: Shop, who: Caller) -> None:
    store = "stores/weekly"
    in_three_days = datetime.now(UTC) + timedelta(days=3)  # noqa: TID251
    day = stores_pb2.DayHours(
        day=stores_pb2.DayOfWeek.Name(in_three_days.isoweekday()),
        periods=[stores_pb2.OpenPeriod(open_minutes=600, close_minutes=660)],
    )
    await shop.open(store, time_zone="UTC", opening_hours=stores_pb2.OpeningHours(weekly=[day]))
    sku = await shop.product(stock=5, store=store)
    order = pickup(who, wanted(sku, 1), parent=store)
    error = await reason_of(shop.orders(who).PlaceOrder(order))
    assert error.reason == "STORE_CLOSED"
    assert error.facts == {"opens_at": in_three_days.strftime("%Y-%m-%dT10:00:00Z")}


async def test_a_store_that_closes_keeps_the_orders_it_has_accepted(
    shop: Shop, sku: str, who: Caller
) -> None:
    kept = [await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1))) for _ in range(3)]
    collected, cancelled, packed = [order.name for order in kept]
    async with closed(shop):
        ready = await shop.orders().MarkOrderReady(
            orders_service_pb2.MarkOrderReadyRequest(name=packed, request_id=request_id())
        )
        assert ready.state == orders_pb2.ORDER_STATE_READY
        for name in (packed, collected):
            done = await shop.orders().HandOverOrder(
                orders_service_pb2.HandOverOrderRequest(name=name, request_id=request_id())
            )
            assert done.state == orders_pb2.ORDER_STATE_COMPLETED
        gone = await shop.orders(who).CancelOrder(
            orders_service_pb2.CancelOrderRequest(
                name=cancelled, reason="closed anyway", request_id=request_id()
            )
        )
        assert gone.state == orders_pb2.ORDER_STATE_CANCELLED
    assert await shop.stock(sku) == (48, 0)
    assert await shop.wallet(who) == (9_800, 0)


async def test_a_repeat_gets_its_first_answer_though_the_store_has_closed_since(
    shop: Shop, sku: str, who: Caller
) -> None:
    for request in (pickup(who, wanted(sku, 1)), delivery(who, wanted(sku, 1))):
        first = await shop.orders(who).PlaceOrder(request)
        async with closed(shop):
            again = await shop.orders(who).PlaceOrder(request)
        assert again.SerializeToString() == first.SerializeToString()


async def test_a_repeat_gets_its_first_answer_though_the_stores_are_down(
    world: World, shop: Shop, sku: str, who: Caller
) -> None:
    request = delivery(who, wanted(sku, 1))
    first = await shop.orders(who).PlaceOrder(request)
    async with stores_broken(world):
        again = await shop.orders(who).PlaceOrder(request)
        assert again.SerializeToString() == first.SerializeToString()


async def test_a_refusal_stays_the_answer_though_the_store_has_opened_since(
    shop: Shop, sku: str, who: Caller
) -> None:
    request = pickup(who, wanted(sku, 1))
    async with closed(shop):
        first = await reason_of(shop.orders(who).PlaceOrder(request))
    again = await reason_of(shop.orders(who).PlaceOrder(request))
    assert (first.reason, first.facts) == (again.reason, again.facts)
    request.request_id = request_id()
    assert (await shop.orders(who).PlaceOrder(request)).state == orders_pb2.ORDER_STATE_PLACED


async def test_a_till_sells_while_the_stores_are_down_and_promises_wait(
    world: World, shop: Shop, sku: str, who: Caller
) -> None:
    promised = pickup(who, wanted(sku, 1))
    async with stores_broken(world):
        sale = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
        assert sale.state == orders_pb2.ORDER_STATE_COMPLETED
        error = await reason_of(shop.orders(who).PlaceOrder(promised))
        assert not error.is_answer
        await shop.orders().QuoteOrder(quote(sku))
        await shop.orders().QuoteOrder(quote(sku, fulfilment=orders_pb2.FULFILMENT_CARRY_OUT))
    placed = await shop.orders(who).PlaceOrder(promised)
    assert placed.state == orders_pb2.ORDER_STATE_PLACED


async def test_a_promise_waits_while_the_stores_are_older_than_the_orders(worlds: Worlds) -> None:
    older = await worlds.start([plan for plan in BLUEPRINTS if plan.name != "stores"])
    shop = Shop(older.client)
    sku, who = await shop.product(stock=5), await shop.customer(balance=1_000)
    error = await reason_of(shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1))))
    assert (error.kind, error.facts) == (ErrorKind.UNAVAILABLE, {"part": "stores"})
    sale = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    assert sale.state == orders_pb2.ORDER_STATE_COMPLETED
    await older.close()


async def test_a_capability_that_is_off_refuses_only_what_needs_it(
    shop: Shop, sku: str, who: Caller
) -> None:
    accepted = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1)))
    async with offering(shop, stores_pb2.CAPABILITY_CARRY_OUT, stores_pb2.CAPABILITY_PICKUP):
        error = await reason_of(shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1))))
        assert (error.reason, error.facts) == ("FULFILMENT_NOT_OFFERED", {"fulfilment": "DELIVERY"})
        await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
        await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
        done = await shop.orders().HandOverOrder(
            orders_service_pb2.HandOverOrderRequest(name=accepted.name, request_id=request_id())
        )
        assert done.state == orders_pb2.ORDER_STATE_COMPLETED
    async with offering(shop, stores_pb2.CAPABILITY_DELIVERY):
        error = await reason_of(shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1))))
        assert (error.reason, error.facts) == ("FULFILMENT_NOT_OFFERED", {"fulfilment": "PICKUP"})
        await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1)))


async def test_goods_are_not_promised_beyond_the_delivery_area(
    shop: Shop, sku: str, who: Caller
) -> None:
    order = delivery(who, wanted(sku, 1), delivery=door(position=FAR))
    error = await reason_of(shop.orders(who).PlaceOrder(order))
    assert (error.kind, error.reason) == (ErrorKind.FAILED_PRECONDITION, "DELIVERY_OUT_OF_AREA")
    assert await shop.stock(sku) == (50, 0)


async def test_a_store_that_nobody_created_promises_nothing(shop: Shop, who: Caller) -> None:
    store = "stores/unbuilt"
    sku = await shop.product(stock=5, store=store)
    error = await reason_of(shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1), parent=store)))
    assert (error.reason, error.facts) == ("STORE_UNKNOWN", {"store": store})
    cashier = caller(role="cashier", stores=[store])
    await shop.orders(cashier).PlaceOrder(till_sale(wanted(sku, 1), store=store))


async def test_a_quote_refuses_what_could_not_be_placed_now(shop: Shop, sku: str) -> None:
    orders, near = shop.orders(), door().position
    for request in (
        quote(sku, fulfilment=PICKUP),
        quote(sku, fulfilment=DELIVERY),
        quote(sku, fulfilment=DELIVERY, position=near),
    ):
        assert (await orders.QuoteOrder(request)).total.amount_minor == 100
    assert await reasons(shop, quote(sku, fulfilment=DELIVERY, position=FAR)) == [
        "DELIVERY_OUT_OF_AREA"
    ]
    for misplaced in (quote(sku, position=near), quote(sku, fulfilment=PICKUP, position=near)):
        assert await reasons(shop, misplaced) == ["DELIVERY_ADDRESS_INVALID"]
    async with closed(shop):
        promised = [quote(sku, fulfilment=PICKUP), quote(sku, fulfilment=DELIVERY)]
        assert await reasons(shop, *promised) == ["STORE_CLOSED"] * 2
        assert (await orders.QuoteOrder(quote(sku))).total.amount_minor == 100


async def reasons(shop: Shop, *requests: orders_service_pb2.QuoteOrderRequest) -> list[str]:
    return [(await reason_of(shop.orders().QuoteOrder(request))).reason for request in requests]


async def test_a_refused_promise_leaves_no_order(
    world: World, shop: Shop, sku: str, who: Caller
) -> None:
    async with closed(shop):
        await reason_of(shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1))))
    async with world.database("orders").transaction() as tx:
        rows = await tx.rows("select 1 from customer_order where lines -> 0 ->> 'sku' = $1", sku)
    assert rows == []


async def test_many_promises_at_once_ask_the_stores_in_few_batches(
    world: World, shop: Shop, sku: str, who: Caller
) -> None:
    before = _times_asked(world)
    orders = shop.orders(who)
    await asyncio.gather(*(orders.PlaceOrder(pickup(who, wanted(sku, 1))) for _ in range(40)))
    asked = _times_asked(world)
    assert 0 < asked - before < 40
    await shop.orders(CASHIER).PlaceOrder(till_sale(wanted(sku, 1)))
    assert _times_asked(world) == asked


def _times_asked(world: World) -> float:
    """How many batches the stores were asked in."""
    method = "/hutong.stores.v1.StoresService/BatchCheckServiceability"
    calls = world.metrics.rpc_seconds.labels(method, "OK")
    return {sample.name: sample.value for sample in calls._child_samples()}["_count"]
