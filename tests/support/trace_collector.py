"""A collector of traces over real HTTP: keeps the spans that it is sent."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

ARRIVAL_SECONDS_MAX = 30.0


@dataclass(slots=True)
class TraceCollector:
    """Takes OTLP over HTTP; `exports` counts the batches that came."""

    spans: list[Span] = field(default_factory=list)
    processes: set[str] = field(default_factory=set)
    exports: int = 0
    _server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listens; the address to send traces to."""
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1/traces"

    async def stop(self) -> None:
        """Does not listen any more."""
        if self._server is not None:
            self._server.close()

    def names(self, trace_id: str) -> list[str]:
        """The names of a trace's spans."""
        return [span.name for span in self.spans if span.trace_id.hex() == trace_id]

    async def has(self, trace_id: str, *names: str) -> None:
        """Waits until a trace has spans of these names."""
        async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
            while not {*names} <= {*self.names(trace_id)}:
                await asyncio.sleep(0.05)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode().lower():
                headers = dict(line.split(": ", 1) for line in head.splitlines()[1:-1])
                body = await reader.readexactly(int(headers["content-length"]))
                if headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                self._keep(ExportTraceServiceRequest.FromString(body))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        writer.close()

    def _keep(self, request: ExportTraceServiceRequest) -> None:
        self.exports += 1
        for part in request.resource_spans:
            for attribute in part.resource.attributes:
                if attribute.key == "service.name":
                    self.processes.add(attribute.value.string_value)
            for scope in part.scope_spans:
                self.spans.extend(scope.spans)
