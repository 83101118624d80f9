"""`hutong` as its user starts it: a real process with a home and ports of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from allinone.cluster.listing import Listing
from allinone.issuer import LocalIssuer
from chassis.rpc.client import Peer
from chassis.settings import PlatformSettings
from tests.support.shop import Shop
from tests.support.world import Client

READY_SECONDS_MAX = 120.0
END_SECONDS_MAX = 40.0
REPOSITORY = Path(__file__).parents[2]
READY = "Ctrl-C stops everything."


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Command:
    """The command line with an environment of its own."""

    home: Path
    grpc_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    extra: dict[str, str] = field(default_factory=dict)
    topology: str = "run"
    process: asyncio.subprocess.Process | None = None
    output: str = ""
    _reading: asyncio.Task[None] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """All that a process of this platform has in its environment."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen'}",
            "HUTONG_HOME": str(self.home),
            "HUTONG_GRPC_PORT": str(self.grpc_port),
            "HUTONG_HTTP_PORT": str(self.http_port),
        } | self.extra

    async def start(
        self,
        *arguments: str,
        output: int | IO[bytes] = asyncio.subprocess.PIPE,
        problems: int = asyncio.subprocess.STDOUT,
    ) -> asyncio.subprocess.Process:
        """Starts `hutong` with these arguments; what it prints goes to the output.

        So does what it says on standard error, unless problems go elsewhere.
        """
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from allinone.command import main; main()",
            *arguments,
            cwd=REPOSITORY,
            env=self.environment,
            stdout=output,
            stderr=problems,
            start_new_session=True,
        )

    async def result(self, *arguments: str) -> tuple[int, str]:
        """Runs `hutong` to its end; its exit code and what it printed."""
        process = await self.start(*arguments)
        output, _ = await asyncio.wait_for(process.communicate(), END_SECONDS_MAX)
        assert process.returncode is not None
        return process.returncode, output.decode()

    async def run(self, *arguments: str, ready: str = READY) -> None:
        """Starts the platform and waits until it says that it is ready."""
        self.process = await self.start(self.topology, *arguments)
        self._reading = asyncio.create_task(self._read(self.process))
        async with asyncio.timeout(READY_SECONDS_MAX):
            while ready not in self.output:
                assert not self._reading.done(), self.output
                await asyncio.sleep(0.02)

    async def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Signals the platform and waits for its end; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Waits for the platform's end; its exit code."""
        assert self.process is not None
        assert self._reading is not None
        await asyncio.wait_for(asyncio.gather(self.process.wait(), self._reading), END_SECONDS_MAX)
        assert self.process.returncode is not None
        return self.process.returncode

    async def kill(self) -> None:
        """Kills the platform and waits until its stores have ended too."""
        assert self.process is not None
        stores = psutil.Process(self.process.pid).children()
        await self.stop(signal.SIGKILL)
        await asyncio.to_thread(psutil.wait_procs, stores, timeout=END_SECONDS_MAX)

    async def close(self) -> None:
        """Kills the platform if it still runs."""
        if self.process is not None and self.process.returncode is None:
            await self.stop(signal.SIGKILL)

    def issuer(self) -> LocalIssuer:
        """The issuer in the platform's home."""
        return LocalIssuer(
            self.home / "issuer",
            issuer=f"http://127.0.0.1:{self.http_port}",
            audience=PlatformSettings().token_audience,
            mode="development",
        )

    def listing(self) -> Listing:
        """The processes of the running cluster."""
        found = Listing.read(self.home)
        assert found is not None
        return found

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signals one process of the cluster."""
        pid = self.listing().processes[name].pid
        assert pid is not None
        os.kill(pid, number)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.output += line.decode()

    @property
    def pid(self) -> int:
        """The platform's process, or the cluster's supervisor."""
        assert self.process is not None
        return self.process.pid

    def child(self, program: str) -> psutil.Process:
        """The running store of that name."""
        assert self.process is not None
        (found,) = [
            child
            for child in psutil.Process(self.process.pid).children()
            if child.name() == program
        ]
        return found

    def client(self, stub_class: object, token: str) -> Client:
        """A client of the running platform."""
        assert callable(stub_class)
        address = f"127.0.0.1:{self.grpc_port}"
        peer = Peer(name="platform", address=address, token=lambda: token)
        return Client(peer, stub_class(peer.channel))

    async def token(self, person: str) -> str:
        """A demo person's token, from the command line."""
        code, output = await self.result("token", "--as", person)
        assert code == 0, output
        return output.strip()

    async def shop(self) -> Shop:
        """The running platform's shop, with demo people's tokens."""
        tokens = {
            "platform": await self.token("operator"),
            "cashier": await self.token("cashier-sh01-1"),
        }
        return Shop(lambda stub, who: self.client(stub, tokens[next(iter(who.roles))]))
