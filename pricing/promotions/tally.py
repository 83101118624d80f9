"""What a basket's lines still cost while promotions are applied one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from pricing.promotions.basket import PricedLine
from pricing.promotions.index import Filed

Prices: TypeAlias = list[tuple[int, int]]
"""The prices of a line's pieces, and of how many pieces each is."""


class Share(NamedTuple):
    """What of a line took part in a promotion, in pieces or grams, and what was taken off it.

    A tuple, since a quote makes more of them than of all else together.
    """

    quantity: int
    discount_minor: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A promotion that was applied, how many times, and its share of each line by number."""

    filed: Filed
    times: int
    discount_minor: int
    shares: Mapping[int, Share]


@dataclass(slots=True)
class Tally:
    """What is left of each line, and what has been done to it so far.

    A line that is closed is out of reach for later classes. `prices` has the lines whose pieces
    got another price than they had.
    """

    lines: Sequence[PricedLine]
    left: list[int]
    is_touched: list[bool]
    is_closed: list[bool]
    prices: dict[int, Prices] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Sequence[PricedLine]) -> Tally:
        """Before anything is applied."""
        return cls(
            lines=lines,
            left=[line.total_minor for line in lines],
            is_touched=[False] * len(lines),
            is_closed=[False] * len(lines),
        )

    @property
    def discount_minor(self) -> int:
        """What has been taken off in all."""
        return sum([each.discount_minor for each in self.taken])

    def is_open_to(self, filed: Filed, number: int) -> bool:
        """Whether a promotion may have a line, after what other classes did to it."""
        return not self.is_closed[number] and not (
            filed.is_on_free_goods_only and self.is_touched[number]
        )

    def take_off(self, of_one_class: Sequence[Taken]) -> None:
        """Applies what promotions of one class take off."""
        for taken in of_one_class:
            self.taken.append(taken)
            for number, share in taken.shares.items():
                self.left[number] -= share.discount_minor
                self.is_touched[number] = True
                if taken.filed.is_on_free_goods_only:
                    self.is_closed[number] = True
