"""What devices show, and where it disagrees with what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from services.catalog.domain.parity import (
    Device,
    Disagreement,
    Report,
    ShownChange,
    ShownPrice,
    Surface,
)
from services.catalog.domain.prices import Channel, StorePrice
from services.catalog.repository.price_rows import IN_FORCE, PRICE_COLUMNS, price_of

_KEEP = """
insert into shown_price
       (store_id, surface, device, sku, version, currency, amount_minor, shown_at, reported_at)
select $1, $2, $3, sku, version, currency, amount_minor, $8, hutong.now()
  from unnest($4::text[], $5::bigint[], $6::text[], $7::bigint[])
       as given (sku, version, currency, amount_minor)
 order by sku
on conflict (store_id, surface, device, sku) do update
   set version = excluded.version, currency = excluded.currency,
       amount_minor = excluded.amount_minor, shown_at = excluded.shown_at,
       reported_at = excluded.reported_at
 where excluded.shown_at > shown_price.shown_at
returning new.sku, (old.version, old.currency, old.amount_minor)
                   is distinct from (new.version, new.currency, new.amount_minor) as is_changed
"""

_COUNT_CHANGES = """
insert into shown_device (store_id, surface, device, version)
select store_id, surface, device, 1
  from unnest($1::text[], $2::text[], $3::text[]) as changed (store_id, surface, device)
 order by store_id, surface, device
on conflict (store_id, surface, device) do update set version = shown_device.version + 1
returning store_id, surface, device, version
"""

_NOW = "select hutong.now() as now"

_IN_RANGE = "select sku from product where tenant = $1 and sku = any ($2::text[])"

_PRICES_OF = f"""
select {PRICE_COLUMNS}
  from (select hutong.now() as now offset 0) as clock
 cross join unnest($2::text[]) as asked (sku)
 cross join lateral (
{IN_FORCE.format(store="$1", sku="asked.sku", at="clock.now", channel="$3")}) as r
"""

# What is shown agrees if it is the price of now, the one of just before, or one that came in
# between; then the device has not had the time to take the newer one. It is judged by what people
# read: a version with the same unit price is as good as another.
_CHECK = f"""
with clock as materialized (
    select hutong.now() as now, hutong.now() - make_interval(secs => $6) as before
), batch as materialized (
    select *, case surface when 'app' then 'online' else 'till' end as channel
      from shown_price
     where (store_id, surface, device, sku) > ($1, $2, $3, $4)
     order by store_id, surface, device, sku
     limit $5
), judged as materialized (
    select b.*, asked.version as asked_version, asked.currency as asked_currency,
           asked.amount_minor as asked_amount_minor,
           coalesce((b.currency, b.amount_minor) = (asked.currency, asked.amount_minor), false)
           or coalesce((b.currency, b.amount_minor) = (late.currency, late.amount_minor), false)
           or coalesce((b.currency, b.amount_minor) = (taken.currency, taken.amount_minor)
                       and taken.starts_at between clock.before and clock.now
                       and (taken.ends_at is null or taken.ends_at > taken.starts_at), false)
           as agrees
      from batch as b
     cross join clock
      left join lateral (
{IN_FORCE.format(store="b.store_id", sku="b.sku", at="clock.now", channel="b.channel")}
           ) as asked on true
      left join lateral (
{IN_FORCE.format(store="b.store_id", sku="b.sku", at="clock.before", channel="b.channel")}
           ) as late on true
      left join price as taken
        on taken.store_id = b.store_id and taken.sku = b.sku and taken.version = b.version
), resolved as (
    update price_disagreement as d
       set resolved_at = greatest(clock.now, d.first_seen_at), version = d.version + 1
      from judged as j, clock
     where j.agrees and d.resolved_at is null
       and (d.store_id, d.surface, d.device, d.sku) = (j.store_id, j.surface, j.device, j.sku)
    returning d.*
), opened as (
    insert into price_disagreement as d
           (store_id, surface, device, sku, shown_version, shown_currency, shown_amount_minor,
            price_version, price_currency, price_amount_minor, first_seen_at)
    select j.store_id, j.surface, j.device, j.sku, j.version, j.currency, j.amount_minor,
           j.asked_version, j.asked_currency, j.asked_amount_minor, clock.now
      from judged as j, clock
     where not j.agrees
     order by j.store_id, j.surface, j.device, j.sku
    on conflict (store_id, surface, device, sku) where resolved_at is null do update
       set shown_version = excluded.shown_version, shown_currency = excluded.shown_currency,
           shown_amount_minor = excluded.shown_amount_minor,
           price_version = excluded.price_version, price_currency = excluded.price_currency,
           price_amount_minor = excluded.price_amount_minor, version = d.version + 1
     where (d.shown_version, d.shown_currency, d.shown_amount_minor,
            d.price_version, d.price_currency, d.price_amount_minor)
           is distinct from
           (excluded.shown_version, excluded.shown_currency, excluded.shown_amount_minor,
            excluded.price_version, excluded.price_currency, excluded.price_amount_minor)
    returning d.*
), last as (
    select store_id as last_store, surface as last_surface, device as last_device, sku as last_sku
      from batch
     order by store_id desc, surface desc, device desc, sku desc
     limit 1
)
select last.*, changed.*
  from last
  left join (select * from resolved union all select * from opened) as changed on true
"""

_FORGET = """
with silent as (
    delete from shown_price
     where (store_id, surface, device, sku) in (
           select store_id, surface, device, sku from shown_price
            where reported_at < hutong.now() - make_interval(secs => $1)
            limit $2)
    returning store_id, surface, device, sku
), lost as (
    update price_disagreement as d
       set resolved_at = greatest(hutong.now(), d.first_seen_at), version = d.version + 1
      from silent as s
     where d.resolved_at is null
       and (d.store_id, d.surface, d.device, d.sku) = (s.store_id, s.surface, s.device, s.sku)
    returning d.*
)
select s.store_id as lost_store, s.surface as lost_surface, s.device as lost_device,
       s.sku as lost_sku, lost.*
  from silent as s
  left join lost
    on (lost.store_id, lost.surface, lost.device, lost.sku)
     = (s.store_id, s.surface, s.device, s.sku)
 order by 1, 2, 3, 4
"""

_LIST = """
select *
  from price_disagreement
 where store_id = $1 and disagreement_id < $2 and ($3 or resolved_at is null)
 order by disagreement_id desc
 limit $4
"""

_COUNT_OPEN = """
select surface, count(*) as disagreements
  from price_disagreement where resolved_at is null group by surface
"""


@dataclass(frozen=True, slots=True)
class ShownKey:
    """Which row of what is shown."""

    store: str
    surface: str
    device: str
    sku: str


BEFORE_ALL_SHOWN = ShownKey("", "", "", "")


async def now(tx: Transaction) -> datetime:
    """The database's time."""
    row = await tx.row(_NOW)
    assert row is not None
    moment: datetime = row.now
    return moment


async def keep(tx: Transaction, report: Report) -> ShownChange | None:
    """Keeps what a device shows, unless something newer of it is kept already.

    Answers what it shows otherwise than before, if anything.
    """
    device, prices = report.device, report.prices
    rows = await tx.rows(
        _KEEP,
        device.store,
        device.surface,
        device.device,
        [shown.sku for shown in prices],
        [shown.version for shown in prices],
        [shown.unit_price.currency for shown in prices],
        [shown.unit_price.amount_minor for shown in prices],
        report.at,
    )
    changed = {row.sku for row in rows if row.is_changed}
    if not changed:
        return None
    versions = await _count_changes(tx, [device])
    shown = tuple(each for each in prices if each.sku in changed)
    return ShownChange(device, versions[device], shown, lost=(), at=report.at)


async def _count_changes(tx: Transaction, devices: Sequence[Device]) -> Mapping[Device, int]:
    """Counts one more change of each of the devices; the number of changes of each."""
    rows = await tx.rows(
        _COUNT_CHANGES,
        [device.store for device in devices],
        [device.surface for device in devices],
        [device.device for device in devices],
    )
    return {
        Device(StoreId(row.store_id), Surface(row.surface), row.device): row.version for row in rows
    }


async def in_range(tx: Transaction, tenant: str, skus: Sequence[str]) -> set[str]:
    """Those of the SKUs that are in the range."""
    return {row.sku for row in await tx.rows(_IN_RANGE, tenant, list(skus))}


async def prices_of(
    tx: Transaction, store: StoreId, skus: Sequence[str], *, channel: Channel
) -> Mapping[str, StorePrice]:
    """What the store asks for these products now, by SKU."""
    rows = await tx.rows(_PRICES_OF, store, list(skus), channel)
    return {row.sku: price_of(store, row) for row in rows}


async def check(
    tx: Transaction, *, after: ShownKey, rows_max: int, grace_seconds: float
) -> tuple[ShownKey | None, list[Disagreement]]:
    """Opens and resolves disagreements of what is shown behind a key.

    Answers the last key that was read, None if there was none behind it, and what has changed.
    """
    rows = await tx.rows(
        _CHECK, after.store, after.surface, after.device, after.sku, rows_max, grace_seconds
    )
    if not rows:
        return None, []
    last = ShownKey(rows[0].last_store, rows[0].last_surface, rows[0].last_device, rows[0].last_sku)
    return last, _changed(rows)


async def forget(
    tx: Transaction, *, silent_seconds: float, rows_max: int
) -> tuple[list[ShownChange], list[Disagreement]]:
    """Forgets what was reported that long ago, and what it disagreed with; answers both."""
    rows = await tx.rows(_FORGET, silent_seconds, rows_max)
    lost: dict[Device, list[str]] = {}
    for row in rows:
        device = Device(StoreId(row.lost_store), Surface(row.lost_surface), row.lost_device)
        lost.setdefault(device, []).append(row.lost_sku)
    versions = await _count_changes(tx, list(lost)) if lost else {}
    changes = [
        ShownChange(device, versions[device], prices=(), lost=tuple(skus), at=None)
        for device, skus in lost.items()
    ]
    return changes, _changed(rows)


def _changed(rows: Sequence[Row]) -> list[Disagreement]:
    return [
        _disagreement(StoreId(row.store_id), row) for row in rows if row.disagreement_id is not None
    ]


async def disagreements(
    reading: Reading, store: StoreId, *, before: int, with_resolved: bool, rows_max: int
) -> list[Disagreement]:
    """A store's disagreements with smaller numbers than `before`, the latest first."""
    rows = await reading.rows(_LIST, store, before, with_resolved, rows_max)
    return [_disagreement(store, row) for row in rows]


async def count_open(reading: Reading) -> Mapping[Surface, int]:
    """How many disagreements are open, by surface."""
    return {Surface(row.surface): row.disagreements for row in await reading.rows(_COUNT_OPEN)}


def _disagreement(store: StoreId, row: Row) -> Disagreement:
    shown = Money(row.shown_amount_minor, row.shown_currency)
    asked = None
    if row.price_version is not None:
        asked = Money(row.price_amount_minor, row.price_currency)
    return Disagreement(
        device=Device(store, Surface(row.surface), row.device),
        number=row.disagreement_id,
        shown=ShownPrice(row.sku, row.shown_version, shown),
        price_version=row.price_version,
        unit_price=asked,
        first_seen_at=row.first_seen_at,
        resolved_at=row.resolved_at,
        version=row.version,
    )
