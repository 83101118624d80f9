"""What a broken database means to a caller, and that the pool gets over it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from asyncpg import DataError, PostgresError

from chassis.db import engine
from chassis.db.engine import SCHEMA, Database, driver_url
from chassis.db.transaction import TRANSACTION_TIME
from chassis.kernel.errors import Conflict, HutongError, InvalidInput, Unavailable
from tests.support.statements import statements_of
from tests.support.world import World


async def _effects(database: Database) -> list[str]:
    async with database.transaction() as tx:
        return [row.what for row in await tx.rows("select what from effect order by what")]


async def test_a_block_that_ends_is_committed_and_one_that_raises_is_not(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        assert await tx.run("insert into effect values ('kept')") == 1
    with pytest.raises(ZeroDivisionError):
        await _raise_after_an_effect(database)
    assert await _effects(database) == ["kept"]


async def _raise_after_an_effect(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run("insert into effect values ('lost')")
        raise ZeroDivisionError


async def test_one_of_two_that_wait_for_each_other_gets_a_conflict(database: Database) -> None:
    both_hold = asyncio.Barrier(2)

    async def take(first: int, second: int) -> None:
        async with database.transaction() as tx:
            await tx.rows("select pg_advisory_xact_lock($1)", first)
            await both_hold.wait()
            await tx.rows("select pg_advisory_xact_lock($1)", second)
            await tx.run("insert into effect values ('done')")

    ended = await asyncio.gather(take(1, 2), take(2, 1), return_exceptions=True)
    assert [type(end) for end in ended if end is not None] == [Conflict]
    assert await _effects(database) == ["done"]


async def test_a_serialisation_failure_is_a_conflict(database: Database) -> None:
    both_read = asyncio.Barrier(2)

    async def count_and_add() -> None:
        async with database.transaction() as tx:
            await tx.run("set transaction isolation level serializable")
            await tx.rows("select count(*) from effect")
            await both_read.wait()
            await tx.run("insert into effect values ('done')")

    ended = await asyncio.gather(count_and_add(), count_and_add(), return_exceptions=True)
    assert [type(end) for end in ended if end is not None] == [Conflict]
    assert await _effects(database) == ["done"]


async def test_lost_connections_are_unavailable_and_the_pool_recovers(
    world: World, database: Database
) -> None:
    async def rest() -> None:
        async with database.transaction() as tx:
            await tx.run("insert into effect values ('lost')")
            await tx.rows("select pg_sleep(30)")

    resting = [asyncio.create_task(rest()) for _ in range(4)]
    killer = Database(world.urls["floor"], name="killer", metrics=world.metrics)
    killed = 0
    async with asyncio.timeout(10):
        while killed < 4:
            async with killer.transaction() as tx:
                rows = await tx.rows(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and query like '%pg_sleep%'"
                    " and pid <> pg_backend_pid() and state = 'active'"
                )
            killed += len(rows)
            await asyncio.sleep(0.02)
    ended = await asyncio.gather(*resting, return_exceptions=True)
    assert [type(end) for end in ended] == [Unavailable] * 4
    await asyncio.gather(*(_effects(database) for _ in range(12)))
    assert await _effects(database) == []
    await killer.close()


async def test_idle_connections_that_were_lost_cost_a_call_at_most(
    world: World, database: Database
) -> None:
    small = Database(world.urls["floor"], name="small", metrics=world.metrics, connections_max=8)
    await asyncio.gather(*(_effects(small) for _ in range(8)))
    # A connection is told to end and goes on for a moment, in which it may answer once more.
    async with asyncio.timeout(10):
        while await _told_to_end(database, "hutong-small"):
            await asyncio.sleep(0.02)
    ended = await asyncio.gather(*(_effects(small) for _ in range(8)), return_exceptions=True)
    assert [end for end in ended if end != [] and not isinstance(end, Unavailable)] == []
    assert await asyncio.gather(*(_effects(small) for _ in range(16))) == [[]] * 16
    await small.close()


async def _told_to_end(database: Database, application: str) -> int:
    """How many connections of an application there still were."""
    async with database.transaction() as tx:
        rows = await tx.rows(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
            application,
        )
    return len(rows)


async def test_callers_beyond_the_pool_are_told_unavailable_and_not_kept_waiting(
    world: World,
) -> None:
    small = Database(world.urls["floor"], name="small", metrics=world.metrics, connections_max=1)
    async with small.transaction(), asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await _effects(small)
    assert await _effects(small) == []
    await small.close()


async def test_those_who_wait_for_a_connection_get_theirs_in_the_order_of_coming(
    world: World,
) -> None:
    small = Database(world.urls["floor"], name="small", metrics=world.metrics, connections_max=2)
    served: list[int] = []

    async def serve(number: int) -> None:
        async with small.transaction() as tx:
            await tx.row("select pg_sleep(0.01)")
            served.append(number)
            rows = await tx.rows(
                "select pid from pg_stat_activity where application_name = 'hutong-small'"
            )
            assert len(rows) <= 2

    await asyncio.gather(*(serve(number) for number in range(20)))
    assert [number // 2 for number in served] == [number // 2 for number in range(20)]
    await small.close()


async def test_who_stops_waiting_for_a_connection_loses_none(world: World) -> None:
    small = Database(world.urls["floor"], name="small", metrics=world.metrics, connections_max=1)
    for pause_us in range(0, 1_000, 100):
        async with small.transaction() as tx:
            impatient = [asyncio.create_task(_effects(small)) for _ in range(3)]
            await tx.row("select 1")
        await asyncio.sleep(pause_us / 1_000_000)
        for task in impatient:
            task.cancel()
        await asyncio.gather(*impatient, return_exceptions=True)
        async with asyncio.timeout(1):
            assert await _effects(small) == []
    await small.close()


async def test_a_closed_pool_closes_what_comes_back_and_serves_on(world: World) -> None:
    small = Database(world.urls["floor"], name="small", metrics=world.metrics, connections_max=1)
    pid = "select pg_backend_pid() as pid"
    async with small.transaction() as tx:
        first = await tx.row(pid)
        await small.close()
        assert await tx.row(pid) == first
    async with small.reading() as reading:
        assert await reading.row(pid) != first
    await small.close()


async def test_a_row_has_its_columns_by_name_and_by_place(database: Database) -> None:
    async with database.reading() as reading:
        row = await reading.row("select 1 as one, 'b' as two")
    assert row is not None
    for _ in range(2):
        one, two = row
        assert (one, two, row.one, row[1], dict(row)) == (1, "b", 1, "b", {"one": 1, "two": "b"})
        with pytest.raises(AttributeError, match="three"):
            _ = row.three
    async with database.reading() as reading:
        other = await reading.row("select 3 as three")
    assert other is not None
    assert other.three == 3
    with pytest.raises(AttributeError, match="three"):
        _ = row.three


async def test_a_single_statement_needs_no_transaction(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.run("insert into effect values ('seen')")
    async with statements_of(database) as sent, database.reading() as reading:
        row = await reading.row("select what from effect")
    assert row is not None
    assert row.what == "seen"
    assert sent == ["select what from effect"]


async def test_what_may_disagree_is_not_read_without_a_transaction(database: Database) -> None:
    async with database.reading() as reading:
        await reading.rows("select 1")
        with pytest.raises(AssertionError):
            await reading.rows("select 2")


async def test_a_reading_fails_as_a_transaction_does(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput):
        await _read(database, "select $1::text", "\x00")
    down = Database("postgresql://nobody@127.0.0.1:1/x", name="down", metrics=world.metrics)
    with pytest.raises(Unavailable):
        await _read(down, "select 1")
    monkeypatch.setattr(engine, "STATEMENT_SECONDS_MAX", 0.5)
    hasty = Database(world.urls["floor"], name="hasty", metrics=world.metrics)
    with pytest.raises(Unavailable):
        await _read(hasty, "select pg_sleep(60)")
    await hasty.close()


async def _read(database: Database, statement: str, *arguments: object) -> None:
    async with database.reading() as reading:
        await reading.rows(statement, *arguments)


async def test_a_transaction_that_hides_a_failed_statement_is_not_taken_for_committed(
    database: Database,
) -> None:
    async def hide_a_failure() -> None:
        async with database.transaction() as tx:
            await tx.run("insert into effect values ('lost')")
            with suppress(PostgresError):
                await tx.rows("select * from nothing")

    with pytest.raises(RuntimeError):
        await hide_a_failure()
    assert await _effects(database) == []


@pytest.mark.parametrize(
    ("statement", "argument"),
    [("select $1::text", "a\x00b"), ("select ($1::text)::jsonb", '{"a": "\\u0000"}')],
)
async def test_text_with_nul_is_bad_input(
    database: Database, statement: str, argument: str
) -> None:
    with pytest.raises(InvalidInput):
        await _select(database, statement, argument)


@pytest.mark.parametrize(
    ("statement", "argument"),
    [("select $1::int", 2**40), ("select $1::int", "one"), ("select * from nothing", None)],
)
async def test_our_own_mistakes_do_not_look_like_a_database_that_is_down(
    database: Database, statement: str, argument: object
) -> None:
    with pytest.raises((DataError, PostgresError)):
        await _select(database, statement, *(() if argument is None else (argument,)))


async def _select(database: Database, statement: str, *arguments: object) -> None:
    async with database.transaction() as tx:
        await tx.rows(statement, *arguments)


async def test_a_cancelled_call_gives_its_connection_back(database: Database) -> None:
    for _ in range(3):
        sleeping = [asyncio.create_task(_select(database, "select pg_sleep(30)")) for _ in range(8)]
        await asyncio.sleep(0.1)
        for task in sleeping:
            task.cancel()
        await asyncio.gather(*sleeping, return_exceptions=True)
    assert await asyncio.gather(*(_effects(database) for _ in range(16))) == [[]] * 16


async def test_the_databases_clock_can_run_ahead(world: World, database: Database) -> None:
    async def ahead() -> float:
        async with database.transaction() as tx:
            row = await tx.row(
                f"select extract(epoch from {TRANSACTION_TIME} - now())::float8 as seconds"
            )
        assert row is not None
        return float(row.seconds)

    assert await ahead() == 0
    await world.pass_time("floor", 3600)
    assert await ahead() == 3600
    await world.pass_time("floor", 0)
    assert await ahead() == 0


async def test_what_is_committed_is_on_the_disk_and_found_in_one_schema(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        rows = await tx.rows(
            "select name, setting from pg_settings where name = any($1::text[])",
            ["fsync", "full_page_writes", "synchronous_commit", "search_path"],
        )
    assert {row.name: row.setting for row in rows} == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "search_path": SCHEMA,
    }


@pytest.mark.parametrize("url", ["postgresql://h/x", "postgres://h/x", "postgresql+asyncpg://h/x"])
def test_an_address_may_come_in_any_usual_form(url: str) -> None:
    assert driver_url(url) == "postgresql+asyncpg://h/x"


@pytest.mark.parametrize("url", ["mysql://h/x", "h/x", ""])
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="postgresql://"):
        driver_url(url)


async def test_every_transaction_is_timed_by_how_it_ended(world: World, database: Database) -> None:
    with pytest.raises(HutongError):
        await _select(database, "select $1::text", "\x00")
    async with database.reading() as reading:
        await reading.rows("select 1")
    text = world.metrics.exposition().decode()
    for outcome in ("committed", "failed", "read"):
        assert (
            f'hutong_sql_transaction_seconds_count{{database="floor",outcome="{outcome}"}}' in text
        )
