"""What tills have sold and the books did not have, and the task that comes of it.

Goods that are gone can't be refused. So much as the books lack is supplied by a movement of a kind
of its own right before the sale, so that nothing on hand is ever negative and what is promised to
others stays promised; and somebody is asked why.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from chassis.kernel.errors import Refusal
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.inventory.domain.stock import (
    DEFICIT,
    Books,
    LevelKey,
    Line,
    MovementType,
    Posting,
)


class DiscrepancyOutdated(Refusal):
    """The discrepancy has grown since it was seen."""

    reason = "DISCREPANCY_CHANGED"
    message = "the discrepancy is at version {actual} by now, not {expected}"


class DiscrepancyResolved(Refusal):
    """Somebody has resolved it already."""

    reason = "DISCREPANCY_RESOLVED"
    message = "the discrepancy is resolved already"


class DiscrepancyState(enum.StrEnum):
    """Whether a discrepancy waits for somebody."""

    OPEN = "OPEN"
    RESOLVED = "RESOLVED"


class DiscrepancyKey(NamedTuple):
    """Which discrepancy."""

    store_id: StoreId
    discrepancy_id: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What somebody found out; `counted` is None if they counted nothing."""

    actor: str
    note: str
    counted: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """So much of a product was sold beyond the books, by `sales` sales, the latest `last_cause`."""

    store_id: StoreId
    discrepancy_id: str
    sku: str
    unit: Unit
    quantity: int
    sales: int
    last_cause: str
    version: int
    created_at: datetime
    updated_at: datetime
    resolution: Resolution | None = None

    @property
    def key(self) -> DiscrepancyKey:
        """Which discrepancy this is."""
        return DiscrepancyKey(self.store_id, self.discrepancy_id)

    @property
    def level_key(self) -> LevelKey:
        """The stock level that it is about."""
        return LevelKey(self.store_id, self.sku)

    @property
    def state(self) -> DiscrepancyState:
        """Whether it waits for somebody."""
        return DiscrepancyState.OPEN if self.resolution is None else DiscrepancyState.RESOLVED


@dataclass(frozen=True, slots=True)
class Deficit:
    """What a batch found missing of one product."""

    store_id: StoreId
    sku: str
    unit: Unit
    quantity: int
    sales: int
    last_cause: str


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted, and the on_hand that it was compared with."""

    counted: int
    expected_on_hand: int


@dataclass(frozen=True, slots=True)
class ResolveCommand:
    """What somebody found out about the discrepancy in the version that they saw."""

    key: DiscrepancyKey
    version: int
    count: Count | None
    note: str
    actor: str


def supply(
    books: Books, store_id: StoreId, lines: Iterable[Line], *, actor: str, cause: str
) -> None:
    """Posts what the books lack of lines that are sold; every line has its level."""
    missing = []
    for line in lines:
        level = books.level(LevelKey(store_id, line.sku))
        assert level is not None
        if level.available < line.quantity:
            missing.append(replace(line, quantity=line.quantity - level.available))
    books.post(store_id, missing, DEFICIT, actor=actor, cause=cause)


def deficits_in(postings: Iterable[Posting]) -> Sequence[Deficit]:
    """What was found missing in all, by level, in key order."""
    found: dict[LevelKey, Deficit] = {}
    for posting in postings:
        movement, key = posting.movement, posting.level.key
        if movement.type is not MovementType.DEFICIT:
            continue
        before = found.get(key)
        found[key] = Deficit(
            store_id=key.store_id,
            sku=key.sku,
            unit=posting.level.unit,
            quantity=movement.on_hand_change + (before.quantity if before else 0),
            sales=1 + (before.sales if before else 0),
            last_cause=movement.cause,
        )
    return [found[key] for key in sorted(found)]


def resolved(discrepancy: Discrepancy, command: ResolveCommand, *, moment: datetime) -> Discrepancy:
    """The discrepancy as somebody ended it. Raises DiscrepancyResolved, DiscrepancyOutdated."""
    if discrepancy.resolution is not None:
        raise DiscrepancyResolved
    if discrepancy.version != command.version:
        raise DiscrepancyOutdated(expected=command.version, actual=discrepancy.version)
    counted = None if command.count is None else command.count.counted
    return replace(
        discrepancy,
        version=discrepancy.version + 1,
        updated_at=moment,
        resolution=Resolution(command.actor, command.note, counted, moment),
    )
