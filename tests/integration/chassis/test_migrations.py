"""Migrations: they make what the code expects, once, whoever runs them."""

from __future__ import annotations

import asyncio

import pytest

from allinone.topology import BLUEPRINTS
from chassis.app import Blueprint
from chassis.db.engine import Database
from chassis.db.migrate import drift, upgrade
from chassis.telemetry import Metrics
from tests.support.world import Worlds

_EVERYTHING = """
select string_agg(format('%s.%s.%s %s %s', table_schema, table_name, column_name, data_type,
                         column_default), E'\n' order by table_schema, table_name, column_name)
       as columns,
       (select string_agg(version_num, ' ' order by version_num) from alembic_version) as versions,
       (select string_agg(pg_get_constraintdef(oid), E'\n' order by conname)
          from pg_constraint) as constraints
  from information_schema.columns
 where table_schema not in ('pg_catalog', 'information_schema')
"""


async def _schema(url: str) -> tuple[str, ...]:
    database = Database(url, name="x", metrics=Metrics())
    async with database.transaction() as tx:
        row = await tx.row(_EVERYTHING)
    await database.close()
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize("plan", BLUEPRINTS, ids=lambda plan: plan.name)
async def test_the_tables_in_the_code_are_those_of_the_migrations(
    worlds: Worlds, plan: Blueprint
) -> None:
    url = await worlds.databases.fresh(plan)
    assert await drift(url, metadata=plan.metadata) == []
    await worlds.databases.drop(url)


@pytest.mark.parametrize("plan", BLUEPRINTS, ids=lambda plan: plan.name)
async def test_migrating_again_and_by_two_at_once_changes_nothing(
    worlds: Worlds, plan: Blueprint
) -> None:
    url = await worlds.databases.fresh(plan)
    before = await _schema(url)
    await asyncio.gather(
        *(upgrade(url, migrations=plan.migrations, metadata=plan.metadata) for _ in range(2))
    )
    assert await _schema(url) == before
    assert before[1]
    await worlds.databases.drop(url)


async def test_a_table_that_the_code_does_not_know_is_found(worlds: Worlds) -> None:
    plan = BLUEPRINTS[0]
    url = await worlds.databases.fresh(plan)
    database = Database(url, name="x", metrics=Metrics())
    async with database.transaction() as tx:
        await tx.run("alter table outbox add column surprise text")
    await database.close()
    assert any("surprise" in difference for difference in await drift(url, metadata=plan.metadata))
    await worlds.databases.drop(url)
