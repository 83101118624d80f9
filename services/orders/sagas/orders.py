"""What callers and workers ask of the saga: place, cancel, hand over, recover.

Orders that are asked for while others are on their way become the next batch, which takes all steps
together. What is sold at a till and what is ordered online are batches of their own, since an
online order also waits for what its store says; so are uploaded sales, for which nobody waits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from chassis import tracing
from chassis.db.idempotency import Replayed, RequestKey, StoredAnswer
from chassis.kernel.errors import DeadlineExceeded, HutongError, RequestIdReused, RequestInFlight
from chassis.log import logger, our_fault
from chassis.messaging.coalescer import Coalescer, Lanes, Later
from services.orders.domain.charging import charged, require_recordable
from services.orders.domain.orders import (
    STEP_REFUSALS,
    Fulfilment,
    Order,
    OrderName,
    PlaceOrder,
    Purchaser,
    Quote,
    State,
    require_askable,
    require_payable,
)
from services.orders.domain.refusals import OrderAbandoned
from services.orders.repository.orders import Move
from services.orders.sagas.driving import (
    STEP_SECONDS,
    Checkpoint,
    Driver,
    Outcome,
    is_on_the_way,
    pass_on,
)
from services.orders.sagas.quoting import Quotes
from services.orders.usecases.orders import Intent, Moved, Orders, new_order

PLACE_ATTEMPTS_MAX = 8
"""After so many attempts of the worker an order that is not placed is undone, unless it was sold at
a till already."""

ATTEMPTS_MAX = 30
"""After so many attempts of the worker an order waits for a person."""

TAKEN_OVER_AT_ONCE_MAX = 100

BATCHES_AT_ONCE_MAX = 2
"""So many batches of a kind are on their way: while one waits for a service, another uses it."""

log = logger(__name__)

Begun = Order | StoredAnswer | HutongError
"""An order to drive, its request's first answer, or why there is none."""


@dataclass(slots=True)
class Placing:
    """A request to place an order, and whether its intent was written."""

    command: PlaceOrder
    key: RequestKey
    deadline: float
    is_begun: bool = False


@dataclass(frozen=True, slots=True)
class _Running:
    body_hash: bytes
    answer: asyncio.Future[bytes]


class OrderSaga:
    """Places, cancels and hands over orders; what goes wrong on the way, it recovers."""

    def __init__(
        self,
        orders: Orders,
        *,
        quotes: Quotes,
        driver: Driver,
        lanes: Lanes,
        checkpoint: Checkpoint = pass_on,
    ) -> None:
        self._orders = orders
        self._quotes = quotes
        self._driver = driver
        self._checkpoint = checkpoint
        self._metrics = lanes.metrics
        self._running: dict[tuple[str, bytes], _Running] = {}
        self._till_sales, self._uploaded_sales, self._online_orders = (
            lanes.lane(name, self._place_all, batches_at_once_max=BATCHES_AT_ONCE_MAX)
            for name in ("orders.place_at_till", "orders.place_uploaded", "orders.place_online")
        )
        self._begun: Coalescer[Order, bytes] = lanes.lane(
            "orders.drive", self._advance, batches_at_once_max=BATCHES_AT_ONCE_MAX
        )
        self._left_behind: Coalescer[Order, Moved] = lanes.lane("orders.recover", self._recovered)

    async def place(self, command: PlaceOrder, key: RequestKey, *, deadline: float) -> bytes:
        """The placed order as reply bytes; the refusal, if it is refused.

        Once the intent is written the work goes on, whether or not the caller still waits.
        """
        placing = Placing(command, key, deadline)
        lane = self._lane_of(command)
        answer = self._once(key, lambda: lane.enqueue(placing, deadline=deadline))
        try:
            return await asyncio.shield(answer)
        finally:
            if placing.is_begun:
                tracing.tell({"hutong.order": command.order_id})

    async def cancel(
        self, order_name: OrderName, purchaser: Purchaser, *, why: str, key: RequestKey
    ) -> bytes:
        """The cancelled order as reply bytes."""

        async def work() -> bytes:
            order = await self._orders.begin_cancel(
                order_name.store, order_name.order_id, purchaser, why=why, key=key
            )
            await self._checkpoint("cancelling_written", order)
            return await self._driven(order)

        return await self._apart(key, work)

    async def hand_over(
        self, order_name: OrderName, purchaser: Purchaser, *, key: RequestKey
    ) -> bytes:
        """The completed order as reply bytes."""

        async def work() -> bytes:
            order = await self._orders.begin_hand_over(
                order_name.store, order_name.order_id, purchaser, key=key
            )
            await self._checkpoint("completing_written", order)
            return await self._driven(order)

        return await self._apart(key, work)

    async def mark_ready(
        self, order_name: OrderName, purchaser: Purchaser, *, key: RequestKey
    ) -> bytes:
        """The packed order as reply bytes."""

        async def work() -> bytes:
            ready, reply = await self._orders.mark_ready(
                order_name.store, order_name.order_id, purchaser, key=key
            )
            await self._checkpoint("ready_written", ready)
            return reply

        return await self._apart(key, work)

    async def recover(self) -> int:
        """Takes over orders whose driver fell silent, and drives them; how many there were."""
        taken = await self._orders.take_over(limit=TAKEN_OVER_AT_ONCE_MAX)
        await asyncio.gather(*(self._recover(order) for order in taken))
        return len(taken)

    async def close(self) -> None:
        """Waits until everything that was begun has ended."""
        while self._running:
            await asyncio.wait([running.answer for running in self._running.values()])
        await self._till_sales.close()
        await self._uploaded_sales.close()
        await self._online_orders.close()
        await self._begun.close()
        await self._left_behind.close()

    def _lane_of(self, command: PlaceOrder) -> Coalescer[Placing, bytes]:
        if command.has_happened:
            return self._uploaded_sales
        if command.fulfilment is Fulfilment.CARRY_OUT:
            return self._till_sales
        return self._online_orders

    def _once(
        self, key: RequestKey, begin: Callable[[], asyncio.Future[bytes]]
    ) -> asyncio.Future[bytes]:
        """Begins what goes on apart from the caller; a repeat that comes meanwhile joins it."""
        identity = (key.distribution_key, key.request_key)
        running = self._running.get(identity)
        if running is None:
            running = _Running(key.body_hash, begin())
            self._running[identity] = running
            running.answer.add_done_callback(lambda _: self._running.pop(identity, None))
            running.answer.add_done_callback(_retrieve)
        elif running.body_hash != key.body_hash:
            raise RequestIdReused.at("request_id", "was used before with another body")
        return running.answer

    async def _apart(self, key: RequestKey, work: Callable[[], Awaitable[bytes]]) -> bytes:
        return await asyncio.shield(
            self._once(key, lambda: asyncio.ensure_future(_as_coroutine(work)))
        )

    async def _place_all(self, asked: Sequence[Placing]) -> list[bytes | Exception | Later[bytes]]:
        """Orders' replies, their first answers, or why they are not placed, in their order."""
        begun = await self._begin(asked, await self._wanted(asked))
        orders = [one for one in begun if isinstance(one, Order)]
        told = iter(await self._advance(orders))
        return [
            next(told)
            if isinstance(one, Order)
            else Replayed(one)
            if isinstance(one, StoredAnswer)
            else one
            for one in begun
        ]

    async def _wanted(self, asked: Sequence[Placing]) -> list[Begun]:
        """What the orders would be, or why they can't be.

        A request that was answered before is answered even if there is no price now. A refusal
        needs no look: claiming the key gives the first answer, whatever it was.
        """
        wanted: list[Begun | None] = [_refusal_of(placing.command) for placing in asked]
        open_at = [at for at, refusal in enumerate(wanted) if refusal is None]
        commands = [asked[at].command for at in open_at]
        deadline = max(placing.deadline for placing in asked)
        quotes = await self._quotes.quote_all(commands, deadline=deadline)
        for at, command, quote in zip(open_at, commands, quotes, strict=True):
            wanted[at] = quote if isinstance(quote, HutongError) else _order_of(command, quote)
        unpriced = [
            at
            for at, one in enumerate(wanted)
            if isinstance(one, HutongError) and one.kind not in STEP_REFUSALS
        ]
        if unpriced:
            answers = await self._orders.first_answers([asked[at].key for at in unpriced])
            for at, answer in zip(unpriced, answers, strict=True):
                wanted[at] = answer or wanted[at]
        return [one for one in wanted if one is not None]

    async def _begin(self, asked: Sequence[Placing], wanted: list[Begun]) -> list[Begun]:
        """Writes the intents of orders, and of refusals that are answers; what there is then."""
        intents: dict[int, Intent] = {}
        for at, (placing, one) in enumerate(zip(asked, wanted, strict=True)):
            if isinstance(one, StoredAnswer) or (
                isinstance(one, HutongError) and not one.is_answer
            ):
                continue
            if placing.deadline <= time.monotonic():
                wanted[at] = DeadlineExceeded()
                continue
            if isinstance(one, Order):
                await self._checkpoint("quoted", one)
            intents[at] = Intent(placing.key, one)
        if intents:
            begun = await self._orders.begin_all(list(intents.values()))
            for at, one in zip(intents, begun, strict=True):
                wanted[at] = one
                if isinstance(one, Order):
                    asked[at].is_begun = True
                    await self._checkpoint("intent_written", one)
        return wanted

    async def _driven(self, order: Order) -> bytes:
        return await self._begun.submit(order, deadline=time.monotonic() + STEP_SECONDS)

    async def _advance(self, orders: Sequence[Order]) -> list[bytes | Exception | Later[bytes]]:
        """What the orders' requests are answered with; that of an order that has to be undone comes
        later.
        """
        if not orders:
            return []
        outcomes = await self._driver.advance(orders)
        await self._leave(
            [
                order
                for order, outcome in zip(orders, outcomes, strict=True)
                if isinstance(outcome, HutongError) and outcome.reason != RequestInFlight.reason
            ]
        )
        told: list[bytes | Exception | Later[bytes]] = []
        for outcome in outcomes:
            if isinstance(outcome, HutongError):
                told.append(outcome)
            elif outcome.answer is None:
                told.append(Later(self._driven(outcome.order)))
            else:
                await self._checkpoint("outcome_written", outcome.order)
                told.append(outcome.answer.refusal or outcome.answer.reply or b"")
        return told

    async def _leave(self, orders: Sequence[Order]) -> None:
        """Leaves orders to a worker; without this their leases run out, later."""
        if orders:
            with suppress(HutongError):
                await self._orders.give_up_leases(orders)

    async def _recovered(self, taken: Sequence[Order]) -> list[Outcome]:
        """What becomes of orders; those that were tried too often are undone or left."""
        moves = [move for order in taken if (move := _move_of_tired(order)) is not None]
        moved = await self._driver.move(moves)
        outcomes = {
            move.order.order_id: outcome for move, outcome in zip(moves, moved, strict=True)
        }
        going = [order for order in taken if order.order_id not in outcomes]
        going += [outcome.order for outcome in moved if is_on_the_way(outcome)]
        driven = await self._driver.drive(going)
        outcomes |= {order.order_id: outcome for order, outcome in zip(going, driven, strict=True)}
        return [outcomes[order.order_id] for order in taken]

    async def _recover(self, order: Order) -> None:
        """Drives an order in whatever batch, and says what came of it."""
        try:
            ended = await self._left_behind.submit(order, deadline=time.monotonic() + STEP_SECONDS)
        except HutongError as error:
            log.warning(
                "order_recovery_postponed",
                order=order.order_id,
                state=order.state,
                attempts=order.attempts,
                reason=error.reason,
            )
            await self._leave([order])
            return
        self._metrics.saga_recovered.labels(ended.order.state).inc()
        log.info("order_recovered", order=order.order_id, state=ended.order.state)


def _refusal_of(command: PlaceOrder) -> HutongError | None:
    try:
        require_askable(command)
        require_recordable(command)
    except HutongError as refusal:
        return refusal
    return None


def _order_of(command: PlaceOrder, quote: Quote) -> Order | HutongError:
    try:
        to_pay = charged(command, quote)
        require_payable(command, to_pay)
    except HutongError as refusal:
        return refusal
    return new_order(command, to_pay)


def _move_of_tired(order: Order) -> Move | None:
    """What an order becomes that was driven too often already; None if it was not."""
    if order.attempts > ATTEMPTS_MAX:
        log.error("order_needs_attention", order=order.order_id, state=order.state)
        return Move(order, State.NEEDS_ATTENTION)
    is_given_up = order.attempts > PLACE_ATTEMPTS_MAX and not order.has_happened
    if order.state is State.PLACING and is_given_up:
        return Move(order, State.UNDOING, OrderAbandoned())
    return None


async def _as_coroutine(work: Callable[[], Awaitable[bytes]]) -> bytes:
    return await work()


def _retrieve(answer: asyncio.Future[bytes]) -> None:
    """Logs a mistake of ours even if all callers have left; other errors are theirs to see."""
    problem = None if answer.cancelled() else answer.exception()
    if problem is not None and not isinstance(problem, HutongError | Replayed):
        our_fault(problem, where="orders.saga")
