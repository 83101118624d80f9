"""Price versions, and what they come to for quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.db.transaction import Transaction
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from pricing.quote import Price
from services.catalog.domain.prices import PriceChange, StorePrice

# The update changes nothing: it is there to lock the row, and to answer a currency set before.
# hutong.now() is when the transaction began, which may be long before it got the store's lock; the
# clock is read with the lock held, and keeps the shift that hutong.now() may have.
_LOCK_STORE = """
insert into store_currency (store_id, currency) values ($1, $2)
on conflict (store_id) do update set currency = store_currency.currency
returning currency, hutong.now() + (clock_timestamp() - now()) as locked_at
"""

_ANNOUNCED = """
select r.sku, r.unit, r.currency, r.amount_minor, r.version, r.starts_at
  from unnest($2::text[]) as changed (sku)
 cross join lateral (
       select * from price as r
        where r.store_id = $1 and r.sku = changed.sku
        order by r.version desc limit 1) as r
 where r.is_announced
"""

_ADD_PRICES = """
insert into price (store_id, sku, version, currency, amount_minor, unit, starts_at, is_announced)
select $1, p.sku, coalesce(newest.version, 0) + 1, $3, changed.amount_minor, p.unit,
       greatest($6::timestamptz, newest.starts_at + interval '1 microsecond'), $7::boolean
  from unnest($4::text[], $5::bigint[]) as changed (sku, amount_minor)
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

_VERSIONS = """
select sku, unit, currency, amount_minor, version, starts_at
  from price
 where store_id = $1 and sku = $2 and version < $3
 order by version desc
 limit $4
"""

_OFFERS = """
select clock.now, p.display_name,
       priced.unit, priced.currency, priced.amount_minor, priced.version,
       shown.currency as shown_currency, shown.amount_minor as shown_amount_minor
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bigint[])
       with ordinality as asked (tenant, store_id, sku, at, shown_version, position)
 cross join (select hutong.now() as now offset 0) as clock
  left join product as p on p.tenant = asked.tenant and p.sku = asked.sku
  left join lateral (
       select r.unit, r.currency, r.amount_minor, r.version from price as r
        where r.store_id = asked.store_id and r.sku = asked.sku
          and r.starts_at <= coalesce(asked.at, clock.now)
        order by r.starts_at desc limit 1) as priced on true
  left join price as shown
    on shown.store_id = asked.store_id and shown.sku = asked.sku
   and shown.version = asked.shown_version and shown.starts_at <= clock.now
 order by asked.position
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a quote needs to know: one product's price at a store at an instant; None is now.

    And what a version asked that a customer was shown, if they were shown any.
    """

    tenant: str
    store: StoreId
    sku: str
    at: datetime | None
    shown_version: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A product's name and its price then; both None if there is no product, price if none then.

    `shown` is the unit price of the version that was shown, None if it was never asked.
    """

    display_name: str | None
    price: Price | None
    shown: Money | None


async def lock_store(tx: Transaction, store: StoreId, *, currency: str) -> tuple[str, datetime]:
    """Locks the prices of a store until the transaction ends.

    Answers the store's currency, and the database's time at which the lock was got.
    A store without prices gets the given currency.
    """
    row = await tx.row(_LOCK_STORE, store, currency)
    assert row is not None
    return str(row.currency), row.locked_at


async def announced(
    tx: Transaction, store: StoreId, changes: Sequence[PriceChange]
) -> Mapping[str, StorePrice]:
    """The newest versions of these prices, by SKU, as far as they were announced."""
    rows = await tx.rows(_ANNOUNCED, store, [change.sku for change in changes])
    return {row.sku: _price(store, row) for row in rows}


async def add_prices(
    tx: Transaction,
    tenant: str,
    store: StoreId,
    changes: Sequence[PriceChange],
    *,
    currency: str,
    start: datetime,
    is_announced: bool,
) -> Mapping[str, StorePrice]:
    """Adds the next version of each price, by SKU, for those products that exist.

    The store is locked. A version starts at `start`, and after the one before it.
    """
    rows = await tx.rows(
        _ADD_PRICES,
        store,
        tenant,
        currency,
        [change.sku for change in changes],
        [change.unit_price.amount_minor for change in changes],
        start,
        is_announced,
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


async def versions(
    tx: Transaction, store: StoreId, sku: str, *, before: int, rows_max: int
) -> list[StorePrice]:
    """The versions of a price that are older than version `before`, the newest first."""
    rows = await tx.rows(_VERSIONS, store, sku, before, rows_max)
    return [_price(store, row) for row in rows]


async def offers(tx: Transaction, asked: Sequence[Asked]) -> tuple[list[Offer], datetime]:
    """What is asked for each, in order, and the database's time, all in one statement."""
    rows = await tx.rows(
        _OFFERS,
        [each.tenant for each in asked],
        [each.store for each in asked],
        [each.sku for each in asked],
        [each.at for each in asked],
        [each.shown_version for each in asked],
    )
    return [_offer(each.sku, row) for each, row in zip(asked, rows, strict=True)], rows[0].now


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
    shown = None
    if row.shown_currency is not None:
        shown = Money(row.shown_amount_minor, row.shown_currency)
    if row.display_name is None or row.version is None:
        return Offer(row.display_name, None, shown)
    price = Price(sku, Unit(row.unit), Money(row.amount_minor, row.currency), row.version)
    return Offer(row.display_name, price, shown)
