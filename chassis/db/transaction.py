"""A transaction as repositories see it: statements in, rows out, no commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from chassis.db.pool import Connection

TRANSACTION_TIME = "hutong.now()"
"""The database's clock, which tests may shift; every expiry and lease is compared with it."""

if TYPE_CHECKING:

    class _Record:
        """The driver's record, which comes without types."""

        def __getitem__(self, column: int | str) -> Any: ...

        def __iter__(self) -> Iterator[Any]: ...

        def keys(self) -> Sequence[str]: ...

else:
    _Record = asyncpg.Record


class Row(_Record):
    """A row, with its columns by name: row.sku. It is a mapping, and unpacks like a tuple.

    Columns can't be named keys, values, items or get.
    """

    __slots__ = ()

    def __getattr__(self, column: str) -> Any:
        # A property is several times as fast as coming here each time. There are as many as there
        # are names of columns in the statements, which are constant.
        named = _column(column)
        value = named.__get__(self)
        setattr(Row, column, named)
        return value


def _column(name: str) -> property:
    def value(row: Row) -> Any:
        try:
            return row[name]
        except KeyError:
            raise AttributeError(f"the row has no column {name}") from None

    return property(value)


class Reading:
    """Where statements that only read are asked. They are PostgreSQL's own, with $1 for the first
    argument.

    Statements are prepared once per connection and their text must therefore be constant: values,
    also lists of them, are arguments.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def rows(self, statement: str, *arguments: object) -> Sequence[Row]:
        """All rows that the statement returns."""
        rows: Sequence[Row] = await self.connection.fetch(statement, *arguments)
        return rows

    async def row(self, statement: str, *arguments: object) -> Row | None:
        """The only row that the statement returns, or None."""
        rows = await self.rows(statement, *arguments)
        assert len(rows) <= 1, "one row at most"
        return rows[0] if rows else None


class Transaction(Reading):
    """One open transaction: all that its statements read is of one piece with what they write."""

    def __init__(self, connection: Connection, *, news: set[str] | None = None) -> None:
        super().__init__(connection)
        self.news: set[str] = set() if news is None else news
        """Whom the commit wakes in this process: topics that `Database.on_news` knows."""

    async def run(self, statement: str, *arguments: object) -> int:
        """How many rows the statement changed."""
        told: str = await self.connection.execute(statement, *arguments)
        count = told.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0


class OneReading(Reading):
    """One statement outside of a transaction, which costs two round trips less."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._is_used = False

    async def rows(self, statement: str, *arguments: object) -> Sequence[Row]:
        """All rows that the statement returns."""
        assert not self._is_used, "what several statements read may disagree: use a transaction"
        self._is_used = True
        return await super().rows(statement, *arguments)
