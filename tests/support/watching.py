"""Followers of stock and prices, and further processes of a service to follow them at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
from redis.asyncio import Redis

from chassis.app import Blueprint, Workers
from chassis.db.engine import Database
from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import Unavailable
from chassis.rpc.auth import Authenticator, Caller
from chassis.rpc.client import Peer
from chassis.rpc.key_set import FileKeys
from chassis.rpc.server import RpcServer
from chassis.telemetry import Metrics
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, catalog_service_pb2_grpc
from hutong.inventory.v1 import inventory_pb2, inventory_service_pb2, inventory_service_pb2_grpc
from tests.support.command import free_port
from tests.support.world import AUDIENCE, ISSUER, Client, World

NEWS_SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Process:
    """Another process of a service, as far as its callers can tell."""

    address: str
    server: RpcServer
    metrics: Metrics

    def metric(self, name: str) -> float:
        """A figure of its board, as it is exposed."""
        for line in self.metrics.exposition().decode().splitlines():
            if line.startswith(f"{name}{{"):
                return float(line.rpartition(" ")[2])
        return 0.0

    def client(self, world: World, stub_class: Callable[[Any], Any], who: Caller) -> Client:
        """A client of it, as this caller, which goes with the world."""
        token = world.token(who)
        peer = Peer(name="service", address=self.address, token=lambda: token)
        world.peers.append(peer)
        return Client(peer, stub_class(peer.channel))


@asynccontextmanager
async def another_process(
    world: World, plan: Blueprint, *, only_worker: str = "", redis: Redis | None = None
) -> AsyncIterator[Process]:
    """A process of its own connections, metrics and workers over the world's database."""
    metrics = Metrics()
    database = Database(world.urls[plan.name], name=plan.name, metrics=metrics)
    deps = replace(
        world.deps[plan.name],
        database=database,
        metrics=metrics,
        redis=redis or world.deps[plan.name].redis,
    )
    service = plan.build(deps)
    server = RpcServer(
        list(service.servicers),
        authenticator=Authenticator(
            keys=FileKeys(world.issuer.jwks_file),
            issuer=ISSUER,
            audience=AUDIENCE,
            clock=SystemClock(),
        ),
        metrics=metrics,
    )
    address = f"127.0.0.1:{free_port()}"
    await server.start(address)
    await server.set_ready(is_ready=True)
    workers = Workers(metrics)
    if only_worker:
        for worker in service.workers:
            if worker.name == only_worker:
                workers.add(worker)
    else:
        workers.start(service, deps)
    try:
        yield Process(address, server, metrics)
    finally:
        await server.turn_away()
        await workers.stop()
        for closing in service.closing:
            await closing()
        await server.stop()
        await database.close()


class Following:
    """One caller's stream."""

    def __init__(self, world: World, who: Caller, request: Any, *, address: str = "") -> None:
        self._channel = grpc.aio.insecure_channel(address or world.address)
        stub: Any
        if isinstance(request, inventory_service_pb2.WatchStockRequest):
            stub = inventory_service_pb2_grpc.InventoryServiceStub(self._channel).WatchStock
        else:
            stub = catalog_service_pb2_grpc.CatalogServiceStub(self._channel).WatchPrices
        self._call = stub(request, metadata=(("authorization", f"Bearer {world.token(who)}"),))

    async def next(self, *, seconds: float = NEWS_SECONDS_MAX) -> Any:
        """The next message; Unavailable if the stream has ended."""
        async with asyncio.timeout(seconds):
            message = await self._call.read()
        if message is grpc.aio.EOF:
            raise Unavailable(part="the stream")
        return message

    async def is_silent(self, *, seconds: float) -> bool:
        """Whether nothing is told for so long. The stream is not to be read any more."""
        try:
            await self.next(seconds=seconds)
        except TimeoutError:
            return True
        return False

    async def close(self) -> None:
        """Leaves."""
        self._call.cancel()
        await self._channel.close()


@asynccontextmanager
async def following(
    world: World, who: Caller, request: Any, *, address: str = ""
) -> AsyncIterator[Following]:
    """An open stream."""
    made = Following(world, who, request, address=address)
    try:
        yield made
    finally:
        await made.close()


@dataclass(slots=True)
class StockPicture:
    """What a reader has of a store's stock, by the rules of the contract."""

    levels: dict[str, inventory_pb2.StockLevel] = field(default_factory=dict)
    token: str = ""
    is_current: bool = False
    resets: int = 0
    messages: int = 0

    def add(self, message: inventory_service_pb2.WatchStockResponse) -> None:
        """Takes a message in."""
        if message.is_reset:
            self.levels.clear()
            self.resets += 1
        for level in message.stock_levels:
            known = self.levels.get(level.name)
            if known is None or known.version <= level.version:
                self.levels[level.name] = level
        self.token, self.is_current = message.resume_token, message.is_current
        self.messages += 1

    async def until_current(self, stream: Following) -> None:
        """Reads until all is told."""
        self.is_current = False
        while not self.is_current:
            self.add(await stream.next())


@dataclass(slots=True)
class PricePicture:
    """What a reader has of a store's prices, by the rules of the contract."""

    prices: dict[str, catalog_pb2.Price] = field(default_factory=dict)
    token: str = ""
    is_current: bool = False
    resets: int = 0

    def add(self, message: catalog_service_pb2.WatchPricesResponse) -> None:
        """Takes a message in."""
        if message.is_reset:
            self.prices.clear()
            self.resets += 1
        for price in message.prices:
            self.prices[price.name] = price
        for name in message.ended_prices:
            self.prices.pop(name, None)
        self.token, self.is_current = message.resume_token, message.is_current

    async def until_current(self, stream: Following) -> None:
        """Reads until all is told."""
        self.is_current = False
        while not self.is_current:
            self.add(await stream.next())
