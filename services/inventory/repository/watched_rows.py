"""Stock levels as those who follow them read them: what has changed since they last heard."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.db.transaction import Reading
from chassis.kernel.names import StoreId
from chassis.messaging.places import Place
from services.inventory.domain.stock import StockLevel
from services.inventory.repository.stock_rows import RUN_OUT, level_of

# Levels that have moved, and those of which holds ran out by themselves.
_CHANGED_LEVELS = f"""
{RUN_OUT},
changed as (
    select asked.store_id, moved.sku
      from unnest($1::text[]) as asked (store_id)
     cross join lateral (
           select distinct m.sku from stock_movement as m
            where m.store_id = asked.store_id and m.made_in >= $2 and m.made_in < $3
              and m.made_in > 0) as moved
     union
    select store_id, sku from due where expires_at > $4)
select l.*, coalesce(run_out.quantity, 0) as run_out
  from changed join stock_level as l using (store_id, sku)
  left join run_out using (store_id, sku)
 where l.sku > $5 and ($6::text[] is null or l.sku = any ($6::text[]))
 order by l.sku
 limit $7
"""

_COUNT_MOVEMENTS = """
select count(*) as movements
  from (select 1 from stock_movement
         where store_id = $1 and made_in >= $2 and made_in < $3 and made_in > 0
         limit $4) as counted
"""


async def changed_levels(
    reading: Reading,
    stores: Sequence[StoreId],
    *,
    since: Place,
    before_transaction: int,
    after: str = "",
    only: Sequence[str] | None = None,
    limit: int,
) -> list[StockLevel]:
    """Levels by SKU, those after one, that have changed since a place, also by holds that ran out.

    Of changes by transactions from `before_transaction` on some may be missing.
    """
    rows = await reading.rows(
        _CHANGED_LEVELS,
        list(stores),
        since.transaction,
        before_transaction,
        since.at,
        after,
        None if only is None else list(only),
        limit,
    )
    return [level_of(row, run_out=row.run_out) for row in rows]


async def count_movements(
    reading: Reading, store_id: StoreId, *, since: Place, before_transaction: int, count_max: int
) -> int:
    """How many movements a store has had since a place, counted up to a bound."""
    row = await reading.row(
        _COUNT_MOVEMENTS, store_id, since.transaction, before_transaction, count_max
    )
    assert row is not None
    counted: int = row.movements
    return counted
