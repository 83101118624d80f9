"""Each planted defect is found by the check that is there for it, and each check has a defect."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from redis.asyncio import Redis
from sqlalchemy import MetaData

from allinone import verify
from allinone.embedded import EmbeddedPostgres, EmbeddedValkey
from allinone.topology import BLUEPRINTS
from chassis.app import Blueprint
from services.orders.main import build as build_orders
from tests.simulation import checks
from tests.simulation.asking import Callers, Ways
from tests.simulation.deeds import open_chains
from tests.simulation.edges import watch_edges
from tests.simulation.events import SERVICE, Witness
from tests.simulation.mutants.chain import CHAIN_MUTANTS
from tests.simulation.mutants.events import EVENT_MUTANTS
from tests.simulation.mutants.money import MONEY_MUTANTS
from tests.simulation.mutants.orders import ORDER_MUTANTS
from tests.simulation.mutants.stage import Checkpoints, Mutant, Stage
from tests.simulation.mutants.stock import STOCK_MUTANTS
from tests.simulation.mutants.uploads import UPLOAD_MUTANTS
from tests.simulation.record import Record
from tests.support.shop import Shop
from tests.support.world import Worlds

LEASE_SECONDS = "1.0"
ROWS_MAX = 10_000
MUTANTS = (
    *STOCK_MUTANTS,
    *MONEY_MUTANTS,
    *ORDER_MUTANTS,
    *UPLOAD_MUTANTS,
    *EVENT_MUTANTS,
    *CHAIN_MUTANTS,
)

_VIEWS = """
select table_name from information_schema.views
 where table_schema = 'verify' and table_name like 'broken\\_%'
"""


@pytest.fixture(scope="module")
async def stage(
    worlds: Worlds,
    embedded: tuple[EmbeddedPostgres, EmbeddedValkey],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Stage]:
    """One platform for all mutants: what each leaves behind is known to the next."""
    checkpoints = Checkpoints()
    blueprints = [
        replace(plan, build=partial(build_orders, checkpoint=checkpoints))
        if plan.name == "orders"
        else plan
        for plan in BLUEPRINTS
    ]
    os.environ["HUTONG_ORDERS_LEASE_SECONDS"] = LEASE_SECONDS
    world = await worlds.start(blueprints)
    del os.environ["HUTONG_ORDERS_LEASE_SECONDS"]
    world.start_workers()
    address = await world.start_http()
    ways = Ways(
        grpc_port=int(world.address.rpartition(":")[2]),
        http_port=int(address.rpartition(":")[2]),
        token=world.token,
    )
    await open_chains(ways)
    await watch_edges(world.urls)
    no_migrations = tmp_path_factory.mktemp("no-migrations")
    plan = Blueprint(SERVICE, BLUEPRINTS[0].build, MetaData(), no_migrations)
    url = await worlds.databases.fresh(plan)
    witness = Witness(url, Redis.from_url(embedded[1].url))
    await witness.start(folder=no_migrations)
    shop = Shop(world.client)
    await shop.open()
    await shop.open("stores/sh02")
    yield Stage(world, shop, Callers(ways, Record(), seed=1), witness, checkpoints)
    await witness.stop()
    await witness.redis.aclose()
    await ways.close()
    await world.close()
    await worlds.databases.drop(url)


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
async def test_a_planted_defect_is_found(
    mutant: Mutant, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "ROWS_SHOWN_MAX", ROWS_MAX)
    monkeypatch.setattr(checks, "ROWS_SHOWN_MAX", ROWS_MAX)
    for service, table, constraint in mutant.drops:
        await stage.rows(
            service, f"alter table public.{table} drop constraint if exists {constraint} cascade"
        )
    mutant.plant(monkeypatch)
    words = await mutant.play(stage)
    found = await stage.found(mutant.rules)
    for rule in mutant.rules:
        assert any(one.rule == rule and any(word in one.row for word in words) for one in found), (
            f"{rule} with one of {words} is not in {sorted(map(str, found))}"
        )


async def test_every_check_has_a_defect_that_it_finds(stage: Stage) -> None:
    views = {row[0] for name in stage.world.urls for row in await stage.rows(name, _VIEWS)}
    all_rules = views | set(verify.RULES) | set(checks.RULES)
    found = {rule.rpartition(".")[2] for mutant in MUTANTS for rule in mutant.rules}
    assert all_rules - found == set(), "these have no mutant in tests/simulation/mutants"
    assert found - all_rules == set(), "these are no rules"
