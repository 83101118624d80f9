"""A healthy platform, and others over the same databases that die where they are told to."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from allinone.asking import ask
from allinone.issuer import LocalIssuer
from allinone.topology import BLUEPRINTS
from allinone.verify import verify
from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.client import Peer
from tests.e2e.dying_platform import serve_until
from tests.support.command import Command
from tests.support.shop import Shop
from tests.support.world import TENANT, Client, World, Worlds

LEASE_SECONDS = "1.5"
START_SECONDS_MAX = 60.0
END_SECONDS_MAX = 20.0
OTHERS = ("stores", "catalog", "inventory", "payments")


@dataclass(slots=True)
class DyingPlatform:
    """A platform in a process of its own that signals itself at one point of the saga."""

    process: BaseProcess
    address: str
    issuer: LocalIssuer
    peers: list[Peer] = field(default_factory=list)

    def client(self, stub_class: Callable[[object], object], who: Caller) -> Client:
        """A client of one of its services, as this caller."""
        token = self.issuer.token(who, seconds=600)
        peer = Peer(name="the dying platform", address=self.address, token=lambda: token)
        self.peers.append(peer)
        return Client(peer, stub_class(peer.channel))

    def resume(self) -> None:
        """Wakes it up after it paused itself."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGCONT)

    async def died(self) -> int:
        """Waits for its end; the signal that ended it, negative."""
        await asyncio.to_thread(self.process.join, END_SECONDS_MAX)
        assert self.process.exitcode is not None
        return self.process.exitcode

    async def close(self) -> None:
        """Ends it if it still runs."""
        for peer in self.peers:
            await peer.close()
        self.process.kill()
        await asyncio.to_thread(self.process.join)


StartDying = Callable[..., Awaitable[DyingPlatform]]


async def dies_in(dying: DyingPlatform, work: Awaitable[Any]) -> None:
    """The call is lost with the process that served it."""
    with pytest.raises(HutongError) as caught:
        await work
    assert not caught.value.is_answer
    assert await dying.died() == -signal.SIGKILL


@pytest.fixture(scope="module")
async def world(worlds: Worlds) -> AsyncIterator[World]:
    os.environ["HUTONG_ORDERS_LEASE_SECONDS"] = LEASE_SECONDS
    started = await worlds.start(BLUEPRINTS)
    del os.environ["HUTONG_ORDERS_LEASE_SECONDS"]
    started.start_workers()
    yield started
    await started.close()


@pytest.fixture(scope="module")
async def shop(world: World) -> Shop:
    opened = Shop(world.client)
    await opened.open()
    return opened


@pytest.fixture(autouse=True)
async def the_books_balance(world: World) -> AsyncIterator[None]:
    yield
    assert await verify(world.urls) == []


IN_BOTH = pytest.mark.parametrize("topology", ["run", "cluster"])
"""For points whose death leaves work behind in other processes, where there are some."""


@pytest.fixture
def topology() -> str:
    """What dies: the platform in one process, unless a test says otherwise."""
    return "run"


@pytest.fixture
async def start_dying(
    world: World, worlds: Worlds, forks: ForkServerContext, tmp_path: Path, topology: str
) -> AsyncIterator[Callable[[str, str], object]]:
    started: list[DyingPlatform] = []

    async def start(point: str, signal_name: str = "SIGKILL", **addresses: str) -> DyingPlatform:
        command = Command(
            tmp_path / "home",
            extra={
                "HUTONG_REDIS_URL": worlds.redis_url,
                "HUTONG_ORDERS_LEASE_SECONDS": LEASE_SECONDS,
            }
            | {f"HUTONG_{name.upper()}_DATABASE_URL": url for name, url in world.urls.items()},
        )
        if topology == "cluster":
            believed = tmp_path / "service-token"
            believed.write_text(world.issuer.service_tokens("orders", tenant=TENANT)())
            elsewhere = dict.fromkeys(OTHERS, world.address) | addresses
            command.extra |= {
                f"HUTONG_{name.upper()}_ADDRESS": address for name, address in elsewhere.items()
            } | {
                "HUTONG_TOKEN_ISSUER": world.issuer.name,
                "HUTONG_JWKS": str(world.issuer.jwks_file),
                "HUTONG_SERVICE_TOKEN_FILE": str(believed),
            }
        process = forks.Process(
            target=serve_until,
            args=(topology, point, signal.Signals[signal_name], command.environment),
            daemon=True,
        )
        process.start()
        await _ready(process, f"127.0.0.1:{command.http_port}")
        issuer = world.issuer if topology == "cluster" else command.issuer()
        dying = DyingPlatform(process, f"127.0.0.1:{command.grpc_port}", issuer)
        started.append(dying)
        return dying

    yield start
    for dying in started:
        await dying.close()


async def _ready(process: BaseProcess, address: str) -> None:
    """Waits until a platform or a process of one takes callers."""
    async with asyncio.timeout(START_SECONDS_MAX):
        while True:
            assert process.exitcode is None
            with suppress(OSError):
                if (await ask(address, "/readyz"))[0] == HTTPStatus.OK:
                    return
            await asyncio.sleep(0.05)
