"""Checks the books of a whole platform from the read-only `verify` views, and names what is wrong.

Each service's own rules are views named broken_*: any row is a violation. What two services must
agree on is checked here, from views of facts, also while the platform sells: an order's row is
written before its effects and settled after them, so stock and money are read first, orders last,
and orders that have moved since are left to the next time. What only events tell, in time, is read
by `allinone.histories`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from allinone.histories import (
    events_not_handled,
    events_of_nothing,
    illegal_order_moves,
    source_of,
)
from chassis.db.engine import CONNECT_SECONDS_MAX, SCHEMA

ROWS_SHOWN_MAX = 20

_BROKEN_VIEWS = """
select table_name from information_schema.views
 where table_schema = 'verify' and table_name like 'broken\\_%' order by table_name
"""

_RESERVATIONS_OF_ORDERS = """
select store_id, reservation_id as order_id, state from verify.reservation
 where reservation_id like 'ord\\_%'
"""

_PAYMENTS_OF_ORDERS = """
select payment_id as order_id, store_id, state, amount_minor from verify.payment
 where payment_id like 'ord\\_%'
"""

_ORDERS = """
select store_id, order_id, state, total_minor, updated_at < $1 as is_settled
  from verify.customer_order
"""

_ORDER_LINES = """
select order_id, sku, quantity from verify.customer_order_line
 where state in ('PLACED', 'READY', 'COMPLETED')
"""

_RESERVED_LINES = """
select reservation_id as order_id, sku, quantity from verify.reservation_line
 where reservation_id like 'ord\\_%' and state in ('HELD', 'TAKEN', 'COMMITTED')
"""

_PRICED_LINES = """
select l.store_id, l.order_id, l.sku, l.quantity, l.unit, l.price_version, l.line_total_minor,
       o.created_at
  from verify.customer_order_line as l join verify.customer_order as o using (store_id, order_id)
 where not l.is_unpriced
"""

_PRICES = """
select p.store_id, p.sku, p.version, p.amount_minor, p.starts_at
  from unnest($1::text[], $2::text[], $3::bigint[]) as sold (store_id, sku, version)
  join verify.price as p using (store_id, sku, version)
"""

STOCK_STATES: Mapping[str, frozenset[str | None]] = {
    "PLACED": frozenset({"HELD"}),
    "READY": frozenset({"HELD"}),
    "COMPLETED": frozenset({"TAKEN", "COMMITTED"}),
    "CANCELLED": frozenset({"RELEASED", "RETURNED"}),
    "REFUSED": frozenset({None, "REFUSED", "RELEASED", "RETURNED"}),
}
"""Where an order's reservation may stand once the order rests; None is no reservation."""

MONEY_STATES: Mapping[str, frozenset[str | None]] = {
    "PLACED": frozenset({"AUTHORISED"}),
    "READY": frozenset({"AUTHORISED"}),
    "COMPLETED": frozenset({"CAPTURED", "REFUNDED"}),
    "CANCELLED": frozenset({"VOIDED", "REFUNDED"}),
    "REFUSED": frozenset({None, "DECLINED", "VOIDED", "REFUNDED"}),
}
"""Where an order's payment may stand once the order rests; None is no payment."""


SOLD = frozenset({"PLACED", "READY", "COMPLETED"})
"""States in which an order has its stock and its money, held or taken."""

RULES = (
    "stock_without_order",
    "money_without_order",
    "order_and_stock",
    "order_and_stock_quantities",
    "order_and_money",
    "order_and_money_stores",
    "order_and_money_amounts",
    "order_price_version",
    "order_and_price",
    "order_move",
    "event_not_handled",
    "event_of_nothing",
)
"""The rules that are checked here; those of a single service are the views verify.broken_*."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that breaks one rule."""

    rule: str
    row: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.row}"


async def verify(urls: Mapping[str, str]) -> list[Violation]:
    """Every violation in the databases at these addresses, by service; empty when all is well."""
    connections = {
        service: await asyncpg.connect(
            url, timeout=CONNECT_SECONDS_MAX, server_settings={"search_path": SCHEMA}
        )
        for service, url in urls.items()
    }
    try:
        found: list[Violation] = []
        for service, connection in connections.items():
            found += await _broken_rows(service, connection)
        if {"orders", "inventory", "payments"} <= connections.keys():
            found += await _disagreements(connections)
        if {"orders", "catalog"} <= connections.keys():
            found += await _price_violations(connections["orders"], connections["catalog"])
        if "orders" in connections:
            moves = await illegal_order_moves(connections["orders"])
            found += [Violation("order_move", row) for row in moves]
        return found + await _event_violations(connections)
    finally:
        for connection in connections.values():
            await connection.close()


async def _broken_rows(service: str, connection: asyncpg.Connection) -> list[Violation]:
    found: list[Violation] = []
    for (view,) in await connection.fetch(_BROKEN_VIEWS):
        rows = await connection.fetch(f'select * from verify."{view}" limit {ROWS_SHOWN_MAX}')
        found += [Violation(f"{service}.{view}", str(dict(row))) for row in rows]
    return found


async def _disagreements(connections: Mapping[str, asyncpg.Connection]) -> list[Violation]:
    begun = await connections["orders"].fetchval("select hutong.now()")
    stock_rows = await connections["inventory"].fetch(_RESERVATIONS_OF_ORDERS)
    money_rows = await connections["payments"].fetch(_PAYMENTS_OF_ORDERS)
    tied = _quantities(await connections["inventory"].fetch(_RESERVED_LINES))
    async with connections["orders"].transaction(isolation="repeatable_read"):
        order_rows = await connections["orders"].fetch(_ORDERS, begun)
        sold = _quantities(await connections["orders"].fetch(_ORDER_LINES))
    orders = {row["order_id"]: row for row in order_rows}
    stock = {row["order_id"]: row for row in stock_rows}
    money = {row["order_id"]: row for row in money_rows}
    found = [Violation("stock_without_order", str(dict(stock[i]))) for i in stock.keys() - orders]
    found += [Violation("money_without_order", str(dict(money[i]))) for i in money.keys() - orders]
    settled = {order_id: order for order_id, order in orders.items() if order["is_settled"]}
    for order_id, order in settled.items():
        found += _stock_violations(order, stock.get(order_id))
        found += _money_violations(order, money.get(order_id))
    resting = {i for i, order in settled.items() if order["state"] in SOLD}
    for order_id, sku in (key for key in sold.keys() | tied.keys() if key[0] in resting):
        if sold.get((order_id, sku)) != tied.get((order_id, sku)):
            found.append(
                Violation(
                    "order_and_stock_quantities",
                    f"{order_id} {sku}: sold {sold.get((order_id, sku))}, "
                    f"in stock's books {tied.get((order_id, sku))}",
                )
            )
    return found


async def _event_violations(connections: Mapping[str, asyncpg.Connection]) -> list[Violation]:
    """Events are read before what was handled of them, and the other way round."""
    sources = {source_of(service): connection for service, connection in connections.items()}
    lacking = await events_not_handled(sources, connections.values())
    invented = await events_of_nothing(sources, connections.values())
    return [
        *(Violation("event_not_handled", row) for row in lacking),
        *(Violation("event_of_nothing", row) for row in invented),
    ]


async def _price_violations(
    orders: asyncpg.Connection, catalog: asyncpg.Connection
) -> list[Violation]:
    """Lines whose version does not exist, had not started, or does not give the line's total."""
    lines = await orders.fetch(_PRICED_LINES)
    sold = {(line["store_id"], line["sku"], line["price_version"]) for line in lines}
    columns = [[key[i] for key in sold] for i in range(3)]
    rows = await catalog.fetch(_PRICES, *columns)
    prices = {(row["store_id"], row["sku"], row["version"]): row for row in rows}
    found: list[Violation] = []
    for line in lines:
        price = prices.get((line["store_id"], line["sku"], line["price_version"]))
        if price is None or price["starts_at"] > line["created_at"]:
            found.append(Violation("order_price_version", str(dict(line))))
        elif not _is_total_of(line, price["amount_minor"]):
            row = f"{dict(line)} at {price['amount_minor']}"
            found.append(Violation("order_and_price", row))
    return found


def _is_total_of(line: Any, unit_price_minor: int) -> bool:
    """Whether a line costs its quantity at the price.

    Grams are rounded half up to the minor unit, or, where a label has the total printed on it, the
    total to the gram: then it differs by what half a gram costs.
    """
    exact, total = line["quantity"] * unit_price_minor, line["line_total_minor"]
    if line["unit"] == "each":
        return bool(exact == total)
    return bool(2 * abs(1000 * total - exact) <= max(1000, unit_price_minor))


def _stock_violations(order: Any, reservation: Any) -> list[Violation]:
    allowed = STOCK_STATES.get(order["state"])
    state = None if reservation is None else reservation["state"]
    if allowed is None or state in allowed:
        return []
    return [Violation("order_and_stock", f"{dict(order)} has stock {state}")]


def _money_violations(order: Any, payment: Any) -> list[Violation]:
    allowed = MONEY_STATES.get(order["state"])
    if allowed is None:
        return []
    state = None if payment is None else payment["state"]
    if state not in allowed:
        return [Violation("order_and_money", f"{dict(order)} has payment {state}")]
    if payment is not None and payment["store_id"] not in (None, order["store_id"]):
        return [Violation("order_and_money_stores", f"{dict(order)} was paid {dict(payment)}")]
    if order["state"] in SOLD and payment["amount_minor"] != order["total_minor"]:
        return [Violation("order_and_money_amounts", f"{dict(order)} was paid {dict(payment)}")]
    return []


def _quantities(rows: Any) -> dict[tuple[str, str], int]:
    quantities: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["order_id"], row["sku"])
        quantities[key] = quantities.get(key, 0) + row["quantity"]
    return quantities
