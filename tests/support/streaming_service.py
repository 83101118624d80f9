"""A simulator of a service whose streams do what a test says, and that knows how many are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc

from chassis.kernel.errors import HutongError
from chassis.rpc.status import STATUS_DETAILS_KEY, code_of, to_status

Script = Callable[[bytes], AsyncIterator[bytes]]
"""Makes the messages of a stream from its request; a HutongError ends it with its status."""


class StreamingService:
    """Answers every method of one service with the streams of a script."""

    def __init__(self) -> None:
        self.script: Script = _silence
        self.open = 0
        self.told = 0
        self.address = ""
        self._changed = asyncio.Condition()
        self._server = grpc.aio.server(handlers=(_Handler(self),))

    async def start(self) -> None:
        """Serves on a free port."""
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"
        await self._server.start()

    async def until_open(self, streams: int) -> None:
        """Returns once exactly so many streams are open."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: self.open == streams)

    async def stop(self) -> None:
        """Ends all streams."""
        await self._server.stop(None)

    async def answer(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        """One stream, as the script has it."""
        await self._count(1)
        try:
            async for message in self.script(request):
                yield message
                self.told += 1
        except HutongError as error:
            status = to_status(error)
            details = ((STATUS_DETAILS_KEY, status.SerializeToString()),)
            await context.abort(code_of(error), status.message, details)
        finally:
            await asyncio.shield(self._count(-1))

    async def _count(self, change: int) -> None:
        async with self._changed:
            self.open += change
            self._changed.notify_all()


async def _silence(_: bytes) -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, service: StreamingService) -> None:
        self._service = service

    def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        return grpc.unary_stream_rpc_method_handler(self._service.answer)
