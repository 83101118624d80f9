"""Which days are replayed."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from allinone.replay.scope import median_day, scope_of

BEGIN = date(2017, 1, 1)


def days(*counts: int) -> dict[date, int]:
    return {BEGIN + timedelta(days=number): count for number, count in enumerate(counts)}


def day(number: int) -> date:
    return BEGIN + timedelta(days=number)


@given(st.lists(st.integers(1, 9), min_size=1))
def test_half_of_the_days_have_no_more_baskets_than_the_median_one(counts: list[int]) -> None:
    count = days(*counts)[median_day(days(*counts))]
    assert sum(each <= count for each in counts) * 2 >= len(counts)
    assert sum(each >= count for each in counts) * 2 >= len(counts)


def test_without_a_wish_it_is_the_first_median_day() -> None:
    assert scope_of(days(1, 5, 3, 3, 9)).days == [day(2)]


def test_more_days_follow_the_median_one_or_end_with_the_last() -> None:
    counts = days(1, 5, 3, 4, 2)
    assert scope_of(counts, days=2).days == [day(2), day(3)]
    assert scope_of(counts, days=4).days == [day(1), day(2), day(3), day(4)]
    assert scope_of(counts, days=99).days == sorted(counts)


def test_so_many_baskets_take_the_days_that_have_them() -> None:
    counts = days(1, 5, 3, 4, 2)
    assert scope_of(counts, baskets_max=3).days == [day(2)]
    assert scope_of(counts, baskets_max=4).days == [day(2), day(3)]
    assert scope_of(counts, baskets_max=99).days == [day(2), day(3), day(4)]
    assert scope_of(counts, days=1, baskets_max=99).days == [day(2)]


def test_a_scope_says_its_days() -> None:
    assert str(scope_of(days(1, 1, 1))) == "2017-01-01"
    assert str(scope_of(days(1, 1, 1), days=2)) == "2017-01-01 to 2017-01-02"
