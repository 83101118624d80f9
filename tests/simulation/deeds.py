"""From an intent to a request: who asks, and what exactly, once what it goes on from is known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_pb2
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.orders.v1 import orders_service_pb2 as orders
from hutong.payments.v1 import payments_service_pb2 as payments
from hutong.stores.v1 import stores_service_pb2 as stores
from tests.simulation.asking import Callers, Ways
from tests.simulation.intents import (
    CUSTOMERS,
    PRICE_START,
    PRODUCTS,
    STOCK_START,
    STORES,
    TENANTS,
    WALLET_START,
    WEIGHED,
    Intent,
    Kind,
    top_up_minor,
)
from tests.simulation.record import Asked
from tests.support.baskets import checkout, line, setting
from tests.support.shop import (
    EACH,
    GRAM,
    Shop,
    delivery,
    goods,
    pickup,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.world import caller

OPENING_NOTE = "opening"
_FOLLOW_POLL_SECONDS = 0.02


def cashier(intent: Intent) -> Caller:
    """Who sells at the intent's store."""
    return _staff("cashier", intent)


def manager(intent: Intent) -> Caller:
    """Who runs the intent's store."""
    return _staff("store_manager", intent)


def customer(tenant: str, name: str) -> Caller:
    """Who shops there."""
    return caller(
        role="customer", customer=name, tenant=tenant, principal=f"users/{name.partition('/')[2]}"
    )


def operator(tenant: str) -> Caller:
    """Who runs the chain."""
    return caller(role="platform", tenant=tenant)


class Deeds:
    """Does what is meant."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self._do: Mapping[Kind, Callable[[Asked], Awaitable[None]]] = {
            Kind.SELL: self._sell,
            Kind.PICK_UP: self._pick_up,
            Kind.DELIVER: self._deliver,
            Kind.CHECK_OUT: self._check_out,
            Kind.CANCEL: self._cancel,
            Kind.READY: self._ready,
            Kind.HAND_OVER: self._hand_over,
            Kind.RECEIVE: self._receive,
            Kind.ADJUST: self._adjust,
            Kind.REPRICE: self._reprice,
            Kind.TOP_UP: self._top_up,
            Kind.SET_BASKET: self._set_basket,
            Kind.CLOSE: self._close,
            Kind.REOPEN: self._reopen,
            Kind.SPY: self._spy,
        }

    async def do(self, intent: Intent) -> Asked:
        """Asks for what is meant until there is an answer, and writes that down."""
        asked = self._callers.record.asked[intent.number] = Asked(intent)
        await self._do[intent.kind](asked)
        return asked

    async def _sell(self, asked: Asked) -> None:
        intent = asked.intent
        request = till_sale(
            *_lines(intent),
            tendered=1_000_000_000,
            store=intent.store,
            request_id=intent.request_id,
            till=str(1 + intent.number % 3),
        )
        await self._callers.ask(asked, "PlaceOrder", request, cashier(intent))

    async def _pick_up(self, asked: Asked) -> None:
        await self._order(asked, pickup)

    async def _deliver(self, asked: Asked) -> None:
        await self._order(asked, delivery)

    async def _order(self, asked: Asked, made: Callable[..., Any]) -> None:
        intent = asked.intent
        who = _buyer(intent)
        request = made(who, *_lines(intent), parent=intent.store, request_id=intent.request_id)
        await self._callers.ask(asked, "PlaceOrder", request, who)

    async def _check_out(self, asked: Asked) -> None:
        seen = await self._reply_before(asked)
        if seen is None:
            return
        intent = asked.intent
        who = _buyer(intent)
        request = checkout(who, seen, parent=intent.store, request_id=intent.request_id)
        await self._callers.ask(asked, "PlaceOrder", request, who)

    async def _cancel(self, asked: Asked) -> None:
        order = await self._reply_before(asked)
        if order is None:
            return
        intent = asked.intent
        request = orders.CancelOrderRequest(
            name=order.name, reason="changed my mind", request_id=intent.request_id
        )
        is_own = order.customer and intent.number % 2 == 0
        who = customer(intent.tenant, order.customer) if is_own else manager(intent)
        await self._callers.ask(asked, "CancelOrder", request, who)

    async def _ready(self, asked: Asked) -> None:
        order = await self._reply_before(asked)
        if order is None:
            return
        request = orders.MarkOrderReadyRequest(name=order.name, request_id=asked.intent.request_id)
        await self._callers.ask(asked, "MarkOrderReady", request, cashier(asked.intent))

    async def _hand_over(self, asked: Asked) -> None:
        order = await self._reply_before(asked)
        if order is None:
            return
        request = orders.HandOverOrderRequest(name=order.name, request_id=asked.intent.request_id)
        await self._callers.ask(asked, "HandOverOrder", request, cashier(asked.intent))

    async def _receive(self, asked: Asked) -> None:
        intent = asked.intent
        request = inventory.ReceiveStockRequest(
            parent=intent.store,
            lines=[goods(sku, quantity, _unit(sku)) for sku, quantity in intent.lines],
            delivery_note=note_of(intent),
            request_id=intent.request_id,
        )
        await self._callers.ask(asked, "ReceiveStock", request, manager(intent))

    async def _adjust(self, asked: Asked) -> None:
        intent = asked.intent
        sku = intent.lines[0][0]
        name = f"{intent.store}/stockLevels/{sku}"
        level = await self._callers.read(
            "GetStockLevel", inventory.GetStockLevelRequest(name=name), manager(intent)
        )
        if level is None:
            return
        request = inventory.AdjustStockRequest(
            name=name,
            counted=max(0, level.on_hand + intent.amount),
            expected_on_hand=level.on_hand,
            unit=_unit(sku),
            reason=note_of(intent),
            request_id=intent.request_id,
        )
        await self._callers.ask(asked, "AdjustStock", request, manager(intent))

    async def _reprice(self, asked: Asked) -> None:
        intent = asked.intent
        request = catalog.ChangePricesRequest(
            parent=intent.store,
            changes=[
                catalog.PriceChange(
                    product=f"products/{intent.lines[0][0]}", unit_price=yuan(intent.amount)
                )
            ],
            request_id=intent.request_id,
        )
        await self._callers.ask(asked, "ChangePrices", request, manager(intent))

    async def _top_up(self, asked: Asked) -> None:
        intent = asked.intent
        request = payments.TopUpWalletRequest(
            name=f"{intent.customer}/wallet",
            amount=yuan(top_up_minor(intent)),
            request_id=intent.request_id,
        )
        await self._callers.ask(asked, "TopUpWallet", request, operator(intent.tenant))

    async def _set_basket(self, asked: Asked) -> None:
        intent = asked.intent
        request = setting(
            _buyer(intent),
            *(line(sku, quantity, _unit(sku)) for sku, quantity in intent.lines),
            store=intent.store,
        )
        request.request_id = intent.request_id
        await self._callers.ask(asked, "SetBasketLines", request, _buyer(intent))

    async def _close(self, asked: Asked) -> None:
        intent = asked.intent
        request = stores.CloseStoreRequest(
            name=intent.store, reason="a power cut", request_id=intent.request_id
        )
        await self._callers.ask(asked, "CloseStore", request, manager(intent))

    async def _reopen(self, asked: Asked) -> None:
        intent = asked.intent
        request = stores.ReopenStoreRequest(name=intent.store, request_id=intent.request_id)
        await self._callers.ask(asked, "ReopenStore", request, manager(intent))

    async def _spy(self, asked: Asked) -> None:
        """The same role at the store of the same name asks for what is another chain's."""
        order = await self._reply_before(asked)
        if order is None:
            return
        request = orders.GetOrderRequest(name=order.name)
        spy = operator(other_than(asked.intent.tenant))
        await self._callers.ask(asked, "GetOrder", request, spy)

    async def _reply_before(self, asked: Asked) -> Any:
        """The reply to the intent that this one goes on from; None if it was refused or unknown."""
        asked_before = self._callers.record.asked
        while (before := asked_before.get(asked.intent.after)) is None or not (
            before.answers or before.request is None
        ):
            if self._callers.has_given_up:
                return None
            await asyncio.sleep(_FOLLOW_POLL_SECONDS)
        return before.reply


def note_of(intent: Intent) -> str:
    """What tells the movements of an intent from all others."""
    return f"intent {intent.number}"


def other_than(tenant: str) -> str:
    """Another chain."""
    return next(other for other in TENANTS if other != tenant)


async def open_chains(ways: Ways) -> None:
    """Stores, products, prices, stock and wallets of both chains, before anything goes wrong."""
    for tenant in TENANTS:
        shop = Shop(lambda _, who, tenant=tenant: Direct(ways, replace(who, tenant=tenant)))
        await shop.catalog().BatchCreateProducts(
            catalog.BatchCreateProductsRequest(
                products=[
                    catalog_pb2.Product(
                        name=f"products/{sku}",
                        display_name=f"Goods {sku}",
                        department="dry-goods",
                        unit=_unit(sku),
                    )
                    for sku in PRODUCTS
                ],
                request_id=request_id(),
            )
        )
        for store in STORES:
            await shop.open(store)
            await shop.catalog().ChangePrices(
                catalog.ChangePricesRequest(
                    parent=store,
                    changes=[
                        catalog.PriceChange(product=f"products/{sku}", unit_price=yuan(price))
                        for sku, price in PRICE_START.items()
                    ],
                    request_id=request_id(),
                )
            )
            await shop.inventory().ReceiveStock(
                inventory.ReceiveStockRequest(
                    parent=store,
                    lines=[goods(sku, stock, _unit(sku)) for sku, stock in STOCK_START.items()],
                    delivery_note=OPENING_NOTE,
                    request_id=request_id(),
                )
            )
        for name in CUSTOMERS:
            await shop.payments().TopUpWallet(
                payments.TopUpWalletRequest(
                    name=f"{name}/wallet", amount=yuan(WALLET_START), request_id=request_id()
                )
            )


class Direct:
    """A client of whatever service has the method."""

    def __init__(self, ways: Ways, who: Caller) -> None:
        self._ways = ways
        self._who = who

    def __getattr__(self, method: str) -> Callable[[Any], Awaitable[Any]]:
        async def call(request: Any) -> Any:
            return await self._ways.ask(method, request, self._who, is_over_http=False)

        return call


def _staff(role: str, intent: Intent) -> Caller:
    place = intent.store.partition("/")[2]
    return caller(
        role=role, stores=[intent.store], tenant=intent.tenant, principal=f"users/{role}-{place}"
    )


def _buyer(intent: Intent) -> Caller:
    return customer(intent.tenant, intent.customer)


def _unit(sku: str) -> Any:
    return GRAM if sku in WEIGHED else EACH


def _lines(intent: Intent) -> list[catalog_pb2.WantedLine]:
    return [wanted(sku, quantity, _unit(sku)) for sku, quantity in intent.lines]
