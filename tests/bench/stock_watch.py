"""How soon followers of stock are told of a change, and what following costs."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chassis.rpc.auth import Caller
from hutong.common.v1 import measure_pb2, product_quantity_pb2
from hutong.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from tests.bench.cpu import told
from tests.bench.rows import NotMeasurable, Row, percentile
from tests.bench.running import Running, running
from tests.bench.stock_clients import READY, Change, Follow, line_of

STORES = 10
LEVELS_OF_A_STORE = 1_000
WATCHERS = 1_000
PRODUCTS_NAMED = 50
"""Half of the watchers follow a whole store, and half so many products of one."""

RATE = 500
SECONDS = 20.0
SETTLE_SECONDS = 3.0
CLIENT_SECONDS_MAX = 300.0
CLIENT_BYTES_MAX = 512 * 1024 * 1024
SEED = 7

STAFF = Caller(principal="users/bench", tenant="bench", roles=frozenset({"platform"}))


@dataclass(frozen=True, slots=True)
class Load:
    """What the servers used while stock changed, by program, in CPU seconds; and who answered."""

    used: dict[str, float]
    answered: dict[str, list[float]]


async def stock_watch() -> list[Row]:
    """Sells single pieces all over ten stores, without followers and with a thousand of them."""
    async with running() as platform:
        await _received(platform)
        await asyncio.sleep(SETTLE_SECONDS)
        alone = await _changed(platform)
        watched = _watched()
        process = await _client("follow")
        assert process.stdin is not None
        assert process.stdout is not None
        address, token = platform.grpc.removeprefix("http://"), platform.token(STAFF)
        process.stdin.write(line_of(Follow(address, token, watched)))
        async with asyncio.timeout(CLIENT_SECONDS_MAX):
            if (await process.stdout.readline()).decode().strip() != READY:
                raise NotMeasurable("the followers were not let in")
        await asyncio.sleep(SETTLE_SECONDS)
        followed = await _changed(platform)
        await asyncio.sleep(SETTLE_SECONDS)
        came = await _result(process, b"over\n")
    return _rows(alone, followed, came, watched)


def _rows(
    alone: Load,
    followed: Load,
    came: dict[str, list[tuple[int, list[float]]]],
    watched: Sequence[tuple[str, list[str]]],
) -> list[Row]:
    waits: list[float] = []
    for name, answered in followed.answered.items():
        # Every level was delivered once, and sold from as often as without followers before.
        first = 2 + len(alone.answered.get(name, ()))
        arrivals: dict[int, list[float]] = {}
        for version, times in came.get(name, ()):
            arrivals.setdefault(version, []).extend(times)
        store, _, sku = name.partition("/stockLevels/")
        readers = sum(
            at == store and (not named or f"products/{sku}" in named) for at, named in watched
        )
        for version, acknowledged in enumerate(answered, first):
            times = arrivals.get(version, [])
            if len(times) < readers:
                raise NotMeasurable(f"{name}: {len(times)} of {readers} heard of {version}")
            waits += (max(at - acknowledged, 0.0) * 1000 for at in times)
    waits.sort()
    changes = sum(len(times) for times in followed.answered.values())
    messages = sum(len(times) for told_of in came.values() for _, times in told_of)
    conditions = (
        f"{WATCHERS} followers over gRPC of {STORES} stores with {LEVELS_OF_A_STORE} levels each, "
        f"half of a whole store, half of {PRODUCTS_NAMED} products; {RATE} changes a second "
        f"(TakeStock of one piece, evenly over stores and products) for {SECONDS:.0f} s, {changes} "
        f"in all, told {messages} times; one platform process with PostgreSQL and Valkey, "
        "followers in one client process and sales in another, all on the same CPUs"
    )
    more = {
        name: (followed.used.get(name, 0.0) - alone.used.get(name, 0.0)) / SECONDS * 100
        for name in followed.used
    }
    return [
        Row(
            "stock_watch_p99_ms",
            percentile(waits, 99),
            "ms",
            f"from the answer to a change to its arrival, each at each follower; p50 "
            f"{percentile(waits, 50):.0f}; {conditions}",
        ),
        Row(
            "stock_watch_cpu_percent",
            sum(more.values()),
            "% of a CPU",
            f"all server processes, more than the same sales without followers "
            f"({sum(alone.used.values()) / SECONDS * 100:.0f}): {told(more)}; {conditions}",
        ),
    ]


def _watched() -> list[tuple[str, list[str]]]:
    draw = random.Random(SEED)
    products = [_product(number) for number in range(LEVELS_OF_A_STORE)]
    return [
        (_store(number % STORES), draw.sample(products, PRODUCTS_NAMED) if number % 20 < 10 else [])
        for number in range(WATCHERS)
    ]


def _store(number: int) -> str:
    return f"stores/bench-{number:02}"


def _product(number: int) -> str:
    return f"products/sku{number:04}"


async def _received(platform: Running) -> None:
    client = platform.command.client(
        inventory_service_pb2_grpc.InventoryServiceStub, platform.token(STAFF)
    )
    lines = [
        product_quantity_pb2.ProductQuantity(
            product=_product(number), quantity=10_000, unit=measure_pb2.MEASURE_UNIT_EACH
        )
        for number in range(LEVELS_OF_A_STORE)
    ]
    for number in range(STORES):
        await client.ReceiveStock(
            inventory_service_pb2.ReceiveStockRequest(
                parent=_store(number),
                lines=lines,
                delivery_note="bench",
                request_id=str(uuid.uuid4()),
            )
        )


async def _changed(platform: Running) -> Load:
    levels = [
        (_store(store), _product(product))
        for product in range(LEVELS_OF_A_STORE)
        for store in range(STORES)
    ]
    address, token = platform.grpc.removeprefix("http://"), platform.token(STAFF)
    process = await _client("change")
    before = platform.cpu_seconds()
    answered = await _result(process, line_of(Change(address, token, levels, RATE, SECONDS)))
    after = platform.cpu_seconds()
    used = {name: after[name] - before.get(name, 0.0) for name in after}
    return Load(used, answered)


async def _client(kind: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.stock_clients",
        kind,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=CLIENT_BYTES_MAX,
    )


async def _result(process: asyncio.subprocess.Process, said: bytes) -> Any:
    """What a client answers to a line."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(said)
    try:
        async with asyncio.timeout(CLIENT_SECONDS_MAX):
            line = await process.stdout.readline()
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NotMeasurable("a client did not come to its end") from None
    if process.returncode != 0:
        raise NotMeasurable("a client failed; its message is above")
    return json.loads(line)
