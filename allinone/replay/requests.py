"""What the replay asks of a platform: to have stores, products, prices, deliveries and sales."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from google.protobuf.timestamp_pb2 import Timestamp

from allinone.demo.asking import request_id
from allinone.replay.journey import Goods
from allinone.replay.sales import Line, Sale, sku_of, unit_of
from chassis.kernel.quantity import Unit
from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from hutong.common.v1 import measure_pb2, money_pb2, position_pb2, product_quantity_pb2
from hutong.inventory.v1 import inventory_service_pb2
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from hutong.stores.v1 import stores_pb2, stores_service_pb2

TENANT = "journey"
CURRENCY = "USD"
TILL = "1"
REASON = "sold at the till's own prices, as the data set has it"

# The data do not say where the stores are, so all of them stand at one point, on the meridian that
# those who published the data are named after.
LATITUDE_DEGREES, LONGITUDE_DEGREES = 39.1031, -84.51
TIME_ZONE = "UTC"

DISPLAY_NAME_MAX = 120
DEPARTMENT_MAX = 63
NO_DEPARTMENT = "unsorted"

_RECEIPTS = uuid.uuid5(uuid.NAMESPACE_DNS, "journey.hutong.dev")
_UNITS = {
    Unit.EACH: measure_pb2.MEASURE_UNIT_EACH,
    Unit.GRAM: measure_pb2.MEASURE_UNIT_GRAM,
}

OPERATOR = Caller(principal="users/journey-operator", tenant=TENANT, roles=frozenset({"platform"}))


def manager_of(store: str) -> Caller:
    """The manager of a store, who records what its till has sold."""
    return Caller(
        principal=f"users/manager-{store}",
        tenant=TENANT,
        roles=frozenset({"store_manager"}),
        stores=frozenset({store_name(store)}),
    )


def store_name(store: str) -> str:
    """The store's resource name."""
    return f"stores/{store}"


def delivery_note(day: date) -> str:
    """The note of the delivery that brings what a day will sell."""
    return f"for {day}"


def create_stores(stores: Iterable[str]) -> stores_service_pb2.BatchCreateStoresRequest:
    """The request that opens stores."""
    request = stores_service_pb2.BatchCreateStoresRequest(
        stores=(
            stores_pb2.Store(
                name=store_name(store),
                display_name=f"Store {store}",
                kind=stores_pb2.STORE_KIND_FRESH_MARKET,
                address=stores_pb2.Address(
                    country_code="US", locality="not told", street="not told"
                ),
                position=position_pb2.Position(
                    latitude_degrees=LATITUDE_DEGREES, longitude_degrees=LONGITUDE_DEGREES
                ),
                time_zone=TIME_ZONE,
                capabilities=[stores_pb2.CAPABILITY_CARRY_OUT],
            )
            for store in stores
        )
    )
    request.request_id = request_id(request)
    return request


def create_products(
    skus: Iterable[str], goods: Mapping[str, Goods]
) -> catalog_service_pb2.BatchCreateProductsRequest:
    """The request that brings products into the range."""
    request = catalog_service_pb2.BatchCreateProductsRequest(
        products=(_product(sku, goods.get(sku)) for sku in skus)
    )
    request.request_id = request_id(request)
    return request


def change_prices(
    store: str, prices: Sequence[tuple[str, int]]
) -> catalog_service_pb2.ChangePricesRequest:
    """The request that sets prices of a store, in cents by SKU."""
    request = catalog_service_pb2.ChangePricesRequest(
        parent=store_name(store),
        changes=(
            catalog_service_pb2.PriceChange(product=f"products/{sku}", unit_price=dollars(cents))
            for sku, cents in prices
        ),
    )
    request.request_id = request_id(request)
    return request


def receive_stock(
    store: str, day: date, quantities: Sequence[tuple[str, Unit, int]]
) -> inventory_service_pb2.ReceiveStockRequest:
    """The request that brings a store what it will sell on a day."""
    request = inventory_service_pb2.ReceiveStockRequest(
        parent=store_name(store),
        lines=(
            product_quantity_pb2.ProductQuantity(
                product=f"products/{sku}", quantity=quantity, unit=_UNITS[unit]
            )
            for sku, unit, quantity in quantities
        ),
        delivery_note=delivery_note(day),
    )
    request.request_id = request_id(request)
    return request


def place_order(sale: Sale) -> orders_service_pb2.PlaceOrderRequest:
    """The request that records a sale, each time the same; its id follows from its receipt."""
    sale_time = Timestamp()
    sale_time.FromDatetime(sale.sold_at)
    return orders_service_pb2.PlaceOrderRequest(
        parent=store_name(sale.store),
        till=TILL,
        fulfilment=orders_pb2.FULFILMENT_CARRY_OUT,
        lines=(
            catalog_pb2.WantedLine(
                product=f"products/{line.sku}", quantity=line.quantity, unit=_UNITS[line.unit]
            )
            for line in sale.lines
        ),
        tender=orders_pb2.Tender(cash=orders_pb2.CashTender(tendered=dollars(sale.charged_cents))),
        recorded_sale=orders_pb2.RecordedSale(
            receipt_number=sale.receipt,
            sale_time=sale_time,
            reason=REASON,
            lines=(_charged(line) for line in sale.lines),
        ),
        request_id=str(uuid.uuid5(_RECEIPTS, sale.receipt)),
    )


def with_quantity_0(sale: Sale) -> orders_service_pb2.PlaceOrderRequest:
    """The same with nothing of its first line, as some baskets of the data set have it."""
    request = place_order(sale)
    request.lines[0].quantity = 0
    request.request_id = str(uuid.uuid5(_RECEIPTS, f"{sale.receipt}, quantity 0"))
    return request


def dollars(cents: int) -> money_pb2.Money:
    """So many cents."""
    return money_pb2.Money(amount_minor=cents, currency_code=CURRENCY)


def _charged(line: Line) -> orders_pb2.ChargedLine:
    charged = orders_pb2.ChargedLine(
        product=f"products/{line.sku}", charged_total=dollars(line.charged_cents)
    )
    if line.discount_cents is not None:
        charged.discount.CopyFrom(dollars(line.discount_cents))
    return charged


def _product(sku: str, goods: Goods | None) -> catalog_pb2.Product:
    known = goods or Goods(int(sku.removeprefix(sku_of(0)[:-1])))
    words = (known.product_type, known.package_size, sku)
    return catalog_pb2.Product(
        name=f"products/{sku}",
        display_name=" ".join(filter(None, words))[:DISPLAY_NAME_MAX],
        department=_slug(known.department or ""),
        unit=_UNITS[unit_of(known)],
    )


def _slug(department: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", department.lower()).strip("-")[:DEPARTMENT_MAX]
    return words if words[:1].isalpha() else NO_DEPARTMENT
