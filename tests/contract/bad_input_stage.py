"""What bad input is asked about: a shop, what a case is, and the requests that cases change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.common.v1 import money_pb2
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.payments.v1 import payments_service_pb2 as payments
from hutong.stores.v1 import stores_service_pb2 as stores
from tests.contract.asking import Refusal
from tests.integration.stores.chains import store
from tests.support.shop import (
    OPERATOR,
    STORE,
    Shop,
    goods,
    pickup,
    request_id,
    till_sale,
    wanted,
    yuan,
)

Value = TypeVar("Value")

STOCK = 10
DEAR = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What the requests are about: a shop, an own customer, and what was ordered there."""

    shop: Shop
    sku: str
    dear: str
    also_dear: str
    customer: Caller
    sale: str
    placed: str


async def set_stage(shop: Shop) -> Stage:
    """Makes it: a piece of goods with 10 in stock, two that cost ten million yuan, two orders."""
    await shop.open()
    sku = await shop.product(stock=STOCK + 2)
    dear, also_dear = [await shop.product(stock=0, price=DEAR) for _ in range(2)]
    customer = await shop.customer(balance=100_000)
    sale = await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    placed = await shop.orders(customer).PlaceOrder(pickup(customer, wanted(sku, 1)))
    return Stage(shop, sku, dear, also_dear, customer, sale.name, placed.name)


@dataclass(frozen=True, slots=True)
class Case:
    """One input. `who` is OPERATOR unless said; None is the stage's customer.

    `noted_by` are services that keep the refused attempt as a row, as orders does.
    """

    name: str
    request: Callable[[Stage], Message]
    answer: Refusal
    who: Caller | None = OPERATOR
    noted_by: frozenset[str] = frozenset()
    transports: Sequence[str] = ("grpc", "http")


def given(value: Value, request: Callable[[Stage, Value], Message]) -> Callable[[Stage], Message]:
    """The request with this value, for cases that differ in it alone."""
    return lambda stage: request(stage, value)


def invalid(*fields: str, reason: str = "INVALID_INPUT", **facts: str) -> Refusal:
    """INVALID_ARGUMENT, with these fields."""
    return Refusal("INVALID_ARGUMENT", reason, fields, facts)


def refused(reason: str, **facts: str) -> Refusal:
    """FAILED_PRECONDITION, with these facts."""
    return Refusal("FAILED_PRECONDITION", reason, (), facts)


def received(*lines: Any, **changed: Any) -> inventory.ReceiveStockRequest:
    """A delivery of these lines."""
    usual: dict[str, Any] = {
        "parent": STORE,
        "lines": lines,
        "delivery_note": "note 3",
        "request_id": request_id(),
    }
    return inventory.ReceiveStockRequest(**(usual | changed))


def topped_up(stage: Stage, amount: money_pb2.Money) -> payments.TopUpWalletRequest:
    return payments.TopUpWalletRequest(
        name=f"{stage.customer.customer}/wallet", amount=amount, request_id=request_id()
    )


def quoted(*lines: Any, **changed: Any) -> catalog.QuoteBasketRequest:
    return catalog.QuoteBasketRequest(parent=STORE, lines=lines, **changed)


def priced(sku: str, price: money_pb2.Money, **changed: Any) -> catalog.ChangePricesRequest:
    change = catalog.PriceChange(product=f"products/{sku}", unit_price=price)
    return catalog.ChangePricesRequest(
        parent=STORE, changes=[change], request_id=request_id(), **changed
    )


def created(**changed: Any) -> stores.CreateStoreRequest:
    made = store("never-made")
    for name, value in changed.items():
        target = getattr(made, name)
        if isinstance(value, Message):
            target.CopyFrom(value)
        elif isinstance(value, list):
            target[:] = value
        else:
            setattr(made, name, value)
    return stores.CreateStoreRequest(store=made, request_id=request_id())


def priced_in_two(stage: Stage) -> Message:
    request = priced(stage.sku, yuan(100))
    request.changes.add(
        product=f"products/{stage.dear}",
        unit_price=money_pb2.Money(amount_minor=100, currency_code="USD"),
    )
    return request


def of_nothing(stage: Stage) -> Any:
    """A line that says how much and not of what."""
    nothing = goods(stage.sku, 1)
    nothing.ClearField("product")
    return nothing
