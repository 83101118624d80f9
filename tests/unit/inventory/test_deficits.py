"""Sales that have happened, among others: nothing on hand is negative, what was short is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import HutongError, UnitMismatch
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.inventory.domain import reservations, stock
from services.inventory.domain.deficits import (
    Count,
    Discrepancy,
    DiscrepancyKey,
    DiscrepancyOutdated,
    DiscrepancyResolved,
    DiscrepancyState,
    ResolveCommand,
    deficits_in,
    resolved,
)
from services.inventory.domain.reservations import Mode, Reservation, ReserveCommand
from services.inventory.domain.stock import Books, LevelKey, Line, MovementType, StockLevel

STORE = StoreId("demo:sh01")
MOMENT = datetime(2026, 11, 11, tzinfo=UTC)
SKUS = "abc"

lines = st.lists(
    st.builds(Line, sku=st.sampled_from(SKUS), quantity=st.integers(1, 6), unit=st.just(Unit.EACH)),
    min_size=1,
    max_size=4,
).map(stock.merged)
commands = st.lists(
    st.tuples(lines, st.sampled_from(["hold", "take", "gone"])), min_size=1, max_size=20
)
supplies = st.fixed_dictionaries({sku: st.integers(0, 20) for sku in SKUS})


def command(order: str, wanted: tuple[Line, ...], how: str) -> ReserveCommand:
    return ReserveCommand(
        STORE,
        order,
        Mode.HOLD if how == "hold" else Mode.TAKE,
        wanted,
        "test",
        allow_deficit=how == "gone",
    )


def books_of(supply: dict[str, int]) -> Books:
    levels = [StockLevel(STORE, sku, Unit.EACH, n, held=0, version=1) for sku, n in supply.items()]
    return Books(levels, moment=MOMENT)


@given(supply=supplies, asked=commands)
def test_what_has_happened_is_recorded_and_the_others_get_what_there_is(
    supply: dict[str, int], asked: list[tuple[tuple[Line, ...], str]]
) -> None:
    books = books_of(supply)
    ordered = [command(f"ord-{n}", wanted, how) for n, (wanted, how) in enumerate(asked)]
    answers = reservations.reserve(ordered, known={}, books=books).answers
    there, held, short = Counter(supply), Counter[str](), Counter[str]()
    for one, answer in zip(ordered, answers, strict=True):
        is_enough = all(there[line.sku] - held[line.sku] >= line.quantity for line in one.lines)
        assert isinstance(answer, Reservation) is (is_enough or one.allow_deficit)
        if not isinstance(answer, Reservation):
            continue
        for line in one.lines:
            if one.mode is Mode.HOLD:
                held[line.sku] += line.quantity
                continue
            missing = max(0, line.quantity - (there[line.sku] - held[line.sku]))
            short[line.sku] += missing
            there[line.sku] += missing - line.quantity
    for sku in SKUS:
        level = books.level(LevelKey(STORE, sku))
        assert level is not None
        assert (level.on_hand, level.held) == (there[sku], held[sku])
        assert 0 <= level.held <= level.on_hand
    found = deficits_in(books.postings)
    assert {one.sku: one.quantity for one in found} == {s: n for s, n in short.items() if n}
    assert [one.sku for one in found] == sorted(one.sku for one in found)


@given(supply=supplies, asked=commands)
def test_a_deficit_is_followed_by_its_own_sale_which_leaves_only_what_is_promised(
    supply: dict[str, int], asked: list[tuple[tuple[Line, ...], str]]
) -> None:
    books = books_of(supply)
    ordered = [command(f"ord-{n}", wanted, how) for n, (wanted, how) in enumerate(asked)]
    reservations.reserve(ordered, known={}, books=books)
    of_level: dict[str, list[stock.StockMovement]] = {sku: [] for sku in SKUS}
    for posting in books.postings:
        of_level[posting.movement.sku].append(posting.movement)
    for movements in of_level.values():
        assert all(last.type is not MovementType.DEFICIT for last in movements[-1:])
        for before, after in pairwise(movements):
            if before.type is MovementType.DEFICIT:
                assert (after.type, after.cause) == (MovementType.SALE, before.cause)
                assert after.on_hand_after == after.held_after


def test_a_wrong_unit_on_any_line_supplies_nothing() -> None:
    books = books_of({"a": 0, "b": 5})
    wanted = (Line("a", 3, Unit.EACH), Line("b", 1, Unit.GRAM))
    (answer,) = reservations.reserve([command("o", wanted, "gone")], known={}, books=books).answers
    assert isinstance(answer, UnitMismatch)
    assert books.postings == []


def test_a_request_that_allows_a_deficit_is_another_request() -> None:
    plain, gone = (command("o", (Line("a", 1, Unit.EACH),), how) for how in ("take", "gone"))
    assert plain.request_hash != gone.request_hash


DISCREPANCY = Discrepancy(
    STORE, "dsc_1", "a", Unit.EACH, 3, 2, "ord-1", version=2, created_at=MOMENT, updated_at=MOMENT
)
RESOLVE = ResolveCommand(
    DiscrepancyKey(STORE, "dsc_1"),
    2,
    Count(counted=4, expected_on_hand=0),
    "late note",
    "users/mei",
)


def test_a_resolution_says_who_found_out_what() -> None:
    ended = resolved(DISCREPANCY, RESOLVE, moment=MOMENT)
    assert (ended.state, ended.version) == (DiscrepancyState.RESOLVED, 3)
    assert ended.resolution is not None
    assert (ended.resolution.actor, ended.resolution.counted) == ("users/mei", 4)


@pytest.mark.parametrize(
    ("seen", "error"),
    [
        (replace(DISCREPANCY, version=3), DiscrepancyOutdated),
        (resolved(DISCREPANCY, RESOLVE, moment=MOMENT), DiscrepancyResolved),
    ],
)
def test_nothing_is_resolved_twice_or_unseen(seen: Discrepancy, error: type[HutongError]) -> None:
    with pytest.raises(error):
        resolved(seen, RESOLVE, moment=MOMENT)
