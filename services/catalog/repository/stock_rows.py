"""What stores have, as inventory's events tell it. The truth is inventory's."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.db.transaction import Reading, Transaction
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.catalog.domain.availability import StoreStock

_KEEP = """
insert into store_stock (store_id, sku, unit, available, version, noted_at)
select store_id, sku, unit, available, version, hutong.now()
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
       as told (store_id, sku, unit, available, version)
 order by store_id, sku
on conflict (store_id, sku) do update
   set unit = excluded.unit, available = excluded.available, version = excluded.version,
       noted_at = excluded.noted_at
 where excluded.version > store_stock.version
"""

_OF = """
select sku, unit, available, version
  from store_stock where store_id = $1 and sku = any ($2::text[])
"""

_EMPTY = "truncate store_stock"


async def keep(tx: Transaction, stocks: Sequence[StoreStock]) -> None:
    """Notes stocks, each of another product or store, unless a later version is known."""
    await tx.run(
        _KEEP,
        [stock.store for stock in stocks],
        [stock.sku for stock in stocks],
        [stock.unit for stock in stocks],
        [stock.available for stock in stocks],
        [stock.version for stock in stocks],
    )


async def of(reading: Reading, store: StoreId, skus: Sequence[str]) -> list[StoreStock]:
    """What the store is known to have of these products."""
    return [
        StoreStock(store, row.sku, Unit(row.unit), row.available, row.version)
        for row in await reading.rows(_OF, store, list(skus))
    ]


async def empty(tx: Transaction) -> None:
    """Forgets what all stores have."""
    await tx.run(_EMPTY)
