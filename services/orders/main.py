"""The orders service, put together."""

from __future__ import annotations

from pathlib import Path

from chassis.app import Blueprint, Deps, Service, Worker
from chassis.messaging.feed import Feed
from chassis.rpc.server import Servicer
from chassis.settings import load
from hutong.orders.v1 import orders_service_pb2_grpc
from services.orders.api.orders import OrdersServicer
from services.orders.clients import CatalogPrices, InventoryStock, PaymentsMoney, StoresToday
from services.orders.convert import baskets as basket_convert
from services.orders.convert import orders as convert
from services.orders.models import metadata
from services.orders.sagas.driving import Checkpoint, Driver, pass_on
from services.orders.sagas.orders import OrderSaga
from services.orders.sagas.quoting import Quotes
from services.orders.settings import OrdersSettings
from services.orders.usecases.baskets import Baskets
from services.orders.usecases.orders import Orders
from services.orders.usecases.reading import OrderReader
from services.orders.usecases.uploads import UploadedPrices, Uploads
from services.orders.workers import FreezeLifter, IdleBaskets, Recovery


def build(deps: Deps, *, checkpoint: Checkpoint = pass_on) -> Service:
    """The service, with its saga and the worker that recovers orders."""
    settings = load(OrdersSettings, service="orders")
    feed = Feed(service="orders", redis=deps.redis)
    orders = Orders(
        deps.database,
        encode=convert.encode,
        lease_seconds=settings.lease_seconds,
    )
    reader = OrderReader(deps.database, feed=feed, lanes=deps.lanes)
    prices = CatalogPrices(deps.peer("catalog"), deps.lanes)
    stores = StoresToday(deps.peer("stores"), deps.lanes)
    baskets = Baskets(
        deps.database, prices=prices, stores=stores, encode=basket_convert.encode_basket
    )
    driver = Driver(
        orders,
        stock=InventoryStock(deps.peer("inventory")),
        money=PaymentsMoney(deps.peer("payments")),
        checkpoint=checkpoint,
    )
    quotes = Quotes(
        baskets=baskets,
        prices=prices,
        uploaded=UploadedPrices(prices, clock=deps.clock),
        stores=stores,
    )
    saga = OrderSaga(orders, quotes=quotes, driver=driver, lanes=deps.lanes, checkpoint=checkpoint)
    recovery = Recovery(orders, saga, metrics=deps.metrics)
    return Service(
        name="orders",
        servicers=[
            Servicer(
                OrdersServicer(
                    reader, saga, quotes, baskets, Uploads(saga.place), metrics=deps.metrics
                ),
                orders_service_pb2_grpc.add_OrdersServiceServicer_to_server,
                "hutong.orders.v1.OrdersService",
            )
        ],
        workers=[
            Worker("orders.recovery", recovery.round, is_detached=True),
            Worker("orders.feed", feed.round),
            Worker("orders.idle_baskets", IdleBaskets(baskets).round, is_detached=True),
            Worker("orders.freezes", FreezeLifter(baskets).round, is_detached=True),
        ],
        closing=[saga.close, reader.close],
    )


BLUEPRINT = Blueprint(
    name="orders",
    build=build,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
)
