"""Which events a consumer has handled, written in the transaction of their effect.

That makes the effect happen once, however often an event is delivered. What is asked of the rows is
a fixed number of statements, however many events there are.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from chassis.db.transaction import Transaction
from chassis.messaging.bus import Delivery

KEPT_DAYS = 14
"""Longer than an outbox keeps what it can publish again: chassis.messaging.retention.KEPT_DAYS."""


class Turn(enum.Enum):
    """Whether it is an event's turn."""

    NOW = "now"
    HANDLED = "handled"
    TOO_EARLY = "too early"


class Order(enum.Enum):
    """What a consumer does about events that it has not seen."""

    EVERY = "every"
    """It needs each event, and waits for one that is missing, unless it is not kept any more."""

    NEWEST = "newest"
    """Each event has the whole state, so of those that come together it takes the newest. What it
    keeps has a version, and an event that is older than that leaves it as it is.
    """


@dataclass(slots=True)
class _Seen:
    """What is known of one aggregate: which of the asked events have rows, and the row ends."""

    sequences: set[int] = field(default_factory=set)
    first: int = 0
    last: int = 0

    def turn(self, event: Delivery) -> Turn:
        if event.sequence in self.sequences or event.sequence < self.first:
            return Turn.HANDLED
        follows = event.sequence == self.last + 1
        return (
            Turn.NOW if follows or event.sequence < self.last or event.is_oldest else Turn.TOO_EARLY
        )

    def add(self, sequence: int) -> None:
        self.sequences.add(sequence)
        self.first = min(self.first, sequence) if self.first else sequence
        self.last = max(self.last, sequence)


_Identity = tuple[str, str, int]

_SEEN = """
select asked.source, asked.aggregate,
       (select min(i.sequence) from inbox as i
         where i.consumer = $1 and i.source = asked.source
           and i.aggregate = asked.aggregate) as first,
       (select max(i.sequence) from inbox as i
         where i.consumer = $1 and i.source = asked.source
           and i.aggregate = asked.aggregate) as last,
       array(select i.sequence from inbox as i
              where i.consumer = $1 and i.source = asked.source and i.aggregate = asked.aggregate
                and i.sequence = any (asked.sequences)) as handled
  from (select source, aggregate, array_agg(sequence) as sequences
          from unnest($2::text[], $3::text[], $4::bigint[]) as one (source, aggregate, sequence)
         group by source, aggregate) as asked
"""

_ADD = """
insert into inbox (consumer, source, aggregate, sequence)
select $1, source, aggregate, sequence
  from (select distinct * from unnest($2::text[], $3::text[], $4::bigint[]))
       as one (source, aggregate, sequence)
 order by source, aggregate, sequence
on conflict do nothing
returning source, aggregate, sequence
"""

_PARK = """
insert into parked_event (consumer, source, aggregate, sequence, type, data, problem)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing
"""

_RETRIES = """
select source, aggregate, sequence, type, data
  from parked_event
 where consumer = $1 and retry_requested_at is not null
 order by source, aggregate, sequence
 limit $2
   for update skip locked
"""

_UNPARK = """
delete from parked_event
 where consumer = $1 and source = $2 and aggregate = $3 and sequence = $4
"""

_STILL_PARKED = """
update parked_event set problem = $5, parked_at = hutong.now(), retry_requested_at = null
 where consumer = $1 and source = $2 and aggregate = $3 and sequence = $4
"""

# As in the outbox, what is old is found from its successor; the newest of each aggregate stays and
# says how far the consumer has come.
_FORGET = """
with place as (
    select forgotten_after from consumer where name = $1
), old as materialized (
    select i.source, i.aggregate, i.sequence, i.handled_at
      from inbox as i, place
     where i.consumer = $1 and i.handled_at > place.forgotten_after
       and i.handled_at < hutong.now() - make_interval(days => $2)
     order by i.handled_at
     fetch first ($3::bigint) rows with ties
), gone as (
    delete from inbox as i
     using (select source, aggregate, max(sequence) as sequence
              from old group by source, aggregate) as kept
     where i.consumer = $1 and i.source = kept.source and i.aggregate = kept.aggregate
       and i.sequence < kept.sequence
), moved as (
    update consumer set forgotten_after = last.handled_at
      from (select max(handled_at) as handled_at from old) as last
     where name = $1 and last.handled_at is not null
)
select count(*) as looked_at from old
"""

_CLEAR = """
delete from inbox
 where (consumer, source, aggregate, sequence) in (
       select consumer, source, aggregate, sequence from inbox where consumer = $1 limit $2)
"""


async def take(
    tx: Transaction, consumer: str, events: Sequence[Delivery], *, order: Order
) -> list[Turn]:
    """For each event, in their order, whether it is new, was handled, or comes too early.

    For those that are NOW the inbox rows are written: the caller does the effects in the same
    transaction. With NEWEST they are also written for those that it passes by, so that verification
    finds each event. One that another transaction is handling is waited for, and then HANDLED.
    """
    if order is Order.NEWEST:
        return _newest(events, await _noted(tx, consumer, events))
    seen = await _seen(tx, consumer, events)
    turns = []
    for event in events:
        known = seen[event.source, event.aggregate]
        turn = known.turn(event)
        if turn is Turn.NOW:
            known.add(event.sequence)
        turns.append(turn)
    now = [event for event, turn in zip(events, turns, strict=True) if turn is Turn.NOW]
    ours = await _noted(tx, consumer, now)
    return [
        Turn.HANDLED if turn is Turn.NOW and _identity(event) not in ours else turn
        for event, turn in zip(events, turns, strict=True)
    ]


def _newest(events: Sequence[Delivery], ours: set[_Identity]) -> list[Turn]:
    """Each aggregate's newest of those that are ours is NOW, once."""
    newest: dict[tuple[str, str], int] = {}
    for at, event in enumerate(events):
        if _identity(event) in ours:
            aggregate = (event.source, event.aggregate)
            known = newest.setdefault(aggregate, at)
            if events[known].sequence < event.sequence:
                newest[aggregate] = at
    chosen = set(newest.values())
    return [Turn.NOW if at in chosen else Turn.HANDLED for at in range(len(events))]


async def _noted(tx: Transaction, consumer: str, events: Sequence[Delivery]) -> set[_Identity]:
    """Writes the rows of events; which of them had none."""
    if not events:
        return set()
    rows = await tx.rows(_ADD, consumer, *_columns(events))
    return {(row.source, row.aggregate, row.sequence) for row in rows}


def _identity(event: Delivery) -> _Identity:
    return (event.source, event.aggregate, event.sequence)


async def park(tx: Transaction, consumer: str, event: Delivery, *, problem: str) -> None:
    """Puts an event aside that can't be handled, and lets those behind it pass."""
    await tx.run(
        _PARK,
        consumer,
        event.source,
        event.aggregate,
        event.sequence,
        event.type,
        event.data,
        problem,
    )
    await tx.run(_ADD, consumer, *_columns([event]))


async def parked_to_retry(tx: Transaction, consumer: str, *, limit: int) -> list[Delivery]:
    """Parked events that somebody wants to be tried again, locked."""
    rows = await tx.rows(_RETRIES, consumer, limit)
    return [Delivery(**row) for row in rows]


async def unpark(tx: Transaction, consumer: str, event: Delivery) -> None:
    """A parked event has had its effect after all."""
    await tx.run(_UNPARK, consumer, event.source, event.aggregate, event.sequence)


async def forget_parked(tx: Transaction, consumer: str) -> None:
    """Forgets all that was put aside: it comes again, as the source keeps it now."""
    await tx.run("delete from parked_event where consumer = $1", consumer)


async def still_parked(tx: Transaction, consumer: str, event: Delivery, *, problem: str) -> None:
    """A parked event could not be handled this time either."""
    await tx.run(_STILL_PARKED, consumer, event.source, event.aggregate, event.sequence, problem)


async def forget(tx: Transaction, consumer: str, *, limit: int) -> int:
    """Forgets some of what was handled long ago; how many rows it looked at."""
    row = await tx.row(_FORGET, consumer, KEPT_DAYS, limit)
    assert row is not None, "a count is always answered"
    return int(row.looked_at)


async def clear(tx: Transaction, consumer: str, *, limit: int) -> int:
    """Forgets some of what a consumer has handled; how many rows."""
    return await tx.run(_CLEAR, consumer, limit)


async def _seen(
    tx: Transaction, consumer: str, events: Sequence[Delivery]
) -> dict[tuple[str, str], _Seen]:
    return {
        (row.source, row.aggregate): _Seen(set(row.handled), row.first or 0, row.last or 0)
        for row in await tx.rows(_SEEN, consumer, *_columns(events))
    }


def _columns(events: Sequence[Delivery]) -> tuple[list[str], list[str], list[int]]:
    return (
        [event.source for event in events],
        [event.aggregate for event in events],
        [event.sequence for event in events],
    )
