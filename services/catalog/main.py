"""The catalog's parts, put together."""

from __future__ import annotations

from pathlib import Path

from chassis.app import Blueprint, Deps, Service, Worker
from chassis.messaging.board import Board
from chassis.rpc.server import Servicer
from chassis.settings import load
from hutong.catalog.v1 import catalog_service_pb2, catalog_service_pb2_grpc
from services.catalog.api import CatalogApi
from services.catalog.convert.parity import disagreement_changed, shown_changed
from services.catalog.convert.prices import price_events, watch_mark, watched_part
from services.catalog.convert.products import product_events
from services.catalog.domain.availability import LittleLeft
from services.catalog.domain.prices import WatchedPrices
from services.catalog.events import stock_consumer
from services.catalog.models import metadata
from services.catalog.settings import CatalogSettings
from services.catalog.usecases.parity import Parity
from services.catalog.usecases.prices import Prices
from services.catalog.usecases.products import Products
from services.catalog.usecases.stock import StoreStocks
from services.catalog.usecases.watching import PricesShown
from services.catalog.workers import ParityCheck

NAME = "catalog"

QUOTE_BATCHES_AT_ONCE_MAX = 2
"""Quotes only read, so batches may overlap; a second one keeps the database busy, and no more."""


def build(deps: Deps) -> Service:
    """The service, with its board of prices, what compares shown with asked prices, and what learns
    of stock.
    """
    shown = PricesShown(deps.database, encode=watched_part)
    board = Board[WatchedPrices](NAME, shown, encode=watch_mark, metrics=deps.metrics)
    products = Products(deps.database, product_events=product_events)
    prices = Prices(deps.database, price_events=price_events, changed=board.changed)
    settings = load(CatalogSettings, service=NAME)
    parity = Parity(
        deps.database,
        grace_seconds=settings.parity_grace_seconds,
        shown_changed=shown_changed,
        disagreement_changed=disagreement_changed,
    )
    stocks = StoreStocks(
        deps.database,
        little_left=LittleLeft(settings.low_stock_pieces, settings.low_stock_grams),
    )
    quote_lane = deps.lanes.lane(
        "catalog.quote_baskets",
        prices.quote_baskets,
        batches_at_once_max=QUOTE_BATCHES_AT_ONCE_MAX,
    )
    return Service(
        name=NAME,
        servicers=[
            Servicer(
                implementation=CatalogApi(products, prices, parity, stocks, quote_lane, board),
                register=catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server,
                service=catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name,
            )
        ],
        workers=[
            Worker(
                "catalog.parity",
                ParityCheck(parity, metrics=deps.metrics).round,
                is_detached=True,
            ),
            Worker("catalog.stock", stock_consumer(stocks, deps).round, is_detached=True),
            Worker("catalog.board", board.round),
        ],
        closing=[quote_lane.close],
    )


BLUEPRINT = Blueprint(
    name=NAME,
    build=build,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
)
