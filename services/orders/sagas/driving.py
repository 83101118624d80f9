"""Drives orders from the state they are in to one that lasts, many at once, whoever began them.

Decision 0001 has the state table. Orders on the same way take each step together: one call to the
other service, one transaction of ours. What becomes of one of them is its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from chassis import tracing
from chassis.kernel.errors import HutongError, RequestInFlight
from chassis.log import about
from services.orders.domain.orders import (
    ON_THE_WAY,
    STEP_REFUSALS,
    UNDONE_REASON,
    Fulfilment,
    Order,
    State,
)
from services.orders.ports import Money, Refused, Stock
from services.orders.repository.orders import Move
from services.orders.usecases.orders import Moved, Orders

STEP_SECONDS = 4.0
"""How long one step may take. From one written state to the next is shorter than the lease."""

Checkpoint = Callable[[str, Order], Awaitable[None]]
"""Called between the steps with the name of the point that was passed; tests die there."""


async def pass_on(point: str, order: Order) -> None:
    """The checkpoint of every day: nothing happens."""


Step = Callable[..., Awaitable[Sequence[Refused]]]
"""A method of Stock or Money."""

Outcome = Moved | HutongError
"""An order as it was written last, or what no step can answer for (a part that is down, a lost
lease): then a worker goes on from the state that is written."""


@dataclass(slots=True)
class _Run:
    """Orders on their way together: those that still go, and by id what became of the others."""

    going: Sequence[Order]
    ended: dict[str, Outcome] = field(default_factory=dict)


class Driver:
    """The one way forward: for those who place, cancel and hand over, and for workers."""

    def __init__(
        self, orders: Orders, *, stock: Stock, money: Money, checkpoint: Checkpoint = pass_on
    ) -> None:
        self._orders = orders
        self._stock = stock
        self._money = money
        self._checkpoint = checkpoint

    async def drive(self, orders: Sequence[Order]) -> list[Outcome]:
        """Takes orders to states that last; per order, what became of it."""
        outcomes = await self.advance(orders)
        undoing = [outcome.order for outcome in outcomes if is_on_the_way(outcome)]
        ended = iter(await self.advance(undoing))
        return [next(ended) if is_on_the_way(outcome) else outcome for outcome in outcomes]

    async def advance(self, orders: Sequence[Order]) -> list[Outcome]:
        """Takes orders to the next state that is written, which lasts or is UNDOING."""
        if len(orders) == 1:
            about(order=orders[0].order_id)
        began = time.monotonic()
        ways: defaultdict[tuple[State, bool], list[Order]] = defaultdict(list)
        for order in orders:
            ways[order.state, order.fulfilment is Fulfilment.CARRY_OUT].append(order)
        found = await asyncio.gather(
            *(
                self._place(going, is_till_sale=is_till_sale)
                if state is State.PLACING
                else self._finish(going, state)
                for (state, is_till_sale), going in ways.items()
            )
        )
        known = {order_id: outcome for some in found for order_id, outcome in some.items()}
        outcomes = [known[order.order_id] for order in orders]
        _record(lambda order: f"orders.{order.state}", orders, outcomes, began=began)
        return outcomes

    async def move(self, moves: Sequence[Move]) -> list[Outcome]:
        """Writes what orders are now; per move, what became of its order."""
        if not moves:
            return []
        began = time.monotonic()
        outcomes: list[Outcome]
        try:
            outcomes = await self._orders.move_all(moves)
        except HutongError as error:
            outcomes = [error.copy() for _ in moves]
        _record(lambda _: "orders.outcome", [move.order for move in moves], outcomes, began=began)
        return outcomes

    async def _place(self, orders: Sequence[Order], *, is_till_sale: bool) -> dict[str, Outcome]:
        run = _Run(orders)
        do_stock = self._stock.take if is_till_sale else self._stock.reserve
        do_money = self._money.charge if is_till_sale else self._money.authorise
        moves = [
            Move(order, State.REFUSED, why)
            for order, why in await self._step(run, do_stock, "stock_done")
        ]
        moves += [
            Move(order, State.UNDOING, why)
            for order, why in await self._step(run, do_money, "money_done")
        ]
        await self._move(run, [*moves, *(Move(order, order.place_ends_as) for order in run.going)])
        for outcome in run.ended.values():
            if isinstance(outcome, Moved) and outcome.order.state is State.UNDOING:
                await self._checkpoint("undoing_written", outcome.order)
        return run.ended

    async def _finish(self, orders: Sequence[Order], state: State) -> dict[str, Outcome]:
        run = _Run(orders)
        if state is State.COMPLETING:
            await self._must(run, self._stock.commit, "stock_committed")
            await self._must(run, self._money.capture, "money_captured")
            ends_as = State.COMPLETED
        else:
            await self._must(run, self._money.void, "money_voided")
            await self._must(run, self._stock.release, "stock_released")
            ends_as = State.REFUSED if state is State.UNDOING else State.CANCELLED
        await self._move(run, [Move(order, ends_as) for order in run.going])
        return run.ended

    async def _step(self, run: _Run, step: Step, point: str) -> list[tuple[Order, HutongError]]:
        """Takes the orders that go a step on; answers those that the step refuses, and why."""
        refused = []
        for order, problem in await self._must(run, step, point):
            if problem.reason == UNDONE_REASON:
                run.ended[order.order_id] = RequestInFlight()
            elif problem.kind in STEP_REFUSALS:
                refused.append((order, problem))
        return refused

    async def _must(self, run: _Run, step: Step, point: str) -> list[tuple[Order, HutongError]]:
        """Takes the orders that go a step on; the others end with what the step has failed by."""
        if not run.going:
            return []
        answers = await step(run.going, deadline=time.monotonic() + STEP_SECONDS)
        failed = []
        going = []
        for order, problem in zip(run.going, answers, strict=True):
            if problem is None:
                going.append(order)
            else:
                failed.append((order, problem))
                run.ended[order.order_id] = problem
        run.going = going
        for order in going:
            await self._checkpoint(point, order)
        return failed

    async def _move(self, run: _Run, moves: Sequence[Move]) -> None:
        for move, outcome in zip(moves, await self.move(moves), strict=True):
            run.ended[move.order.order_id] = outcome


def is_on_the_way(outcome: Outcome) -> TypeGuard[Moved]:
    """Whether the order is to be driven on from where it is."""
    return isinstance(outcome, Moved) and outcome.order.state in ON_THE_WAY


def _record(
    name: Callable[[Order], str],
    orders: Sequence[Order],
    outcomes: Sequence[Outcome],
    *,
    began: float,
) -> None:
    """Lets each order's trace show what was done for it, among others."""
    if not tracing.is_recorded():
        return
    for order, outcome in zip(orders, outcomes, strict=True):
        tracing.item(
            name(order),
            order.traceparent,
            began=began,
            kind="internal",
            attributes={"hutong.order": order.order_id, "hutong.batch.items": len(orders)},
            problem=outcome.reason if isinstance(outcome, HutongError) else None,
        )
