"""The whole platform in one process: stores, services, workers, gRPC and HTTP.

Services call one another over real gRPC, here through the server's own port, so that there is no
second way for a call to go.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Sequence
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.routing import BaseRoute

from allinone.demo.front import calls_shown, people_shown
from allinone.identity import authenticator, demo_people, own_issuer, service_tokens
from allinone.issuer import Clients, Grants, SignIn
from allinone.storage import Storage
from allinone.topology import BLUEPRINTS, Settings, contract_of
from chassis.app import Blueprint, Deps, Service, Worker, Workers
from chassis.db.engine import Database
from chassis.health import Check
from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import Unavailable
from chassis.rpc.client import Peer
from chassis.rpc.server import RpcServer, require_free
from chassis.telemetry import Metrics
from gateway.coalescing import Identity
from gateway.front import Front
from gateway.main import application
from gateway.routes.api import Api
from gateway.server import CONNECTIONS_MAX, HttpServer
from gateway.upstream import Upstream

OPEN_FILES = 2 * CONNECTIONS_MAX
HEALTH_KEY = "hutong:health"
DOCS = Path(__file__).parent.parent / "docs"


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
        self._blueprints = blueprints
        self.storage = storage
        self.issuer = own_issuer(settings, storage.home.folder)
        self._service_token = service_tokens(settings, self.issuer)
        self._grants = Grants(lambda: self._redis)
        self._authenticator = authenticator(
            settings, self.issuer, is_revoked=self._grants.is_revoked if self.issuer else None
        )
        self._metrics = Metrics()
        self._databases: dict[str, Database] = {}
        self._redis: Redis | None = None
        self._services: list[Service] = []
        self._peers: list[Peer] = []
        self._workers = Workers(self._metrics)
        self._rpc: RpcServer | None = None
        self._http: HttpServer | None = None
        self._upstream: Upstream | None = None
        self._api: Api | None = None

    async def start(self) -> None:
        """Takes the ports, starts the stores, then the services; ready when it returns."""
        platform = self.settings.platform
        allow_open_files()
        require_free(platform.host, platform.grpc_port)
        self._upstream = Upstream(self._addresses())
        self._api = Api(self._upstream, self._metrics, identity=self._gateway())
        self._http = HttpServer(
            application(
                self._front(),
                self._api,
                allowed_origins=platform.http_allowed_origins,
                more_routes=self._sign_in_routes(),
            ),
            host=platform.host,
            port=platform.http_port,
        )
        await self._http.start()
        await self.storage.start()
        self._redis = Redis.from_url(self.storage.redis_url)
        for name, url in self.storage.urls.items():
            connections_max = self.settings.services[name].database_connections_max
            self._databases[name] = Database(
                url, name=name, metrics=self._metrics, connections_max=connections_max
            )
        deps = {plan.name: self._deps(plan.name, self._redis) for plan in self._blueprints}
        self._services = [plan.build(deps[plan.name]) for plan in self._blueprints]
        self._rpc = RpcServer(
            [servicer for service in self._services for servicer in service.servicers],
            authenticator=self._authenticator,
            metrics=self._metrics,
            engine=platform.grpc_server,
        )
        await self._rpc.start(self.settings.grpc_address)
        for service in self._services:
            self._workers.start(service, deps[service.name])
        if self.issuer is not None:
            self._workers.add(Worker("sign-in.revocations", self._grants.learn_revocations))
        await self._rpc.set_ready(is_ready=True)

    async def failed(self) -> None:
        """Returns never; raises when a store is given up."""
        await self.storage.supervisor.wait()
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Lets what is in flight end, then stops everything in reverse order."""
        await self._stop_http()
        if self._rpc is not None:
            await self._rpc.turn_away()
        await self._workers.stop()
        for service in self._services:
            for closing in service.closing:
                await closing()
        if self._rpc is not None:
            await self._rpc.stop()
        if self._upstream is not None:
            await self._upstream.close()
        for peer in self._peers:
            await peer.close()
        for database in self._databases.values():
            await database.close()
        if self._redis is not None:
            await self._redis.aclose()
        await self.storage.stop()

    async def _stop_http(self) -> None:
        if self._api is not None:
            self._api.drain()
        if self._http is not None:
            await self._http.stop()
        if self._api is not None:
            await self._api.close()

    def _deps(self, service: str, redis: Redis) -> Deps:
        token = self._service_token(service)

        def peer(name: str) -> Peer:
            address = self.settings.services[name].address or self.settings.grpc_address
            made = Peer(name=name, address=address, token=token)
            self._peers.append(made)
            return made

        return Deps(
            database=self._databases[service],
            redis=redis,
            clock=SystemClock(),
            metrics=self._metrics,
            peer=peer,
        )

    def _gateway(self) -> Identity | None:
        """Who the gateway is when it vouches for callers; None if it is not to."""
        if not self.settings.platform.http_coalescing:
            return None
        return Identity(self._authenticator, self._service_token("gateway"))

    def _addresses(self) -> dict[str, str]:
        """Where each service is, by its contract's full name."""
        return {
            contract_of(plan.name): self.settings.services[plan.name].address
            or self.settings.grpc_address
            for plan in self._blueprints
        }

    def _sign_in_routes(self) -> Sequence[BaseRoute]:
        """Where demo people sign in; nowhere if another issuer is configured."""
        if self.issuer is None:
            return ()
        clients = Clients.of(self.settings.platform.sign_in_clients)
        sign_in = SignIn(self.issuer, grants=self._grants, people=demo_people(), clients=clients)
        return tuple(sign_in.routes())

    def _front(self) -> Front:
        return Front(
            services=[contract_of(plan.name) for plan in self._blueprints],
            grpc_address=self.settings.grpc_address,
            http_address=self.settings.http_address,
            checks=self._checks(),
            metrics=self._metrics,
            jwks=self.issuer.jwks() if self.issuer else None,
            docs_folder=DOCS,
            people=people_shown() if self.issuer else (),
            calls=calls_shown() if self.issuer else (),
            has_api=True,
        )

    def _checks(self) -> dict[str, Check]:
        def database_check(name: str) -> Check:
            async def check() -> None:
                if name not in self._databases:
                    raise Unavailable(part=name)
                async with self._databases[name].transaction() as tx:
                    await tx.row("select 1")

            return check

        async def redis_check() -> None:
            if self._redis is None:
                raise Unavailable(part="Redis")
            try:
                await self._redis.get(HEALTH_KEY)
            except RedisError as problem:
                raise Unavailable(part="Redis") from problem

        return {plan.name: database_check(plan.name) for plan in self._blueprints} | {
            "redis": redis_check
        }


def allow_open_files() -> None:
    """Lets the process hold what its connections need, where the system's usual limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
