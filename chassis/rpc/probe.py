"""Asks another process by gRPC whether it serves."""

from __future__ import annotations

from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.kernel.errors import Unavailable

PROBE_SECONDS_MAX = 1.5

_OPTIONS = (
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.initial_reconnect_backoff_ms", 50),
)


class Probe:
    """The health of one service, or of a whole process, at an address.

    To be made inside the running event loop.
    """

    def __init__(self, *, name: str, address: str, service: str = "") -> None:
        self._name = name
        self._request = health_pb2.HealthCheckRequest(service=service)
        self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self._stub: Any = health_pb2_grpc.HealthStub(self._channel)

    async def check(self) -> None:
        """Returns if it serves; else Unavailable."""
        try:
            reply = await self._stub.Check(self._request, timeout=PROBE_SECONDS_MAX)
        except grpc.aio.AioRpcError:
            raise Unavailable(part=self._name) from None
        if reply.status != health_pb2.HealthCheckResponse.SERVING:
            raise Unavailable(part=self._name)

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()
