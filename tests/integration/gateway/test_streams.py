"""Streams as server-sent events: what is told, resumed, ended and refused, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from chassis.http import HttpServer
from chassis.kernel.errors import Conflict, HutongError, Unavailable
from chassis.messaging.coalescer import Lanes
from chassis.rpc.auth import Caller
from chassis.telemetry import Metrics
from gateway import limits
from gateway.front import Front
from gateway.limits import CONNECTIONS_MAX
from gateway.main import application
from gateway.routes import api, events
from gateway.routes.api import Api
from gateway.upstream import Upstream
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from tests.support.event_source import reading
from tests.support.shop import Shop, customer, pickup, request_id, wanted
from tests.support.streaming_service import Script, StreamingService
from tests.support.web import PAGE, Web

ORDERS = "hutong.orders.v1.OrdersService"
WATCH = "/v1/stores/sh01/orders/ord_1:watch"


@pytest.fixture
async def placed(web: Web, shop: Shop) -> tuple[dict[str, str], orders_pb2.Order]:
    sku = await shop.product(stock=10, price=100)
    who = await shop.customer(balance=1_000)
    return web.headers(who), await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))


async def cancel(shop: Shop, order: orders_pb2.Order) -> None:
    request = orders_service_pb2.CancelOrderRequest(
        name=order.name, reason="no", request_id=request_id()
    )
    await shop.orders().CancelOrder(request)


async def test_a_reader_is_told_what_is_and_then_what_changes(
    web: Web, shop: Shop, placed: tuple[dict[str, str], orders_pb2.Order]
) -> None:
    headers, order = placed
    headers |= {"accept-encoding": "gzip", "origin": PAGE}
    async with reading(web.http, f"/v1/{order.name}:watch", headers) as reader:
        answer = reader.response
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-encoding" not in answer.headers
        first = await reader.next()
        assert first is not None
        assert (first.kind, first.id) == ("message", str(order.version))
        assert first.json == (await web.http.get(f"/v1/{order.name}", headers=headers)).json()
        assert reader.retry_ms == limits.RECONNECT_MS
        await cancel(shop, order)
        second = await reader.next()
        assert second is not None
        assert second.json["state"] == "ORDER_STATE_CANCELLED"
        assert second.id == second.json["version"]
        assert await reader.next() is None


async def test_a_reader_resumes_after_the_event_seen_last_until_there_is_no_more(
    web: Web, shop: Shop, placed: tuple[dict[str, str], orders_pb2.Order]
) -> None:
    headers, order = placed
    path = f"/v1/{order.name}:watch?afterVersion=0"
    await cancel(shop, order)
    seen = {"last-event-id": str(order.version)}
    async with reading(web.http, path, headers | seen) as reader:
        told = await reader.next()
        assert told is not None
        assert told.json["state"] == "ORDER_STATE_CANCELLED"
    ended = await web.http.get(path, headers=headers | {"last-event-id": told.id})
    assert (ended.status_code, ended.content) == (204, b"")
    assert ended.headers["cache-control"] == "no-store"


async def test_a_head_request_opens_no_stream(
    web: Web, placed: tuple[dict[str, str], orders_pb2.Order]
) -> None:
    headers, order = placed
    head = await web.http.head(f"/v1/{order.name}:watch", headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "text/event-stream"


@pytest.mark.parametrize("seen", ["x", "1.5", "-1", "9" * 5000, "NaN"])
async def test_an_event_id_that_is_none_is_refused(
    web: Web, placed: tuple[dict[str, str], orders_pb2.Order], seen: str
) -> None:
    headers, order = placed
    answer = await web.http.get(
        f"/v1/{order.name}:watch", headers=headers | {"last-event-id": seen}
    )
    assert (answer.status_code, answer.json()["reason"]) == (400, "INVALID_INPUT")
    assert answer.json()["violations"][0]["field"] == "after_version"


async def test_who_may_not_watch_is_told_so_by_the_status(
    web: Web, placed: tuple[dict[str, str], orders_pb2.Order]
) -> None:
    _, order = placed
    nobody = await web.http.get(f"/v1/{order.name}:watch")
    assert (nobody.status_code, nobody.json()["reason"]) == (401, "TOKEN_INVALID")
    stranger = await web.http.get(f"/v1/{order.name}:watch", headers=web.headers(customer(777_777)))
    assert (stranger.status_code, stranger.json()["reason"]) == (404, "RESOURCE_NOT_FOUND")
    gardener = Caller(principal="users/x", tenant="demo", roles=frozenset({"gardener"}))
    refused = await web.http.get(f"/v1/{order.name}:watch", headers=web.headers(gardener))
    assert (refused.status_code, refused.json()["reason"]) == (403, "ROLE_NOT_ALLOWED")
    assert refused.headers["content-type"] == "application/problem+json"


@dataclass(slots=True)
class Stage:
    """The API before a service that does what a test says."""

    service: StreamingService
    api: Api
    server: HttpServer
    metrics: Metrics
    http: httpx.AsyncClient


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    service = StreamingService()
    await service.start()
    upstream, metrics = Upstream({ORDERS: service.address}), Metrics()
    front = Front(
        services=[ORDERS],
        grpc_address="",
        http_address="",
        checks={},
        metrics=metrics,
        docs_folder=Path("docs"),
    )
    served = Api(upstream, Lanes(metrics))
    server = HttpServer(
        application(front, served), host="127.0.0.1", port=0, connections_max=CONNECTIONS_MAX
    )
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as http:
        yield Stage(service, served, server, metrics, http)
    served.drain()
    await server.stop()
    await upstream.close()
    await service.stop()


def order(version: int, *, note: str = "") -> bytes:
    return orders_pb2.Order(
        name="stores/sh01/orders/ord_1", version=version, end_reason=note
    ).SerializeToString()


async def one_then_silence(_: bytes) -> AsyncIterator[bytes]:
    yield order(1)
    await asyncio.Event().wait()


def ending_with(*told: bytes, error: HutongError | None = None, seconds: float = 0) -> Script:
    async def script(_: bytes) -> AsyncIterator[bytes]:
        for message in told:
            yield message
        await asyncio.sleep(seconds)
        if error is not None:
            raise error

    return script


async def test_an_event_arrives_at_once_and_silence_is_filled(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.05)
    go_on = asyncio.Event()

    async def script(_: bytes) -> AsyncIterator[bytes]:
        yield order(1)
        await go_on.wait()
        yield order(2)

    stage.service.script = script
    async with reading(stage.http, WATCH, {"accept-encoding": "gzip"}) as reader:
        first = await reader.next()
        assert first is not None
        assert first.id == "1"
        asyncio.get_running_loop().call_later(0.5, go_on.set)
        second = await reader.next()
        assert second is not None
        assert second.id == "2"
        assert reader.comments >= 3
        assert await reader.next() is None


async def test_a_stream_begins_although_nothing_is_told_yet(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STREAM_OPEN_SECONDS", 0.05)
    async with reading(stage.http, WATCH, {}) as reader:
        assert reader.response.status_code == 200
        assert "hutong_http_streams_open 1.0" in stage.metrics.exposition().decode()
    await stage.service.until_open(0)


async def test_a_failure_on_the_way_is_an_event_and_the_end(stage: Stage) -> None:
    stage.service.script = ending_with(order(1), error=Conflict())
    async with reading(stage.http, WATCH, {}) as reader:
        assert (await reader.next()) is not None
        failed = await reader.next()
        assert failed is not None
        assert (failed.kind, failed.json["reason"], failed.json["status"]) == (
            "error",
            "CONFLICT",
            409,
        )
        assert await reader.next() is None


async def test_a_late_failure_before_any_message_is_an_event_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STREAM_OPEN_SECONDS", 0.05)
    stage.service.script = ending_with(error=Conflict(), seconds=0.3)
    async with reading(stage.http, WATCH, {}) as reader:
        failed = await reader.next()
        assert failed is not None
        assert failed.kind == "error"


async def test_a_service_that_drains_ends_the_stream_so_that_its_reader_resumes(
    stage: Stage,
) -> None:
    stage.service.script = ending_with(
        order(1), error=Unavailable(part="this process, which is shutting down,")
    )
    async with reading(stage.http, WATCH, {}) as reader:
        assert (await reader.next()) is not None
        assert await reader.next() is None
    stage.service.script = ending_with(error=Unavailable(part="it"))
    again = await stage.http.get(WATCH)
    assert (again.status_code, again.json()["reason"]) == (503, "UNAVAILABLE")


async def test_draining_ends_all_streams_and_opens_no_more(stage: Stage) -> None:
    stage.service.script = one_then_silence
    async with reading(stage.http, WATCH, {}) as reader:
        assert (await reader.next()) is not None
        stage.api.drain()
        assert await reader.next() is None
    refused = await stage.http.get(WATCH)
    assert (refused.status_code, refused.json()["reason"]) == (503, "UNAVAILABLE")
    await stage.service.until_open(0)
    async with asyncio.timeout(3):
        await stage.server.stop()


async def test_a_reader_who_leaves_ends_the_stream_at_once(stage: Stage) -> None:
    stage.service.script = one_then_silence
    async with reading(stage.http, WATCH, {}) as reader:
        assert (await reader.next()) is not None
        await stage.service.until_open(1)
    async with asyncio.timeout(2):
        await stage.service.until_open(0)


async def test_a_caller_who_leaves_before_anything_is_told_ends_it_too(stage: Stage) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", stage.server.port)
    writer.write(f"GET {WATCH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await stage.service.until_open(1)
    writer.close()
    async with asyncio.timeout(2):
        await stage.service.until_open(0)


async def test_one_stream_too_many_is_told_to_come_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STREAMS_AT_ONCE_MAX", 2)
    monkeypatch.setattr(events, "STREAMS_OF_ONE_CALLER_MAX", 1)
    stage.service.script = one_then_silence
    async with reading(stage.http, WATCH, {"authorization": "Bearer a"}) as first:
        assert (await first.next()) is not None
        same = await stage.http.get(WATCH, headers={"authorization": "Bearer a"})
        assert (same.status_code, same.json()["reason"]) == (429, "OVERLOADED")
        async with reading(stage.http, WATCH, {"authorization": "Bearer b"}) as second:
            assert (await second.next()) is not None
            third = await stage.http.get(WATCH, headers={"authorization": "Bearer c"})
            assert (third.status_code, third.json()["reason"]) == (429, "OVERLOADED")
            assert third.headers["retry-after"] == "1"
    await stage.service.until_open(0)
    async with reading(stage.http, WATCH, {"authorization": "Bearer a"}) as again:
        assert (await again.next()) is not None


async def test_a_slow_reader_holds_the_service_back_and_is_dropped(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STREAM_SEND_SECONDS_MAX", 0.5)

    async def flood(_: bytes) -> AsyncIterator[bytes]:
        for version in range(100_000):
            yield order(version, note="x" * 10_000)

    stage.service.script = flood
    _, writer = await asyncio.open_connection("127.0.0.1", stage.server.port, limit=1024)
    writer.write(f"GET {WATCH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await stage.service.until_open(1)
    await stage.service.until_open(0)
    assert 0 < stage.service.told < 5_000
    writer.transport.abort()


async def test_the_callers_deadline_ends_a_stream_with_an_event(stage: Stage) -> None:
    stage.service.script = one_then_silence
    async with reading(stage.http, WATCH, {"grpc-timeout": "500m"}) as reader:
        assert (await reader.next()) is not None
        ended = await reader.next()
        assert ended is not None
        assert (ended.kind, ended.json["reason"]) == ("error", "DEADLINE_EXCEEDED")


async def test_the_longest_time_of_a_stream_ends_it_so_that_its_reader_resumes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "STREAM_SECONDS_MAX", 0.5)
    stage.service.script = one_then_silence
    async with reading(stage.http, WATCH, {}) as reader:
        assert (await reader.next()) is not None
        assert await reader.next() is None
