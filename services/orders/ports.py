"""What the saga needs of other services, as it sees them. A batch is asked for at once, and each of
its items answered on its own, in their order; a call of one item finds company behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chassis.kernel.errors import HutongError
from services.orders.domain.orders import Basket, Order, Quote
from services.orders.domain.promises import Promise, StoreToday

Refused = HutongError | None
"""Why a step was not done for an order, by the other side's own word; None if it was."""


class Prices(Protocol):
    """Prices at one instant."""

    async def quote(self, basket: Basket, *, deadline: float) -> Quote:
        """What the basket costs now; raises the other side's HutongError."""
        ...

    async def quote_all(
        self, baskets: Sequence[Basket], *, traces: Sequence[str], deadline: float
    ) -> Sequence[Quote | HutongError]:
        """What each basket costs now, each as part of the trace named for it."""
        ...


class Stores(Protocol):
    """What stores say of themselves now."""

    async def today(self, wanted: Promise, *, deadline: float) -> StoreToday:
        """What the store says; StoreUnknown, or the other side's HutongError."""
        ...

    async def today_all(
        self, wanted: Sequence[Promise], *, traces: Sequence[str], deadline: float
    ) -> Sequence[StoreToday | HutongError]:
        """What each store says, each as part of the trace named for it; StoreUnknown."""
        ...


class Stock(Protocol):
    """Stock, idempotent by order."""

    async def take(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The goods leave at once."""
        ...

    async def reserve(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The goods are held for the order."""
        ...

    async def commit(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The held goods leave."""
        ...

    async def release(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """Whatever was held or taken is back; a later take or reserve is refused."""
        ...


class Money(Protocol):
    """Money, idempotent by order."""

    async def charge(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The total is taken at once."""
        ...

    async def authorise(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The total is held."""
        ...

    async def capture(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """The held total becomes the store's."""
        ...

    async def void(self, orders: Sequence[Order], *, deadline: float) -> Sequence[Refused]:
        """Whatever was held or taken is back; a later charge or authorise is refused."""
        ...
