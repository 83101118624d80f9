"""Goods that are packed and brought: the states on the way, and who learns where it goes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog

from chassis import log
from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.auth import Caller
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from tests.support.shop import (
    CASHIER,
    MANAGER,
    OPERATOR,
    STORE,
    Shop,
    customer,
    delivery,
    door,
    pickup,
    request_id,
    till_sale,
    wanted,
)
from tests.support.world import World, call_context_for, caller

PLACED = orders_pb2.ORDER_STATE_PLACED
READY = orders_pb2.ORDER_STATE_READY
COMPLETED = orders_pb2.ORDER_STATE_COMPLETED
CANCELLED = orders_pb2.ORDER_STATE_CANCELLED


def packing(order: orders_pb2.Order) -> orders_service_pb2.MarkOrderReadyRequest:
    return orders_service_pb2.MarkOrderReadyRequest(name=order.name, request_id=request_id())


def handing_over(order: orders_pb2.Order) -> orders_service_pb2.HandOverOrderRequest:
    return orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())


def cancelling(order: orders_pb2.Order) -> orders_service_pb2.CancelOrderRequest:
    return orders_service_pb2.CancelOrderRequest(
        name=order.name, reason="changed my mind", request_id=request_id()
    )


async def refused(work: Any) -> HutongError:
    with pytest.raises(HutongError) as caught:
        await work
    return caught.value


@pytest.fixture
async def sku(shop: Shop) -> str:
    return await shop.product(stock=10, price=100)


@pytest.fixture
async def who(shop: Shop) -> Caller:
    return await shop.customer(balance=1_000)


@pytest.fixture
async def sent(shop: Shop, sku: str, who: Caller) -> orders_pb2.Order:
    """A delivery order of three pieces, placed."""
    placed: orders_pb2.Order = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 3)))
    return placed


async def test_a_delivery_holds_stock_and_money_until_it_is_handed_over(
    shop: Shop, sku: str, who: Caller, sent: orders_pb2.Order
) -> None:
    assert sent.state == PLACED
    assert sent.fulfilment == orders_pb2.FULFILMENT_DELIVERY
    assert sent.delivery == door()
    assert await shop.stock(sku) == (10, 3)
    assert await shop.wallet(who) == (700, 300)
    ready = await shop.orders().MarkOrderReady(packing(sent))
    assert (ready.state, ready.version) == (READY, sent.version + 1)
    assert await shop.stock(sku) == (10, 3)
    assert await shop.wallet(who) == (700, 300)
    done = await shop.orders().HandOverOrder(handing_over(sent))
    assert (done.state, done.delivery) == (COMPLETED, door())
    assert await shop.stock(sku) == (7, 0)
    assert await shop.wallet(who) == (700, 0)


async def test_an_order_may_be_handed_over_without_being_marked_ready(
    shop: Shop, sent: orders_pb2.Order
) -> None:
    done = await shop.orders().HandOverOrder(handing_over(sent))
    assert done.state == COMPLETED


async def test_a_customer_cancels_until_it_is_packed(
    shop: Shop, sku: str, who: Caller, sent: orders_pb2.Order
) -> None:
    cancelled = await shop.orders(who).CancelOrder(cancelling(sent))
    assert cancelled.state == CANCELLED
    assert await shop.stock(sku) == (10, 0)
    assert await shop.wallet(who) == (1_000, 0)
    packed = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1)))
    await shop.orders().MarkOrderReady(packing(packed))
    error = await refused(shop.orders(who).CancelOrder(cancelling(packed)))
    assert (error.kind, error.reason) == (ErrorKind.PERMISSION_DENIED, "CANCEL_NOT_ALLOWED")
    assert error.facts == {"state": "READY"}
    assert await shop.stock(sku) == (10, 1)


async def test_staff_cancel_until_it_is_handed_over(
    shop: Shop, sku: str, who: Caller, sent: orders_pb2.Order
) -> None:
    await shop.orders().MarkOrderReady(packing(sent))
    cancelled = await shop.orders(MANAGER).CancelOrder(cancelling(sent))
    assert cancelled.state == CANCELLED
    assert await shop.stock(sku) == (10, 0)
    assert await shop.wallet(who) == (1_000, 0)
    gone = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1)))
    await shop.orders().HandOverOrder(handing_over(gone))
    for caller_ in (who, MANAGER):
        error = await refused(shop.orders(caller_).CancelOrder(cancelling(gone)))
        assert (error.reason, error.facts) == ("ORDER_STATE_INVALID", {"state": "COMPLETED"})


async def test_only_a_placed_order_can_be_packed(shop: Shop, sku: str, who: Caller) -> None:
    orders = shop.orders()
    sale = await orders.PlaceOrder(till_sale(wanted(sku, 1)))
    ready = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    await orders.MarkOrderReady(packing(ready))
    cancelled = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    await shop.orders(who).CancelOrder(cancelling(cancelled))
    for order, state in ((sale, "COMPLETED"), (ready, "READY"), (cancelled, "CANCELLED")):
        error = await refused(orders.MarkOrderReady(packing(order)))
        assert (error.reason, error.facts) == ("ORDER_STATE_INVALID", {"state": state})


async def test_packing_has_one_effect_however_often_it_is_asked_for(
    shop: Shop, sent: orders_pb2.Order
) -> None:
    request = packing(sent)
    answers = await asyncio.gather(*(shop.orders().MarkOrderReady(request) for _ in range(8)))
    answers.append(await shop.orders().MarkOrderReady(request))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    done = await shop.orders().HandOverOrder(handing_over(sent))
    assert done.version == sent.version + 2
    again = await shop.orders().MarkOrderReady(request)
    assert again.SerializeToString() == answers[0].SerializeToString()


async def test_packing_and_cancelling_at_once_have_one_winner_or_follow_one_another(
    shop: Shop, sku: str, who: Caller
) -> None:
    for _ in range(5):
        order = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
        await asyncio.gather(
            shop.orders(who).CancelOrder(cancelling(order)),
            shop.orders().MarkOrderReady(packing(order)),
            return_exceptions=True,
        )
        request = orders_service_pb2.GetOrderRequest(name=order.name)
        now = await shop.orders(who).GetOrder(request)
        assert now.state in (READY, CANCELLED)
        await shop.orders().CancelOrder(cancelling(order)) if now.state == READY else None
    assert await shop.stock(sku) == (10, 0)


async def test_a_ready_order_is_listed_and_read_as_ready(
    shop: Shop, who: Caller, sent: orders_pb2.Order
) -> None:
    ready = await shop.orders().MarkOrderReady(packing(sent))
    for client in (shop.orders(who), shop.orders()):
        assert await client.GetOrder(orders_service_pb2.GetOrderRequest(name=sent.name)) == ready
        listed = await client.ListOrders(
            orders_service_pb2.ListOrdersRequest(parent=STORE, page_size=1)
        )
        assert list(listed.orders) == [ready]


async def test_a_repeated_delivery_gets_the_same_bytes_and_is_placed_once(
    shop: Shop, sku: str, who: Caller
) -> None:
    request = delivery(who, wanted(sku, 2))
    first = await shop.orders(who).PlaceOrder(request)
    await shop.orders().MarkOrderReady(packing(first))
    again = await shop.orders(who).PlaceOrder(request)
    assert again.SerializeToString() == first.SerializeToString()
    assert await shop.stock(sku) == (10, 2)
    moved = delivery(who, wanted(sku, 2), delivery=door(street="别处"))
    moved.request_id = request.request_id
    error = await refused(shop.orders(who).PlaceOrder(moved))
    assert error.reason == "REQUEST_ID_REUSED"


async def test_a_delivery_has_an_address_and_nothing_else_does(
    shop: Shop, sku: str, who: Caller
) -> None:
    homeless = delivery(who, wanted(sku, 1))
    homeless.ClearField("delivery")
    carried = till_sale(wanted(sku, 1), delivery=door())
    collected = pickup(who, wanted(sku, 1), delivery=door())
    for orders, request in (
        (shop.orders(who), homeless),
        (shop.orders(), carried),
        (shop.orders(who), collected),
    ):
        error = await refused(orders.PlaceOrder(request))
        assert (error.kind, error.reason) == (
            ErrorKind.INVALID_ARGUMENT,
            "DELIVERY_ADDRESS_INVALID",
        )
        assert error.violations[0][0] == "delivery"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient", ""),
        ("recipient", "x" * 81),
        ("recipient", "wang\nx"),
        ("recipient", "\u202egnaw"),
        ("street", ""),
        ("street", "x" * 241),
        ("street", "a\x00b"),
        ("street", "a\x1bb"),
        ("street", "zero\u200bwidth"),
        ("note", "x" * 241),
        ("note", "\x07"),
        ("phone", ""),
        ("phone", "13800138000"),
        ("phone", "+86 138"),
        ("phone", "+8613800138000123"),
        ("position", None),
    ],
)
async def test_an_address_that_can_t_be_right_is_refused_and_nothing_happens(
    field: str, value: str | None, shop: Shop, sku: str, who: Caller
) -> None:
    request = delivery(who, wanted(sku, 1), delivery=door(**{field: value}))
    error = await refused(shop.orders(who).PlaceOrder(request))
    assert (error.kind, error.reason) == (ErrorKind.INVALID_ARGUMENT, "INVALID_INPUT")
    assert [name for name, _ in error.violations] == [f"delivery.{field}"]
    if value:
        assert value not in error.text
    assert await shop.stock(sku) == (10, 0)


@pytest.mark.parametrize(
    ("field", "value"), [("recipient", "  "), ("street", "\u3000"), ("street", "\u00a0 ")]
)
async def test_an_address_of_blanks_is_none(
    field: str, value: str, shop: Shop, sku: str, who: Caller
) -> None:
    request = delivery(who, wanted(sku, 1), delivery=door(**{field: value}))
    error = await refused(shop.orders(who).PlaceOrder(request))
    assert error.reason == "DELIVERY_ADDRESS_INVALID"
    assert [name for name, _ in error.violations] == [f"delivery.{field}"]


@pytest.mark.parametrize(
    ("field", "value"), [("recipient", "王" * 80), ("street", "路" * 240), ("note", "铃" * 240)]
)
async def test_an_address_may_be_as_long_as_the_contract_says(
    field: str, value: str, shop: Shop, sku: str, who: Caller
) -> None:
    address = door(**{field: value})
    order = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1), delivery=address))
    assert order.delivery == address


async def test_where_it_is_brought_is_told_to_its_customer_and_the_store_s_people_only(
    shop: Shop, sku: str, who: Caller, sent: orders_pb2.Order
) -> None:
    get = orders_service_pb2.GetOrderRequest(name=sent.name)
    listing = orders_service_pb2.ListOrdersRequest(parent=STORE, page_size=1)
    for insider in (who, CASHIER, MANAGER):
        assert (await shop.orders(insider).GetOrder(get)).delivery == door()
        assert (await shop.orders(insider).ListOrders(listing)).orders[0].delivery == door()
    for outsider in (OPERATOR, caller(role="service")):
        seen = await shop.orders(outsider).GetOrder(get)
        assert seen.name == sent.name
        assert not seen.HasField("delivery")
    (listed,) = (await shop.orders(OPERATOR).ListOrders(listing)).orders
    assert (listed.name, listed.HasField("delivery")) == (sent.name, False)
    for stranger in (customer(777_777), caller(role="cashier", stores=["stores/sh02"])):
        error = await refused(shop.orders(stranger).GetOrder(get))
        assert error.reason == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize("method", ["MarkOrderReady", "HandOverOrder", "CancelOrder"])
async def test_the_chain_s_own_people_move_it_without_learning_where_it_goes(
    method: str, shop: Shop, sent: orders_pb2.Order
) -> None:
    make = {
        "MarkOrderReady": packing,
        "HandOverOrder": handing_over,
        "CancelOrder": cancelling,
    }[method]
    request = make(sent)
    moved = await getattr(shop.orders(OPERATOR), method)(request)
    again = await getattr(shop.orders(OPERATOR), method)(request)
    assert not moved.HasField("delivery")
    assert moved.SerializeToString() == again.SerializeToString()
    seen = await shop.orders().GetOrder(orders_service_pb2.GetOrderRequest(name=sent.name))
    assert seen.delivery == door()


async def test_no_event_and_no_view_says_where_it_is_brought(
    world: World, shop: Shop, sent: orders_pb2.Order
) -> None:
    await shop.orders().MarkOrderReady(packing(sent))
    await shop.orders().HandOverOrder(handing_over(sent))
    order_id = sent.name.rpartition("/")[2]
    async with world.database("orders").transaction() as tx:
        events = await tx.rows("select data from outbox where aggregate like '%' || $1", order_id)
        views = await tx.rows(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'verify'"
        )
    assert len(events) == 3
    for secret in (door().recipient, door().phone, door().street, door().note):
        assert all(secret.encode() not in bytes(event.data) for event in events)
    assert views
    assert all("delivery" not in view.column_name for view in views)


PLANTED = "alter table customer_order add constraint planted check (false) not valid"


async def test_no_log_line_says_where_it_is_brought_even_when_the_database_fails(
    world: World, shop: Shop, sku: str, who: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(level="debug", form="json")
    address = door(note="left of the blue door")
    try:
        placed = await shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1), delivery=address))
        await shop.orders().MarkOrderReady(packing(placed))
        async with world.database("orders").transaction() as tx:
            await tx.run(PLANTED)
        error = await refused(
            shop.orders(who).PlaceOrder(delivery(who, wanted(sku, 1), delivery=address))
        )
    finally:
        async with world.database("orders").transaction() as tx:
            await tx.run("alter table customer_order drop constraint planted")
        structlog.reset_defaults()
    assert error.kind is ErrorKind.INTERNAL
    logged = capsys.readouterr().err
    assert error.facts["trace_id"] in logged
    assert "planted" in logged
    assert "(the row is left out)" in logged
    for secret in ("王小明", "\\u738b", address.phone, "1601", "blue door", "31.2241", "312241"):
        assert secret not in logged


async def test_each_item_of_a_batch_is_told_of_its_own_delivery(
    shop: Shop, sku: str, who: Caller
) -> None:
    batch = orders_service_pb2.BatchPlaceOrdersRequest()
    batch.items.add(context=call_context_for(who), request=delivery(who, wanted(sku, 1)))
    reply = await shop.orders(caller(role="service")).BatchPlaceOrders(batch)
    assert reply.results[0].order.delivery == door()
