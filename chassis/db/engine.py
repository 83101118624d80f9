"""A service's connection pool, and what a broken one means to callers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.db.transaction import Transaction
from chassis.kernel.errors import Conflict, InvalidInput, Unavailable
from chassis.telemetry import Metrics

SCHEMA = "public"
"""Where a service's tables are, whatever the role that it connects as."""

CONNECT_SECONDS_MAX = 1.5
POOL_WAIT_SECONDS_MAX = 2.0
STATEMENT_SECONDS_MAX = 5.0
IDLE_IN_TRANSACTION_SECONDS_MAX = 10.0

CLIENT_GONE_SECONDS_MAX = 0.5
"""A call that was cut off by its deadline leaves its session: how long that may wait for a lock."""

_CONFLICT_STATES = frozenset({"40001", "40P01", "55P03"})
_LOST_STATES = frozenset({"57P01", "57P02", "57P03", "57014", "53300", "25P03"})
_LOST_CLASS = "08"
_TEXT_STATES = frozenset({"22021", "22P05"})


class Database:
    """One service's database. Nothing is connected before the first transaction."""

    def __init__(self, url: str, *, name: str, metrics: Metrics, connections_max: int = 8) -> None:
        self.name = name
        self._metrics = metrics
        self._engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=connections_max,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS_MAX,
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_SECONDS_MAX,
                "server_settings": {
                    "search_path": SCHEMA,
                    "application_name": f"hutong-{name}",
                    "statement_timeout": str(int(STATEMENT_SECONDS_MAX * 1000)),
                    "client_connection_check_interval": str(int(CLIENT_GONE_SECONDS_MAX * 1000)),
                    "idle_in_transaction_session_timeout": str(
                        int(IDLE_IN_TRANSACTION_SECONDS_MAX * 1000)
                    ),
                },
            },
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction that commits when the block ends, and rolls back if it raises.

        Raises Conflict after a deadlock or a serialisation failure and Unavailable when the
        database can't be reached or went away; after Unavailable the commit may have happened.
        Text that no database can hold, with NUL in it, is InvalidInput.
        """
        begun = time.perf_counter()
        outcome = "failed"
        try:
            with _as_kernel_errors():
                async with self._engine.begin() as connection:
                    yield Transaction(connection)
            outcome = "committed"
        finally:
            self._metrics.sql_seconds.labels(self.name, outcome).observe(
                time.perf_counter() - begun
            )

    async def close(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()


def driver_url(url: str) -> str:
    """The address with the driver's name in it, whatever usual form it came in."""
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.startswith("postgres"):
        raise ValueError("a database address starts with postgresql://")
    return f"postgresql+asyncpg://{rest}"


@contextmanager
def _as_kernel_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if state in _CONFLICT_STATES:
            raise Conflict from error
        if state in _TEXT_STATES:
            raise InvalidInput from error
        if (
            error.connection_invalidated
            or not state
            or state in _LOST_STATES
            or state.startswith(_LOST_CLASS)
        ):
            raise Unavailable(part="the database") from error
        raise
    except (PoolTimeout, OSError) as error:
        raise Unavailable(part="the database") from error
