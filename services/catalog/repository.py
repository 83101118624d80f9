"""All SQL of the catalog. Takes a transaction and never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.db.transaction import Transaction
from chassis.kernel.errors import Conflict
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from pricing.quote import Price
from services.catalog.domain import (
    BarcodeTaken,
    NewProduct,
    PriceChange,
    Product,
    ProductEdit,
    StorePrice,
)

_ADD_PRODUCTS = """
insert into product
       (tenant, sku, display_name, department, unit, version, created_at, updated_at)
select $1, sku, display_name, department, unit, 1, hutong.now(), hutong.now()
  from unnest($2::text[], $3::text[], $4::text[], $5::text[])
       as added (sku, display_name, department, unit)
 order by sku
on conflict (tenant, sku) do nothing
returning sku, created_at
"""

_ADD_BARCODES = """
insert into barcode (tenant, code, sku)
select $1, code, sku from unnest($2::text[], $3::text[]) as added (code, sku)
 order by code
on conflict (tenant, code) do nothing
returning code
"""

_BARCODE_OWNERS = """
select code, sku from barcode where tenant = $1 and code = any ($2::text[])
"""

_DROP_BARCODES = """
delete from barcode where tenant = $1 and sku = $2 and code <> all ($3::text[])
"""

# A clock that was set back must not date a change before the one that it follows.
_EDIT_PRODUCT = """
update product
   set display_name = coalesce($3::text, display_name),
       department = coalesce($4::text, department),
       version = version + 1,
       updated_at = greatest(hutong.now(), updated_at)
 where tenant = $1 and sku = $2
returning sku
"""

_PRODUCT_COLUMNS = """
       p.sku, p.display_name, p.department, p.unit, p.version, p.created_at, p.updated_at,
       array(select b.code from barcode as b
              where b.tenant = p.tenant and b.sku = p.sku order by b.code) as barcodes
"""

_PRODUCT = f"""
select {_PRODUCT_COLUMNS}
  from product as p
 where p.tenant = $1 and p.sku = $2
"""

_PRODUCTS = f"""
select {_PRODUCT_COLUMNS}
  from product as p
 where p.tenant = $1 and p.sku > $2
 order by p.sku
 limit $3
"""

_PRODUCTS_OF_DEPARTMENT = f"""
select {_PRODUCT_COLUMNS}
  from product as p
 where p.tenant = $1 and p.department = $4 and p.sku > $2
 order by p.sku
 limit $3
"""

# The update changes nothing: it is there to lock the row, and to answer a currency set before.
_LOCK_STORE = """
insert into store_currency (store_id, currency) values ($1, $2)
on conflict (store_id) do update set currency = store_currency.currency
returning currency
"""

# hutong.now() is when the transaction began, which may be long before it got the store's lock; the
# clock is read now, and keeps the shift that hutong.now() may have.
_ADD_PRICES = """
with instant as materialized (
    select hutong.now() + (clock_timestamp() - now()) as at
)
insert into price (store_id, sku, version, currency, amount_minor, unit, starts_at)
select $1, p.sku, coalesce(newest.version, 0) + 1, $3, changed.amount_minor, p.unit,
       greatest(instant.at, newest.starts_at + interval '1 microsecond')
  from unnest($4::text[], $5::bigint[]) as changed (sku, amount_minor)
 cross join instant
  join product as p on p.tenant = $2 and p.sku = changed.sku
  left join lateral (
       select r.version, r.starts_at from price as r
        where r.store_id = $1 and r.sku = changed.sku
        order by r.version desc limit 1) as newest on true
returning sku, unit, currency, amount_minor, version, starts_at
"""

_PRICE_NOW = """
select sku, unit, currency, amount_minor, version, starts_at
  from price
 where store_id = $1 and sku = $2 and starts_at <= hutong.now()
 order by starts_at desc
 limit 1
"""

_PRICES_NOW = """
select distinct on (sku) sku, unit, currency, amount_minor, version, starts_at
  from price
 where store_id = $1 and sku > $2 and starts_at <= hutong.now()
 order by sku, starts_at desc
 limit $3
"""

_SCANNED = f"""
select {_PRODUCT_COLUMNS}
  from barcode as scanned
  join product as p on p.tenant = scanned.tenant and p.sku = scanned.sku
 where scanned.tenant = $1 and scanned.code = $2
"""

_OFFERS = """
select clock.now, p.display_name,
       priced.unit, priced.currency, priced.amount_minor, priced.version
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
       with ordinality as asked (tenant, store_id, sku, at, position)
 cross join (select hutong.now() as now offset 0) as clock
  left join product as p on p.tenant = asked.tenant and p.sku = asked.sku
  left join lateral (
       select r.unit, r.currency, r.amount_minor, r.version from price as r
        where r.store_id = asked.store_id and r.sku = asked.sku
          and r.starts_at <= coalesce(asked.at, clock.now)
        order by r.starts_at desc limit 1) as priced on true
 order by asked.position
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a quote needs to know: one product's price at a store at an instant; None is now."""

    tenant: str
    store: StoreId
    sku: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A product's name and its price then; both None if there is no product, price if none then."""

    display_name: str | None
    price: Price | None


async def add_products(
    tx: Transaction, tenant: str, products: Sequence[NewProduct]
) -> Mapping[str, datetime]:
    """Adds products, without their barcodes, in key order.

    Answers when, by SKU; a SKU that was taken is left out.
    """
    rows = await tx.rows(
        _ADD_PRODUCTS,
        tenant,
        [product.sku for product in products],
        [product.display_name for product in products],
        [product.department for product in products],
        [product.unit for product in products],
    )
    return {row.sku: row.created_at for row in rows}


async def add_barcodes(tx: Transaction, tenant: str, skus: Mapping[str, str]) -> None:
    """Gives codes, all different, to products by SKU, in key order.

    BarcodeTaken if one belongs to another product; Conflict if it was given away just now.
    """
    if not skus:
        return
    added = await tx.rows(_ADD_BARCODES, tenant, list(skus), list(skus.values()))
    taken = sorted(skus.keys() - {row.code for row in added})
    if not taken:
        return
    rows = await tx.rows(_BARCODE_OWNERS, tenant, taken)
    owners: dict[str, str] = {row.code: row.sku for row in rows}
    for code in taken:
        if code not in owners:
            raise Conflict
        if owners[code] != skus[code]:
            raise BarcodeTaken(barcode=code, sku=owners[code])


async def edit_product(tx: Transaction, tenant: str, sku: str, edit: ProductEdit) -> bool:
    """Changes a product and locks it; False if there is none."""
    row = await tx.row(_EDIT_PRODUCT, tenant, sku, edit.display_name, edit.department)
    if row is None:
        return False
    if edit.barcodes is not None:
        await tx.run(_DROP_BARCODES, tenant, sku, list(edit.barcodes))
        await add_barcodes(tx, tenant, dict.fromkeys(edit.barcodes, sku))
    return True


async def product(tx: Transaction, tenant: str, sku: str) -> Product | None:
    """The product, if there is one."""
    row = await tx.row(_PRODUCT, tenant, sku)
    return None if row is None else _product(row)


async def products(
    tx: Transaction, tenant: str, *, department: str, after: str, rows_max: int
) -> list[Product]:
    """Products by SKU behind `after`, of one department unless it is empty."""
    if department:
        rows = await tx.rows(_PRODUCTS_OF_DEPARTMENT, tenant, after, rows_max, department)
    else:
        rows = await tx.rows(_PRODUCTS, tenant, after, rows_max)
    return [_product(row) for row in rows]


async def product_of_barcode(tx: Transaction, tenant: str, code: str) -> Product | None:
    """The product with this barcode, as barcodes are kept."""
    row = await tx.row(_SCANNED, tenant, code)
    return None if row is None else _product(row)


async def lock_store(tx: Transaction, store: StoreId, *, currency: str) -> str:
    """Locks the prices of a store until the transaction ends; answers the store's currency.

    A store without prices gets the given currency.
    """
    row = await tx.row(_LOCK_STORE, store, currency)
    assert row is not None
    return str(row.currency)


async def add_prices(
    tx: Transaction,
    tenant: str,
    store: StoreId,
    changes: Sequence[PriceChange],
    *,
    currency: str,
) -> Mapping[str, StorePrice]:
    """Adds the next version of each price, by SKU, for those products that exist.

    The store is locked. A version starts now, by the database's clock, and after the one before it.
    """
    rows = await tx.rows(
        _ADD_PRICES,
        store,
        tenant,
        currency,
        [change.sku for change in changes],
        [change.unit_price.amount_minor for change in changes],
    )
    return {row.sku: _price(store, row) for row in rows}


async def price_now(tx: Transaction, store: StoreId, sku: str) -> StorePrice | None:
    """What the store asks for the product now, if it asks anything."""
    row = await tx.row(_PRICE_NOW, store, sku)
    return None if row is None else _price(store, row)


async def prices_now(
    tx: Transaction, store: StoreId, *, after: str, rows_max: int
) -> list[StorePrice]:
    """The store's prices of now by SKU, behind `after`."""
    rows = await tx.rows(_PRICES_NOW, store, after, rows_max)
    return [_price(store, row) for row in rows]


async def offers(tx: Transaction, asked: Sequence[Asked]) -> tuple[list[Offer], datetime]:
    """What is asked for each, in order, and the database's time, all in one statement."""
    rows = await tx.rows(
        _OFFERS,
        [each.tenant for each in asked],
        [each.store for each in asked],
        [each.sku for each in asked],
        [each.at for each in asked],
    )
    return [_offer(each.sku, row) for each, row in zip(asked, rows, strict=True)], rows[0].now


def _product(row: Row[Any]) -> Product:
    return Product(
        sku=row.sku,
        display_name=row.display_name,
        department=row.department,
        unit=Unit(row.unit),
        barcodes=tuple(row.barcodes),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _price(store: StoreId, row: Row[Any]) -> StorePrice:
    return StorePrice(
        store=store,
        sku=row.sku,
        unit=Unit(row.unit),
        unit_price=Money(row.amount_minor, row.currency),
        version=row.version,
        starts_at=row.starts_at,
    )


def _offer(sku: str, row: Row[Any]) -> Offer:
    if row.display_name is None or row.version is None:
        return Offer(row.display_name, None)
    price = Price(sku, Unit(row.unit), Money(row.amount_minor, row.currency), row.version)
    return Offer(row.display_name, price)
