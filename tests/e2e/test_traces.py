"""One trace an order, over HTTP, services, batches, events and the order's later life."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from chassis import tracing
from hutong.orders.v1 import orders_service_pb2
from tests.support.command import Command, free_port
from tests.support.shop import Shop, request_id, till_sale, wanted
from tests.support.trace_collector import TraceCollector

EXPORT_PAUSE_MS = "100"
"""Between two batches of spans; of OpenTelemetry's own five seconds three would be waited out."""

ORDERS = "hutong.orders.v1.OrdersService"
PLACED = (
    f"{ORDERS}/PlaceOrder",
    "hutong.catalog.v1.CatalogService/QuoteBasket",
    "hutong.inventory.v1.InventoryService/TakeStock",
    "hutong.payments.v1.PaymentsService/ChargePayment",
    "orders.PLACING",
    "orders.outcome",
)
UNDONE = (
    "orders.CANCELLING",
    "hutong.payments.v1.PaymentsService/VoidPayment",
    "hutong.inventory.v1.InventoryService/ReleaseReservation",
)


@pytest.fixture
async def collector() -> AsyncIterator[TraceCollector]:
    made = TraceCollector()
    yield made
    await made.stop()


@pytest.fixture
async def command(tmp_path: Path, collector: TraceCollector) -> AsyncIterator[Command]:
    made = Command(tmp_path / "home")
    made.extra = {
        "HUTONG_TRACES_URL": await collector.start(),
        "HUTONG_TRACES_RATIO": "0",
        "OTEL_BSP_SCHEDULE_DELAY": EXPORT_PAUSE_MS,
    }
    yield made
    await made.close()


def _sampled() -> tracing.Trace:
    return tracing.Trace(secrets.randbits(128), secrets.randbits(64), is_sampled=True)


async def _cancelled(shop: Shop, name: str) -> None:
    await shop.orders().CancelOrder(
        orders_service_pb2.CancelOrderRequest(
            name=name, reason="brought back", request_id=request_id()
        )
    )


async def test_an_order_is_one_trace_from_the_till_to_its_cancellation(
    command: Command, collector: TraceCollector
) -> None:
    await command.run("--no-seed")
    shop = await command.shop()
    await shop.open()
    sku = await shop.product(stock=10)
    trace = _sampled()
    with tracing.serving("the till", trace.traceparent):
        sold = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    await collector.has(trace.id, *PLACED)
    (placed,) = [span for span in collector.spans if span.name == PLACED[0]]
    assert placed.parent_span_id.hex() == f"{trace.span_id:016x}"
    told = {each.key: each.value.string_value for each in placed.attributes}
    assert told["hutong.order"] == sold.name.rpartition("/")[2]

    await _cancelled(shop, sold.name)
    await collector.has(trace.id, *UNDONE)

    other = _sampled()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{command.http_port}") as http:
        answer = await http.get(
            f"/v1/{sold.name}",
            headers={
                "authorization": f"Bearer {await command.token('cashier-sh01-1')}",
                "traceparent": other.traceparent,
            },
        )
        assert answer.status_code == 200
    await collector.has(other.id, f"{ORDERS}/GetOrder", "GET /v1/{name=stores/*/orders/*}")
    assert {span.trace_id.hex() for span in collector.spans} == {trace.id, other.id}
    assert collector.processes == {"hutong"}
    assert await command.stop() == 0


async def test_a_collector_that_does_not_answer_holds_nothing_up(command: Command) -> None:
    command.extra["HUTONG_TRACES_URL"] = f"http://127.0.0.1:{free_port()}/v1/traces"
    command.extra["HUTONG_TRACES_RATIO"] = "1"
    await command.run("--no-seed")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{command.http_port}") as http:
        for _ in range(100):
            assert (await http.get("/v1/stores/sh01")).status_code == 401
    assert await command.stop() == 0
