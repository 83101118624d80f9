"""What the books say over time: the states an order went through, and events that were handled.

Read from events, as the outboxes keep them; part of `allinone.verify`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import asyncpg

from hutong.orders.v1 import events_pb2, orders_pb2

LOOKED_BACK = timedelta(hours=1)
"""So far back events are looked for, one by one."""

HANDLED_WITHIN = timedelta(seconds=60)
"""A consumer has an event within so much time of its publication, or says why not."""

REBUILT_WITHIN = timedelta(minutes=10)
"""A consumer that began anew has so much time to read its source's past."""

ROWS_AT_ONCE = 1000

START = "NONE"

ORDER_MOVES: Mapping[str, frozenset[str]] = {
    START: frozenset({"PLACED", "COMPLETED", "REFUSED", "NEEDS_ATTENTION"}),
    "PLACED": frozenset({"READY", "COMPLETED", "CANCELLED", "NEEDS_ATTENTION"}),
    "READY": frozenset({"COMPLETED", "CANCELLED", "NEEDS_ATTENTION"}),
    "COMPLETED": frozenset({"CANCELLED", "NEEDS_ATTENTION"}),
    "REFUSED": frozenset(),
    "CANCELLED": frozenset(),
    "NEEDS_ATTENTION": frozenset(),
}
"""From each state that an order can rest in, those that it may rest in next: decision 0001.

Written down here apart from the code that moves orders, which it is to check.
"""

_ORDER_EVENTS = """
select aggregate, sequence, data from verify.order_event order by aggregate, sequence
"""

_HANDLED = """
select consumer, source, aggregate, sequence
  from verify.inbox where handled_at > hutong.now() - $1::interval
"""

# One that begins anew is on its way through its source's past.
_CONSUMERS = """
select name, '//hutong/' || source as source from verify.consumer
 where rebuild_requested_at is null
   and (rebuilt_at is null or rebuilt_at < hutong.now() - $1::interval)
"""

_PUBLISHED = """
select aggregate, sequence from verify.outbox
 where published_at between hutong.now() - $1::interval and hutong.now() - $2::interval
"""

_HANDLED_OF = """
select aggregate, sequence
  from unnest($3::text[], $4::bigint[]) as asked (aggregate, sequence)
  join verify.inbox using (aggregate, sequence)
 where consumer = $1 and source = $2
"""

# An outbox forgets in order, and never the newest event of an aggregate.
_WRITTEN = """
select aggregate, sequence
  from unnest($1::text[], $2::bigint[]) as asked (aggregate, sequence)
 where exists (select 1 from verify.outbox as o
                where o.aggregate = asked.aggregate and o.sequence >= asked.sequence)
"""

Event = tuple[str, int]
"""An aggregate and a sequence within it."""


def source_of(service: str) -> str:
    """A service as its events name it."""
    return f"//hutong/{service}"


async def illegal_order_moves(orders: asyncpg.Connection) -> list[str]:
    """Each step between two states of an order that no order may take."""
    found = []
    before = ("", 0, START)
    async with orders.transaction():
        async for row in orders.cursor(_ORDER_EVENTS, prefetch=ROWS_AT_ONCE):
            order = events_pb2.OrderChanged.FromString(row["data"]).order
            state = orders_pb2.OrderState.Name(order.state).removeprefix("ORDER_STATE_")
            aggregate, sequence, last = before
            if aggregate != row["aggregate"]:
                sequence, last = 0, START
            before = (row["aggregate"], row["sequence"], state)
            if row["sequence"] != sequence + 1:
                continue  # Those between are no longer kept, or are missing, which is another rule.
            is_pickup = order.fulfilment != orders_pb2.FULFILMENT_CARRY_OUT
            is_taken_back = last == "COMPLETED" and state == "CANCELLED" and is_pickup
            if state not in ORDER_MOVES[last] or is_taken_back:
                found.append(f"{row['aggregate']} version {row['sequence']}: {last} to {state}")
    return found


async def events_not_handled(
    sources: Mapping[str, asyncpg.Connection], consumers: Iterable[asyncpg.Connection]
) -> list[str]:
    """Events of the last hour, published a while ago, that a consumer of them does not have."""
    found = []
    for consumer in consumers:
        for name, source in await consumer.fetch(_CONSUMERS, REBUILT_WITHIN):
            if source not in sources:
                continue
            rows = await sources[source].fetch(_PUBLISHED, LOOKED_BACK, HANDLED_WITHIN)
            told = [(row["aggregate"], row["sequence"]) for row in rows]
            has = _events(await consumer.fetch(_HANDLED_OF, name, source, *_columns(told)))
            found += [f"{name} lacks {source} {_text(event)}" for event in told if event not in has]
    return found


async def events_of_nothing(
    sources: Mapping[str, asyncpg.Connection], consumers: Iterable[asyncpg.Connection]
) -> list[str]:
    """Events handled in the last hour that their source has never written."""
    found = []
    for consumer in consumers:
        handled: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for row in await consumer.fetch(_HANDLED, LOOKED_BACK):
            handled[row["consumer"], row["source"]].append((row["aggregate"], row["sequence"]))
        for (name, source), events in handled.items():
            written = set[Event]()
            if source in sources:
                written = _events(await sources[source].fetch(_WRITTEN, *_columns(events)))
            found += [
                f"{name} has handled {source} {_text(event)}"
                for event in events
                if event not in written
            ]
    return found


def _events(rows: Iterable[Any]) -> set[Event]:
    return {(row["aggregate"], row["sequence"]) for row in rows}


def _columns(events: Sequence[Event]) -> tuple[list[str], list[int]]:
    return [aggregate for aggregate, _ in events], [sequence for _, sequence in events]


def _text(event: Event) -> str:
    return f"{event[0]}#{event[1]}"
