"""The kinds of orders that are measured: what is asked for, by whom, and what it should come to."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.json_format import MessageToJson

from chassis.rpc.auth import Caller
from hutong.orders.v1 import orders_service_pb2
from tests.bench.sending.plan import ID, Protocol, Sender
from tests.support.shop import customer, pickup, recorded_sale, till_sale, wanted
from tests.support.world import caller

STORES = tuple(f"stores/sh{number:02}" for number in range(1, 21))
SKUS = tuple(f"bench{number}" for number in range(100))
HOT_SKUS = SKUS[:1]
PRICE_FEN = 990
LINES = 3
BASKETS = 1_000
CUSTOMERS = tuple(customer(number) for number in range(16))
"""A wallet pays for its own customer's orders only, and a connection of the load has one token."""

CASHIER = caller(role="cashier", stores=STORES, principal="users/cashier-bench")

Order = orders_service_pb2.PlaceOrderRequest


@dataclass(frozen=True, slots=True)
class Basket:
    """What one order is for."""

    store: str
    quantities: Mapping[str, int]

    @property
    def pieces(self) -> int:
        """How many pieces are in it."""
        return sum(self.quantities.values())

    @property
    def total_fen(self) -> int:
        """What it costs."""
        return self.pieces * PRICE_FEN


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of order, and who asks for it. The callers of a load ask in turn."""

    name: str
    callers: Sequence[Caller]
    order: Callable[[Basket, Caller], Order]
    skus: Sequence[str] = SKUS

    def baskets(self, seed: int) -> list[Basket]:
        """What is asked for in turn; the same seed, the same baskets."""
        dice = random.Random(seed)
        return [
            Basket(
                dice.choice(STORES),
                {sku: dice.randint(1, 3) for sku in dice.choices(self.skus, k=LINES)},
            )
            for _ in range(BASKETS)
        ]

    def senders(
        self,
        baskets: Sequence[Basket],
        token: Callable[[Caller], str],
        *,
        protocol: Protocol,
        address: str,
    ) -> list[Sender]:
        """The callers with their requests, as they go over the wire."""
        return [
            Sender(
                token(who),
                [
                    _placed(_sent(self.order(basket, who), protocol, token(who), address))
                    for basket in baskets
                ],
            )
            for who in self.callers
        ]


def _sent(order: Order, protocol: Protocol, token: str, address: str) -> bytes:
    if protocol == "http":
        return _over_http(order, token, address)
    if protocol == "stream":
        return orders_service_pb2.UploadSalesRequest(sale=order).SerializeToString()
    return order.SerializeToString()


def _placed(body: bytes) -> tuple[str, int]:
    """A body as a plan has it: digits, and where its id goes."""
    return body.hex(), body.index(ID.encode())


def _over_http(order: Order, token: str, address: str) -> bytes:
    """The whole of a POST, as an app sends it: the id in its header, the store in its path."""
    parent = order.parent
    order.ClearField("parent")
    order.ClearField("request_id")
    body = MessageToJson(order, indent=None).encode()
    head = (
        f"POST /v1/{parent}/orders:place HTTP/1.1\r\n"
        f"host: {address}\r\n"
        f"authorization: Bearer {token}\r\n"
        "content-type: application/json\r\n"
        f"idempotency-key: {ID}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _till_sale(basket: Basket, _: Caller) -> Order:
    lines = (wanted(sku, quantity) for sku, quantity in basket.quantities.items())
    return till_sale(*lines, store=basket.store, request_id=ID)


def _pickup(basket: Basket, who: Caller) -> Order:
    lines = (wanted(sku, quantity) for sku, quantity in basket.quantities.items())
    return pickup(who, *lines, parent=basket.store, request_id=ID)


def _recorded_sale(basket: Basket, who: Caller) -> Order:
    sale = _till_sale(basket, who)
    charged = ((sku, quantity * PRICE_FEN) for sku, quantity in basket.quantities.items())
    sale.recorded_sale.CopyFrom(recorded_sale(*charged))
    return sale


TILL = Kind("till", (CASHIER,), _till_sale)
HOT_TILL = Kind("till_hot", (CASHIER,), _till_sale, skus=HOT_SKUS)
PICKUP = Kind("pickup", CUSTOMERS, _pickup)
RECORDED = Kind("recorded", (CASHIER,), _recorded_sale)
