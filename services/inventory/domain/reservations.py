"""Reservations, and the rules by which a batch of requests makes, commits and releases them.

Requests are decided in the order of their arrival, all lines of one or none. What was decided once
is answered the same again.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from chassis.kernel.errors import HutongError, Refusal, RequestIdReused, ResourceNotFound
from chassis.kernel.names import RESERVATION, StoreId
from services.inventory.domain import deficits
from services.inventory.domain.stock import (
    EXPIRY,
    HOLD,
    RELEASE,
    RETURN,
    SALE_AT_ONCE,
    SALE_OF_HELD,
    Books,
    Effect,
    LevelKey,
    Line,
    require_unit,
)

EXPIRY_ACTOR = "inventory"
"""Who ends a hold that has run out: nobody but this service's clock."""


class InsufficientStock(Refusal):
    """Less can be sold than one line wants."""

    reason = "INSUFFICIENT_STOCK"
    message = "{wanted} of {sku} are wanted, {available} are available"


class OrderUndone(Refusal):
    """The reservation ended, perhaps before it came; it can't be made again."""

    reason = "ORDER_UNDONE"
    message = "this reservation has been undone"


class ReservationEnded(Refusal):
    """The reservation is past the point where this could be done."""

    reason = "RESERVATION_ENDED"
    message = "the reservation is {state}"


class ReservationState(enum.StrEnum):
    """Where a reservation stands. HELD can become any state but REFUSED, TAKEN only RETURNED."""

    HELD = "HELD"
    TAKEN = "TAKEN"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    RETURNED = "RETURNED"
    EXPIRED = "EXPIRED"
    REFUSED = "REFUSED"


class Mode(enum.StrEnum):
    """How a reservation ties its stock: promised until its owner decides, or gone at once."""

    HOLD = "hold"
    TAKE = "take"


class ReservationKey(NamedTuple):
    """Which reservation."""

    store_id: StoreId
    reservation_id: str


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a reservation was refused: the first line by SKU that could not be had."""

    sku: str
    wanted: int
    available: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Stock tied to one owner.

    `request_hash` is None and there are no lines if it was released before it came. `ended_at` is
    None while it can still change.
    """

    store_id: StoreId
    reservation_id: str
    state: ReservationState
    lines: tuple[Line, ...]
    request_hash: bytes | None
    shortage: Shortage | None
    expires_at: datetime | None
    actor: str
    created_at: datetime
    ended_at: datetime | None

    @property
    def key(self) -> ReservationKey:
        """Which reservation this is."""
        return ReservationKey(self.store_id, self.reservation_id)

    @property
    def level_keys(self) -> Iterable[LevelKey]:
        """The levels that its lines are of."""
        return (LevelKey(self.store_id, line.sku) for line in self.lines)

    def seen_at(self, moment: datetime) -> Reservation:
        """The reservation as it stands at a moment: a hold that has run out is EXPIRED."""
        is_open = self.state is ReservationState.HELD
        if is_open and self.expires_at is not None and self.expires_at <= moment:
            return replace(self, state=ReservationState.EXPIRED, ended_at=moment)
        return self


@dataclass(frozen=True, slots=True)
class ReserveCommand:
    """What is to be tied, and for whom.

    Lines are merged. Without a duration a hold has no clock. `traceparent` is the trace that it is
    part of. With `allow_deficit` the goods are gone already, whatever the books say; then every
    line has a level.
    """

    store_id: StoreId
    reservation_id: str
    mode: Mode
    lines: tuple[Line, ...]
    actor: str
    hold_duration: timedelta | None = None
    traceparent: str = ""
    allow_deficit: bool = False

    @property
    def key(self) -> ReservationKey:
        """Which reservation is asked for."""
        return ReservationKey(self.store_id, self.reservation_id)

    @property
    def request_hash(self) -> bytes:
        """What makes a request with the same id the same request: its mode and its lines."""
        how = ["deficit"] if self.allow_deficit else []
        text = json.dumps(
            [self.mode, [[line.sku, line.quantity, line.unit] for line in self.lines], *how]
        )
        return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class EndCommand:
    """Which reservation is to be committed or released, by whom, and as part of which trace."""

    store_id: StoreId
    reservation_id: str
    actor: str
    traceparent: str = ""

    @property
    def key(self) -> ReservationKey:
        """Which reservation is meant."""
        return ReservationKey(self.store_id, self.reservation_id)


Answer = Reservation | HutongError
"""What one request of a batch gets."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a batch gets, in its order, and the reservations that came to be or changed by it."""

    answers: Sequence[Answer]
    made: Sequence[Reservation]
    changed: Sequence[Reservation]


def expired(due: Iterable[Reservation], books: Books) -> list[Reservation]:
    """Ends holds that have run out, and frees their stock."""
    ended = []
    for reservation in due:
        after = reservation.seen_at(books.moment)
        _post(books, after, EXPIRY, actor=EXPIRY_ACTOR)
        ended.append(after)
    return ended


def reserve(
    commands: Iterable[ReserveCommand],
    *,
    known: Mapping[ReservationKey, Reservation],
    books: Books,
) -> Decisions:
    """Decides requests in the order of their arrival; those decided before get their answer again.

    `known` has the reservations that exist of those asked for; `books` every level that there is of
    the others' lines. Refused ones are made too, so that a late repeat is refused alike.
    """
    reservations = dict(known)
    answers: list[Answer] = []
    made: list[Reservation] = []
    for command in commands:
        try:
            if command.key not in reservations:
                made.append(_decided(command, books))
                reservations[command.key] = made[-1]
            answers.append(_answer_to(command, reservations[command.key].seen_at(books.moment)))
        except HutongError as error:
            answers.append(error)
    return Decisions(answers, made, ())


def commit(
    commands: Iterable[EndCommand], *, known: Mapping[ReservationKey, Reservation], books: Books
) -> Decisions:
    """Lets the goods of held reservations leave. What has left already is answered as it is."""
    reservations = dict(known)
    answers: list[Answer] = []
    changed: list[Reservation] = []
    for command in commands:
        try:
            if command.key not in reservations:
                raise ResourceNotFound(resource=RESERVATION.format(*command.key))
            before = reservations[command.key].seen_at(books.moment)
            if before.state not in _STANDING:
                raise ReservationEnded(state=before.state)
            if before.state is ReservationState.HELD:
                _post(books, before, SALE_OF_HELD, actor=command.actor)
                changed.append(_ended(before, ReservationState.COMMITTED, books))
                reservations[command.key] = changed[-1]
            answers.append(reservations[command.key])
        except HutongError as error:
            answers.append(error)
    return Decisions(answers, (), changed)


def release(
    commands: Iterable[EndCommand], *, known: Mapping[ReservationKey, Reservation], books: Books
) -> Decisions:
    """Frees what is held and takes back what was taken; leaves a tombstone for what never came."""
    reservations = dict(known)
    answers: list[Answer] = []
    made: list[Reservation] = []
    changed: list[Reservation] = []
    for command in commands:
        try:
            before = reservations.get(command.key)
            if before is None:
                made.append(_tombstone(command, books.moment))
                reservations[command.key] = made[-1]
            elif before.ended_at is None:
                changed.append(_released(before, command, books))
                reservations[command.key] = changed[-1]
            elif before.state is ReservationState.COMMITTED:
                raise ReservationEnded(state=before.state)
            answers.append(reservations[command.key])
        except HutongError as error:
            answers.append(error)
    return Decisions(answers, made, changed)


_STANDING = frozenset({ReservationState.HELD, ReservationState.COMMITTED, ReservationState.TAKEN})
"""States in which the stock is promised or gone."""


def _decided(command: ReserveCommand, books: Books) -> Reservation:
    """The reservation that a new request makes: HELD, TAKEN or REFUSED; raises UnitMismatch."""
    shortage = _shortage(command, books)
    is_hold = command.mode is Mode.HOLD
    state = ReservationState.HELD if is_hold else ReservationState.TAKEN
    expires_at = None
    if shortage is None and command.hold_duration is not None:
        expires_at = books.moment + command.hold_duration
    reservation = Reservation(
        store_id=command.store_id,
        reservation_id=command.reservation_id,
        state=state if shortage is None else ReservationState.REFUSED,
        lines=command.lines,
        request_hash=command.request_hash,
        shortage=shortage,
        expires_at=expires_at,
        actor=command.actor,
        created_at=books.moment,
        ended_at=None if shortage is None else books.moment,
    )
    if command.allow_deficit:
        deficits.supply(
            books,
            command.store_id,
            command.lines,
            actor=command.actor,
            cause=command.reservation_id,
        )
    if shortage is None:
        _post(books, reservation, HOLD if is_hold else SALE_AT_ONCE, actor=command.actor)
    return reservation


def _shortage(command: ReserveCommand, books: Books) -> Shortage | None:
    """The first line that there is not enough for. A unit that is wrong on any line comes first."""
    levels = [books.level(LevelKey(command.store_id, line.sku)) for line in command.lines]
    for line, level in zip(command.lines, levels, strict=True):
        if level is not None:
            require_unit(line, level.unit)
    if command.allow_deficit:
        return None
    for line, level in zip(command.lines, levels, strict=True):
        available = level.available if level is not None else 0
        if available < line.quantity:
            return Shortage(line.sku, line.quantity, available)
    return None


def _answer_to(command: ReserveCommand, reservation: Reservation) -> Reservation:
    """What a request for a reservation that exists gets, the first time and every other time."""
    if reservation.request_hash not in (None, command.request_hash):
        raise RequestIdReused.at("reservation_id", "was used before with other lines")
    if reservation.shortage is not None:
        shortage = reservation.shortage
        raise InsufficientStock(
            sku=shortage.sku, wanted=shortage.wanted, available=shortage.available
        )
    if reservation.state not in _STANDING:
        raise OrderUndone
    return reservation


def _released(before: Reservation, command: EndCommand, books: Books) -> Reservation:
    seen = before.seen_at(books.moment)
    if seen.state is ReservationState.EXPIRED:
        _post(books, seen, EXPIRY, actor=EXPIRY_ACTOR)
        return seen
    if seen.state is ReservationState.HELD:
        _post(books, seen, RELEASE, actor=command.actor)
        return _ended(seen, ReservationState.RELEASED, books)
    _post(books, seen, RETURN, actor=command.actor)
    return _ended(seen, ReservationState.RETURNED, books)


def _post(books: Books, reservation: Reservation, effect: Effect, *, actor: str) -> None:
    books.post(
        reservation.store_id,
        reservation.lines,
        effect,
        actor=actor,
        cause=reservation.reservation_id,
    )


def _ended(reservation: Reservation, state: ReservationState, books: Books) -> Reservation:
    return replace(reservation, state=state, ended_at=books.moment)


def _tombstone(command: EndCommand, moment: datetime) -> Reservation:
    return Reservation(
        store_id=command.store_id,
        reservation_id=command.reservation_id,
        state=ReservationState.RELEASED,
        lines=(),
        request_hash=None,
        shortage=None,
        expires_at=None,
        actor=command.actor,
        created_at=moment,
        ended_at=moment,
    )
