"""A transaction as repositories see it: statements in, rows out, no commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

TRANSACTION_TIME = "hutong.now()"
"""The database's clock, which tests may shift; every expiry and lease is compared with it."""


class Transaction:
    """One open transaction. Statements are PostgreSQL's own, with $1 for the first argument.

    Statements are prepared once per connection and their text must therefore be constant: values,
    also lists of them, are arguments.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def rows(self, statement: str, *arguments: object) -> Sequence[Row[Any]]:
        """All rows that the statement returns."""
        result = await self.connection.exec_driver_sql(statement, arguments)
        return result.fetchall()

    async def row(self, statement: str, *arguments: object) -> Row[Any] | None:
        """The only row that the statement returns, or None."""
        result = await self.connection.exec_driver_sql(statement, arguments)
        return result.one_or_none()

    async def run(self, statement: str, *arguments: object) -> int:
        """How many rows the statement changed."""
        result = await self.connection.exec_driver_sql(statement, arguments)
        return result.rowcount
