"""A simulator of a service that never answers, and that knows who still waits for it."""

from __future__ import annotations

import asyncio

import grpc


class SlowService:
    """Takes every call of one service, and holds it until its caller gives up."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.waiting = 0
        self.changed = asyncio.Condition()
        self.address = ""
        self._server = grpc.aio.server(handlers=(_Handler(self),))

    async def start(self) -> None:
        """Serves on a free port."""
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"
        await self._server.start()

    async def until_waiting(self, calls: int) -> None:
        """Returns once exactly so many calls are held."""
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: self.waiting == calls)

    async def stop(self) -> None:
        """Ends all calls."""
        await self._server.stop(None)

    async def hold(self, _: bytes, __: object) -> bytes:
        """Never answers."""
        try:
            await self._count(1)
            await asyncio.Event().wait()
        finally:
            await asyncio.shield(self._count(-1))
        raise AssertionError("nobody is ever answered")

    async def _count(self, change: int) -> None:
        async with self.changed:
            self.waiting += change
            self.changed.notify_all()


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, service: SlowService) -> None:
        self._service = service

    def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        return grpc.unary_unary_rpc_method_handler(self._service.hold)
