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
        exact = sorted(by_worth[:EXACT_MAX])
        best = _best_of(exact, worths, masks)
        taken = 0
        for index in best:
            taken |= masks[index]
        for index in by_worth[EXACT_MAX:]:
            if not masks[index] & taken:
                best.append(index)
                taken |= masks[index]
        chosen += best
    return sorted(chosen)


def _best_of(indexes: list[int], worths: Sequence[int], masks: Sequence[int]) -> list[int]:
    best: list[int] = []
    best_worth = 0

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
    return list(best)
