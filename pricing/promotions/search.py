"""The best of what may combine: class after class, and without what is better left out.

The classes are applied in their order, each for itself as well as it can be. That is not yet the
best where promotions do not combine, or where one discount makes a basket miss a level that a
larger one asks for. What is in such a conflict is tried with and without, within bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pricing.promotions.basket import PricedLine
from pricing.promotions.index import Filed, Found, Numbers
from pricing.promotions.multibuys import apply_multibuys, mask_of
from pricing.promotions.prices import Option, apply_prices, price_options
from pricing.promotions.promotion import StackingClass
from pricing.promotions.sums import apply_sums, could_gain_by_more
from pricing.promotions.tally import Tally

TRIED_EXACTLY_MAX = 5
"""So many promotions in conflict are left out in all combinations."""

TRIED_MAX = 12
"""Of more, so many are left out, or taken in again, one after the other."""

Offer: TypeAlias = tuple[Filed, tuple[Numbers, ...]]

SUM_CLASSES = (StackingClass.BASKET, StackingClass.VOUCHER)


@dataclass(frozen=True, slots=True)
class Offers:
    """The promotions that could apply to lines, by class and in order of rank."""

    lines: Sequence[PricedLine]
    uses_left: Mapping[str, int]
    prices: dict[int, list[Option]]
    by_class: Mapping[StackingClass, list[Offer]]

    @classmethod
    def of(cls, found: Found, lines: Sequence[PricedLine], uses_left: Mapping[str, int]) -> Offers:
        """Those that were found, which are in order of rank."""
        by_class: dict[StackingClass, list[Offer]] = {each: [] for each in StackingClass}
        for filed, roles in found.items():
            by_class[filed.stacking_class].append((filed, roles))
        offered = [(filed, roles[0]) for filed, roles in by_class[StackingClass.PRICE]]
        return cls(lines, uses_left, price_options(offered, lines), by_class)

    def applied(self, out: frozenset[Filed] = frozenset()) -> Tally:
        """All that are not out, class after class."""
        tally = Tally.of(self.lines)
        if self.prices:
            apply_prices(self.prices, tally, out)
        if self.by_class[StackingClass.MULTIBUY]:
            apply_multibuys(self.by_class[StackingClass.MULTIBUY], tally, out, self.uses_left)
        for each in SUM_CLASSES:
            if self.by_class[each]:
                apply_sums(self.by_class[each], tally, out)
        return tally


def best_tally(found: Found, lines: Sequence[PricedLine], uses_left: Mapping[str, int]) -> Tally:
    """What takes off most: promotions that combine, or one that does not combine with any.

    Of equals that which leaves out fewer, and of those that which leaves out what is last in rank;
    one alone only if it is better.
    """
    combining = {filed: roles for filed, roles in found.items() if not filed.is_alone}
    best = _best_together(Offers.of(combining, lines, uses_left), combining)
    if len(combining) < len(found):
        for filed, roles in found.items():
            if filed.is_alone:
                alone = Offers.of({filed: roles}, lines, uses_left).applied()
                if alone.discount_minor > best.discount_minor:
                    best = alone
    return best


def tally_before(tally: Tally, stacking_class: StackingClass) -> Tally:
    """The lines as the classes before one left them."""
    before = Tally.of(tally.lines)
    before.take_off([taken for taken in tally.taken if taken.filed.stacking_class < stacking_class])
    return before


def _best_together(offers: Offers, found: Found) -> Tally:
    best = offers.applied()
    contested = _contested(offers, found, best)
    if not contested:
        return best
    best_out: frozenset[Filed] = frozenset()
    for out in _first_tries(contested):
        tally = offers.applied(out)
        if tally.discount_minor > best.discount_minor:
            best, best_out = tally, out
    if len(contested) > TRIED_EXACTLY_MAX:
        for filed in contested[:TRIED_MAX]:
            out = best_out ^ {filed}
            tally = offers.applied(out)
            if tally.discount_minor > best.discount_minor:
                best, best_out = tally, out
    return best


def _first_tries(contested: Sequence[Filed]) -> list[frozenset[Filed]]:
    """All combinations to leave out but none, few before many, the last in rank first.

    Of more than TRIED_EXACTLY_MAX, all that do not combine, all others, and one class of them after
    the other.
    """
    if len(contested) > TRIED_EXACTLY_MAX:
        picky = frozenset(filed for filed in contested if filed.is_on_free_goods_only)
        tries = [picky, frozenset(contested) - picky] + [
            frozenset(filed for filed in contested if filed.stacking_class is each)
            for each in StackingClass
        ]
        return [out for out in tries if out]
    masks = sorted(range(1, 1 << len(contested)), key=lambda mask: (mask.bit_count(), mask))
    last = len(contested) - 1
    return [
        frozenset(filed for place, filed in enumerate(contested) if mask >> (last - place) & 1)
        for mask in masks
    ]


def _contested(offers: Offers, found: Found, tally: Tally) -> list[Filed]:
    """The promotions in conflict, by rank.

    Those that do not combine on the same goods and share goods with another class; those that they
    share them with; and those that keep a spend below a level which it would reach without them.
    """
    picky = [filed for filed in found if filed.is_on_free_goods_only]
    contested: set[Filed] = set()
    if picky:
        masks = {
            filed: mask_of(number for role in roles[: filed.own_roles] for number in role)
            for filed, roles in found.items()
        }
        for filed in picky:
            for other, mask in masks.items():
                if mask & masks[filed] and other.stacking_class is not filed.stacking_class:
                    contested |= {filed, other}
    for each in SUM_CLASSES:
        rising = [offer for offer in offers.by_class[each] if offer[0].asks_for_what_is_left]
        if rising:
            contested |= _in_the_way(rising, tally, each)
    return sorted(contested, key=lambda filed: filed.rank)


def _in_the_way(rising: list[Offer], tally: Tally, stacking_class: StackingClass) -> set[Filed]:
    """The promotions of earlier classes that keep one of these below a level."""
    before = tally_before(tally, stacking_class)
    found: set[Filed] = set()
    for filed, roles in rising:
        if could_gain_by_more(filed, roles, before):
            counted = mask_of(number for role in roles for number in role)
            found |= {taken.filed for taken in before.taken if mask_of(taken.shares) & counted}
    return found
