"""What is missing for a promotion to apply, or to give more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.kernel.money import AMOUNT_MINOR_MAX
from chassis.kernel.quantity import Unit
from pricing.promotions.benefits import AmountOff, Bundle, BuyGet, EveryFull, PercentOff, Tiers
from pricing.promotions.eligibility import measured
from pricing.promotions.engine import Settled, minimum_numbers
from pricing.promotions.goods import Measure
from pricing.promotions.index import Filed, Numbers
from pricing.promotions.multibuys import times_most
from pricing.promotions.promotion import Promotion, StackingClass
from pricing.promotions.search import tally_before
from pricing.promotions.sums import open_numbers
from pricing.promotions.tally import Tally


@dataclass(frozen=True, slots=True)
class Missing:
    """So much more is needed of the goods that play a role in the promotion (goods_by_role)."""

    role: int
    measure: Measure
    amount: int


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A promotion that would apply, or give more, if what is missing were in the basket too.

    `gain_minor` is how much more it would take off of the goods as they are, so the least that it
    would; None where that rests on what is added.
    """

    promotion: str
    version: int
    missing: tuple[Missing, ...]
    gain_minor: int | None


def near_miss(filed: Filed, settled: Settled) -> NearMiss | None:
    """What a promotion that touches the basket still wants; None if nothing more makes it better.

    Meant for one that applies, or that asks for more than there is.
    """
    roles = settled.roles_of(filed)
    if filed.stacking_class > StackingClass.MULTIBUY:
        before = tally_before(settled.tally, filed.stacking_class)
        return _of_sum(filed, roles, before)
    minimum = filed.promotion.minimum
    if minimum is not None:
        counted = minimum_numbers(filed, roles)
        lacking = minimum.at_least - measured(
            minimum.measure, minimum.base, counted, settled.lines, ()
        )
        if lacking > 0:
            role = 0 if minimum.goods is None else len(roles) - 1
            return _miss(filed.promotion, Missing(role, minimum.measure, lacking), None)
    if filed.stacking_class is StackingClass.PRICE:
        return None
    missing = missing_pieces(filed, settled)
    if not missing:
        return None
    return NearMiss(filed.promotion.id, filed.promotion.version, missing, None)


def is_short(filed: Filed, roles: tuple[Numbers, ...], tally: Tally) -> bool:
    """Whether a promotion of the class BASKET or VOUCHER asks for more than is open to it."""
    numbers = open_numbers(filed, roles, tally)
    if _lacking_minimum(filed.promotion, roles, numbers, tally) > 0:
        return True
    benefit = filed.promotion.benefit
    if isinstance(benefit, Tiers | EveryFull):
        level = benefit.steps[0].at_least if isinstance(benefit, Tiers) else benefit.every
        return measured(benefit.measure, benefit.base, numbers, tally.lines, tally.left) < level
    return False


def missing_pieces(filed: Filed, settled: Settled) -> tuple[Missing, ...]:
    """The pieces that one more set of a multi-buy wants beside those that are in no set.

    None if there are no pieces for it at all, or it makes no more sets.
    """
    times = sum(taken.times for taken in settled.tally.taken if taken.filed is filed)
    if times >= times_most(filed, settled.basket.shopper.uses_left):
        return ()
    before = tally_before(settled.tally, StackingClass.MULTIBUY)
    free = _free_pieces(settled)
    roles = [
        [number for number in role if before.is_open_to(filed, number)]
        for role in settled.roles_of(filed)[: filed.own_roles]
    ]
    benefit = filed.promotion.benefit
    if isinstance(benefit, Bundle):
        return _missing_parts(benefit, roles, free)
    assert isinstance(benefit, BuyGet)
    return _missing_of_set(benefit, roles, free)


def _missing_parts(
    benefit: Bundle, roles: Sequence[Numbers], free: Sequence[int]
) -> tuple[Missing, ...]:
    claimed: set[int] = set()
    missing: list[Missing] = []
    has_some = False
    for role, (part, numbers) in enumerate(zip(benefit.parts, roles, strict=True)):
        pieces = sum(free[number] for number in numbers if number not in claimed)
        claimed.update(numbers)
        has_some = has_some or pieces > 0
        if pieces < part.pieces:
            missing.append(Missing(role, Measure.PIECES, part.pieces - pieces))
    return tuple(missing) if has_some else ()


def _missing_of_set(
    benefit: BuyGet, roles: Sequence[Numbers], free: Sequence[int]
) -> tuple[Missing, ...]:
    buys = set(roles[0])
    if benefit.reward is None:
        pieces, size = sum(free[number] for number in buys), benefit.buy + benefit.get
        return (Missing(0, Measure.PIECES, size - pieces),) if 0 < pieces < size else ()
    gets = set(roles[1])
    either = sum(free[number] for number in buys & gets)
    to_buy = max(0, benefit.buy - sum(free[number] for number in buys - gets))
    to_get = max(0, benefit.get - sum(free[number] for number in gets - buys))
    used_to_buy = min(to_buy, either)
    to_get = max(0, to_get - (either - used_to_buy))
    to_buy -= used_to_buy
    if not any(free[number] for number in buys):
        return ()
    wanted = ((0, to_buy), (1, to_get))
    return tuple(Missing(role, Measure.PIECES, pieces) for role, pieces in wanted if pieces)


def _free_pieces(settled: Settled) -> list[int]:
    """For each line the pieces that are in no set."""
    free = [line.quantity if line.unit is Unit.EACH else 0 for line in settled.lines]
    for taken in settled.tally.taken:
        if taken.filed.stacking_class is StackingClass.MULTIBUY:
            for number, share in taken.shares.items():
                free[number] -= share.quantity
    return free


def _of_sum(filed: Filed, roles: tuple[Numbers, ...], tally: Tally) -> NearMiss | None:
    promotion, benefit = filed.promotion, filed.promotion.benefit
    numbers = open_numbers(filed, roles, tally)
    left = sum(tally.left[number] for number in numbers)
    assert isinstance(benefit, PercentOff | AmountOff | Tiers | EveryFull)
    reached = 0
    if isinstance(benefit, Tiers | EveryFull):
        reached = measured(benefit.measure, benefit.base, numbers, tally.lines, tally.left)
    gives = _capped(benefit.discount_on(left, reached), promotion)
    lacking = _lacking_minimum(promotion, roles, numbers, tally)
    if lacking > 0:
        minimum = promotion.minimum
        assert minimum is not None
        role = 0 if minimum.goods is None else len(roles) - 1
        return _miss(promotion, Missing(role, minimum.measure, lacking), gives)
    if isinstance(benefit, Tiers | EveryFull):
        for level in benefit.levels_between(reached, AMOUNT_MINOR_MAX):
            gain = _capped(benefit.discount_on(left, level), promotion) - gives
            if gain > 0:
                return _miss(promotion, Missing(0, benefit.measure, level - reached), gain)
    return None


def _lacking_minimum(
    promotion: Promotion, roles: tuple[Numbers, ...], numbers: Numbers, tally: Tally
) -> int:
    minimum = promotion.minimum
    if minimum is None:
        return 0
    counted = numbers if minimum.goods is None else roles[-1]
    return minimum.at_least - measured(
        minimum.measure, minimum.base, counted, tally.lines, tally.left
    )


def _capped(discount_minor: int, promotion: Promotion) -> int:
    most = promotion.discount_max_minor
    return discount_minor if most is None else min(discount_minor, most)


def _miss(promotion: Promotion, missing: Missing, gain_minor: int | None) -> NearMiss:
    return NearMiss(promotion.id, promotion.version, (missing,), gain_minor)
