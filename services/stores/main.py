"""The stores service, put together."""

from __future__ import annotations

from pathlib import Path

from chassis.app import Blueprint, Deps, Service, Worker
from chassis.rpc.server import Servicer
from hutong.stores.v1.stores_service_pb2_grpc import add_StoresServiceServicer_to_server
from services.stores.api import StoresApi
from services.stores.convert.stores import StoreEvents, known_store
from services.stores.models import metadata
from services.stores.usecases.finding import Finding
from services.stores.usecases.stores import Stores
from services.stores.usecases.views import StoreViews
from services.stores.workers import KnowingStores

NAME = "stores"


def build(deps: Deps) -> Service:
    """The service, and the worker that knows the stores before somebody asks."""
    views = StoreViews(deps.database, encode=known_store)
    stores = Stores(deps.database, views=views, events=StoreEvents())
    reads = deps.lanes.lane("stores.read", stores.get_all)
    checks = deps.lanes.lane("stores.check", stores.check_all)
    return Service(
        name=NAME,
        servicers=[
            Servicer(
                StoresApi(stores, Finding(views), reads=reads, checks=checks),
                add_StoresServiceServicer_to_server,
                "hutong.stores.v1.StoresService",
            )
        ],
        workers=[Worker("stores.views", KnowingStores(views).round)],
        closing=[reads.close, checks.close, views.close],
    )


BLUEPRINT = Blueprint(
    name=NAME,
    build=build,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
)
