"""Calls to try on the demo city, in the order in which they make sense."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from google.protobuf.message import Message

from allinone.demo.city import CURRENCY, products
from allinone.demo.stores import STORES
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from hutong.common.v1 import measure_pb2, money_pb2, position_pb2
from hutong.inventory.v1 import inventory_service_pb2
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from hutong.payments.v1 import payments_service_pb2
from hutong.stores.v1 import stores_service_pb2

_STORE = STORES[0]
_APPLES = "p10001"
_MILK = "p14001"
_PEOPLES_SQUARE = (31.2302, 121.4737)
_APPLES_LABEL = "2110001005121"
"""The scale's label on 512 grams of apples: prefix 21, item number 10001, grams, check digit."""

_ORDER_REQUEST_ID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "first-order.demo.hutong.dev"))


@dataclass(frozen=True, slots=True)
class DemoCall:
    """One call: what it shows, the demo person who may make it, service and method, the request."""

    title: str
    person: str
    method: str
    request: Message


def demo_calls() -> list[DemoCall]:
    """The calls. All succeed on a seeded platform; only the order changes anything, and once."""
    milk = next(product for product in products() if product.sku == _MILK)
    lines = [
        _line(_MILK, 2, measure_pb2.MEASURE_UNIT_EACH),
        _line(_APPLES, 512, measure_pb2.MEASURE_UNIT_GRAM),
    ]
    return [
        DemoCall(
            "Find stores near People's Square",
            "c0001",
            "hutong.stores.v1.StoresService/FindStores",
            stores_service_pb2.FindStoresRequest(
                position=position_pb2.Position(
                    latitude_degrees=_PEOPLES_SQUARE[0], longitude_degrees=_PEOPLES_SQUARE[1]
                )
            ),
        ),
        DemoCall(
            "Scan a bottle of milk",
            "cashier-sh01-1",
            "hutong.catalog.v1.CatalogService/LookUpBarcode",
            catalog_service_pb2.LookUpBarcodeRequest(parent=_STORE.name, barcode=milk.barcode),
        ),
        DemoCall(
            "Scan the scale's label on 512 g of apples",
            "cashier-sh01-1",
            "hutong.catalog.v1.CatalogService/LookUpBarcode",
            catalog_service_pb2.LookUpBarcodeRequest(parent=_STORE.name, barcode=_APPLES_LABEL),
        ),
        DemoCall(
            "Price a basket",
            "c0001",
            "hutong.catalog.v1.CatalogService/QuoteBasket",
            catalog_service_pb2.QuoteBasketRequest(parent=_STORE.name, lines=lines),
        ),
        DemoCall(
            "Sell it at a till for cash (twice gives the first answer again, and sells once)",
            "cashier-sh01-1",
            "hutong.orders.v1.OrdersService/PlaceOrder",
            orders_service_pb2.PlaceOrderRequest(
                parent=_STORE.name,
                lines=lines,
                fulfilment=orders_pb2.FULFILMENT_CARRY_OUT,
                tender=orders_pb2.Tender(
                    cash=orders_pb2.CashTender(
                        tendered=money_pb2.Money(amount_minor=10_000, currency_code=CURRENCY)
                    )
                ),
                till=_STORE.tills[0],
                request_id=_ORDER_REQUEST_ID,
            ),
        ),
        DemoCall(
            "See what that left in the store",
            "manager-sh01",
            "hutong.inventory.v1.InventoryService/GetStockLevel",
            inventory_service_pb2.GetStockLevelRequest(name=f"{_STORE.name}/stockLevels/{_MILK}"),
        ),
        DemoCall(
            "Look into a wallet",
            "c0001",
            "hutong.payments.v1.PaymentsService/GetWallet",
            payments_service_pb2.GetWalletRequest(name="customers/c0001/wallet"),
        ),
    ]


def _line(sku: str, quantity: int, unit: measure_pb2.MeasureUnit) -> catalog_pb2.WantedLine:
    return catalog_pb2.WantedLine(product=f"products/{sku}", quantity=quantity, unit=unit)
