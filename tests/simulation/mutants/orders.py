"""Defects of the order saga, of answers to requests, of baskets, and of callers."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chassis.db import idempotency
from chassis.db.idempotency import StoredAnswer
from chassis.kernel import names
from chassis.kernel.errors import Unavailable
from chassis.kernel.names import CustomerId
from services.orders.domain.baskets import KeptBasket
from services.orders.domain.orders import Order
from services.orders.repository import baskets as basket_rows
from services.orders.repository import orders as order_rows
from services.orders.sagas.driving import Driver
from services.orders.sagas.orders import OrderSaga
from services.orders.usecases import orders as usecases
from services.payments import repository as payment_rows
from tests.simulation.asking import Callers
from tests.simulation.intents import Kind
from tests.simulation.mutants.stage import Mutant, Stage, kept, nothing, sold
from tests.simulation.mutants.stock import without_events
from tests.simulation.record import Answer, Asked
from tests.support.baskets import checkout, line, setting
from tests.support.shop import till_sale, wanted

LEASE_OVER_SECONDS_MAX = 30.0
GIVES_UP_SECONDS = 1.0


async def _sell(stage: Stage, **fields: Any) -> list[str]:
    """A sale that is on record: its request's id and its order's."""
    asked = await stage.do(Kind.SELL, **fields)
    return _words(asked)


def _words(asked: Asked) -> list[str]:
    """The request's id, and those of all orders that it was answered with."""
    replies: list[Any] = [answer.reply for answer in asked.answers if answer.reply is not None]
    named = [getattr(reply, "name", "").rpartition("/")[2] for reply in replies]
    return [asked.intent.request_id, *filter(None, named)]


async def _sell_twice(stage: Stage) -> list[str]:
    asked = await stage.do(Kind.SELL, is_repeated=True)
    return [*_words(asked)[1:], asked.intent.request_id]


async def _no_intent(stage: Stage) -> list[str]:
    """Nobody gets an answer, so the caller is not on record; stock knows the product."""
    sku = await stage.shop.product(stock=10)
    with suppress(Exception):
        await stage.shop.orders().PlaceOrder(till_sale(wanted(sku, 2)), seconds=3.0)
    rows = await stage.rows(
        "inventory", "select reservation_id from verify.reservation_line where sku = $1", sku
    )
    return [row["reservation_id"] for row in rows]


def _nothing_claimed(patch: pytest.MonkeyPatch) -> None:
    real = idempotency.claim_all

    async def claim_all(tx: Any, keys: Sequence[Any]) -> list[Any]:
        return [None for _ in await real(tx, keys)]

    patch.setattr(usecases, "claim_all", claim_all)


def _canned(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        idempotency, "_first_answer", lambda key, row: StoredAnswer(reply=b"", refusal=None)
    )


def _no_lease_guard(patch: pytest.MonkeyPatch) -> None:
    guarded = order_rows._MOVE
    unguarded = guarded.replace("and o.lease_token = a.lease_token and o.state = a.from_state", "")
    assert unguarded != guarded
    patch.setattr(order_rows, "_MOVE", unguarded)


async def _finish_late(stage: Stage) -> list[str]:
    """A driver that is slower than its lease; the worker has ended the order before it does."""
    seen: list[str] = []

    async def wait(order: Order) -> None:
        if seen:
            return
        seen.append(order.order_id)
        async with asyncio.timeout(LEASE_OVER_SECONDS_MAX):
            while not await stage.rows(
                "orders",
                "select 1 from verify.customer_order where order_id = $1 and state = 'COMPLETED'",
                order.order_id,
            ):
                await asyncio.sleep(0.1)

    stage.checkpoints.at["money_done"] = wait
    await sold(stage)
    stage.checkpoints.at.clear()
    return seen


async def _stay(stage: Stage) -> list[str]:
    sku = await stage.shop.product(stock=10)
    with suppress(Exception):
        await stage.shop.orders().PlaceOrder(till_sale(wanted(sku, 2)), seconds=2.0)
    return await stage.orders_of(sku)


def _no_recovery(patch: pytest.MonkeyPatch) -> None:
    async def move(_: Driver, moves: Sequence[Any]) -> list[Any]:
        return [Unavailable(part="the outcome") for _ in moves]

    async def recover(_: OrderSaga) -> int:
        return 0

    patch.setattr(Driver, "move", move)
    patch.setattr(OrderSaga, "recover", recover)


def _another_customer(patch: pytest.MonkeyPatch) -> None:
    real = names.parse_customer

    def parse_customer(name: str, tenant: str, *, at: str = "customer") -> CustomerId:
        return real(name, "other", at=at)

    patch.setattr(names, "parse_customer", parse_customer)


async def _keep(stage: Stage) -> list[str]:
    return (await kept(stage))[0]


def _lines_twice(patch: pytest.MonkeyPatch) -> None:
    real = KeptBasket.with_changes

    def with_changes(basket: KeptBasket, *arguments: Any, **named: Any) -> KeptBasket:
        made = real(basket, *arguments, **named)
        return replace(made, lines=made.lines * 2)

    patch.setattr(KeptBasket, "with_changes", with_changes)


async def _fill_basket(stage: Stage) -> list[str]:
    who = await stage.shop.customer(balance=10_000)
    sku = await stage.shop.product(stock=10)
    await stage.shop.orders(who).SetBasketLines(setting(who, line(sku, 1)))
    return [sku]


async def _order_basket(stage: Stage) -> list[str]:
    who = await stage.shop.customer(balance=10_000)
    sku = await stage.shop.product(stock=10)
    seen = await stage.shop.orders(who).SetBasketLines(setting(who, line(sku, 1)))
    await stage.shop.orders(who).PlaceOrder(checkout(who, seen))
    return await stage.orders_of(sku)


def _basket_not_tied(patch: pytest.MonkeyPatch) -> None:
    async def check_out_all(tx: Any, checkouts: Any) -> set[str]:
        return set(checkouts)

    patch.setattr(basket_rows, "check_out_all", check_out_all)


async def _order_basket_and_stay(stage: Stage) -> list[str]:
    with suppress(Exception):
        await asyncio.wait_for(_order_basket(stage), 3.0)
    rows = await stage.rows(
        "orders", "select order_id from verify.customer_order where state = 'PLACING'"
    )
    return [row["order_id"] for row in rows]


def _not_tied_and_stays(patch: pytest.MonkeyPatch) -> None:
    _basket_not_tied(patch)
    _no_recovery(patch)


async def _top_up(stage: Stage) -> list[str]:
    asked = await stage.do(Kind.TOP_UP, customer="customers/c9")
    return [f"{asked.intent.tenant}:{asked.intent.customer}"]


async def _order_one(stage: Stage) -> list[str]:
    asked = await stage.do(Kind.PICK_UP)
    return _words(asked)


def _refuses_what_is_done(patch: pytest.MonkeyPatch) -> None:
    real = OrderSaga._advance

    async def advance(saga: OrderSaga, orders: Sequence[Order]) -> list[Any]:
        done = await real(saga, orders)
        return [usecases.Cancelled(actor="nobody", why="it was done all the same") for _ in done]

    patch.setattr(OrderSaga, "_advance", advance)


async def _be_refused(stage: Stage) -> list[str]:
    await stage.do(Kind.SELL, lines=(("can2", 3),))
    rows = await stage.rows(
        "orders",
        "select max(order_id) as order_id from verify.customer_order_line where sku = 'can2'",
    )
    return [rows[0]["order_id"]]


def _new_id_each_time(patch: pytest.MonkeyPatch) -> None:
    real = Callers._attempt

    async def attempt(
        callers: Callers, asked: Asked, method: str, request: Any, who: Any, is_over_http: bool
    ) -> Answer | None:
        answer = await real(callers, asked, method, request, who, is_over_http)
        if asked.attempts > 1:
            return answer
        # The first answer is lost on its way, and a new id is chosen for the next attempt.
        request.request_id = str(uuid.uuid4())
        return None

    patch.setattr(Callers, "_attempt", attempt)


async def _ask_with_new_ids(stage: Stage) -> list[str]:
    asked = await stage.do(Kind.SELL, lines=(("can3", 1),))
    rows = await stage.rows(
        "orders", "select order_id from verify.customer_order_line where sku = 'can3'"
    )
    named = asked.reply.name.rpartition("/")[2]
    return [row["order_id"] for row in rows if row["order_id"] != named]


def _never_answers(patch: pytest.MonkeyPatch) -> None:
    async def place(*_: Any, **__: Any) -> bytes:
        raise Unavailable(part="the saga")

    patch.setattr(OrderSaga, "place", place)


async def _give_up(stage: Stage) -> list[str]:
    stage.callers.gives_up_at = time.monotonic() + GIVES_UP_SECONDS
    asked = await stage.do(Kind.SELL)
    stage.callers.gives_up_at = float("inf")
    return [asked.intent.request_id]


def _one_chain(patch: pytest.MonkeyPatch) -> None:
    real = names.qualified
    patch.setattr(names, "qualified", lambda tenant, bare_id: real("north", bare_id))


async def _spy(stage: Stage) -> list[str]:
    placed = await stage.do(Kind.SELL)
    asked = await stage.do(Kind.SPY, after=placed.intent.number)
    return [asked.intent.request_id]


async def _top_up_elsewhere(stage: Stage) -> list[str]:
    asked = await stage.do(Kind.TOP_UP, tenant="south")
    return [asked.intent.request_id]


ORDER_MUTANTS = (
    Mutant(
        "an outcome keeps no answer",
        ("orders.broken_order_answer", "orders.broken_request_unanswered", "answer_not_kept"),
        _sell,
        lambda patch: patch.setattr(usecases, "keep_all", nothing),
    ),
    Mutant(
        "an order moves without an event",
        ("orders.broken_order_event",),
        sold,
        without_events("/orders/"),
    ),
    Mutant(
        "an outcome is written without a lease",
        ("order_move", "illegal_edge"),
        _finish_late,
        _no_lease_guard,
    ),
    Mutant(
        "an intent is not written",
        ("stock_without_order", "money_without_order"),
        _no_intent,
        lambda patch: patch.setattr(order_rows, "insert_all", nothing),
    ),
    Mutant(
        "a repeat is done again",
        ("orders.broken_order_request", "answers_differ"),
        _sell_twice,
        _nothing_claimed,
    ),
    Mutant("a repeat gets a canned answer", ("answers_differ",), _sell_twice, _canned),
    Mutant(
        "an order stays on its way",
        ("order_not_at_rest",),
        _stay,
        _no_recovery,
    ),
    Mutant(
        "an order is another chain's customer's",
        ("orders.broken_order_tenant",),
        _keep,
        _another_customer,
    ),
    Mutant("a basket has a line twice", ("orders.broken_basket_line",), _fill_basket, _lines_twice),
    Mutant(
        "a basket stays tied to an order that was placed",
        ("orders.broken_basket_checkout",),
        _order_basket,
        lambda patch: patch.setattr(basket_rows, "end_checkouts", nothing),
    ),
    Mutant(
        "a basket is ordered without being tied",
        ("orders.broken_order_basket",),
        _order_basket_and_stay,
        _not_tied_and_stays,
    ),
    Mutant(
        "money is acknowledged and not written",
        ("answer_without_effect",),
        _top_up,
        lambda patch: patch.setattr(payment_rows, "post", nothing),
    ),
    Mutant(
        "an order that is done is told as refused",
        ("effect_without_answer",),
        _be_refused,
        _refuses_what_is_done,
    ),
    Mutant(
        "a caller retries with a new request id",
        ("effect_without_answer",),
        _ask_with_new_ids,
        _new_id_each_time,
    ),
    Mutant("a request is never answered", ("answer_unknown",), _give_up, _never_answers),
    Mutant("chains share their names", ("tenant_crossed",), _spy, _one_chain),
    Mutant(
        "a request acts on another chain's rows",
        ("payments.broken_request_tenant",),
        _top_up_elsewhere,
        _one_chain,
    ),
)
