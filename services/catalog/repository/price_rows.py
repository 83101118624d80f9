"""Price versions, and which of them are in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.catalog.domain.prices import (
    Channel,
    PriceChange,
    StorePrice,
    ToldPrice,
    Withdrawal,
)

# The update changes nothing: it is there to lock the row, and to answer a currency set before.
# hutong.now() is when the transaction began, which may be long before it got the store's lock; the
# clock is read with the lock held, and keeps the shift that hutong.now() may have.
_LOCK_STORE = """
insert into store_currency (store_id, currency) values ($1, $2)
on conflict (store_id) do update set currency = store_currency.currency
returning currency, hutong.now() + (clock_timestamp() - now()) as locked_at
"""

PRICE_COLUMNS = """
       r.sku, r.unit, r.currency, r.amount_minor, r.version, r.starts_at, r.ends_at, r.channel,
       r.withdrawn_at, r.withdrawn_by, r.withdrawn_why
"""

# Two versions meet if a channel has both; 'all' is every channel.
_MEETS = "(r.channel = {channel} or 'all' in (r.channel, {channel}))"

_ANNOUNCED = f"""
select {PRICE_COLUMNS}
  from unnest($2::text[]) as changed (sku)
 cross join lateral (
       select * from price as r
        where r.store_id = $1 and r.sku = changed.sku and r.ends_at is null
          and {_MEETS.format(channel="$3")}
        order by r.starts_at desc limit 1) as r
 where r.is_announced
"""

_OVERLAPPING = f"""
select {PRICE_COLUMNS}
  from unnest($2::text[]) as changed (sku)
 cross join lateral (
       select * from price as r
        where r.store_id = $1 and r.sku = changed.sku and r.ends_at > $4 and r.starts_at < $5
          and r.ends_at > r.starts_at and {_MEETS.format(channel="$3")}
        order by r.ends_at limit 1) as r
"""

# A version without an end starts after the one that it follows, whatever the clock says; one with
# an end starts when it is told to. Each version and each withdrawal was told by one event.
_ADD_PRICES = f"""
insert into price (store_id, sku, version, currency, amount_minor, unit, starts_at, is_announced,
                   ends_at, channel)
select $1, p.sku, coalesce(newest.version, 0) + 1, $3, changed.amount_minor, p.unit,
       case when $8::timestamptz is null
            then greatest($6::timestamptz, followed.starts_at + interval '1 microsecond')
            else $6 end, $7::boolean, $8, $9
  from unnest($4::text[], $5::bigint[]) as changed (sku, amount_minor)
  join product as p on p.tenant = $2 and p.sku = changed.sku
  left join lateral (
       select r.version from price as r
        where r.store_id = $1 and r.sku = changed.sku
        order by r.version desc limit 1) as newest on true
  left join lateral (
       select r.starts_at from price as r
        where r.store_id = $1 and r.sku = changed.sku and r.ends_at is null
          and {_MEETS.format(channel="$9")}
        order by r.starts_at desc limit 1) as followed on true
returning sku, unit, currency, amount_minor, version, starts_at, ends_at, channel,
          withdrawn_at, withdrawn_by, withdrawn_why
"""

_WITHDRAWALS = """
select sku, count(*) as withdrawals from price
 where store_id = $1 and sku = any ($2::text[]) and ends_at is not null
   and withdrawn_at is not null
 group by sku
"""

_NEWEST_VERSION = "select max(version) as version from price where store_id = $1 and sku = $2"

_VERSION = f"""
select {PRICE_COLUMNS}
  from price as r where r.store_id = $1 and r.sku = $2 and r.version = $3
"""

_LOCK_KNOWN_STORE = """
select hutong.now() + (clock_timestamp() - now()) as locked_at
  from (select 1 from store_currency where store_id = $1 for update) as locked
"""

_WITHDRAW = """
update price set ends_at = $4, withdrawn_at = $5, withdrawn_by = $6, withdrawn_why = $7
 where store_id = $1 and sku = $2 and version = $3
"""

# What is in force: the version with an end that covers the instant, else the newest one without an
# end that has started. Each is one step in an index of its own.
IN_FORCE = """
       select layers.* from (
              (select r.*, 1 as layer from price as r
                where r.store_id = {store} and r.sku = {sku}
                  and r.ends_at > {at} and r.starts_at <= {at}
                  and r.channel in ('all', {channel})
                order by r.ends_at limit 1)
              union all
              (select r.*, 2 as layer from price as r
                where r.store_id = {store} and r.sku = {sku}
                  and r.ends_at is null and r.starts_at <= {at}
                  and r.channel in ('all', {channel})
                order by r.starts_at desc limit 1)) as layers
        order by layers.layer limit 1
"""

_PRICE_NOW = f"""
select {PRICE_COLUMNS}
  from (select hutong.now() as now offset 0) as clock
 cross join lateral (
{IN_FORCE.format(store="$1", sku="$2", at="clock.now", channel="$3")}) as r
"""

_PRICES_NOW = f"""
select distinct on (r.sku) {PRICE_COLUMNS}
  from price as r
 where r.store_id = $1 and r.sku > $2 and r.starts_at <= hutong.now()
   and (r.ends_at is null or r.ends_at > hutong.now()) and r.channel in ('all', $4)
 order by r.sku, (r.ends_at is null), r.starts_at desc
 limit $3
"""

_VERSIONS = f"""
select {PRICE_COLUMNS}
  from price as r
 where r.store_id = $1 and r.sku = $2 and r.version < $3
 order by r.version desc
 limit $4
"""

_ALL_CHANNELS = "all"


async def lock_store(tx: Transaction, store: StoreId, *, currency: str) -> tuple[str, datetime]:
    """Locks the prices of a store until the transaction ends.

    Answers the store's currency, and the database's time at which the lock was got.
    A store without prices gets the given currency.
    """
    row = await tx.row(_LOCK_STORE, store, currency)
    assert row is not None
    return str(row.currency), row.locked_at


async def announced(
    tx: Transaction, store: StoreId, changes: Sequence[PriceChange], *, channel: Channel | None
) -> Mapping[str, StorePrice]:
    """The newest of these prices without an end, by SKU, as far as they were announced."""
    skus = [change.sku for change in changes]
    rows = await tx.rows(_ANNOUNCED, store, skus, channel or _ALL_CHANNELS)
    return {row.sku: price_of(store, row) for row in rows}


async def overlapping(
    tx: Transaction,
    store: StoreId,
    changes: Sequence[PriceChange],
    *,
    channel: Channel | None,
    start: datetime,
    end: datetime,
) -> Mapping[str, StorePrice]:
    """Versions of these prices, by SKU, that have an end and are asked in a part of the range."""
    skus = [change.sku for change in changes]
    rows = await tx.rows(_OVERLAPPING, store, skus, channel or _ALL_CHANNELS, start, end)
    return {row.sku: price_of(store, row) for row in rows}


async def add_prices(
    tx: Transaction,
    tenant: str,
    store: StoreId,
    changes: Sequence[PriceChange],
    *,
    currency: str,
    start: datetime,
    is_announced: bool,
    end: datetime | None,
    channel: Channel | None,
) -> Mapping[str, ToldPrice]:
    """Adds the next version of each price, by SKU, for those products that exist.

    The store is locked. A version without an end starts at `start`, and after the one before it.
    """
    skus = [change.sku for change in changes]
    rows = await tx.rows(
        _ADD_PRICES,
        store,
        tenant,
        currency,
        skus,
        [change.unit_price.amount_minor for change in changes],
        start,
        is_announced,
        end,
        channel or _ALL_CHANNELS,
    )
    withdrawals = {row.sku: row.withdrawals for row in await tx.rows(_WITHDRAWALS, store, skus)}
    return {
        row.sku: ToldPrice(price_of(store, row), row.version + withdrawals.get(row.sku, 0))
        for row in rows
    }


async def lock_known_store(tx: Transaction, store: StoreId) -> datetime | None:
    """Locks the prices of a store as lock_store does; None if it has none."""
    row = await tx.row(_LOCK_KNOWN_STORE, store)
    return None if row is None else row.locked_at


async def version(
    tx: Transaction, store: StoreId, sku: str, version_number: int
) -> StorePrice | None:
    """One version of a price, if there is it."""
    row = await tx.row(_VERSION, store, sku, version_number)
    return None if row is None else price_of(store, row)


async def withdraw(tx: Transaction, price: StorePrice) -> ToldPrice:
    """Keeps that the price was withdrawn. The store is locked."""
    assert price.withdrawn is not None
    await tx.run(
        _WITHDRAW,
        price.store,
        price.sku,
        price.version,
        price.ends_at,
        price.withdrawn.at,
        price.withdrawn.actor,
        price.withdrawn.why,
    )
    newest = await tx.row(_NEWEST_VERSION, price.store, price.sku)
    (counted,) = await tx.rows(_WITHDRAWALS, price.store, [price.sku])
    assert newest is not None
    return ToldPrice(price, newest.version + counted.withdrawals)


async def price_now(
    reading: Reading, store: StoreId, sku: str, *, channel: Channel
) -> StorePrice | None:
    """What the store asks for the product now, if it asks anything."""
    row = await reading.row(_PRICE_NOW, store, sku, channel)
    return None if row is None else price_of(store, row)


async def prices_now(
    reading: Reading, store: StoreId, *, channel: Channel, after: str, rows_max: int
) -> list[StorePrice]:
    """The store's prices of now by SKU, behind `after`."""
    rows = await reading.rows(_PRICES_NOW, store, after, rows_max, channel)
    return [price_of(store, row) for row in rows]


async def versions(
    reading: Reading, store: StoreId, sku: str, *, before: int, rows_max: int
) -> list[StorePrice]:
    """The versions of a price that are older than version `before`, the newest first."""
    rows = await reading.rows(_VERSIONS, store, sku, before, rows_max)
    return [price_of(store, row) for row in rows]


def price_of(store: StoreId, row: Row) -> StorePrice:
    """The price in a row with PRICE_COLUMNS."""
    return StorePrice(
        store=store,
        sku=row.sku,
        unit=Unit(row.unit),
        unit_price=Money(row.amount_minor, row.currency),
        version=row.version,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        channel=None if row.channel == _ALL_CHANNELS else Channel(row.channel),
        withdrawn=None
        if row.withdrawn_at is None
        else Withdrawal(row.withdrawn_at, row.withdrawn_by, row.withdrawn_why),
    )
