"""What the orders service does to its own rows. What happens to stock and money is the saga's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chassis.db.engine import Database
from chassis.db.idempotency import (
    Once,
    RequestKey,
    StoredAnswer,
    answers_of,
    claim_all,
    keep_all,
)
from chassis.db.transaction import Transaction
from chassis.kernel import ids
from chassis.kernel.errors import HutongError, Refusal, RequestInFlight
from chassis.kernel.names import StoreId
from chassis.messaging import outbox
from chassis.messaging.outbox import Event
from services.orders.domain.baskets import BasketInCheckout, KeptBasket, checkout_of
from services.orders.domain.orders import (
    KEPT,
    ON_THE_WAY,
    SOLD,
    UNSETTLED,
    Order,
    PlaceOrder,
    Purchaser,
    Quote,
    State,
    assert_legal,
    may_know_delivery,
    require_cancellable,
    require_state,
)
from services.orders.repository import baskets as basket_rows
from services.orders.repository import orders as repository
from services.orders.repository.baskets import EndedCheckout
from services.orders.repository.orders import Move, NewOrder
from services.orders.usecases.reading import require_visible

PAUSE_SECONDS_MIN = 0.5
PAUSE_SECONDS_MAX = 60.0
"""The longest time between two attempts of the worker to finish an order."""

Encode = Callable[[Order], tuple[bytes, Event]]
"""The reply to whose request an order answers, and the event that tells of the order as it is."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An order after a move, and the answer to its request, unless it is still on its way."""

    order: Order
    answer: StoredAnswer | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A request to place an order: its key, and the order or why it is refused already."""

    key: RequestKey
    outcome: Order | HutongError


class Cancelled(Refusal):
    """Why an order was cancelled, as its row keeps it."""

    reason = "CANCELLED"
    message = "cancelled by {actor}: {why}"


class Orders:
    """The use cases on order rows; each owns its transaction."""

    def __init__(
        self,
        database: Database,
        *,
        encode: Encode,
        lease_seconds: float,
    ) -> None:
        self.database = database
        self._encode = encode
        self._lease_seconds = lease_seconds

    async def begin_all(
        self, intents: Sequence[Intent]
    ) -> list[Order | StoredAnswer | HutongError]:
        """Writes intents. Per item: the order to drive, the first answer, or why there is none.

        The keys are all different.
        """
        async with self.database.transaction() as tx:
            claims = await claim_all(tx, [intent.key for intent in intents])
            fresh = [i for i, claim in zip(intents, claims, strict=True) if claim is None]
            refused = await self._check_out(
                tx, [i.outcome for i in fresh if isinstance(i.outcome, Order)]
            )

            def outcome_of(intent: Intent) -> Order | HutongError:
                if isinstance(intent.outcome, HutongError):
                    return intent.outcome
                return refused.get(intent.outcome.order_id, intent.outcome)

            outcomes = [(intent.key, outcome_of(intent)) for intent in fresh]
            await repository.insert_all(
                tx,
                [
                    NewOrder(outcome, key.request_key)
                    for key, outcome in outcomes
                    if isinstance(outcome, Order)
                ],
                lease_seconds=self._lease_seconds,
            )
            await keep_all(
                tx,
                [
                    (key.distribution_key, key.request_key, StoredAnswer(None, outcome))
                    for key, outcome in outcomes
                    if isinstance(outcome, HutongError)
                ],
            )
        return [
            outcome_of(intent) if claim is None else claim
            for intent, claim in zip(intents, claims, strict=True)
        ]

    @staticmethod
    async def _check_out(tx: Transaction, orders: Sequence[Order]) -> dict[str, HutongError]:
        """Ties baskets to the orders that are placed with them; why not, by order id, if not.

        From here to the order's outcome nobody changes the basket, so it is sold once, and what is
        emptied in the end is what was sold.
        """
        checkouts = {
            order.order_id: checkout
            for order in orders
            if (checkout := checkout_of(order)) is not None
        }
        if not checkouts:
            return {}
        tied = await basket_rows.check_out_all(tx, checkouts)
        late = {order_id: c for order_id, c in checkouts.items() if order_id not in tied}
        if not late:
            return {}
        found = await basket_rows.get_all(tx, [checkout.name for checkout in late.values()])
        return {
            order_id: _why_not(kept, checkout.version)
            for (order_id, checkout), (kept, _) in zip(late.items(), found, strict=True)
        }

    async def first_answers(
        self, keys: Sequence[RequestKey]
    ) -> list[StoredAnswer | HutongError | None]:
        """What each request was answered with, or why it has no answer, without claiming its key;
        None if it is new.
        """
        async with self.database.reading() as reading:
            return await answers_of(reading, keys)

    async def begin_cancel(
        self, store: StoreId, order_id: str, purchaser: Purchaser, *, why: str, key: RequestKey
    ) -> Order:
        """Sets an order on its way to cancelled; raises Replayed with the first answer."""
        reason = Cancelled(actor=purchaser.principal, why=why)

        def check(order: Order) -> None:
            require_cancellable(order, purchaser)

        return await self._begin_move(
            store, order_id, purchaser, State.CANCELLING, reason, check, key
        )

    async def begin_hand_over(
        self, store: StoreId, order_id: str, purchaser: Purchaser, *, key: RequestKey
    ) -> Order:
        """Sets a kept order on its way to completed; raises Replayed with the first answer."""

        def check(order: Order) -> None:
            require_state(order, *KEPT)

        return await self._begin_move(
            store, order_id, purchaser, State.COMPLETING, None, check, key
        )

    async def mark_ready(
        self, store: StoreId, order_id: str, purchaser: Purchaser, *, key: RequestKey
    ) -> tuple[Order, bytes]:
        """The order, packed from now on, and the reply; raises Replayed with the first answer.

        Nothing moves but the order, so it needs no driver: one transaction does it.
        """
        async with Once(self.database, key).transaction() as tx:
            order = await self._resting(tx, store, order_id, purchaser)
            require_state(order, State.PLACED)
            assert_legal(order.state, State.READY)
            ready = await repository.mark_ready(
                tx,
                order,
                request_key=key.request_key,
                tells_delivery=may_know_delivery(order, purchaser),
            )
            reply, event = self._encode(ready)
            await outbox.add_all(tx, [event])
            return ready, await tx.keep(reply)

    async def _begin_move(
        self,
        store: StoreId,
        order_id: str,
        purchaser: Purchaser,
        to_state: State,
        end_reason: HutongError | None,
        check: Callable[[Order], None],
        key: RequestKey,
    ) -> Order:
        token = ids.mint("lease")
        async with Once(self.database, key).transaction() as tx:
            order = await self._resting(tx, store, order_id, purchaser)
            check(order)
            assert_legal(order.state, to_state)
            await repository.begin_move(
                tx,
                order,
                to_state=to_state,
                end_reason=end_reason,
                request_key=key.request_key,
                lease_token=token,
                lease_seconds=self._lease_seconds,
                tells_delivery=may_know_delivery(order, purchaser),
            )
        return replace(
            order,
            state=to_state,
            lease_token=token,
            end_reason=end_reason or order.end_reason,
            attempts=0,
            tells_delivery=may_know_delivery(order, purchaser),
        )

    async def _resting(
        self, tx: Transaction, store: StoreId, order_id: str, purchaser: Purchaser
    ) -> Order:
        """The order, locked; RequestInFlight if somebody drives it."""
        found = await repository.get(tx, store, order_id, for_update=True)
        order = require_visible(found, store, order_id, purchaser)
        if order.state in ON_THE_WAY:
            raise RequestInFlight
        return order

    async def move_all(self, moves: Sequence[Move]) -> list[Moved | HutongError]:
        """Moves orders under their leases; stores answers and events of those that end.

        Per item: the order as it is now, or RequestInFlight if another drives it.
        """
        for move in moves:
            assert_legal(move.order.state, move.to_state)
        answers: list[tuple[str, bytes, StoredAnswer]] = []
        events: list[Event] = []
        moved: list[Moved | HutongError] = []
        async with self.database.transaction() as tx:
            rows = await repository.move_all(tx, moves, lease_seconds=self._lease_seconds)
            for row in rows:
                if row is None:
                    moved.append(RequestInFlight())
                    continue
                order, answer = row.order, None
                if order.state not in ON_THE_WAY:
                    reply, event = self._encode(order)
                    events.append(event)
                    is_refused = order.state is State.REFUSED
                    answer = StoredAnswer(
                        None if is_refused else reply, order.end_reason if is_refused else None
                    )
                    if order.state is not State.NEEDS_ATTENTION:
                        answers.append((order.store, row.request_key, answer))
                moved.append(Moved(order, answer))
            await keep_all(tx, answers)
            await outbox.add_all(tx, events)
            await self._end_checkouts(tx, moves, moved)
        return moved

    @staticmethod
    async def _end_checkouts(
        tx: Transaction, moves: Sequence[Move], moved: Sequence[Moved | HutongError]
    ) -> None:
        """Empties the baskets of orders that are placed now, and lets those of others go."""
        ended = [
            EndedCheckout(checkout.name, one.order.order_id, one.order.state in SOLD)
            for move, one in zip(moves, moved, strict=True)
            if isinstance(one, Moved)
            and move.order.state in UNSETTLED
            and one.order.state not in UNSETTLED
            and (checkout := checkout_of(one.order)) is not None
        ]
        if ended:
            await basket_rows.end_checkouts(tx, ended)

    async def take_over(self, *, limit: int) -> list[Order]:
        """Orders whose lease ran out, leased to the caller now."""
        async with self.database.transaction() as tx:
            return await repository.take_over(
                tx,
                lease_token=ids.mint("lease"),
                lease_seconds=self._lease_seconds,
                pause_seconds_max=PAUSE_SECONDS_MAX,
                limit=limit,
            )

    async def give_up_leases(self, orders: Sequence[Order]) -> None:
        """Lets a worker take orders over: at once, or after a pause that grows with the attempts
        that were made.
        """
        pauses = [
            min(PAUSE_SECONDS_MIN * 2**order.attempts, PAUSE_SECONDS_MAX) if order.attempts else 0.0
            for order in orders
        ]
        async with self.database.transaction() as tx:
            await repository.give_up_leases(tx, orders, pauses_seconds=pauses)

    async def count_on_the_way(self) -> dict[State, int]:
        """How many orders are on their way, or wait for a person, by state."""
        async with self.database.reading() as reading:
            return await repository.count_on_the_way(reading)


def _why_not(kept: KeptBasket, version: int) -> HutongError:
    """Why an order did not get its basket: what that is at now says it."""
    try:
        kept.require_orderable(version)
    except HutongError as refusal:
        return refusal
    return BasketInCheckout()


def new_order(command: PlaceOrder, quote: Quote) -> Order:
    """The order that a command and its quote make, in state placing with a fresh lease token."""
    return Order(
        store=command.basket.store,
        order_id=command.order_id,
        state=State.PLACING,
        fulfilment=command.fulfilment,
        lines=quote.lines,
        total=quote.total,
        tender=command.tender,
        customer=command.customer,
        till=command.till,
        placed_by=command.purchaser.principal,
        end_reason=None,
        created_at=quote.quoted_at,
        updated_at=quote.quoted_at,
        version=0,
        lease_token=ids.mint("lease"),
        delivery=command.delivery,
        basket_version=command.basket_version,
        traceparent=command.traceparent,
        receipt=None if command.recorded is None else command.recorded.receipt,
    )
