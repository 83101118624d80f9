"""Defects of the ledger, of what orders cost, and of what becomes of their money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chassis.kernel import money
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from hutong.orders.v1 import orders_service_pb2
from services.orders.clients import InventoryStock, PaymentsMoney
from services.orders.domain.orders import Order
from services.orders.domain.recorded_sales import Charge
from services.orders.ports import Refused
from services.orders.sagas import orders as sagas
from services.orders.usecases import orders as order_usecases
from services.payments import repository, usecases
from services.payments.domain import payments
from services.payments.domain.ledger import Entry, EntryKind, Transfer
from services.payments.domain.payments import Change
from tests.simulation.mutants.stage import (
    Mutant,
    Stage,
    cancelled,
    kept,
    sold,
    whatever,
)
from tests.simulation.mutants.stock import without_events
from tests.support.shop import request_id

Plant = Callable[[pytest.MonkeyPatch], None]


def _changes(work: Callable[[Entry], Entry], which: int | None = None) -> Plant:
    """Changes the entries of every payment's transfers, or one of each."""
    real = payments._change

    def change(*arguments: Any) -> Change:
        made = real(*arguments)
        if made.transfer is None:
            return made
        entries = tuple(
            work(entry) if which in (None, position) else entry
            for position, entry in enumerate(made.transfer.entries)
        )
        return replace(made, transfer=replace(made.transfer, entries=entries))

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(Transfer, "__post_init__", lambda transfer: None)
        patch.setattr(payments, "_change", change)

    return plant


def _doubled(entry: Entry) -> Entry:
    return replace(entry, amount=entry.amount + entry.amount)


def _a_cent_less(entry: Entry) -> Entry:
    return replace(entry, amount=entry.amount + Money(1, entry.amount.currency))


def _no_account(patch: pytest.MonkeyPatch) -> None:
    statement = repository._ADD_TO_ACCOUNTS
    forgetful = statement.replace("+ change.amount_minor", "+ 0 * change.amount_minor")
    assert forgetful != statement
    patch.setattr(repository, "_ADD_TO_ACCOUNTS", forgetful)


def _void_lifts_nothing(patch: pytest.MonkeyPatch) -> None:
    real = payments.voided

    def voided(payment: Any, *, actor: str) -> Change | None:
        made = real(payment, actor=actor)
        return None if made is None else replace(made, transfer=None)

    patch.setattr(usecases, "voided", voided)


def _capture_twice(patch: pytest.MonkeyPatch) -> None:
    real = repository.post

    async def post(tx: Any, transfers: Sequence[Transfer]) -> None:
        again = [
            replace(each, transfer_id=f"{each.transfer_id}-again")
            for each in transfers
            if each.kind is EntryKind.CAPTURE
        ]
        await real(tx, [*transfers, *again])

    patch.setattr(repository, "post", post)


async def _hand_over(stage: Stage) -> list[str]:
    words, order, _ = await kept(stage)
    request = orders_service_pb2.HandOverOrderRequest(name=order.name, request_id=request_id())
    await whatever(stage.shop.orders().HandOverOrder(request))
    return words


async def _keep(stage: Stage) -> list[str]:
    return (await kept(stage))[0]


async def _sell_and_cancel(stage: Stage) -> list[str]:
    words, order, _ = await kept(stage)
    await cancelled(stage, order)
    return words


def _for_another_chain(patch: pytest.MonkeyPatch) -> None:
    real = payments.take_all

    def take_all(*arguments: Any, **named: Any) -> Any:
        answers, changes = real(*arguments, **named)
        return answers, [
            replace(each, payment=replace(each.payment, store=StoreId("other:sh01")))
            for each in changes
        ]

    patch.setattr(usecases, "take_all", take_all)


def _asks_for(work: Callable[[Order], Order]) -> Plant:
    """Lets the money of another order than the one that is placed be taken."""
    real = PaymentsMoney.authorise

    async def authorise(
        client: PaymentsMoney, orders: Sequence[Order], *, deadline: float
    ) -> Sequence[Refused]:
        return await real(client, [work(order) for order in orders], deadline=deadline)

    return lambda patch: patch.setattr(PaymentsMoney, "authorise", authorise)


def _another_store(order: Order) -> Order:
    return replace(order, store=StoreId("demo:sh02"))


def _a_cent_cheaper(order: Order) -> Order:
    return replace(order, total=order.total - Money(1, order.total.currency))


def _takes(work: Callable[[Order], Order]) -> Plant:
    """Lets the stock of another order than the one that is placed be taken."""
    real = InventoryStock.take

    async def take(
        client: InventoryStock, orders: Sequence[Order], *, deadline: float
    ) -> Sequence[Refused]:
        return await real(client, [work(order) for order in orders], deadline=deadline)

    return lambda patch: patch.setattr(InventoryStock, "take", take)


async def _nothing_undone(_: PaymentsMoney, orders: Sequence[Order], **__: Any) -> list[Refused]:
    return [None for _ in orders]


def _one_more(order: Order) -> Order:
    lines = tuple(replace(line, quantity=line.quantity + 1) for line in order.lines)
    return replace(order, lines=lines)


def _float_money(patch: pytest.MonkeyPatch) -> None:
    def extended_price(unit_price: Money, quantity: int, unit: Any) -> Money:
        yuan = unit_price.amount_minor / 100
        return Money(int(yuan * quantity * 100), unit_price.currency)

    patch.setattr(money, "extended_price", extended_price)


async def _sell_at_29(stage: Stage) -> list[str]:
    # 0.29 x 100 is 28.999999999999996.
    return await sold(stage, 1, price=29)


def _orders(work: Callable[[Order], Order]) -> Plant:
    """Changes orders before they are written."""
    real = order_usecases.new_order
    return lambda patch: patch.setattr(
        sagas, "new_order", lambda command, quote: work(real(command, quote))
    )


def _a_cent_dearer(order: Order) -> Order:
    return replace(order, total=order.total + Money(1, order.total.currency))


def _charged_by_nobody(order: Order) -> Order:
    lines = tuple(replace(line, charge=Charge(line.line_total)) for line in order.lines)
    return replace(order, lines=lines)


def _next_version(order: Order) -> Order:
    lines = tuple(replace(line, price_version=line.price_version + 1) for line in order.lines)
    return replace(order, lines=lines)


MONEY_MUTANTS = (
    Mutant(
        "the ledger has twice the amount",
        ("payments.broken_payment_money", "payments.broken_money_kept"),
        sold,
        _changes(_doubled),
    ),
    Mutant(
        "a transfer loses a cent",
        ("payments.broken_transfer",),
        _keep,
        _changes(_a_cent_less, which=1),
    ),
    Mutant("an account forgets a change", ("payments.broken_account",), _keep, _no_account),
    Mutant(
        "a void lifts no hold",
        ("payments.broken_wallet_held",),
        _sell_and_cancel,
        _void_lifts_nothing,
    ),
    Mutant(
        "a payment is captured twice",
        ("payments.broken_payment_transfers",),
        _hand_over,
        _capture_twice,
        (("payments", "account", "account_wallet_not_overdrawn"),),
    ),
    Mutant(
        "a payment changes without an event",
        ("payments.broken_payment_event",),
        sold,
        without_events("/payments/"),
    ),
    Mutant(
        "a payment is of another chain's store",
        ("payments.broken_payment_tenant",),
        sold,
        _for_another_chain,
    ),
    Mutant(
        "an order is cancelled, and its money stays",
        ("order_and_money",),
        _sell_and_cancel,
        lambda patch: patch.setattr(PaymentsMoney, "void", _nothing_undone),
    ),
    Mutant(
        "another store is paid",
        ("order_and_money_stores",),
        _keep,
        _asks_for(_another_store),
    ),
    Mutant(
        "less is paid than the total",
        ("order_and_money_amounts",),
        _keep,
        _asks_for(_a_cent_cheaper),
    ),
    Mutant("money is a float", ("order_and_price",), _sell_at_29, _float_money),
    Mutant(
        "an order names a price that nobody asks",
        ("order_price_version",),
        sold,
        _orders(_next_version),
    ),
    Mutant(
        "a total is not the sum of its lines",
        ("orders.broken_order_total",),
        sold,
        _orders(_a_cent_dearer),
    ),
    Mutant(
        "a line has a till's charge without its receipt",
        ("orders.broken_order_charge",),
        sold,
        _orders(_charged_by_nobody),
    ),
    Mutant(
        "more is taken from stock than is sold",
        ("order_and_stock_quantities",),
        sold,
        _takes(_one_more),
    ),
)
