"""A simulator of a service whose batches wait for a test's word, which keeps what it was sent."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from google.protobuf.message import Message

from chassis.kernel.errors import HutongError
from chassis.rpc.status import STATUS_DETAILS_KEY, code_of, to_status
from hutong.catalog.v1 import catalog_service_pb2

QUOTE = "/hutong.catalog.v1.CatalogService/BatchQuoteBaskets"


class BatchService:
    """Answers BatchQuoteBaskets, each item with a quote of as many yuan as it has lines."""

    def __init__(self) -> None:
        self.batches: list[Any] = []
        self.tokens: list[str] = []
        self.cancelled = 0
        self.paths: list[str] = []
        self.error: HutongError | None = None
        self.may_answer = asyncio.Event()
        self.address = ""
        self._changed = asyncio.Condition()
        self._server = grpc.aio.server(handlers=(_Handler(self),))

    async def start(self) -> None:
        """Serves on a free port."""
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"
        await self._server.start()

    async def until_batches(self, number: int) -> None:
        """Returns once exactly so many batches have come."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: len(self.batches) == number)

    async def until_cancelled(self, number: int) -> None:
        """Returns once exactly so many batches were given up by who sent them."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.cancelled == number)

    async def stop(self) -> None:
        """Ends all calls."""
        await self._server.stop(None)

    async def answer(self, data: bytes, context: Any) -> bytes:
        """The quotes of a batch, once the test lets them go."""
        request = catalog_service_pb2.BatchQuoteBasketsRequest.FromString(data)
        metadata = dict(context.invocation_metadata())
        async with self._changed:
            self.batches.append(request)
            self.tokens.append(str(metadata.get("authorization")))
            self._changed.notify_all()
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            await asyncio.shield(self._one_cancelled())
            raise
        if self.error is not None:
            status = to_status(self.error)
            details = ((STATUS_DETAILS_KEY, status.SerializeToString()),)
            await context.abort(code_of(self.error), status.message, details)
        return _quotes(request).SerializeToString()

    async def _one_cancelled(self) -> None:
        async with self._changed:
            self.cancelled += 1
            self._changed.notify_all()


def _quotes(request: catalog_service_pb2.BatchQuoteBasketsRequest) -> Message:
    reply = catalog_service_pb2.BatchQuoteBasketsResponse()
    for item in request.items:
        total = reply.results.add().quote.total
        total.amount_minor, total.currency_code = 100 * len(item.request.lines), "CNY"
    return reply


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, service: BatchService) -> None:
        self._service = service

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        self._service.paths.append(str(details.method))
        return grpc.unary_unary_rpc_method_handler(self._service.answer)
