"""A platform as `hutong run` or `hutong cluster` starts it, for benchmarks to ask."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from allinone.issuer import LocalIssuer
from chassis.rpc.auth import Caller
from tests.bench.cpu import cpu_seconds, memory_bytes, processes_of
from tests.support.command import Command
from tests.support.embedded_stores import Stores

TOKEN_SECONDS = 12 * 3600

Topology = Literal["run", "cluster"]
"""The command that starts it: one process with all services, or one for each."""


@dataclass(frozen=True, slots=True)
class Running:
    """A platform that answers."""

    command: Command
    issuer: LocalIssuer

    @property
    def http(self) -> str:
        """Where it serves HTTP."""
        return f"http://127.0.0.1:{self.command.http_port}"

    @property
    def grpc(self) -> str:
        """Where it serves gRPC, as a URL."""
        return f"http://127.0.0.1:{self.command.grpc_port}"

    @property
    def pid(self) -> int:
        """Its process, from which all others of it descend."""
        assert self.command.process is not None
        return self.command.process.pid

    def token(self, caller: Caller) -> str:
        """A token of its own issuer."""
        return self.issuer.token(caller, seconds=TOKEN_SECONDS)

    def address(self, protocol: str) -> str:
        """Where orders are asked for: over `http` at the gateway, else at the service itself."""
        if protocol == "http":
            return f"127.0.0.1:{self.command.http_port}"
        if self.command.topology == "cluster":
            return self.command.listing().processes["orders"].grpc_address
        return f"127.0.0.1:{self.command.grpc_port}"

    def cpu_seconds(self) -> dict[str, float]:
        """What all its processes have used so far, by part: service or store."""
        parts = {self.pid: "platform"}
        if self.command.topology == "cluster":
            parts[self.pid] = "supervisor"
            for name, process in self.command.listing().processes.items():
                if process.pid is not None:
                    parts[process.pid] = name
        return cpu_seconds(self.pid, parts)

    @property
    def stores(self) -> Stores:
        """Its databases, as one who may see and do everything."""
        return Stores.of(self.command.home)

    def verifier_urls(self) -> Mapping[str, str]:
        """Its databases, to be read by the role that checks the books."""
        return self.stores.verifier_urls()

    def memory_bytes(self) -> dict[str, int]:
        """The memory of the platform's own process, and of all of them."""
        return {
            "platform": memory_bytes([psutil.Process(self.pid)]),
            "all": memory_bytes(processes_of(self.pid)),
        }


@asynccontextmanager
async def running(
    *,
    is_seeded: bool = False,
    topology: Topology = "run",
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """A platform with a home of its own, empty or with the demo city.

    Settings go by their environment names.
    """
    with tempfile.TemporaryDirectory(prefix="hutong-bench-") as folder:
        command = Command(
            Path(folder) / "home",
            extra={"HUTONG_LOG_LEVEL": "warning", **(settings or {})},
            topology=topology,
        )
        await command.run(*(() if is_seeded else ("--no-seed",)))
        try:
            yield Running(command, command.issuer())
        finally:
            await command.stop()
