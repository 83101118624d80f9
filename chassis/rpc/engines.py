"""Which gRPC server carries the calls: grpcio's own, or a faster one that is chosen by a setting.

Both take the same servicers and the same floor, and pass the same tests. The faster one,
pygrpc-native, does HTTP/2 and framing in threads of its own, outside the interpreter's lock; it is
young, knows no TLS, and has to be installed on top (requirements/native.lock).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

import grpc

from chassis.rpc.installed import NATIVE_PACKAGE, Engine, require_installed

NO_DEADLINE_SECONDS = 1e9
"""Where grpcio says None of a call without a deadline, the native one says a number beyond this."""

Handlers: TypeAlias = "dict[str, grpc.RpcMethodHandler[bytes, bytes]]"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A server, and how methods are added to it so that it carries them itself."""

    server: grpc.aio.Server
    add: Callable[[str, Handlers], None]


def carrier(engine: Engine, options: Sequence[tuple[str, int]]) -> Carrier:
    """A new server of that kind; EngineMissing if it is not installed."""
    require_installed(engine)
    if engine == "grpcio":
        return _grpcio(grpc.aio.server(options=options))
    native: Any = import_module(f"{NATIVE_PACKAGE}.aio").server(options=options)
    return Carrier(native, native.add_registered_method_handlers)


def _grpcio(server: grpc.aio.Server) -> Carrier:
    def add(service: str, handlers: Handlers) -> None:
        handler = grpc.method_handlers_generic_handler(service, handlers)
        server.add_generic_rpc_handlers((handler,))

    return Carrier(server, add)
