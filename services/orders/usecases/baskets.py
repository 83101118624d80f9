"""What customers do with their baskets.

A change is decided on the basket as it was read, with the prices of the catalogue, and written only
if the basket is still at that version: no call is made while its row is locked. Where another
device was faster, the change is decided anew on what that left behind.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from chassis.db.engine import Database
from chassis.db.idempotency import Once, Replayed, answer_of
from chassis.kernel.errors import Conflict, HutongError
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.log import logger
from services.orders.domain.baskets import (
    IDLE_TIME,
    BasketName,
    Change,
    Checkout,
    KeptBasket,
    require_own,
    require_readable,
)
from services.orders.domain.baskets import Prices as PricesOfNow
from services.orders.domain.orders import (
    STEP_REFUSALS,
    Basket,
    Fulfilment,
    PricedLine,
    Purchaser,
    Wanted,
)
from services.orders.domain.promises import Promise, StoreToday, StoreUnknown
from services.orders.domain.seen_baskets import SeenBasket, require_seen_total, seen
from services.orders.ports import Prices, Stores
from services.orders.repository import baskets as repository

ATTEMPTS_MAX = 5
"""How often a change is decided when other devices are faster each time."""

IDLE_AT_ONCE_MAX = 500
"""So many idle baskets are deleted in one transaction."""

STORES_AT_ONCE_MAX = 200
FREEZES_AT_ONCE_MAX = 500
"""So many stores are asked, and freezes lifted, at once."""

STORE_SECONDS = 4.0
"""How long a store may take to say whether it is closed."""

EncodeBasket = Callable[[SeenBasket], bytes]
Decide = Callable[[KeptBasket, PricesOfNow, datetime, StoreToday | None], KeptBasket]
"""What a basket becomes, with the prices of what is wanted of it, at an instant, and what the store
says of itself if it is closed."""


log = logger(__name__)


class _BasketMoved(Exception):
    """Another change was faster; nothing is done."""


class Baskets:
    """The use cases on baskets."""

    def __init__(
        self, database: Database, *, prices: Prices, stores: Stores, encode: EncodeBasket
    ) -> None:
        self.database = database
        self._prices = prices
        self._stores = stores
        self._encode = encode

    async def get(self, name: BasketName, purchaser: Purchaser, *, deadline: float) -> SeenBasket:
        """The basket at the prices of now; ResourceNotFound if it is not theirs to see."""
        require_readable(name, purchaser)
        async with self.database.reading() as reading:
            kept, now = await repository.get(reading, name)
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

        def decide(
            kept: KeptBasket, prices: PricesOfNow, now: datetime, _: StoreToday | None
        ) -> KeptBasket:
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

        def decide(
            kept: KeptBasket, prices: PricesOfNow, now: datetime, _: StoreToday | None
        ) -> KeptBasket:
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

        def decide(
            kept: KeptBasket, prices: PricesOfNow, now: datetime, closed: StoreToday | None
        ) -> KeptBasket:
            return kept.frozen(prices, now=now, closed=closed)

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

        def decide(
            kept: KeptBasket, _prices: PricesOfNow, now: datetime, _: StoreToday | None
        ) -> KeptBasket:
            return kept.cleared(now=now)

        return await self._change(once, name, purchaser, wanted, decide, deadline=deadline)

    async def to_order_all(
        self, checkouts: Sequence[Checkout]
    ) -> list[tuple[KeptBasket, datetime] | HutongError]:
        """Baskets that orders are to be placed with, and the database's time, by one statement.

        Per item: BasketChanged, BasketInCheckout, BasketEmpty. Nothing is tied to the order yet.
        """
        async with self.database.reading() as reading:
            found = await repository.get_all(reading, [checkout.name for checkout in checkouts])

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

    async def lift_freezes(self) -> None:
        """Ends the freezes of stores that are closed; their customers are told by the baskets."""
        after = StoreId("")
        while True:
            async with self.database.transaction() as tx:
                stores = await repository.stores_with_freezes(
                    tx, after=after, limit=STORES_AT_ONCE_MAX
                )
            deadline = time.monotonic() + STORE_SECONDS
            closed = await asyncio.gather(
                *(self._closed(store, deadline=deadline) for store in stores)
            )
            for store, today in zip(stores, closed, strict=True):
                if today is not None:
                    await self._lift_freezes(store, today)
            if len(stores) < STORES_AT_ONCE_MAX:
                return
            after = stores[-1]

    async def _lift_freezes(self, store: StoreId, closed: StoreToday) -> None:
        lifted = FREEZES_AT_ONCE_MAX
        while lifted == FREEZES_AT_ONCE_MAX:
            async with self.database.transaction() as tx:
                lifted = await repository.lift_freezes(
                    tx, store, closure=closed.closure, limit=FREEZES_AT_ONCE_MAX
                )

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
            prices, closed = await self._asked(kept.name, wanted(kept), deadline=deadline)
            outcome = seen(decide(kept, prices, now, closed), prices, now=now, closed=closed)
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
        if kept.is_frozen(now):
            closed = await self._closed(kept.name.store, deadline=deadline)
            if closed is None:
                return seen(kept, {}, now=now)
        prices, closed = await self._asked(kept.name, kept.wanted, deadline=deadline)
        return seen(kept, prices, now=now, closed=closed)

    async def _asked(
        self, name: BasketName, wanted: tuple[Wanted, ...], *, deadline: float
    ) -> tuple[PricesOfNow, StoreToday | None]:
        """The prices of what is wanted, and what its store says of itself if it is closed."""
        if not wanted:
            return {}, None
        return await asyncio.gather(
            self._prices_of(name, wanted, deadline=deadline),
            self._closed(name.store, deadline=deadline),
        )

    async def _closed(self, store: StoreId, *, deadline: float) -> StoreToday | None:
        """What a store says of itself if it is closed whatever its hours say, None if it is not.

        It is not known to be closed if it does not answer: a basket is read without it, and who
        places an order asks again.
        """
        try:
            today = await self._stores.today(
                Promise(store, Fulfilment.PICKUP, None), deadline=deadline
            )
        except StoreUnknown:
            return None
        except HutongError as problem:
            if problem.is_answer:
                raise
            log.warning("store_not_asked", store=store, reason=problem.reason)
            return None
        return today if today.closure else None

    async def _prices_of(
        self, name: BasketName, wanted: tuple[Wanted, ...], *, deadline: float
    ) -> PricesOfNow:
        """What each line costs now, or why it can't be bought.

        All are asked about at once, and one by one only if the catalogue refuses one of them.
        """
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
