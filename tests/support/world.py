"""A small platform for tests: chosen services with fresh databases behind one real gRPC server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from allinone.issuer import LocalIssuer
from chassis.app import Blueprint, Deps, Service, Workers
from chassis.db.engine import Database
from chassis.http import HttpServer
from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import HutongError
from chassis.messaging.coalescer import Lanes
from chassis.rpc.auth import Authenticator, Caller
from chassis.rpc.call import caller_to_proto
from chassis.rpc.client import Peer
from chassis.rpc.installed import Engine
from chassis.rpc.key_set import FileKeys
from chassis.rpc.server import RpcServer
from chassis.settings import CALLS_AT_ONCE_MAX, PlatformSettings
from chassis.telemetry import Metrics
from chassis.testing.database import TestDatabases
from gateway.coalescing import Identity
from gateway.front import Front
from gateway.limits import CONNECTIONS_MAX
from gateway.main import application
from gateway.routes.api import Api
from gateway.upstream import Upstream
from hutong.auth.v1 import call_context_pb2

ISSUER = "https://issuer.test"
AUDIENCE = "hutong"
CALL_SECONDS = 20.0
TENANT = "demo"
ANSWER_SECONDS_MAX = 20.0
RETRY_SECONDS = 0.1


def caller(
    *,
    role: str,
    stores: Iterable[str] = (),
    customer: str = "",
    tenant: str = TENANT,
    principal: str | None = None,
) -> Caller:
    """An identity with one role."""
    return Caller(
        principal=principal or f"users/{role}",
        tenant=tenant,
        roles=frozenset({role}),
        stores=frozenset(stores),
        customer=customer,
    )


def call_context_for(who: Caller, *, seconds: float = CALL_SECONDS) -> call_context_pb2.CallContext:
    """The context of a batch's item."""
    context = call_context_pb2.CallContext(caller=caller_to_proto(who))
    context.deadline.FromMilliseconds(int((time.time() + seconds) * 1000))
    return context


class Client:
    """A stub on behalf of one caller: replies come back, errors are raised as HutongError."""

    def __init__(self, peer: Peer, stub: Any) -> None:
        self._peer = peer
        self._stub = stub

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        async def call(request: Any, *, seconds: float = CALL_SECONDS) -> Any:
            return await self._peer.call(getattr(self._stub, method), request, seconds=seconds)

        return call


async def answer(client: Client, method: str, request: Any) -> Any:
    """What a client gets that asks again with the same request until there is an answer."""
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        while True:
            try:
                return await getattr(client, method)(request)
            except HutongError as error:
                if error.is_answer:
                    return error
                await asyncio.sleep(RETRY_SECONDS)


@dataclass(frozen=True, slots=True)
class Edge:
    """An API over HTTP before the services."""

    upstream: Upstream
    api: Api
    server: HttpServer

    async def close(self) -> None:
        """Stops it, its streams first."""
        self.api.drain()
        await self.server.stop()
        await self.api.close()
        await self.upstream.close()


@dataclass(slots=True)
class World:
    """Running services. Everything of it is its own and goes with it."""

    databases: TestDatabases
    issuer: LocalIssuer
    redis: Redis
    address: str
    urls: dict[str, str]
    opened: dict[str, Database]
    server: RpcServer
    services: dict[str, Service]
    deps: dict[str, Deps]
    metrics: Metrics
    workers: Workers
    closed: Callable[[], None]
    peers: list[Peer] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    @property
    def services_served(self) -> list[str]:
        """The services' full names."""
        return [
            servicer.service for service in self.services.values() for servicer in service.servicers
        ]

    async def start_http(
        self, *, allowed_origins: Sequence[str] = (), is_coalescing: bool = True
    ) -> str:
        """Serves the API over HTTP too; answers its address. May be done several times."""
        upstream = Upstream(dict.fromkeys(self.services_served, self.address))
        front = Front(
            services=upstream.services,
            grpc_address=self.address,
            http_address="",
            checks={},
            metrics=self.metrics,
            docs_folder=Path("docs"),
            has_api=True,
        )
        tokens = self.issuer.service_tokens("gateway", tenant=TENANT)
        identity = Identity(_authenticator(self.issuer), tokens) if is_coalescing else None
        api = Api(upstream, Lanes(self.metrics), identity=identity)
        app = application(front, api, allowed_origins=allowed_origins)
        server = HttpServer(app, host="127.0.0.1", port=0, connections_max=CONNECTIONS_MAX)
        await server.start()
        self.edges.append(Edge(upstream, api, server))
        return f"http://127.0.0.1:{server.port}"

    def token(self, who: Caller, *, seconds: float = 3600) -> str:
        """A token as the platform's issuer would give it."""
        return self.issuer.token(who, seconds=seconds)

    def client(self, stub_class: Callable[[Any], Any], who: Caller) -> Client:
        """A client of one service, as this caller."""
        token = self.token(who)
        peer = Peer(name="service", address=self.address, token=lambda: token)
        self.peers.append(peer)
        return Client(peer, stub_class(peer.channel))

    def database(self, service: str) -> Database:
        """The service's database, for looking at rows."""
        return self.opened[service]

    def start_workers(self) -> None:
        """Starts the background work, which tests otherwise do without."""
        for name, service in self.services.items():
            self.workers.start(service, self.deps[name])

    async def pass_time(self, service: str, seconds: float) -> None:
        """Lets the service's database clock run ahead of the machine's by so much in all."""
        await self.databases.pass_time(self.urls[service], seconds=seconds)
        await self.opened[service].close()

    async def broken(self) -> list[str]:
        """Every row of every verify.broken_* view, as text; empty when all is well."""
        found = []
        for service, database in self.opened.items():
            async with database.transaction() as tx:
                views = await tx.rows(
                    "select table_name from information_schema.views "
                    "where table_schema = 'verify' and table_name like 'broken_%'"
                )
                for (view,) in views:
                    rows = await tx.rows(f'select * from verify."{view}"')
                    found += [f"{service}.{view}: {dict(row)}" for row in rows]
        return found

    async def close(self) -> None:
        """Stops everything and drops the databases."""
        self.closed()
        for edge in self.edges:
            await edge.close()
        await self.server.turn_away()
        await self.workers.stop()
        for service in self.services.values():
            for closing in service.closing:
                await closing()
        await self.server.stop()
        for peer in self.peers:
            await peer.close()
        for database in self.opened.values():
            await database.close()
        await self.redis.aclose()
        await asyncio.gather(*map(self.databases.drop, self.urls.values()))


@dataclass(slots=True)
class Worlds:
    """Makes worlds on one PostgreSQL and one Valkey."""

    databases: TestDatabases
    redis_url: str
    folder: Path
    free_port: Callable[[], int]
    started: list[World] = field(default_factory=list)

    async def start(
        self,
        blueprints: Sequence[Blueprint],
        *,
        engine: Engine | None = None,
        calls_at_once_max: int = CALLS_AT_ONCE_MAX,
    ) -> World:
        """A world with these services, and nothing in it; the environment may name the engine."""
        metrics = Metrics()
        issuer = LocalIssuer(self.folder, issuer=ISSUER, audience=AUDIENCE, mode="development")
        redis = Redis.from_url(self.redis_url)
        await redis.flushdb()
        address = f"127.0.0.1:{self.free_port()}"
        # At once, as each waits for a checkpoint, and so do those that are dropped.
        fresh = await asyncio.gather(*(self.databases.fresh(plan) for plan in blueprints))
        urls = {plan.name: url for plan, url in zip(blueprints, fresh, strict=True)}
        opened = {name: Database(url, name=name, metrics=metrics) for name, url in urls.items()}
        peers: list[Peer] = []
        deps = {
            plan.name: self._deps(plan.name, opened, redis, metrics, issuer, address, peers)
            for plan in blueprints
        }
        services = {plan.name: plan.build(deps[plan.name]) for plan in blueprints}
        server = RpcServer(
            [servicer for service in services.values() for servicer in service.servicers],
            authenticator=_authenticator(issuer),
            metrics=metrics,
            engine=engine or PlatformSettings().grpc_server,
            calls_at_once_max=calls_at_once_max,
        )
        await server.start(address)
        await server.set_ready(is_ready=True)
        world = World(
            databases=self.databases,
            issuer=issuer,
            redis=redis,
            address=address,
            urls=urls,
            opened=opened,
            server=server,
            services=services,
            deps=deps,
            metrics=metrics,
            workers=Workers(metrics),
            peers=peers,
            closed=lambda: self.started.remove(world),
        )
        self.started.append(world)
        return world

    async def close(self) -> None:
        """Closes what tests have left open."""
        while self.started:
            await self.started[-1].close()

    @staticmethod
    def _deps(
        service: str,
        opened: dict[str, Database],
        redis: Redis,
        metrics: Metrics,
        issuer: LocalIssuer,
        address: str,
        peers: list[Peer],
    ) -> Deps:
        tokens = issuer.service_tokens(service, tenant=TENANT)

        def peer(name: str) -> Peer:
            made = Peer(name=name, address=address, token=tokens)
            peers.append(made)
            return made

        return Deps(
            database=opened[service],
            redis=redis,
            clock=SystemClock(),
            metrics=metrics,
            peer=peer,
            lanes=Lanes(metrics),
        )


def _authenticator(issuer: LocalIssuer) -> Authenticator:
    return Authenticator(
        keys=FileKeys(issuer.jwks_file), issuer=ISSUER, audience=AUDIENCE, clock=SystemClock()
    )
