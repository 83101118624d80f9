"""What the stores service needs of an index of positions. The index is never the truth: it says
which stores may be near, and their rows say the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is, as of one of its versions."""

    store: StoreId
    position: Position
    version: int


@dataclass(frozen=True, slots=True)
class Near:
    """A store of the index, and the least and the most that its distance can be."""

    store: StoreId
    metres_least: float
    metres_most: float


class StoreIndex(Protocol):
    """Positions of stores by tenant. Every method raises Unavailable if the index is down."""

    async def within(
        self, tenant: str, centre: Position, *, radius_metres: float
    ) -> Sequence[Near] | None:
        """At least all stores in the circle, the nearest first; None if the index is not whole."""
        ...

    async def is_whole(self, tenant: str) -> bool:
        """Whether all stores of a tenant are in the index, but for those that changed just now."""
        ...

    async def put(self, tenant: str, places: Sequence[Place]) -> None:
        """Notes where stores are; a version older than the one it has changes nothing."""
        ...

    async def begin(self, tenant: str) -> str:
        """Announces that all stores of a tenant are about to be put; the name of the attempt."""
        ...

    async def finish(self, tenant: str, attempt: str) -> bool:
        """Declares the index whole, unless it was emptied since the attempt began."""
        ...
