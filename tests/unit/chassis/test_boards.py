"""The parts of a board: places, what waits for a watcher, pages that are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.messaging import pages, watch
from chassis.messaging.pages import KeptPages, Page
from chassis.messaging.places import Place, listing_of, place_in, token_of
from chassis.messaging.watch import Tick, Watch

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HISTORY, LISTING = "0123456789ab", listing_of("stock", "demo:sh01", None)

places = st.builds(
    Place,
    history=st.just(HISTORY),
    transaction=st.integers(0, 2**59),
    at=st.timedeltas(timedelta(), timedelta(days=80_000)).map(lambda passed: EPOCH + passed),
    after=st.from_regex(r"([a-z0-9][a-z0-9_-]{0,62})?", fullmatch=True),
)


def place(transaction: int = 1, *, after: str = "") -> Place:
    return Place(HISTORY, transaction, BEGIN, after)


@given(places)
def test_a_token_is_one_line_that_says_its_place(told: Place) -> None:
    token = token_of(told, LISTING)
    assert place_in(token, LISTING) == told
    assert token.isprintable()
    assert len(token) <= 200


@given(st.text())
def test_whatever_a_token_says_is_a_place_or_nothing(text: str) -> None:
    found = place_in(text, LISTING)
    assert found is None or place_in(token_of(found, LISTING), LISTING) == found


def test_a_token_with_an_impossible_time_says_nothing() -> None:
    assert place_in(f"{HISTORY}.{LISTING}.5.{'9' * 17}", LISTING) is not None
    assert place_in(f"{HISTORY}.{LISTING}.5.{'9' * 18}", LISTING) is None


@pytest.mark.parametrize(
    "other",
    [
        listing_of("prices", "demo:sh01", None),
        listing_of("stock", "demo:sh02", None),
        listing_of("stock", "demo:sh01", []),
        listing_of("stock", "demo:sh01", ["milk"]),
    ],
)
def test_a_token_is_of_what_was_watched(other: str) -> None:
    assert place_in(token_of(place(), LISTING), other) is None
    assert listing_of("stock", "s", {"a", "b"}) == listing_of("stock", "s", ["b", "a"])


@given(places, places)
def test_nothing_is_told_twice_that_both_places_have_seen(one: Place, other: Place) -> None:
    both = one.earlier(other)
    assert both.transaction <= min(one.transaction, other.transaction)
    assert both.at <= min(one.at, other.at)
    assert not both.after


def test_a_place_is_before_another_also_if_only_time_has_passed_or_was_set_back() -> None:
    later = Place(HISTORY, 1, BEGIN + timedelta(seconds=1))
    assert place().is_before(later)
    assert later.is_before(place())
    assert place(1).is_before(place(2))
    assert not place(2).is_before(place(1))


def test_a_part_that_was_told_before_the_clock_was_set_back_leads_nowhere() -> None:
    later = Place(HISTORY, 1, BEGIN + timedelta(seconds=1), after="milk")
    assert place(after="milk").leads_to(later)
    assert not later.leads_to(place())
    assert not place().leads_to(Place("ba9876543210", 1, BEGIN))


def watching() -> Watch[str]:
    return Watch("demo:sh01", None, LISTING, None)


async def test_the_newest_part_of_each_key_waits() -> None:
    made = watching()
    made.offer(Tick({"a": b"a1", "b": b"b1"}, place(1)))
    made.offer(Tick({"b": b"b2", "c": b"c2"}, place(2)))
    assert await made.news()
    tick = made.take()
    assert tick is not None
    assert (tick.parts, tick.place) == ({"a": b"a1", "b": b"b2", "c": b"c2"}, place(2))
    assert made.take() is None


async def test_a_tick_that_many_share_is_never_changed() -> None:
    shared = Tick({"a": b"a1", "b": b"b1"}, place(1))
    one, other = watching(), watching()
    for each in (one, other):
        each.offer(shared)
    one.offer(Tick({"a": b"a2"}, place(2)))
    one.forget({"b"})
    assert other.take() is shared
    tick = one.take()
    assert tick is not None
    assert tick.parts == {"a": b"a2"}
    assert shared.parts == {"a": b"a1", "b": b"b1"}


async def test_no_more_than_a_bound_waits_and_then_nothing_does() -> None:
    made = watching()
    for number in range(watch.PARTS_MAX):
        made.offer(Tick({f"sku{number}": b""}, place(number)))
    assert await made.news()
    made.offer(Tick({"one more": b""}, place()))
    made.offer(Tick({"and one": b""}, place()))
    assert not await made.news()
    assert made.take() is None
    made.begin()
    made.offer(Tick({"a": b"a1"}, place()))
    assert await made.news()


async def test_a_watcher_who_was_told_lately_is_not_reminded() -> None:
    made = watching()
    made.told(place())
    assert not made.remind(before=0.0)
    assert made.remind(before=float("inf"))
    assert not made.remind(before=float("inf")), "it is woken already"


def test_pages_are_kept_up_to_a_bound_and_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "KEPT_BYTES_MAX", 10)
    kept = KeptPages[str]()
    for number in range(4):
        kept.keep(("demo:sh01", None, str(number)), Page(b"1234", "", place(number)))
    found = [kept.get(("demo:sh01", None, str(number))) for number in range(4)]
    assert [page is not None for page in found] == [False, False, True, True]
    monkeypatch.setattr(pages, "KEPT_SECONDS", 0.0)
    assert kept.get(("demo:sh01", None, "3")) is None
