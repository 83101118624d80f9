"""An HTTP server inside a running event loop, started and stopped by whoever owns the process.

It takes no signals, reads no environment, and trusts no forwarding headers.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn

WAITING_CONNECTIONS_MAX = 512
IDLE_CONNECTION_SECONDS = 5
DRAIN_SECONDS = 5
STOP_SECONDS_MAX = 10.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An application as ASGI has it."""


class CannotListen(Exception):
    """The address can't be listened on. The text is one line for the person who chose it."""


class HttpPortInUse(CannotListen):
    """Another process, or this one, has the port."""


class HttpServer:
    """Serves one application on one address. Port 0 takes a free one."""

    def __init__(
        self, application: Application, *, host: str, port: int, connections_max: int
    ) -> None:
        self._host = host
        self._port = port
        self._server = _Server(
            uvicorn.Config(
                application,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=connections_max,
                backlog=WAITING_CONNECTIONS_MAX,
                timeout_keep_alive=IDLE_CONNECTION_SECONDS,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return self._port

    async def start(self) -> None:
        """Binds the address and serves; HttpPortInUse if it is taken, else CannotListen."""
        listening = _listening(self._host, self._port)
        self._port = int(listening.getsockname()[1])
        self._serving = asyncio.create_task(self._server.serve([listening]), name="http-server")
        started = asyncio.create_task(self._server.accepting.wait())
        await asyncio.wait({self._serving, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self._serving.done():
            self._serving.result()

    async def stop(self) -> None:
        """Takes no more requests and lets those in flight end, for at most STOP_SECONDS_MAX."""
        if self._serving is None:
            return
        self._server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._serving, STOP_SECONDS_MAX)


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers, and with a moment at which it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise HttpPortInUse(
                f"HTTP can't listen on {host}:{port}: the port is in use; "
                "set HUTONG_HTTP_PORT to another"
            ) from problem
        raise CannotListen(
            f"HTTP can't listen on {host}:{port}: {problem.strerror or problem}"
        ) from problem
    listening.setblocking(False)
    # An answer is written in two pieces; the second must not wait until the first is acknowledged.
    # Connections have this of who listens; uvloop would set it, asyncio leaves it at this socket.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
