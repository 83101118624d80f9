"""Defects of the stock's books."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chassis.messaging import outbox
from hutong.inventory.v1 import inventory_service_pb2
from services.inventory.domain import deficits, reservations, stock
from services.inventory.domain.reservations import ReservationState
from services.inventory.repository import stock_rows as repository
from services.inventory.usecases.stock import Stock
from tests.simulation.mutants.stage import (
    Mutant,
    Stage,
    cancelled,
    kept,
    nothing,
    sold,
    whatever,
)
from tests.support.shop import OPERATOR, goods, request_id, till_sale, wanted

NEVER_NEGATIVE = (
    ("inventory", "stock_level", "stock_level_on_hand"),
    ("inventory", "stock_level", "stock_level_held"),
    ("inventory", "stock_movement", "stock_movement_after"),
)


def without_events(part: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Leaves events of some aggregates unwritten."""
    real = outbox.add_all

    async def add_all(tx: Any, events: Sequence[outbox.Event]) -> None:
        await real(tx, [event for event in events if part not in event.aggregate])

    return lambda patch: patch.setattr(outbox, "add_all", add_all)


def _no_guard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reservations, "_shortage", lambda command, books: None)


async def _oversell(stage: Stage) -> list[str]:
    return await sold(stage, 2, stock=1)


def _release_twice(patch: pytest.MonkeyPatch) -> None:
    real = reservations.release

    def release(commands: Any, *, known: Any, books: Any) -> Any:
        decisions = real(commands, known=known, books=books)
        for one in decisions.changed:
            reservations._post(books, one, stock.RELEASE, actor="again")
        return decisions

    patch.setattr(reservations, "release", release)


async def _cancel(stage: Stage) -> list[str]:
    words, order, _ = await kept(stage)
    await cancelled(stage, order)
    return words


def _double_movements(patch: pytest.MonkeyPatch) -> None:
    real = stock.posted

    def posted(*arguments: Any, **named: Any) -> Any:
        posting = real(*arguments, **named)
        movement = replace(posting.movement, on_hand_change=2 * posting.movement.on_hand_change)
        return replace(posting, movement=movement)

    patch.setattr(stock, "posted", posted)


def _no_tombstones(patch: pytest.MonkeyPatch) -> None:
    real = repository.add_reservations

    async def add_reservations(tx: Any, made: Iterable[Any]) -> int:
        every = list(made)
        await real(tx, [one for one in every if one.state is not ReservationState.REFUSED])
        return len(every)

    patch.setattr(repository, "add_reservations", add_reservations)


async def _come_late(stage: Stage) -> list[str]:
    """A refused order's step, sent late by a process that was paused; goods have come since."""
    sku = await stage.shop.product(stock=1)
    await whatever(stage.shop.orders().PlaceOrder(till_sale(wanted(sku, 2))))
    (order_id,) = await stage.orders_of(sku)
    await stage.shop.receive(sku, 10)
    request = inventory_service_pb2.TakeStockRequest(
        parent="stores/sh01", reservation_id=order_id, lines=[goods(sku, 2)]
    )
    await whatever(stage.shop.inventory(OPERATOR).TakeStock(request))
    return [order_id]


async def _outlive(stage: Stage) -> list[str]:
    sku = await stage.shop.product(stock=5)
    held = f"held-{request_id()}"
    await stage.shop.inventory().ReserveStock(
        inventory_service_pb2.ReserveStockRequest(
            parent="stores/sh01",
            reservation_id=held,
            lines=[goods(sku, 1)],
            hold_duration={"seconds": 900},
        )
    )
    await stage.rows(
        "inventory",
        "update public.reservation set expires_at = now() - interval '2 days' "
        "where reservation_id = $1",
        held,
    )
    return [held]


def _oversupplied(patch: pytest.MonkeyPatch) -> None:
    real = deficits.supply

    def supply(books: Any, store_id: Any, lines: Iterable[Any], **who: Any) -> None:
        real(books, store_id, [replace(line, quantity=line.quantity + 1) for line in lines], **who)

    patch.setattr(deficits, "supply", supply)


async def _short(stage: Stage) -> list[str]:
    """A till has sold two of what the books have one of."""
    sku = await stage.shop.product(stock=1)
    return [sku, (await stage.shop.short(sku, 2)).rpartition("/")[2]]


def _wrong_tasks(patch: pytest.MonkeyPatch) -> None:
    real = deficits.deficits_in

    def deficits_in(postings: Iterable[Any]) -> Any:
        return [replace(one, quantity=one.quantity + 1) for one in real(postings)]

    patch.setattr(deficits, "deficits_in", deficits_in)


STOCK_MUTANTS = (
    Mutant(
        "stock is sold without a look at what there is",
        ("inventory.broken_oversold",),
        _oversell,
        _no_guard,
        NEVER_NEGATIVE,
    ),
    Mutant(
        "a release is posted twice",
        ("inventory.broken_reservation",),
        _cancel,
        _release_twice,
        NEVER_NEGATIVE,
    ),
    Mutant(
        "movements are not written",
        ("inventory.broken_stock_sum",),
        sold,
        lambda patch: patch.setattr(repository, "add_movements", nothing),
    ),
    Mutant(
        "movements tell twice the quantity",
        ("inventory.broken_stock_movement",),
        sold,
        _double_movements,
    ),
    Mutant(
        "a hold that was released stays open",
        ("inventory.broken_stock_held",),
        _cancel,
        lambda patch: patch.setattr(repository, "end_reservations", nothing),
    ),
    Mutant(
        "a refusal leaves no tombstone",
        ("order_and_stock",),
        _come_late,
        _no_tombstones,
        (("inventory", "outbox", "outbox_pkey"),),
    ),
    Mutant(
        "stock moves without an event",
        ("inventory.broken_stock_event",),
        sold,
        without_events("/stockLevels/"),
    ),
    Mutant(
        "holds that have run out are never ended",
        ("inventory.broken_reservation_overdue",),
        _outlive,
        lambda patch: patch.setattr(Stock, "end_due_holds", nothing),
        why_row="it takes a day; the end of a hold is set back",
    ),
    Mutant(
        "a deficit supplies more than its sale lacks",
        ("inventory.broken_deficit",),
        _short,
        _oversupplied,
    ),
    Mutant(
        "a task tells of more than was short",
        ("inventory.broken_discrepancy_sum",),
        _short,
        _wrong_tasks,
    ),
    Mutant(
        "a discrepancy opens without an event",
        ("inventory.broken_discrepancy_event",),
        _short,
        without_events("/discrepancies/"),
    ),
)
