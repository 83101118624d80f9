"""A promotion: goods, what they get, for whom and when, and what it combines with."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from pricing.promotions.benefits import (
    AmountOff,
    AmountOffEach,
    Benefit,
    Bundle,
    BuyGet,
    EveryFull,
    FixedPrice,
    PercentOff,
    PriceList,
    Tiers,
)
from pricing.promotions.conditions import ALWAYS, EVERYBODY, Audience, Validity
from pricing.promotions.goods import (
    ALL_GOODS,
    Base,
    Goods,
    Measure,
    Minimum,
    PromotionInvalid,
    require,
    require_amount,
    require_count,
)

PRIORITY_MAX = 1_000_000


class StackingClass(enum.IntEnum):
    """The classes, in the order in which they are applied. Each works on what the ones before left.

    Of one class a piece gets one promotion; promotions of several classes add up.
    """

    PRICE = 1
    MULTIBUY = 2
    BASKET = 3
    VOUCHER = 4


class Combining(enum.StrEnum):
    """What a promotion combines with in the same basket.

    OTHERS: with those of other classes. NOT_ON_SAME_GOODS: not on lines that another class
    discounts. NOTHING: with no other promotion at all.
    """

    OTHERS = "others"
    NOT_ON_SAME_GOODS = "not_on_same_goods"
    NOTHING = "nothing"


BENEFITS_OF_CLASS: Mapping[StackingClass, tuple[type[Benefit], ...]] = {
    StackingClass.PRICE: (PercentOff, AmountOffEach, FixedPrice, PriceList),
    StackingClass.MULTIBUY: (BuyGet, Bundle),
    StackingClass.BASKET: (PercentOff, AmountOff, Tiers, EveryFull),
    StackingClass.VOUCHER: (PercentOff, AmountOff, Tiers, EveryFull),
}


@dataclass(frozen=True, slots=True)
class Promotion:
    """One version of a promotion.

    `currency` is that of its amounts, "" if it has none. Of equals the one with the higher
    priority comes first, then the one with the smaller id. `pieces_max` is how many pieces of each
    SKU get the price, of the class PRICE only; `discount_max_minor` caps what is taken off in all,
    of the classes BASKET and VOUCHER only. PromotionInvalid, naming the field, for what
    contradicts itself.
    """

    id: str
    version: int
    stacking_class: StackingClass
    benefit: Benefit
    goods: Goods = ALL_GOODS
    minimum: Minimum | None = None
    audience: Audience = EVERYBODY
    validity: Validity = ALWAYS
    combining: Combining = Combining.OTHERS
    priority: int = 0
    currency: str = ""
    pieces_max: int | None = None
    discount_max_minor: int | None = None

    def __post_init__(self) -> None:
        try:
            self._check()
        except PromotionInvalid as problem:
            raise PromotionInvalid.of(*problem.violations, promotion=self.id) from None

    @property
    def has_amounts(self) -> bool:
        """Whether any of its terms is an amount of money."""
        minimum = self.minimum
        return (
            (minimum is not None and minimum.measure is Measure.SPEND)
            or self.discount_max_minor is not None
            or _has_amounts(self.benefit)
        )

    @property
    def asks_for_what_is_left(self) -> bool:
        """Whether a spend is measured after earlier classes have taken something off it."""
        minimum, benefit = self.minimum, self.benefit
        return (minimum is not None and minimum.base is Base.LEFT) or (
            isinstance(benefit, Tiers | EveryFull) and benefit.base is Base.LEFT
        )

    def _check(self) -> None:
        require(bool(self.id), "id", "must not be empty")
        require(self.version >= 1, "version", "must be at least 1")
        require(abs(self.priority) <= PRIORITY_MAX, "priority", f"must be within {PRIORITY_MAX}")
        require(
            isinstance(self.benefit, BENEFITS_OF_CLASS[self.stacking_class]),
            "benefit",
            f"is none of the class {self.stacking_class.name}",
        )
        require(bool(self.currency) == self.has_amounts, "currency", "must be given with amounts")
        is_sum = self.stacking_class in (StackingClass.BASKET, StackingClass.VOUCHER)
        if self.minimum is not None and not is_sum:
            require(
                self.minimum.base is Base.LIST, "minimum.base", "must be LIST before other classes"
            )
        if self.pieces_max is not None:
            require(
                self.stacking_class is StackingClass.PRICE, "pieces_max", "is for the class PRICE"
            )
            require_count(self.pieces_max, "pieces_max")
        if self.discount_max_minor is not None:
            require(is_sum, "discount_max_minor", "is for the classes BASKET and VOUCHER")
            require_amount(self.discount_max_minor, "discount_max_minor")
        self._check_goods()

    def _check_goods(self) -> None:
        if isinstance(self.benefit, Bundle):
            require(self.goods == ALL_GOODS, "goods", "must be those of the bundle's parts")
        if isinstance(self.benefit, PriceList):
            require(self.goods == ALL_GOODS, "goods", "must be those of the price list")


def _has_amounts(benefit: Benefit) -> bool:
    match benefit:
        case PercentOff() | BuyGet():
            return False
        case Tiers():
            return benefit.measure is Measure.SPEND or any(
                isinstance(step.off, AmountOff) for step in benefit.steps
            )
        case _:
            return True


def goods_by_role(promotion: Promotion) -> tuple[Goods, ...]:
    """The goods that a promotion looks for, by the role that they play in it.

    Those that it discounts or counts to sets come first: a bundle's parts; what is bought, and the
    reward if that is other goods; else the promotion's goods. Last come the goods of the minimum,
    if it has goods of its own.
    """
    match promotion.benefit:
        case Bundle(parts):
            roles = [part.goods for part in parts]
        case BuyGet(reward=Goods() as reward):
            roles = [promotion.goods, reward]
        case PriceList(prices):
            roles = [Goods(skus=frozenset(prices))]
        case _:
            roles = [promotion.goods]
    if promotion.minimum is not None and promotion.minimum.goods is not None:
        roles.append(promotion.minimum.goods)
    return tuple(roles)
