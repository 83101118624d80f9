"""All SQL of the orders service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chassis.db.transaction import Reading, Row, Transaction
from chassis.kernel.errors import HutongError
from chassis.kernel.names import CustomerId, StoreId
from services.orders.domain.orders import (
    Order,
    State,
)
from services.orders.repository import recorded
from services.orders.repository.stored import (
    aware,
    delivery_json,
    lines_json,
    order_of,
    reason_json,
    tendered_minor,
)

_COLUMNS = """store_id, order_id, state, fulfilment, lines, currency, total_minor, tender_type,
       tendered_minor, customer_id, till, placed_by, end_reason, version, attempts, lease_token,
       created_at, updated_at, delivery, tells_delivery, basket_version, traceparent, receipt"""

_INSERT = """
insert into customer_order
       (store_id, order_id, state, fulfilment, lines, currency, total_minor, tender_type,
        tendered_minor, customer_id, till, placed_by, version, request_key, lease_token,
        lease_until, created_at, updated_at, delivery, tells_delivery,
        basket_version, traceparent, receipt)
select store_id, order_id, 'PLACING', fulfilment, lines::jsonb, currency, total_minor, tender_type,
       tendered_minor, customer_id, till, placed_by, 0, request_key, lease_token,
       hutong.now() + make_interval(secs => $17), created_at, hutong.now(), delivery::jsonb, true,
       basket_version, traceparent, receipt::jsonb
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
              $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::text[],
              $14::timestamptz[], $15::text[], $16::bigint[], $18::text[], $19::text[])
       as asked (store_id, order_id, fulfilment, lines, currency, total_minor, tender_type,
                 tendered_minor, customer_id, till, placed_by, request_key, lease_token, created_at,
                 delivery, basket_version, traceparent, receipt)
 order by store_id, order_id
"""

_GET = f"select {_COLUMNS} from customer_order where store_id = $1 and order_id = $2"

_GET_ALL = f"""
select {_COLUMNS} from customer_order
 where (store_id, order_id) in (select * from unnest($1::text[], $2::text[]))
"""

_LIST = f"""
select {_COLUMNS} from customer_order
 where store_id = $1 and ($2 = '' or order_id < $2)
 order by order_id desc limit $3
"""

_LIST_OF_CUSTOMER = f"""
select {_COLUMNS} from customer_order
 where store_id = $1 and customer_id = $4 and ($2 = '' or order_id < $2)
 order by order_id desc limit $3
"""

_BEGIN_MOVE = """
update customer_order
   set state = $3, end_reason = coalesce($4::jsonb, end_reason), request_key = $5,
       lease_token = $6, lease_until = hutong.now() + make_interval(secs => $7), attempts = 0,
       tells_delivery = $8, updated_at = hutong.now()
 where store_id = $1 and order_id = $2
"""

_MARK_READY = f"""
update customer_order
   set state = 'READY', version = version + 1, request_key = $3, tells_delivery = $4,
       updated_at = hutong.now()
 where store_id = $1 and order_id = $2
returning {_COLUMNS}
"""

_MOVE = """
with asked as (
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            as a (store_id, order_id, lease_token, from_state, to_state, end_reason)),
     locked as (
     select o.store_id, o.order_id
       from customer_order as o join asked as a using (store_id, order_id)
      order by o.store_id, o.order_id for update of o)
update customer_order as o
   set state = a.to_state,
       end_reason = coalesce(a.end_reason::jsonb, o.end_reason),
       version = o.version + case when a.to_state = 'UNDOING' then 0 else 1 end,
       lease_token = case when a.to_state = 'UNDOING' then o.lease_token end,
       lease_until = case when a.to_state = 'UNDOING'
                          then hutong.now() + make_interval(secs => $7) end,
       updated_at = hutong.now()
  from asked as a join locked using (store_id, order_id)
 where o.store_id = a.store_id and o.order_id = a.order_id
   and o.lease_token = a.lease_token and o.state = a.from_state
returning o.store_id, o.order_id, o.version, o.updated_at, o.request_key
"""

_TAKE_OVER = f"""
update customer_order as o
   set lease_token = $1,
       lease_until = hutong.now() + make_interval(
           secs => least($2 * power(2, least(o.attempts, 10)), greatest($2, $3))),
       attempts = o.attempts + 1
 where (o.store_id, o.order_id) in (
       select store_id, order_id from customer_order
        where lease_token is not null and lease_until < hutong.now()
        order by lease_until limit $4 for update skip locked)
returning {", ".join("o." + name.strip() for name in _COLUMNS.split(","))}
"""

_GIVE_UP_LEASES = """
with given as (
     select o.store_id, o.order_id, given.pause_seconds
       from customer_order as o
       join unnest($1::text[], $2::text[], $3::text[], $4::float8[])
            as given (store_id, order_id, lease_token, pause_seconds)
            using (store_id, order_id, lease_token)
      order by o.store_id, o.order_id for update of o)
update customer_order as o
   set lease_until = hutong.now() + make_interval(secs => given.pause_seconds)
  from given where (o.store_id, o.order_id) = (given.store_id, given.order_id)
"""

_ON_THE_WAY = """
select state, count(*) as orders from customer_order
 where lease_token is not null or state = 'NEEDS_ATTENTION'
 group by state
"""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to insert, with the request that it answers."""

    order: Order
    request_key: bytes


@dataclass(frozen=True, slots=True)
class Move:
    """A change of state, good only for whoever holds the lease."""

    order: Order
    to_state: State
    end_reason: HutongError | None = None


@dataclass(frozen=True, slots=True)
class MovedRow:
    """An order after its move, and the request that it answers."""

    order: Order
    request_key: bytes


async def insert_all(tx: Transaction, new: Sequence[NewOrder], *, lease_seconds: float) -> None:
    """Inserts orders in state placing, leased to the token that they carry."""
    if not new:
        return
    orders = [one.order for one in new]
    await tx.run(
        _INSERT,
        [order.store for order in orders],
        [order.order_id for order in orders],
        [order.fulfilment for order in orders],
        [lines_json(order.lines) for order in orders],
        [order.total.currency for order in orders],
        [order.total.amount_minor for order in orders],
        [order.tender.type for order in orders],
        [tendered_minor(order.tender) for order in orders],
        [order.customer for order in orders],
        [order.till for order in orders],
        [order.placed_by for order in orders],
        [one.request_key for one in new],
        [order.lease_token for order in orders],
        [order.created_at for order in orders],
        [delivery_json(order.delivery) for order in orders],
        [order.basket_version for order in orders],
        lease_seconds,
        [order.traceparent or None for order in orders],
        [recorded.receipt_json(order.receipt) for order in orders],
    )


async def get(
    tx: Transaction, store: StoreId, order_id: str, *, for_update: bool = False
) -> Order | None:
    """One order, locked if asked for; None if there is none."""
    row = await tx.row(_GET + (" for update" if for_update else ""), store, order_id)
    return None if row is None else order_of(row)


async def get_all(
    reading: Reading, names: Sequence[tuple[StoreId, str]]
) -> Mapping[tuple[StoreId, str], Order]:
    """The orders of these stores and ids that there are."""
    rows = await reading.rows(
        _GET_ALL, [store for store, _ in names], [order_id for _, order_id in names]
    )
    return {(order.store, order.order_id): order for order in map(order_of, rows)}


async def newest(
    reading: Reading, store: StoreId, *, before: str, limit: int, customer: CustomerId | None
) -> list[Order]:
    """Orders of a store, newest first, from the one after `before`; only the customer's if said."""
    if customer is None:
        rows = await reading.rows(_LIST, store, before, limit)
    else:
        rows = await reading.rows(_LIST_OF_CUSTOMER, store, before, limit, customer)
    return [order_of(row) for row in rows]


async def begin_move(
    tx: Transaction,
    order: Order,
    *,
    to_state: State,
    end_reason: HutongError | None,
    request_key: bytes,
    lease_token: str,
    lease_seconds: float,
    tells_delivery: bool,
) -> None:
    """Sets an order that is locked on its way to another state."""
    await tx.run(
        _BEGIN_MOVE,
        order.store,
        order.order_id,
        to_state,
        reason_json(end_reason),
        request_key,
        lease_token,
        lease_seconds,
        tells_delivery,
    )


async def mark_ready(
    tx: Transaction, order: Order, *, request_key: bytes, tells_delivery: bool
) -> Order:
    """The order that is locked, packed from now on."""
    row = await tx.row(_MARK_READY, order.store, order.order_id, request_key, tells_delivery)
    assert row is not None
    return order_of(row)


async def move_all(
    tx: Transaction, moves: Sequence[Move], *, lease_seconds: float
) -> list[MovedRow | None]:
    """Moves orders whose lease and state are still those that each move knows; None for others.

    A move to another state on the way renews the lease; a move to one that lasts ends it.
    """
    rows = await tx.rows(
        _MOVE,
        [move.order.store for move in moves],
        [move.order.order_id for move in moves],
        [move.order.lease_token for move in moves],
        [move.order.state for move in moves],
        [move.to_state for move in moves],
        [reason_json(move.end_reason) for move in moves],
        lease_seconds,
    )
    moved = {(row.store_id, row.order_id): row for row in rows}
    return [
        None if row is None else MovedRow(_after(move, row), bytes(row.request_key))
        for move in moves
        for row in [moved.get((move.order.store, move.order.order_id))]
    ]


def _after(move: Move, row: Row) -> Order:
    """The order as its row is now, of which nobody else has changed anything."""
    is_on_the_way = move.to_state is State.UNDOING
    return replace(
        move.order,
        state=move.to_state,
        end_reason=move.end_reason or move.order.end_reason,
        version=row.version,
        updated_at=aware(row.updated_at),
        lease_token=move.order.lease_token if is_on_the_way else "",
    )


async def take_over(
    tx: Transaction,
    *,
    lease_token: str,
    lease_seconds: float,
    pause_seconds_max: float,
    limit: int,
) -> list[Order]:
    """Takes orders whose lease ran out, each attempt for twice as long as the one before."""
    rows = await tx.rows(_TAKE_OVER, lease_token, lease_seconds, pause_seconds_max, limit)
    return [order_of(row) for row in rows]


async def give_up_leases(
    tx: Transaction, orders: Sequence[Order], *, pauses_seconds: Sequence[float]
) -> None:
    """Lets a worker take orders over after so long each, unless somebody else has them already."""
    await tx.run(
        _GIVE_UP_LEASES,
        [order.store for order in orders],
        [order.order_id for order in orders],
        [order.lease_token for order in orders],
        pauses_seconds,
    )


async def count_on_the_way(reading: Reading) -> dict[State, int]:
    """How many orders are on their way, or wait for a person, by state."""
    return {State(row.state): row.orders for row in await reading.rows(_ON_THE_WAY)}
