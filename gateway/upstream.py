"""Calls to services by gRPC, as the caller's own: their token, what is left of their time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import grpc
from google.rpc import status_pb2

from chassis import tracing
from chassis.rpc.client import MESSAGE_BYTES_MAX
from chassis.rpc.status import STATUS_DETAILS_KEY, from_rpc_error, to_status

_OPTIONS = (
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.lb_policy_name", "round_robin"),
)


class Refused(Exception):
    """A service, or the way to it, answered with an error."""

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(status.message)
        self.status = status


class Stream:
    """Messages from a service, one after the other as they are asked for."""

    def __init__(
        self,
        call: grpc.aio.UnaryStreamCall[bytes, bytes] | grpc.aio.StreamStreamCall[bytes, bytes],
    ) -> None:
        self._call = call

    async def next(self) -> bytes | None:
        """The next message's bytes, None after the last; Refused with the status that was sent."""
        try:
            message = await self._call.read()
        except grpc.aio.AioRpcError as error:
            raise Refused(_status_of(error)) from None
        return message if isinstance(message, bytes) else None

    def cancel(self) -> None:
        """Ends it, if it has not ended."""
        self._call.cancel()


class Upstream:
    """The services, each at its address. `addresses` are by a service's full name.

    To be made inside the running event loop.
    """

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.services = tuple(addresses)
        channels = {
            address: grpc.aio.insecure_channel(address, options=_OPTIONS)
            for address in set(addresses.values())
        }
        self._channels = tuple(channels.values())
        self._by_service = {name: channels[address] for name, address in addresses.items()}
        self._methods: dict[str, grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]] = {}
        self._streams: dict[str, grpc.aio.UnaryStreamMultiCallable[bytes, bytes]] = {}
        self._exchanges: dict[str, grpc.aio.StreamStreamMultiCallable[bytes, bytes]] = {}

    async def call(
        self, path: str, request: bytes, *, authorization: str | None, seconds: float
    ) -> bytes:
        """The reply's bytes; Refused with the status that the service sent."""
        method = self._methods.get(path)
        if method is None:
            method = self._channel(path).unary_unary(path)
            self._methods[path] = method
        try:
            return await method(request, timeout=seconds, metadata=_metadata(authorization))
        except grpc.aio.AioRpcError as error:
            raise Refused(_status_of(error)) from None

    def stream(
        self, path: str, request: bytes, *, authorization: str | None, seconds: float
    ) -> Stream:
        """The stream that a method answers with; it goes on until it ends or is cancelled."""
        method = self._streams.get(path)
        if method is None:
            method = self._channel(path).unary_stream(path)
            self._streams[path] = method
        return Stream(method(request, timeout=seconds, metadata=_metadata(authorization)))

    def exchange(
        self,
        path: str,
        requests: AsyncIterator[bytes],
        *,
        authorization: str | None,
        seconds: float,
    ) -> Stream:
        """The stream that a method answers a stream with; requests are read as it takes them."""
        method = self._exchanges.get(path)
        if method is None:
            method = self._channel(path).stream_stream(path)
            self._exchanges[path] = method
        return Stream(method(requests, timeout=seconds, metadata=_metadata(authorization)))

    async def close(self) -> None:
        """Closes the connections."""
        for channel in self._channels:
            await channel.close()

    def _channel(self, path: str) -> grpc.aio.Channel:
        return self._by_service[path.split("/")[1]]


def _metadata(authorization: str | None) -> list[tuple[str, str]]:
    metadata = []
    if authorization is not None:
        metadata.append(("authorization", authorization))
    if traceparent := tracing.current_traceparent():
        metadata.append((tracing.TRACEPARENT, traceparent))
    return metadata


def _status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    for key, value in error.trailing_metadata() or ():
        if key == STATUS_DETAILS_KEY and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return to_status(from_rpc_error(error, part="the service"))
