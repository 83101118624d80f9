"""The two clients of the stock_watch benchmark, each a process of its own.

    python -m tests.bench.stock_clients follow < settings     prints READY, and at the end arrivals
    python -m tests.bench.stock_clients change < settings     prints when each change was answered

Settings are a line of JSON, and so are results. Times are those of the machine's monotonic clock,
which processes share. Who follows only notes when which bytes came; they are read at the end.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from dataclasses import asdict, dataclass
from typing import Any

import grpc

from hutong.common.v1 import measure_pb2, product_quantity_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2

WATCH = "/hutong.inventory.v1.InventoryService/WatchStock"
TAKE = "/hutong.inventory.v1.InventoryService/TakeStock"
READY = "READY"
CHANNELS = 10
OPENING_AT_ONCE = 50
OPEN_SECONDS_MAX = 120.0
ANSWER_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Follow:
    """Whom to ask, what each follower watches (a store and products), and until when to listen."""

    address: str
    token: str
    watched: list[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class Change:
    """Which levels to take one piece from, in turn, so many a second, for so long."""

    address: str
    token: str
    levels: list[tuple[str, str]]
    rate: int
    seconds: float


def line_of(settings: Follow | Change) -> bytes:
    """The settings as a client reads them."""
    return json.dumps(asdict(settings)).encode() + b"\n"


async def follow(settings: Follow) -> dict[str, list[tuple[int, list[float]]]]:
    """Follows until a line comes: by level, each version told and when it came to whom."""
    metadata = (("authorization", f"Bearer {settings.token}"),)
    # Channels with the same arguments would share one connection.
    channels = [
        grpc.aio.insecure_channel(settings.address, options=(("hutong.number", number),))
        for number in range(CHANNELS)
    ]
    came: dict[bytes, array[float]] = {}
    room = asyncio.Semaphore(OPENING_AT_ONCE)

    async def opened(number: int, store: str, products: list[str]) -> Any:
        request = service_pb2.WatchStockRequest(parent=store, products=products)
        watch: Any = channels[number % CHANNELS].unary_stream(WATCH)
        call = watch(request.SerializeToString(), metadata=metadata)
        async with room, asyncio.timeout(OPEN_SECONDS_MAX):
            while not service_pb2.WatchStockResponse.FromString(await call.read()).is_current:
                pass
        return call

    async def listen(call: Any) -> None:
        while True:
            message = await call.read()
            if message is grpc.aio.EOF:
                return
            came.setdefault(message, array("d")).append(time.monotonic())

    calls = await asyncio.gather(
        *(opened(number, *what) for number, what in enumerate(settings.watched))
    )
    print(READY, flush=True)
    listening = [asyncio.create_task(listen(call)) for call in calls]
    await asyncio.to_thread(sys.stdin.readline)
    for task in listening:
        task.cancel()
    told: dict[str, list[tuple[int, list[float]]]] = {}
    for message, times in came.items():
        for level in service_pb2.WatchStockResponse.FromString(message).stock_levels:
            told.setdefault(level.name, []).append((level.version, list(times)))
    await asyncio.gather(*listening, return_exceptions=True)
    return told


async def change(settings: Change) -> dict[str, list[float]]:
    """Takes pieces one after the other; by level, when each was answered."""
    metadata = (("authorization", f"Bearer {settings.token}"),)
    channel = grpc.aio.insecure_channel(settings.address)
    take: Any = channel.unary_unary(TAKE)
    answered: dict[str, list[float]] = {}

    async def one(number: int, store: str, product: str) -> None:
        request = service_pb2.TakeStockRequest(
            parent=store,
            reservation_id=f"bench-{time.monotonic_ns()}-{number}",
            lines=[
                product_quantity_pb2.ProductQuantity(
                    product=product, quantity=1, unit=measure_pb2.MEASURE_UNIT_EACH
                )
            ],
        )
        await take(request.SerializeToString(), metadata=metadata, timeout=ANSWER_SECONDS_MAX)
        name = f"{store}/stockLevels/{product.removeprefix('products/')}"
        answered.setdefault(name, []).append(time.monotonic())

    tasks = []
    begun = time.monotonic()
    for number in range(int(settings.rate * settings.seconds)):
        await asyncio.sleep(max(begun + number / settings.rate - time.monotonic(), 0.0))
        level = settings.levels[number % len(settings.levels)]
        tasks.append(asyncio.create_task(one(number, *level)))
    await asyncio.gather(*tasks)
    await channel.close()
    return answered


def main() -> None:
    """Runs one of the clients."""
    settings = json.loads(sys.stdin.readline())
    if sys.argv[1] == "follow":
        result: Any = asyncio.run(follow(Follow(**settings)))
    else:
        result = asyncio.run(change(Change(**settings)))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
