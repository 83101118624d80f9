"""One replica of background work, in a process of its own, to be killed or paused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event

from redis.asyncio import Redis

from chassis import log
from chassis.app import Worker, Workers
from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.messaging.bus import Delivery
from chassis.messaging.consumer import Consumer
from chassis.messaging.relay import Relay
from chassis.telemetry import Metrics
from services.inventory import convert
from services.inventory.usecases.stock import Stock

LEASE_SECONDS = 2.0
SERVICE = "floor"
CONSUMER = "ledger"
SWEPT_AT_ONCE_MAX = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where replicas work."""

    database_url: str
    redis_url: str


def work(name: str, role: str, place: Place, is_up: Event) -> None:
    """Works in this process until it is killed; sets `is_up` once it does."""
    asyncio.run(_work(name, role, place, is_up))


async def _record(tx: Transaction, events: Sequence[Delivery]) -> None:
    await tx.run(
        "insert into effect select * from unnest($1::text[])",
        [f"{event.aggregate}#{event.sequence}" for event in events],
    )


async def _work(name: str, role: str, place: Place, is_up: Event) -> None:
    log.configure(level="error", form="json")
    metrics = Metrics()
    database = Database(place.database_url, name=SERVICE, metrics=metrics)
    redis = Redis.from_url(place.redis_url)
    workers = Workers(metrics)
    if role == "events":
        relay = Relay(
            service=SERVICE,
            database=database,
            redis=redis,
            metrics=metrics,
            holder=name,
            lease_seconds=LEASE_SECONDS,
        )
        consumer = Consumer(
            name=CONSUMER,
            member=name,
            source=SERVICE,
            database=database,
            redis=redis,
            handle=_record,
            metrics=metrics,
            claim_idle_ms=500,
            read_block_ms=100,
            lease_seconds=LEASE_SECONDS,
        )
        workers.add(Worker("relay", relay.round))
        workers.add(Worker("relay.listen", relay.listen))
        workers.add(Worker("consumer", consumer.round))
    else:
        stock = Stock(
            database,
            stock_moved=convert.stock_moved,
            reservation_changed=convert.reservation_changed,
            discrepancy_changed=convert.discrepancy_changed,
            due_holds_max=SWEPT_AT_ONCE_MAX,
        )
        workers.add(Worker("sweeper", lambda: _sweep(stock)))
    is_up.set()
    await asyncio.Event().wait()


async def _sweep(stock: Stock) -> None:
    await stock.end_due_holds()
    await asyncio.sleep(0.05)
