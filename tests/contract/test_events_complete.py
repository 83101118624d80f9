"""Whatever a method changes, an event tells of: all are asked, and the tables are compared."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import MetaData

from allinone.topology import BLUEPRINTS
from chassis.db.tables import add_chassis_tables
from chassis.db.transaction import Transaction
from tests.contract.asking import Asker, Refusal
from tests.contract.walking import BINDINGS, Cases, somebody_allowed
from tests.support.web import Web
from tests.support.world import World

UNTOLD = {
    "orders.basket": "a draft that only its customer reads; the order that comes of it is told",
    "catalog.store_stock": "made of inventory's events, which tell of it",
}
"""Tables whose changes no event tells of, and why."""

State = Mapping[str, tuple[int, ...]]


async def test_whatever_a_method_changes_is_told_by_an_event(
    web: Web, asker: Asker, cases: Cases
) -> None:
    untold, told = [], set()
    for binding in BINDINGS:
        request = cases.of(binding)
        before, events_before = await _state(web.world), await _events(web.world)
        who = somebody_allowed(binding, cases.customer)
        answer = await asker.ask_grpc(binding.method, request, who)
        assert not isinstance(answer, Refusal), answer
        after, events_after = await _state(web.world), await _events(web.world)
        for service in {
            table.partition(".")[0]
            for table in after
            if after[table] != before[table] and table not in UNTOLD
        }:
            told.add(binding.method.name)
            if events_after[service] == events_before[service]:
                untold.append(f"{binding.method.name} changes {service} and tells nobody")
    assert untold == []
    assert {"PlaceOrder", "ReserveStock", "ChangePrices", "TopUpWallet", "CloseStore"} <= told


async def test_what_is_not_told_is_still_there(world: World) -> None:
    assert set(UNTOLD) <= set(await _state(world))


async def _state(world: World) -> State:
    """What is in each table that a service has of its own, as a number that changes with it."""
    found: dict[str, tuple[int, ...]] = {}
    for plan in BLUEPRINTS:
        async with world.database(plan.name).transaction() as tx:
            for table in sorted(set(plan.metadata.tables) - _chassis_tables()):
                found[f"{plan.name}.{table}"] = await _digest(tx, table)
    return found


async def _digest(tx: Transaction, table: str) -> tuple[int, ...]:
    row = await tx.row(
        f'select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) from "{table}" as t'
    )
    assert row is not None
    return tuple(int(value) for value in row)


async def _events(world: World) -> Mapping[str, int]:
    found = {}
    for plan in BLUEPRINTS:
        async with world.database(plan.name).transaction() as tx:
            row = await tx.row("select count(*) as events from outbox")
            assert row is not None
            found[plan.name] = int(row.events)
    return found


def _chassis_tables() -> set[str]:
    metadata = MetaData()
    add_chassis_tables(metadata)
    return set(metadata.tables)
