"""Whether the gRPC server that a setting chose is installed, to be asked without importing one."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

Engine = Literal["grpcio", "native"]

NATIVE_PACKAGE = "pygrpc_native"


class EngineMissing(Exception):
    """The server that was chosen is not installed. The text is one line for whoever chose it."""

    def __init__(self) -> None:
        super().__init__(
            "HUTONG_GRPC_SERVER=native needs pygrpc-native: install it with `make native`"
        )


def require_installed(engine: Engine) -> None:
    """Raises EngineMissing if it is not."""
    if engine == "native" and find_spec(NATIVE_PACKAGE) is None:
        raise EngineMissing
