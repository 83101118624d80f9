"""A service's database: its connections, and what a broken one means to callers."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from chassis.db.pool import Connection, Pool
from chassis.db.transaction import OneReading, Reading, Row, Transaction
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
    """One service's database. Nothing is connected before the first statement."""

    def __init__(self, url: str, *, name: str, metrics: Metrics, connections_max: int = 8) -> None:
        self.name = name
        self._listeners: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)
        self.pool = Pool(
            lambda: _connected(url, name),
            connections_max=connections_max,
            wait_seconds_max=POOL_WAIT_SECONDS_MAX,
        )
        self._committed, self._failed, self._read = (
            metrics.sql_seconds.labels(name, outcome) for outcome in ("committed", "failed", "read")
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction that commits when the block ends, and rolls back if it raises.

        Raises Conflict after a deadlock or a serialisation failure and Unavailable when the
        database can't be reached or went away; after Unavailable the commit may have happened.
        Text that no database can hold, with NUL in it, is InvalidInput.
        """
        begun = time.perf_counter()
        ended = self._failed
        try:
            with _as_kernel_errors():
                connection = await self.pool.take()
                try:
                    await connection.execute("begin")
                    tx = Transaction(connection)
                    yield tx
                    if await connection.execute("commit") != "COMMIT":
                        raise RuntimeError("a statement failed, and its transaction went on")
                except Exception as error:
                    await self._roll_back(connection)
                    _raise_if_lost(connection, error)
                    raise
                except BaseException:
                    # It was cut off, perhaps within a statement that waits for a lock.
                    self.pool.give_up(connection)
                    raise
                self.pool.give_back(connection)
            ended = self._committed
            for topic in tx.news:
                for wake in self._listeners[topic]:
                    wake()
        finally:
            ended.observe(time.perf_counter() - begun)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """One statement that only reads, outside of a transaction; raises what transactions raise.

        What several statements read may disagree: they need a transaction.
        """
        begun = time.perf_counter()
        ended = self._failed
        try:
            with _as_kernel_errors():
                connection = await self.pool.take()
                try:
                    yield OneReading(connection)
                except Exception as error:
                    self.pool.give_back(connection)
                    _raise_if_lost(connection, error)
                    raise
                except BaseException:
                    self.pool.give_up(connection)
                    raise
                self.pool.give_back(connection)
            ended = self._read
        finally:
            ended.observe(time.perf_counter() - begun)

    def on_news(self, topic: str, wake: Callable[[], None]) -> None:
        """Has `wake` called after each commit of this process that has news on the topic."""
        self._listeners[topic].append(wake)

    async def close(self) -> None:
        """Closes all connections."""
        await self.pool.close()

    async def _roll_back(self, connection: Connection) -> None:
        """Gives the connection back after what was begun on it is undone; the server does that
        itself for one that is lost.
        """
        try:
            if not connection.is_closed():
                await connection.execute("rollback")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self.pool.give_up(connection)
        except BaseException:
            self.pool.give_up(connection)
            raise
        else:
            self.pool.give_back(connection)


async def _connected(url: str, name: str) -> Connection:
    address = make_url(driver_url(url))
    _, arguments = address.get_dialect()().create_connect_args(address)
    connection: Connection = await asyncpg.connect(
        **arguments,
        timeout=CONNECT_SECONDS_MAX,
        record_class=Row,
        max_cached_statement_lifetime=0,
        server_settings={
            "search_path": SCHEMA,
            "application_name": f"hutong-{name}",
            # Statements are planned while tables are new and small, and run when they are large.
            "enable_seqscan": "off",
            "statement_timeout": _milliseconds(STATEMENT_SECONDS_MAX),
            "client_connection_check_interval": _milliseconds(CLIENT_GONE_SECONDS_MAX),
            "idle_in_transaction_session_timeout": _milliseconds(IDLE_IN_TRANSACTION_SECONDS_MAX),
        },
    )
    try:
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(
                kind, schema="pg_catalog", encoder=_as_it_is, decoder=json.loads
            )
    except BaseException:
        connection.terminate()
        raise
    return connection


def _as_it_is(text: Any) -> Any:
    """Repositories write JSON themselves, so that one text is stored and hashed."""
    return text


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


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
    except asyncpg.PostgresError as error:
        state = error.sqlstate or ""
        if state in _CONFLICT_STATES:
            raise Conflict from error
        if state in _TEXT_STATES:
            raise InvalidInput from error
        if not state or state in _LOST_STATES or state.startswith(_LOST_CLASS):
            raise Unavailable(part="the database") from error
        raise
    except OSError as error:
        raise Unavailable(part="the database") from error


def _raise_if_lost(connection: Connection, error: Exception) -> None:
    """Unavailable if the driver only says that it was used wrongly, because it has no connection
    any more.
    """
    if isinstance(error, asyncpg.InterfaceError) and connection.is_closed():
        raise Unavailable(part="the database") from error
