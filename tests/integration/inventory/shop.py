"""One store with its clients, in the words of the tests."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from hutong.common.v1 import measure_pb2, product_quantity_pb2
from hutong.inventory.v1 import inventory_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from hutong.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from tests.support.world import Client, World, call_context_for, caller

EACH = measure_pb2.MEASURE_UNIT_EACH
GRAM = measure_pb2.MEASURE_UNIT_GRAM

HELD = inventory_pb2.RESERVATION_STATE_HELD
TAKEN = inventory_pb2.RESERVATION_STATE_TAKEN
COMMITTED = inventory_pb2.RESERVATION_STATE_COMMITTED
RELEASED = inventory_pb2.RESERVATION_STATE_RELEASED
RETURNED = inventory_pb2.RESERVATION_STATE_RETURNED
EXPIRED = inventory_pb2.RESERVATION_STATE_EXPIRED
REFUSED = inventory_pb2.RESERVATION_STATE_REFUSED

_numbers = itertools.count(1)

Quantities = Mapping[str, int]


def lines_of(
    quantities: Quantities, *, unit: measure_pb2.MeasureUnit = EACH
) -> list[product_quantity_pb2.ProductQuantity]:
    return [
        product_quantity_pb2.ProductQuantity(product=f"products/{sku}", quantity=n, unit=unit)
        for sku, n in quantities.items()
    ]


def request_id() -> str:
    return str(uuid.uuid4())


@dataclass(slots=True)
class Shop:
    """A store of its own, its manager, and the orders service."""

    world: World
    store: str
    manager: Client
    orders: Client

    @classmethod
    def opened(cls, world: World) -> Shop:
        store = f"sh{next(_numbers):03}"
        manager = caller(role="store_manager", stores=[f"stores/{store}"], principal="users/mei")
        orders = caller(role="service", principal="services/orders")
        return cls(
            world=world,
            store=store,
            manager=world.client(InventoryServiceStub, manager),
            orders=world.client(InventoryServiceStub, orders),
        )

    @property
    def name(self) -> str:
        return f"stores/{self.store}"

    @property
    def service(self) -> Caller:
        """Who takes and holds stock."""
        return caller(role="service", principal="services/orders")

    @property
    def store_id(self) -> str:
        return f"demo:{self.store}"

    def level_name(self, sku: str) -> str:
        return f"{self.name}/stockLevels/{sku}"

    def reservation_name(self, order: str) -> str:
        return f"{self.name}/reservations/{order}"

    async def receive(
        self, quantities: Quantities, *, unit: measure_pb2.MeasureUnit = EACH
    ) -> service_pb2.ReceiveStockResponse:
        reply: service_pb2.ReceiveStockResponse = await self.manager.ReceiveStock(
            service_pb2.ReceiveStockRequest(
                parent=self.name,
                lines=lines_of(quantities, unit=unit),
                delivery_note="note 7",
                request_id=request_id(),
            )
        )
        return reply

    def hold_request(
        self,
        order: str,
        quantities: Quantities,
        *,
        seconds: int | None = None,
        unit: measure_pb2.MeasureUnit = EACH,
    ) -> service_pb2.ReserveStockRequest:
        request = service_pb2.ReserveStockRequest(
            parent=self.name, reservation_id=order, lines=lines_of(quantities, unit=unit)
        )
        if seconds is not None:
            request.hold_duration.FromSeconds(seconds)
        return request

    def take_request(self, order: str, quantities: Quantities) -> service_pb2.TakeStockRequest:
        return service_pb2.TakeStockRequest(
            parent=self.name, reservation_id=order, lines=lines_of(quantities)
        )

    async def hold(
        self, order: str, quantities: Quantities, *, seconds: int | None = None
    ) -> inventory_pb2.Reservation:
        reply: inventory_pb2.Reservation = await self.orders.ReserveStock(
            self.hold_request(order, quantities, seconds=seconds)
        )
        return reply

    async def take(self, order: str, quantities: Quantities) -> inventory_pb2.Reservation:
        reply: inventory_pb2.Reservation = await self.orders.TakeStock(
            self.take_request(order, quantities)
        )
        return reply

    async def commit(self, order: str) -> inventory_pb2.Reservation:
        reply: inventory_pb2.Reservation = await self.orders.CommitReservation(
            service_pb2.CommitReservationRequest(name=self.reservation_name(order))
        )
        return reply

    async def release(self, order: str) -> inventory_pb2.Reservation:
        reply: inventory_pb2.Reservation = await self.orders.ReleaseReservation(
            service_pb2.ReleaseReservationRequest(name=self.reservation_name(order))
        )
        return reply

    async def reservation(self, order: str) -> inventory_pb2.Reservation:
        reply: inventory_pb2.Reservation = await self.orders.GetReservation(
            service_pb2.GetReservationRequest(name=self.reservation_name(order))
        )
        return reply

    async def level(self, sku: str) -> inventory_pb2.StockLevel:
        reply: inventory_pb2.StockLevel = await self.manager.GetStockLevel(
            service_pb2.GetStockLevelRequest(name=self.level_name(sku))
        )
        return reply

    async def on_hand_and_held(self, sku: str) -> tuple[int, int]:
        level = await self.level(sku)
        return level.on_hand, level.held

    async def movements(self, sku: str) -> list[inventory_pb2.StockMovement]:
        reply = await self.manager.ListStockMovements(
            service_pb2.ListStockMovementsRequest(parent=self.level_name(sku), page_size=1000)
        )
        return list(reply.stock_movements)

    async def rows(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        async with self.world.database("inventory").transaction() as tx:
            return [tuple(row) for row in await tx.rows(statement, *arguments)]


def item_context() -> Any:
    """An item that the orders service sends in its own name."""
    return call_context_for(caller(role="service", principal="services/orders"))


async def refusal_of(call: Any) -> HutongError:
    """The error that the call ends with."""
    try:
        await call
    except HutongError as error:
        return error
    raise AssertionError("the call was answered")
