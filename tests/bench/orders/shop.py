"""A platform with goods in twenty stores, and customers with money."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from hutong.inventory.v1 import inventory_service_pb2
from hutong.payments.v1 import payments_service_pb2
from tests.bench.orders.kinds import CUSTOMERS, PRICE_FEN, SKUS, STORES
from tests.bench.running import Running, Topology, running
from tests.support.shop import EACH, Shop, goods, request_id, yuan
from tests.support.world import Client

STOCK = 100_000_000
WALLET_FEN = 1_000_000_000


@asynccontextmanager
async def selling(
    topology: Topology = "run", *, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Running]:
    """Such a platform, in one process or in one for each service."""
    async with running(topology=topology, settings=settings) as platform:

        def client(stub_class: object, who: Caller) -> Client:
            return platform.command.client(stub_class, platform.token(who))

        shop = Shop(client)
        await _goods(shop)
        await asyncio.gather(*(_money(shop, who) for who in CUSTOMERS))
        yield platform


async def _goods(shop: Shop) -> None:
    products = [
        catalog_pb2.Product(
            name=f"products/{sku}", display_name=sku, department="dry-goods", unit=EACH
        )
        for sku in SKUS
    ]
    await shop.catalog().BatchCreateProducts(
        catalog_service_pb2.BatchCreateProductsRequest(products=products, request_id=request_id())
    )
    changes = [
        catalog_service_pb2.PriceChange(product=product.name, unit_price=yuan(PRICE_FEN))
        for product in products
    ]
    for store in STORES:
        await shop.open(store)
        await shop.catalog().ChangePrices(
            catalog_service_pb2.ChangePricesRequest(
                parent=store, changes=changes, request_id=request_id()
            )
        )
        await shop.inventory().ReceiveStock(
            inventory_service_pb2.ReceiveStockRequest(
                parent=store,
                lines=[goods(sku, STOCK) for sku in SKUS],
                delivery_note="note 1",
                request_id=request_id(),
            )
        )


async def _money(shop: Shop, who: Caller) -> None:
    await shop.payments().TopUpWallet(
        payments_service_pb2.TopUpWalletRequest(
            name=f"{who.customer}/wallet", amount=yuan(WALLET_FEN), request_id=request_id()
        )
    )
