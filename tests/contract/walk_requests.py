"""Requests that succeed, one or more for each annotated method, on a shop made for them."""

from __future__ import annotations

import time

from google.protobuf.message import Message

from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_pb2, parity_pb2
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.orders.v1 import orders_pb2
from hutong.orders.v1 import orders_service_pb2 as orders
from hutong.payments.v1 import payments_service_pb2 as payments
from hutong.stores.v1 import stores_service_pb2 as stores
from tests.integration.stores.chains import (
    closing,
    creation,
    looking,
    named,
    reopening,
    store,
    update,
)
from tests.support.baskets import accepting, clearing, freezing, getting, line, setting
from tests.support.shop import (
    EACH,
    STORE,
    Shop,
    door,
    goods,
    pickup,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.web import Web

BARCODE = "6901234567892"
SH01 = STORE.removeprefix("stores/")
PAID = "paid-1"
TAKEN = "taken-1"


async def requests_that_succeed(web: Web) -> tuple[Caller, list[Message]]:
    """The customer they are about, and for each annotated method requests that succeed."""
    shop = Shop(web.world.client)
    await shop.open()
    sku = await shop.product(stock=100)
    who = await shop.customer(balance=100_000)
    await shop.catalog().UpdateProduct(
        catalog.UpdateProductRequest(
            product=catalog_pb2.Product(name=f"products/{sku}", barcodes=[BARCODE]),
            update_mask={"paths": ["barcodes"]},
        )
    )
    placed = [await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1))) for _ in range(3)]
    await shop.inventory().TakeStock(
        inventory.TakeStockRequest(parent=STORE, reservation_id=TAKEN, lines=[goods(sku, 1)])
    )
    await _paid(shop, who.customer)
    quote = catalog.QuoteBasketRequest(parent=STORE, lines=[wanted(sku, 2)])
    quote.quote_time.GetCurrentTime()
    product = catalog_pb2.Product(
        name="products/new-1", display_name="新 tea", department="dry-goods", unit=EACH
    )
    return (
        who,
        [
            catalog.BatchCreateProductsRequest(products=[product], request_id=request_id()),
            catalog.UpdateProductRequest(
                product=catalog_pb2.Product(name=f"products/{sku}", display_name="绿茶"),
                update_mask={"paths": ["display_name"]},
            ),
            catalog.GetProductRequest(name=f"products/{sku}"),
            catalog.ListProductsRequest(page_size=1, department="dry-goods", store=STORE),
            catalog.SearchProductsRequest(query="goods", page_size=3, store=STORE),
            catalog.ListDepartmentsRequest(page_size=3),
            catalog.ListPriceVersionsRequest(parent=f"{STORE}/prices/{sku}", page_size=3),
            catalog.LookUpBarcodeRequest(parent=STORE, barcode=BARCODE),
            catalog.ChangePricesRequest(
                parent=STORE,
                changes=[catalog.PriceChange(product=f"products/{sku}", unit_price=yuan(150))],
                request_id=request_id(),
            ),
            catalog.WithdrawPriceRequest(
                name=f"{STORE}/prices/{sku}",
                version=await _announced(shop, sku),
                reason="a slip",
                request_id=request_id(),
            ),
            _shown(sku),
            catalog.ListPriceDisagreementsRequest(parent=STORE, include_resolved=True),
            catalog.GetPriceRequest(name=f"{STORE}/prices/{sku}"),
            catalog.ListPricesRequest(parent=STORE, page_size=5),
            catalog.WatchPricesRequest(parent=STORE),
            catalog.WatchPricesRequest(parent=STORE, products=[f"products/{sku}"]),
            quote,
            inventory.GetStockLevelRequest(name=f"{STORE}/stockLevels/{sku}"),
            inventory.ListStockLevelsRequest(parent=STORE),
            inventory.WatchStockRequest(parent=STORE),
            inventory.WatchStockRequest(parent=STORE, products=[f"products/{sku}"]),
            inventory.ListStockMovementsRequest(parent=f"{STORE}/stockLevels/{sku}", page_size=1),
            inventory.ReceiveStockRequest(
                parent=STORE,
                lines=[goods(sku, 7)],
                delivery_note="note 2",
                request_id=request_id(),
            ),
            *_stock_changes(sku, await shop.product(stock=4)),
            inventory.ListDiscrepanciesRequest(parent=STORE, page_size=1),
            inventory.ResolveDiscrepancyRequest(
                name=await shop.short(await shop.product(stock=1), 2),
                version=1,
                note="a late delivery note",
                request_id=request_id(),
            ),
            payments.GetWalletRequest(name=f"{who.customer}/wallet"),
            payments.TopUpWalletRequest(
                name=f"{who.customer}/wallet", amount=yuan(100), request_id=request_id()
            ),
            payments.ListLedgerEntriesRequest(parent=STORE, page_size=3),
            payments.ListLedgerEntriesRequest(parent=who.customer, page_size=3),
            *_payments(who.customer),
            *_store_changes(),
            *await _baskets(shop, sku, who),
            orders.QuoteOrderRequest(
                parent=STORE,
                lines=[wanted(sku, 1)],
                fulfilment=orders_pb2.FULFILMENT_DELIVERY,
                position=door().position,
            ),
            till_sale(wanted(sku, 1)),
            orders.GetOrderRequest(name=placed[0].name),
            orders.WatchOrderRequest(name=placed[0].name),
            orders.ListOrdersRequest(parent=STORE, page_size=2),
            orders.CancelOrderRequest(
                name=placed[0].name, reason="not wanted", request_id=request_id()
            ),
            orders.MarkOrderReadyRequest(name=placed[2].name, request_id=request_id()),
            orders.HandOverOrderRequest(name=placed[1].name, request_id=request_id()),
        ],
    )


async def _baskets(shop: Shop, sku: str, who: Caller) -> list[Message]:
    """Each change is asked about the basket at a store of its own, since it moves the version."""

    async def version_at(store: str) -> int:
        await shop.price(sku, 100, store=store)
        basket = await shop.orders(who).SetBasketLines(setting(who, line(sku, 1), store=store))
        return int(basket.version)

    return [
        getting(who),
        setting(who, line(sku, 2)),
        accepting(who, await version_at("stores/walk-7"), store="stores/walk-7"),
        freezing(who, await version_at("stores/walk-8"), store="stores/walk-8"),
        clearing(who, await version_at("stores/walk-9"), store="stores/walk-9"),
    ]


def _store_changes() -> list[Message]:
    return [
        stores.CreateStoreRequest(store=store("walk-1"), request_id=request_id()),
        creation(store("walk-2"), store("walk-3")),
        update(store(SH01), "opening_hours"),
        named(SH01),
        stores.ListStoresRequest(page_size=2),
        closing(SH01),
        reopening(SH01),
        looking(),
        stores.CheckServiceabilityRequest(name=STORE),
    ]


def _stock_changes(sku: str, other: str) -> list[Message]:
    lines = [goods(sku, 1)]
    return [
        inventory.AdjustStockRequest(
            name=f"{STORE}/stockLevels/{other}",
            counted=5,
            expected_on_hand=4,
            unit=EACH,
            reason="count",
            request_id=request_id(),
        ),
        inventory.ReserveStockRequest(
            parent=STORE, reservation_id="walk-1", lines=lines, hold_duration={"seconds": 900}
        ),
        inventory.TakeStockRequest(parent=STORE, reservation_id="walk-2", lines=lines),
        inventory.GetReservationRequest(name=f"{STORE}/reservations/{TAKEN}"),
        inventory.CommitReservationRequest(name=f"{STORE}/reservations/walk-1"),
        inventory.ReleaseReservationRequest(name=f"{STORE}/reservations/walk-2"),
    ]


def _payments(customer: str) -> list[Message]:
    amount = yuan(300)
    made: list[Message] = [
        payments.AuthorisePaymentRequest(
            parent=customer, payment_id="walk-1", store=STORE, amount=amount
        ),
        payments.ChargePaymentRequest(
            parent=STORE, payment_id="walk-2", store=STORE, amount=amount, till="1"
        ),
        payments.ChargePaymentRequest(
            parent=customer, payment_id="walk-3", store=STORE, amount=amount
        ),
    ]
    for owner, moved in ((STORE, "walk-2"), (customer, "walk-1")):
        paid, name = f"{owner}/payments/{PAID}", f"{owner}/payments/{moved}"
        made += [
            payments.GetPaymentRequest(name=paid),
            payments.CapturePaymentRequest(name=name),
            payments.VoidPaymentRequest(name=name),
            payments.RefundPaymentRequest(name=paid, amount=yuan(100), request_id=request_id()),
        ]
    return made


def _shown(sku: str) -> Message:
    shown = parity_pb2.ShownPrice(product=f"products/{sku}", price_version=1, unit_price=yuan(99))
    reported = catalog.ReportShownPricesRequest(
        parent=STORE, surface=parity_pb2.PRICE_SURFACE_TILL, device="till-1", prices=[shown]
    )
    reported.report_time.GetCurrentTime()
    return reported


async def _announced(shop: Shop, sku: str) -> int:
    """A version of a price that has not started, below which others may still change."""
    announced = catalog.ChangePricesRequest(
        parent=STORE,
        changes=[catalog.PriceChange(product=f"products/{sku}", unit_price=yuan(120))],
        request_id=request_id(),
    )
    announced.start_time.FromSeconds(int(time.time()) + 3600)
    announced.end_time.FromSeconds(int(time.time()) + 7200)
    return int((await shop.catalog().ChangePrices(announced)).prices[0].version)


async def _paid(shop: Shop, customer: str) -> None:
    for parent, till in ((STORE, "1"), (customer, "")):
        await shop.payments().ChargePayment(
            payments.ChargePaymentRequest(
                parent=parent, payment_id=PAID, store=STORE, amount=yuan(500), till=till
            )
        )
