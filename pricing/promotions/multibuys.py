"""The class MULTIBUY: sets of pieces. A piece is in one set only; weighed goods are in none.

Pieces are handled as runs of equal ones, so a line of a million costs what a line of one costs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chassis.kernel.money import shares_minor
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from pricing.promotions.benefits import Bundle, BuyGet, share_of
from pricing.promotions.index import Filed, Numbers
from pricing.promotions.parting import parted
from pricing.promotions.tally import Share, Taken, Tally

ORDERED_MAX = 4
"""Of promotions that compete for pieces, so many are tried in every order."""

Counts = list[int]
"""How many pieces of each run are in no set yet."""

Used = list[tuple[int, int]]
"""Runs, and how many of their pieces are in the sets of a promotion."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The runs of a basket's pieces, the dearest first: the price of one, and the line."""

    each: list[int]
    line: list[int]
    runs_of: dict[int, list[int]]


@dataclass(frozen=True, slots=True)
class _Sets:
    """How many sets a promotion makes, what it takes off, and of which pieces they are."""

    times: int
    discount_minor: int
    used: Used


@dataclass(frozen=True, slots=True)
class Contender:
    """A promotion with the lines for each of its roles, and what it would give if it came first."""

    filed: Filed
    roles: tuple[Numbers, ...]
    times_max: int
    alone: _Sets

    @property
    def mask(self) -> int:
        """The lines that it is about, as bits."""
        return mask_of(number for numbers in self.roles for number in numbers)


def mask_of(numbers: Iterable[int]) -> int:
    """Lines as the bits of a number."""
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def apply_multibuys(
    offers: Sequence[tuple[Filed, tuple[Numbers, ...]]],
    tally: Tally,
    out: Collection[Filed],
    uses_left: Mapping[str, int],
) -> None:
    """Makes the sets that take the most off.

    Each promotion makes as many sets as it can of what those before it left over. Where promotions
    share lines, those ORDERED_MAX that would take off most are tried in all orders, others follow.
    """
    opened = [
        (filed, tuple([n for n in role if tally.is_open_to(filed, n)] for role in roles))
        for filed, roles in offers
        if filed not in out
    ]
    if not opened:
        return
    pieces, counts = _pieces_of({n for _, roles in opened for role in roles for n in role}, tally)
    contenders: list[Contender] = []
    for filed, roles in opened:
        times_max = times_most(filed, uses_left)
        alone = _sets_of(filed, roles, times_max, pieces, counts)
        if alone is not None:
            contenders.append(Contender(filed, roles, times_max, alone))
    made: list[tuple[Filed, _Sets]] = []
    for among in parted([each.mask for each in contenders]):
        made += _best_order([contenders[i] for i in among], pieces, counts)
    made.sort(key=lambda item: item[0].rank)
    tally.take_off([_taken(filed, sets, pieces) for filed, sets in made])


def times_most(filed: Filed, uses_left: Mapping[str, int]) -> int:
    """How many sets a promotion may make, by itself and for this customer."""
    benefit = filed.promotion.benefit
    assert isinstance(benefit, BuyGet | Bundle)
    own = QUANTITY_MAX if benefit.times_max is None else benefit.times_max
    return min(own, uses_left.get(filed.promotion.id, own))


def _pieces_of(numbers: Collection[int], tally: Tally) -> tuple[Pieces, Counts]:
    found: list[tuple[int, int, int]] = []
    for number in numbers:
        line = tally.lines[number]
        if line.unit is Unit.EACH:
            prices = tally.prices.get(number) or [(line.unit_price_minor, line.quantity)]
            found += [(-price, number, count) for price, count in prices if price]
    found.sort()
    runs_of: dict[int, list[int]] = {number: [] for number in numbers}
    for run, (_, number, _) in enumerate(found):
        runs_of[number].append(run)
    each = [-price for price, _, _ in found]
    return Pieces(each, [n for _, n, _ in found], runs_of), [count for _, _, count in found]


def _best_order(
    contenders: list[Contender], pieces: Pieces, counts: Counts
) -> list[tuple[Filed, _Sets]]:
    if len(contenders) == 1:
        return [(contenders[0].filed, contenders[0].alone)]
    strongest = sorted(contenders, key=lambda each: (-each.alone.discount_minor, each.filed.rank))
    tried = sorted(strongest[:ORDERED_MAX], key=lambda each: each.filed.rank)
    made, rest = _in_every_order(tried, pieces, counts)
    for contender in strongest[ORDERED_MAX:]:
        sets = _sets_of(contender.filed, contender.roles, contender.times_max, pieces, rest)
        if sets is not None:
            made.append((contender.filed, sets))
            rest = _without(rest, sets.used)
    return made


def _in_every_order(
    contenders: list[Contender], pieces: Pieces, counts: Counts
) -> tuple[list[tuple[Filed, _Sets]], Counts]:
    """The sets of the order that takes most off, of equals the first; and what it leaves over."""
    best: list[tuple[Filed, _Sets]] = []
    best_left, best_discount = counts, 0
    for first, contender in enumerate(contenders):
        sets = _sets_of(contender.filed, contender.roles, contender.times_max, pieces, counts)
        if sets is None:
            continue
        others = contenders[:first] + contenders[first + 1 :]
        after, left = _in_every_order(others, pieces, _without(counts, sets.used))
        discount = sets.discount_minor + sum([made.discount_minor for _, made in after])
        if discount > best_discount:
            best, best_left, best_discount = [(contender.filed, sets), *after], left, discount
    return best, best_left


def _without(counts: Counts, used: Used) -> Counts:
    rest = list(counts)
    for run, count in used:
        rest[run] -= count
    return rest


def _sets_of(
    filed: Filed, roles: tuple[Numbers, ...], times_max: int, pieces: Pieces, counts: Counts
) -> _Sets | None:
    """The sets that a promotion makes of the pieces that are left; None if they give nothing."""
    benefit = filed.promotion.benefit
    if isinstance(benefit, Bundle):
        return _bundles(benefit, roles, times_max, pieces, counts)
    assert isinstance(benefit, BuyGet)
    if benefit.reward is None:
        return _cheapest_of_each_set(
            benefit, _runs(roles[0], pieces, counts), times_max, pieces, counts
        )
    return _rewards(benefit, roles, times_max, pieces, counts)


def _runs(numbers: Numbers, pieces: Pieces, counts: Counts) -> list[int]:
    """The runs of these lines that have pieces left, the dearest first."""
    return sorted([run for number in numbers for run in pieces.runs_of[number] if counts[run]])


def _cheapest_of_each_set(
    benefit: BuyGet, runs: list[int], times_max: int, pieces: Pieces, counts: Counts
) -> _Sets | None:
    """Pieces in descending order, set after set; in each, the last ones are the reward."""
    size = benefit.buy + benefit.get
    times = min(sum([counts[run] for run in runs]) // size, times_max)
    if times == 0:
        return None
    used: Used = []
    position, reward = 0, 0
    for run in runs:
        count = min(counts[run], times * size - position)
        if count == 0:
            break
        rewarded = _rewarded(position + count, benefit) - _rewarded(position, benefit)
        reward += rewarded * pieces.each[run]
        used.append((run, count))
        position += count
    return _worthwhile(times, share_of(reward, benefit.basis_points), used)


def _rewarded(positions: int, benefit: BuyGet) -> int:
    """How many of the first so many pieces are rewards."""
    sets, over = divmod(positions, benefit.buy + benefit.get)
    return sets * benefit.get + max(0, over - benefit.buy)


def _rewards(
    benefit: BuyGet, roles: tuple[Numbers, ...], times_max: int, pieces: Pieces, counts: Counts
) -> _Sets | None:
    """The dearest pieces of the reward's goods, for other pieces that are bought.

    A line may be among both goods. Then a set more can cost more than it brings, since its pieces
    have to be bought; what a set adds never grows, so the best number is found by halving.
    """
    buys, gets = _runs(roles[0], pieces, counts), _runs(roles[1], pieces, counts)
    both = set(buys) & set(gets)
    bought = sum([counts[run] for run in buys])
    either = sum([counts[run] for run in {*buys, *gets}])
    most = min(
        bought // benefit.buy,
        sum([counts[run] for run in gets]) // benefit.get,
        either // (benefit.buy + benefit.get),
        times_max,
    )

    def rewards(times: int) -> Used:
        wanted, of_both = times * benefit.get, bought - times * benefit.buy
        used: Used = []
        for run in gets:
            count = min(counts[run], wanted, of_both if run in both else wanted)
            if count:
                used.append((run, count))
                wanted -= count
                of_both -= count if run in both else 0
        return used

    def worth(times: int) -> int:
        return sum([pieces.each[run] * count for run, count in rewards(times)])

    times = _turning_point(worth, most) if both else most
    if times == 0:
        return None
    used = rewards(times)
    rest = _without(counts, used)
    wanted = times * benefit.buy
    # What is bought is the cheapest, and none of what could be a reward if there is other.
    for run in sorted(buys, key=lambda run: (run in both, -run)):
        count = min(rest[run], wanted)
        if count:
            used.append((run, count))
            wanted -= count
    return _worthwhile(times, share_of(worth(times), benefit.basis_points), used)


def _bundles(
    benefit: Bundle, roles: tuple[Numbers, ...], times_max: int, pieces: Pieces, counts: Counts
) -> _Sets | None:
    """Of each part the dearest pieces, as long as another bundle saves something."""
    claimed: set[int] = set()
    parts: list[list[int]] = []
    most = times_max
    for part, numbers in zip(benefit.parts, roles, strict=False):
        runs = _runs([n for n in numbers if n not in claimed], pieces, counts)
        claimed.update(numbers)
        most = min(most, sum([counts[run] for run in runs]) // part.pieces)
        parts.append(runs)

    def used_for(times: int) -> Used:
        used: Used = []
        for part, runs in zip(benefit.parts, parts, strict=True):
            wanted = times * part.pieces
            for run in runs:
                count = min(counts[run], wanted)
                if count == 0:
                    break
                used.append((run, count))
                wanted -= count
        return used

    def worth(times: int) -> int:
        whole = sum([pieces.each[run] * count for run, count in used_for(times)])
        return whole - times * benefit.price_minor

    times = _turning_point(worth, most)
    return _worthwhile(times, worth(times), used_for(times)) if times else None


def _turning_point(worth: Callable[[int], int], most: int) -> int:
    """The smallest number of times, up to `most`, with the greatest worth.

    What a time more adds never grows.
    """
    if most == 0 or worth(most) > worth(most - 1):
        return most
    low, high = 0, most - 1
    while low < high:
        middle = (low + high) // 2
        if worth(middle + 1) > worth(middle):
            low = middle + 1
        else:
            high = middle
    return low


def _worthwhile(times: int, discount_minor: int, used: Used) -> _Sets | None:
    return _Sets(times, discount_minor, used) if discount_minor > 0 else None


def _taken(filed: Filed, sets: _Sets, pieces: Pieces) -> Taken:
    """The discount, shared among all pieces of the sets by their prices."""
    amounts: dict[int, int] = {}
    quantities: dict[int, int] = {}
    for run, count in sets.used:
        number = pieces.line[run]
        amounts[number] = amounts.get(number, 0) + pieces.each[run] * count
        quantities[number] = quantities.get(number, 0) + count
    numbers = sorted(amounts)
    shares = shares_minor(sets.discount_minor, [amounts[number] for number in numbers])
    return Taken(
        filed,
        sets.times,
        sets.discount_minor,
        {
            number: Share(quantities[number], share)
            for number, share in zip(numbers, shares, strict=True)
        },
    )
