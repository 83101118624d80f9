"""What stores have between events, values and messages."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.kernel import names
from chassis.kernel.names import StoreId
from chassis.messaging.bus import Delivery
from chassis.rpc.values import unit_from_proto
from hutong.catalog.v1 import catalog_pb2
from hutong.inventory.v1 import events_pb2
from services.catalog.domain.availability import Availability, StoreStock

_STOCK_MOVED = events_pb2.StockMoved.DESCRIPTOR.full_name

_NUMBERS = {
    Availability.IN_STOCK: catalog_pb2.AVAILABILITY_IN_STOCK,
    Availability.LOW: catalog_pb2.AVAILABILITY_LOW,
    Availability.OUT_OF_STOCK: catalog_pb2.AVAILABILITY_OUT_OF_STOCK,
}


def availability_number(availability: Availability | None) -> catalog_pb2.Availability:
    """The availability as the contract has it; unspecified if it is not known."""
    if availability is None:
        return catalog_pb2.AVAILABILITY_UNSPECIFIED
    return _NUMBERS[availability]


def store_or_none(name: str, tenant: str) -> StoreId | None:
    """The store that a list is asked for, if one is; NameInvalid."""
    return names.parse_store(name, tenant, at="store") if name else None


def stocks_of(deliveries: Sequence[Delivery]) -> list[StoreStock]:
    """What the events tell of stock levels; inventory's other events tell nothing of them."""
    return [_stock(delivery) for delivery in deliveries if delivery.type == _STOCK_MOVED]


def _stock(delivery: Delivery) -> StoreStock:
    level = events_pb2.StockMoved.FromString(delivery.data).level
    tenant, _, _ = delivery.aggregate.partition("/")
    store, sku = names.parse_in_store(names.STOCK_LEVEL, level.name, tenant)
    return StoreStock(
        store=store,
        sku=sku,
        unit=unit_from_proto(level.unit),
        available=level.available,
        version=level.version,
    )
