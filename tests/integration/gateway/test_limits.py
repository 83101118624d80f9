"""The limits of the API, each at its limit and one beyond, and how it ends."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import structlog

from chassis import log
from chassis.http import HttpServer
from chassis.messaging.coalescer import Lanes
from chassis.rpc.admission import SHARE_PERCENT, Urgency
from chassis.telemetry import Metrics
from gateway import limits
from gateway.front import Front
from gateway.main import application
from gateway.routes.api import Api
from gateway.upstream import Upstream
from tests.support.shop import CASHIER, MANAGER, STORE
from tests.support.slow_service import SlowService
from tests.support.web import Web

TRACE = f"{7:032x}"
CATALOG = "hutong.catalog.v1.CatalogService"
QUOTE = f"/v1/{STORE}/orders:quote"


def padded(size: int) -> bytes:
    """A body of so many bytes that names no lines."""
    return b'{"lines": []' + b" " * (size - 13) + b"}"


async def quoted(web: Web, content: bytes, **headers: str) -> httpx.Response:
    usual = web.headers(CASHIER) | {"content-type": "application/json"}
    return await web.http.post(QUOTE, headers=usual | headers, content=content)


async def test_a_body_may_be_as_large_as_the_limit(web: Web) -> None:
    at = await quoted(web, padded(limits.BODY_BYTES_MAX))
    assert (at.status_code, at.json()["reason"]) == (400, "INVALID_INPUT")
    beyond = await quoted(web, padded(limits.BODY_BYTES_MAX + 1))
    assert beyond.status_code == 413
    problem = beyond.json()
    assert (problem["reason"], problem["code"]) == ("MESSAGE_TOO_LARGE", "RESOURCE_EXHAUSTED")
    assert problem["facts"] == {"limit_bytes": str(limits.BODY_BYTES_MAX)}


async def test_a_body_without_a_length_is_limited_too(web: Web) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * (64 * 1024)

    answer = await web.http.post(
        QUOTE,
        headers=web.headers(CASHIER) | {"content-type": "application/json"},
        content=chunks(),
    )
    assert answer.status_code == 413


async def test_a_packed_body_counts_by_what_is_in_it(web: Web) -> None:
    packed = {"content-encoding": "gzip"}
    at = await quoted(web, gzip.compress(padded(limits.BODY_BYTES_MAX)), **packed)
    assert at.status_code == 400
    beyond = await quoted(web, gzip.compress(padded(limits.BODY_BYTES_MAX + 1)), **packed)
    assert (beyond.status_code, beyond.json()["reason"]) == (413, "MESSAGE_TOO_LARGE")
    bomb = await quoted(web, gzip.compress(b" " * 500_000_000, 9), **packed)
    assert bomb.status_code == 413


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"{}", mtime=0)[:-4], gzip.compress(b"{}", mtime=0) * 2],
    ids=["none", "cut", "two"],
)
async def test_a_packed_body_must_be_one_whole_gzip_stream(web: Web, content: bytes) -> None:
    answer = await quoted(web, content, **{"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "GZIP_INVALID")


async def test_json_may_be_nested_as_deep_as_the_limit(web: Web) -> None:
    def nested(depth: int) -> bytes:
        return b'{"lines":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    at = await quoted(web, nested(limits.JSON_DEPTH_MAX))
    assert at.json()["reason"] == "INVALID_INPUT"
    beyond = await quoted(web, nested(limits.JSON_DEPTH_MAX + 1))
    assert (beyond.status_code, beyond.json()["reason"]) == (400, "JSON_INVALID")
    brackets_in_text = json.dumps({"lines": [], "parent": "[" * 5000}).encode()
    assert (await quoted(web, brackets_in_text)).json()["reason"] == "INVALID_INPUT"


async def test_a_query_may_be_as_long_as_the_limit(web: Web) -> None:
    async def listed(size: int) -> httpx.Response:
        query = "department=" + "a" * (size - len("department="))
        return await web.http.get(f"/v1/products?{query}", headers=web.headers(MANAGER))

    assert (await listed(limits.QUERY_BYTES_MAX)).json()["reason"] == "INVALID_INPUT"
    assert (await listed(limits.QUERY_BYTES_MAX + 1)).json()["reason"] == "QUERY_INVALID"
    many = "&".join(["department=a"] * (limits.QUERY_PARAMETERS_MAX + 1))
    answer = await web.http.get(f"/v1/products?{many}", headers=web.headers(MANAGER))
    assert answer.json()["reason"] == "QUERY_INVALID"


async def test_headers_may_be_as_large_as_the_limit(web: Web) -> None:
    async def asked(size: int) -> httpx.Response:
        request = web.http.build_request("GET", "/v1/products", headers=web.headers(MANAGER))
        have = sum(len(name) + len(value) for name, value in request.headers.raw)
        request.headers["x-padding"] = "a" * (size - have - len("x-padding"))
        return await web.http.send(request)

    assert (await asked(limits.HEADER_BYTES_MAX)).status_code == 200
    assert (await asked(limits.HEADER_BYTES_MAX + 1)).status_code == 431


@pytest.fixture
async def slow() -> AsyncIterator[tuple[SlowService, HttpServer]]:
    """The API before a service that never answers."""
    service = SlowService(CATALOG)
    await service.start()
    upstream = Upstream({CATALOG: service.address})
    front = Front(
        services=[CATALOG],
        grpc_address="",
        http_address="",
        checks={},
        metrics=Metrics(),
        docs_folder=Path("docs"),
    )
    server = HttpServer(
        application(front, Api(upstream, Lanes(front.metrics))),
        host="127.0.0.1",
        port=0,
        connections_max=limits.CONNECTIONS_MAX,
    )
    await server.start()
    yield service, server
    await server.stop()
    await upstream.close()
    await service.stop()


async def asking(
    server: HttpServer,
    *,
    line: bytes = b"GET /v1/products",
    body: bytes = b"",
    traceparent: str = "",
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(line + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
    writer.write(b"traceparent: %b\r\n" % traceparent.encode())
    writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()
    return reader, writer


async def test_a_caller_who_leaves_stops_the_work(slow: tuple[SlowService, HttpServer]) -> None:
    service, server = slow
    _, writer = await asking(server)
    await service.until_waiting(1)
    writer.close()
    await service.until_waiting(0)


async def test_that_a_caller_left_is_told_with_the_trace_of_the_call(
    slow: tuple[SlowService, HttpServer], capsys: pytest.CaptureFixture[str]
) -> None:
    service, server = slow
    before = structlog.get_config()
    log.configure(level="info", form="json")
    try:
        _, writer = await asking(server, traceparent=f"00-{TRACE}-{1:016x}-00")
        await service.until_waiting(1)
        writer.close()
        await service.until_waiting(0)
        async with asyncio.timeout(20):
            while "http_caller_left" not in (told := capsys.readouterr().err):
                await asyncio.sleep(0.01)
    finally:
        structlog.configure(**before)
    assert f'"trace_id": "{TRACE}"' in told


async def test_one_call_too_many_is_told_to_come_back(slow: tuple[SlowService, HttpServer]) -> None:
    service, server = slow
    lookers_max = limits.CALLS_AT_ONCE_MAX * SHARE_PERCENT[Urgency.BROWSING] // 100
    callers = [await asking(server) for _ in range(lookers_max)]
    await service.until_waiting(lookers_max)
    async with httpx.AsyncClient() as client:
        refused = await client.get(f"http://127.0.0.1:{server.port}/v1/products")
    assert (refused.status_code, refused.json()["reason"]) == (429, "OVERLOADED")
    assert refused.headers["retry-after"] == "1"
    callers.append(await asking(server, line=b"POST /v1/stores/sh01:quoteBasket", body=b"{}"))
    await service.until_waiting(lookers_max + 1)
    for _, writer in callers:
        writer.close()
    await service.until_waiting(0)


async def test_a_service_that_is_late_is_a_504(slow: tuple[SlowService, HttpServer]) -> None:
    _, server = slow
    async with httpx.AsyncClient() as client:
        late = await client.get(
            f"http://127.0.0.1:{server.port}/v1/products", headers={"grpc-timeout": "200m"}
        )
    assert (late.status_code, late.json()["reason"]) == (504, "DEADLINE_EXCEEDED")


async def test_a_service_that_is_gone_is_a_503(slow: tuple[SlowService, HttpServer]) -> None:
    service, server = slow
    await service.stop()
    async with httpx.AsyncClient() as client:
        gone = await client.get(f"http://127.0.0.1:{server.port}/v1/products")
    assert (gone.status_code, gone.json()["reason"]) == (503, "UNAVAILABLE")
    assert gone.headers["retry-after"] == "1"
