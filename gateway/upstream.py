"""Calls to services by gRPC, as the caller's own: their token, what is left of their time."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from google.rpc import status_pb2

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

    async def call(
        self, path: str, request: bytes, *, authorization: str | None, seconds: float
    ) -> bytes:
        """The reply's bytes; Refused with the status that the service sent."""
        method = self._methods.get(path)
        if method is None:
            service = path.split("/")[1]
            method = self._by_service[service].unary_unary(path)
            self._methods[path] = method
        metadata = () if authorization is None else (("authorization", authorization),)
        try:
            return await method(request, timeout=seconds, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise Refused(_status_of(error)) from None

    async def close(self) -> None:
        """Closes the connections."""
        for channel in self._channels:
            await channel.close()


def _status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    for key, value in error.trailing_metadata() or ():
        if key == STATUS_DETAILS_KEY and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return to_status(from_rpc_error(error, part="the service"))
