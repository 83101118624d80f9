"""The methods of baskets; OrdersService has them beside those of orders."""

from __future__ import annotations

from chassis.rpc.call import Call
from chassis.rpc.values import money_from_proto
from hutong.orders.v1 import baskets_pb2
from services.orders.convert import baskets as convert
from services.orders.convert.orders import purchaser_of
from services.orders.usecases.baskets import Baskets


class BasketMethods:
    """Answers the methods of OrdersService that are about baskets."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets

    async def GetBasket(
        self, request: baskets_pb2.GetBasketRequest, call: Call
    ) -> baskets_pb2.Basket:
        name = convert.basket_name(request.name, call)
        basket = await self._baskets.get(
            name, purchaser_of(call, name.store), deadline=call.deadline
        )
        return convert.basket_to_proto(basket)

    async def SetBasketLines(self, request: baskets_pb2.SetBasketLinesRequest, call: Call) -> bytes:
        name = convert.basket_name(request.name, call)
        return await self._baskets.set_lines(
            call.once(request, distribution_key=name.store, database=self._baskets.database),
            name,
            purchaser_of(call, name.store),
            convert.changes(request),
            expected_version=request.expected_version,
            deadline=call.deadline,
        )

    async def AcceptBasketPrices(
        self, request: baskets_pb2.AcceptBasketPricesRequest, call: Call
    ) -> bytes:
        name = convert.basket_name(request.name, call)
        expected_total = None
        if request.HasField("expected_total"):
            expected_total = money_from_proto(request.expected_total, at="expected_total")
        return await self._baskets.accept_prices(
            call.once(request, distribution_key=name.store, database=self._baskets.database),
            name,
            purchaser_of(call, name.store),
            expected_version=request.expected_version,
            expected_total=expected_total,
            deadline=call.deadline,
        )

    async def FreezeBasket(self, request: baskets_pb2.FreezeBasketRequest, call: Call) -> bytes:
        name = convert.basket_name(request.name, call)
        return await self._baskets.freeze(
            call.once(request, distribution_key=name.store, database=self._baskets.database),
            name,
            purchaser_of(call, name.store),
            expected_version=request.expected_version,
            deadline=call.deadline,
        )

    async def ClearBasket(self, request: baskets_pb2.ClearBasketRequest, call: Call) -> bytes:
        name = convert.basket_name(request.name, call)
        return await self._baskets.clear(
            call.once(request, distribution_key=name.store, database=self._baskets.database),
            name,
            purchaser_of(call, name.store),
            expected_version=request.expected_version,
            deadline=call.deadline,
        )
