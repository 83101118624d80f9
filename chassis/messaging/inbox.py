"""Which events a consumer has handled, written in the transaction of their effect.

That makes the effect happen once, however often an event is delivered.
"""

from __future__ import annotations

import enum

from chassis.db.transaction import Transaction
from chassis.messaging.bus import Delivery


class Turn(enum.Enum):
    """Whether it is an event's turn."""

    NOW = "now"
    HANDLED = "handled"
    TOO_EARLY = "too early"


_STATE = """
select exists (select 1 from inbox where consumer = $1 and source = $2 and aggregate = $3
                                     and sequence = $4) as handled,
       $4 = 1 or exists (select 1 from inbox where consumer = $1 and source = $2
                                               and aggregate = $3 and sequence = $4 - 1) as next
"""

_ADD = """
insert into inbox (consumer, source, aggregate, sequence) values ($1, $2, $3, $4)
on conflict do nothing
"""

_PARK = """
insert into parked_event (consumer, source, aggregate, sequence, type, data, problem)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing
"""


async def turn(tx: Transaction, consumer: str, event: Delivery) -> Turn:
    """Whether the event is new, was handled, or comes before one that is missing.

    NOW also writes the inbox row: the caller does the effect in the same transaction.
    """
    key = (consumer, event.source, event.aggregate, event.sequence)
    state = await tx.row(_STATE, *key)
    if state is None or state.handled:
        return Turn.HANDLED
    if not state.next:
        return Turn.TOO_EARLY
    return Turn.NOW if await tx.run(_ADD, *key) == 1 else Turn.HANDLED


async def park(tx: Transaction, consumer: str, event: Delivery, *, problem: str) -> None:
    """Puts an event aside that can't be handled, and lets those behind it pass."""
    key = (consumer, event.source, event.aggregate, event.sequence)
    await tx.run(_PARK, *key, event.type, event.data, problem)
    await tx.run(_ADD, *key)
