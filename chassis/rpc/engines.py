"""Which gRPC server carries the calls: grpcio's own, or a faster one that is chosen by a setting.

Both take the same servicers and the same floor, and pass the same tests. The faster one,
pygrpc-native, does HTTP/2 and framing in threads of its own, outside the interpreter's lock; it is
young, knows no TLS, and has to be installed on top (requirements/native.lock).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, TypeAlias

import grpc

Engine = Literal["grpcio", "native"]

NATIVE_PACKAGE = "pygrpc_native"

NO_DEADLINE_SECONDS = 1e9
"""Where grpcio says None of a call without a deadline, the native one says a number beyond this."""

Handlers: TypeAlias = "dict[str, grpc.RpcMethodHandler[bytes, bytes]]"


class EngineMissing(Exception):
    """The server that was chosen is not installed. The text is one line for whoever chose it."""

    def __init__(self) -> None:
        super().__init__(
            "HUTONG_GRPC_SERVER=native needs pygrpc-native: install it with `make native`"
        )


@dataclass(frozen=True, slots=True)
class Carrier:
    """A server, and how methods are added to it so that it carries them itself."""

    server: grpc.aio.Server
    add: Callable[[str, Handlers], None]


def carrier(engine: Engine, options: Sequence[tuple[str, int]]) -> Carrier:
    """A new server of that kind; EngineMissing if it is not installed."""
    if engine == "grpcio":
        return _grpcio(grpc.aio.server(options=options))
    if find_spec(NATIVE_PACKAGE) is None:
        raise EngineMissing
    native: Any = import_module(f"{NATIVE_PACKAGE}.aio").server(options=options)
    return Carrier(native, native.add_registered_method_handlers)


def _grpcio(server: grpc.aio.Server) -> Carrier:
    def add(service: str, handlers: Handlers) -> None:
        handler = grpc.method_handlers_generic_handler(service, handlers)
        server.add_generic_rpc_handlers((handler,))

    return Carrier(server, add)
