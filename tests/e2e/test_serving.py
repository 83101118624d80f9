"""`hutong serve` without a supervisor: one process by its settings, as a container runs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from allinone.asking import ask
from allinone.topology import BLUEPRINTS
from chassis.testing.faults import FaultyProxy
from hutong.stores.v1 import stores_service_pb2_grpc
from hutong.stores.v1.stores_service_pb2 import GetStoreRequest
from tests.support.command import Command
from tests.support.shop import OPERATOR, STORE, Shop
from tests.support.world import World, Worlds, answer

CHANGE_SECONDS_MAX = 60.0
STORES = "hutong.stores.v1.StoresService"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
async def stores(worlds: Worlds) -> AsyncIterator[World]:
    started = await worlds.start([BLUEPRINTS.of("stores")])
    yield started
    await started.close()


async def health(address: str) -> int:
    """What the service says of itself; 0 if nobody answers."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            reply = await stub.Check(health_pb2.HealthCheckRequest(service=STORES), timeout=5)
        except grpc.aio.AioRpcError:
            return 0
        return int(reply.status)


async def becomes(address: str, wanted: int) -> None:
    async with asyncio.timeout(CHANGE_SECONDS_MAX):
        while await health(address) != wanted:
            await asyncio.sleep(0.1)


async def test_a_service_whose_database_is_gone_says_so_and_comes_back_by_itself(
    stores: World, worlds: Worlds, tmp_path: Path
) -> None:
    await Shop(stores.client).open()
    before, _, rest = stores.urls["stores"].rpartition("@")
    port, _, database = rest.partition(":")[2].partition("/")
    async with FaultyProxy(int(port)).running() as proxy:
        token = tmp_path / "token"
        token.write_text(stores.issuer.service_tokens("stores", tenant="demo")())
        command = Command(
            tmp_path / "home",
            extra={
                "HUTONG_STORES_DATABASE_URL": f"{before}@127.0.0.1:{proxy.port}/{database}",
                "HUTONG_REDIS_URL": worlds.redis_url,
                "HUTONG_TOKEN_ISSUER": stores.issuer.name,
                "HUTONG_JWKS": str(stores.issuer.jwks_file),
                "HUTONG_SERVICE_TOKEN_FILE": str(token),
            },
        )
        address, http = f"127.0.0.1:{command.grpc_port}", f"127.0.0.1:{command.http_port}"
        process = await command.start("serve", "stores")
        try:
            await becomes(address, SERVING)
            assert (await ask(http, "/readyz"))[0] == 200
            assert b"hutong_rpc_seconds" in (await ask(http, "/metrics"))[1]
            client = command.client(
                stores_service_pb2_grpc.StoresServiceStub, stores.token(OPERATOR)
            )
            store = await client.GetStore(GetStoreRequest(name=STORE))

            proxy.loses_replies = True
            proxy.reset()
            await becomes(address, NOT_SERVING)
            assert (await ask(http, "/readyz"))[0] == 503
            status, told = await ask(http, "/healthz")
            assert (status, b'"stores": {"status": "down"' in told) == (503, True)
            assert process.returncode is None

            proxy.loses_replies = False
            await becomes(address, SERVING)
            assert await answer(client, "GetStore", GetStoreRequest(name=STORE)) == store
            assert not (command.home / "issuer").exists()
        finally:
            process.terminate()
            await process.communicate()
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "settings", "told"),
    [
        (("orders",), {}, "HUTONG_REDIS_URL: say where Redis is"),
        (
            ("orders",),
            {"HUTONG_REDIS_URL": "redis://127.0.0.1:1"},
            "HUTONG_ORDERS_DATABASE_URL: say where the database of orders is",
        ),
        (
            ("orders",),
            {
                "HUTONG_REDIS_URL": "redis://127.0.0.1:1",
                "HUTONG_ORDERS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/orders",
            },
            "_ADDRESS: say where",
        ),
        (
            ("gateway",),
            {"HUTONG_REDIS_URL": "redis://127.0.0.1:1"},
            "HUTONG_STORES_ADDRESS: say where stores is",
        ),
    ],
)
async def test_what_a_process_has_to_be_told_is_asked_for_in_one_line(
    words: tuple[str, ...], settings: dict[str, str], told: str, tmp_path: Path
) -> None:
    code, output = await Command(tmp_path / "home", extra=settings).result("serve", *words)
    assert (code, output.count("\n")) == (1, 1), output
    assert told in output
