"""A platform that is backed up while it sells, and what was acknowledged before that began."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.message import Message

from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from hutong.payments.v1 import payments_service_pb2
from tests.support.command import Command
from tests.support.shop import (
    CASHIER,
    STORE,
    Shop,
    pickup,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.world import caller

STOCK = 100_000
BALANCE = 1_000_000
PRICE = 100
SELLERS = 4
SOLD_BEFORE = 24
CUSTOMER = caller(role="customer", customer="customers/c0001", principal="users/c0001")


@dataclass(frozen=True, slots=True)
class Sale:
    """A request that was acknowledged, by whom it was asked, and the answer's bytes."""

    who: Caller
    request: orders_service_pb2.PlaceOrderRequest
    answer: bytes


@dataclass(slots=True)
class Selling:
    """Sellers that place orders at a till and from a phone until there is no answer any more."""

    shop: Shop
    sku: str
    acknowledged: list[Sale] = field(default_factory=list)
    _sellers: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        for number in range(SELLERS):
            sell = self._at_the_till if number % 2 else self._by_phone
            self._sellers.append(asyncio.create_task(self._repeat(sell)))

    async def until_sold(self, number: int) -> None:
        async with asyncio.timeout(60):
            while len(self.acknowledged) < number:
                await asyncio.sleep(0.02)

    async def end(self) -> None:
        await asyncio.gather(*self._sellers)

    async def _repeat(self, sell: Callable[[], Awaitable[None]]) -> None:
        try:
            while True:
                await sell()
        except HutongError as error:
            if error.is_answer:
                raise

    async def _at_the_till(self) -> None:
        await self._place(CASHIER, till_sale(wanted(self.sku, 1)))

    async def _by_phone(self) -> None:
        await self._place(CUSTOMER, pickup(CUSTOMER, wanted(self.sku, 1)))

    async def _place(self, who: Caller, request: orders_service_pb2.PlaceOrderRequest) -> None:
        order = await self.shop.orders(who).PlaceOrder(request)
        self.acknowledged.append(Sale(who, request, bytes_of(order)))


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The back-up, the platform it is of, which was killed, and what had been sold before."""

    folder: Path
    command: Command
    output: str
    sku: str
    before: Sequence[Sale]
    attempted: int


def bytes_of(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


def shop_of(command: Command) -> Shop:
    """The platform's shop, for whoever asks."""
    issuer = command.issuer()
    return Shop(lambda stub, who: command.client(stub, issuer.token(who, seconds=3600)))


async def backed_up_while_selling(command: Command, folder: Path) -> BackedUp:
    """Sells, backs up meanwhile, sells on, and kills the platform."""
    await command.run("--no-seed")
    shop = shop_of(command)
    await shop.open()
    sku = await shop.product(stock=STOCK, price=PRICE)
    await shop.payments().TopUpWallet(
        payments_service_pb2.TopUpWalletRequest(
            name=f"{CUSTOMER.customer}/wallet", amount=yuan(BALANCE), request_id=request_id()
        )
    )
    selling = Selling(shop, sku)
    selling.begin()
    await selling.until_sold(SOLD_BEFORE)
    before = list(selling.acknowledged)
    code, output = await command.result("backup", "--to", str(folder))
    assert code == 0, output
    assert len(selling.acknowledged) > len(before), "it did not sell while it was backed up"
    await selling.until_sold(len(selling.acknowledged) + SELLERS)
    await command.kill()
    await selling.end()
    attempted = len(selling.acknowledged) + SELLERS
    return BackedUp(folder, command, output, sku, before, attempted)


async def orders_at_rest(shop: Shop) -> Sequence[orders_pb2.Order]:
    """All orders of the store, once none is on its way any more."""
    on_their_way = {
        orders_pb2.ORDER_STATE_PLACING,
        orders_pb2.ORDER_STATE_CANCELLING,
        orders_pb2.ORDER_STATE_COMPLETING,
    }
    async with asyncio.timeout(60):
        while True:
            listed = await _all_orders(shop)
            if not any(order.state in on_their_way for order in listed):
                return listed
            await asyncio.sleep(0.2)


async def _all_orders(shop: Shop) -> Sequence[orders_pb2.Order]:
    found: list[orders_pb2.Order] = []
    request = orders_service_pb2.ListOrdersRequest(parent=STORE, page_size=1000)
    while True:
        page = await shop.orders(caller(role="platform")).ListOrders(request)
        found += page.orders
        request.page_token = page.next_page_token
        if not request.page_token:
            return found
