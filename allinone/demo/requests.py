"""What the demo city asks of a platform: one request for each thing that is brought."""

from __future__ import annotations

from collections.abc import Sequence

from allinone.demo.asking import request_id
from allinone.demo.city import CURRENCY, price_fen, stock_quantity
from allinone.demo.goods import DemoProduct
from allinone.demo.people import DemoCustomer
from allinone.demo.store_messages import geojson, opening_hours
from allinone.demo.stores import CITY, TIME_ZONE, DemoStore
from chassis.kernel.quantity import Unit
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from hutong.common.v1 import measure_pb2, money_pb2, position_pb2, product_quantity_pb2
from hutong.inventory.v1 import inventory_service_pb2
from hutong.payments.v1 import payments_service_pb2
from hutong.stores.v1 import stores_pb2, stores_service_pb2

_UNITS = {
    Unit.EACH: measure_pb2.MEASURE_UNIT_EACH,
    Unit.GRAM: measure_pb2.MEASURE_UNIT_GRAM,
}


def create_products(
    goods: Sequence[DemoProduct],
) -> catalog_service_pb2.BatchCreateProductsRequest:
    """The request that brings in some of the range."""
    request = catalog_service_pb2.BatchCreateProductsRequest(
        products=(
            catalog_pb2.Product(
                name=f"products/{product.sku}",
                display_name=product.display_name,
                department=product.department,
                unit=_UNITS[product.unit],
                barcodes=[product.barcode],
            )
            for product in goods
        )
    )
    request.request_id = request_id(request)
    return request


def create_stores(
    demo_stores: Sequence[DemoStore],
) -> stores_service_pb2.BatchCreateStoresRequest:
    """The request that opens all stores."""
    request = stores_service_pb2.BatchCreateStoresRequest(
        stores=(_store_message(store) for store in demo_stores)
    )
    request.request_id = request_id(request)
    return request


def _store_message(store: DemoStore) -> stores_pb2.Store:
    return stores_pb2.Store(
        name=store.name,
        display_name=store.display_name,
        kind=f"STORE_KIND_{store.kind}",
        address=stores_pb2.Address(
            country_code="CN", locality=CITY, district=store.district, street=store.address
        ),
        position=position_pb2.Position(
            latitude_degrees=store.latitude_degrees, longitude_degrees=store.longitude_degrees
        ),
        time_zone=TIME_ZONE,
        opening_hours=opening_hours(store.open_minutes, store.close_minutes),
        capabilities=[f"CAPABILITY_{capability}" for capability in store.capabilities],
        delivery_area=geojson(store.delivery_ring()),
        franchise_owner=store.franchise_owner,
    )


def close_store(store: DemoStore) -> stores_service_pb2.CloseStoreRequest:
    """The request that closes a store until somebody reopens it."""
    request = stores_service_pb2.CloseStoreRequest(name=store.name, reason=store.closed_for)
    request.request_id = request_id(request)
    return request


def change_prices(
    store: DemoStore, goods: Sequence[DemoProduct]
) -> catalog_service_pb2.ChangePricesRequest:
    """The request with what a store asks for some goods."""
    request = catalog_service_pb2.ChangePricesRequest(
        parent=store.name,
        changes=(
            catalog_service_pb2.PriceChange(
                product=f"products/{product.sku}", unit_price=_money(price_fen(store, product))
            )
            for product in goods
        ),
    )
    request.request_id = request_id(request)
    return request


def receive_stock(
    store: DemoStore, goods: Sequence[DemoProduct]
) -> inventory_service_pb2.ReceiveStockRequest:
    """The request that is a store's first delivery of some goods."""
    request = inventory_service_pb2.ReceiveStockRequest(
        parent=store.name,
        lines=(
            product_quantity_pb2.ProductQuantity(
                product=f"products/{product.sku}",
                quantity=stock_quantity(store, product),
                unit=_UNITS[product.unit],
            )
            for product in goods
        ),
        delivery_note=f"opening stock of {store.display_name}",
    )
    request.request_id = request_id(request)
    return request


def top_up_wallet(customer: DemoCustomer) -> payments_service_pb2.TopUpWalletRequest:
    """The request that opens a customer's wallet."""
    request = payments_service_pb2.TopUpWalletRequest(
        name=f"customers/{customer.id}/wallet", amount=_money(customer.wallet_fen)
    )
    request.request_id = request_id(request)
    return request


def _money(fen: int) -> money_pb2.Money:
    return money_pb2.Money(amount_minor=fen, currency_code=CURRENCY)
