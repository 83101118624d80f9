"""Which processes a cluster has, at which addresses and with which settings; its start and its end.

Each gets the settings that its kind needs, and of the databases' addresses only its own services'.
A service for which an address is set runs elsewhere, and is not started here.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping

from allinone.asking import ask
from allinone.cluster.child import ChildProcess
from allinone.cluster.errors import NotReady, PortTaken
from allinone.cluster.keeper import Keeper
from allinone.cluster.listing import Listed, Listing
from allinone.cluster.logs import JoinedLogs
from allinone.embedded.home import is_free
from allinone.identity import Trust, own_issuer, public_url
from allinone.storage import Storage
from allinone.topology import (
    ADDRESS_SETTING,
    DATABASE_URLS_SETTING,
    GATEWAY,
    SERVICES,
    STOPPING_ORDER,
    WORKERS,
    Settings,
)
from chassis.rpc.installed import require_installed

HOST = "127.0.0.1"
READY_SECONDS_MAX = 60.0
READY_POLL_SECONDS = 0.1

STOP_PATIENCE_SECONDS = (12.0, 9.0, 5.0)
"""What each group of STOPPING_ORDER gets to end by itself; together below half a minute."""


class Cluster:
    """A running cluster. `start` it, wait for `failed`, and `stop` it."""

    def __init__(self, settings: Settings, storage: Storage, logs: JoinedLogs) -> None:
        self.storage = storage
        self.issuer = own_issuer(settings, storage.home.folder)
        # Each process would refuse what is refused here, after its start.
        Trust.of(settings, self.issuer, redis=None)
        require_installed(settings.platform.grpc_server)
        self._settings = settings
        self._logs = logs
        self._starts: dict[str, int] = {}
        here = [name for name in SERVICES if settings.services[name].address is None]
        self._ports = {
            name: (storage.home.port(f"{name}.grpc"), storage.home.port(f"{name}.http"))
            for name in (*here, WORKERS)
        }
        self._ports[GATEWAY] = (settings.platform.grpc_port, settings.platform.http_port)
        groups = [[name for name in group if name in self._ports] for group in STOPPING_ORDER]
        self._children = {name: self._child(name) for group in groups for name in group}
        self._keeper = Keeper(
            [[self._children[name] for name in group] for group in groups],
            patience=STOP_PATIENCE_SECONDS,
        )

    async def start(self) -> None:
        """Starts the stores, migrates, and starts all processes; ready when it returns."""
        platform = self._settings.platform
        for setting, port in (
            ("HUTONG_GRPC_PORT", platform.grpc_port),
            ("HUTONG_HTTP_PORT", platform.http_port),
        ):
            if not is_free(port, host=platform.host):
                raise PortTaken(f"{platform.host}:{port}", setting)
        await self.storage.start()
        await self.run("migrate")
        await self._keeper.start()
        await self._all_ready()

    async def run(self, command: str) -> None:
        """Runs a command of `hutong` on this cluster to its end; ProcessFailed if it fails."""
        settings = self._stores() if command == "migrate" else {}
        child = ChildProcess(command, [command], settings=settings, logs=self._logs)
        try:
            await child.run()
        finally:
            await child.stop(seconds=STOP_PATIENCE_SECONDS[-1])

    async def failed(self) -> None:
        """Returns never; raises when a process or a store is given up."""
        waiting = [
            asyncio.ensure_future(self.storage.supervisor.wait()),
            asyncio.ensure_future(self._keeper.wait()),
        ]
        try:
            await asyncio.gather(*waiting)
            await asyncio.Event().wait()
        finally:
            for wait in waiting:
                wait.cancel()

    async def stop(self) -> None:
        """Stops the gateway first, then those behind it, the stores at the end."""
        await self._keeper.stop()
        await self.storage.stop()
        Listing.remove(self.storage.home.folder)

    def _child(self, name: str) -> ChildProcess:
        grpc_port, http_port = self._ports[name]
        settings = {
            "HUTONG_HOME": str(self.storage.home.folder),
            "HUTONG_HOST": self._host(name),
            "HUTONG_GRPC_PORT": str(grpc_port),
            "HUTONG_HTTP_PORT": str(http_port),
            "HUTONG_HTTP_PUBLIC_URL": public_url(self._settings),
            "HUTONG_REDIS_URL": self.storage.redis_url,
        }
        for service in SERVICES:
            address = self._settings.services[service].address
            given = address or f"{HOST}:{self._ports[service][0]}"
            settings[ADDRESS_SETTING.format(service=service.upper())] = given
        if name == GATEWAY:
            settings[ADDRESS_SETTING.format(service=WORKERS.upper())] = (
                f"{HOST}:{self._ports[WORKERS][0]}"
            )
        return ChildProcess(
            name,
            ["serve", name],
            settings=settings | self._databases(name),
            logs=self._logs,
            http_address=f"{self._host(name)}:{http_port}",
            on_start=lambda: self._list(name),
        )

    def _host(self, name: str) -> str:
        """Only the gateway listens where the settings say; the others are for this machine."""
        return self._settings.platform.host if name == GATEWAY else HOST

    def _databases(self, name: str) -> dict[str, str | None]:
        """The addresses of a process's own databases; None hides those of others."""
        return {
            DATABASE_URLS_SETTING.format(service=service.upper()): (
                self.storage.urls[service] if name in (service, WORKERS) else None
            )
            for service in SERVICES
        }

    def _stores(self) -> dict[str, str | None]:
        """All stores, for a command that needs no home."""
        return {"HUTONG_REDIS_URL": self.storage.redis_url, **self._databases(WORKERS)}

    async def _all_ready(self) -> None:
        """Waits until the gateway finds all parts up; NotReady if that takes too long."""
        gateway = self._children[GATEWAY]
        down = "the gateway does not answer"
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                while down:
                    down = await _down(gateway.http_address)
                    await asyncio.sleep(READY_POLL_SECONDS if down else 0)
        except TimeoutError:
            raise NotReady(down, READY_SECONDS_MAX) from None

    def _list(self, name: str) -> None:
        """Puts down where the processes are now."""
        self._starts[name] = self._starts.get(name, 0) + 1
        processes = {
            each: Listed(
                pid=child.pid,
                grpc_address=f"{self._host(each)}:{self._ports[each][0]}",
                http_address=f"{self._host(each)}:{self._ports[each][1]}",
                starts=self._starts.get(each, 0),
            )
            for each, child in self._children.items()
        }
        Listing(os.getpid(), processes).write(self.storage.home.folder)


async def _down(address: str) -> str:
    """The parts that a gateway finds down, empty if there are none."""
    try:
        _, body = await ask(address, "/healthz")
    except (OSError, TimeoutError):
        return "the gateway does not answer"
    parts: Mapping[str, Mapping[str, str]] = json.loads(body)["parts"]
    return ", ".join(name for name, part in parts.items() if part["status"] != "up")
