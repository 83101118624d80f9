"""Products, their barcodes, and the search for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.errors import Conflict
from chassis.kernel.quantity import Unit
from services.catalog.domain.products import (
    BarcodeTaken,
    CodeOwner,
    Department,
    Found,
    Match,
    NewProduct,
    Pack,
    PackKind,
    Product,
    ProductEdit,
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

_ADD_PACKS = """
insert into pack (tenant, sku, pack, kind, pieces)
select $1, sku, pack, kind, pieces
  from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) as added (sku, pack, kind, pieces)
 order by sku, pack
on conflict (tenant, sku, pack) do update set kind = excluded.kind, pieces = excluded.pieces
"""

_DROP_PACKS = """
delete from pack where tenant = $1 and sku = $2 and pack <> all ($3::text[])
"""

_ADD_BARCODES = """
insert into barcode (tenant, code, sku, pack)
select $1, code, sku, pack
  from unnest($2::text[], $3::text[], $4::text[]) as added (code, sku, pack)
 order by code
on conflict (tenant, code) do nothing
returning code
"""

_BARCODE_OWNERS = """
select code, sku, pack from barcode where tenant = $1 and code = any ($2::text[])
"""

_DROP_BARCODES = """
delete from barcode
 where tenant = $1 and sku = $2 and pack is null and code <> all ($3::text[])
"""

_DROP_PACK_BARCODES = """
delete from barcode as b
 where b.tenant = $1 and b.sku = $2 and b.pack is not null
   and not exists (select 1 from unnest($3::text[], $4::text[]) as kept (code, pack)
                    where kept.code = b.code and kept.pack = b.pack)
"""

# A clock that was set back must not date a change before the one that it follows.
_EDIT_PRODUCT = """
update product
   set display_name = coalesce($3::text, display_name),
       department = coalesce($4::text, department),
       version = version + 1,
       updated_at = greatest(hutong.now(), updated_at)
 where tenant = $1 and sku = $2
returning unit
"""

_PRODUCT_COLUMNS = """
       p.sku, p.display_name, p.department, p.unit, p.version, p.created_at, p.updated_at,
       array(select b.code from barcode as b
              where b.tenant = p.tenant and b.sku = p.sku and b.pack is null
              order by b.code) as barcodes,
       (select jsonb_agg(jsonb_build_object(
                   'pack', k.pack, 'kind', k.kind, 'pieces', k.pieces,
                   'barcodes', array(select b.code from barcode as b
                                      where b.tenant = k.tenant and b.sku = k.sku
                                        and b.pack = k.pack order by b.code))
                   order by k.pieces, k.pack)
          from pack as k where k.tenant = p.tenant and k.sku = p.sku) as packs
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

# The grams pick the candidates by index, and hold more than the matches: the pairs of a word may
# stand apart. A name matches by the whole of each term; a query's own % and _ are no patterns.
# All that matches is ranked for each page: among 30,000 names a query that few match takes 1 ms,
# one that 3,000 match 9 ms, and one that all match 35 ms.
SEARCH = f"""
with asked as materialized (
    select phrase, hutong.wanted_grams($1, phrase) as grams,
           array(select '%' || regexp_replace(term, '([%_\\\\])', '\\\\\\1', 'g') || '%'
                   from unnest(string_to_array(phrase, ' ')) as term) as patterns
      from hutong.search_form($2) as phrase
), matching as (
    select p.*, char_length(p.search_name) as name_characters,
           case when p.search_name = asked.phrase then 0
                when starts_with(p.search_name, asked.phrase) then 1
                when strpos(p.search_name, ' ' || asked.phrase) > 0 then 2
                when strpos(p.search_name, asked.phrase) > 0 then 3
                else 4 end as rank
      from asked
      join product as p on p.search_grams @> asked.grams
     where p.tenant = $1 and ($3 = '' or p.department = $3)
       and p.search_name like all (asked.patterns)
)
select {_PRODUCT_COLUMNS}, p.rank, p.name_characters
  from matching as p
 where (p.rank, p.name_characters, p.sku) > ($4::int, $5::int, $6)
 order by p.rank, p.name_characters, p.sku
 limit $7
"""

_DEPARTMENTS = """
select department, count(*) as product_count
  from product
 where tenant = $1 and department > $2
 group by department
 order by department
 limit $3
"""

_SCANNED = f"""
select {_PRODUCT_COLUMNS}, scanned.pack as scanned_pack
  from barcode as scanned
  join product as p on p.tenant = scanned.tenant and p.sku = scanned.sku
 where scanned.tenant = $1 and scanned.code = $2
"""


async def add_products(
    tx: Transaction, tenant: str, products: Sequence[NewProduct]
) -> Mapping[str, datetime]:
    """Adds products, without their barcodes and packs, in key order.

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


async def add_packs(tx: Transaction, tenant: str, packs: Mapping[str, Sequence[Pack]]) -> None:
    """Gives products, by SKU, packs, or changes those that they have under the same ids."""
    flat = [(sku, pack) for sku, given in packs.items() for pack in given]
    if not flat:
        return
    await tx.run(
        _ADD_PACKS,
        tenant,
        [sku for sku, _ in flat],
        [pack.pack for _, pack in flat],
        [pack.kind for _, pack in flat],
        [pack.pieces for _, pack in flat],
    )


async def add_barcodes(tx: Transaction, tenant: str, owners: Mapping[str, CodeOwner]) -> None:
    """Gives codes, all different, to their owners, in key order.

    BarcodeTaken if one belongs to another; Conflict if it was given away just now.
    """
    if not owners:
        return
    added = await tx.rows(
        _ADD_BARCODES,
        tenant,
        list(owners),
        [owner.sku for owner in owners.values()],
        [owner.pack for owner in owners.values()],
    )
    taken = sorted(owners.keys() - {row.code for row in added})
    if not taken:
        return
    rows = await tx.rows(_BARCODE_OWNERS, tenant, taken)
    kept = {row.code: CodeOwner(row.sku, row.pack) for row in rows}
    for code in taken:
        if code not in kept:
            raise Conflict
        if kept[code] != owners[code]:
            raise BarcodeTaken(barcode=code, sku=kept[code].sku)


async def edit_product(tx: Transaction, tenant: str, sku: str, edit: ProductEdit) -> Unit | None:
    """Changes a product's own row and locks it; its unit, None if there is none."""
    row = await tx.row(_EDIT_PRODUCT, tenant, sku, edit.display_name, edit.department)
    return None if row is None else Unit(row.unit)


async def replace_codes(
    tx: Transaction, tenant: str, sku: str, edit: ProductEdit, owners: Mapping[str, CodeOwner]
) -> None:
    """Replaces the barcodes and the packs of a locked product, as far as they are edited.

    What is given up is gone first, so that a code may move between the product's own packs.
    """
    if edit.barcodes is not None:
        await tx.run(_DROP_BARCODES, tenant, sku, list(edit.barcodes))
    if edit.packs is not None:
        kept = [(code, pack.pack) for pack in edit.packs for code in pack.barcodes]
        await tx.run(
            _DROP_PACK_BARCODES,
            tenant,
            sku,
            [code for code, _ in kept],
            [pack for _, pack in kept],
        )
        await tx.run(_DROP_PACKS, tenant, sku, [pack.pack for pack in edit.packs])
        await add_packs(tx, tenant, {sku: edit.packs})
    await add_barcodes(tx, tenant, owners)


async def product(reading: Reading, tenant: str, sku: str) -> Product | None:
    """The product, if there is one."""
    row = await reading.row(_PRODUCT, tenant, sku)
    return None if row is None else _product(row)


async def products(
    reading: Reading, tenant: str, *, department: str, after: str, rows_max: int
) -> list[Product]:
    """Products by SKU behind `after`, of one department unless it is empty."""
    if department:
        rows = await reading.rows(_PRODUCTS_OF_DEPARTMENT, tenant, after, rows_max, department)
    else:
        rows = await reading.rows(_PRODUCTS, tenant, after, rows_max)
    return [_product(row) for row in rows]


async def search(
    reading: Reading, tenant: str, query: str, *, department: str, after: Match, rows_max: int
) -> list[Found]:
    """Products whose names match, best first, behind `after`; of one department if it is given.

    Reads what shares the query's pairs of characters, by index, and no more of the range.
    """
    rows = await reading.rows(
        SEARCH,
        tenant,
        query,
        department,
        after.rank,
        after.name_characters,
        after.sku,
        rows_max,
    )
    return [Found(_product(row), Match(row.rank, row.name_characters, row.sku)) for row in rows]


async def departments(
    reading: Reading, tenant: str, *, after: str, rows_max: int
) -> list[Department]:
    """Departments by name behind `after`."""
    rows = await reading.rows(_DEPARTMENTS, tenant, after, rows_max)
    return [Department(row.department, row.product_count) for row in rows]


async def product_of_barcode(
    tx: Transaction, tenant: str, code: str
) -> tuple[Product, str | None] | None:
    """The product with this barcode, as barcodes are kept, and the pack if it is a pack's."""
    row = await tx.row(_SCANNED, tenant, code)
    return None if row is None else (_product(row), row.scanned_pack)


def _product(row: Row) -> Product:
    return Product(
        sku=row.sku,
        display_name=row.display_name,
        department=row.department,
        unit=Unit(row.unit),
        barcodes=tuple(row.barcodes),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        packs=tuple(_pack(stored) for stored in row.packs or ()),
    )


def _pack(stored: Mapping[str, Any]) -> Pack:
    return Pack(
        pack=stored["pack"],
        kind=PackKind(stored["kind"]),
        pieces=stored["pieces"],
        barcodes=tuple(stored["barcodes"]),
    )
