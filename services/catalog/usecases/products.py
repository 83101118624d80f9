"""What is done with the range. Each use case owns its transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.db.engine import Database
from chassis.db.idempotency import Once
from chassis.db.transaction import Reading
from chassis.kernel import names
from chassis.kernel.errors import ResourceNotFound
from chassis.messaging import outbox
from chassis.messaging.outbox import Event
from services.catalog.domain import products as domain
from services.catalog.domain.products import (
    Department,
    Found,
    Match,
    NewProduct,
    Product,
    ProductEdit,
    ProductExists,
)
from services.catalog.repository import product_rows

ProductEvents = Callable[[str, Sequence[Product]], Sequence[Event]]
"""Tells of changed products of a tenant."""


class Products:
    """The use cases on products."""

    def __init__(self, database: Database, *, product_events: ProductEvents) -> None:
        self.database = database
        self._product_events = product_events

    async def create_products(
        self,
        once: Once,
        tenant: str,
        products: Sequence[NewProduct],
        *,
        encode: Callable[[Sequence[Product]], bytes],
    ) -> bytes:
        """Adds products to the range, all or none; ProductExists, BarcodeTaken."""
        owners = domain.require_apart(products)
        async with once.transaction() as tx:
            added = await product_rows.add_products(tx, tenant, products)
            for product in products:
                if product.sku not in added:
                    raise ProductExists(sku=product.sku)
            packs = {product.sku: product.packs for product in products}
            await product_rows.add_packs(tx, tenant, packs)
            await product_rows.add_barcodes(tx, tenant, owners)
            created = [product.created(at=added[product.sku]) for product in products]
            await outbox.add_all(tx, self._product_events(tenant, created))
            return await tx.keep(encode(created))

    async def update_product(self, tenant: str, sku: str, edit: ProductEdit) -> Product:
        """Changes a product; ResourceNotFound, PackNotCounted, BarcodeTaken."""
        owners = domain.owners_of(sku, edit.barcodes, edit.packs)
        async with self.database.transaction() as tx:
            unit = await product_rows.edit_product(tx, tenant, sku, edit)
            if unit is None:
                raise ResourceNotFound(resource=names.PRODUCT.format(sku))
            domain.require_counted(sku, unit, edit.packs or (), at="product.packs")
            await product_rows.replace_codes(tx, tenant, sku, edit, owners)
            product = await self._product(tx, tenant, sku)
            await outbox.add_all(tx, self._product_events(tenant, [product]))
            return product

    async def get_product(self, tenant: str, sku: str) -> Product:
        """The product; ResourceNotFound."""
        async with self.database.reading() as reading:
            return await self._product(reading, tenant, sku)

    async def list_products(
        self, tenant: str, *, department: str, after: str, rows_max: int
    ) -> list[Product]:
        """Products by SKU behind `after`, of one department unless it is empty."""
        async with self.database.reading() as reading:
            return await product_rows.products(
                reading, tenant, department=department, after=after, rows_max=rows_max
            )

    async def search_products(
        self, tenant: str, query: str, *, department: str, after: Match, rows_max: int
    ) -> list[Found]:
        """Products whose names match, best first, behind `after`; InvalidInput if blank."""
        domain.require_query(query)
        async with self.database.reading() as reading:
            return await product_rows.search(
                reading, tenant, query, department=department, after=after, rows_max=rows_max
            )

    async def list_departments(self, tenant: str, *, after: str, rows_max: int) -> list[Department]:
        """Departments that carry products, by name, behind `after`."""
        async with self.database.reading() as reading:
            return await product_rows.departments(reading, tenant, after=after, rows_max=rows_max)

    async def _product(self, reading: Reading, tenant: str, sku: str) -> Product:
        product = await product_rows.product(reading, tenant, sku)
        if product is None:
            raise ResourceNotFound(resource=names.PRODUCT.format(sku))
        return product
