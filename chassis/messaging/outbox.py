"""Events are rows first, written in the transaction of the change that they tell of.

Each event has a sequence within its aggregate, counted without gaps by whoever owns the aggregate's
row, so that a consumer sees what it missed. No cursor ever runs along an id: rows commit in another
order than their ids were given out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis import tracing
from chassis.db.transaction import Transaction

TOPIC = "outbox"
"""What a commit with events in it is news on."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one aggregate.

    `distribution_key` is what the aggregate's own table is distributed by: the qualified id of a
    store, or whatever the service keys its rows with. `aggregate` is its resource name with the
    tenant in front, demo/stores/sh01/orders/ord_1; `sequence` counts 1, 2, 3 within it; `type` is
    the event's protobuf name and `data` its bytes; `traceparent` is of what made it happen; empty,
    of the task that writes it.
    """

    distribution_key: str
    aggregate: str
    sequence: int
    type: str
    data: bytes
    traceparent: str = ""


_ADD = """
insert into outbox (distribution_key, aggregate, sequence, type, data, traceparent)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::text[])
"""


async def add_all(tx: Transaction, events: Sequence[Event]) -> None:
    """Writes events in one statement; they are published once the transaction has committed."""
    if not events:
        return
    tx.news.add(TOPIC)
    current = tracing.current_traceparent() or None
    await tx.run(
        _ADD,
        [event.distribution_key for event in events],
        [event.aggregate for event in events],
        [event.sequence for event in events],
        [event.type for event in events],
        [event.data for event in events],
        [event.traceparent or current for event in events],
    )
