"""The SQL of baskets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.orders.domain.baskets import BasketName, Checkout, KeptBasket, ShownLine

_COLUMNS = "version, lines, frozen_until, lifted_by, order_id, updated_at"

_GET = f"""
select hutong.now() as now, {_COLUMNS}
  from (select) as one left join basket on store_id = $1 and customer_id = $2
"""

_GET_ALL = f"""
select asked.store_id, asked.customer_id, hutong.now() as now, {_COLUMNS}
  from unnest($1::text[], $2::text[]) with ordinality as asked (store_id, customer_id, position)
  left join basket using (store_id, customer_id)
 order by asked.position
"""

# A basket that was deleted since it was read comes back with the change, which is based on all of
# what it had.
_PUT = """
insert into basket (store_id, customer_id, version, lines, frozen_until, updated_at)
values ($1, $2, $3, $4::jsonb, $5, $6)
on conflict (store_id, customer_id) do update
   set version = excluded.version, lines = excluded.lines, frozen_until = excluded.frozen_until,
       lifted_by = '', updated_at = excluded.updated_at
 where basket.version = $7 and basket.order_id is null
"""

# Two orders of one version of a basket: one of them gets it. Locked in the order of the keys.
_CHECK_OUT = """
with asked as (
     select distinct on (store_id, customer_id, version) *
       from unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) with ordinality
            as a (store_id, customer_id, version, order_id, position)
      order by store_id, customer_id, version, position),
     locked as (
     select b.store_id, b.customer_id from basket as b
      where (b.store_id, b.customer_id) in (select store_id, customer_id from asked)
      order by b.store_id, b.customer_id for update)
update basket as b
   set order_id = a.order_id
  from asked as a join locked using (store_id, customer_id)
 where b.store_id = a.store_id and b.customer_id = a.customer_id
   and b.version = a.version and b.order_id is null
returning b.order_id
"""

_END_CHECKOUTS = """
with ended as (
     select * from unnest($1::text[], $2::text[], $3::text[], $4::boolean[])
            as e (store_id, customer_id, order_id, is_sold)),
     locked as (
     select b.store_id, b.customer_id from basket as b
      where (b.store_id, b.customer_id) in (select store_id, customer_id from ended)
      order by b.store_id, b.customer_id for update)
update basket as b
   set order_id = null,
       version = b.version + e.is_sold::int,
       lines = case when e.is_sold then '[]' else b.lines end,
       frozen_until = case when not e.is_sold then b.frozen_until end,
       lifted_by = case when e.is_sold then '' else b.lifted_by end,
       updated_at = case when e.is_sold then hutong.now() else b.updated_at end
  from ended as e join locked using (store_id, customer_id)
 where b.store_id = e.store_id and b.customer_id = e.customer_id and b.order_id = e.order_id
"""

_STORES_WITH_FREEZES = """
select distinct store_id from basket
 where frozen_until > hutong.now() and order_id is null and store_id > $1
 order by store_id limit $2
"""

_LIFT_FREEZES = """
update basket
   set frozen_until = null, lifted_by = $2, version = version + 1, updated_at = hutong.now()
 where (store_id, customer_id) in (
       select store_id, customer_id from basket
        where store_id = $1 and frozen_until > hutong.now() and order_id is null
        order by store_id, customer_id limit $3 for update skip locked)
"""

_DELETE_IDLE = """
delete from basket
 where (store_id, customer_id) in (
       select store_id, customer_id from basket
        where updated_at < hutong.now() - $1::interval and order_id is null
        order by updated_at limit $2 for update skip locked)
"""


@dataclass(frozen=True, slots=True)
class EndedCheckout:
    """An order that was placed with a basket and has ended, and whether the goods are sold."""

    name: BasketName
    order_id: str
    is_sold: bool


async def get(reading: Reading, name: BasketName) -> tuple[KeptBasket, datetime]:
    """The basket, which is empty if there is none, and the database's time."""
    row = await reading.row(_GET, name.store, name.customer)
    assert row is not None
    return KeptBasket(name) if row.version is None else _basket(name, row), row.now


async def get_all(
    reading: Reading, names: Sequence[BasketName]
) -> list[tuple[KeptBasket, datetime]]:
    """The baskets in the order of their names, each as `get` has it, by one statement."""
    rows = await reading.rows(
        _GET_ALL, [name.store for name in names], [name.customer for name in names]
    )
    return [
        (KeptBasket(name) if row.version is None else _basket(name, row), row.now)
        for name, row in zip(names, rows, strict=True)
    ]


async def put(tx: Transaction, basket: KeptBasket, *, expected_version: int) -> bool:
    """Writes a changed basket; whether it still was at that version, and not in checkout.

    The version of a basket that is not kept is 0.
    """
    written = await tx.run(
        _PUT,
        basket.name.store,
        basket.name.customer,
        basket.version,
        _lines_json(basket.lines),
        basket.frozen_until,
        basket.updated_at,
        expected_version,
    )
    return written == 1


async def check_out_all(tx: Transaction, orders: Mapping[str, Checkout]) -> set[str]:
    """Ties baskets to the orders that are placed with them, by order id; which of them got theirs.

    The others' baskets are at another version, or another order is being placed with them.
    """
    rows = await tx.rows(
        _CHECK_OUT,
        [checkout.name.store for checkout in orders.values()],
        [checkout.name.customer for checkout in orders.values()],
        [checkout.version for checkout in orders.values()],
        list(orders),
    )
    return {row.order_id for row in rows}


async def end_checkouts(tx: Transaction, ended: Sequence[EndedCheckout]) -> None:
    """Empties the baskets that were sold, and lets the others go as they are.

    Each is still as its order found it, since nobody changes a basket that is tied to an order.
    """
    await tx.run(
        _END_CHECKOUTS,
        [one.name.store for one in ended],
        [one.name.customer for one in ended],
        [one.order_id for one in ended],
        [one.is_sold for one in ended],
    )


async def stores_with_freezes(tx: Transaction, *, after: str, limit: int) -> list[StoreId]:
    """Stores by id behind `after` at which baskets are frozen."""
    rows = await tx.rows(_STORES_WITH_FREEZES, after, limit)
    return [StoreId(row.store_id) for row in rows]


async def lift_freezes(tx: Transaction, store: StoreId, *, closure: str, limit: int) -> int:
    """Ends freezes at a store because of its closure; how many.

    A basket in checkout is left out: what its order does decides.
    """
    return await tx.run(_LIFT_FREEZES, store, closure, limit)


async def delete_idle(tx: Transaction, *, idle: timedelta, limit: int) -> int:
    """Deletes baskets that were not changed for so long, the oldest first; how many."""
    return await tx.run(_DELETE_IDLE, idle, limit)


def _basket(name: BasketName, row: Row) -> KeptBasket:
    return KeptBasket(
        name=name,
        lines=tuple(_line(line) for line in row.lines),
        version=row.version,
        frozen_until=row.frozen_until,
        lifted_by=row.lifted_by,
        order_id=row.order_id or "",
        updated_at=row.updated_at,
    )


def _line(stored: dict[str, Any]) -> ShownLine:
    return ShownLine(
        sku=stored["sku"],
        display_name=stored["display_name"],
        quantity=stored["quantity"],
        unit=Unit(stored["unit"]),
        unit_price=Money(stored["unit_price_minor"], stored["currency"]),
        price_version=stored["price_version"],
    )


def _lines_json(lines: Sequence[ShownLine]) -> str:
    return json.dumps(
        [
            {
                "sku": line.sku,
                "display_name": line.display_name,
                "quantity": line.quantity,
                "unit": line.unit,
                "unit_price_minor": line.unit_price.amount_minor,
                "currency": line.unit_price.currency,
                "price_version": line.price_version,
            }
            for line in lines
        ]
    )
