"""The quote of a basket with promotions: equal in, equal out, whatever the order of lines.

docs/pricing.md states the algorithm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from pricing.promotions.basket import PricedBasket, PricedLine
from pricing.promotions.benefits import Bundle
from pricing.promotions.conditions import microseconds
from pricing.promotions.eligibility import WhyNot, measured, why_not_for
from pricing.promotions.index import BasketGoods, Filed, Found, Numbers, PromotionIndex
from pricing.promotions.promotion import StackingClass
from pricing.promotions.search import best_tally
from pricing.promotions.tally import Tally

ALGORITHM_VERSION = 1
"""Counts the changes of what the same promotions give to the same basket."""


class LineShare(NamedTuple):
    """What of a line took part in a promotion, in pieces or grams, and what was taken off it.

    `line` is its place in the basket, the first is 0. A tuple, as Share is.
    """

    line: int
    quantity: int
    discount_minor: int


@dataclass(frozen=True, slots=True)
class AppliedPromotion:
    """A promotion that takes something off. Its shares sum exactly to its discount.

    `uses` counts the sets of a multi-buy; it is 1 of other promotions.
    """

    promotion: str
    version: int
    stacking_class: StackingClass
    uses: int
    discount_minor: int
    shares: tuple[LineShare, ...]


@dataclass(frozen=True, slots=True)
class PromotedQuote:
    """What a basket costs with promotions, in the order of application.

    `line_discounts_minor` has what is taken off each line of the basket, in its order.
    """

    currency: str
    list_total_minor: int
    line_discounts_minor: tuple[int, ...]
    applied: tuple[AppliedPromotion, ...]
    algorithm_version: int = ALGORITHM_VERSION

    @property
    def discount_minor(self) -> int:
        """What is taken off in all."""
        return sum(self.line_discounts_minor)

    @property
    def total_minor(self) -> int:
        """What is to be paid; never negative."""
        return self.list_total_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Settled:
    """A basket with all that was found out about it; lines in their canonical order.

    `places` has each line's place in the basket. `barred` are the promotions that touch the basket
    and are not for it, `found` those that could apply.
    """

    basket: PricedBasket
    lines: Sequence[PricedLine]
    places: Sequence[int]
    found: Found
    barred: Mapping[Filed, WhyNot]
    roles_of_barred: Found
    tally: Tally

    def roles_of(self, filed: Filed) -> tuple[Numbers, ...]:
        """The lines that can play each role in a promotion that touches the basket."""
        return self.found[filed] if filed in self.found else self.roles_of_barred[filed]


def quote_promotions(index: PromotionIndex, basket: PricedBasket) -> PromotedQuote:
    """The basket with the promotions that together take off the most of it."""
    return quote_of(settle(index, basket))


def quote_of(settled: Settled) -> PromotedQuote:
    """The quote that a settled basket comes to."""
    basket, places = settled.basket, settled.places
    discounts = [0] * len(places)
    for number, place in enumerate(places):
        discounts[place] = settled.lines[number].total_minor - settled.tally.left[number]
    return PromotedQuote(
        currency=basket.currency,
        list_total_minor=basket.total_minor,
        line_discounts_minor=tuple(discounts),
        applied=tuple(
            [
                AppliedPromotion(
                    promotion=taken.filed.promotion.id,
                    version=taken.filed.promotion.version,
                    stacking_class=taken.filed.stacking_class,
                    uses=taken.times,
                    discount_minor=taken.discount_minor,
                    shares=tuple(
                        [
                            LineShare(places[number], quantity, discount_minor)
                            for number, (quantity, discount_minor) in taken.shares.items()
                        ]
                    ),
                )
                for taken in settled.tally.taken
            ]
        ),
    )


def settle(index: PromotionIndex, basket: PricedBasket) -> Settled:
    """Finds the promotions that touch the basket, and applies the best of what may combine."""
    places = _canonical_order(basket.lines)
    lines = [basket.lines[place] for place in places]
    touching = index.touching(basket, _goods_of(lines))
    at_us = microseconds(basket.at)
    found: Found = {}
    barred: dict[Filed, WhyNot] = {}
    roles_of_barred: Found = {}
    for filed in sorted(touching, key=attrgetter("rank")):
        why = why_not_for(filed, basket, at_us) or _why_not_by_goods(filed, touching[filed], lines)
        if why is None:
            found[filed] = touching[filed]
        else:
            barred[filed] = why
            roles_of_barred[filed] = touching[filed]
    tally = best_tally(found, lines, basket.shopper.uses_left)
    return Settled(basket, lines, places, found, barred, roles_of_barred, tally)


def _canonical_order(lines: Sequence[PricedLine]) -> list[int]:
    """The places of the lines, ordered by what they are: by SKU, and then the dearest first."""
    keys = [
        (
            line.sku,
            -line.unit_price_minor,
            -line.quantity,
            -line.total_minor,
            line.department,
            line.unit,
            place,
        )
        for place, line in enumerate(lines)
    ]
    keys.sort()
    return [key[-1] for key in keys]


def _goods_of(lines: Sequence[PricedLine]) -> BasketGoods:
    by_sku: dict[str, Numbers] = {}
    by_department: dict[str, Numbers] = {}
    all_numbers: Numbers = []
    for number, line in enumerate(lines):
        if line.total_minor:
            all_numbers.append(number)
            by_sku.setdefault(line.sku, []).append(number)
            by_department.setdefault(line.department, []).append(number)
    return BasketGoods(
        by_sku,
        by_department,
        all_numbers,
        skus=[line.sku for line in lines],
        departments=[line.department for line in lines],
    )


def _why_not_by_goods(
    filed: Filed, roles: tuple[Numbers, ...], lines: Sequence[PricedLine]
) -> WhyNot | None:
    """Whether lines for each role are missing, or less is there than a first class asks for."""
    if not all(roles[: filed.own_roles]):
        return WhyNot.NO_GOODS
    minimum = filed.promotion.minimum
    if minimum is None or filed.stacking_class > StackingClass.MULTIBUY:
        return None
    numbers = minimum_numbers(filed, roles)
    if measured(minimum.measure, minimum.base, numbers, lines, ()) < minimum.at_least:
        return WhyNot.BELOW_MINIMUM
    return None


def minimum_numbers(filed: Filed, roles: tuple[Numbers, ...]) -> Numbers:
    """The lines that a promotion's minimum counts: its goods', all parts' of a bundle."""
    if len(roles) > filed.own_roles:
        return roles[-1]
    if isinstance(filed.promotion.benefit, Bundle):
        return sorted({number for role in roles for number in role})
    return roles[0]
