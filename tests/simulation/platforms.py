"""A platform as processes that a simulation may kill, pause, and start again.

Whoever runs a platform starts it again when it has died; here the simulation does. The stores below
it are started again by the platform itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import psutil
from redis.asyncio import Redis

from allinone.embedded import EmbeddedPostgres, EmbeddedValkey, Home
from allinone.embedded.databases import service_role
from allinone.issuer import LocalIssuer
from allinone.topology import BLUEPRINTS
from chassis.rpc.auth import Caller
from chassis.settings import PlatformSettings

REPOSITORY = Path(__file__).parents[2]
READY = "Ctrl-C stops everything."
READY_SECONDS_MAX = 180.0
END_SECONDS_MAX = 60.0
TOKEN_SECONDS = 12 * 3600
POLL_SECONDS = 0.05
PROCESSES = "processes.json"
"""Where a cluster lists its processes, in the home."""

POSTGRES, VALKEY = "postgres", "valkey-server"
SETTINGS = {"HUTONG_LOG_LEVEL": "info", "HUTONG_LOG_FORMAT": "json"}


class Topology(Protocol):
    """The processes of a running platform, by the names that faults call them by."""

    @property
    def name(self) -> str:
        """What it is, in a word."""

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the processes that serve; each may be killed alone."""

    async def start(self) -> None:
        """Starts what does not run; returns when all of it serves."""

    async def stop(self) -> None:
        """Ends it as its user would."""

    def process(self, name: str) -> psutil.Process:
        """The running process of a service or a store; LookupError while there is none."""

    async def killed(self, name: str) -> None:
        """Sees to it that a process that was killed comes back, if nobody else does."""


@dataclass(slots=True)
class OneProcess:
    """`hutong run`: all services in one process, which somebody has to start again."""

    home: Path
    grpc_port: int
    http_port: int
    settings: dict[str, str] = field(default_factory=dict)
    started: asyncio.subprocess.Process | None = None

    name: ClassVar[str] = "one process"
    command: ClassVar[str] = "run"
    services: ClassVar[tuple[str, ...]] = ("platform",)

    @property
    def log(self) -> Path:
        """What the platform writes, over all its starts."""
        return self.home.parent / "platform.log"

    async def start(self) -> None:
        """Starts the process unless it runs; returns when it serves."""
        if self.started is not None and self.started.returncode is None:
            return
        self.home.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            seen = log.tell()
            self.started = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                "from allinone.command import main; main()",
                self.command,
                "--no-seed",
                cwd=REPOSITORY,
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(READY_SECONDS_MAX):
            while READY not in self._said(seen):
                if self.started.returncode is not None:
                    raise RuntimeError(f"the platform ended: {self._said(seen)[-2000:]}")
                await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Ends it as Ctrl-C does; by force if that takes too long."""
        process = self.started
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS_MAX)
        except TimeoutError:
            process.kill()
            await process.wait()

    def process(self, name: str) -> psutil.Process:
        """The platform's own process, or a store below it."""
        if self.started is None or self.started.returncode is not None:
            raise LookupError(name)
        try:
            return self._process(name, psutil.Process(self.started.pid))
        except (psutil.NoSuchProcess, StopIteration):
            raise LookupError(name) from None

    async def killed(self, name: str) -> None:
        """Starts the platform again; its stores it starts again itself."""
        if name in self.services:
            assert self.started is not None
            await self.started.wait()
            await self.start()

    def _process(self, name: str, root: psutil.Process) -> psutil.Process:
        if name in self.services:
            return root
        return next(child for child in root.children() if child.name() == name)

    def _said(self, seen: int) -> str:
        with self.log.open("rb") as log:
            log.seek(seen)
            return log.read().decode(errors="replace")

    def _environment(self) -> dict[str, str]:
        return (
            {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen'}",
                "HUTONG_HOME": str(self.home),
                "HUTONG_GRPC_PORT": str(self.grpc_port),
                "HUTONG_HTTP_PORT": str(self.http_port),
            }
            | SETTINGS
            | self.settings
        )


@dataclass(slots=True)
class Cluster(OneProcess):
    """`hutong cluster`: a process for each service, which a supervisor starts again."""

    name: ClassVar[str] = "a cluster"
    command: ClassVar[str] = "cluster"
    services: ClassVar[tuple[str, ...]] = (
        *(plan.name for plan in BLUEPRINTS),
        "workers",
        "gateway",
    )

    async def killed(self, name: str) -> None:
        """Nothing: the supervisor sees to it."""

    def _process(self, name: str, root: psutil.Process) -> psutil.Process:
        if name not in self.services:
            return next(child for child in root.children() if child.name() == name)
        listing = json.loads((self.home / PROCESSES).read_text())
        pid = listing["processes"][name]["pid"]
        if pid is None:
            raise StopIteration
        return psutil.Process(pid)


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of a home that a platform runs on, as one who may see and do everything."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey

    @classmethod
    def of(cls, folder: Path) -> Stores:
        """The stores of a home that was started before."""
        home = Home.create(folder)
        postgres_port, valkey_port = home.kept_port("postgres"), home.kept_port("valkey")
        assert postgres_port is not None
        assert valkey_port is not None
        return cls(
            EmbeddedPostgres(folder, secrets=home.secrets, port=postgres_port),
            EmbeddedValkey(folder, secrets=home.secrets, port=valkey_port),
        )

    def url(self, service: str) -> str:
        """A service's database, as the superuser."""
        return self.postgres.url(service_role(service))

    def urls(self) -> dict[str, str]:
        """Every service's database."""
        return {plan.name: self.url(plan.name) for plan in BLUEPRINTS}

    def redis(self) -> Redis:
        """A connection to Valkey."""
        return Redis.from_url(self.valkey.url)


def issuer_of(folder: Path, *, http_port: int) -> LocalIssuer:
    """The issuer of a home's platform."""
    return LocalIssuer(
        folder / "issuer",
        issuer=f"http://127.0.0.1:{http_port}",
        audience=PlatformSettings().token_audience,
        mode="development",
    )


class Tokens:
    """Tokens of an issuer, one for each caller."""

    def __init__(self, issuer: LocalIssuer) -> None:
        self._issuer = issuer
        self._known: dict[str, str] = {}

    def __call__(self, who: Caller) -> str:
        """The caller's token."""
        if repr(who) not in self._known:
            self._known[repr(who)] = self._issuer.token(who, seconds=TOKEN_SECONDS)
        return self._known[repr(who)]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
