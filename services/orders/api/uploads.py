"""The part of the orders servicer that takes the sales of tills that were offline."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import cast

from chassis.kernel.errors import HutongError
from chassis.rpc.call import Call
from chassis.rpc.exchange import Asked, answered
from chassis.telemetry import Metrics
from hutong.orders.v1 import orders_service_pb2
from services.orders.convert import uploads as convert
from services.orders.usecases.uploads import Uploads

UNACKNOWLEDGED_MAX = 256
"""So many sales of one stream are taken and not yet acknowledged; the others wait at the till."""


class UploadMethods:
    """Answers UploadSales."""

    def __init__(self, uploads: Uploads, *, metrics: Metrics) -> None:
        self._uploads = uploads
        self._unacknowledged = metrics.uploads_unacknowledged
        self._acknowledgements = metrics.uploads

    def UploadSales(
        self, asked: AsyncIterator[Asked], call: Call
    ) -> AsyncGenerator[orders_service_pb2.UploadSalesResponse, None]:
        return answered(asked, self._acknowledged, unanswered_max=UNACKNOWLEDGED_MAX)

    async def _acknowledged(self, asked: Asked) -> orders_service_pb2.UploadSalesResponse:
        request = cast(orders_service_pb2.UploadSalesRequest, asked.request)
        with self._unacknowledged.track_inprogress():
            async with asked.place():
                outcome = await self._recorded(request, asked)
        reason = outcome.reason if isinstance(outcome, HutongError) else "OK"
        self._acknowledgements.labels(reason).inc()
        return convert.acknowledgement(request, outcome)

    async def _recorded(
        self, request: orders_service_pb2.UploadSalesRequest, asked: Asked
    ) -> bytes | HutongError:
        if asked.refusal is not None:
            return asked.refusal
        try:
            command, key = convert.uploaded_sale(request, asked.call)
        except HutongError as refusal:
            return refusal
        return await self._uploads.record(command, key)
