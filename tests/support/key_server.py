"""A key server over real HTTP that can be told to answer well, badly, slowly or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

SLOW_SECONDS = 0.2


@dataclass(slots=True)
class KeyServer:
    """Answers `documents` by path. `status`, `head`, `flood` and `drips` spoil its answers."""

    documents: dict[str, Any] = field(default_factory=dict)
    status: str = "200 OK"
    head: Sequence[str] = ()
    flood: bool = False
    drips: bool = False
    asked: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _port: int = 0

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listens, on the same port as before if it has listened before."""
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Does not answer any more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ")[1].decode()
            self.asked.append(path)
            head = "".join(f"{line}\r\n" for line in self.head)
            writer.write(f"HTTP/1.1 {self.status}\r\nconnection: close\r\n{head}\r\n".encode())
            await self._write_body(path, writer)
        writer.close()

    async def _write_body(self, path: str, writer: asyncio.StreamWriter) -> None:
        if self.flood:
            while not writer.is_closing():
                writer.write(b" " * 65536)
                await writer.drain()
        elif self.drips:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(SLOW_SECONDS)
        else:
            document = self.documents.get(path, {})
            text = document if isinstance(document, str) else json.dumps(document)
            writer.write(text.encode())
            await writer.drain()
