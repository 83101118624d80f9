"""The classes BASKET and VOUCHER: something off what all goods of a promotion come to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chassis.kernel.money import shares_minor
from pricing.promotions.benefits import AmountOff, EveryFull, PercentOff, SumBenefit, Tiers
from pricing.promotions.eligibility import measured
from pricing.promotions.goods import Base, Minimum
from pricing.promotions.index import Filed, Numbers
from pricing.promotions.multibuys import mask_of
from pricing.promotions.parting import best_apart
from pricing.promotions.promotion import Promotion
from pricing.promotions.tally import Share, Taken, Tally


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a promotion takes off, and the lines that it takes it off."""

    filed: Filed
    numbers: Numbers
    discount_minor: int


def apply_sums(
    offers: Sequence[tuple[Filed, tuple[Numbers, ...]]], tally: Tally, out: Collection[Filed]
) -> None:
    """Applies those promotions of one class that share no line and together take off most.

    Each is measured and worked out on what earlier classes left.
    """
    worths: list[_Worth] = []
    for filed, roles in offers:
        if filed in out:
            continue
        numbers = open_numbers(filed, roles, tally)
        discount = sum_discount(filed, roles, numbers, tally)
        if discount > 0:
            # Lines that cost nothing any more were counted; there is nothing to take off them.
            costing = [number for number in numbers if tally.left[number]]
            worths.append(_Worth(filed, costing, discount))
    if not worths:
        return
    chosen = best_apart(
        [each.discount_minor for each in worths], [mask_of(each.numbers) for each in worths]
    )
    tally.take_off([_taken(worths[index], tally) for index in chosen])


def open_numbers(filed: Filed, roles: tuple[Numbers, ...], tally: Tally) -> Numbers:
    """The lines of a promotion's goods that it may have."""
    if not filed.is_on_free_goods_only and not any(tally.is_closed):
        return roles[0]
    return [number for number in roles[0] if tally.is_open_to(filed, number)]


def sum_discount(filed: Filed, roles: tuple[Numbers, ...], numbers: Numbers, tally: Tally) -> int:
    """What a promotion takes off these lines, 0 if it asks for more than there is."""
    promotion = filed.promotion
    if promotion.minimum is not None and not has_minimum(promotion.minimum, roles, numbers, tally):
        return 0
    benefit = promotion.benefit
    assert isinstance(benefit, PercentOff | AmountOff | Tiers | EveryFull)
    left = sum([tally.left[number] for number in numbers])
    return _discount_of(left, promotion, benefit, numbers, tally)


def has_minimum(
    minimum: Minimum, roles: tuple[Numbers, ...], numbers: Numbers, tally: Tally
) -> bool:
    """Whether there is as much as a promotion asks for, of its own lines or of others."""
    return amount_of_minimum(minimum, roles, numbers, tally) >= minimum.at_least


def amount_of_minimum(
    minimum: Minimum, roles: tuple[Numbers, ...], numbers: Numbers, tally: Tally
) -> int:
    """How much there is of what a minimum asks for."""
    counted = numbers if minimum.goods is None else roles[-1]
    return measured(minimum.measure, minimum.base, counted, tally.lines, tally.left)


def could_gain_by_more(filed: Filed, roles: tuple[Numbers, ...], tally: Tally) -> bool:
    """Whether leaving out earlier discounts could pay, since this promotion would give more.

    That is where a level that the spend reached before them, and does not now, is nearer than what
    it would bring.
    """
    promotion, benefit, minimum = filed.promotion, filed.promotion.benefit, filed.promotion.minimum
    assert isinstance(benefit, PercentOff | AmountOff | Tiers | EveryFull)
    numbers = open_numbers(filed, roles, tally)
    left = sum([tally.left[number] for number in numbers])
    now = sum_discount(filed, roles, numbers, tally)
    if minimum is not None and minimum.base is Base.LEFT:
        counted = numbers if minimum.goods is None else roles[-1]
        lacking = minimum.at_least - sum([tally.left[number] for number in counted])
        once = sum([tally.lines[number].total_minor for number in counted])
        if lacking > 0:
            then = _discount_of(left + lacking, promotion, benefit, numbers, tally)
            return minimum.at_least <= once and then - now > lacking
    if isinstance(benefit, Tiers | EveryFull) and benefit.base is Base.LEFT:
        once = sum([tally.lines[number].total_minor for number in numbers])
        return any(
            _discount_of(level, promotion, benefit, numbers, tally) - now > level - left
            for level in benefit.levels_between(left, once)
        )
    return False


def _discount_of(
    left_minor: int, promotion: Promotion, benefit: SumBenefit, numbers: Numbers, tally: Tally
) -> int:
    """What a benefit gives if so much is left of these lines."""
    reached = left_minor
    if isinstance(benefit, Tiers | EveryFull) and benefit.base is Base.LIST:
        reached = measured(benefit.measure, benefit.base, numbers, tally.lines, tally.left)
    discount = benefit.discount_on(left_minor, reached)
    most = promotion.discount_max_minor
    return discount if most is None else min(discount, most)


def _taken(worth: _Worth, tally: Tally) -> Taken:
    """The discount, shared among the lines by what is left of them."""
    shares = shares_minor(worth.discount_minor, [tally.left[number] for number in worth.numbers])
    return Taken(
        worth.filed,
        1,
        worth.discount_minor,
        {
            number: Share(tally.lines[number].quantity, share)
            for number, share in zip(worth.numbers, shares, strict=True)
        },
    )
