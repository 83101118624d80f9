"""Which promotions compete, and which of them together take off the most.

Promotions are given as the lines that they are about, as bits: they compete if they share one.
"""

from __future__ import annotations

from collections.abc import Sequence

EXACT_MAX = 12
"""Of promotions that compete, directly or through others, so many are tried in all combinations."""


def parted(masks: Sequence[int]) -> list[list[int]]:
    """The indexes of masks, in parts that share no line, in order of each part's first index."""
    parts: list[tuple[int, list[int]]] = []
    for index, mask in enumerate(masks):
        joined_mask, joined = mask, [index]
        apart: list[tuple[int, list[int]]] = []
        for part_mask, part in parts:
            if part_mask & joined_mask:
                joined_mask |= part_mask
                joined = part + joined
            else:
                apart.append((part_mask, part))
        parts = [*apart, (joined_mask, joined)]
    return sorted(sorted(part) for _, part in parts)


def best_apart(worths: Sequence[int], masks: Sequence[int]) -> list[int]:
    """The indexes that share no line and are worth most together; all worths are above 0.

    Of equals that which has the first index on which they differ. In a part of more than EXACT_MAX
    the combinations of those that are worth most are tried, and what still fits is added, the
    worthiest first.
    """
    chosen: list[int] = []
    for part in parted(masks):
        if len(part) == 1:
            chosen += part
            continue
        by_worth = sorted(part, key=lambda index: (-worths[index], index))
        best = _best_of(by_worth[:EXACT_MAX], worths, masks)
        if len(part) > EXACT_MAX:
            best = _added(by_worth[EXACT_MAX:], best, masks)
        chosen += best
    return sorted(chosen)


def _added(by_worth: Sequence[int], chosen: list[int], masks: Sequence[int]) -> list[int]:
    """Those chosen, and one after the other what shares no line with them."""
    taken = 0
    for index in chosen:
        taken |= masks[index]
    for index in by_worth:
        if not masks[index] & taken:
            chosen = [*chosen, index]
            taken |= masks[index]
    return chosen


def _best_of(by_worth: list[int], worths: Sequence[int], masks: Sequence[int]) -> list[int]:
    indexes = sorted(by_worth)
    # Whatever is no better than the plain way, the worthiest first, need not be looked at.
    best: list[int] = []
    best_worth = sum([worths[index] for index in _added(by_worth, [], masks)]) - 1

    def search(place: int, taken: int, chosen: list[int], worth: int, possible: int) -> None:
        nonlocal best, best_worth
        if worth > best_worth:
            best, best_worth = chosen, worth
        if place == len(indexes) or worth + possible <= best_worth:
            return
        index = indexes[place]
        possible -= worths[index]
        if not masks[index] & taken:
            search(
                place + 1, taken | masks[index], [*chosen, index], worth + worths[index], possible
            )
        search(place + 1, taken, chosen, worth, possible)

    search(0, 0, [], 0, sum([worths[index] for index in indexes]))
    return best
