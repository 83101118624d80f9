"""Which price an order has: that of its channel, as it was shown, and as a label says it."""

from __future__ import annotations

import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from hutong.orders.v1 import orders_service_pb2
from pricing.barcode import check_digit
from tests.support.shop import (
    GRAM,
    STORE,
    Shop,
    pickup,
    till_sale,
    wanted,
    yuan,
)
from tests.support.world import World


async def refused(work: object) -> HutongError:
    with pytest.raises(HutongError) as caught:
        await work  # type: ignore[misc]
    return caught.value


@pytest.mark.parametrize("price", [99, 101])
async def test_a_price_that_changed_since_it_was_shown_is_refused_with_old_and_new(
    shop: Shop, world: World, price: int
) -> None:
    sku = await shop.product(stock=5, price=100)
    await shop.price(sku, price)
    request = till_sale(wanted(sku, 2, shown=1))
    expected = {
        "sku": sku,
        "shown_version": "1",
        "shown_unit_price_minor": "100",
        "version": "2",
        "unit_price_minor": str(price),
        "currency": "CNY",
    }
    error = await refused(shop.orders().PlaceOrder(request))
    assert (error.kind, error.reason) == (ErrorKind.FAILED_PRECONDITION, "PRICE_CHANGED")
    assert error.facts == expected
    await shop.price(sku, 100)
    again = await refused(shop.orders().PlaceOrder(request))
    assert (again.reason, again.facts) == ("PRICE_CHANGED", expected)
    assert await shop.stock(sku) == (5, 0)
    quote = await shop.orders().QuoteOrder(
        orders_service_pb2.QuoteOrderRequest(parent=STORE, lines=[wanted(sku, 2, shown=2)])
    )
    assert (quote.lines[0].price_version, quote.lines[0].shown_price_version) == (3, 2)
    assert quote.lines[0].shown_unit_price == yuan(price)


async def test_a_price_that_came_back_to_what_was_shown_is_charged(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    await shop.price(sku, 120)
    await shop.price(sku, 100)
    order = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1, shown=1)))
    assert (order.lines[0].price_version, order.total) == (3, yuan(100))
    assert order.lines[0].shown_price_version == 0


async def test_who_carries_goods_out_pays_the_tills_price_and_others_that_of_online(
    shop: Shop,
) -> None:
    sku = await shop.product(stock=5, price=100)
    who = await shop.customer(balance=1_000)
    await shop.price(sku, 90, channel=catalog_pb2.SALES_CHANNEL_ONLINE)
    quoted = orders_service_pb2.QuoteOrderRequest(parent=STORE, lines=[wanted(sku, 1)])
    assert (await shop.orders().QuoteOrder(quoted)).total == yuan(100)
    assert (await shop.orders(who).QuoteOrder(quoted)).total == yuan(90)
    sale = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1, shown=1)))
    collected = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1, shown=2)))
    assert (sale.total, collected.total) == (yuan(100), yuan(90))


async def test_a_price_label_is_sold_for_what_is_printed_on_it(shop: Shop) -> None:
    rice = await shop.product(stock=5_000, price=2_580, unit=GRAM)
    await shop.catalog().UpdateProduct(
        catalog_service_pb2.UpdateProductRequest(
            product=catalog_pb2.Product(name=f"products/{rice}", barcodes=["77001"]),
            update_mask={"paths": ["barcodes"]},
        )
    )
    label = f"227700101299{check_digit('227700101299')}"
    line = wanted(rice, 503, GRAM, label=label)
    request = till_sale(line, line, wanted(rice, 100, GRAM), expected_total=yuan(2 * 1299 + 258))
    order = await shop.orders().PlaceOrder(request)
    assert [(each.label, each.line_total) for each in order.lines] == [
        (label, yuan(1299)),
        (label, yuan(1299)),
        ("", yuan(258)),
    ]
    read = await shop.orders().GetOrder(orders_service_pb2.GetOrderRequest(name=order.name))
    assert read == order
    assert await shop.stock(rice) == (5_000 - 1_106, 0)
    other = till_sale(wanted(rice, 504, GRAM, label=label))
    assert (await refused(shop.orders().PlaceOrder(other))).reason == "LABEL_MISMATCH"
    assert await shop.stock(rice) == (5_000 - 1_106, 0)


async def test_a_shown_version_that_never_was_is_bad_input(shop: Shop) -> None:
    sku = await shop.product(stock=5, price=100)
    request = till_sale(wanted(sku, 1), wanted(sku, 1, shown=2))
    for _ in range(2):
        error = await refused(shop.orders().PlaceOrder(request))
        assert (error.kind, error.reason) == (
            ErrorKind.INVALID_ARGUMENT,
            "PRICE_VERSION_UNKNOWN",
        )
        assert error.violations[0][0] == "lines[1].shown_price_version"
    assert await shop.stock(sku) == (5, 0)
