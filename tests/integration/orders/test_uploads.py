"""Sales that tills made offline: each is recorded once, whatever the platform thinks of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import grpc
import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.status import from_status
from chassis.testing.faults import FaultyProxy
from hutong.inventory.v1 import inventory_service_pb2
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from tests.support.shop import (
    CASHIER,
    GRAM,
    MANAGER,
    OPERATOR,
    STORE,
    Shop,
    recorded_sale,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.uploading import Till, sold
from tests.support.world import World, caller


def till_of(world: World, who: Caller = CASHIER) -> Till:
    return Till(world.address, lambda: world.token(who))


@pytest.fixture
def till(world: World) -> Till:
    return till_of(world)


async def uploaded(till: Till, *sales: Any) -> list[Any]:
    """The acknowledgements of sales, in their order."""
    till.sell(sales)
    await till.upload()
    return [till.acknowledged[sale.request_id][-1] for sale in sales]


async def order_of(shop: Shop, told: Any) -> orders_pb2.Order:
    assert not told.HasField("error"), from_status(told.error)
    order: orders_pb2.Order = await shop.orders().GetOrder(
        orders_service_pb2.GetOrderRequest(name=told.order)
    )
    return order


async def short_of(shop: Shop, sku: str) -> list[int]:
    listed = await shop.inventory().ListDiscrepancies(
        inventory_service_pb2.ListDiscrepanciesRequest(parent=STORE, page_size=1000)
    )
    return [one.quantity for one in listed.discrepancies if one.product == f"products/{sku}"]


async def test_sales_become_orders_that_are_told_by_name_and_total(shop: Shop, till: Till) -> None:
    tea, rice = (
        await shop.product(stock=10, price=250),
        await shop.product(stock=5_000, unit=GRAM),
    )
    first = sold(tea, 3, 749)
    second = till_sale(wanted(rice, 750, GRAM), recorded_sale=recorded_sale((rice, 74)))
    told = await uploaded(till, first, second)
    assert [one.total for one in told] == [yuan(749), yuan(74)]
    order = await order_of(shop, told[0])
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    assert (order.total, order.recorded_sale.quoted_total) == (yuan(749), yuan(750))
    assert order.recorded_sale.is_uploaded
    assert not order.recorded_sale.lines[0].is_unpriced
    assert order.placed_by == CASHIER.principal
    assert await shop.stock(tea) == (7, 0)
    assert await shop.stock(rice) == (4_250, 0)


async def test_what_the_books_lack_is_a_deficit_and_a_discrepancy(shop: Shop, till: Till) -> None:
    sku = await shop.product(stock=2, price=100)
    told = await uploaded(till, sold(sku, 5, 500))
    order = await order_of(shop, told[0])
    assert order.state == orders_pb2.ORDER_STATE_COMPLETED
    assert await shop.stock(sku) == (0, 0)
    assert await short_of(shop, sku) == [3]


async def test_a_product_that_nobody_knows_is_recorded_as_the_till_says(
    shop: Shop, till: Till
) -> None:
    tea = await shop.product(stock=10, price=250)
    sale = till_sale(
        wanted(tea, 1),
        wanted("unheard", 3, shown=7),
        wanted("nameless", 500, GRAM),
        recorded_sale=recorded_sale(
            lines=[
                orders_pb2.ChargedLine(product=f"products/{tea}", charged_total=yuan(249)),
                orders_pb2.ChargedLine(
                    product="products/unheard",
                    charged_total=yuan(1_000),
                    display_name="月饼 mooncakes",
                    unit_price=yuan(350),
                ),
                orders_pb2.ChargedLine(product="products/nameless", charged_total=yuan(333)),
            ]
        ),
        expected_total=yuan(1_582),
    )
    (told,) = await uploaded(till, sale)
    order = await order_of(shop, told)
    assert order.total == yuan(1_582)
    known, unheard, nameless = order.lines
    assert (known.line_total, known.price_version) == (yuan(250), 1)
    assert (unheard.display_name, unheard.unit_price) == ("月饼 mooncakes", yuan(350))
    assert (unheard.line_total, unheard.price_version) == (yuan(1_000), 7)
    assert (nameless.display_name, nameless.unit_price) == ("nameless", yuan(666))
    assert [line.is_unpriced for line in order.recorded_sale.lines] == [False, True, True]
    assert await short_of(shop, "unheard") == [3]


async def test_a_version_that_was_never_asked_is_no_matter(shop: Shop, till: Till) -> None:
    sku = await shop.product(stock=10, price=250)
    sale = till_sale(wanted(sku, 1, shown=99), recorded_sale=recorded_sale((sku, 240)))
    (told,) = await uploaded(till, sale)
    order = await order_of(shop, told)
    assert (order.lines[0].price_version, order.total) == (1, yuan(240))


async def test_a_label_that_means_nothing_here_is_recorded(shop: Shop, till: Till) -> None:
    sku, label = await shop.product(stock=5_000, unit=GRAM), "2199999005121"
    line = orders_pb2.ChargedLine(product=f"products/{sku}", label=label, charged_total=yuan(51))
    sale = till_sale(wanted(sku, 512, GRAM, label=label), recorded_sale=recorded_sale(lines=[line]))
    (told,) = await uploaded(till, sale)
    order = await order_of(shop, told)
    assert (order.lines[0].label, order.lines[0].quantity) == (label, 512)
    assert order.recorded_sale.lines[0].is_unpriced


async def test_a_store_that_is_closed_or_unknown_takes_what_its_till_sold(
    shop: Shop, world: World
) -> None:
    elsewhere = caller(role="cashier", stores=["stores/gone"])
    till = till_of(world, elsewhere)
    sku = await shop.product(stock=1)
    (told,) = await uploaded(till, sold(sku, 1, 99, parent="stores/gone"))
    assert (told.order.startswith("stores/gone/orders/"), told.total) == (True, yuan(99))


async def test_the_same_sale_again_gets_the_first_answer(shop: Shop, till: Till) -> None:
    sku = await shop.product(stock=10, price=100)
    sale = sold(sku, 2, 150)
    (first,) = await uploaded(till, sale)
    await shop.price(sku, 777)
    (again,) = await uploaded(till, sale)
    assert again.SerializeToString() == first.SerializeToString()
    assert await shop.stock(sku) == (8, 0)
    changed = Till(till.address, till.token)
    other = sold(sku, 2, 151, request_id=sale.request_id)
    await uploaded(changed, other)
    assert changed.reason_of(other) == "REQUEST_ID_REUSED"


async def test_it_is_the_same_sale_whoever_of_the_store_sends_it(shop: Shop, world: World) -> None:
    sku = await shop.product(stock=10)
    sale = sold(sku, 2, 150)
    first, second = till_of(world), till_of(world, MANAGER)
    (told,) = await uploaded(first, sale)
    (again,) = await uploaded(second, sale)
    assert again == told
    assert await shop.stock(sku) == (8, 0)


async def test_duplicates_in_a_stream_and_over_two_are_recorded_once(
    shop: Shop, world: World
) -> None:
    sku = await shop.product(stock=1_000)
    sales = [sold(sku, 1, 100) for _ in range(50)]
    tills = [till_of(world), till_of(world, MANAGER)]
    for till in tills:
        till.sell(sales)

    async def twice(till: Till) -> None:
        async with till.opened() as call:
            for sale in [*sales, *reversed(sales)]:
                await call.write(orders_service_pb2.UploadSalesRequest(sale=sale))
            await call.done_writing()
            async for told in call:
                till.take(told)

    await asyncio.gather(*(twice(till) for till in tills))
    for sale in sales:
        answers = [one for till in tills for one in till.acknowledged[sale.request_id]]
        assert len(answers) == 4
        assert len({one.SerializeToString() for one in answers}) == 1
    assert await shop.stock(sku) == (950, 0)


async def test_a_malformed_sale_is_told_why_and_its_neighbours_are_recorded(
    shop: Shop, till: Till
) -> None:
    sku = await shop.product(stock=100)
    good = [sold(sku, 1, 100) for _ in range(3)]
    lines = [wanted(sku, 1)]
    bad = {
        "INVALID_INPUT": till_sale(*lines),
        "RECORDED_SALE_INVALID": sold(sku, 1, 100, expected_total=yuan(101)),
        "TENDER_INSUFFICIENT": sold(sku, 1, 100, tender={"cash": {"tendered": yuan(99)}}),
        "UNIT_MISMATCH": till_sale(wanted(sku, 1, GRAM), recorded_sale=recorded_sale((sku, 100))),
        "CHARGED_TOTAL_TOO_LARGE": sold(sku, 1, 2_000_000_000),
        "TILL_REQUIRED": sold(sku, 1, 100, till=""),
        "RESOURCE_NOT_FOUND": sold(sku, 1, 100, parent="stores/sh02"),
        "NAME_INVALID": sold("Not An Id", 1, 100),
    }
    till.sell([good[0], *bad.values(), *good[1:]])
    await till.upload()
    assert {reason: till.reason_of(sale) for reason, sale in bad.items()} == {
        reason: reason for reason in bad
    }
    assert [till.reason_of(sale) for sale in good] == [""] * 3
    assert await shop.stock(sku) == (97, 0)


async def test_a_sale_without_a_usable_id_is_told_so(shop: Shop, till: Till) -> None:
    sku = await shop.product(stock=1)
    sale = sold(sku, 1, 100, request_id="x" * 100)
    till.sell([sale])
    await till.upload()
    ((told,),) = till.acknowledged.values()
    assert told.request_id == "x" * 64
    assert from_status(told.error).reason == "INVALID_INPUT"


async def test_a_till_whose_clock_is_hours_ahead_has_sold_anyway(shop: Shop, till: Till) -> None:
    sku = await shop.product(stock=10)
    ahead, absurd = sold(sku, 1, 100), sold(sku, 1, 100)
    ahead.recorded_sale.sale_time.GetCurrentTime()
    ahead.recorded_sale.sale_time.seconds += 14 * 3600
    absurd.recorded_sale.sale_time.FromJsonString("9999-01-01T00:00:00Z")
    await uploaded(till, ahead, absurd)
    assert (till.reason_of(ahead), till.reason_of(absurd)) == ("", "RECORDED_SALE_INVALID")


@pytest.mark.parametrize("who", [OPERATOR, caller(role="customer", customer="customers/c1")])
async def test_only_people_of_stores_upload(who: Caller, world: World) -> None:
    till = till_of(world, who)
    with pytest.raises(HutongError) as caught:
        await till.upload()
    assert caught.value.reason == "ROLE_NOT_ALLOWED"


async def test_a_token_that_expires_ends_the_stream_after_what_was_taken(
    shop: Shop, world: World
) -> None:
    sku = await shop.product(stock=100)
    expired = world.issuer.token(CASHIER, seconds=-28.5)  # Within the leeway for clocks, barely.
    till = Till(world.address, lambda: expired)
    first, second = sold(sku, 1, 100), sold(sku, 1, 100)
    async with till.opened() as call:
        await call.write(orders_service_pb2.UploadSalesRequest(sale=first))
        till.take(await call.read())
        await asyncio.sleep(2)
        await call.write(orders_service_pb2.UploadSalesRequest(sale=second))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert list(till.acknowledged) == [first.request_id]
    assert await shop.stock(sku) == (99, 0)


async def test_cut_streams_are_resumed_without_loss_or_doubles(shop: Shop, world: World) -> None:
    sku = await shop.product(stock=10_000)
    port = int(world.address.rpartition(":")[2])
    async with FaultyProxy(port).running() as proxy:
        till = Till(f"127.0.0.1:{proxy.port}", lambda: world.token(CASHIER))
        till.sell(sold(sku, 1, 100) for _ in range(600))

        async def cut() -> None:
            for times in range(5):
                proxy.loses_replies = times % 2 == 0
                await asyncio.sleep(0.3)
                proxy.reset()
            proxy.loses_replies = False

        cutting = asyncio.create_task(cut())
        streams = await till.upload_until_all_is_told()
        await cutting
    assert streams > 1
    assert len(till.acknowledged) == 600
    names = [answers[-1].order for answers in till.acknowledged.values()]
    assert len(set(names)) == 600
    assert await shop.stock(sku) == (9_400, 0)


async def test_a_part_that_is_down_is_waited_for_and_then_ends_the_stream(
    shop: Shop, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku = await shop.product(stock=10)
    sale = sold(sku, 1, 100)
    till = till_of(world)
    till.sell([sale])
    uploads = world.services["orders"].servicers[0].implementation._uploads  # type: ignore[attr-defined]
    monkeypatch.setattr(uploads, "_seconds_max", 1.0)
    async with world.database("payments").transaction() as tx:
        await tx.run("lock table payment in access exclusive mode")
        with pytest.raises(HutongError) as caught:
            await till.upload()
        assert caught.value.kind in {ErrorKind.UNAVAILABLE, ErrorKind.DEADLINE_EXCEEDED}
        assert till.acknowledged == {}
    monkeypatch.undo()
    world.start_workers()
    await till.upload_until_all_is_told()
    assert till.reason_of(sale) == ""
    assert await shop.stock(sku) == (9, 0)


async def test_a_label_that_was_sold_twice_is_charged_once_in_all(shop: Shop, till: Till) -> None:
    sku, label = await shop.product(stock=5_000, unit=GRAM), "2199999005121"
    line = orders_pb2.ChargedLine(product=f"products/{sku}", label=label, charged_total=yuan(103))
    twice = [wanted(sku, 512, GRAM, label=label)] * 2
    (told,) = await uploaded(till, till_sale(*twice, recorded_sale=recorded_sale(lines=[line])))
    order = await order_of(shop, told)
    assert (order.total, sum(line.quantity for line in order.lines)) == (yuan(103), 1_024)


async def test_an_uploaded_sale_can_be_taken_back(shop: Shop, till: Till) -> None:
    sku = await shop.product(stock=1, price=100)
    (told,) = await uploaded(till, sold(sku, 3, 299))
    cancelled = await shop.orders().CancelOrder(
        orders_service_pb2.CancelOrderRequest(
            name=told.order, reason="brought back", request_id=request_id()
        )
    )
    assert cancelled.state == orders_pb2.ORDER_STATE_CANCELLED
    assert await shop.stock(sku) == (3, 0)
    (again,) = await uploaded(till, sold(sku, 1, 5))
    assert again.total == yuan(5)
    assert await shop.stock(sku) == (2, 0)


async def test_a_manager_of_another_store_who_works_here_not_at_all_is_nobody(
    shop: Shop, world: World
) -> None:
    sku = await shop.product(stock=10)
    till = till_of(world, replace(MANAGER, stores=frozenset({"stores/sh09"})))
    sale = sold(sku, 1, 100)
    await uploaded(till, sale)
    assert till.reason_of(sale) == "RESOURCE_NOT_FOUND"
