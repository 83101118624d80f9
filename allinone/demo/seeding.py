"""Fills a running platform with the demo city, through its public contracts.

Seeding twice changes nothing, and a seeding that was killed is finished by the next. Products come
first: a platform that has others under these SKUs refuses them before stock or money moves. Then
stores are filled and wallets opened, several at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from allinone.demo.asking import Asker, asking, in_lanes
from allinone.demo.city import assortment, products
from allinone.demo.goods import DemoProduct
from allinone.demo.people import CUSTOMER_WALLETS, DemoCustomer, person
from allinone.demo.requests import (
    change_prices,
    close_store,
    create_products,
    create_stores,
    receive_stock,
    top_up_wallet,
)
from allinone.demo.stores import STORES, DemoStore
from allinone.issuer import LocalIssuer
from hutong.catalog.v1 import catalog_service_pb2_grpc
from hutong.inventory.v1 import inventory_service_pb2_grpc
from hutong.payments.v1 import payments_service_pb2_grpc
from hutong.stores.v1 import stores_service_pb2_grpc

OPERATOR = "operator"
PRODUCTS_A_REQUEST = 500
STORES_AT_ONCE = 2
WALLETS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class SeedSummary:
    """What is there after seeding, whether this run brought it or one before."""

    products: int
    stores: int
    prices: int
    stock_levels: int
    wallets: int

    def __str__(self) -> str:
        return (
            f"{self.products} products, {self.stores} stores with {self.prices} prices "
            f"and {self.stock_levels} stock levels, {self.wallets} wallets"
        )


async def seed(
    *, address: str, issuer: LocalIssuer, progress: Callable[[str], None]
) -> SeedSummary:
    """Brings the demo city to the platform at this gRPC address; `progress` gets lines to show.

    A platform that does not answer is asked several times. Raises the HutongError that the platform
    refused with, or Unavailable.
    """
    async with asking(address=address, issuer=issuer, caller=person(OPERATOR).caller) as asker:
        return await _Seeding(asker, progress).run()


class _Seeding:
    """One run, which counts what it is answered."""

    def __init__(self, asker: Asker, progress: Callable[[str], None]) -> None:
        self._asker = asker
        self._progress = progress
        self._catalog = catalog_service_pb2_grpc.CatalogServiceStub(asker.channel)
        self._inventory = inventory_service_pb2_grpc.InventoryServiceStub(asker.channel)
        self._payments = payments_service_pb2_grpc.PaymentsServiceStub(asker.channel)
        self._stores = stores_service_pb2_grpc.StoresServiceStub(asker.channel)
        self._prices = 0
        self._stock_levels = 0

    async def run(self) -> SeedSummary:
        """Brings everything."""
        goods = products()
        for some in _slices(goods):
            await self._asker.ask(self._catalog.BatchCreateProducts, create_products(some))
        self._progress(f"{len(goods)} products")
        await self._open_stores()
        self._progress(f"{len(STORES)} stores")

        async def fill(store: DemoStore) -> None:
            await self._fill(store, assortment(store, goods))

        await in_lanes(STORES, fill, at_once=STORES_AT_ONCE)
        await in_lanes(CUSTOMER_WALLETS, self._open_wallet, at_once=WALLETS_AT_ONCE)
        self._progress(f"{len(CUSTOMER_WALLETS)} customers with money in their wallets")
        return SeedSummary(
            products=len(goods),
            stores=len(STORES),
            prices=self._prices,
            stock_levels=self._stock_levels,
            wallets=len(CUSTOMER_WALLETS),
        )

    async def _open_stores(self) -> None:
        await self._asker.ask(self._stores.BatchCreateStores, create_stores(STORES))
        for store in STORES:
            if store.closed_for:
                await self._asker.ask(self._stores.CloseStore, close_store(store))

    async def _fill(self, store: DemoStore, goods: Sequence[DemoProduct]) -> None:
        for some in _slices(goods):
            changed = await self._asker.ask(self._catalog.ChangePrices, change_prices(store, some))
            received = await self._asker.ask(
                self._inventory.ReceiveStock, receive_stock(store, some)
            )
            self._prices += len(changed.prices)
            self._stock_levels += len(received.stock_levels)
        self._progress(f"{store.display_name}: prices and stock of {len(goods)} products")

    async def _open_wallet(self, customer: DemoCustomer) -> None:
        await self._asker.ask(self._payments.TopUpWallet, top_up_wallet(customer))


def _slices(goods: Sequence[DemoProduct]) -> Iterator[Sequence[DemoProduct]]:
    for start in range(0, len(goods), PRODUCTS_A_REQUEST):
        yield goods[start : start + PRODUCTS_A_REQUEST]
