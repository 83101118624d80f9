"""Uploaded sales between protobuf and the domain."""

from __future__ import annotations

from chassis.db.idempotency import RequestKey, request_key
from chassis.kernel import ids, names
from chassis.kernel.errors import HutongError
from chassis.rpc.call import Call
from chassis.rpc.status import to_status
from chassis.rpc.values import wire_bytes
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from services.orders.convert import orders as convert
from services.orders.domain.orders import PlaceOrder

REQUEST_ID_CHARACTERS_MAX = 64

Request = orders_service_pb2.UploadSalesRequest


def uploaded_sale(request: Request, call: Call) -> tuple[PlaceOrder, RequestKey]:
    """The sale, and which it is: the store's, whoever of its people tells of it."""
    sale = request.sale
    command = convert.place_order(sale, call, order_id=ids.mint("ord"), is_uploaded=True)
    body = orders_service_pb2.PlaceOrderRequest()
    body.CopyFrom(sale)
    body.ClearField("request_id")
    key = request_key(
        distribution_key=command.basket.store,
        principal=f"{call.tenant}/{names.STORE.format(command.basket.store)}",
        method=call.method,
        request_id=sale.request_id,
        body=wire_bytes(body),
    )
    return command, key


def acknowledgement(
    request: Request, outcome: bytes | HutongError
) -> orders_service_pb2.UploadSalesResponse:
    """What the till is told: the order in the reply's bytes, or why there is none."""
    told = orders_service_pb2.UploadSalesResponse(
        request_id=request.sale.request_id[:REQUEST_ID_CHARACTERS_MAX]
    )
    if isinstance(outcome, HutongError):
        told.error.CopyFrom(to_status(outcome))
        return told
    order = orders_pb2.Order.FromString(outcome)
    told.order = order.name
    told.total.CopyFrom(order.total)
    return told
