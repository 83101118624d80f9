"""Calls that ride in batches: each gets what it would have got alone."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from allinone.issuer import LocalIssuer
from allinone.topology import BLUEPRINTS
from chassis.http import HttpServer
from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import Conflict, PermissionDenied
from chassis.messaging.coalescer import Lanes
from chassis.rpc.auth import Authenticator
from chassis.rpc.key_set import FileKeys
from chassis.telemetry import Metrics
from gateway import coalescing
from gateway.coalescing import Identity, TwinError, twins_of
from gateway.front import Front
from gateway.limits import BATCHES_AT_ONCE_MAX, CONNECTIONS_MAX, ITEM_BYTES_MAX
from gateway.main import application
from gateway.routes.api import Api
from gateway.routes.contracts import contracts_of
from gateway.upstream import Upstream
from tests.support.batch_service import QUOTE, BatchService
from tests.support.shop import CASHIER, OPERATOR, STORE, Shop, request_id
from tests.support.web import Web
from tests.support.world import AUDIENCE, ISSUER, Client

PLACE = f"/v1/{STORE}/orders:place"
CATALOG = "hutong.catalog.v1.CatalogService"
BUYERS = 60


def sale(sku: str, quantity: int = 1) -> dict[str, Any]:
    return {
        "lines": [
            {"product": f"products/{sku}", "quantity": quantity, "unit": "MEASURE_UNIT_EACH"}
        ],
        "fulfilment": "FULFILMENT_CARRY_OUT",
        "tender": {"cash": {"tendered": {"amountMinor": "100000", "currencyCode": "CNY"}}},
        "till": "1",
        "requestId": request_id(),
    }


def batches(metrics: Metrics, lane: str) -> tuple[int, int]:
    """How many batches a lane has sent, and how many calls were in them."""
    text = metrics.exposition().decode()
    found = [
        re.search(rf'hutong_batch_items_{part}{{lane="{lane}"}} ([0-9.]+)', text)
        for part in ("count", "sum")
    ]
    count, items = (0 if each is None else int(float(each[1])) for each in found)
    return count, items


@pytest.fixture
async def direct(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway that sends each call on its own."""
    address = await web.world.start_http(is_coalescing=False)
    async with httpx.AsyncClient(base_url=address, timeout=30) as http:
        yield http


@pytest.mark.usefixtures("the_books_balance")
async def test_a_crowd_gets_what_there_is_and_each_its_own_answer(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=10)
    before = batches(web.world.metrics, "gateway.PlaceOrder")
    headers = web.headers(CASHIER)
    answers = await asyncio.gather(
        *(web.http.post(PLACE, headers=headers, json=sale(sku)) for _ in range(BUYERS))
    )
    outcomes = Counter(
        "sold" if answer.status_code == 200 else answer.json()["reason"] for answer in answers
    )
    assert outcomes == {"sold": 10, "INSUFFICIENT_STOCK": BUYERS - 10}
    assert await shop.stock(sku) == (0, 0)
    count, items = batches(web.world.metrics, "gateway.PlaceOrder")
    assert items - before[1] == BUYERS
    assert count - before[0] < BUYERS / 2


@pytest.mark.usefixtures("the_books_balance")
async def test_failing_items_leave_their_neighbours_alone(
    web: Web, direct: httpx.AsyncClient, shop: Shop
) -> None:
    sku = await shop.product(stock=100)
    stranger = replace(CASHIER, stores=frozenset({"stores/sh02"}))
    gardener = replace(CASHIER, roles=frozenset({"gardener"}))
    asked: list[tuple[dict[str, str], dict[str, Any]]] = []
    for _ in range(4):
        asked += [
            (web.headers(CASHIER), sale(sku)),
            (web.headers(CASHIER), sale(sku, 1_000)),
            (web.headers(CASHIER), sale(sku, -1)),
            (web.headers(CASHIER), sale("none-such")),
            (web.headers(CASHIER), sale(sku) | {"requestId": "x"}),
            (web.headers(CASHIER), sale(sku) | {"tender": {"wallet": {}}}),
            (web.headers(stranger), sale(sku)),
            (web.headers(gardener), sale(sku)),
            ({}, sale(sku)),
            ({"authorization": "Bearer x.y.z"}, sale(sku)),
        ]
    together = await asyncio.gather(
        *(web.http.post(PLACE, headers=headers, json=body) for headers, body in asked)
    )
    again = [await direct.post(PLACE, headers=headers, json=body) for headers, body in asked]
    assert [answer.content for answer in together] == [answer.content for answer in again]
    assert [answer.status_code for answer in together] == [each.status_code for each in again]
    for name in ("content-type", "retry-after", "www-authenticate", "cache-control"):
        assert [each.headers.get(name) for each in together] == [
            each.headers.get(name) for each in again
        ]
    assert Counter(answer.status_code for answer in together) == {
        200: 4, 400: 20, 404: 4, 403: 4, 401: 8,
    }  # fmt: skip
    assert await shop.stock(sku) == (96, 0)


async def test_tenants_ride_together_and_never_meet(web: Web, shop: Shop) -> None:
    def of_tenant(tenant: str) -> Shop:
        def client(stub: Any, who: Any) -> Client:
            return web.world.client(stub, replace(who, tenant=tenant))

        return Shop(client)

    tenants = ("red", "blue")
    shops = {tenant: of_tenant(tenant) for tenant in tenants}
    skus = {tenant: await shops[tenant].product(stock=5, price=100) for tenant in tenants}
    assert len(set(skus.values())) == 1
    await shops["blue"].price(skus["blue"], 300)
    answers = await asyncio.gather(
        *(
            web.http.post(
                PLACE,
                headers=web.headers(replace(CASHIER, tenant=tenant)),
                json=sale(skus[tenant]),
            )
            for tenant in tenants * 4
        )
    )
    totals = [answer.json()["total"]["amountMinor"] for answer in answers]
    assert totals == ["100", "300"] * 4
    for tenant in tenants:
        assert await shops[tenant].stock(skus[tenant]) == (1, 0)


async def test_a_repeat_gets_the_same_bytes_whichever_way_it_goes(
    web: Web, direct: httpx.AsyncClient, shop: Shop
) -> None:
    sku = await shop.product(stock=5)
    body, headers = sale(sku), web.headers(CASHIER)
    answers = await asyncio.gather(
        *(http.post(PLACE, headers=headers, json=body) for http in (web.http, direct) * 3)
    )
    told = [answer.content for answer in answers if answer.status_code == 200]
    told += [
        (await http.post(PLACE, headers=headers, json=body)).content for http in (web.http, direct)
    ]
    assert len(set(told)) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await shop.stock(sku) == (4, 0)


async def test_a_large_call_goes_alone(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=1)
    before = batches(web.world.metrics, "gateway.QuoteBasket")
    path, headers = f"/v1/{STORE}:quoteBasket", web.headers(OPERATOR)
    line = {"product": f"products/{sku}", "quantity": 1, "unit": "MEASURE_UNIT_EACH"}
    large = {"lines": [line | {"product": "products/" + "x" * ITEM_BYTES_MAX}]}
    refused = await web.http.post(path, headers=headers, json=large)
    assert refused.status_code == 400
    assert batches(web.world.metrics, "gateway.QuoteBasket") == before
    quoted = await web.http.post(path, headers=headers, json={"lines": [line]})
    assert quoted.status_code == 200
    assert batches(web.world.metrics, "gateway.QuoteBasket")[1] == before[1] + 1


@dataclass(slots=True)
class Stage:
    """The API before a service whose batches wait for the test's word."""

    service: BatchService
    server: HttpServer
    http: httpx.AsyncClient
    token: str

    async def quote(self, lines: int = 1, *, seconds: float = 10) -> httpx.Response:
        headers = {
            "authorization": f"Bearer {self.token}",
            "grpc-timeout": f"{int(seconds * 1000)}m",
        }
        content = [
            {"product": f"products/{number}", "quantity": 1, "unit": 1} for number in range(lines)
        ]
        return await self.http.post(
            "/v1/stores/sh01:quoteBasket", headers=headers, json={"lines": content}
        )

    def asking(self, lines: int = 1, *, seconds: float = 10) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self.quote(lines, seconds=seconds))

    async def all_lanes_busy(self) -> list[asyncio.Task[httpx.Response]]:
        """So many calls on their way that the next one waits for company."""
        calls = []
        for number in range(BATCHES_AT_ONCE_MAX):
            calls.append(self.asking())
            await self.service.until_batches(number + 1)
        return calls


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    issuer = LocalIssuer(tmp_path, issuer=ISSUER, audience=AUDIENCE, mode="development")
    service = BatchService()
    await service.start()
    authenticator = Authenticator(
        keys=FileKeys(issuer.jwks_file), issuer=ISSUER, audience=AUDIENCE, clock=SystemClock()
    )
    upstream, metrics = Upstream({CATALOG: service.address}), Metrics()
    api = Api(upstream, Lanes(metrics), identity=Identity(authenticator, lambda: "the-gateway's"))
    front = Front(
        services=[CATALOG],
        grpc_address="",
        http_address="",
        checks={},
        metrics=metrics,
        docs_folder=Path("docs"),
    )
    server = HttpServer(
        application(front, api), host="127.0.0.1", port=0, connections_max=CONNECTIONS_MAX
    )
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as http:
        yield Stage(service, server, http, issuer.token(CASHIER, seconds=600))
    service.may_answer.set()
    await server.stop()
    await api.close()
    await upstream.close()
    await service.stop()


async def test_a_lone_call_is_sent_at_once_as_its_callers(stage: Stage) -> None:
    call = stage.asking(3)
    await stage.service.until_batches(1)
    (batch,) = stage.service.batches
    assert stage.service.paths == [QUOTE]
    assert stage.service.tokens == ["Bearer the-gateway's"]
    (item,) = batch.items
    caller = item.context.caller
    assert (caller.principal, caller.tenant) == (CASHIER.principal, CASHIER.tenant)
    assert (list(caller.roles), list(caller.stores)) == (["cashier"], [STORE])
    assert item.context.HasField("deadline")
    assert item.request.parent == STORE
    stage.service.may_answer.set()
    assert (await call).json()["total"]["amountMinor"] == "300"


async def test_calls_that_wait_go_together_and_each_gets_its_own(stage: Stage) -> None:
    first = await stage.all_lanes_busy()
    waiting = [stage.asking(lines) for lines in (1, 2, 3, 4, 5)]
    await asyncio.sleep(0.2)
    assert len(stage.service.batches) == BATCHES_AT_ONCE_MAX
    stage.service.may_answer.set()
    totals = [(await call).json()["total"]["amountMinor"] for call in waiting]
    assert totals == ["100", "200", "300", "400", "500"]
    assert len(stage.service.batches) == BATCHES_AT_ONCE_MAX + 1
    assert {(await call).status_code for call in first} == {200}


async def test_heavy_batches_are_sent_in_parts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coalescing, "BATCH_BYTES_MAX", 400)
    await stage.all_lanes_busy()
    waiting = [stage.asking(10) for _ in range(4)]
    await asyncio.sleep(0.2)
    stage.service.may_answer.set()
    assert {(await call).json()["total"]["amountMinor"] for call in waiting} == {"1000"}
    sizes = [len(batch.items) for batch in stage.service.batches[BATCHES_AT_ONCE_MAX:]]
    assert sizes == [2, 2]


async def test_one_callers_deadline_is_no_other_callers(stage: Stage) -> None:
    hasty, patient = stage.asking(seconds=0.3), stage.asking()
    late = await hasty
    assert (late.status_code, late.json()["reason"]) == (504, "DEADLINE_EXCEEDED")
    stage.service.may_answer.set()
    assert (await patient).status_code == 200


async def test_who_leaves_stops_only_what_nobody_else_waits_for(stage: Stage) -> None:
    first = await stage.all_lanes_busy()
    leaving, staying = stage.asking(), stage.asking()
    await asyncio.sleep(0.1)
    first[0].cancel()
    await stage.service.until_cancelled(1)
    await stage.service.until_batches(BATCHES_AT_ONCE_MAX + 1)
    assert len(stage.service.batches[-1].items) == 2
    leaving.cancel()
    await asyncio.sleep(0.2)
    assert stage.service.cancelled == 1
    stage.service.may_answer.set()
    assert (await staying).status_code == 200


async def test_a_batch_that_fails_is_told_to_each_as_it_was(stage: Stage) -> None:
    stage.service.error = Conflict()
    stage.service.may_answer.set()
    told = await asyncio.gather(*(stage.quote() for _ in range(3)))
    assert {(each.status_code, each.json()["reason"]) for each in told} == {(409, "CONFLICT")}
    assert {each.headers["retry-after"] for each in told} == {"1"}


async def test_a_gateway_that_is_not_believed_blames_no_caller(stage: Stage) -> None:
    stage.service.error = PermissionDenied()
    stage.service.may_answer.set()
    told = await stage.quote()
    assert (told.status_code, told.json()["reason"]) == (503, "UNAVAILABLE")


async def test_a_service_that_is_gone_is_a_503(stage: Stage) -> None:
    await stage.service.stop()
    told = await stage.quote()
    assert (told.status_code, told.json()["reason"]) == (503, "UNAVAILABLE")


def test_a_twin_that_is_odd_keeps_the_gateway_from_starting() -> None:
    methods: Mapping[str, Any] = {method.name: method for method in contracts_of([CATALOG]).methods}
    with pytest.raises(TwinError):
        coalescing._twin(methods["GetProduct"], methods["BatchQuoteBaskets"])
    with pytest.raises(TwinError):
        coalescing._twin(methods["QuoteBasket"], methods["ListProducts"])


def test_every_batch_twin_is_of_the_common_form() -> None:
    services = [f"hutong.{plan.name}.v1.{plan.name.title()}Service" for plan in BLUEPRINTS]
    twins = twins_of(contracts_of(services).methods)
    assert "/hutong.orders.v1.OrdersService/PlaceOrder" in twins
    assert len(twins) >= 10
