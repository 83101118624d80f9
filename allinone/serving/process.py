"""One process of the platform, as `hutong serve` runs it: by its settings alone.

Whoever starts it sees to its end: it drains at SIGTERM. It starts no stores and makes no schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from redis.asyncio import Redis

from allinone.identity import Trust, has_own_issuer, own_issuer
from allinone.issuer import LocalIssuer
from allinone.serving.services import AddressMissing, Services
from allinone.storage import the_home
from allinone.topology import (
    BLUEPRINTS,
    DATABASE_URLS_SETTING,
    GATEWAY,
    SERVICES,
    WORKERS,
    Settings,
)
from allinone.waiting import stop_wished
from chassis.app import Blueprint, Share
from chassis.health import redis_check
from chassis.http import HttpServer
from chassis.log import logger
from chassis.probes import CONNECTIONS_MAX, probes
from chassis.settings import SettingsError
from chassis.telemetry import Metrics

if TYPE_CHECKING:
    from allinone.serving.edge import Edge

log = logger(__name__)


class Process(Protocol):
    """What runs in a process: `start` it, and `stop` it."""

    async def start(self) -> None:
        """Serves; it becomes ready when what it needs answers."""

    async def stop(self) -> None:
        """Lets what is in flight end, then stops."""


class ServiceProcess:
    """Services, or their detached workers, with the probes of their process on its HTTP port."""

    def __init__(
        self, settings: Settings, blueprints: Sequence[Blueprint], *, redis: Redis, share: Share
    ) -> None:
        metrics = Metrics()
        trust = Trust.of(settings, _issuer(settings), redis)
        urls = {plan.name: _database_url(settings, plan.name) for plan in blueprints}
        self._services = Services(
            settings,
            blueprints,
            urls=urls,
            redis=redis,
            trust=trust,
            metrics=metrics,
            share=share,
        )
        self._http = HttpServer(
            probes(
                self._services.checks | {"redis": redis_check(redis)},
                metrics,
                is_ready=lambda: self._services.is_ready,
            ),
            host=settings.platform.host,
            port=settings.platform.http_port,
            connections_max=CONNECTIONS_MAX,
        )

    async def start(self) -> None:
        """Serves; it becomes ready when its databases answer."""
        await self._http.start()
        await self._services.start()

    async def stop(self) -> None:
        """Lets calls in flight end, then stops."""
        await self._services.stop()
        await self._http.stop()


async def serve(
    settings: Settings,
    name: str,
    services: Sequence[str] = (),
    *,
    blueprints: Sequence[Blueprint] | None = None,
) -> None:
    """Runs the process of that name until SIGTERM or SIGINT; SettingsError if one is missing.

    Workers are those of all services, or of these. Blueprints take the place of the usual ones.
    """
    stopping = stop_wished()
    redis = (
        None if settings.platform.redis_url is None else Redis.from_url(settings.platform.redis_url)
    )
    process: Process
    if name == GATEWAY:
        process = _gateway(settings, redis)
    else:
        if redis is None:
            raise SettingsError("HUTONG_REDIS_URL: say where Redis is")
        is_detached = name == WORKERS
        names = (services or SERVICES) if is_detached else (name,)
        process = ServiceProcess(
            settings,
            blueprints or [BLUEPRINTS.of(each) for each in names],
            redis=redis,
            share=Share.DETACHED if is_detached else Share.ATTACHED,
        )
    try:
        await process.start()
        log.info("process_started", name=name)
        await stopping.wait()
        log.info("process_stopping", name=name)
    finally:
        await process.stop()
        if redis is not None:
            await redis.aclose()


def _gateway(settings: Settings, redis: Redis | None) -> Edge:
    """The gateway alone. Its module is imported here, since no other process has room for it."""
    issuer = _issuer(settings)
    if issuer is not None and redis is None:
        raise SettingsError("HUTONG_REDIS_URL: say where Redis is, since people sign in here")
    addresses: dict[str, str] = {}
    for service in SERVICES:
        address = settings.services[service].address
        if address is None:
            raise AddressMissing(service)
        addresses[service] = address
    made: Edge = import_module("allinone.serving.edge").Edge(
        settings,
        addresses,
        trust=Trust.of(settings, issuer, redis),
        redis=redis,
        metrics=Metrics(),
        is_alone=True,
    )
    return made


def _issuer(settings: Settings) -> LocalIssuer | None:
    if not has_own_issuer(settings):
        return None
    return own_issuer(settings, the_home().folder)


def _database_url(settings: Settings, service: str) -> str:
    url = settings.services[service].database_url
    if url is None:
        setting = DATABASE_URLS_SETTING.format(service=service.upper())
        raise SettingsError(f"{setting}: say where the database of {service} is")
    return url
