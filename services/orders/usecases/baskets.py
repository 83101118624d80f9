"""What customers do with their baskets.

A change is decided on the basket as it was read, with the prices of the catalogue, and written only
if the basket is still at that version: no call is made while its row is locked. Where another
device was faster, the change is decided anew on what that left behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from chassis.db.engine import Database
from chassis.db.idempotency import Once, Replayed, answer_of
from chassis.kernel.errors import Conflict, HutongError
from chassis.kernel.money import Money
from services.orders.domain.baskets import (
    IDLE_TIME,
    BasketName,
    Change,
    Checkout,
    KeptBasket,
    SeenBasket,
    require_own,
    require_readable,
    require_seen_total,
    seen,
)
from services.orders.domain.baskets import Prices as PricesOfNow
from services.orders.domain.orders import (
    STEP_REFUSALS,
    Basket,
    PricedLine,
    Purchaser,
    Wanted,
)
from services.orders.ports import Prices
from services.orders.repository import baskets as repository

ATTEMPTS_MAX = 5
"""How often a change is decided when other devices are faster each time."""

IDLE_AT_ONCE_MAX = 500
"""So many idle baskets are deleted in one transaction."""

EncodeBasket = Callable[[SeenBasket], bytes]
Decide = Callable[[KeptBasket, PricesOfNow, datetime], KeptBasket]
"""What a basket becomes, with the prices of what is wanted of it, at an instant."""


class _BasketMoved(Exception):
    """Another change was faster; nothing is done."""


class Baskets:
    """The use cases on baskets."""

    def __init__(self, database: Database, *, prices: Prices, encode: EncodeBasket) -> None:
        self.database = database
        self._prices = prices
        self._encode = encode

    async def get(self, name: BasketName, purchaser: Purchaser, *, deadline: float) -> SeenBasket:
        """The basket at the prices of now; ResourceNotFound if it is not theirs to see."""
        require_readable(name, purchaser)
        async with self.database.transaction() as tx:
            kept, now = await repository.get(tx, name)
        return await self._look(kept, now=now, deadline=deadline)

    async def set_lines(
        self,
        once: Once,
        name: BasketName,
        purchaser: Purchaser,
        changes: Sequence[Change],
        *,
        expected_version: int,
        deadline: float,
    ) -> bytes:
        """Sets lines, based on a version unless that is 0; why they can't be, if they can't."""

        def wanted(kept: KeptBasket) -> tuple[Wanted, ...]:
            if expected_version:
                kept.require_version(expected_version)
            return kept.after(changes)

        def decide(kept: KeptBasket, prices: PricesOfNow, now: datetime) -> KeptBasket:
            return kept.with_changes(changes, prices, now=now)

        return await self._change(once, name, purchaser, wanted, decide, deadline=deadline)

    async def accept_prices(
        self,
        once: Once,
        name: BasketName,
        purchaser: Purchaser,
        *,
        expected_version: int,
        expected_total: Money | None,
        deadline: float,
    ) -> bytes:
        """Makes the prices of now the shown ones; BasketChanged, PriceChanged."""

        def wanted(kept: KeptBasket) -> tuple[Wanted, ...]:
            kept.require_version(expected_version)
            return kept.wanted

        def decide(kept: KeptBasket, prices: PricesOfNow, now: datetime) -> KeptBasket:
            accepted = kept.accepting(prices, now=now)
            require_seen_total(expected_total, seen(accepted, prices, now=now))
            return accepted

        return await self._change(once, name, purchaser, wanted, decide, deadline=deadline)

    async def freeze(
        self,
        once: Once,
        name: BasketName,
        purchaser: Purchaser,
        *,
        expected_version: int,
        deadline: float,
    ) -> bytes:
        """Keeps the shown prices for a while.

        BasketChanged, BasketEmpty, LinePriceChanged, and why a line can't be bought.
        """

        def wanted(kept: KeptBasket) -> tuple[Wanted, ...]:
            kept.require_version(expected_version)
            kept.require_lines()
            return kept.wanted

        def decide(kept: KeptBasket, prices: PricesOfNow, now: datetime) -> KeptBasket:
            return kept.frozen(prices, now=now)

        return await self._change(once, name, purchaser, wanted, decide, deadline=deadline)

    async def clear(
        self,
        once: Once,
        name: BasketName,
        purchaser: Purchaser,
        *,
        expected_version: int,
        deadline: float,
    ) -> bytes:
        """Takes all lines out; BasketChanged."""

        def wanted(kept: KeptBasket) -> tuple[Wanted, ...]:
            kept.require_version(expected_version)
            return ()

        def decide(kept: KeptBasket, _: PricesOfNow, now: datetime) -> KeptBasket:
            return kept.cleared(now=now)

        return await self._change(once, name, purchaser, wanted, decide, deadline=deadline)

    async def to_order_all(
        self, checkouts: Sequence[Checkout]
    ) -> list[tuple[KeptBasket, datetime] | HutongError]:
        """Baskets that orders are to be placed with, and the database's time, by one statement.

        Per item: BasketChanged, BasketInCheckout, BasketEmpty. Nothing is tied to the order yet.
        """
        async with self.database.transaction() as tx:
            found = await repository.get_all(tx, [checkout.name for checkout in checkouts])

        def checked(
            checkout: Checkout, kept: KeptBasket, now: datetime
        ) -> tuple[KeptBasket, datetime] | HutongError:
            try:
                kept.require_orderable(checkout.version)
            except HutongError as refusal:
                return refusal
            return kept, now

        return [checked(checkout, *each) for checkout, each in zip(checkouts, found, strict=True)]

    async def delete_idle(self) -> int:
        """Deletes baskets that nobody has changed for long, some at a time; how many."""
        async with self.database.transaction() as tx:
            return await repository.delete_idle(tx, idle=IDLE_TIME, limit=IDLE_AT_ONCE_MAX)

    async def _change(
        self,
        once: Once,
        name: BasketName,
        purchaser: Purchaser,
        wanted: Callable[[KeptBasket], tuple[Wanted, ...]],
        decide: Decide,
        *,
        deadline: float,
    ) -> bytes:
        """Changes a basket once; Replayed with the first answer, Conflict if others are faster.

        `wanted` is what has to be priced for `decide`; both may refuse.
        """
        require_own(name, purchaser)
        for _ in range(ATTEMPTS_MAX):
            async with self.database.transaction() as tx:
                answer = await answer_of(tx, once.key)
                kept, now = await repository.get(tx, name)
            if answer is not None:
                raise Replayed(answer)
            try:
                return await self._attempt(once, kept, wanted, decide, now=now, deadline=deadline)
            except _BasketMoved:
                continue
        raise Conflict

    async def _attempt(
        self,
        once: Once,
        kept: KeptBasket,
        wanted: Callable[[KeptBasket], tuple[Wanted, ...]],
        decide: Decide,
        *,
        now: datetime,
        deadline: float,
    ) -> bytes:
        outcome: SeenBasket | HutongError
        try:
            kept.require_changeable()
            prices = await self._prices_of(kept.name, wanted(kept), deadline=deadline)
            outcome = seen(decide(kept, prices, now), prices, now=now)
        except HutongError as refusal:
            if not refusal.is_answer:
                raise
            outcome = refusal
        async with once.transaction() as tx:
            if isinstance(outcome, HutongError):
                raise outcome
            if not await repository.put(tx, outcome.kept, expected_version=kept.version):
                raise _BasketMoved
            return await tx.keep(self._encode(outcome))

    async def _look(self, kept: KeptBasket, *, now: datetime, deadline: float) -> SeenBasket:
        wanted = () if kept.is_frozen(now) else kept.wanted
        prices = await self._prices_of(kept.name, wanted, deadline=deadline)
        return seen(kept, prices, now=now)

    async def _prices_of(
        self, name: BasketName, wanted: tuple[Wanted, ...], *, deadline: float
    ) -> PricesOfNow:
        """What each line costs now, or why it can't be bought.

        All are asked about at once, and one by one only if the catalogue refuses one of them.
        """
        if not wanted:
            return {}
        try:
            quote = await self._prices.quote(Basket(name.store, wanted), deadline=deadline)
        except HutongError as refusal:
            if refusal.kind not in STEP_REFUSALS:
                raise
            if len(wanted) == 1:
                return {wanted[0].sku: refusal}
        else:
            return {line.sku: line for line in quote.lines}
        alone = await asyncio.gather(
            *(self._price_of(name, line, deadline=deadline) for line in wanted)
        )
        return {line.sku: price for line, price in zip(wanted, alone, strict=True)}

    async def _price_of(
        self, name: BasketName, line: Wanted, *, deadline: float
    ) -> PricedLine | HutongError:
        try:
            quote = await self._prices.quote(Basket(name.store, (line,)), deadline=deadline)
        except HutongError as refusal:
            if refusal.kind not in STEP_REFUSALS:
                raise
            return refusal
        return quote.lines[0]
