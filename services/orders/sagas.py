"""The order saga: drives an order from its intent to its outcome, whoever died on the way.

Decision 0001 has the state table. Orders run one by one here and in batches below: each step
submits to a lane, and a lane carries many orders' steps at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chassis import tracing
from chassis.db.idempotency import Replayed, RequestKey, StoredAnswer
from chassis.kernel.errors import HutongError, RequestIdReused, RequestInFlight
from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from chassis.log import about, logger, our_fault
from chassis.messaging.coalescer import Coalescer
from chassis.telemetry import Metrics
from services.orders.domain.baskets import Checkout, KeptBasket, checkout_of
from services.orders.domain.charging import charged, require_recordable
from services.orders.domain.orders import (
    STEP_REFUSALS,
    UNDONE_REASON,
    Basket,
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
from services.orders.domain.promises import (
    PROMISED,
    Promise,
    require_position,
    require_promised,
)
from services.orders.domain.refusals import OrderAbandoned
from services.orders.ports import Money, Prices, Stock, Stores
from services.orders.repository.orders import Move, Moved
from services.orders.usecases.baskets import Baskets
from services.orders.usecases.orders import Intent, Orders, new_order

STEP_SECONDS = 4.0
"""How long one step may take. From one written state to the next is shorter than the lease."""

PLACE_ATTEMPTS_MAX = 8
"""After so many attempts of the worker an order that is not placed is undone."""

ATTEMPTS_MAX = 30
"""After so many attempts of the worker an order waits for a person."""

TAKEN_OVER_AT_ONCE_MAX = 100

log = logger(__name__)

Checkpoint = Callable[[str, Order], Awaitable[None]]
"""Called between the steps with the name of the point that was passed; tests die there."""


async def pass_on(point: str, order: Order) -> None:
    """The checkpoint of every day: nothing happens."""


Step = Callable[..., Awaitable[None]]
"""A method of Stock or Money: an order in, nothing out."""


@dataclass(frozen=True, slots=True)
class _Running:
    body_hash: bytes
    task: asyncio.Task[bytes]


class OrderSaga:
    """Moves orders from state to state; `drive` is the one way forward, for workers too."""

    def __init__(
        self,
        orders: Orders,
        *,
        baskets: Baskets,
        prices: Prices,
        stores: Stores,
        stock: Stock,
        money: Money,
        metrics: Metrics,
        checkpoint: Checkpoint = pass_on,
    ) -> None:
        self._orders = orders
        self._prices = prices
        self._stores = stores
        self._stock = stock
        self._money = money
        self._checkpoint = checkpoint
        self._metrics = metrics
        self._running: dict[tuple[str, bytes], _Running] = {}
        self._intents: Coalescer[Intent, Order | StoredAnswer] = Coalescer(
            "orders.intent", orders.begin_all, metrics=metrics
        )
        self._checkouts: Coalescer[Checkout, tuple[KeptBasket, datetime]] = Coalescer(
            "orders.basket", baskets.to_order_all, metrics=metrics
        )
        self._moves: Coalescer[Move, Moved] = Coalescer(
            "orders.outcome", orders.move_all, metrics=metrics
        )

    async def quote(
        self,
        basket: Basket,
        fulfilment: Fulfilment | None,
        to: Position | None,
        *,
        deadline: float,
    ) -> Quote:
        """What an order of this basket would cost if it were placed now; refuses what could not be.

        Without a fulfilment it is about prices only.
        """
        require_position(fulfilment, to)
        return await self._promised_quote(
            basket.store,
            fulfilment,
            to,
            lambda: self._prices.quote(basket, deadline=deadline),
            deadline,
        )

    async def place(self, command: PlaceOrder, key: RequestKey, *, deadline: float) -> bytes:
        """The placed order as reply bytes; the refusal, if it is refused.

        Once the intent is written the work goes on, whether or not the caller still waits.
        """
        return await self._once(key, lambda: self._place(command, key, deadline))

    async def cancel(
        self, order_name: OrderName, purchaser: Purchaser, *, why: str, key: RequestKey
    ) -> bytes:
        """The cancelled order as reply bytes."""

        async def work() -> bytes:
            order = await self._orders.begin_cancel(
                order_name.store, order_name.order_id, purchaser, why=why, key=key
            )
            await self._checkpoint("cancelling_written", order)
            return await self._answer(order)

        return await self._once(key, work)

    async def hand_over(
        self, order_name: OrderName, purchaser: Purchaser, *, key: RequestKey
    ) -> bytes:
        """The completed order as reply bytes."""

        async def work() -> bytes:
            order = await self._orders.begin_hand_over(
                order_name.store, order_name.order_id, purchaser, key=key
            )
            await self._checkpoint("completing_written", order)
            return await self._answer(order)

        return await self._once(key, work)

    async def mark_ready(
        self, order_name: OrderName, purchaser: Purchaser, *, key: RequestKey
    ) -> bytes:
        """The packed order as reply bytes."""

        async def work() -> bytes:
            ready = await self._orders.mark_ready(
                order_name.store, order_name.order_id, purchaser, key=key
            )
            await self._checkpoint("ready_written", ready)
            return self._orders.encoded(ready)

        return await self._once(key, work)

    async def recover(self) -> int:
        """Takes over orders whose driver fell silent, and drives them; how many there were."""
        taken = await self._orders.take_over(limit=TAKEN_OVER_AT_ONCE_MAX)
        await asyncio.gather(*(self._recover(order) for order in taken))
        return len(taken)

    async def close(self) -> None:
        """Waits until everything that was begun has ended."""
        while self._running:
            await asyncio.wait([running.task for running in self._running.values()])
        await self._checkouts.close()
        await self._intents.close()
        await self._moves.close()

    async def _once(self, key: RequestKey, work: Callable[[], Awaitable[bytes]]) -> bytes:
        """Runs the work apart from the caller; a repeat that comes meanwhile joins it."""
        identity = (key.distribution_key, key.request_key)
        running = self._running.get(identity)
        if running is None:
            task = asyncio.ensure_future(_as_coroutine(work))
            running = _Running(key.body_hash, task)
            self._running[identity] = running
            task.add_done_callback(lambda _: self._running.pop(identity, None))
            task.add_done_callback(_retrieve)
        elif running.body_hash != key.body_hash:
            raise RequestIdReused.at("request_id", "was used before with another body")
        return await asyncio.shield(running.task)

    async def _place(self, command: PlaceOrder, key: RequestKey, deadline: float) -> bytes:
        try:
            require_askable(command)
            require_recordable(command)
            quote = charged(command, await self._first_quoted(command, key, deadline))
            require_payable(command, quote)
            outcome: Order | HutongError = new_order(command, quote)
        except HutongError as error:
            if not error.is_answer:
                raise
            outcome = error
        if isinstance(outcome, Order):
            await self._checkpoint("quoted", outcome)
        begun = await self._intents.submit(Intent(key, outcome), deadline=deadline)
        if isinstance(begun, StoredAnswer):
            raise Replayed(begun)
        tracing.tell({"hutong.order": begun.order_id})
        await self._checkpoint("intent_written", begun)
        return await self._answer(begun)

    async def _promised_quote(
        self,
        store: StoreId,
        fulfilment: Fulfilment | None,
        to: Position | None,
        price: Callable[[], Awaitable[Quote]],
        deadline: float,
    ) -> Quote:
        """The quote of what the store promises; both are asked at once.

        For goods that are carried out no store is asked: a till sells while the stores are down.
        """
        if fulfilment not in PROMISED:
            return await price()
        wanted = Promise(store, fulfilment, to)
        today, quote = await asyncio.gather(
            self._stores.today(wanted, deadline=deadline), price(), return_exceptions=True
        )
        if isinstance(today, BaseException):
            raise today
        require_promised(wanted, today)
        if isinstance(quote, BaseException):
            raise quote
        return quote

    async def _first_quoted(self, command: PlaceOrder, key: RequestKey, deadline: float) -> Quote:
        """The quote; a request that was answered before is answered even if there is none now.

        A refusal needs no look: claiming the key gives the first answer, whatever it was, also if
        the store has closed since.
        """
        to = None if command.delivery is None else command.delivery.position
        try:
            return await self._promised_quote(
                command.basket.store,
                command.fulfilment,
                to,
                lambda: self._price_of(command, deadline),
                deadline,
            )
        except HutongError as error:
            if error.kind in STEP_REFUSALS:
                raise
            answer = await self._orders.first_answer(key)
            if answer is not None:
                raise Replayed(answer) from error
            raise

    async def _price_of(self, command: PlaceOrder, deadline: float) -> Quote:
        """The quote of an order's own lines, or of what is in the customer's basket.

        A frozen basket has its prices; otherwise LinePriceChanged unless the shown ones still hold.
        """
        checkout = checkout_of(command)
        if checkout is None:
            return await self._prices.quote(command.basket, deadline=deadline)
        kept, now = await self._checkouts.submit(checkout, deadline=deadline)
        if kept.is_frozen(now):
            return kept.frozen_quote(now=now)
        quote = await self._prices.quote(Basket(kept.name.store, kept.wanted), deadline=deadline)
        kept.require_shown(quote)
        return quote

    async def _answer(self, order: Order) -> bytes:
        try:
            ended = await self.drive(order)
        except HutongError as error:
            if error.reason != RequestInFlight.reason:
                await self._orders.give_up_lease(order)
            raise
        await self._checkpoint("outcome_written", ended)
        if ended.state is State.REFUSED and ended.end_reason is not None:
            raise ended.end_reason
        return self._orders.encoded(ended)

    async def drive(self, order: Order) -> Order:
        """Takes the order from the state it is in to one that lasts.

        Raises what no step can answer for (a part that is down, a lost lease): then a worker goes
        on from the state that is written.
        """
        about(order=order.order_id)
        with tracing.serving(f"orders.{order.state}", order.traceparent, kind="internal") as span:
            span.tell({"hutong.order": order.order_id})
            if order.state is State.PLACING:
                return await self._drive_placing(order)
            if order.state is State.COMPLETING:
                return await self._drive_completing(order)
            return await self._drive_undoing(order)

    async def _drive_placing(self, order: Order) -> Order:
        is_till_sale = order.fulfilment is Fulfilment.CARRY_OUT
        do_stock = self._stock.take if is_till_sale else self._stock.reserve
        do_money = self._money.charge if is_till_sale else self._money.authorise
        refusal = await self._refusal_of(do_stock, order)
        if refusal is not None:
            return await self._move(order, State.REFUSED, refusal)
        await self._checkpoint("stock_done", order)
        refusal = await self._refusal_of(do_money, order)
        if refusal is not None:
            undoing = await self._move(order, State.UNDOING, refusal)
            await self._checkpoint("undoing_written", undoing)
            return await self._drive_undoing(undoing)
        await self._checkpoint("money_done", order)
        return await self._move(order, order.place_ends_as)

    async def _drive_undoing(self, order: Order) -> Order:
        await self._must(self._money.void, order)
        await self._checkpoint("money_voided", order)
        await self._must(self._stock.release, order)
        await self._checkpoint("stock_released", order)
        ends_as = State.REFUSED if order.state is State.UNDOING else State.CANCELLED
        return await self._move(order, ends_as)

    async def _drive_completing(self, order: Order) -> Order:
        await self._must(self._stock.commit, order)
        await self._checkpoint("stock_committed", order)
        await self._must(self._money.capture, order)
        await self._checkpoint("money_captured", order)
        return await self._move(order, State.COMPLETED)

    async def _refusal_of(self, step: Step, order: Order) -> HutongError | None:
        """Why the step refuses the order, None if it was done; anything else is raised."""
        try:
            await step(order, deadline=time.monotonic() + STEP_SECONDS)
        except HutongError as error:
            if error.reason == UNDONE_REASON:
                raise RequestInFlight from error
            if error.kind in STEP_REFUSALS:
                return error
            raise
        return None

    @staticmethod
    async def _must(step: Step, order: Order) -> None:
        await step(order, deadline=time.monotonic() + STEP_SECONDS)

    async def _move(
        self, order: Order, to_state: State, end_reason: HutongError | None = None
    ) -> Order:
        moved = await self._moves.submit(
            Move(order, to_state, end_reason), deadline=time.monotonic() + STEP_SECONDS
        )
        return moved.order

    async def _recover(self, order: Order) -> None:
        try:
            ended = await self._drive_bounded(order)
        except HutongError as error:
            log.warning(
                "order_recovery_postponed",
                order=order.order_id,
                state=order.state,
                attempts=order.attempts,
                reason=error.reason,
            )
            with suppress(HutongError):  # Without it the lease runs out, later.
                await self._orders.give_up_lease(order, attempts=order.attempts)
            return
        self._metrics.saga_recovered.labels(ended.state).inc()
        log.info("order_recovered", order=ended.order_id, state=ended.state)

    async def _drive_bounded(self, order: Order) -> Order:
        if order.attempts > ATTEMPTS_MAX:
            log.error("order_needs_attention", order=order.order_id, state=order.state)
            return await self._move(order, State.NEEDS_ATTENTION)
        if order.state is State.PLACING and order.attempts > PLACE_ATTEMPTS_MAX:
            order = await self._move(order, State.UNDOING, OrderAbandoned())
        return await self.drive(order)


async def _as_coroutine(work: Callable[[], Awaitable[bytes]]) -> bytes:
    return await work()


def _retrieve(task: asyncio.Task[bytes]) -> None:
    """Logs a mistake of ours even if all callers have left; other errors are theirs to see."""
    problem = None if task.cancelled() else task.exception()
    if problem is not None and not isinstance(problem, HutongError | Replayed):
        our_fault(problem, where="orders.saga")
