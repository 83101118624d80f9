"""The orders servicer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from chassis.db.idempotency import Replayed, RequestKey
from chassis.kernel import ids, names
from chassis.kernel.errors import HutongError
from chassis.rpc.batch import answer_batch
from chassis.rpc.call import Call
from chassis.rpc.paging import page_request
from chassis.telemetry import Metrics
from hutong.catalog.v1 import catalog_pb2
from hutong.orders.v1 import orders_pb2, orders_service_pb2, orders_service_pb2_grpc
from services.orders.api.baskets import BasketMethods
from services.orders.api.uploads import UploadMethods
from services.orders.convert import orders as convert
from services.orders.domain.orders import Order, PlaceOrder, Purchaser, may_know_delivery
from services.orders.sagas.orders import OrderSaga
from services.orders.sagas.quoting import Quotes
from services.orders.usecases.baskets import Baskets
from services.orders.usecases.reading import OrderReader
from services.orders.usecases.uploads import Uploads

Asked = tuple[PlaceOrder, RequestKey, float]


class OrdersServicer(BasketMethods, UploadMethods, orders_service_pb2_grpc.OrdersServiceServicer):
    """Answers the methods of OrdersService."""

    def __init__(
        self,
        orders: OrderReader,
        saga: OrderSaga,
        quotes: Quotes,
        baskets: Baskets,
        uploads: Uploads,
        *,
        metrics: Metrics,
    ) -> None:
        BasketMethods.__init__(self, baskets)
        UploadMethods.__init__(self, uploads, metrics=metrics)
        self._orders = orders
        self._saga = saga
        self._quotes = quotes

    async def QuoteOrder(
        self, request: orders_service_pb2.QuoteOrderRequest, call: Call
    ) -> catalog_pb2.BasketQuote:
        basket = convert.basket(request, call)
        fulfilment, to = convert.quoted_promise(request)
        quote = await self._quotes.quote(basket, fulfilment, to, deadline=call.deadline)
        return convert.quote_to_proto(quote, store=basket.store)

    async def PlaceOrder(self, request: orders_service_pb2.PlaceOrderRequest, call: Call) -> bytes:
        return await self._place(_asked(request, call))

    async def BatchPlaceOrders(
        self, request: orders_service_pb2.BatchPlaceOrdersRequest, call: Call
    ) -> orders_service_pb2.BatchPlaceOrdersResponse:
        return await answer_batch(
            request,
            call,
            orders_service_pb2.BatchPlaceOrdersResponse(),
            command=_asked,
            run=self._place_all,
            field="order",
            convert=orders_pb2.Order.FromString,
        )

    async def _place(self, asked: Asked) -> bytes:
        command, key, deadline = asked
        return await self._saga.place(command, key, deadline=deadline)

    async def _place_all(self, batch: Sequence[Asked]) -> list[bytes | HutongError]:
        return await asyncio.gather(*(self._outcome(asked) for asked in batch))

    async def _outcome(self, asked: Asked) -> bytes | HutongError:
        try:
            return await self._place(asked)
        except Replayed as replayed:
            return replayed.answer.refusal or replayed.answer.reply or b""
        except HutongError as error:
            return error

    async def GetOrder(
        self, request: orders_service_pb2.GetOrderRequest, call: Call
    ) -> orders_pb2.Order:
        name = convert.order_name(request.name, call)
        purchaser = convert.reader_of(call, name.store)
        order = await self._orders.get_order(
            name.store, name.order_id, purchaser, deadline=call.deadline
        )
        return _seen_by(purchaser, order)

    async def WatchOrder(
        self, request: orders_service_pb2.WatchOrderRequest, call: Call
    ) -> AsyncIterator[orders_pb2.Order]:
        name = convert.order_name(request.name, call)
        purchaser = convert.reader_of(call, name.store)
        changes = self._orders.watch_order(
            name.store, name.order_id, purchaser, after_version=request.after_version
        )
        async for order in changes:
            yield _seen_by(purchaser, order)

    async def ListOrders(
        self, request: orders_service_pb2.ListOrdersRequest, call: Call
    ) -> orders_service_pb2.ListOrdersResponse:
        store = names.parse_store(request.parent, call.tenant)
        asked = page_request(
            size=request.page_size, token=request.page_token, listing=f"orders/{store}"
        )
        purchaser = convert.reader_of(call, store)
        orders = await self._orders.list_orders(
            store, purchaser, before=asked.after, limit=asked.size + 1
        )
        page = asked.page(orders, key=_order_id)
        return orders_service_pb2.ListOrdersResponse(
            orders=[_seen_by(purchaser, order) for order in page.rows],
            next_page_token=page.next_token,
        )

    async def CancelOrder(
        self, request: orders_service_pb2.CancelOrderRequest, call: Call
    ) -> bytes:
        name = convert.order_name(request.name, call)
        return await self._saga.cancel(
            name,
            convert.purchaser_of(call, name.store),
            why=request.reason,
            key=call.key(request, distribution_key=name.store),
        )

    async def MarkOrderReady(
        self, request: orders_service_pb2.MarkOrderReadyRequest, call: Call
    ) -> bytes:
        name = convert.order_name(request.name, call)
        return await self._saga.mark_ready(
            name,
            convert.purchaser_of(call, name.store),
            key=call.key(request, distribution_key=name.store),
        )

    async def HandOverOrder(
        self, request: orders_service_pb2.HandOverOrderRequest, call: Call
    ) -> bytes:
        name = convert.order_name(request.name, call)
        return await self._saga.hand_over(
            name,
            convert.purchaser_of(call, name.store),
            key=call.key(request, distribution_key=name.store),
        )


def _asked(request: orders_service_pb2.PlaceOrderRequest, call: Call) -> Asked:
    command = convert.place_order(request, call, order_id=ids.mint("ord"))
    return command, call.key(request, distribution_key=command.basket.store), call.deadline


def _seen_by(purchaser: Purchaser, order: Order) -> orders_pb2.Order:
    return convert.order_to_proto(order, with_delivery=may_know_delivery(order, purchaser))


def _order_id(order: Order) -> str:
    return order.order_id
