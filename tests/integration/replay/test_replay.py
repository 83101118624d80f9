"""Baskets of a small data set through the whole platform, and its books against the data."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import grpc
import pytest

from allinone.demo.asking import asking
from allinone.replay import requests
from allinone.replay.command import Replayed, replay
from allinone.replay.journey import DataMissing, InstalledJourney, Journey
from allinone.replay.preparing import prepare
from allinone.replay.sales import Sale, sales_of, sku_of, unit_of
from allinone.replay.scope import scope_of
from allinone.replay.selling import QuantityTaken, prove_quantity_0_is_refused, sell
from chassis.kernel.clock import SystemClock
from chassis.rpc.auth import Caller
from hutong.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from hutong.orders.v1 import orders_pb2, orders_service_pb2, orders_service_pb2_grpc
from hutong.payments.v1 import payments_service_pb2, payments_service_pb2_grpc
from tests.support.journey import (
    AT_FIRST_STORE,
    AT_SECOND_STORE,
    GOODS,
    MILK,
    PETROL,
    ROWS,
    SECOND,
    TEA,
    SmallJourney,
)
from tests.support.shop import EACH, request_id
from tests.support.world import Client, World

WHOLE_DAY_SECONDS_MAX = 400
"""A whole day's goods are brought for the few real baskets that are sold."""

FIRST_STORE = requests.store_name(f"s{AT_FIRST_STORE}")
SECOND_STORE = requests.store_name(f"s{AT_SECOND_STORE}")


async def replayed(world: World, data: Journey | None = None, **scope: int) -> tuple[Replayed, str]:
    """One run, and what it printed."""
    data = data or SmallJourney()
    out = io.StringIO()
    result = await replay(
        data,
        scope_of(data.baskets_by_day(), **scope),
        address=world.address,
        issuer=world.issuer,
        clock=SystemClock(),
        out=out,
    )
    return result, out.getvalue()


def changed(basket: int, product: int, **fields: object) -> SmallJourney:
    """The data set with one row that says something else."""
    rows = tuple(
        replace(row, **fields)  # type: ignore[arg-type]
        if (row.basket_id, row.product_id) == (basket, product)
        else row
        for row in ROWS
    )
    return SmallJourney(rows)


def the_sales() -> list[Sale]:
    units = {sku_of(goods.product_id): unit_of(goods) for goods in GOODS}
    return [sale for sale in sales_of(ROWS, units) if sale.day == SECOND and sale.lines]


def orders(world: World, who: Caller = requests.OPERATOR) -> Client:
    return world.client(orders_service_pb2_grpc.OrdersServiceStub, who)


async def order_of(world: World, receipt: str, store: str = FIRST_STORE) -> orders_pb2.Order:
    listed = await orders(world).ListOrders(orders_service_pb2.ListOrdersRequest(parent=store))
    (found,) = [o for o in listed.orders if o.recorded_sale.receipt_number == receipt]
    assert isinstance(found, orders_pb2.Order)
    return found


async def test_a_day_is_sold_as_the_data_have_it(world: World) -> None:
    result, told = await replayed(world)
    assert result.is_well, told
    assert (result.sold.sold, result.sold.before, result.checked.receipts) == (6, 0, 6)
    assert "2017-03-09: 7 baskets, 11 lines; of quantity 0, and so left out, 3 lines" in told
    assert "with $0.50, among them all lines of 1 baskets" in told
    assert "a line of quantity 0 is refused, with INVALID_INPUT" in told
    assert "6 of 6 baskets, 100 %" in told
    assert "the books are what the data say: 6 receipts" in told
    odd = await order_of(world, "11")
    assert [line.line_total.amount_minor for line in odd.lines] == [435, 1_743]
    assert [line.charged_total.amount_minor for line in odd.recorded_sale.lines] == [1_000, 330]
    assert (odd.total.amount_minor, odd.total.currency_code) == (1_330, "USD")
    petrol = await order_of(world, "12")
    assert [line.line_total.amount_minor for line in petrol.lines] == [2_007, 3_600]
    assert petrol.recorded_sale.sale_time.ToJsonString() == "2017-03-09T10:12:00Z"
    free = await order_of(world, "15", SECOND_STORE)
    assert free.total.amount_minor == 0
    assert [line.discount.amount_minor for line in free.recorded_sale.lines] == [0, 100]
    odd_discount = await order_of(world, "16", SECOND_STORE)
    assert not odd_discount.recorded_sale.lines[0].HasField("discount")


@pytest.mark.timeout(WHOLE_DAY_SECONDS_MAX)
async def test_real_baskets_are_sold_as_the_real_data_have_them(world: World) -> None:
    try:
        data = InstalledJourney()
    except DataMissing as problem:
        pytest.skip(str(problem))
    for before in (0, 20):
        result, told = await replayed(world, data, baskets_max=20)
        assert result.is_well, told
        assert (result.sold.sold, result.sold.before) == (20, before)
        assert "2017-03-09: 20 baskets" in told


async def test_a_second_run_sells_nothing_and_a_larger_one_adds_to_it(world: World) -> None:
    first, _ = await replayed(world, baskets_max=3)
    assert (first.is_well, first.sold.sold) == (True, 3)
    day, _ = await replayed(world)
    assert (day.is_well, day.sold.sold, day.sold.before) == (True, 6, 3)
    again, _ = await replayed(world)
    assert (again.is_well, again.sold.before) == (True, 6)
    all_days, told = await replayed(world, days=3)
    assert all_days.is_well, told
    assert (all_days.sold.sold, all_days.sold.before) == (15, 6)
    assert "2017-03-08 to 2017-03-10" in told


async def test_a_run_that_is_killed_in_its_middle_is_finished_by_the_next(world: World) -> None:
    class Killed(Exception):
        pass

    def die_after(number: int) -> Callable[[int], None]:
        answered = iter(range(1, number))

        def progress(_: int) -> None:
            if next(answered, None) is None:
                raise Killed

        return progress

    goods = {sku_of(one.product_id): one for one in GOODS}
    async with asking(
        address=world.address, issuer=world.issuer, caller=requests.OPERATOR
    ) as asker:
        await prepare(asker, the_sales(), goods)
    with pytest.raises(Killed):
        await sell(
            the_sales(),
            address=world.address,
            issuer=world.issuer,
            now=SystemClock().now(),
            progress=die_after(2),
        )
    result, told = await replayed(world)
    assert result.is_well, told
    assert result.sold.sold == 6
    assert 2 <= result.sold.before < 6


async def cancel(world: World) -> None:
    await orders(world).CancelOrder(
        orders_service_pb2.CancelOrderRequest(
            name=(await order_of(world, "10")).name, reason="planted", request_id=request_id()
        )
    )


async def sell_again(world: World) -> None:
    sale = next(sale for sale in the_sales() if sale.receipt == "13")
    request = requests.place_order(sale)
    request.request_id = request_id()
    stock = world.client(inventory_service_pb2_grpc.InventoryServiceStub, requests.OPERATOR)
    await stock.ReceiveStock(
        requests.receive_stock(
            sale.store, SECOND.replace(day=20), [(sku_of(MILK), sale.lines[0].unit, 1)]
        )
    )
    await orders(world, requests.manager_of(sale.store)).PlaceOrder(request)


async def sell_without_a_receipt(world: World) -> None:
    sale = next(sale for sale in the_sales() if sale.receipt == "13")
    request = requests.place_order(sale)
    request.ClearField("recorded_sale")
    request.tender.cash.tendered.amount_minor = 10_000
    request.request_id = request_id()
    stock = world.client(inventory_service_pb2_grpc.InventoryServiceStub, requests.OPERATOR)
    await stock.ReceiveStock(
        requests.receive_stock(
            sale.store, SECOND.replace(day=20), [(sku_of(MILK), sale.lines[0].unit, 1)]
        )
    )
    await orders(world, requests.manager_of(sale.store)).PlaceOrder(request)


async def find_stock(world: World) -> None:
    stock = world.client(inventory_service_pb2_grpc.InventoryServiceStub, requests.OPERATOR)
    await stock.AdjustStock(
        inventory_service_pb2.AdjustStockRequest(
            name=f"{FIRST_STORE}/stockLevels/{sku_of(TEA)}",
            counted=1,
            expected_on_hand=0,
            unit=EACH,
            reason="planted",
            request_id=request_id(),
        )
    )


async def refund(world: World) -> None:
    order_id = (await order_of(world, "10")).name.rpartition("/")[2]
    money = world.client(payments_service_pb2_grpc.PaymentsServiceStub, requests.OPERATOR)
    await money.RefundPayment(
        payments_service_pb2.RefundPaymentRequest(
            name=f"{FIRST_STORE}/payments/{order_id}",
            amount=requests.dollars(1),
            request_id=request_id(),
        )
    )


PLANTED = [
    (cancel, {"receipts", "stock", "ledger"}),
    (sell_again, {"receipts", "stock", "ledger"}),
    (sell_without_a_receipt, {"receipts", "stock", "ledger"}),
    (find_stock, {"stock"}),
    (refund, {"ledger"}),
]


@pytest.mark.parametrize(("plant", "books"), PLANTED, ids=lambda v: getattr(v, "__name__", ""))
async def test_what_is_planted_in_the_books_is_found(
    plant: Callable[[World], object], books: set[str], world: World
) -> None:
    await replayed(world)
    await plant(world)  # type: ignore[misc]
    result, told = await replayed(world)
    assert not result.is_well
    assert {difference.book for difference in result.checked.differences} == books
    assert all(f"{difference}\n" in told for difference in result.checked.differences[:20])


ALTERED: list[tuple[SmallJourney, set[str]]] = [
    (changed(10, MILK, sales_value=4.59), {"receipts", "ledger"}),
    (changed(10, MILK, quantity=1), {"receipts", "stock"}),
    (changed(10, TEA, coupon_disc=0.56), {"receipts"}),
    (changed(10, TEA, quantity=0), {"receipts", "stock", "ledger"}),
]


@pytest.mark.parametrize(("data", "books"), ALTERED)
async def test_books_that_are_not_those_of_the_data_are_found(
    data: SmallJourney, books: set[str], world: World
) -> None:
    """The same receipts were sold before, and otherwise: their request ids are taken."""
    await replayed(world)
    result, told = await replayed(world, data)
    assert not result.is_well
    assert [error.reason for _, error in result.sold.refused] == ["REQUEST_ID_REUSED"]
    assert books <= {difference.book for difference in result.checked.differences}
    assert f"refused: {FIRST_STORE} receipt 10: REQUEST_ID_REUSED" in told


async def test_a_sale_that_is_refused_is_named_and_others_are_sold(world: World) -> None:
    await replayed(world, baskets_max=1)
    stock = world.client(inventory_service_pb2_grpc.InventoryServiceStub, requests.OPERATOR)
    await stock.AdjustStock(
        inventory_service_pb2.AdjustStockRequest(
            name=f"{FIRST_STORE}/stockLevels/{sku_of(PETROL)}",
            counted=8_724,
            expected_on_hand=8_725,
            unit="MEASURE_UNIT_GRAM",
            reason="spilt",
            request_id=request_id(),
        )
    )
    result, told = await replayed(world)
    assert not result.is_well
    assert [(sale.receipt, error.reason) for sale, error in result.sold.refused] == [
        ("12", "INSUFFICIENT_STOCK")
    ]
    assert result.sold.sold == 5
    assert "1 baskets were refused" in told


class CarelessTill(orders_service_pb2_grpc.OrdersServiceServicer):
    """A platform that sells whatever it is asked."""

    async def PlaceOrder(
        self, request: orders_service_pb2.PlaceOrderRequest, context: object
    ) -> orders_pb2.Order:
        return orders_pb2.Order(name=f"{request.parent}/orders/ord_1")


async def test_a_platform_that_takes_a_line_of_quantity_0_is_caught(world: World) -> None:
    server = grpc.aio.server()
    orders_service_pb2_grpc.add_OrdersServiceServicer_to_server(CarelessTill(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    with pytest.raises(QuantityTaken, match="should refuse a line of quantity 0"):
        await prove_quantity_0_is_refused(
            the_sales()[0], address=f"127.0.0.1:{port}", issuer=world.issuer
        )
    await server.stop(None)
