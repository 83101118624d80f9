"""Of promotions that share lines the best that do not, as the slow way would find them."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pricing.promotions.parting import EXACT_MAX, best_apart, parted

MASKS = st.integers(1, 255)
CHOICES = st.lists(st.tuples(st.integers(1, 9), MASKS), max_size=9)


def are_apart(masks: list[int]) -> bool:
    return all(not one & other for one, other in itertools.combinations(masks, 2))


@given(st.lists(MASKS, max_size=9))
def test_parts_share_no_line_and_can_not_be_parted_further(masks: list[int]) -> None:
    parts = parted(masks)
    assert sorted(itertools.chain.from_iterable(parts)) == list(range(len(masks)))
    assert [min(part) for part in parts] == sorted(min(part) for part in parts)
    for one, other in itertools.combinations(parts, 2):
        assert not any(masks[i] & masks[j] for i in one for j in other)
    for part in parts:
        reached, rest = masks[part[0]], set(part)
        while joined := {index for index in rest if masks[index] & reached}:
            for index in joined:
                reached |= masks[index]
            rest -= joined
        assert not rest


@given(CHOICES)
def test_the_best_of_all_combinations_is_found_and_of_equals_the_first(
    choices: list[tuple[int, int]],
) -> None:
    worths, masks = [worth for worth, _ in choices], [mask for _, mask in choices]
    best: list[int] = []
    for inclusion in itertools.product((True, False), repeat=len(choices)):
        chosen = [index for index, is_in in enumerate(inclusion) if is_in]
        is_better = sum(worths[i] for i in chosen) > sum(worths[i] for i in best)
        if is_better and are_apart([masks[i] for i in chosen]):
            best = chosen
    assert best_apart(worths, masks) == best


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 2**20)), min_size=EXACT_MAX + 1))
def test_beyond_the_bound_nothing_that_fits_is_left_over(choices: list[tuple[int, int]]) -> None:
    worths, masks = [worth for worth, _ in choices], [mask for _, mask in choices]
    chosen = best_apart(worths, masks)
    assert are_apart([masks[index] for index in chosen])
    taken = sum(masks[index] for index in chosen)
    assert all(mask & taken for index, mask in enumerate(masks) if index not in chosen)
    assert sum(worths[index] for index in chosen) >= max(worths)
