"""Migrations: one environment for all services, the chassis' own revisions before theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.db.engine import CONNECT_SECONDS_MAX, SCHEMA, driver_url

_ALEMBIC = Path(__file__).parent / "alembic"
_ONE_MIGRATION_AT_A_TIME = 7_205_759_403
"""The advisory lock that two processes which migrate one database queue for."""


async def upgrade(url: str, *, migrations: Path, metadata: MetaData) -> None:
    """Brings a service's database to the newest revision of the chassis and of the service."""
    await _with_connection(url, lambda connection: _upgrade(connection, migrations, metadata))


async def drift(url: str, *, metadata: MetaData) -> list[str]:
    """What the migrated database and the tables in the code disagree on; empty when nothing."""
    found: list[str] = []
    await _with_connection(url, lambda connection: found.extend(_drift(connection, metadata)))
    return found


def known_revisions(migrations: Path) -> frozenset[str]:
    """The revisions of the chassis and of a service that this code can bring to the newest."""
    scripts = ScriptDirectory.from_config(_scripts(migrations))
    return frozenset(script.revision for script in scripts.walk_revisions())


def configuration(connection: Connection, migrations: Path, metadata: MetaData) -> Config:
    """Alembic's configuration for one service, with its connection."""
    config = _scripts(migrations)
    config.attributes["connection"] = connection
    config.attributes["target_metadata"] = metadata
    return config


def _scripts(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ALEMBIC))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{_ALEMBIC / 'versions'}\n{migrations}")
    return config


def _upgrade(connection: Connection, migrations: Path, metadata: MetaData) -> None:
    connection.exec_driver_sql(f"select pg_advisory_xact_lock({_ONE_MIGRATION_AT_A_TIME})")
    command.upgrade(configuration(connection, migrations, metadata), "heads")


def _drift(connection: Connection, metadata: MetaData) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(difference) for difference in compare_metadata(context, metadata)]


async def _with_connection(url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(
        driver_url(url),
        poolclass=NullPool,
        connect_args={
            "timeout": CONNECT_SECONDS_MAX,
            "server_settings": {"search_path": SCHEMA},
        },
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()
