"""What quotes need to know of prices: offers at an instant, and whether those of before hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.db.transaction import Reading, Row
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from pricing.quote import Price
from services.catalog.domain.prices import Channel
from services.catalog.repository.price_rows import IN_FORCE

# A version counts as shown once it has started, unless it was withdrawn before that.
OFFERS = f"""
select clock.now, p.display_name,
       priced.unit, priced.currency, priced.amount_minor, priced.version,
       shown.currency as shown_currency, shown.amount_minor as shown_amount_minor,
       item.sku as item_sku, next.until,
       coalesce(s.changes, 0) as store_changes, coalesce(c.changes, 0) as product_changes
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[],
              $7::text[])
       with ordinality as asked (tenant, store_id, sku, channel, at, shown_version, item_number,
                                 position)
 cross join (select hutong.now() as now offset 0) as clock
  left join product as p on p.tenant = asked.tenant and p.sku = asked.sku
  left join lateral (
{
    IN_FORCE.format(
        store="asked.store_id",
        sku="asked.sku",
        at="coalesce(asked.at, clock.now)",
        channel="asked.channel",
    )
}) as priced on true
  left join lateral (
       select r.currency, r.amount_minor from price as r
        where r.store_id = asked.store_id and r.sku = asked.sku
          and r.version = asked.shown_version and r.starts_at <= clock.now
          and (r.ends_at is null or r.ends_at > r.starts_at)
        limit 1) as shown on true
  left join barcode as item on item.tenant = asked.tenant and item.code = asked.item_number
  left join store_currency as s on s.store_id = asked.store_id
  left join product_changes as c on c.tenant = asked.tenant
 cross join lateral (
       select least(
              (select min(r.starts_at) from price as r
                where r.store_id = asked.store_id and r.sku = asked.sku
                  and r.ends_at is null and r.starts_at > clock.now),
              (select min(case when r.starts_at > clock.now then r.starts_at else r.ends_at end)
                 from price as r
                where r.store_id = asked.store_id and r.sku = asked.sku
                  and r.ends_at > clock.now)) as until) as next
 order by asked.position
"""

# Rows, since the driver asks the database about each type of array that it is answered with.
_CHANGES = """
select hutong.now() as now, true as is_of_prices, store_id as key, coalesce(s.changes, 0) as changes
  from unnest($1::text[]) as asked (store_id) left join store_currency as s using (store_id)
 union all
select hutong.now(), false, tenant, coalesce(c.changes, 0)
  from unnest($2::text[]) as asked (tenant) left join product_changes as c using (tenant)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a quote needs to know: a product's price at a store in a channel at an instant.

    None for the instant is now. And what a version asked that a customer was shown, and whose the
    item number on a label is, as far as there are these.
    """

    tenant: str
    store: StoreId
    sku: str
    channel: Channel
    at: datetime | None
    shown_version: int | None = None
    item_number: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A product's name and its price then; both None if there is no product, price if none then.

    `shown` is the unit price of the version that was shown, None if it was never asked; `item_sku`
    is the product with the item number, None if there is none.
    """

    display_name: str | None
    price: Price | None
    shown: Money | None
    item_sku: str | None


@dataclass(frozen=True, slots=True)
class Lasting:
    """An offer of now, and how long it stays: until an instant, None for no end that is known, as
    long as there are so many changes of the store's prices and of the tenant's products.
    """

    offer: Offer
    since: datetime
    until: datetime | None
    price_changes: int
    product_changes: int


@dataclass(frozen=True, slots=True)
class Changes:
    """How often prices of stores and products of tenants were changed, at the database's time."""

    now: datetime
    of_prices: Mapping[StoreId, int]
    of_products: Mapping[str, int]


async def changes(reading: Reading, stores: Sequence[StoreId], tenants: Sequence[str]) -> Changes:
    """How often prices of these stores and products of these tenants were changed."""
    rows = await reading.rows(_CHANGES, stores, tenants)
    return Changes(
        rows[0].now,
        {row.key: row.changes for row in rows if row.is_of_prices},
        {row.key: row.changes for row in rows if not row.is_of_prices},
    )


async def offers(reading: Reading, asked: Sequence[Asked]) -> tuple[list[Lasting], datetime]:
    """What is asked for each, in order, and the database's time, all in one statement.

    How long an offer stays is said of those of now.
    """
    rows = await reading.rows(
        OFFERS,
        [each.tenant for each in asked],
        [each.store for each in asked],
        [each.sku for each in asked],
        [each.channel for each in asked],
        [each.at for each in asked],
        [each.shown_version for each in asked],
        [each.item_number for each in asked],
    )
    now = rows[0].now
    return [
        Lasting(_offer(each.sku, row), now, row.until, row.store_changes, row.product_changes)
        for each, row in zip(asked, rows, strict=True)
    ], now


def _offer(sku: str, row: Row) -> Offer:
    shown = None
    if row.shown_currency is not None:
        shown = Money(row.shown_amount_minor, row.shown_currency)
    if row.display_name is None or row.version is None:
        return Offer(row.display_name, None, shown, row.item_sku)
    price = Price(sku, Unit(row.unit), Money(row.amount_minor, row.currency), row.version)
    return Offer(row.display_name, price, shown, row.item_sku)
