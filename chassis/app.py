"""How a service is put together and run, in whatever process it lives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy import MetaData

from chassis.db.engine import Database
from chassis.kernel.clock import Clock
from chassis.log import logger
from chassis.messaging.coalescer import Lanes
from chassis.messaging.relay import Relay
from chassis.rpc.client import Peer
from chassis.rpc.server import Servicer
from chassis.telemetry import Metrics

WORKER_RETRY_SECONDS = 1.0
CANCEL_AGAIN_SECONDS = 1.0

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Deps:
    """What the floor hands to a service. Nothing else is reached for.

    `peer` gives the connection to another service by name.
    """

    database: Database
    redis: Redis
    clock: Clock
    metrics: Metrics
    peer: Callable[[str], Peer]
    lanes: Lanes


@dataclass(frozen=True, slots=True)
class Worker:
    """Work that goes on in the background: `round` is run again and again until it is cancelled.

    A round that fails is logged, counted, and tried again after a pause.

    A detached worker works on what all processes share, under locks or leases, so it may run in
    any process and in several. Any other stays in the process of the service's servicer, and in
    each of them, since it tends what that one keeps in memory.
    """

    name: str
    round: Callable[[], Awaitable[None]]
    is_detached: bool = False


class Share(Enum):
    """Which of a service's background work a process does."""

    ALL = "all"
    ATTACHED = "attached"
    DETACHED = "detached"

    def has(self, worker: Worker) -> bool:
        """Whether this worker is in the share."""
        return self is Share.ALL or worker.is_detached is (self is Share.DETACHED)


@dataclass(frozen=True, slots=True)
class Service:
    """A built service: what it answers, does in the background, and closes at the end."""

    name: str
    servicers: Sequence[Servicer]
    workers: Sequence[Worker] = ()
    closing: Sequence[Callable[[], Awaitable[None]]] = ()


@dataclass(frozen=True, slots=True)
class Blueprint:
    """All that a process needs to know of a service to migrate and run it."""

    name: str
    build: Callable[[Deps], Service]
    metadata: MetaData
    migrations: Path


@dataclass(slots=True)
class Workers:
    """The background work of a process: its share of the services' workers and outbox relays."""

    metrics: Metrics
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, service: Service, deps: Deps, *, share: Share = Share.ALL) -> None:
        """Starts a service's workers and the relay of its outbox, so far as they are its share."""
        relay = Relay(
            service=service.name, database=deps.database, redis=deps.redis, metrics=deps.metrics
        )
        relaying = (
            Worker(f"{service.name}.relay", relay.round, is_detached=True),
            Worker(f"{service.name}.relay.listen", relay.listen, is_detached=True),
        )
        for worker in (*service.workers, *relaying):
            if share.has(worker):
                self.add(worker)
        if share is Share.ATTACHED:
            # Here events are written, and elsewhere they are published.
            self.add(Worker(f"{service.name}.relay.pass_on", relay.pass_on))

    def add(self, worker: Worker) -> None:
        """Starts a worker that belongs to no service."""
        self._tasks.append(asyncio.create_task(self._repeat(worker), name=worker.name))

    async def stop(self) -> None:
        """Stops all of it; a round that is cut off is taken up by the next process."""
        going = set(self._tasks)
        while going:
            # A cancellation is lost where a wait runs out in the same instant, before Python 3.12.
            for task in going:
                task.cancel()
            _, going = await asyncio.wait(going, timeout=CANCEL_AGAIN_SECONDS)
        self._tasks.clear()

    async def _repeat(self, worker: Worker) -> None:
        while True:
            try:
                await worker.round()
            except Exception as problem:
                self.metrics.worker_failures.labels(worker.name).inc()
                log.warning("worker_round_failed", worker=worker.name, problem=repr(problem))
                await asyncio.sleep(WORKER_RETRY_SECONDS)
