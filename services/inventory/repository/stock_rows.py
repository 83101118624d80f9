"""All SQL of inventory.

Locks are taken in one order everywhere: reservations that exist, then levels, then reservations
that are new, each in key order. So no two transactions here wait for each other in a circle.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from services.inventory.domain.reservations import (
    Reservation,
    ReservationKey,
    ReservationState,
    Shortage,
)
from services.inventory.domain.stock import (
    LevelKey,
    Line,
    MovementType,
    Posting,
    StockLevel,
    StockMovement,
)

_RESERVATIONS = """
select hutong.now() as moment, r.*
  from unnest($1::text[], $2::text[]) as asked (store_id, reservation_id)
  left join reservation as r using (store_id, reservation_id)
"""

_RESERVATIONS_AND_DUE = """
select hutong.now() as moment,
       exists (select from reservation
                where state = 'HELD' and expires_at is not null and expires_at <= hutong.now()
                  and store_id = any($1::text[])) as is_any_due,
       r.*
  from unnest($1::text[], $2::text[]) as asked (store_id, reservation_id)
  left join reservation as r using (store_id, reservation_id)
"""

_LOCK_RESERVATIONS = """
select r.*
  from unnest($1::text[], $2::text[]) as asked (store_id, reservation_id)
  join reservation as r using (store_id, reservation_id)
 order by r.store_id, r.reservation_id
   for update of r
"""

_LOCK_DUE = """
select *
  from reservation
 where state = 'HELD' and expires_at is not null and expires_at <= $2
   and ($1::text[] is null or store_id = any($1))
 order by store_id, reservation_id
 limit $3
   for update
"""

_LOCK_LEVELS = """
select l.*
  from unnest($1::text[], $2::text[]) as asked (store_id, sku)
  join stock_level as l using (store_id, sku)
 order by l.store_id, l.sku
   for update of l
"""

_ADD_RESERVATIONS = """
insert into reservation (store_id, reservation_id, state, lines, request_hash, shortage, expires_at,
                         actor, created_at, ended_at)
select store_id, reservation_id, state, lines::jsonb, request_hash, shortage::jsonb, expires_at,
       actor, created_at, ended_at
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[],
              $7::timestamptz[], $8::text[], $9::timestamptz[], $10::timestamptz[])
       as made (store_id, reservation_id, state, lines, request_hash, shortage, expires_at, actor,
                created_at, ended_at)
 order by store_id, reservation_id
on conflict (store_id, reservation_id) do nothing
"""

_END_RESERVATIONS = """
update reservation as r set state = ended.state, ended_at = ended.ended_at
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
       as ended (store_id, reservation_id, state, ended_at)
 where (r.store_id, r.reservation_id) = (ended.store_id, ended.reservation_id)
   and r.ended_at is null
"""

_SET_LEVELS = """
update stock_level as l
   set on_hand = changed.on_hand, held = changed.held, version = changed.version
  from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
       as changed (store_id, sku, on_hand, held, version)
 where (l.store_id, l.sku) = (changed.store_id, changed.sku) and l.version < changed.version
"""

_RAISE_LEVELS = f"""
insert into stock_level as l (store_id, sku, unit, on_hand, held, version)
select $1, sku, unit, quantity, 0, 1
  from unnest($2::text[], $3::text[], $4::bigint[]) as delivered (sku, unit, quantity)
 order by sku
on conflict (store_id, sku) do update
   set on_hand = l.on_hand + excluded.on_hand, version = l.version + 1
 where l.unit = excluded.unit and l.on_hand + excluded.on_hand <= {QUANTITY_MAX}
returning *
"""

_ADD_MOVEMENTS = """
insert into stock_movement (store_id, sku, version, type, on_hand_change, held_change,
                            on_hand_after, held_after, actor, cause, created_at)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
                     $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::timestamptz[])
"""

# What of the levels of stores has run out, and by which holds.
RUN_OUT = """
with due as (
    select r.store_id, line ->> 0 as sku, (line ->> 1)::bigint as quantity, r.expires_at
      from reservation as r cross join jsonb_array_elements(r.lines) as line
     where r.state = 'HELD' and r.expires_at is not null and r.expires_at <= hutong.now()
       and r.store_id = any ($1::text[])),
run_out as (
    select store_id, sku, sum(quantity)::bigint as quantity from due group by store_id, sku)
"""

_WITH_RUN_OUT = f"""{RUN_OUT}
select l.*, coalesce(run_out.quantity, 0) as run_out
  from stock_level as l left join run_out using (store_id, sku)
 where l.store_id = any ($1::text[])
"""

_LEVELS = f"{_WITH_RUN_OUT} and l.sku = any ($2::text[]) order by l.sku"

_LEVELS_AFTER = f"{_WITH_RUN_OUT} and l.sku > $2 order by l.sku limit $3"

_MOVEMENTS_AFTER = """
select * from stock_movement
 where store_id = $1 and sku = $2 and version > $3
 order by version limit $4
"""


async def moment(tx: Transaction) -> datetime:
    """The transaction's time by the database's clock."""
    row = await tx.row("select hutong.now() as moment")
    assert row is not None
    at: datetime = row.moment
    return at


async def reservations(
    reading: Reading, keys: Iterable[ReservationKey]
) -> tuple[datetime, dict[ReservationKey, Reservation]]:
    """The transaction's time, and the reservations that exist of those asked for, one at least."""
    rows = await reading.rows(_RESERVATIONS, *_columns(set(keys), width=2))
    return rows[0].moment, _by_key(row for row in rows if row.state is not None)


async def reservations_and_due(
    tx: Transaction, keys: Iterable[ReservationKey]
) -> tuple[datetime, dict[ReservationKey, Reservation], bool]:
    """As `reservations`, and whether any hold at their stores has run out."""
    rows = await tx.rows(_RESERVATIONS_AND_DUE, *_columns(set(keys), width=2))
    known = _by_key(row for row in rows if row.state is not None)
    return rows[0].moment, known, rows[0].is_any_due


async def lock_reservations(
    tx: Transaction, keys: Iterable[ReservationKey]
) -> dict[ReservationKey, Reservation]:
    """Those of the reservations that exist, locked."""
    return _by_key(await tx.rows(_LOCK_RESERVATIONS, *_columns(set(keys), width=2)))


async def lock_due(
    tx: Transaction, *, stores: Iterable[StoreId] | None, at: datetime, limit: int
) -> list[Reservation]:
    """Holds that have run out by then, at most so many, locked. No stores means all of them."""
    only = None if stores is None else list(set(stores))
    return [_reservation(row) for row in await tx.rows(_LOCK_DUE, only, at, limit)]


async def lock_levels(tx: Transaction, keys: Iterable[LevelKey]) -> list[StockLevel]:
    """Those of the levels that exist, locked. Holds that have run out are not looked for."""
    rows = await tx.rows(_LOCK_LEVELS, *_columns(set(keys), width=2))
    return [level_of(row) for row in rows]


async def add_reservations(tx: Transaction, made: Sequence[Reservation]) -> int:
    """Inserts reservations; how many, which is fewer if another transaction made one of them."""
    return await tx.run(
        _ADD_RESERVATIONS,
        *_columns(
            (
                (
                    r.store_id,
                    r.reservation_id,
                    r.state,
                    json.dumps([[line.sku, line.quantity, line.unit] for line in r.lines]),
                    r.request_hash,
                    None if r.shortage is None else json.dumps(asdict(r.shortage)),
                    r.expires_at,
                    r.actor,
                    r.created_at,
                    r.ended_at,
                )
                for r in made
            ),
            width=10,
        ),
    )


async def end_reservations(tx: Transaction, ended: Sequence[Reservation]) -> None:
    """Sets the state and end of reservations that were locked."""
    changed = await tx.run(
        _END_RESERVATIONS,
        *_columns(((r.store_id, r.reservation_id, r.state, r.ended_at) for r in ended), width=4),
    )
    assert changed == len(ended)


async def set_levels(tx: Transaction, levels: Sequence[StockLevel]) -> None:
    """Stores levels that were locked."""
    changed = await tx.run(
        _SET_LEVELS,
        *_columns(((x.store_id, x.sku, x.on_hand, x.held, x.version) for x in levels), width=5),
    )
    assert changed == len(levels)


async def raise_levels(
    tx: Transaction, store_id: StoreId, lines: Sequence[Line]
) -> dict[str, StockLevel]:
    """Adds to levels, or makes them, in key order; the levels after it, by SKU.

    Left out are those of another unit, and those that would pass QUANTITY_MAX: they are locked and
    not changed.
    """
    columns = _columns(((line.sku, line.unit, line.quantity) for line in lines), width=3)
    rows = await tx.rows(_RAISE_LEVELS, store_id, *columns)
    return {row.sku: level_of(row) for row in rows}


async def add_movements(tx: Transaction, postings: Sequence[Posting]) -> None:
    """Stores the movements of postings."""
    movements = (posting.movement for posting in postings)
    await tx.run(
        _ADD_MOVEMENTS,
        *_columns(
            (
                (
                    m.store_id,
                    m.sku,
                    m.version,
                    m.type,
                    m.on_hand_change,
                    m.held_change,
                    m.on_hand_after,
                    m.held_after,
                    m.actor,
                    m.cause,
                    m.created_at,
                )
                for m in movements
            ),
            width=11,
        ),
    )


async def levels(reading: Reading, store_id: StoreId, skus: Iterable[str]) -> list[StockLevel]:
    """Those of a store's levels that exist, by SKU, with what of them has run out."""
    rows = await reading.rows(_LEVELS, [store_id], list(skus))
    return [level_of(row, run_out=row.run_out) for row in rows]


async def levels_after(
    reading: Reading, store_id: StoreId, *, after: str, limit: int
) -> list[StockLevel]:
    """A store's levels by SKU, those after one, with what of them has run out."""
    rows = await reading.rows(_LEVELS_AFTER, [store_id], after, limit)
    return [level_of(row, run_out=row.run_out) for row in rows]


async def movements_after(
    reading: Reading, key: LevelKey, *, after: int, limit: int
) -> list[StockMovement]:
    """A level's movements by version, those after one."""
    rows = await reading.rows(_MOVEMENTS_AFTER, key.store_id, key.sku, after, limit)
    return [_movement(row) for row in rows]


def _columns(rows: Iterable[Sequence[object]], *, width: int) -> list[list[object]]:
    """Rows turned into the columns that unnest takes."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _by_key(rows: Iterable[Row]) -> dict[ReservationKey, Reservation]:
    found = (_reservation(row) for row in rows)
    return {reservation.key: reservation for reservation in found}


def _reservation(row: Row) -> Reservation:
    return Reservation(
        store_id=StoreId(row.store_id),
        reservation_id=row.reservation_id,
        state=ReservationState(row.state),
        lines=tuple(
            Line(sku=sku, quantity=quantity, unit=Unit(unit)) for sku, quantity, unit in row.lines
        ),
        request_hash=None if row.request_hash is None else bytes(row.request_hash),
        shortage=None if row.shortage is None else Shortage(**row.shortage),
        expires_at=row.expires_at,
        actor=row.actor,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def level_of(row: Row, *, run_out: int = 0) -> StockLevel:
    """The level in a row."""
    return StockLevel(
        store_id=StoreId(row.store_id),
        sku=row.sku,
        unit=Unit(row.unit),
        on_hand=row.on_hand,
        held=row.held,
        version=row.version,
        run_out=run_out,
    )


def _movement(row: Row) -> StockMovement:
    return StockMovement(
        store_id=StoreId(row.store_id),
        sku=row.sku,
        version=row.version,
        type=MovementType(row.type),
        on_hand_change=row.on_hand_change,
        held_change=row.held_change,
        on_hand_after=row.on_hand_after,
        held_after=row.held_after,
        actor=row.actor,
        cause=row.cause,
        created_at=row.created_at,
    )
