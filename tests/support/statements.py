"""What a use case sends to its database: batches promise that it does not grow with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg.connection import LoggedQuery

from chassis.db.engine import Database
from chassis.db.pool import Connection


@asynccontextmanager
async def statements_of(database: Database) -> AsyncIterator[list[str]]:
    """The statements that are sent meanwhile, begin and commit among them.

    The list is complete when the block has ended. The connections are made anew, so that each of
    them tells what it sends.
    """
    sent: list[str] = []
    connect = database.pool._connect

    def note(query: LoggedQuery) -> None:
        if "pg_catalog" not in query.query:
            sent.append(query.query)

    async def connected() -> Connection:
        connection = await connect()
        connection.add_query_logger(note)
        return connection

    await database.close()
    database.pool._connect = connected
    try:
        yield sent
    finally:
        # The driver tells of a statement a moment after its answer.
        await asyncio.sleep(0)
        database.pool._connect = connect
        await database.close()
