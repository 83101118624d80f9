"""The rules that decide batches, against a plain count of what there is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.kernel.errors import HutongError, RequestIdReused, ResourceNotFound, UnitMismatch
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.inventory.domain import reservations, stock
from services.inventory.domain.reservations import (
    EndCommand,
    InsufficientStock,
    Mode,
    OrderUndone,
    Reservation,
    ReservationEnded,
    ReservationKey,
    ReservationState,
    ReserveCommand,
)
from services.inventory.domain.stock import Books, LevelKey, Line, MovementType, StockLevel

STORE = StoreId("demo:sh01")
MOMENT = datetime(2026, 11, 11, tzinfo=UTC)
SKUS = "abc"
OPEN = {ReservationState.HELD, ReservationState.TAKEN, ReservationState.COMMITTED}

baskets = st.lists(
    st.builds(Line, sku=st.sampled_from(SKUS), quantity=st.integers(1, 6), unit=st.just(Unit.EACH)),
    min_size=1,
    max_size=4,
).map(stock.merged)
orders = st.sampled_from([f"ord-{n}" for n in range(8)])
modes = st.sampled_from(Mode)
supplies = st.fixed_dictionaries({sku: st.integers(0, 20) for sku in SKUS})


def books_of(supply: dict[str, int]) -> Books:
    levels = [StockLevel(STORE, sku, Unit.EACH, n, held=0, version=1) for sku, n in supply.items()]
    return Books(levels, moment=MOMENT)


def wanted(order: str, *lines: Line, mode: Mode = Mode.HOLD) -> ReserveCommand:
    return ReserveCommand(STORE, order, mode, stock.merged(lines), "test")


def key(order: str) -> ReservationKey:
    return ReservationKey(STORE, order)


def reason_of(answer: Reservation | HutongError) -> str:
    return answer.reason if isinstance(answer, HutongError) else str(answer.state)


@given(supply=supplies, baskets=st.lists(baskets, max_size=12), mode=modes)
def test_the_order_of_arrival_decides_and_nothing_is_sold_twice(
    supply: dict[str, int], baskets: list[tuple[Line, ...]], mode: Mode
) -> None:
    books = books_of(supply)
    commands = [wanted(f"ord-{n}", *basket, mode=mode) for n, basket in enumerate(baskets)]
    answers = reservations.reserve(commands, known={}, books=books).answers

    left = Counter(supply)
    for command, answer in zip(commands, answers, strict=True):
        basket = {line.sku: line.quantity for line in command.lines}
        short = [sku for sku in sorted(basket) if left[sku] < basket[sku]]
        if short:
            assert isinstance(answer, InsufficientStock)
            assert answer.facts == {
                "sku": short[0],
                "wanted": str(basket[short[0]]),
                "available": str(left[short[0]]),
            }
        else:
            assert isinstance(answer, Reservation)
            left.subtract(basket)
    for sku in SKUS:
        level = books.level(LevelKey(STORE, sku))
        assert level is not None
        assert level.available == left[sku] >= 0


@given(
    supply=supplies,
    requests=st.lists(st.tuples(orders, baskets, modes), max_size=12),
    cut=st.integers(0, 12),
)
def test_batches_decide_as_one_batch_would(
    supply: dict[str, int], requests: list[tuple[str, tuple[Line, ...], Mode]], cut: int
) -> None:
    commands = [wanted(order, *lines, mode=mode) for order, lines, mode in requests]
    whole = reservations.reserve(commands, known={}, books=books_of(supply))

    books = books_of(supply)
    first = reservations.reserve(commands[:cut], known={}, books=books)
    known = {made.key: made for made in first.made}
    second = reservations.reserve(commands[cut:], known=known, books=books)
    parts = [*first.answers, *second.answers]
    assert [reason_of(answer) for answer in parts] == [reason_of(a) for a in whole.answers]
    assert [*first.made, *second.made] == whole.made


@given(supply=supplies, requests=st.lists(st.tuples(orders, baskets), max_size=12))
def test_a_batch_repeated_gets_its_answers_again_and_moves_nothing(
    supply: dict[str, int], requests: list[tuple[str, tuple[Line, ...]]]
) -> None:
    commands = [wanted(order, *lines) for order, lines in requests]
    books = books_of(supply)
    first = reservations.reserve(commands, known={}, books=books)
    moved = len(books.postings)
    again = reservations.reserve(commands, known={m.key: m for m in first.made}, books=books)
    assert list(map(str, again.answers)) == list(map(str, first.answers))
    assert (list(again.made), len(books.postings)) == ([], moved)


def test_a_wrong_unit_comes_before_a_shortage_and_makes_nothing() -> None:
    command = wanted("ord-1", Line("a", 99, Unit.EACH), Line("b", 1, Unit.GRAM))
    decisions = reservations.reserve([command], known={}, books=books_of({"a": 1, "b": 9}))
    assert isinstance(decisions.answers[0], UnitMismatch)
    assert list(decisions.made) == []


def test_the_same_id_in_another_mode_or_with_other_lines_is_another_request() -> None:
    milk, more = Line("a", 1, Unit.EACH), Line("a", 2, Unit.EACH)
    commands = [
        wanted("ord-1", milk),
        wanted("ord-1", milk, mode=Mode.TAKE),
        wanted("ord-1", more),
        wanted("ord-1", milk),
    ]
    answers = reservations.reserve(commands, known={}, books=books_of({"a": 5})).answers
    assert isinstance(answers[1], RequestIdReused)
    assert isinstance(answers[2], RequestIdReused)
    assert answers[0] == answers[3]


@pytest.mark.parametrize(("seconds", "state"), [(59, "HELD"), (60, "EXPIRED")])
def test_a_hold_runs_out_at_its_time(seconds: int, state: str) -> None:
    command = ReserveCommand(
        STORE, "ord-1", Mode.HOLD, (Line("a", 1, Unit.EACH),), "test", timedelta(seconds=60)
    )
    (held,) = reservations.reserve([command], known={}, books=books_of({"a": 1})).made
    assert held.seen_at(MOMENT + timedelta(seconds=seconds)).state == state


class Warehouse(RuleBasedStateMachine):
    """All that can be done to one store's stock, beside a plain account of where every piece is."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = MOMENT
        self.levels = {sku: StockLevel(STORE, sku, Unit.EACH, 12, 0, 1) for sku in SKUS}
        self.supply = Counter(dict.fromkeys(SKUS, 12))
        self.reservations: dict[ReservationKey, Reservation] = {}

    def books(self) -> Books:
        return Books(self.levels.values(), moment=self.moment)

    def keep(self, books: Books, *changed: Reservation) -> None:
        self.levels.update({level.sku: level for level in books.levels_changed})
        self.reservations.update({each.key: each for each in changed})
        for posting in books.postings:
            if posting.movement.type is MovementType.RETURN:
                self.supply[posting.movement.sku] += posting.movement.on_hand_change

    def sweep(self, books: Books) -> list[Reservation]:
        due = [
            each
            for each in self.reservations.values()
            if each.ended_at is None and each.seen_at(self.moment).ended_at is not None
        ]
        return reservations.expired(due, books)

    @rule(
        requests=st.lists(st.tuples(orders, baskets, modes), min_size=1, max_size=5),
        has_clock=st.booleans(),
    )
    def reserve(
        self, requests: list[tuple[str, tuple[Line, ...], Mode]], *, has_clock: bool
    ) -> None:
        books = self.books()
        swept = self.sweep(books)
        commands = [
            ReserveCommand(
                STORE,
                order,
                mode,
                lines,
                "test",
                timedelta(seconds=30) if has_clock and mode is Mode.HOLD else None,
            )
            for order, lines, mode in requests
        ]
        known = {**self.reservations, **{each.key: each for each in swept}}
        decisions = reservations.reserve(commands, known=known, books=books)
        for command, answer in zip(commands, decisions.answers, strict=True):
            if isinstance(answer, Reservation):
                assert answer.lines == command.lines
                assert answer.state in OPEN
            else:
                assert isinstance(answer, InsufficientStock | OrderUndone | RequestIdReused)
        self.keep(books, *swept, *decisions.made)

    @rule(names=st.lists(orders, min_size=1, max_size=4))
    def commit(self, names: list[str]) -> None:
        books = self.books()
        commands = [EndCommand(STORE, name, "test") for name in names]
        decisions = reservations.commit(commands, known=self.reservations, books=books)
        for answer in decisions.answers:
            if isinstance(answer, Reservation):
                assert answer.state in OPEN - {ReservationState.HELD}
            else:
                assert isinstance(answer, ReservationEnded | ResourceNotFound)
        self.keep(books, *decisions.changed)

    @rule(names=st.lists(orders, min_size=1, max_size=4))
    def release(self, names: list[str]) -> None:
        books = self.books()
        commands = [EndCommand(STORE, name, "test") for name in names]
        decisions = reservations.release(commands, known=self.reservations, books=books)
        for answer in decisions.answers:
            if isinstance(answer, Reservation):
                assert answer.state not in OPEN
            else:
                assert isinstance(answer, ReservationEnded)
                assert answer.facts == {"state": "COMMITTED"}
        self.keep(books, *decisions.made, *decisions.changed)

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        self.moment += timedelta(seconds=seconds)

    @rule()
    def sweeper(self) -> None:
        books = self.books()
        self.keep(books, *self.sweep(books))

    @invariant()
    def every_piece_is_accounted_for(self) -> None:
        held, sold = Counter[str](), Counter[str]()
        for each in self.reservations.values():
            for line in each.lines:
                if each.state is ReservationState.HELD:
                    held[line.sku] += line.quantity
                elif each.state in OPEN | {ReservationState.RETURNED}:
                    sold[line.sku] += line.quantity
        for sku, level in self.levels.items():
            assert level.held == held[sku]
            assert level.on_hand == self.supply[sku] - sold[sku]
            assert 0 <= level.held <= level.on_hand


TestWarehouse = Warehouse.TestCase
TestWarehouse.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
