"""The SQL of baskets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from chassis.db.transaction import Transaction
from chassis.kernel.money import Money
from chassis.kernel.quantity import Unit
from services.orders.domain.baskets import BasketName, KeptBasket, ShownLine

_COLUMNS = "version, lines, frozen_until, lifted_by, order_id, updated_at"

_GET = f"""
select hutong.now() as now, {_COLUMNS}
  from (select) as one left join basket on store_id = $1 and customer_id = $2
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

_DELETE_IDLE = """
delete from basket
 where (store_id, customer_id) in (
       select store_id, customer_id from basket
        where updated_at < hutong.now() - $1::interval and order_id is null
        order by updated_at limit $2 for update skip locked)
"""


async def get(tx: Transaction, name: BasketName) -> tuple[KeptBasket, datetime]:
    """The basket, which is empty if there is none, and the database's time."""
    row = await tx.row(_GET, name.store, name.customer)
    assert row is not None
    return KeptBasket(name) if row.version is None else _basket(name, row), row.now


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


async def delete_idle(tx: Transaction, *, idle: timedelta, limit: int) -> int:
    """Deletes baskets that were not changed for so long, the oldest first; how many."""
    return await tx.run(_DELETE_IDLE, idle, limit)


def _basket(name: BasketName, row: Row[Any]) -> KeptBasket:
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
