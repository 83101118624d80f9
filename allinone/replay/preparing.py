"""What the stores need before they can sell: to be there, the range, prices, and goods.

What is there already stays. A delivery is for one store and one day of the data, whole, whichever
of the day's baskets are replayed; its request id follows from what it brings, so it comes once.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from allinone.demo.asking import Asker, in_lanes
from allinone.replay import requests
from allinone.replay.journey import Goods
from allinone.replay.reading import pages
from allinone.replay.sales import Sale
from chassis.kernel.quantity import Unit
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, catalog_service_pb2_grpc
from hutong.inventory.v1 import inventory_service_pb2_grpc
from hutong.stores.v1 import stores_service_pb2, stores_service_pb2_grpc

A_REQUEST = 1_000
STORES_AT_ONCE = 16

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is there for the days that are replayed."""

    stores: int
    products: int
    prices: int
    deliveries: int

    def __str__(self) -> str:
        return (
            f"{self.stores:,} stores, {self.products:,} products, {self.prices:,} prices, "
            f"{self.deliveries:,} deliveries"
        )


async def prepare(asker: Asker, sales: Sequence[Sale], goods: Mapping[str, Goods]) -> Prepared:
    """Brings all that these sales need; `asker` asks on behalf of the chain."""
    by_store: dict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        by_store[sale.store].append(sale)
    preparing = _Preparing(asker)
    products = await preparing.range_of(sales, goods)
    await preparing.open(sorted(by_store))

    async def fill(store: str) -> None:
        await preparing.price(store, by_store[store])
        await preparing.receive(store, by_store[store])

    await in_lanes(sorted(by_store), fill, at_once=STORES_AT_ONCE)
    return Prepared(len(by_store), products, preparing.prices, preparing.deliveries)


class _Preparing:
    """Brings things, and counts."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._stores = stores_service_pb2_grpc.StoresServiceStub(asker.channel)
        self._catalog = catalog_service_pb2_grpc.CatalogServiceStub(asker.channel)
        self._inventory = inventory_service_pb2_grpc.InventoryServiceStub(asker.channel)
        self.prices = 0
        self.deliveries = 0

    async def open(self, stores: Sequence[str]) -> None:
        """Opens those that are not there."""
        listing = stores_service_pb2.ListStoresRequest()
        there = {
            store.name
            async for store in pages(self._asker, self._stores.ListStores, listing, "stores")
        }
        new = [store for store in stores if requests.store_name(store) not in there]
        for some in _slices(new):
            await self._asker.ask(self._stores.BatchCreateStores, requests.create_stores(some))

    async def range_of(self, sales: Iterable[Sale], goods: Mapping[str, Goods]) -> int:
        """Brings the products that are not in the range; how many the sales have in all."""
        listing = catalog_service_pb2.ListProductsRequest()
        there = {
            product.name
            async for product in pages(self._asker, self._catalog.ListProducts, listing, "products")
        }
        skus = sorted({line.sku for sale in sales for line in sale.lines})
        new = [sku for sku in skus if f"products/{sku}" not in there]
        for some in _slices(new):
            await self._asker.ask(
                self._catalog.BatchCreateProducts, requests.create_products(some, goods)
            )
        return len(skus)

    async def price(self, store: str, sales: Sequence[Sale]) -> None:
        """Asks the regular price of the first sale for what the store has no price for."""
        first: dict[str, int] = {}
        for sale in sales:
            for line in sale.lines:
                first.setdefault(line.sku, line.unit_price_cents)
        listing = catalog_service_pb2.ListPricesRequest(
            parent=requests.store_name(store), channel=catalog_pb2.SALES_CHANNEL_TILL
        )
        there = {
            price.name.rpartition("/")[2]
            async for price in pages(self._asker, self._catalog.ListPrices, listing, "prices")
        }
        new = sorted((sku, cents) for sku, cents in first.items() if sku not in there)
        for some in _slices(new):
            await self._asker.ask(self._catalog.ChangePrices, requests.change_prices(store, some))
        self.prices += len(first)

    async def receive(self, store: str, sales: Sequence[Sale]) -> None:
        """Brings what the store will sell, day by day."""
        for day, quantities in demand_by_day(sales).items():
            lines = sorted((sku, unit, number) for (sku, unit), number in quantities.items())
            for some in _slices(lines):
                await self._asker.ask(
                    self._inventory.ReceiveStock, requests.receive_stock(store, day, some)
                )
                self.deliveries += 1


def demand_by_day(sales: Iterable[Sale]) -> Mapping[date, Mapping[tuple[str, Unit], int]]:
    """How much of what is sold on each day."""
    demand: dict[date, dict[tuple[str, Unit], int]] = {}
    for sale in sales:
        for line in sale.lines:
            wanted = demand.setdefault(sale.day, defaultdict(int))
            wanted[(line.sku, line.unit)] += line.quantity
    return demand


def _slices(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    waiting = iter(items)
    while some := list(itertools.islice(waiting, A_REQUEST)):
        yield some
