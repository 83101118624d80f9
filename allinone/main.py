"""The whole platform in one process: its stores beside it, all services and the edge inside."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis

from allinone.identity import Trust, own_issuer
from allinone.migrating import migrate
from allinone.serving.edge import Edge
from allinone.serving.services import Services
from allinone.storage import Storage
from allinone.topology import BLUEPRINTS, Settings
from chassis.app import Blueprint
from chassis.rpc.server import require_free
from chassis.telemetry import Metrics


class Platform:
    """A running platform. `start` it, wait for `failed`, and `stop` it."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        *,
        blueprints: Sequence[Blueprint] = BLUEPRINTS,
    ) -> None:
        self.settings = settings
        self.storage = storage
        self.issuer = own_issuer(settings, storage.home.folder)
        self._redis = Redis.from_url(storage.redis_url)
        trust = Trust.of(settings, self.issuer, self._redis)
        metrics = Metrics()
        self._edge = Edge(
            settings,
            {
                plan.name: settings.services[plan.name].address or settings.grpc_address
                for plan in blueprints
            },
            trust=trust,
            redis=self._redis,
            metrics=metrics,
            is_alone=False,
        )
        self._services = Services(
            settings,
            blueprints,
            urls=storage.urls,
            redis=self._redis,
            trust=trust,
            metrics=metrics,
        )

    async def start(self) -> None:
        """Takes the ports, starts the stores, then the services; ready when it returns."""
        require_free(self.settings.platform.host, self.settings.platform.grpc_port)
        await self._edge.start()
        await self.storage.start()
        await migrate(self.storage.urls)
        await self._services.start()
        self._edge.set_ready(is_ready=True)

    async def failed(self) -> None:
        """Returns never; raises when a store is given up."""
        await self.storage.supervisor.wait()
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Lets what is in flight end, then stops everything in reverse order."""
        await self._edge.stop()
        await self._services.stop()
        await self._redis.aclose()
        await self.storage.stop()
