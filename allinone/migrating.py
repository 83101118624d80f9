"""Brings the services' databases to the newest schema."""

from __future__ import annotations

from collections.abc import Mapping

from asyncpg import PostgresError
from sqlalchemy.exc import SQLAlchemyError

from allinone.embedded import EmbeddedError
from allinone.topology import BLUEPRINTS, DATABASE_URLS_SETTING
from chassis.db.migrate import upgrade


class DatabaseUnusable(EmbeddedError):
    """A service's database can't be reached, or can't be brought to its schema."""

    def __init__(self, service: str, problem: Exception) -> None:
        setting = DATABASE_URLS_SETTING.format(service=service.upper())
        super().__init__(f"the database of {service} can't be used ({problem}): check {setting}")


async def migrate(urls: Mapping[str, str]) -> None:
    """Migrates the databases at these addresses, by service; DatabaseUnusable.

    Several may do it at once: those who migrate one database queue for it.
    """
    for service, url in urls.items():
        plan = BLUEPRINTS.of(service)
        try:
            await upgrade(url, migrations=plan.migrations, metadata=plan.metadata)
        except (OSError, SQLAlchemyError, PostgresError, ValueError) as problem:
            raise DatabaseUnusable(service, problem) from problem
