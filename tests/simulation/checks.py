"""What must be true after a simulation, whatever was killed: every invariant that is built so far.

Most is checked as `hutong verify` does, by the views that every platform has; the rest needs what
the callers were told, or triggers that saw each change of state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from allinone.embedded.databases import require_durable
from allinone.embedded.errors import DurabilityOff
from allinone.verify import ROWS_SHOWN_MAX, Violation, verify
from chassis.db.engine import CONNECT_SECONDS_MAX, SCHEMA
from tests.simulation import answers
from tests.simulation.edges import illegal_edges
from tests.simulation.events import POISONED, SERVICE
from tests.simulation.record import Record

RULES = (
    "answer_unknown",
    "answers_differ",
    "answer_not_kept",
    "answer_without_effect",
    "effect_without_answer",
    "tenant_crossed",
    "illegal_edge",
    "event_not_published",
    "event_missed",
    "event_skipped",
    "event_handled_twice",
    "order_not_at_rest",
    "durability_off",
)
"""The rules that only a simulation can check; the others are those of `hutong verify`."""

_NOT_AT_REST = """
select store_id, order_id, state from verify.customer_order
 where state not in ('PLACED', 'READY', 'COMPLETED', 'REFUSED', 'CANCELLED')
"""

_NOT_PUBLISHED = "select aggregate, sequence from verify.outbox where published_at is null"

_WRITTEN = "select aggregate, sequence from verify.outbox"

_EFFECTS = (
    "select aggregate, sequence, count(*) as times from public.effect group by aggregate, sequence"
)

# Consumers may pass by what their source does not keep any more; here all is kept.
_SKIPPED = """
select consumer, aggregate, sequence
  from (select consumer, aggregate, sequence,
               lag(sequence, 1, 0::bigint) over (
                   partition by consumer, aggregate order by sequence) as before
          from verify.inbox) as numbered
 where sequence <> before + 1
"""


@dataclass(frozen=True, slots=True)
class Books:
    """Where the books are: each service's database, and the witness's."""

    urls: Mapping[str, str]
    witness_url: str


async def violations(books: Books, record: Record) -> list[Violation]:
    """Every row that breaks a rule, of a platform at rest."""
    everything = {**books.urls, SERVICE: books.witness_url}
    found = [one for one in await verify(everything) if not _is_poison(one)]
    found += answers.equal_answers(record)
    found += answers.crossed_tenants(record)
    found += await illegal_edges(books.urls)
    connections = {
        service: await asyncpg.connect(
            url, timeout=CONNECT_SECONDS_MAX * 10, server_settings={"search_path": SCHEMA}
        )
        for service, url in everything.items()
    }
    try:
        witness = connections.pop(SERVICE)
        found += await answers.kept_answers(connections, record)
        found += await answers.effects(connections, record)
        found += await at_rest(connections["orders"])
        found += await published(connections)
        found += await witnessed(connections, witness)
        found += await durable(connections)
        await witness.close()
    finally:
        for connection in connections.values():
            await connection.close()
    return found


async def at_rest(orders: asyncpg.Connection) -> list[Violation]:
    """I10: no order is on its way for ever, and none waits for a person."""
    rows = await orders.fetch(_NOT_AT_REST)
    return [Violation("order_not_at_rest", str(dict(row))) for row in rows[:ROWS_SHOWN_MAX]]


async def published(connections: Mapping[str, asyncpg.Connection]) -> list[Violation]:
    """I6: no event waits for the bus."""
    return [
        Violation("event_not_published", f"{service} {dict(row)}")
        for service, connection in connections.items()
        for row in (await connection.fetch(_NOT_PUBLISHED))[:ROWS_SHOWN_MAX]
    ]


async def witnessed(
    connections: Mapping[str, asyncpg.Connection], witness: asyncpg.Connection
) -> list[Violation]:
    """I6: the witness had every event, in order, and each had its effect once."""
    written = {
        (row["aggregate"], row["sequence"])
        for connection in connections.values()
        for row in await connection.fetch(_WRITTEN)
    }
    times = {
        (row["aggregate"], row["sequence"]): row["times"] for row in await witness.fetch(_EFFECTS)
    }
    skipped = await witness.fetch(_SKIPPED)
    missed = sorted(written - times.keys())[:ROWS_SHOWN_MAX]
    return [
        *(Violation("event_missed", f"{event[0]}#{event[1]}") for event in missed),
        *(Violation("event_skipped", f"before {dict(row)}") for row in skipped[:ROWS_SHOWN_MAX]),
        *(
            Violation("event_handled_twice", f"{event[0]}#{event[1]}: {count} times")
            for event, count in times.items()
            if count > 1
        ),
    ]


async def durable(connections: Mapping[str, asyncpg.Connection]) -> list[Violation]:
    """kill -9 leaves the page cache, so that it proves nothing of this: the settings are asked."""
    found = []
    for service, connection in connections.items():
        try:
            await require_durable(connection)
        except DurabilityOff as off:
            found.append(Violation("durability_off", f"{service}: {off}"))
    return found


def _is_poison(violation: Violation) -> bool:
    return f"/orders/{POISONED}" in violation.row
