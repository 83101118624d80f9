"""What has changed of the prices that are in force, for those who follow them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chassis.db.transaction import Reading, Row
from chassis.kernel.names import StoreId
from chassis.messaging.places import Place
from services.catalog.domain.prices import Channel, StorePrice, WatchedPrice, WatchedPrices
from services.catalog.repository.price_rows import IN_FORCE, PRICE_COLUMNS, price_of

# A version that has not started yet changes nothing of what is in force, nor does the start of one
# that was withdrawn before. Of the time that was seen and now, whichever is the earlier comes
# first, since a clock may be set back.
_CHANGED_SKUS = """
       select p.sku from price as p
        where p.store_id = asked.store_id and p.changed_in >= $3 and p.changed_in < $4
          and p.starts_at <= clock.now and p.channel in ('all', asked.channel)
        union
       select p.sku from price as p
        where p.store_id = asked.store_id and p.channel in ('all', asked.channel)
          and p.starts_at > least($5::timestamptz, clock.now)
          and p.starts_at <= greatest($5::timestamptz, clock.now)
          and p.ends_at is distinct from p.starts_at
        union
       select p.sku from price as p
        where p.store_id = asked.store_id and p.channel in ('all', asked.channel)
          and p.ends_at > least($5::timestamptz, clock.now)
          and p.ends_at <= greatest($5::timestamptz, clock.now)
          and p.ends_at > p.starts_at
"""

_CHANGED = f"""
with clock as materialized (select hutong.now() as now),
changed as (
    select asked.store_id, asked.channel, found.sku, clock.now
      from clock
     cross join unnest($1::text[], $2::text[]) as asked (store_id, channel)
     cross join lateral (
{_CHANGED_SKUS}
           ) as found
     where found.sku > $6 and ($7::text[] is null or found.sku = any ($7::text[]))
     order by found.sku
     limit $8)
select changed.store_id as changed_store, changed.channel as changed_channel,
       changed.sku as changed_sku, {PRICE_COLUMNS}
  from changed
  left join lateral (
{
    IN_FORCE.format(
        store="changed.store_id", sku="changed.sku", at="changed.now", channel="changed.channel"
    )
}) as r on true
 order by changed.sku
"""

_PRICES = f"""
with clock as materialized (select hutong.now() as now)
select {PRICE_COLUMNS}
  from clock
 cross join unnest($3::text[]) as asked (sku)
 cross join lateral (
{IN_FORCE.format(store="$1", sku="asked.sku", at="clock.now", channel="$2")}) as r
 order by asked.sku
"""

_NEXT_AT = """
select min(coming.at) as next_at
  from unnest($1::text[]) as asked (store_id)
 cross join lateral (
       (select p.starts_at as at from price as p
         where p.store_id = asked.store_id and p.starts_at > $2
         order by p.starts_at limit 1)
       union all
       (select p.ends_at as at from price as p
         where p.store_id = asked.store_id and p.ends_at > $2
         order by p.ends_at limit 1)) as coming
"""

_COUNT_CHANGES = """
select count(*) as changes
  from (select 1 from price
         where store_id = $1 and changed_in >= $2 and changed_in < $3
         limit $4) as counted
"""


async def changed(
    reading: Reading,
    watched: Sequence[WatchedPrices],
    *,
    since: Place,
    before_transaction: int,
    after: str = "",
    only: Sequence[str] | None = None,
    rows_max: int,
) -> list[WatchedPrice]:
    """Prices by SKU, behind `after`, in whose place another may have come since a place.

    Of changes by transactions from `before_transaction` on some may be missing.
    """
    rows = await reading.rows(
        _CHANGED,
        [each.store for each in watched],
        [each.channel for each in watched],
        since.transaction,
        before_transaction,
        since.at,
        after,
        None if only is None else list(only),
        rows_max,
    )
    return [_watched_price(row) for row in rows]


async def prices(
    reading: Reading, watched: WatchedPrices, *, skus: Sequence[str]
) -> list[StorePrice]:
    """Those of the prices that are asked now, by SKU."""
    rows = await reading.rows(_PRICES, watched.store, watched.channel, list(skus))
    return [price_of(watched.store, row) for row in rows]


async def next_at(
    reading: Reading, watched: Sequence[WatchedPrices], *, now: datetime
) -> datetime | None:
    """When the next price of the stores starts or ends by itself; None if none does."""
    row = await reading.row(_NEXT_AT, sorted({each.store for each in watched}), now)
    return None if row is None else row.next_at


async def count_changes(
    reading: Reading, store: StoreId, *, since: Place, before_transaction: int, count_max: int
) -> int:
    """How many versions of a store's prices have changed since a place, counted up to a bound."""
    row = await reading.row(_COUNT_CHANGES, store, since.transaction, before_transaction, count_max)
    assert row is not None
    counted: int = row.changes
    return counted


def _watched_price(row: Row) -> WatchedPrice:
    watched = WatchedPrices(StoreId(row.changed_store), Channel(row.changed_channel))
    price = None if row.version is None else price_of(watched.store, row)
    return WatchedPrice(watched, row.changed_sku, price)
