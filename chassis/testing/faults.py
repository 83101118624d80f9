"""Faults in the network, played by a small TCP proxy: replies lost or late, connections reset."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

READ_BYTES_MAX = 65536


@dataclass(slots=True)
class FaultyProxy:
    """Carries bytes between clients and one server; `loses_replies` swallows what comes back.

    `delay_seconds` passes before each piece that is carried, either way. While the server can't be
    reached, connections are taken and cut.
    """

    server_port: int
    port: int = 0
    loses_replies: bool = False
    delay_seconds: float = 0.0
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[FaultyProxy]:
        """Listens on a free port of loopback for as long as the block lasts."""
        listening = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = int(listening.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            listening.close()
            self.reset()

    def reset(self) -> None:
        """Cuts every connection, without a farewell."""
        for writer in list(self._connections):
            writer.transport.abort()

    async def _carry(
        self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter
    ) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(
                "127.0.0.1", self.server_port
            )
        except OSError:
            client_writer.transport.abort()
            return
        writers = {client_writer, server_writer}
        self._connections |= writers
        try:
            await asyncio.gather(
                self._copy(client_reader, server_writer, is_reply=False),
                self._copy(server_reader, client_writer, is_reply=True),
            )
        finally:
            self._connections -= writers
            for writer in writers:
                writer.close()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_reply: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(READ_BYTES_MAX):
                if is_reply and self.loses_replies:
                    continue
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                writer.write(data)
                await writer.drain()
            writer.close()
