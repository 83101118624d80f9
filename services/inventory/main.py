"""How inventory is put together."""

from __future__ import annotations

from pathlib import Path

from chassis.app import Blueprint, Deps, Service, Worker
from chassis.kernel.names import StoreId
from chassis.messaging.board import Board
from chassis.rpc.server import Servicer
from hutong.inventory.v1.inventory_service_pb2_grpc import add_InventoryServiceServicer_to_server
from services.inventory import convert
from services.inventory.api import InventoryServicer, Lanes
from services.inventory.models import metadata
from services.inventory.usecases.discrepancies import Discrepancies
from services.inventory.usecases.stock import Stock
from services.inventory.usecases.watching import StockShown
from services.inventory.workers import HoldSweeper

NAME = "inventory"


def build(deps: Deps) -> Service:
    """The service's servicer, its lanes and its sweeper, and the board of stock levels."""
    shown = StockShown(deps.database, encode=convert.level_part)
    board = Board[StoreId](NAME, shown, encode=convert.stock_mark, metrics=deps.metrics)
    stock = Stock(
        deps.database,
        stock_moved=convert.stock_moved,
        reservation_changed=convert.reservation_changed,
        discrepancy_changed=convert.discrepancy_changed,
        changed=board.changed,
    )
    discrepancies = Discrepancies(
        deps.database,
        stock,
        stock_moved=convert.stock_moved,
        discrepancy_changed=convert.discrepancy_changed,
        changed=board.changed,
    )
    lanes = Lanes(
        reserve=deps.lanes.lane("inventory.reserve", stock.reserve),
        commit=deps.lanes.lane("inventory.commit", stock.commit),
        release=deps.lanes.lane("inventory.release", stock.release),
    )
    return Service(
        name=NAME,
        servicers=[
            Servicer(
                InventoryServicer(
                    stock, discrepancies, database=deps.database, lanes=lanes, board=board
                ),
                add_InventoryServiceServicer_to_server,
                "hutong.inventory.v1.InventoryService",
            )
        ],
        workers=[
            Worker("inventory.hold_sweeper", HoldSweeper(stock).round, is_detached=True),
            Worker("inventory.board", board.round),
        ],
        closing=[lanes.reserve.close, lanes.commit.close, lanes.release.close],
    )


BLUEPRINT = Blueprint(
    name=NAME,
    build=build,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
)
