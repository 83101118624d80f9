"""Calls to other services: our own token, a deadline, and errors as their owner raised them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from chassis import tracing
from chassis.rpc.auth import TokenSource
from chassis.rpc.status import from_rpc_error

MESSAGE_BYTES_MAX = 16 * 1024 * 1024
KEEPALIVE_MS = 20_000

_OPTIONS = (
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.lb_policy_name", "round_robin"),
)

Reply = TypeVar("Reply", bound=Message)


class Peer:
    """Another service as this process reaches it."""

    def __init__(self, *, name: str, address: str, token: TokenSource) -> None:
        self.name = name
        self._token = token
        self.channel = grpc.aio.insecure_channel(address, options=_OPTIONS)

    async def call(
        self, method: Callable[..., Awaitable[Reply]], request: Message, *, seconds: float
    ) -> Reply:
        """The reply of a stub's method; the error that the other side raised, or Unavailable."""
        try:
            return await method(request, timeout=seconds, metadata=self._metadata())
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, part=self.name) from None

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        authorization = ("authorization", f"Bearer {self._token()}")
        traceparent = tracing.current_traceparent()
        return (
            (authorization, (tracing.TRACEPARENT, traceparent)) if traceparent else (authorization,)
        )

    async def close(self) -> None:
        """Closes the connection."""
        await self.channel.close()
