"""gRPC for callers who know one address only: each call is sent on to the service that has it.

Nothing is decided here. Tokens, access rules and validation are the service's; what comes back is
its reply byte for byte, or its status. Reflection tells all contracts, health what the services say
of themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis import tracing
from chassis.kernel.errors import HutongError, Unavailable
from chassis.rpc.auth import Caller
from chassis.rpc.call import DEADLINE_SECONDS_DEFAULT
from chassis.rpc.client import MESSAGE_BYTES_MAX
from chassis.rpc.gate import Gate
from chassis.rpc.interceptors import STREAM_SECONDS_MAX
from chassis.rpc.server import METADATA_BYTES_MAX, GrpcPortInUse
from chassis.rpc.status import STATUS_DETAILS_KEY, to_status
from gateway.routes.contracts import contracts_of
from gateway.upstream import Refused, Stream, Upstream

FORWARD_DRAIN_SECONDS = 8.0
"""How long calls in flight may take once the process is told to stop."""

FORWARD_STOP_SECONDS = 2.0
"""How long after that their last answers may be on their way."""

FORWARDED_AT_ONCE_MAX = 4096
"""So many calls and streams are passed on at once; the services say which of them find a place."""

ANYBODY = Caller(principal="", tenant="", roles=frozenset())
"""Who calls is for the services to say; to the gate all are alike."""

Context = grpc.aio.ServicerContext[bytes, bytes]

_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Forwarding:
    """A gRPC server that offers all services behind `upstream`."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._server = grpc.aio.server(
            options=(
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
                ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
                ("grpc.max_metadata_size", METADATA_BYTES_MAX),
            ),
        )
        self._gate = Gate(calls_max=FORWARDED_AT_ONCE_MAX)
        self._health = health.aio.HealthServicer()
        for method in contracts_of(upstream.services).methods:
            service, name = method.containing_service.full_name, method.name
            path = f"/{service}/{name}"
            if method.client_streaming:
                handler = self._exchange(path)
            else:
                handler = self._stream(path) if method.server_streaming else self._unary(path)
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, {name: handler}),)
            )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        shown = (*upstream.services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(shown, self._server)

    async def start(self, address: str) -> None:
        """Binds the address and serves; GrpcPortInUse if it is taken."""
        try:
            self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise GrpcPortInUse(address) from error
        for service in self._upstream.services:
            await self.set_serving(service, is_serving=False)
        await self._server.start()

    async def set_serving(self, service: str, *, is_serving: bool) -> None:
        """What the health service answers for one service."""
        status = (
            health_pb2.HealthCheckResponse.SERVING
            if is_serving
            else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        await self._health.set(service, status)

    async def turn_away(self) -> None:
        """Takes no new calls, cuts streams, and lets those in flight get their answers."""
        await self._health.enter_graceful_shutdown()
        await self._gate.shut(seconds_max=FORWARD_DRAIN_SECONDS)

    async def stop(self) -> None:
        """Ends all connections."""
        await self._server.stop(FORWARD_STOP_SECONDS)

    def _unary(self, path: str) -> grpc.RpcMethodHandler[bytes, bytes]:
        async def forward(request: bytes, context: Context) -> bytes:
            left: float | None = context.time_remaining()
            asked = _headers(context)
            try:
                with _span(path, asked), self._gate.room(), self._gate.passing(ANYBODY):
                    return await self._upstream.call(
                        path,
                        request,
                        authorization=asked.get("authorization"),
                        seconds=DEADLINE_SECONDS_DEFAULT if left is None else left,
                    )
            except (Refused, HutongError) as refused:
                await _end(context, refused)
                raise AssertionError("ending a call does not return") from refused

        return grpc.unary_unary_rpc_method_handler(forward)

    def _stream(self, path: str) -> grpc.RpcMethodHandler[bytes, bytes]:
        async def forward(request: bytes, context: Context) -> AsyncIterator[bytes]:
            left: float | None = context.time_remaining()
            asked = _headers(context)
            stream: Stream | None = None
            try:
                with self._gate.room(), self._gate.passing(ANYBODY):
                    with _span(path, asked):
                        stream = self._upstream.stream(
                            path,
                            request,
                            authorization=asked.get("authorization"),
                            seconds=STREAM_SECONDS_MAX if left is None else left,
                        )
                    while (message := await self._next(stream)) is not None:
                        yield message
            except (Refused, HutongError) as refused:
                await _end(context, refused)
            finally:
                if stream is not None:
                    stream.cancel()

        return grpc.unary_stream_rpc_method_handler(forward)

    def _exchange(self, path: str) -> grpc.RpcMethodHandler[bytes, bytes]:
        async def forward(requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
            left: float | None = context.time_remaining()
            asked = _headers(context)
            stream: Stream | None = None
            try:
                with self._gate.room(), self._gate.passing(ANYBODY):
                    with _span(path, asked):
                        stream = self._upstream.exchange(
                            path,
                            self._until_shut(aiter(requests)),
                            authorization=asked.get("authorization"),
                            seconds=STREAM_SECONDS_MAX if left is None else left,
                        )
                    while (message := await stream.next()) is not None:
                        yield message
                    # One that ended because this process drains is to be opened again elsewhere.
                    with self._gate.cutting():
                        pass
            except (Refused, HutongError) as refused:
                await _end(context, refused)
            finally:
                if stream is not None:
                    stream.cancel()

        return grpc.stream_stream_rpc_method_handler(forward)

    async def _until_shut(self, requests: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Requests until this process drains: then no more are passed on, and those that were are
        answered.
        """
        while True:
            try:
                with self._gate.cutting():
                    request = await anext(requests, None)
            except Unavailable:
                return
            if request is None:
                return
            yield request

    async def _next(self, stream: Stream) -> bytes | None:
        with self._gate.cutting():
            return await stream.next()


def _headers(context: Context) -> dict[str, str]:
    return {
        key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)
    }


def _span(path: str, asked: Mapping[str, str]) -> tracing.Span:
    return tracing.serving(f"forward {path[1:]}", asked.get(tracing.TRACEPARENT))


async def _end(context: Context, refused: Refused | HutongError) -> None:
    status = refused.status if isinstance(refused, Refused) else to_status(refused)
    details = status.SerializeToString(deterministic=True)
    await context.abort(_CODES[status.code], status.message, ((STATUS_DETAILS_KEY, details),))
