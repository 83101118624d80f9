"""What the saga needs of other services, as it sees them. Each call is one order's; batches form
behind it. Each raises the other side's HutongError."""

from __future__ import annotations

from typing import Protocol

from services.orders.domain.orders import Basket, Order, Quote
from services.orders.domain.promises import Promise, StoreToday


class Prices(Protocol):
    """Prices at one instant."""

    async def quote(self, basket: Basket, *, deadline: float) -> Quote:
        """What the basket costs now."""
        ...


class Stores(Protocol):
    """What stores say of themselves now."""

    async def today(self, wanted: Promise, *, deadline: float) -> StoreToday:
        """What the store says; StoreUnknown."""
        ...


class Stock(Protocol):
    """Stock, idempotent by order."""

    async def take(self, order: Order, *, deadline: float) -> None:
        """The goods leave at once."""
        ...

    async def reserve(self, order: Order, *, deadline: float) -> None:
        """The goods are held for the order."""
        ...

    async def commit(self, order: Order, *, deadline: float) -> None:
        """The held goods leave."""
        ...

    async def release(self, order: Order, *, deadline: float) -> None:
        """Whatever was held or taken is back; a later take or reserve is refused."""
        ...


class Money(Protocol):
    """Money, idempotent by order."""

    async def charge(self, order: Order, *, deadline: float) -> None:
        """The total is taken at once."""
        ...

    async def authorise(self, order: Order, *, deadline: float) -> None:
        """The total is held."""
        ...

    async def capture(self, order: Order, *, deadline: float) -> None:
        """The held total becomes the store's."""
        ...

    async def void(self, order: Order, *, deadline: float) -> None:
        """Whatever was held or taken is back; a later charge or authorise is refused."""
        ...
