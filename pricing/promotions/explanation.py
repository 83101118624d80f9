"""Why a basket costs what it costs: what applies, what does not and why, and what nearly does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pricing.promotions.basket import PricedBasket
from pricing.promotions.conditions import microseconds
from pricing.promotions.eligibility import WhyNot, why_not_for
from pricing.promotions.engine import PromotedQuote, Settled, quote_of, settle
from pricing.promotions.index import Filed, PromotionIndex
from pricing.promotions.multibuys import mask_of
from pricing.promotions.near import NearMiss, is_short, missing_pieces, near_miss
from pricing.promotions.promotion import StackingClass
from pricing.promotions.search import Offers, tally_before
from pricing.promotions.sums import open_numbers, sum_discount
from pricing.promotions.tally import Tally

WANTING_MORE = frozenset({WhyNot.BELOW_MINIMUM, WhyNot.NO_GOODS})
"""Reasons that more goods in the basket could remove."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A promotion that touches the basket and takes nothing off it, and why.

    `by` are the applied promotions that are in its way. The version is 0 of one that is not live.
    """

    promotion: str
    version: int
    why: WhyNot
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A quote with the promotions that are not in it, and those that are nearly, by rank.

    Of promotions that need a coupon those are told that one was presented for, and of those for
    stores, groups or places those of this basket; of all these, those that touch its goods.
    """

    quote: PromotedQuote
    suppressed: tuple[Suppressed, ...]
    near_misses: tuple[NearMiss, ...]


def explain(index: PromotionIndex, basket: PricedBasket) -> Explanation:
    """The quote of a basket as quote_promotions gives it, with its reasons."""
    settled = settle(index, basket)
    suppressed = [(each.rank, _of_barred(each, why)) for each, why in settled.barred.items()]
    applied = {taken.filed for taken in settled.tally.taken}
    suppressed += [
        (filed.rank, _suppressed(filed, settled)) for filed in settled.found if filed not in applied
    ]
    suppressed += _of_coupons(index, basket, settled)
    suppressed.sort(key=lambda item: item[0])
    wanting = {each.promotion for _, each in suppressed if each.why in WANTING_MORE}
    near = [
        near_miss(filed, settled)
        for filed in sorted([*settled.found, *settled.barred], key=lambda filed: filed.rank)
        if filed in applied or filed.promotion.id in wanting
    ]
    return Explanation(
        quote=quote_of(settled),
        suppressed=tuple(each for _, each in suppressed),
        near_misses=tuple(each for each in near if each is not None),
    )


def _of_barred(filed: Filed, why: WhyNot) -> Suppressed:
    return Suppressed(filed.promotion.id, filed.promotion.version, why)


def _of_coupons(
    index: PromotionIndex, basket: PricedBasket, settled: Settled
) -> Iterator[tuple[int, Suppressed]]:
    """What is wrong with the coupons presented that stand for nothing in this basket."""
    for promotion_id in sorted(basket.shopper.unlocked):
        filed = index.filed(promotion_id)
        if filed is None:
            yield len(index), Suppressed(promotion_id, 0, WhyNot.NOT_LIVE)
        elif filed not in settled.found and filed not in settled.barred:
            why = why_not_for(filed, basket, microseconds(basket.at)) or WhyNot.NO_GOODS
            yield filed.rank, _of_barred(filed, why)


def _suppressed(filed: Filed, settled: Settled) -> Suppressed:
    """Why a promotion that could apply does not."""
    taken = settled.tally.taken
    roles, uses_left = settled.found[filed], settled.basket.shopper.uses_left
    alone = Offers.of({filed: roles}, settled.lines, uses_left).applied()
    if not alone.taken:
        return _of_barred(filed, _why_nothing(filed, settled, Tally.of(settled.lines)))
    lonely = [each.filed for each in taken if each.filed.is_alone]
    if lonely:
        return _by(filed, WhyNot.NOT_COMBINABLE, lonely)
    if filed.is_alone:
        return _by(filed, WhyNot.BEATEN, [each.filed for each in taken])
    wanted = mask_of(number for each in alone.taken for number in each.shares)
    sharing = [each.filed for each in taken if mask_of(each.shares) & wanted]
    others = [each for each in sharing if _excludes(each, filed) or _excludes(filed, each)]
    before = tally_before(settled.tally, filed.stacking_class)
    if _gives_nothing(filed, settled, before):
        if others:
            return _by(filed, WhyNot.NOT_COMBINABLE, others)
        return _of_barred(filed, _why_nothing(filed, settled, before))
    if others:
        return _by(filed, WhyNot.NOT_COMBINABLE, others)
    rivals = [each for each in sharing if each.stacking_class is filed.stacking_class]
    if rivals:
        return _by(filed, WhyNot.BEATEN, rivals)
    # What is in no other conflict was left out for a level that is reached without it only.
    rising = [each for each in taken if each.filed.asks_for_what_is_left]
    return _by(filed, WhyNot.LEFT_OUT, [each.filed for each in rising])


def _excludes(filed: Filed, other: Filed) -> bool:
    return filed.is_on_free_goods_only and filed.stacking_class is not other.stacking_class


def _gives_nothing(filed: Filed, settled: Settled, before: Tally) -> bool:
    """Whether what earlier classes left is not enough for a promotion on a sum."""
    if filed.stacking_class <= StackingClass.MULTIBUY:
        return False
    roles = settled.found[filed]
    return sum_discount(filed, roles, open_numbers(filed, roles, before), before) == 0


def _by(filed: Filed, why: WhyNot, by: list[Filed]) -> Suppressed:
    ids = tuple(each.promotion.id for each in sorted(by, key=lambda each: each.rank))
    return Suppressed(filed.promotion.id, filed.promotion.version, why, ids)


def _why_nothing(filed: Filed, settled: Settled, before: Tally) -> WhyNot:
    """Why a promotion takes nothing off: for want of goods, or of something to gain."""
    if filed.stacking_class is StackingClass.PRICE:
        return WhyNot.NOTHING_TO_GAIN
    if filed.stacking_class is StackingClass.MULTIBUY:
        is_wanting = bool(missing_pieces(filed, settled))
    else:
        is_wanting = is_short(filed, settled.found[filed], before)
    return WhyNot.BELOW_MINIMUM if is_wanting else WhyNot.NOTHING_TO_GAIN
