"""Every change of state that is stored, noted by triggers of the simulation's own.

Events tell only of states that last; these see those in between too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from allinone.verify import Violation
from chassis.db.engine import CONNECT_SECONDS_MAX

START = "NONE"


@dataclass(frozen=True, slots=True)
class Moves:
    """The legal moves of the rows of one table, by state; START is before there is a row."""

    service: str
    table: str
    key: str
    legal: Mapping[str, frozenset[str]]


def _moves(text: str) -> dict[str, frozenset[str]]:
    legal = {}
    for line in text.strip().splitlines():
        state, _, to_states = line.partition(":")
        legal[state.strip()] = frozenset(to_states.split())
    return legal


MOVES = (
    Moves(
        "orders",
        "customer_order",
        "order_id",
        _moves("""
            NONE: PLACING
            PLACING: PLACED COMPLETED REFUSED UNDOING NEEDS_ATTENTION
            UNDOING: REFUSED NEEDS_ATTENTION
            PLACED: READY CANCELLING COMPLETING
            READY: CANCELLING COMPLETING
            COMPLETED: CANCELLING
            CANCELLING: CANCELLED NEEDS_ATTENTION
            COMPLETING: COMPLETED NEEDS_ATTENTION
        """),
    ),
    Moves(
        "inventory",
        "reservation",
        "reservation_id",
        _moves("""
            NONE: HELD TAKEN REFUSED RELEASED
            HELD: COMMITTED RELEASED EXPIRED
            TAKEN: RETURNED
        """),
    ),
    Moves(
        "payments",
        "payment",
        "payment_id",
        _moves("""
            NONE: AUTHORISED CAPTURED DECLINED VOIDED
            AUTHORISED: CAPTURED VOIDED
            CAPTURED: CAPTURED REFUNDED
        """),
    ),
)

_NOTE = """
create schema if not exists witnessed;
create table if not exists witnessed.edge (
    id text, from_state text, to_state text, at timestamptz default clock_timestamp());
create or replace function witnessed.note() returns trigger
language plpgsql security definer as $$
begin
    insert into witnessed.edge (id, from_state, to_state)
    values (to_jsonb(new) ->> tg_argv[0],
            case when tg_op = 'UPDATE' then to_jsonb(old) ->> 'state' else 'NONE' end, new.state);
    return null;
end $$;
"""

# A row that keeps its state has moved all the same if its version tells so.
_ADDED = """
create or replace trigger witnessed_added after insert on {table}
for each row execute function witnessed.note('{key}')
"""

_MOVED = """
create or replace trigger witnessed_moved after update on {table}
for each row when (old.state is distinct from new.state
                   or to_jsonb(old) -> 'version' is distinct from to_jsonb(new) -> 'version')
execute function witnessed.note('{key}')
"""

_EDGES = "select id, from_state, to_state, at from witnessed.edge order by at"


async def watch_edges(urls: Mapping[str, str]) -> None:
    """Makes the triggers, as the superuser whose addresses these are."""
    for moves in MOVES:
        connection = await asyncpg.connect(urls[moves.service], timeout=CONNECT_SECONDS_MAX * 10)
        try:
            for statement in (_NOTE, _ADDED, _MOVED):
                await connection.execute(
                    statement.format(table=moves.table, key=moves.key)
                    if statement is not _NOTE
                    else statement
                )
        finally:
            await connection.close()


async def illegal_edges(urls: Mapping[str, str]) -> list[Violation]:
    """Every stored move that is not legal."""
    found = []
    for moves in MOVES:
        connection = await asyncpg.connect(urls[moves.service], timeout=CONNECT_SECONDS_MAX * 10)
        try:
            found += [
                Violation("illegal_edge", f"{moves.table} {dict(row)}")
                for row in await connection.fetch(_EDGES)
                if row["to_state"] not in moves.legal.get(row["from_state"], frozenset())
            ]
        finally:
            await connection.close()
    return found
