"""The open connections of one database: few, each one user's at a time, replaced when lost.

It is no more than a list and a queue, because every statement passes through it. A statement costs
the driver some 50 us; the driver's own pool adds as much again by a task and a proxy that nobody
needs here, and SQLAlchemy's engine and connection some 200.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias

import asyncpg

CLOSE_SECONDS_MAX = 2.0

Connection: TypeAlias = asyncpg.Connection
Connect = Callable[[], Awaitable[Connection]]


class Pool:
    """At most so many connections, made when they are needed, on one event loop.

    Whoever takes one gives it back in no transaction, or gives it up if its state is not known.
    """

    def __init__(self, connect: Connect, *, connections_max: int, wait_seconds_max: float) -> None:
        self._connect = connect
        self._connections_max = connections_max
        self._wait_seconds_max = wait_seconds_max
        self._idle: list[Connection] = []
        self._taken: set[Connection] = set()
        self._stale: set[Connection] = set()
        self._users = 0
        """Who has a connection, waits for one to be made, or was promised one."""
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    async def take(self) -> Connection:
        """A connection that is nobody else's, in the order of asking.

        TimeoutError if none is given back in time; what the driver raises if none can be made.
        """
        connection = None
        if self._users < self._connections_max:
            self._users += 1
        else:
            connection = await self._given_back()
        if connection is None:
            connection = self._newest_idle() or await self._made()
        self._taken.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Lets the next one have it."""
        if connection.is_closed() or connection in self._stale:
            self.give_up(connection)
            return
        self._taken.discard(connection)
        self._hand_on(connection)

    def give_up(self, connection: Connection) -> None:
        """Cuts it, and so ends what the server does on it; another may take its place."""
        self._taken.discard(connection)
        self._stale.discard(connection)
        connection.terminate()
        self._hand_on(None)

    async def close(self) -> None:
        """Closes all that are idle now, and the others as they are given back.

        The pool stays usable: whoever takes a connection afterwards gets a new one.
        """
        idle, self._idle = self._idle, []
        self._stale |= self._taken
        await asyncio.gather(*map(_close, idle))

    def _newest_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            connection.terminate()
        return None

    async def _made(self) -> Connection:
        try:
            return await self._connect()
        except BaseException:
            self._hand_on(None)
            raise

    async def _given_back(self) -> Connection | None:
        """The connection that somebody gives back, or None if one was given up."""
        waiting: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self._wait_seconds_max):
                return await waiting
        except BaseException:
            if waiting.done() and not waiting.cancelled():
                # It came in the very moment that its taker had waited enough.
                self._hand_on(waiting.result())
            raise

    def _hand_on(self, connection: Connection | None) -> None:
        """Gives a connection, or the right to one, to who waits longest, or keeps it."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(connection)
                return
        self._users -= 1
        if connection is not None:
            self._idle.append(connection)


async def _close(connection: Connection) -> None:
    """Says good-bye to the server; cuts the connection if that takes long or fails."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await connection.close(timeout=CLOSE_SECONDS_MAX)
