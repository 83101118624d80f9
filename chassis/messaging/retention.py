"""Forgets events that were published long ago, but the newest of each aggregate.

What is forgotten is found from its successor: an event that has been kept long enough sends away
those before it in its aggregate. So each event is looked at once, however many stay for ever, and
what is left of an aggregate has no gap.
"""

from __future__ import annotations

import time

from chassis.db.engine import Database

KEPT_DAYS = 7
FORGET_EVERY_SECONDS = 60.0
LOOKED_AT_ONCE_MAX = 5_000

_FORGET = """
with place as (
    select forgotten_after, forgotten_position from publication where name = $1
), old as materialized (
    select o.distribution_key, o.aggregate, o.sequence, o.published_at, o.position
      from outbox as o, place
     where o.published_at is not null
       and (o.published_at, o.position) > (place.forgotten_after, place.forgotten_position)
       and o.published_at < hutong.now() - make_interval(days => $2)
     order by o.published_at, o.position
     limit $3
), gone as (
    delete from outbox as o
     using (select distribution_key, aggregate, max(sequence) as sequence
              from old group by distribution_key, aggregate) as kept
     where o.distribution_key = kept.distribution_key and o.aggregate = kept.aggregate
       and o.sequence < kept.sequence and o.published_at is not null
), moved as (
    update publication as p
       set forgotten_after = last.published_at, forgotten_position = last.position
      from (select published_at, position from old
             order by published_at desc, position desc limit 1) as last
     where p.name = $1
)
select count(*) as looked_at from old
"""


class Retention:
    """Forgets one service's old events, a bounded number at a time."""

    def __init__(self, *, name: str, database: Database) -> None:
        self._name = name
        self._database = database
        self._due_at = time.monotonic() + FORGET_EVERY_SECONDS

    async def forget_if_due(self) -> None:
        """Forgets some if it is time to; soon again if there are more."""
        if time.monotonic() >= self._due_at:
            await self.forget()

    async def forget(self) -> None:
        """Forgets some, and notes when more is due."""
        async with self._database.transaction() as tx:
            row = await tx.row(_FORGET, self._name, KEPT_DAYS, LOOKED_AT_ONCE_MAX)
        assert row is not None, "a count is always answered"
        is_all = row.looked_at < LOOKED_AT_ONCE_MAX
        self._due_at = time.monotonic() + (FORGET_EVERY_SECONDS if is_all else 0.0)
