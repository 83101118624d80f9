"""The one server factory: every method of every service goes through the same floor."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis.rpc.access import rules_of
from chassis.rpc.admission import Admission, urgency_of
from chassis.rpc.auth import Authenticator
from chassis.rpc.client import MESSAGE_BYTES_MAX
from chassis.rpc.engines import Carrier, carrier
from chassis.rpc.exchange import serve_exchange
from chassis.rpc.gate import Gate
from chassis.rpc.installed import Engine
from chassis.rpc.interceptors import Floor, Method, serve_stream, serve_unary
from chassis.rpc.validation import Validator
from chassis.settings import CALLS_AT_ONCE_MAX
from chassis.telemetry import Metrics

REQUEST_BYTES_MAX = 4 * 1024 * 1024
"""The most that one caller's request may weigh; batches of many may weigh MESSAGE_BYTES_MAX."""

METADATA_BYTES_MAX = 16 * 1024
STREAMS_AT_ONCE_MAX = 4096
"""So many streams one process tells or takes at once; most of them wait most of the time."""

DRAIN_SECONDS = 20.0
STOP_SECONDS = 5.0

Registration = Callable[[Any, Any], None]
"""The generated add_…Servicer_to_server of a service."""


@dataclass(frozen=True, slots=True)
class Servicer:
    """A servicer, its generated registration, and its service's full name."""

    implementation: object
    register: Registration
    service: str


class GrpcPortInUse(Exception):
    """The address is taken. The text is one line for the person who chose it."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"gRPC can't listen on {address}: the port is in use; set HUTONG_GRPC_PORT to another"
        )


def require_free(host: str, port: int) -> None:
    """GrpcPortInUse if another program listens there, to be told before anything is started."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise GrpcPortInUse(f"{host}:{port}") from error


class RpcServer:
    """A gRPC server with health, reflection and graceful drain."""

    def __init__(
        self,
        servicers: Sequence[Servicer],
        *,
        authenticator: Authenticator,
        metrics: Metrics,
        engine: Engine = "grpcio",
        calls_at_once_max: int = CALLS_AT_ONCE_MAX,
    ) -> None:
        options = (
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
            ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
            ("grpc.max_metadata_size", METADATA_BYTES_MAX),
        )
        served = carrier(engine, options)
        self._server = served.server
        self._health = health.aio.HealthServicer()
        services = [servicer.service for servicer in servicers]
        pool = descriptor_pool.Default()
        rules = {
            path: rule
            for service in services
            for path, rule in rules_of(pool.FindServiceByName(service)).items()
        }
        self._gate = Gate(calls_max=STREAMS_AT_ONCE_MAX)
        admission = Admission(calls_max=calls_at_once_max, metrics=metrics, door="grpc")
        floor = Floor(self._gate, admission, authenticator, Validator(), metrics, rules)
        for servicer in servicers:
            servicer.register(servicer.implementation, _Registrar(served, floor))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        shown = (*services, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(shown, self._server)
        self._services = ("", *services)

    async def start(self, address: str) -> None:
        """Binds the address and serves, not yet ready; GrpcPortInUse if it is taken."""
        try:
            self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise GrpcPortInUse(address) from error
        await self.set_ready(is_ready=False)
        await self._server.start()

    async def set_ready(self, *, is_ready: bool) -> None:
        """What the health service answers for every service, and for the process."""
        for service in self._services:
            await self.set_serving(service, is_serving=is_ready)

    async def set_serving(self, service: str, *, is_serving: bool) -> None:
        """What the health service answers for one service, or, for "", for the process.

        Once the server turns callers away it is NOT_SERVING for good.
        """
        status = (
            health_pb2.HealthCheckResponse.SERVING
            if is_serving
            else health_pb2.HealthCheckResponse.NOT_SERVING
        )
        await self._health.set(service, status)

    async def turn_away(self) -> None:
        """Takes no new callers and lets those in flight get their answers.

        Services in this process can still call one another, as the calls in flight need them to.
        """
        await self._health.enter_graceful_shutdown()
        await self._gate.shut(seconds_max=DRAIN_SECONDS)

    async def stop(self) -> None:
        """Ends all connections, after the calls that are still in flight."""
        await self._server.stop(STOP_SECONDS)


class _Registrar:
    """Stands in for the server in generated code, and puts the floor under every method."""

    def __init__(self, served: Carrier, floor: Floor) -> None:
        self._served = served
        self._floor = floor

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """The generic form carries nothing that the registered one does not."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Adds the methods that the servicer has, each behind the floor."""
        served = {
            name: self._behind_floor(service, name, handler)
            for name, handler in handlers.items()
            if not _is_generated(handler)
        }
        self._served.add(service, served)

    def _behind_floor(
        self, service: str, name: str, handler: Any
    ) -> grpc.RpcMethodHandler[bytes, bytes]:
        floor, path = self._floor, f"/{service}/{name}"
        unary = floor.rules[path].batch_of
        bytes_max = MESSAGE_BYTES_MAX if unary else REQUEST_BYTES_MAX
        urgency = urgency_of(_descriptor(service, (unary or path).rpartition("/")[2]))
        method = Method(path, _request_type(service, name), bytes_max, bool(unary), urgency)
        if handler.unary_unary is not None:
            serve = partial(serve_unary, floor, method, handler.unary_unary)
            return grpc.unary_unary_rpc_method_handler(serve)
        if handler.unary_stream is not None:
            stream = partial(serve_stream, floor, method, handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(stream)
        if handler.stream_stream is not None:
            exchange = partial(serve_exchange, floor, method, handler.stream_stream)
            return grpc.stream_stream_rpc_method_handler(exchange)
        raise TypeError(f"{path}: the floor serves no streams of requests without one of replies")


def _is_generated(handler: Any) -> bool:
    """Whether the servicer left the method as protoc made it, so that gRPC may answer for it."""
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_stream
    return str(getattr(behaviour, "__module__", "")).endswith("_pb2_grpc")


def _descriptor(service: str, method: str) -> MethodDescriptor:
    found: MethodDescriptor = (
        descriptor_pool.Default().FindServiceByName(service).methods_by_name[method]
    )
    return found


def _request_type(service: str, method: str) -> type[Message]:
    return GetMessageClass(_descriptor(service, method).input_type)
