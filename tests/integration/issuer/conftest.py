from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from allinone.embedded import EmbeddedPostgres, EmbeddedValkey
from allinone.issuer import Clients, Grants, LocalIssuer
from allinone.issuer.sign_in import SignIn
from allinone.serving.edge import demo_people
from chassis.http import HttpServer
from chassis.telemetry import Metrics
from gateway.front import Front
from gateway.limits import CONNECTIONS_MAX
from gateway.main import application
from tests.integration.issuer.signing_in import SHOP, SHOP_CALLBACK, SigningIn
from tests.support.command import free_port

CONFIGURED = ((SHOP, SHOP_CALLBACK), (SHOP, "com.example.shop:/signed-in"))


@pytest.fixture(scope="package")
async def redis(embedded: tuple[EmbeddedPostgres, EmbeddedValkey]) -> AsyncIterator[Redis]:
    connection = Redis.from_url(embedded[1].url)
    yield connection
    await connection.aclose()


@pytest.fixture(scope="package")
async def signing_in(
    redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SigningIn]:
    async for made in serving(tmp_path_factory.mktemp("issuer"), lambda: redis):
        yield made


async def serving(folder: Path, redis: Callable[[], Redis | None]) -> AsyncIterator[SigningIn]:
    """The issuer of a folder, served twice."""
    ports = free_port(), free_port()
    issuer = LocalIssuer(
        folder, issuer=f"http://127.0.0.1:{ports[0]}", audience="hutong", mode="development"
    )
    front = Front(
        services=[],
        grpc_address="",
        http_address="",
        checks={},
        metrics=Metrics(),
        docs_folder=Path("docs"),
        jwks=issuer.jwks(),
    )
    grants = Grants(redis), Grants(redis)
    servers = []
    for port, store in zip(ports, grants, strict=True):
        sign_in = SignIn(issuer, grants=store, people=demo_people(), clients=Clients.of(CONFIGURED))
        app = application(front, more_routes=tuple(sign_in.routes()))
        servers.append(
            HttpServer(app, host="127.0.0.1", port=port, connections_max=CONNECTIONS_MAX)
        )
        await servers[-1].start()
    async with httpx.AsyncClient(base_url=issuer.name, timeout=30) as http:
        yield SigningIn(issuer, f"http://127.0.0.1:{ports[1]}", http, grants)
    for server in servers:
        await server.stop()
