"""All SQL of the stores. Takes a transaction and never commits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from services.stores.domain.area import DeliveryArea, area_of
from services.stores.domain.atlas import Place
from services.stores.domain.hours import OpeningHours, Period
from services.stores.domain.store import (
    Address,
    Capability,
    Closure,
    Kind,
    NewStore,
    Store,
    StoreDetails,
)

_DETAILS = """
       display_name, kind, country_code, region, locality, district, street, postal_code,
       latitude_e7, longitude_e7, time_zone, opening_hours, capabilities, delivery_area,
       franchise_owner
"""

_COLUMNS = f"""
       store_id, {_DETAILS}, closure_reason, closed_at, closed_until, version, created_at,
       updated_at
"""

# Lists can't be elements of an array of their own: capabilities come joined by commas.
_ADD = f"""
insert into store (store_id, tenant, {_DETAILS}, version, created_at, updated_at)
select store_id, split_part(store_id, ':', 1), display_name, kind, country_code, region, locality,
       district, street, postal_code, latitude_e7, longitude_e7, time_zone, opening_hours::jsonb,
       string_to_array(capabilities, ','), delivery_area, franchise_owner, 1, hutong.now(),
       hutong.now()
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::text[], $13::text[],
              $14::text[], $15::text[], $16::text[])
       as added (store_id, {_DETAILS})
 order by store_id
on conflict (store_id) do nothing
returning store_id, created_at
"""

_CHANGE = """
update store
   set display_name = $2, kind = $3, country_code = $4, region = $5, locality = $6, district = $7,
       street = $8, postal_code = $9, latitude_e7 = $10, longitude_e7 = $11, time_zone = $12,
       opening_hours = $13::text::jsonb, capabilities = string_to_array($14, ','),
       delivery_area = $15, franchise_owner = $16, closure_reason = $17, closed_at = $18,
       closed_until = $19, version = $20, updated_at = $21
 where store_id = $1
"""

_LOCK = f"""
select {_COLUMNS}, hutong.now() as now from store where store_id = $1 for update
"""

_READ_ALL = f"""
select {_COLUMNS}, hutong.now() as now from store where store_id = any ($1::text[])
"""

_LIST = f"""
select {_COLUMNS} from store
 where tenant = $1 and store_id > $2 and ($3::text[] is null or store_id = any ($3::text[]))
 order by store_id
 limit $4
"""

_KNOWN = f"""
select {_COLUMNS} from store where store_id = any ($1::text[])
"""

# A transaction that was running when this was read, or began later, has a number that is not below
# `unsettled_from`; what it changes bears that number.
_MOMENT = """
select hutong.now() as now,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as unsettled_from,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as unused_from
"""

_CHANGED = """
select store_id, latitude_e7, longitude_e7, kind, capabilities, version, changed_in from store
 where (changed_in, store_id) > ($1, $2) and changed_in < $3
 order by changed_in, store_id
 limit $4
"""

AREAS_KEPT_MAX = 500
"""So many areas are kept as values, each of at most AREA_BYTES_MAX of text."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The database's time, and its transactions' numbers: all below `unsettled_from` have ended,
    and none has one from `unused_from` on.
    """

    now: datetime
    unsettled_from: int
    unused_from: int


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A place in the order of changes: behind this store's by that transaction."""

    transaction: int
    store: str


async def add(tx: Transaction, stores: Sequence[NewStore]) -> Mapping[StoreId, datetime]:
    """Adds stores in key order. Answers when, by id; an id that was taken is left out."""
    details = [_arguments(store.details) for store in stores]
    columns = [list(column) for column in zip(*details, strict=True)]
    rows = await tx.rows(_ADD, [store.id for store in stores], *columns)
    return {StoreId(row.store_id): row.created_at for row in rows}


async def lock(tx: Transaction, store: StoreId) -> tuple[Store, datetime] | None:
    """The store, locked until the transaction ends, and the database's time."""
    row = await tx.row(_LOCK, store)
    return None if row is None else (_store(row), row.now)


async def read_all(
    reading: Reading, stores: Sequence[StoreId]
) -> Mapping[StoreId, tuple[Store, datetime]]:
    """Those of the stores that there are, by id, each with the database's time."""
    rows = await reading.rows(_READ_ALL, list(stores))
    return {StoreId(row.store_id): (_store(row), row.now) for row in rows}


async def change(tx: Transaction, store: Store) -> None:
    """Writes a store that is locked."""
    closure = store.closure
    await tx.run(
        _CHANGE,
        store.id,
        *_arguments(store.details),
        None if closure is None else closure.reason,
        None if closure is None else closure.started_at,
        None if closure is None else closure.ends_at,
        store.version,
        store.updated_at,
    )


async def stores(
    tx: Transaction, tenant: str, *, only: Sequence[StoreId] | None, after: str, rows_max: int
) -> list[Store]:
    """Stores by id behind `after`, of those in `only` if it is given."""
    only_ids = None if only is None else list(only)
    return [_store(row) for row in await tx.rows(_LIST, tenant, after, only_ids, rows_max)]


async def known(tx: Transaction, ids: Sequence[StoreId]) -> list[Store]:
    """Those of the stores that there are."""
    return [_store(row) for row in await tx.rows(_KNOWN, list(ids))]


async def moment(tx: Transaction) -> Moment:
    """What later statements are to be compared with."""
    row = await tx.row(_MOMENT)
    assert row is not None
    return Moment(row.now, row.unsettled_from, row.unused_from)


async def changed(
    tx: Transaction, *, after: Change, before_transaction: int, rows_max: int
) -> tuple[list[Place], Change]:
    """Stores of all tenants by the transaction that changed them last, and the last one's place.

    A store that is changed meanwhile moves to the end of this order.
    """
    rows = await tx.rows(_CHANGED, after.transaction, after.store, before_transaction, rows_max)
    places = [
        Place(
            StoreId(row.store_id),
            Position(row.latitude_e7, row.longitude_e7),
            Kind(row.kind),
            [Capability(capability) for capability in row.capabilities],
            row.version,
        )
        for row in rows
    ]
    return places, Change(rows[-1].changed_in, rows[-1].store_id) if rows else after


async def database_time(tx: Transaction) -> datetime:
    """The database's time."""
    row = await tx.row("select hutong.now() as now")
    assert row is not None
    now: datetime = row.now
    return now


def _arguments(details: StoreDetails) -> tuple[object, ...]:
    """The values of _DETAILS, in its order."""
    address = details.address
    return (
        details.display_name,
        details.kind,
        address.country_code,
        address.region,
        address.locality,
        address.district,
        address.street,
        address.postal_code,
        details.position.latitude_e7,
        details.position.longitude_e7,
        details.time_zone,
        _hours_json(details.opening_hours),
        ",".join(details.capabilities),
        details.delivery_area.geojson,
        details.franchise_owner,
    )


def _store(row: Row) -> Store:
    closure = None
    if row.closure_reason is not None:
        closure = Closure(row.closure_reason, row.closed_at, row.closed_until)
    return Store(
        id=StoreId(row.store_id),
        details=StoreDetails(
            display_name=row.display_name,
            kind=Kind(row.kind),
            address=Address(
                country_code=row.country_code,
                region=row.region,
                locality=row.locality,
                district=row.district,
                street=row.street,
                postal_code=row.postal_code,
            ),
            position=Position(row.latitude_e7, row.longitude_e7),
            time_zone=row.time_zone,
            opening_hours=_hours(row.opening_hours),
            capabilities=tuple(Capability(capability) for capability in row.capabilities),
            delivery_area=_stored_area(row.delivery_area),
            franchise_owner=row.franchise_owner,
        ),
        closure=closure,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@lru_cache(maxsize=AREAS_KEPT_MAX)
def _stored_area(geojson: str) -> DeliveryArea:
    """The area in a row; the stores of a few cities are read again and again."""
    return area_of(geojson)


def _hours_json(hours: OpeningHours) -> str:
    return json.dumps(
        {
            "weekly": {str(day): _pairs(periods) for day, periods in hours.weekly.items()},
            "exceptions": {
                day.isoformat(): _pairs(periods) for day, periods in hours.exceptions.items()
            },
        }
    )


def _pairs(periods: Sequence[Period]) -> list[tuple[int, int]]:
    return [(period.open_minutes, period.close_minutes) for period in periods]


def _hours(stored: Mapping[str, Mapping[str, Sequence[tuple[int, int]]]]) -> OpeningHours:
    return OpeningHours(
        weekly={int(day): _periods(pairs) for day, pairs in stored["weekly"].items()},
        exceptions={
            date.fromisoformat(day): _periods(pairs) for day, pairs in stored["exceptions"].items()
        },
    )


def _periods(pairs: Sequence[tuple[int, int]]) -> tuple[Period, ...]:
    return tuple(Period(opens, closes) for opens, closes in pairs)
