"""The catalog's parts, put together."""

from __future__ import annotations

from pathlib import Path

from chassis.app import Blueprint, Deps, Service
from chassis.messaging.coalescer import Coalescer
from chassis.rpc.server import Servicer
from hutong.catalog.v1 import catalog_service_pb2, catalog_service_pb2_grpc
from services.catalog import convert
from services.catalog.api import CatalogApi
from services.catalog.domain import BasketQuote, BasketToQuote
from services.catalog.models import metadata
from services.catalog.usecases import Catalog

QUOTE_BATCHES_AT_ONCE_MAX = 2
"""Quotes only read, so batches may overlap; a second one keeps the database busy, and no more."""


def build(deps: Deps) -> Service:
    """The service."""
    catalog = Catalog(
        deps.database,
        product_events=convert.product_events,
        price_events=convert.price_events,
    )
    quote_lane = Coalescer[BasketToQuote, BasketQuote](
        "catalog.quote_baskets",
        catalog.quote_baskets,
        metrics=deps.metrics,
        batches_at_once_max=QUOTE_BATCHES_AT_ONCE_MAX,
    )
    return Service(
        name="catalog",
        servicers=[
            Servicer(
                implementation=CatalogApi(catalog, quote_lane),
                register=catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server,
                service=catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name,
            )
        ],
        closing=[quote_lane.close],
    )


BLUEPRINT = Blueprint(
    name="catalog",
    build=build,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
)
