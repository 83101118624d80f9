"""A platform as processes that a simulation may kill, pause, and start again.

Whoever runs a platform starts it again when it has died; here the simulation does. The stores below
it are started again by the platform itself.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import psutil

from allinone.cluster.listing import Listing
from allinone.issuer import LocalIssuer
from allinone.topology import BLUEPRINTS
from chassis.rpc.auth import Caller
from tests.support.command import READY, Command

READY_SECONDS_MAX = 180.0
END_SECONDS_MAX = 60.0
TOKEN_SECONDS = 12 * 3600
POLL_SECONDS = 0.05

POSTGRES, VALKEY = "postgres", "valkey-server"
SETTINGS = {"HUTONG_LOG_LEVEL": "info", "HUTONG_LOG_FORMAT": "json"}


@dataclass(slots=True)
class OneProcess:
    """`hutong run`: all services in one process, which somebody has to start again.

    `services` are the names of the processes that serve; each may be killed alone.
    """

    command: Command

    name: ClassVar[str] = "one process"
    topology: ClassVar[str] = "run"
    services: ClassVar[tuple[str, ...]] = ("platform",)

    @classmethod
    def at(cls, home: Path, **settings: str) -> Self:
        """One with this home and ports of its own; settings go by their environment names."""
        return cls(Command(home, extra=SETTINGS | settings, topology=cls.topology))

    @property
    def log(self) -> Path:
        """What the platform writes, over all its starts."""
        return self.command.home.parent / "platform.log"

    async def start(self) -> None:
        """Starts what does not run; returns when all of it serves."""
        if self._runs():
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            seen = log.tell()
            started = await self.command.start(self.topology, "--no-seed", output=log)
        self.command.process = started
        async with asyncio.timeout(READY_SECONDS_MAX):
            while READY not in self._said(seen):
                if started.returncode is not None:
                    raise RuntimeError(f"the platform ended: {self._said(seen)[-2000:]}")
                await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> None:
        """Ends it as Ctrl-C does; by force if that takes too long."""
        process = self.command.process
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
        """The running process of a service or a store; LookupError while there is none."""
        if not self._runs():
            raise LookupError(name)
        try:
            root = psutil.Process(self.command.pid)
            if name in self.services:
                return self._service(name, root)
            return next(child for child in root.children() if child.name() == name)
        except (psutil.NoSuchProcess, StopIteration):
            raise LookupError(name) from None

    async def killed(self, name: str) -> None:
        """Starts the platform again; its stores it starts again itself."""
        if name in self.services:
            assert self.command.process is not None
            await self.command.process.wait()
            await self.start()

    def _runs(self) -> bool:
        return self.command.process is not None and self.command.process.returncode is None

    def _service(self, name: str, root: psutil.Process) -> psutil.Process:
        return root

    def _said(self, seen: int) -> str:
        with self.log.open("rb") as log:
            log.seek(seen)
            return log.read().decode(errors="replace")


@dataclass(slots=True)
class Cluster(OneProcess):
    """`hutong cluster`: a process for each service, which a supervisor starts again."""

    name: ClassVar[str] = "a cluster"
    topology: ClassVar[str] = "cluster"
    services: ClassVar[tuple[str, ...]] = (
        *(plan.name for plan in BLUEPRINTS),
        "workers",
        "gateway",
    )

    async def killed(self, name: str) -> None:
        """Nothing: the supervisor sees to it."""

    def _service(self, name: str, root: psutil.Process) -> psutil.Process:
        listing = Listing.read(self.command.home)
        pid = None if listing is None else listing.processes[name].pid
        if pid is None:
            raise LookupError(name)
        return psutil.Process(pid)


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
