"""What is not the caller's: a chain's other store and customer, and another chain's everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_pb2
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.payments.v1 import payments_service_pb2 as payments
from tests.support.baskets import line, setting
from tests.support.shop import EACH, Shop, goods, pickup, request_id, wanted, yuan
from tests.support.world import World, caller

STOCK = 1_000_000


@dataclass(frozen=True, slots=True)
class Others:
    """A store, a customer and a product of somebody, and what they have between them."""

    tenant: str
    store: str
    customer: str
    sku: str
    order: str
    sale: str
    held: str
    discrepancy: str

    def names(self) -> dict[str, str]:
        """An existing name of each form."""
        return {
            "stores/{store}": self.store,
            "stores/{store}/prices/{product}": f"{self.store}/prices/{self.sku}",
            "stores/{store}/stockLevels/{product}": f"{self.store}/stockLevels/{self.sku}",
            "stores/{store}/reservations/{reservation}": f"{self.store}/reservations/{self.held}",
            "stores/{store}/discrepancies/{discrepancy}": self.discrepancy,
            "stores/{store}/orders/{order}": self.order,
            "stores/{store}/baskets/{customer}": (
                f"{self.store}/baskets/{self.customer.partition('/')[2]}"
            ),
            "stores/{store}/payments/{payment}": f"{self.store}/payments/{self.sale}",
            "customers/{customer}": self.customer,
            "customers/{customer}/wallet": f"{self.customer}/wallet",
            "customers/{customer}/payments/{payment}": (
                f"{self.customer}/payments/{self.order.rpartition('/')[2]}"
            ),
            "products/{product}": f"products/{self.sku}",
        }


async def others(world: World, *, tenant: str, word: str, at: str = "") -> Others:
    """Makes them, all with ids that begin with the word; `at` takes a store that is there."""

    def client(stub: Any, who: Caller) -> Any:
        return world.client(stub, replace(who, tenant=tenant))

    shop = Shop(client)
    place, sku = at or f"stores/{word}-store", f"{word}-sku"
    who = caller(role="customer", customer=f"customers/{word}-customer", tenant=tenant)
    if not at:
        await shop.open(place)
    product = catalog_pb2.Product(
        name=f"products/{sku}", display_name=f"Goods {sku}", department="dry-goods", unit=EACH
    )
    await shop.catalog().BatchCreateProducts(
        catalog.BatchCreateProductsRequest(products=[product], request_id=request_id())
    )
    await shop.price(sku, 100, store=place)
    await shop.receive(sku, STOCK, store=place)
    await shop.payments().TopUpWallet(
        payments.TopUpWalletRequest(
            name=f"{who.customer}/wallet", amount=yuan(1_000_000), request_id=request_id()
        )
    )
    ordered = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1), parent=place))
    await shop.orders(who).SetBasketLines(setting(who, line(sku, 1), store=place))
    sale = f"{word}-sale"
    await shop.payments().ChargePayment(
        payments.ChargePaymentRequest(
            parent=place, payment_id=sale, store=place, amount=yuan(500), till="1"
        )
    )
    await shop.inventory().ReserveStock(
        inventory.ReserveStockRequest(
            parent=place,
            reservation_id=f"{word}-held",
            lines=[goods(sku, 1)],
            hold_duration={"seconds": 900},
        )
    )
    short = await shop.short(f"{word}-short", 1, store=place)
    return Others(
        tenant, place, who.customer, sku, ordered.name, sale, f"{word}-held", discrepancy=short
    )


async def rows_of(world: World, word: str, *, services: tuple[str, ...]) -> dict[str, list[str]]:
    """Every row that has the word in it, by service and table, but for answers that are kept."""
    found = {}
    for service in services:
        async with world.database(service).transaction() as tx:
            tables = await tx.rows(
                "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables "
                "where schemaname not in ('pg_catalog', 'information_schema') "
                "and tablename <> 'idempotency'"
            )
            for (table,) in tables:
                rows = await tx.rows(f"select t::text from {table} t where t::text like '%{word}%'")
                found[f"{service}.{table}"] = sorted(text for (text,) in rows)
    return found
