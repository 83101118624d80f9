"""Stock levels, and the postings by which alone they change.

Every posting is a movement that explains it, and gives its level the next version. Nothing here
reads a clock: the moment of a batch is handed in, and is the database's.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from chassis.kernel.errors import QuantityTooLarge, Refusal, UnitMismatch
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import QUANTITY_MAX, Unit


class StockChanged(Refusal):
    """The books say something else than the count was compared with."""

    reason = "STOCK_CHANGED"
    message = "the books show {actual} by now, not {expected}"


class StockHeld(Refusal):
    """Less was counted than is promised."""

    reason = "STOCK_HELD"
    message = "{held} are promised, more than the {counted} that were counted"


class MovementType(enum.StrEnum):
    """What kind of change a movement is."""

    RECEIPT = "RECEIPT"
    FOUND = "FOUND"
    SHRINK = "SHRINK"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    EXPIRY = "EXPIRY"
    SALE = "SALE"
    RETURN = "RETURN"
    DEFICIT = "DEFICIT"


class LevelKey(NamedTuple):
    """Which stock level."""

    store_id: StoreId
    sku: str


@dataclass(frozen=True, slots=True)
class Line:
    """So much of one product."""

    sku: str
    quantity: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class StockLevel:
    """How much of one product a store has.

    `run_out` is the part of `held` that belongs to holds which have run out and are not yet ended
    in the books; it counts as available.
    """

    store_id: StoreId
    sku: str
    unit: Unit
    on_hand: int
    held: int
    version: int
    run_out: int = 0

    @property
    def key(self) -> LevelKey:
        """Which level this is."""
        return LevelKey(self.store_id, self.sku)

    @property
    def available(self) -> int:
        """What can be sold."""
        return self.on_hand - self.held + self.run_out


@dataclass(frozen=True, slots=True)
class StockMovement:
    """One change of one level; `version` is the one that it gave the level."""

    store_id: StoreId
    sku: str
    version: int
    type: MovementType
    on_hand_change: int
    held_change: int
    on_hand_after: int
    held_after: int
    actor: str
    cause: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReceiveCommand:
    """A delivery. Lines are merged."""

    store_id: StoreId
    lines: tuple[Line, ...]
    delivery_note: str
    actor: str


@dataclass(frozen=True, slots=True)
class AdjustCommand:
    """A count of one level, and the on_hand that it was compared with."""

    store_id: StoreId
    sku: str
    unit: Unit
    counted: int
    expected_on_hand: int
    reason: str
    actor: str


def merged(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines by SKU, those of one product added up; UnitMismatch if their units differ."""
    by_sku: dict[str, Line] = {}
    for line in lines:
        before = by_sku.get(line.sku)
        if before is not None:
            require_unit(line, before.unit)
            line = replace(line, quantity=before.quantity + line.quantity)  # noqa: PLW2901
        by_sku[line.sku] = line
    return tuple(by_sku[sku] for sku in sorted(by_sku))


def require_unit(line: Line, unit: Unit) -> None:
    """UnitMismatch unless the line counts in this unit."""
    if line.unit is not unit:
        raise UnitMismatch.at(
            "lines", f"{line.sku} is counted by {unit}", sku=line.sku, wanted=unit, given=line.unit
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """What a movement of one unit does to a level."""

    type: MovementType
    on_hand: int
    held: int


RECEIPT = Effect(MovementType.RECEIPT, on_hand=1, held=0)
FOUND = Effect(MovementType.FOUND, on_hand=1, held=0)
SHRINK = Effect(MovementType.SHRINK, on_hand=-1, held=0)
HOLD = Effect(MovementType.HOLD, on_hand=0, held=1)
RELEASE = Effect(MovementType.RELEASE, on_hand=0, held=-1)
EXPIRY = Effect(MovementType.EXPIRY, on_hand=0, held=-1)
SALE_OF_HELD = Effect(MovementType.SALE, on_hand=-1, held=-1)
SALE_AT_ONCE = Effect(MovementType.SALE, on_hand=-1, held=0)
RETURN = Effect(MovementType.RETURN, on_hand=1, held=0)
DEFICIT = Effect(MovementType.DEFICIT, on_hand=1, held=0)


@dataclass(frozen=True, slots=True)
class Posting:
    """A movement and the level after it."""

    movement: StockMovement
    level: StockLevel


class Books:
    """The levels that a batch works on, and all that it posts to them."""

    def __init__(self, levels: Iterable[StockLevel], *, moment: datetime) -> None:
        self._levels = {level.key: level for level in levels}
        self.moment = moment
        self.postings: list[Posting] = []

    @property
    def levels_changed(self) -> Sequence[StockLevel]:
        """The levels that were posted to, as they are after it."""
        return list({posting.level.key: posting.level for posting in self.postings}.values())

    def level(self, key: LevelKey) -> StockLevel | None:
        """The level as it is after all that was posted; None if the store never had the product."""
        return self._levels.get(key)

    def post(
        self, store_id: StoreId, lines: Iterable[Line], effect: Effect, *, actor: str, cause: str
    ) -> None:
        """Posts all lines, a movement each. Raises QuantityTooLarge before the first, if any is.

        The levels exist, and have what is taken from them: whoever posts has seen to it.
        """
        changes = [(self._levels[LevelKey(store_id, line.sku)], line.quantity) for line in lines]
        for level, quantity in changes:
            if level.on_hand + effect.on_hand * quantity > QUANTITY_MAX:
                raise QuantityTooLarge(sku=level.sku)
        for level, quantity in changes:
            after = replace(
                level,
                on_hand=level.on_hand + effect.on_hand * quantity,
                held=level.held + effect.held * quantity,
                version=level.version + 1,
            )
            self._levels[level.key] = after
            self.postings.append(
                posted(after, effect, quantity, actor=actor, cause=cause, moment=self.moment)
            )


def posted(
    after: StockLevel, effect: Effect, quantity: int, *, actor: str, cause: str, moment: datetime
) -> Posting:
    """The posting that led to the level `after`."""
    movement = StockMovement(
        store_id=after.store_id,
        sku=after.sku,
        version=after.version,
        type=effect.type,
        on_hand_change=effect.on_hand * quantity,
        held_change=effect.held * quantity,
        on_hand_after=after.on_hand,
        held_after=after.held,
        actor=actor,
        cause=cause,
        created_at=moment,
    )
    return Posting(movement, after)


def adjust(command: AdjustCommand, books: Books) -> None:
    """Corrects a level, which exists, to what was counted; posts nothing if it is that already.

    Raises UnitMismatch, StockChanged, StockHeld.
    """
    level = books.level(LevelKey(command.store_id, command.sku))
    assert level is not None
    difference = command.counted - level.on_hand
    line = Line(command.sku, abs(difference), command.unit)
    if command.unit is not level.unit:
        raise UnitMismatch.at(
            "unit",
            f"is {level.unit}",
            sku=command.sku,
            wanted=level.unit,
            given=command.unit,
        )
    if command.expected_on_hand != level.on_hand:
        raise StockChanged(expected=command.expected_on_hand, actual=level.on_hand)
    if command.counted < level.held:
        raise StockHeld(counted=command.counted, held=level.held)
    if difference:
        effect = FOUND if difference > 0 else SHRINK
        books.post(command.store_id, [line], effect, actor=command.actor, cause=command.reason)
