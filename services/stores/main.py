"""The stores service, put together."""

from __future__ import annotations

from pathlib import Path

from chassis.app import Blueprint, Deps, Service, Worker
from chassis.messaging.coalescer import Coalescer
from chassis.rpc.server import Servicer
from hutong.stores.v1.stores_service_pb2_grpc import add_StoresServiceServicer_to_server
from services.stores.api import StoresApi
from services.stores.clients import RedisStoreIndex
from services.stores.convert import StoreEvents
from services.stores.models import metadata
from services.stores.usecases import Stores
from services.stores.workers import IndexRepair

NAME = "stores"


def build(deps: Deps) -> Service:
    """The service, and the worker that keeps its index right."""
    stores = Stores(
        deps.database,
        index=RedisStoreIndex(deps.redis, metrics=deps.metrics),
        events=StoreEvents(),
    )
    checks = Coalescer("stores.check", stores.check_all, metrics=deps.metrics)
    return Service(
        name=NAME,
        servicers=[
            Servicer(
                StoresApi(stores, checks=checks),
                add_StoresServiceServicer_to_server,
                "hutong.stores.v1.StoresService",
            )
        ],
        workers=[Worker("stores.index_repair", IndexRepair(stores).round)],
        closing=[checks.close],
    )


BLUEPRINT = Blueprint(
    name=NAME,
    build=build,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
)
