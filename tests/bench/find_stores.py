"""What it costs to find stores near a point, and what the HTTP side adds to a cheap read."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

import httpx

from chassis.rpc.auth import Caller
from hutong.stores.v1 import stores_service_pb2, stores_service_pb2_grpc
from tests.bench.country import CITY_DEGREES, SEED, Country, Place
from tests.bench.cpu import cpu_microseconds_each, told
from tests.bench.load import GRPC_HEADERS, Answers, grpc_frame, load
from tests.bench.rows import NotMeasurable, Row, percentile
from tests.bench.running import Running, running

STORES = 100_000
STORES_AT_ONCE = 1_000

POSITIONS = 2_000
PAGE_SIZE = 10
VIEWS = ("basic", "full")
RATE = 500
SECONDS = 10
LOAD_SECONDS_MAX = 300.0
CLIENTS = 10
CLOSED_LOOP_CLIENTS = 64
IDLE_SECONDS = 20.0
ASKED_AT_ONCE = 8
SETTLE_SECONDS = 3.0

TENANT = "bench"
PLATFORM = Caller(principal="users/bench", tenant=TENANT, roles=frozenset({"platform"}))
CUSTOMER = Caller(
    principal="users/c1",
    tenant=TENANT,
    roles=frozenset({"customer"}),
    customer="customers/c1",
)
GET_STORE = "/hutong.stores.v1.StoresService/GetStore"


@dataclass(frozen=True, slots=True)
class Costs:
    """What so many answers cost by program, in microseconds of CPU time each."""

    answers: Answers
    each: Mapping[str, float]

    @property
    def total(self) -> float:
        """All programs' together."""
        return sum(self.each.values())


async def find_stores() -> list[Row]:
    """Searches over HTTP among 100,000 stores, in cities and where there are few."""
    country = Country()
    async with running() as platform:
        before = platform.memory_bytes()
        created_seconds = await _create(platform, country)
        rows = [
            Row(
                "create_stores_seconds",
                created_seconds,
                "s",
                f"{STORES} stores through BatchCreateStores, {STORES_AT_ONCE} at once, one after "
                "another, with their events",
            )
        ]
        places = {
            "dense": _dense(country),
            "sparse": [country.in_the_open() for _ in range(POSITIONS)],
        }
        headers = {"authorization": f"Bearer {platform.token(CUSTOMER)}"}
        for name, positions in places.items():
            for view in VIEWS:
                rows += await _searched(platform, name, positions, view, headers)
        rows += await _gateway_overhead(platform, headers)
        after = platform.memory_bytes()
        rows.append(
            Row(
                "find_stores_memory_mb",
                (after["platform"] - before["platform"]) / 1e6,
                "MB",
                f"PSS of the platform's process after all searches, less that before the {STORES} "
                f"stores; all processes {after['all'] / 1e6:.0f} MB",
            )
        )
        rows.append(await _idle(platform))
        return rows


async def _create(platform: Running, country: Country) -> float:
    """Creates the country's stores; how long that took."""
    client = platform.command.client(
        stores_service_pb2_grpc.StoresServiceStub, platform.token(PLATFORM)
    )
    stores = country.stores(STORES)
    begun = time.perf_counter()
    while batch := list(islice(stores, STORES_AT_ONCE)):
        await client.BatchCreateStores(
            stores_service_pb2.BatchCreateStoresRequest(stores=batch, request_id=str(uuid.uuid4()))
        )
    return time.perf_counter() - begun


def _dense(country: Country) -> list[Place]:
    """Positions in the ten largest cities."""
    draw = random.Random(SEED)
    return [
        (
            latitude + draw.gauss(0, CITY_DEGREES / 2),
            longitude + draw.gauss(0, CITY_DEGREES / 2),
        )
        for latitude, longitude in draw.choices(country.cities[:10], k=POSITIONS)
    ]


async def _searched(
    platform: Running,
    place: str,
    positions: Sequence[Place],
    view: str,
    headers: Mapping[str, str],
) -> list[Row]:
    urls = [
        f"{platform.http}/v1/stores:find?"
        + urlencode(
            {
                "position.latitudeDegrees": f"{latitude:.6f}",
                "position.longitudeDegrees": f"{longitude:.6f}",
                "pageSize": PAGE_SIZE,
                "view": f"STORE_VIEW_{view.upper()}",
            }
        )
        for latitude, longitude in positions
    ]
    body_bytes = await _checked(urls, headers)
    await asyncio.sleep(SETTLE_SECONDS)
    conditions = (
        f"{STORES} stores, {POSITIONS} positions ({place}), {PAGE_SIZE} stores found in each "
        f"answer ({view} view), no filters, GET over HTTP/1.1, {body_bytes / 1e3:.1f} kB a body, "
        "one platform process with PostgreSQL and Valkey"
    )
    paced = await _cost(
        platform, urls, headers, requests=RATE * SECONDS, clients=CLIENTS, rate=RATE
    )
    flat_out = await _cost(
        platform, urls, headers, requests=RATE * SECONDS, clients=CLOSED_LOOP_CLIENTS
    )
    return [
        Row(
            f"find_stores_cpu_us{{place={place},view={view}}}",
            paced.total,
            "us",
            f"{conditions}; {paced.answers.per_second:.0f} a second; CPU time of all server "
            f"processes: {told(paced.each)}",
        ),
        Row(
            f"find_stores_p99_ms{{place={place},view={view}}}",
            percentile(paced.answers.milliseconds, 99),
            "ms",
            f"{conditions}; {paced.answers.per_second:.0f} a second, from h2load; p50 "
            f"{percentile(paced.answers.milliseconds, 50):.1f}",
        ),
        Row(
            f"find_stores_flat_out_cpu_us{{place={place},view={view}}}",
            flat_out.total,
            "us",
            f"{conditions}; {CLOSED_LOOP_CLIENTS} in flight, {flat_out.answers.per_second:.0f} a "
            f"second; CPU time of all server processes: {told(flat_out.each)}",
        ),
    ]


async def _checked(urls: Sequence[str], headers: Mapping[str, str]) -> float:
    """Asks each URL once: every answer must have a full page. The mean size of a body."""
    sizes: list[int] = []
    waiting = iter(urls)

    async def ask(client: httpx.AsyncClient) -> None:
        for url in waiting:
            answer = await client.get(url, headers=dict(headers), timeout=30)
            if answer.status_code != httpx.codes.OK:
                raise NotMeasurable(f"{answer.status_code}: {answer.text[:200]}")
            if len(answer.json()["stores"]) != PAGE_SIZE:
                raise NotMeasurable(f"{url} found {len(answer.json()['stores'])} stores")
            sizes.append(len(answer.content))

    async with httpx.AsyncClient() as client:
        await asyncio.gather(*(ask(client) for _ in range(ASKED_AT_ONCE)))
    return sum(sizes) / len(sizes)


async def _gateway_overhead(platform: Running, headers: Mapping[str, str]) -> list[Row]:
    """GetStore over HTTP against GetStore over gRPC, both at the same rate."""
    name = "stores/s000001"
    request = stores_service_pb2.GetStoreRequest(name=name)
    requests = RATE * SECONDS
    by_http = await _cost(
        platform,
        [f"{platform.http}/v1/{name}"],
        headers,
        requests=requests,
        clients=CLIENTS,
        rate=RATE,
    )
    by_grpc = await _cost(
        platform,
        [f"{platform.grpc}{GET_STORE}"],
        {**headers, **GRPC_HEADERS},
        requests=requests,
        clients=CLIENTS,
        rate=RATE,
        body=grpc_frame(request.SerializeToString()),
        is_http_1=False,
    )
    return [
        Row(
            "gateway_overhead_cpu_us",
            by_http.total - by_grpc.total,
            "us",
            f"GetStore as JSON over HTTP/1.1 ({by_http.total:.0f}) less GetStore over gRPC "
            f"({by_grpc.total:.0f}), {RATE} a second each from {CLIENTS} connections; CPU time of "
            "all server processes",
        )
    ]


async def _cost(
    platform: Running,
    urls: Sequence[str],
    headers: Mapping[str, str],
    *,
    requests: int,
    clients: int,
    rate: int | None = None,
    body: bytes | None = None,
    is_http_1: bool = True,
) -> Costs:
    """The answers to so many requests, all of them 200, and what they cost."""
    before = platform.cpu_seconds()
    answers = await load(
        *urls,
        requests=requests,
        clients=clients,
        rate=rate,
        headers=headers,
        body=body,
        is_http_1=is_http_1,
        seconds_max=LOAD_SECONDS_MAX,
    )
    after = platform.cpu_seconds()
    if answers.failed or answers.count != requests:
        raise NotMeasurable(f"{answers.failed} of {answers.count} answers failed")
    return Costs(answers, cpu_microseconds_each(before, after, answers.count))


async def _idle(platform: Running) -> Row:
    await asyncio.sleep(SETTLE_SECONDS)
    before = platform.cpu_seconds()
    await asyncio.sleep(IDLE_SECONDS)
    each = cpu_microseconds_each(before, platform.cpu_seconds(), int(IDLE_SECONDS))
    return Row(
        "idle_cpu_us_per_second",
        sum(each.values()),
        "us/s",
        f"{STORES} stores and nobody who asks; CPU time of all processes: {told(each)}",
    )
