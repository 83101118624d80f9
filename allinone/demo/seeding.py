"""Fills a running platform with the demo city, through its public contracts.

Every request id is derived from what is asked, so the platform answers a repeat with its first
answer: seeding twice changes nothing, and one that was killed is finished by the next. Products
come first: a platform that has others under these SKUs refuses them before stock or money moves.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from allinone.demo.city import (
    CITY,
    CURRENCY,
    NEW_YEAR,
    NEW_YEAR_EVE,
    NEW_YEAR_EVE_CLOSE_MINUTES,
    STORES,
    TIME_ZONE,
    DemoStore,
    price_fen,
    products,
    stock_quantity,
)
from allinone.demo.goods import DemoProduct
from allinone.demo.people import CUSTOMER_WALLETS, DemoCustomer, person
from allinone.issuer import LocalIssuer
from chassis.kernel.errors import ErrorKind, HutongError
from chassis.kernel.quantity import Unit
from chassis.rpc.client import Peer
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, catalog_service_pb2_grpc
from hutong.common.v1 import measure_pb2, money_pb2, position_pb2, product_quantity_pb2
from hutong.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from hutong.payments.v1 import payments_service_pb2, payments_service_pb2_grpc
from hutong.stores.v1 import stores_pb2, stores_service_pb2, stores_service_pb2_grpc

OPERATOR = "operator"
TOKEN_SECONDS = 600
CALL_SECONDS = 20.0
ATTEMPTS_MAX = 6
PAUSE_SECONDS_MIN = 0.1
PAUSE_SECONDS_MAX = 2.0

_REQUEST_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "demo.hutong.dev")

_UNITS = {
    Unit.EACH: measure_pb2.MEASURE_UNIT_EACH,
    Unit.GRAM: measure_pb2.MEASURE_UNIT_GRAM,
}

Reply = TypeVar("Reply", bound=Message)


@dataclass(frozen=True, slots=True)
class SeedSummary:
    """What is there after seeding, whether this run brought it or one before."""

    products: int
    stores: int
    prices: int
    stock_levels: int
    wallets: int


async def seed(
    *, address: str, issuer: LocalIssuer, progress: Callable[[str], None]
) -> SeedSummary:
    """Brings the demo city to the platform at this gRPC address; `progress` gets lines to show.

    A platform that does not answer is asked ATTEMPTS_MAX times. Raises the HutongError that the
    platform refused with, or Unavailable.
    """
    token = issuer.token(person(OPERATOR).caller, seconds=TOKEN_SECONDS)
    peer = Peer(name="the platform", address=address, token=lambda: token)
    try:
        return await _seed(peer, progress)
    finally:
        await peer.close()


async def _seed(peer: Peer, progress: Callable[[str], None]) -> SeedSummary:
    catalog = catalog_service_pb2_grpc.CatalogServiceStub(peer.channel)
    inventory = inventory_service_pb2_grpc.InventoryServiceStub(peer.channel)
    payments = payments_service_pb2_grpc.PaymentsServiceStub(peer.channel)
    goods = products()
    prices = stock_levels = 0
    await _call(peer, catalog.BatchCreateProducts, create_products(goods))
    progress(f"{len(goods)} products")
    stores = stores_service_pb2_grpc.StoresServiceStub(peer.channel)
    await _call(peer, stores.BatchCreateStores, create_stores(STORES))
    progress(f"{len(STORES)} stores")
    for store in STORES:
        changed = await _call(peer, catalog.ChangePrices, change_prices(store, goods))
        received = await _call(peer, inventory.ReceiveStock, receive_stock(store, goods))
        prices += len(changed.prices)
        stock_levels += len(received.stock_levels)
        progress(f"{store.display_name}: prices and stock")
    for customer in CUSTOMER_WALLETS:
        await _call(peer, payments.TopUpWallet, top_up_wallet(customer))
    progress(f"{len(CUSTOMER_WALLETS)} customers with money in their wallets")
    return SeedSummary(
        products=len(goods),
        stores=len(STORES),
        prices=prices,
        stock_levels=stock_levels,
        wallets=len(CUSTOMER_WALLETS),
    )


def create_products(
    goods: Sequence[DemoProduct],
) -> catalog_service_pb2.BatchCreateProductsRequest:
    """The request that brings in the whole range."""
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
    request.request_id = _request_id(request)
    return request


def create_stores(
    demo_stores: Sequence[DemoStore],
) -> stores_service_pb2.BatchCreateStoresRequest:
    """The request that opens all stores."""
    request = stores_service_pb2.BatchCreateStoresRequest(
        stores=(_store_message(store) for store in demo_stores)
    )
    request.request_id = _request_id(request)
    return request


def _store_message(store: DemoStore) -> stores_pb2.Store:
    day = stores_pb2.OpenPeriod(open_minutes=store.open_minutes, close_minutes=store.close_minutes)
    eve = stores_pb2.OpenPeriod(
        open_minutes=store.open_minutes, close_minutes=NEW_YEAR_EVE_CLOSE_MINUTES
    )
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
        opening_hours=stores_pb2.OpeningHours(
            weekly=[
                stores_pb2.DayHours(day=stores_pb2.DayOfWeek.Name(number), periods=[day])
                for number in range(
                    stores_pb2.DAY_OF_WEEK_MONDAY, stores_pb2.DAY_OF_WEEK_SUNDAY + 1
                )
            ],
            exceptions=[
                stores_pb2.DateHours(date=NEW_YEAR_EVE, periods=[eve]),
                stores_pb2.DateHours(date=NEW_YEAR),
            ],
        ),
        capabilities=[f"CAPABILITY_{capability}" for capability in store.capabilities],
        delivery_area=json.dumps({"type": "Polygon", "coordinates": [store.delivery_ring()]}),
        franchise_owner=store.franchise_owner,
    )


def change_prices(
    store: DemoStore, goods: Sequence[DemoProduct]
) -> catalog_service_pb2.ChangePricesRequest:
    """The request with everything that a store asks."""
    request = catalog_service_pb2.ChangePricesRequest(
        parent=store.name,
        changes=(
            catalog_service_pb2.PriceChange(
                product=f"products/{product.sku}", unit_price=_money(price_fen(store, product))
            )
            for product in goods
        ),
    )
    request.request_id = _request_id(request)
    return request


def receive_stock(
    store: DemoStore, goods: Sequence[DemoProduct]
) -> inventory_service_pb2.ReceiveStockRequest:
    """The request that is a store's first delivery."""
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
    request.request_id = _request_id(request)
    return request


def top_up_wallet(customer: DemoCustomer) -> payments_service_pb2.TopUpWalletRequest:
    """The request that opens a customer's wallet."""
    request = payments_service_pb2.TopUpWalletRequest(
        name=f"customers/{customer.id}/wallet", amount=_money(customer.wallet_fen)
    )
    request.request_id = _request_id(request)
    return request


def _money(fen: int) -> money_pb2.Money:
    return money_pb2.Money(amount_minor=fen, currency_code=CURRENCY)


def _request_id(request: Message) -> str:
    """The id that this request, still without one, always gets."""
    content = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
    return str(uuid.uuid5(_REQUEST_IDS, f"{request.DESCRIPTOR.full_name}/{content}"))


async def _call(peer: Peer, method: Callable[..., Awaitable[Reply]], request: Message) -> Reply:
    pause = PAUSE_SECONDS_MIN
    for _ in range(ATTEMPTS_MAX - 1):
        try:
            return await peer.call(method, request, seconds=CALL_SECONDS)
        except HutongError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                raise
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(2 * pause, PAUSE_SECONDS_MAX)
    return await peer.call(method, request, seconds=CALL_SECONDS)
