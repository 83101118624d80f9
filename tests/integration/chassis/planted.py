"""A servicer that misbehaves as asked, in the clothes of the catalogue's contract."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from chassis.app import Blueprint, Deps, Service
from chassis.db.engine import Database
from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from chassis.rpc.call import Call
from chassis.rpc.installed import NATIVE_PACKAGE
from chassis.rpc.server import Servicer
from chassis.rpc.status import from_rpc_error
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, catalog_service_pb2_grpc
from services.catalog.main import BLUEPRINT as CATALOG
from tests.support.world import World, caller

SERVICE = "hutong.catalog.v1.CatalogService"
GET_PRODUCT = f"/{SERVICE}/GetProduct"
SECRET = "select password from wallets"
LOCK = "select pg_advisory_xact_lock(7)"
OPERATOR = caller(role="platform")
ENGINES = (
    "grpcio",
    pytest.param(
        "native",
        marks=pytest.mark.skipif(find_spec(NATIVE_PACKAGE) is None, reason="it is not installed"),
    ),
)
"""The gRPC servers that the floor is tried on; that which is not installed is skipped."""


@dataclass(slots=True)
class Planted(catalog_service_pb2_grpc.CatalogServiceServicer):
    """Does what the last word of the product's name says."""

    deps: Deps
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def GetProduct(
        self, request: catalog_service_pb2.GetProductRequest, call: Call
    ) -> catalog_pb2.Product:
        match request.name.rpartition("/")[2]:
            case "crash":
                raise ZeroDivisionError(SECRET)
            case "no-table":
                await self._run(self.deps.database, "select * from no_such_table")
            case "locked":
                await self._run(self.deps.database, LOCK)
            case "left":
                return catalog_pb2.Product(display_name=str(call.seconds_left()))
            case "wait":
                self.arrived.set()
                await self.gate.wait()
        return catalog_pb2.Product(name=request.name, department=call.tenant)

    async def BatchCreateProducts(
        self, request: catalog_service_pb2.BatchCreateProductsRequest, call: Call
    ) -> catalog_service_pb2.BatchCreateProductsResponse:
        return catalog_service_pb2.BatchCreateProductsResponse()

    async def ListProducts(
        self, request: catalog_service_pb2.ListProductsRequest, call: Call
    ) -> catalog_service_pb2.ListProductsResponse:
        async with self.deps.database.transaction() as tx:
            await tx.rows("select $1::text", request.department)
        return catalog_service_pb2.ListProductsResponse()

    async def QuoteBasket(
        self, request: catalog_service_pb2.QuoteBasketRequest, call: Call
    ) -> catalog_pb2.BasketQuote:
        return catalog_pb2.BasketQuote()

    async def GetPrice(
        self, request: catalog_service_pb2.GetPriceRequest, call: Call
    ) -> catalog_pb2.Price:
        """Asks the database on the port that is the price's SKU."""
        port = request.name.rpartition("/")[2]
        elsewhere = Database(
            f"postgresql://nobody@127.0.0.1:{port}/x", name="x", metrics=self.deps.metrics
        )
        try:
            await self._run(elsewhere, "select 1")
        finally:
            await elsewhere.close()
        return catalog_pb2.Price()

    @staticmethod
    async def _run(database: Database, statement: str) -> None:
        async with database.transaction() as tx:
            await tx.run(statement)


def _build(deps: Deps) -> Service:
    return Service(
        name="floor",
        servicers=[
            Servicer(
                implementation=Planted(deps),
                register=catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server,
                service=SERVICE,
            )
        ],
    )


BLUEPRINT = Blueprint(
    name="floor", build=_build, metadata=CATALOG.metadata, migrations=CATALOG.migrations
)


class Floor:
    """Calls as raw as a test needs them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.channel = grpc.aio.insecure_channel(
            world.address, options=[("grpc.max_send_message_length", -1)]
        )

    @property
    def planted(self) -> Planted:
        """The servicer behind the server."""
        implementation = self.world.services["floor"].servicers[0].implementation
        assert isinstance(implementation, Planted)
        return implementation

    async def send(
        self,
        request: Message | bytes,
        *,
        method: str = GET_PRODUCT,
        who: Caller | None = OPERATOR,
        seconds: float = 20.0,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> bytes:
        """The reply's bytes; the error as a HutongError, whose cause is what gRPC raised."""
        data = request if isinstance(request, bytes) else request.SerializeToString()
        if who is not None:
            headers = (*headers, ("authorization", f"Bearer {self.world.token(who)}"))
        call: Any = self.channel.unary_unary(method)
        try:
            reply: bytes = await call(data, metadata=headers, timeout=seconds)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, part="the floor") from error
        return reply

    async def get(self, what: str, **options: Any) -> bytes:
        """Asks the planted servicer for this."""
        request = catalog_service_pb2.GetProductRequest(name=f"products/{what}")
        return await self.send(request, **options)

    async def refused(self, request: Message | bytes, **options: Any) -> HutongError:
        """The error that a request gets."""
        try:
            reply = await self.send(request, **options)
        except HutongError as error:
            return error
        raise AssertionError(f"answered {reply!r}")

    async def close(self) -> None:
        """Closes the connection."""
        await self.channel.close()
