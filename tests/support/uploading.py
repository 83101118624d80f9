"""A till that was offline: its journal has sales until they are acknowledged, whatever is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from chassis.kernel.errors import HutongError
from chassis.rpc.status import from_rpc_error, from_status
from hutong.orders.v1 import orders_service_pb2, orders_service_pb2_grpc
from tests.support.shop import recorded_sale, till_sale, wanted

UPLOAD_SECONDS_MAX = 120.0
UPLOAD = "/hutong.orders.v1.OrdersService/UploadSales"

Sale = orders_service_pb2.PlaceOrderRequest
Acknowledgement = orders_service_pb2.UploadSalesResponse


def sold(sku: str, quantity: int, fen: int, **fields: Any) -> Sale:
    """A sale of one product, for so many fen in all."""
    return till_sale(
        wanted(sku, quantity), **({"recorded_sale": recorded_sale((sku, fen))} | fields)
    )


@dataclass(slots=True)
class Till:
    """Uploads its journal to an address, as whoever `token` is of."""

    address: str
    token: Callable[[], str]
    journal: dict[str, Sale] = field(default_factory=dict)
    acknowledged: dict[str, list[Acknowledgement]] = field(default_factory=dict)

    def sell(self, sales: Iterable[Sale]) -> None:
        """Puts sales into the journal."""
        for sale in sales:
            self.journal[sale.request_id] = sale

    async def upload(
        self,
        *,
        told: Callable[[Acknowledgement], None] = lambda _: None,
        ends: bool = True,
        seconds: float = UPLOAD_SECONDS_MAX,
    ) -> None:
        """Sends the journal on one stream and takes acknowledgements until it ends.

        Raises what it ended with. Without `ends` the till leaves the stream open behind the last.
        """
        async with self.opened(seconds=seconds) as call:
            sending = asyncio.create_task(self._send(call, ends=ends))
            try:
                async for acknowledgement in call:
                    self.take(acknowledgement)
                    told(acknowledgement)
            except grpc.aio.AioRpcError as error:
                raise from_rpc_error(error, part="the service") from error
            finally:
                sending.cancel()

    async def upload_until_all_is_told(self) -> int:
        """Uploads again and again until the journal is empty; how many streams that took."""
        async with asyncio.timeout(UPLOAD_SECONDS_MAX):
            streams = 0
            while self.journal:
                streams += 1
                try:
                    await self.upload()
                except HutongError as error:
                    if error.is_answer:
                        raise
                    await asyncio.sleep(0.05)
        return streams

    @asynccontextmanager
    async def opened(self, *, seconds: float = UPLOAD_SECONDS_MAX) -> AsyncIterator[Any]:
        """A stream on a connection of its own."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            stub: Any = orders_service_pb2_grpc.OrdersServiceStub(channel)
            headers = (("authorization", f"Bearer {self.token()}"),)
            call = stub.UploadSales(metadata=headers, timeout=seconds)
            try:
                yield call
            finally:
                call.cancel()

    def take(self, acknowledgement: Acknowledgement) -> None:
        """Takes what is acknowledged out of the journal."""
        self.journal.pop(acknowledgement.request_id, None)
        self.acknowledged.setdefault(acknowledgement.request_id, []).append(acknowledgement)

    def reason_of(self, sale: Sale) -> str:
        """Why a sale was not recorded; "" if it was."""
        (*_, last) = self.acknowledged[sale.request_id]
        return from_status(last.error).reason if last.HasField("error") else ""

    async def _send(self, call: Any, *, ends: bool) -> None:
        for sale in list(self.journal.values()):
            await call.write(orders_service_pb2.UploadSalesRequest(sale=sale))
        if ends:
            await call.done_writing()
