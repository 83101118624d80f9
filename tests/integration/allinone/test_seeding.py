"""The demo city on real services: all of it arrives once, however often it is seeded."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial

import grpc
import pytest
from google.protobuf.message import Message

from allinone.demo.calls import demo_calls
from allinone.demo.city import assortment, price_fen, products, stock_quantity
from allinone.demo.people import CUSTOMER_WALLETS, person
from allinone.demo.seeding import SeedSummary, seed
from allinone.demo.stores import STORES
from chassis.kernel.errors import HutongError
from hutong.catalog.v1 import catalog_service_pb2, catalog_service_pb2_grpc
from hutong.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from hutong.payments.v1 import payments_service_pb2, payments_service_pb2_grpc
from hutong.stores.v1 import stores_service_pb2, stores_service_pb2_grpc
from services.catalog.main import BLUEPRINT as CATALOG
from services.inventory.main import BLUEPRINT as INVENTORY
from services.orders.main import BLUEPRINT as ORDERS
from services.payments.main import BLUEPRINT as PAYMENTS
from services.stores.main import BLUEPRINT as STORES_SERVICE
from tests.support.world import World, Worlds

SEED_SECONDS_MAX = 60.0
"""On a quiet machine a sixth of it."""

CARRIED = sum(len(assortment(store, products())) for store in STORES)
EVERYTHING = SeedSummary(
    products=2_000, stores=30, prices=CARRIED, stock_levels=CARRIED, wallets=1_000
)


@pytest.fixture
async def world(worlds: Worlds) -> AsyncIterator[World]:
    world = await worlds.start([STORES_SERVICE, CATALOG, INVENTORY, PAYMENTS])
    yield world
    assert await world.broken() == []
    await world.close()


@pytest.fixture(scope="module")
async def city(worlds: Worlds) -> AsyncIterator[World]:
    """The demo city, seeded once for all that look at it."""
    world = await worlds.start([STORES_SERVICE, CATALOG, INVENTORY, PAYMENTS, ORDERS])
    assert await seeded(world) == EVERYTHING
    yield world
    assert await world.broken() == []
    await world.close()


class RawStub:
    """One method of any service, its answer as bytes."""

    def __init__(self, method: str, channel: grpc.aio.Channel) -> None:
        self.ask: Callable[..., Awaitable[bytes]] = channel.unary_unary(
            f"/{method}", request_serializer=serialised
        )


def serialised(request: Message) -> bytes:
    return request.SerializeToString()


async def seeded(world: World) -> SeedSummary:
    return await seed(address=world.address, issuer=world.issuer, progress=lambda line: None)


async def row_counts(world: World) -> dict[str, int]:
    """The number of rows of every table of every service."""
    counts = {}
    for service, database in world.opened.items():
        async with database.transaction() as tx:
            tables = await tx.rows(
                "select schemaname, tablename from pg_tables "
                "where schemaname not in ('pg_catalog', 'information_schema')"
            )
            for place in tables:
                schema, table = place.schemaname, place.tablename
                (row,) = await tx.rows(f'select count(*) as counted from "{schema}"."{table}"')
                counts[f"{service}.{table}"] = int(row.counted)
    return counts


async def test_seeding_twice_brings_everything_once(world: World) -> None:
    lines: list[str] = []
    began = time.monotonic()
    first = await seed(address=world.address, issuer=world.issuer, progress=lines.append)
    took = time.monotonic() - began
    rows = await row_counts(world)
    second = await seeded(world)
    assert first == second == EVERYTHING
    assert await row_counts(world) == rows
    assert rows["stores.store"] == EVERYTHING.stores
    assert rows["catalog.product"] == EVERYTHING.products
    assert rows["catalog.price"] == EVERYTHING.prices
    assert rows["inventory.stock_level"] == EVERYTHING.stock_levels
    assert took < SEED_SECONDS_MAX
    assert lines[0] == "2000 products"
    assert all(any(store.display_name in line for line in lines) for store in STORES)


async def test_what_was_seeded_can_be_scanned_sold_and_paid(city: World) -> None:
    store, apples = STORES[0], products()[0]
    cashier = city.client(
        catalog_service_pb2_grpc.CatalogServiceStub, person("cashier-sh01-1").caller
    )
    scanned = await cashier.LookUpBarcode(
        catalog_service_pb2.LookUpBarcodeRequest(parent=store.name, barcode="2110001005121")
    )
    assert scanned.product.display_name == apples.display_name
    assert scanned.quantity == 512
    assert scanned.price.unit_price.amount_minor == price_fen(store, apples)
    manager = city.client(
        inventory_service_pb2_grpc.InventoryServiceStub, person("manager-sh01").caller
    )
    unsold = assortment(store, products())[-1]
    level = await manager.GetStockLevel(
        inventory_service_pb2.GetStockLevelRequest(name=f"{store.name}/stockLevels/{unsold.sku}")
    )
    assert level.available == stock_quantity(store, unsold)
    customer = city.client(payments_service_pb2_grpc.PaymentsServiceStub, person("c0001").caller)
    wallet = await customer.GetWallet(
        payments_service_pb2.GetWalletRequest(name="customers/c0001/wallet")
    )
    assert wallet.available.amount_minor == CUSTOMER_WALLETS[0].wallet_fen


async def test_the_store_in_renovation_is_closed_and_the_others_are_not(city: World) -> None:
    operator = city.client(stores_service_pb2_grpc.StoresServiceStub, person("operator").caller)
    listed = await operator.ListStores(stores_service_pb2.ListStoresRequest())
    assert [store.name for store in listed.stores] == [store.name for store in STORES]
    closed = [store for store in listed.stores if store.HasField("closure")]
    assert [(store.name, store.closure.HasField("end_time")) for store in closed] == [
        ("stores/sh29", False)
    ]


@pytest.mark.parametrize("lines_before_the_end", [1, 3])
async def test_a_seeding_that_was_cut_off_is_finished_by_the_next(
    world: World, lines_before_the_end: int
) -> None:
    reached = asyncio.Event()
    lines: list[str] = []

    def note(line: str) -> None:
        lines.append(line)
        if len(lines) == lines_before_the_end:
            reached.set()

    first = asyncio.create_task(seed(address=world.address, issuer=world.issuer, progress=note))
    await reached.wait()
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    assert len(lines) == lines_before_the_end
    assert await seeded(world) == EVERYTHING
    rows = await row_counts(world)
    assert rows["inventory.stock_level"] == EVERYTHING.stock_levels
    assert rows["inventory.stock_movement"] == EVERYTHING.stock_levels


async def test_two_seedings_at_once_bring_everything_once(world: World) -> None:
    first, second = await asyncio.gather(seeded(world), seeded(world))
    assert first == second == EVERYTHING
    assert (await row_counts(world))["inventory.stock_movement"] == EVERYTHING.stock_levels


async def test_a_platform_that_is_not_there_is_given_up_on(worlds: Worlds, world: World) -> None:
    with pytest.raises(HutongError) as caught:
        await seed(
            address=f"127.0.0.1:{worlds.free_port()}",
            issuer=world.issuer,
            progress=lambda line: None,
        )
    assert caught.value.reason == "UNAVAILABLE"


async def test_the_calls_to_try_succeed_and_sell_once(city: World) -> None:
    for call in [*demo_calls(), *demo_calls()]:
        client = city.client(partial(RawStub, call.method), person(call.person).caller)
        assert await client.ask(call.request)
    assert (await row_counts(city))["orders.customer_order"] == 1
