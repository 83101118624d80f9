"""A retail chain of its own for each test: a tenant with clients, and short ways to ask."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.db.transaction import Row
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, catalog_service_pb2_grpc
from hutong.common.v1 import measure_pb2, money_pb2
from tests.support.world import Client, World, caller

EACH = measure_pb2.MEASURE_UNIT_EACH
GRAM = measure_pb2.MEASURE_UNIT_GRAM
STORE = "stores/sh01"

_NUMBERS = itertools.count(1)


def request_id() -> str:
    return str(uuid.uuid4())


def product(
    sku: str,
    *barcodes: str,
    unit: measure_pb2.MeasureUnit = EACH,
    department: str = "fresh-fruit",
    packs: Sequence[catalog_pb2.Pack] = (),
) -> catalog_pb2.Product:
    return catalog_pb2.Product(
        name=f"products/{sku}",
        display_name=f"{sku} 苹果",
        department=department,
        unit=unit,
        barcodes=barcodes,
        packs=packs,
    )


def pack(
    pack_id: str,
    pieces: int,
    *barcodes: str,
    kind: catalog_pb2.PackKind = catalog_pb2.PACK_KIND_CASE,
) -> catalog_pb2.Pack:
    return catalog_pb2.Pack(pack=pack_id, kind=kind, pieces=pieces, barcodes=barcodes)


def creation(*products: catalog_pb2.Product) -> catalog_service_pb2.BatchCreateProductsRequest:
    return catalog_service_pb2.BatchCreateProductsRequest(
        products=products, request_id=request_id()
    )


def price_list(
    amounts: Mapping[str, int],
    *,
    store: str = STORE,
    currency: str = "CNY",
    start: datetime | None = None,
    end: datetime | None = None,
    channel: catalog_pb2.SalesChannel = catalog_pb2.SALES_CHANNEL_UNSPECIFIED,
) -> catalog_service_pb2.ChangePricesRequest:
    return catalog_service_pb2.ChangePricesRequest(
        parent=store,
        changes=[
            catalog_service_pb2.PriceChange(
                product=f"products/{sku}",
                unit_price=money_pb2.Money(amount_minor=amount, currency_code=currency),
            )
            for sku, amount in amounts.items()
        ],
        request_id=request_id(),
        start_time=start,
        end_time=end,
        channel=channel,
    )


def ahead(**by: float) -> datetime:
    """So far ahead of now."""
    return datetime.fromtimestamp(time.time(), UTC) + timedelta(**by)


def basket(
    *lines: tuple[str, int],
    unit: measure_pb2.MeasureUnit = EACH,
    store: str = STORE,
    at: Any = None,
    shown: int = 0,
    channel: catalog_pb2.SalesChannel = catalog_pb2.SALES_CHANNEL_UNSPECIFIED,
) -> catalog_service_pb2.QuoteBasketRequest:
    return catalog_service_pb2.QuoteBasketRequest(
        parent=store,
        lines=[
            catalog_pb2.WantedLine(
                product=f"products/{sku}",
                quantity=quantity,
                unit=unit,
                shown_price_version=shown,
            )
            for sku, quantity in lines
        ],
        quote_time=at,
        channel=channel,
    )


@dataclass
class Chain:
    """One tenant, whom nobody else in the tests knows."""

    world: World
    tenant: str = field(default_factory=lambda: f"chain{next(_NUMBERS)}")

    def client(self, role: str, *, stores: Sequence[str] = (), customer: str = "") -> Client:
        who = caller(role=role, stores=stores, customer=customer, tenant=self.tenant)
        return self.world.client(catalog_service_pb2_grpc.CatalogServiceStub, who)

    async def rows(self, statement: str, *arguments: object) -> Sequence[Row]:
        async with self.world.database("catalog").transaction() as tx:
            return await tx.rows(statement, *arguments)

    async def price_rows(self) -> list[tuple[str, int, int]]:
        """SKU, version and amount of every price of the chain."""
        rows = await self.rows(
            "select sku, version, amount_minor from verify.price"
            " where split_part(store_id, ':', 1) = $1 order by store_id, sku, version",
            self.tenant,
        )
        return [(row.sku, row.version, row.amount_minor) for row in rows]

    async def product_rows(self) -> list[tuple[str, int, list[str]]]:
        """SKU, version and barcodes of every product of the chain."""
        rows = await self.rows(
            "select sku, version, barcodes from verify.product where tenant = $1 order by sku",
            self.tenant,
        )
        return [(row.sku, row.version, row.barcodes) for row in rows]

    async def events(self) -> list[tuple[str, int, str]]:
        """Aggregate, sequence and type of every event of the chain."""
        rows = await self.rows(
            "select aggregate, sequence, type from outbox"
            " where split_part(aggregate, '/', 1) = $1 order by aggregate, sequence",
            self.tenant,
        )
        return [(row.aggregate, row.sequence, row.type) for row in rows]
