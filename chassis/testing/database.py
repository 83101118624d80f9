"""Databases for tests: migrated once per service as a template, then copied in milliseconds."""

from __future__ import annotations

import asyncio
import itertools
import os
from dataclasses import dataclass, field

import asyncpg

from chassis.app import Blueprint
from chassis.db.engine import CONNECT_SECONDS_MAX
from chassis.db.migrate import upgrade


@dataclass(slots=True)
class TestDatabases:
    """Fresh databases on one PostgreSQL server, whose superuser's address has no database in it."""

    __test__ = False

    server_url: str
    _templates: set[str] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _migrating: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fresh(self, blueprint: Blueprint) -> str:
        """The address of a new, migrated, empty database for this service."""
        template = f"template_{blueprint.name}_{os.getpid()}"
        async with self._migrating:
            if template not in self._templates:
                await self._execute(f"create database {template}")
                await upgrade(
                    self.url(template), migrations=blueprint.migrations, metadata=blueprint.metadata
                )
                self._templates.add(template)
        name = f"{blueprint.name}_{os.getpid()}_{next(self._numbers)}"
        await self._execute(f"create database {name} template {template} strategy file_copy")
        return self.url(name)

    async def drop(self, url: str) -> None:
        """Drops a database, whoever is still connected to it."""
        name = url.rpartition("/")[2]
        await self._execute(f"drop database if exists {name} with (force)")

    async def pass_time(self, url: str, *, seconds: float) -> None:
        """Lets the database's clock run ahead for every connection that is made from now on."""
        name = url.rpartition("/")[2]
        await self._execute(f"alter database {name} set hutong.clock_offset = '{seconds} seconds'")

    def url(self, database: str) -> str:
        """The address of one database on the server."""
        return f"{self.server_url}/{database}"

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"), timeout=CONNECT_SECONDS_MAX * 10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
