"""All SQL on discrepancies, and on the levels that deficits need.

A discrepancy is locked after its stock level, so that whoever sells and whoever resolves never wait
for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.inventory.domain.deficits import (
    Deficit,
    Discrepancy,
    DiscrepancyKey,
    DiscrepancyState,
    Resolution,
)
from services.inventory.domain.stock import LevelKey, StockLevel
from services.inventory.repository.stock_rows import level_of

_KNOWN_LEVELS = """
select store_id, sku from stock_level
 where (store_id, sku) in (select * from unnest($1::text[], $2::text[]))
"""

# Those that exist are locked by an update that changes nothing: all in one pass, in key order.
_LOCK_OR_MAKE_LEVELS = """
insert into stock_level as l (store_id, sku, unit, on_hand, held, version)
select store_id, sku, unit, 0, 0, 0
  from unnest($1::text[], $2::text[], $3::text[]) as wanted (store_id, sku, unit)
 order by store_id, sku
on conflict (store_id, sku) do update set version = l.version
returning *
"""

_DROP_UNUSED_LEVELS = """
delete from stock_level
 where version = 0 and (store_id, sku) in (select * from unnest($1::text[], $2::text[]))
"""

_ADD_DEFICITS = """
insert into discrepancy as d (store_id, discrepancy_id, sku, unit, state, quantity, sales,
                              last_cause, version, created_at, updated_at)
select store_id, discrepancy_id, sku, unit, 'OPEN', quantity, sales, last_cause, 1, hutong.now(),
       hutong.now()
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
              $7::text[])
       as found (store_id, discrepancy_id, sku, unit, quantity, sales, last_cause)
 order by store_id, sku
on conflict (store_id, sku) where state = 'OPEN' do update
   set quantity = d.quantity + excluded.quantity, sales = d.sales + excluded.sales,
       last_cause = excluded.last_cause, version = d.version + 1, updated_at = hutong.now()
returning *
"""

_GET = "select * from discrepancy where store_id = $1 and discrepancy_id = $2"

_AFTER = """
select * from discrepancy
 where store_id = $1 and discrepancy_id > $2 and ($3::text is null or state = $3)
 order by discrepancy_id limit $4
"""

_RESOLVE = """
update discrepancy
   set state = 'RESOLVED', version = $3, updated_at = $4, resolved_by = $5, note = $6, counted = $7
 where store_id = $1 and discrepancy_id = $2
"""


async def lock_or_make_levels(
    tx: Transaction, keys: Collection[LevelKey], *, units: Mapping[LevelKey, Unit]
) -> tuple[list[StockLevel], list[LevelKey]]:
    """Locks levels, and makes those with a unit that are not there, empty and with version 0.

    Answers those that there are now, and which of them were made.
    """
    rows = await tx.rows(_KNOWN_LEVELS, *_keys(keys))
    known = {LevelKey(StoreId(row.store_id), row.sku) for row in rows}
    made = [key for key in sorted(units) if key not in known]
    wanted = sorted(known.union(made))
    rows = await tx.rows(
        _LOCK_OR_MAKE_LEVELS, *_keys(wanted), [units.get(key, Unit.EACH) for key in wanted]
    )
    return [level_of(row) for row in rows], made


async def drop_unused_levels(tx: Transaction, made: Sequence[LevelKey]) -> None:
    """Takes away those of the levels that were made and that nothing was posted to."""
    await tx.run(_DROP_UNUSED_LEVELS, *_keys(made))


async def add_deficits(
    tx: Transaction, deficits: Sequence[Deficit], *, ids: Sequence[str]
) -> list[Discrepancy]:
    """Adds deficits to the open discrepancies of their products, or opens some with these ids."""
    rows = await tx.rows(
        _ADD_DEFICITS,
        [found.store_id for found in deficits],
        list(ids),
        [found.sku for found in deficits],
        [found.unit for found in deficits],
        [found.quantity for found in deficits],
        [found.sales for found in deficits],
        [found.last_cause for found in deficits],
    )
    return [_discrepancy(row) for row in rows]


async def get(
    reading: Reading, key: DiscrepancyKey, *, for_update: bool = False
) -> Discrepancy | None:
    """One discrepancy, locked if asked for; None if there is none."""
    row = await reading.row(_GET + (" for update" if for_update else ""), *key)
    return None if row is None else _discrepancy(row)


async def after(
    reading: Reading,
    store_id: StoreId,
    *,
    state: DiscrepancyState | None,
    after: str,
    limit: int,
) -> list[Discrepancy]:
    """A store's discrepancies by id, those after one, only those in a state if it is said."""
    rows = await reading.rows(_AFTER, store_id, after, state, limit)
    return [_discrepancy(row) for row in rows]


async def resolve(tx: Transaction, resolved: Discrepancy) -> None:
    """Stores how a discrepancy that was locked was resolved."""
    resolution = resolved.resolution
    assert resolution is not None
    await tx.run(
        _RESOLVE,
        *resolved.key,
        resolved.version,
        resolved.updated_at,
        resolution.actor,
        resolution.note,
        resolution.counted,
    )


def _keys(keys: Iterable[LevelKey]) -> tuple[list[str], list[str]]:
    every = list(keys)
    return [key.store_id for key in every], [key.sku for key in every]


def _discrepancy(row: Row) -> Discrepancy:
    resolution = None
    if DiscrepancyState(row.state) is DiscrepancyState.RESOLVED:
        resolution = Resolution(row.resolved_by, row.note, row.counted, row.updated_at)
    return Discrepancy(
        store_id=StoreId(row.store_id),
        discrepancy_id=row.discrepancy_id,
        sku=row.sku,
        unit=Unit(row.unit),
        quantity=row.quantity,
        sales=row.sales,
        last_cause=row.last_cause,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        resolution=resolution,
    )
