"""What promotions give.

Three kinds, by what they are worked out on: a price of one piece or kilogram, sets of pieces, and
the sum of all goods of the promotion. Roundings are half up, of the discount.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.kernel.money import divided_half_up
from pricing.promotions.goods import (
    BASIS_POINTS_WHOLE,
    GOODS_NAMED_MAX,
    Base,
    Goods,
    Measure,
    require,
    require_amount,
    require_base,
    require_count,
    require_level,
    require_share,
)

STEPS_MAX = 20
PARTS_MAX = 10


def share_of(amount_minor: int, basis_points: int) -> int:
    """So many hundredths of a percent of an amount, rounded half up."""
    return divided_half_up(amount_minor * basis_points, BASIS_POINTS_WHOLE)


@dataclass(frozen=True, slots=True)
class PercentOff:
    """A share off: of the price of a piece or kilogram, or of what all the goods come to."""

    basis_points: int

    def __post_init__(self) -> None:
        require_share(self.basis_points, "basis_points")

    def price_of(self, sku: str, unit_price_minor: int) -> int:
        """The price of a piece or kilogram, without the share."""
        return unit_price_minor - share_of(unit_price_minor, self.basis_points)

    def discount_on(self, left_minor: int, measured: int) -> int:
        """The share of what the goods come to."""
        return share_of(left_minor, self.basis_points)


@dataclass(frozen=True, slots=True)
class AmountOffEach:
    """An amount off the price of each piece or kilogram."""

    amount_minor: int

    def __post_init__(self) -> None:
        require_amount(self.amount_minor, "amount_minor")

    def price_of(self, sku: str, unit_price_minor: int) -> int:
        """The price without the amount, 0 if the amount is more."""
        return max(0, unit_price_minor - self.amount_minor)


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """One price for each piece or kilogram of all the goods."""

    unit_price_minor: int

    def __post_init__(self) -> None:
        require_amount(self.unit_price_minor, "unit_price_minor", least=0)

    def price_of(self, sku: str, unit_price_minor: int) -> int:
        """That price."""
        return self.unit_price_minor


@dataclass(frozen=True, slots=True)
class PriceList:
    """A price for each product, such as members' prices. Its products are the promotion's goods."""

    unit_prices_minor: Mapping[str, int]

    def __post_init__(self) -> None:
        require(
            1 <= len(self.unit_prices_minor) <= GOODS_NAMED_MAX,
            "unit_prices_minor",
            f"must be 1 to {GOODS_NAMED_MAX}",
        )
        for price in self.unit_prices_minor.values():
            require_amount(price, "unit_prices_minor", least=0)

    def price_of(self, sku: str, unit_price_minor: int) -> int:
        """The product's price on the list."""
        return self.unit_prices_minor[sku]


@dataclass(frozen=True, slots=True)
class AmountOff:
    """An amount off what all the goods come to."""

    amount_minor: int

    def __post_init__(self) -> None:
        require_amount(self.amount_minor, "amount_minor")

    def discount_on(self, left_minor: int, measured: int) -> int:
        """The amount, or all that is left."""
        return min(self.amount_minor, left_minor)


@dataclass(frozen=True, slots=True)
class Step:
    """What is given from a level on."""

    at_least: int
    off: PercentOff | AmountOff


@dataclass(frozen=True, slots=True)
class Tiers:
    """The more, the better: of the steps that are reached, the one that gives most."""

    measure: Measure
    steps: tuple[Step, ...]
    base: Base = Base.LIST

    def __post_init__(self) -> None:
        require(1 <= len(self.steps) <= STEPS_MAX, "steps", f"must be 1 to {STEPS_MAX}")
        require_base(self.measure, self.base, "base")
        for step in self.steps:
            require_level(self.measure, step.at_least, "steps.at_least")
        for lower, higher in itertools.pairwise(self.steps):
            require(lower.at_least < higher.at_least, "steps", "must rise")

    def levels_between(self, measured: int, most: int) -> list[int]:
        """The levels above what is measured, up to `most`."""
        return [step.at_least for step in self.steps if measured < step.at_least <= most]

    def discount_on(self, left_minor: int, measured: int) -> int:
        """What the best step that is reached gives, 0 if none is."""
        reached = [step.off for step in self.steps if step.at_least <= measured]
        return max([off.discount_on(left_minor, measured) for off in reached], default=0)


@dataclass(frozen=True, slots=True)
class EveryFull:
    """An amount off for every full so much, at most so many times: 10 off every 100."""

    measure: Measure
    every: int
    amount_minor: int
    times_max: int | None = None
    base: Base = Base.LIST

    def __post_init__(self) -> None:
        require_level(self.measure, self.every, "every")
        require_amount(self.amount_minor, "amount_minor")
        require_base(self.measure, self.base, "base")
        _require_times(self.times_max)

    def level_of(self, measured: int) -> int:
        """How many times the amount is due."""
        times = measured // self.every
        return times if self.times_max is None else min(times, self.times_max)

    def levels_between(self, measured: int, most: int) -> list[int]:
        """The next level above what is measured, if it is at most `most` and gives more."""
        level = (self.level_of(measured) + 1) * self.every
        return (
            [level]
            if measured < level <= most and self.level_of(level) * self.every == level
            else []
        )

    def discount_on(self, left_minor: int, measured: int) -> int:
        """The amount as often as it is due, or all that is left."""
        return min(self.level_of(measured) * self.amount_minor, left_minor)


@dataclass(frozen=True, slots=True)
class BuyGet:
    """Who buys so many pieces gets so many more at a share off, 10,000 basis points for free.

    Without goods of their own the reward is from the promotion's goods: of each set of both, the
    cheapest pieces.
    """

    buy: int
    get: int
    basis_points: int = BASIS_POINTS_WHOLE
    reward: Goods | None = None
    times_max: int | None = None

    def __post_init__(self) -> None:
        require_count(self.buy, "buy")
        require_count(self.get, "get")
        require_share(self.basis_points, "basis_points")
        _require_times(self.times_max)


@dataclass(frozen=True, slots=True)
class Part:
    """So many pieces of some goods, for a bundle."""

    goods: Goods
    pieces: int

    def __post_init__(self) -> None:
        require_count(self.pieces, "parts.pieces")


@dataclass(frozen=True, slots=True)
class Bundle:
    """Pieces of each part together at one price: a meal deal, or any three for 10.

    A product that is among several parts' goods counts for the first of them.
    """

    parts: tuple[Part, ...]
    price_minor: int
    times_max: int | None = None

    def __post_init__(self) -> None:
        require(1 <= len(self.parts) <= PARTS_MAX, "parts", f"must be 1 to {PARTS_MAX}")
        require_amount(self.price_minor, "price_minor", least=0)
        _require_times(self.times_max)


PriceBenefit = PercentOff | AmountOffEach | FixedPrice | PriceList
SetBenefit = BuyGet | Bundle
SumBenefit = PercentOff | AmountOff | Tiers | EveryFull
Benefit = PriceBenefit | SetBenefit | SumBenefit


def _require_times(times_max: int | None) -> None:
    if times_max is not None:
        require_count(times_max, "times_max")
