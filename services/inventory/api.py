"""The gRPC servicer of inventory: convert, one use case, convert."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from chassis.db.engine import Database
from chassis.kernel.names import StoreId
from chassis.messaging.board import Board
from chassis.messaging.coalescer import Coalescer
from chassis.rpc.batch import answer_batch
from chassis.rpc.call import Call
from chassis.rpc.paging import page_request
from hutong.inventory.v1 import inventory_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from hutong.inventory.v1.inventory_service_pb2_grpc import InventoryServiceServicer
from services.inventory import convert
from services.inventory.domain.reservations import EndCommand, Reservation, ReserveCommand
from services.inventory.usecases.discrepancies import Discrepancies
from services.inventory.usecases.stock import Stock


@dataclass(frozen=True, slots=True)
class Lanes:
    """Where unary calls wait for company. Holding and taking share a lane: both want the levels."""

    reserve: Coalescer[ReserveCommand, Reservation]
    commit: Coalescer[EndCommand, Reservation]
    release: Coalescer[EndCommand, Reservation]


class InventoryServicer(InventoryServiceServicer):
    """Answers hutong.inventory.v1.InventoryService."""

    def __init__(
        self,
        stock: Stock,
        discrepancies: Discrepancies,
        *,
        database: Database,
        lanes: Lanes,
        board: Board[StoreId],
    ) -> None:
        self._stock = stock
        self._discrepancies = discrepancies
        self._database = database
        self._lanes = lanes
        self._board = board

    async def GetStockLevel(
        self, request: service_pb2.GetStockLevelRequest, call: Call
    ) -> inventory_pb2.StockLevel:
        level = await self._stock.level(convert.level_key(request.name, call))
        return convert.level_to_proto(level)

    async def ListStockLevels(
        self, request: service_pb2.ListStockLevelsRequest, call: Call
    ) -> service_pb2.ListStockLevelsResponse:
        store_id = convert.store(request.parent, call)
        wanted = page_request(
            size=request.page_size, token=request.page_token, listing=f"stockLevels of {store_id}"
        )
        levels = await self._stock.levels(store_id, after=wanted.after, limit=wanted.size + 1)
        page = wanted.page(levels, key=lambda level: level.sku)
        return service_pb2.ListStockLevelsResponse(
            stock_levels=map(convert.level_to_proto, page.rows), next_page_token=page.next_token
        )

    async def ListStockMovements(
        self, request: service_pb2.ListStockMovementsRequest, call: Call
    ) -> service_pb2.ListStockMovementsResponse:
        key = convert.level_key(request.parent, call, at="parent")
        wanted = page_request(
            size=request.page_size,
            token=request.page_token,
            listing=f"movements of {key.sku} in {key.store_id}",
        )
        after = convert.version_after(wanted.after)
        movements = await self._stock.movements(key, after=after, limit=wanted.size + 1)
        page = wanted.page(movements, key=lambda movement: str(movement.version))
        return service_pb2.ListStockMovementsResponse(
            stock_movements=map(convert.movement_to_proto, page.rows),
            next_page_token=page.next_token,
        )

    async def ReceiveStock(self, request: service_pb2.ReceiveStockRequest, call: Call) -> bytes:
        command = convert.receive_command(request, call)
        once = call.once(request, distribution_key=command.store_id, database=self._database)
        return await self._stock.receive(command, once, encode=convert.received_reply)

    async def AdjustStock(self, request: service_pb2.AdjustStockRequest, call: Call) -> bytes:
        command = convert.adjust_command(request, call)
        once = call.once(request, distribution_key=command.store_id, database=self._database)
        return await self._stock.adjust(command, once, encode=convert.adjusted_reply)

    async def GetReservation(
        self, request: service_pb2.GetReservationRequest, call: Call
    ) -> inventory_pb2.Reservation:
        reservation = await self._stock.reservation(convert.reservation_key(request.name, call))
        return convert.reservation_to_proto(reservation)

    async def ReserveStock(
        self, request: service_pb2.ReserveStockRequest, call: Call
    ) -> inventory_pb2.Reservation:
        command = convert.reserve_command(request, call)
        reservation = await self._lanes.reserve.submit(command, deadline=call.deadline)
        return convert.reservation_to_proto(reservation)

    async def TakeStock(
        self, request: service_pb2.TakeStockRequest, call: Call
    ) -> inventory_pb2.Reservation:
        command = convert.take_command(request, call)
        reservation = await self._lanes.reserve.submit(command, deadline=call.deadline)
        return convert.reservation_to_proto(reservation)

    async def CommitReservation(
        self, request: service_pb2.CommitReservationRequest, call: Call
    ) -> inventory_pb2.Reservation:
        command = convert.end_command(request, call)
        reservation = await self._lanes.commit.submit(command, deadline=call.deadline)
        return convert.reservation_to_proto(reservation)

    async def ReleaseReservation(
        self, request: service_pb2.ReleaseReservationRequest, call: Call
    ) -> inventory_pb2.Reservation:
        command = convert.end_command(request, call)
        reservation = await self._lanes.release.submit(command, deadline=call.deadline)
        return convert.reservation_to_proto(reservation)

    async def BatchReserveStock(
        self, request: service_pb2.BatchReserveStockRequest, call: Call
    ) -> service_pb2.BatchReserveStockResponse:
        return await answer_batch(
            request,
            call,
            service_pb2.BatchReserveStockResponse(),
            command=convert.reserve_command,
            run=self._stock.reserve,
            field="reservation",
            convert=convert.reservation_to_proto,
            omit_results=request.omit_results,
        )

    async def BatchTakeStock(
        self, request: service_pb2.BatchTakeStockRequest, call: Call
    ) -> service_pb2.BatchTakeStockResponse:
        return await answer_batch(
            request,
            call,
            service_pb2.BatchTakeStockResponse(),
            command=convert.take_command,
            run=self._stock.reserve,
            field="reservation",
            convert=convert.reservation_to_proto,
            omit_results=request.omit_results,
        )

    async def BatchCommitReservations(
        self, request: service_pb2.BatchCommitReservationsRequest, call: Call
    ) -> service_pb2.BatchCommitReservationsResponse:
        return await answer_batch(
            request,
            call,
            service_pb2.BatchCommitReservationsResponse(),
            command=convert.end_command,
            run=self._stock.commit,
            field="reservation",
            convert=convert.reservation_to_proto,
            omit_results=request.omit_results,
        )

    async def BatchReleaseReservations(
        self, request: service_pb2.BatchReleaseReservationsRequest, call: Call
    ) -> service_pb2.BatchReleaseReservationsResponse:
        return await answer_batch(
            request,
            call,
            service_pb2.BatchReleaseReservationsResponse(),
            command=convert.end_command,
            run=self._stock.release,
            field="reservation",
            convert=convert.reservation_to_proto,
            omit_results=request.omit_results,
        )

    async def ListDiscrepancies(
        self, request: service_pb2.ListDiscrepanciesRequest, call: Call
    ) -> service_pb2.ListDiscrepanciesResponse:
        store_id = convert.store(request.parent, call)
        state = convert.discrepancy_state(request.state)
        wanted = page_request(
            size=request.page_size,
            token=request.page_token,
            listing=f"discrepancies of {store_id} {state or ''}",
        )
        found = await self._discrepancies.of_store(
            store_id, state=state, after=wanted.after, limit=wanted.size + 1
        )
        page = wanted.page(found, key=lambda discrepancy: discrepancy.discrepancy_id)
        return service_pb2.ListDiscrepanciesResponse(
            discrepancies=map(convert.discrepancy_to_proto, page.rows),
            next_page_token=page.next_token,
        )

    async def ResolveDiscrepancy(
        self, request: service_pb2.ResolveDiscrepancyRequest, call: Call
    ) -> bytes:
        command = convert.resolve_command(request, call)
        once = call.once(request, distribution_key=command.key.store_id, database=self._database)
        return await self._discrepancies.resolve(command, once, encode=convert.resolved_reply)

    def WatchStock(
        self, request: service_pb2.WatchStockRequest, call: Call
    ) -> AsyncIterator[bytes]:
        store_id, skus = convert.watched(request, call)
        return self._board.follow(store_id, keys=skus, token=request.resume_token)
