"""Which goods a promotion is about, and how much of them it asks for."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from chassis.kernel.errors import InvalidInput
from chassis.kernel.money import AMOUNT_MINOR_MAX
from chassis.kernel.quantity import QUANTITY_MAX

GOODS_NAMED_MAX = 10_000
"""A promotion's goods name at most so many products and departments."""

BASIS_POINTS_WHOLE = 10_000


class PromotionInvalid(InvalidInput):
    """A promotion contradicts itself, or lies outside its bounds."""

    reason = "PROMOTION_INVALID"
    message = "the promotion {promotion} is not possible"


def require(is_so: bool, field: str, problem: str) -> None:
    """PromotionInvalid, naming the field, unless it is so."""
    if not is_so:
        raise PromotionInvalid.at(field, problem, promotion="")


def require_amount(amount_minor: int, field: str, *, least: int = 1) -> None:
    """PromotionInvalid, naming the field, unless the amount is possible."""
    require(
        least <= amount_minor <= AMOUNT_MINOR_MAX, field, f"must be {least} to {AMOUNT_MINOR_MAX}"
    )


def require_count(count: int, field: str) -> None:
    """PromotionInvalid, naming the field, unless so many pieces or grams are possible."""
    require(1 <= count <= QUANTITY_MAX, field, f"must be 1 to {QUANTITY_MAX}")


def require_share(basis_points: int, field: str) -> None:
    """PromotionInvalid, naming the field, unless it is more than nothing and at most all."""
    require(1 <= basis_points <= BASIS_POINTS_WHOLE, field, f"must be 1 to {BASIS_POINTS_WHOLE}")


class Measure(enum.StrEnum):
    """What is counted of goods."""

    SPEND = "spend"
    PIECES = "pieces"
    GRAMS = "grams"


class Base(enum.StrEnum):
    """Which amounts a spend is: those before any promotion, or those that earlier classes left."""

    LIST = "list"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Goods:
    """Products by SKU or department, without the excepted ones; all products if none is named."""

    skus: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    except_skus: frozenset[str] = frozenset()
    except_departments: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        named = (self.skus, self.departments, self.except_skus, self.except_departments)
        for names, field in zip(named, self.__slots__, strict=True):
            require("" not in names, field, "must not be empty")
        require(
            sum(map(len, named)) <= GOODS_NAMED_MAX,
            "skus",
            f"must be at most {GOODS_NAMED_MAX}, departments and exceptions included",
        )
        require(not self.skus & self.except_skus, "except_skus", "must not except what is named")

    @property
    def are_all(self) -> bool:
        """Whether no product and no department is named."""
        return not self.skus and not self.departments

    @property
    def have_exceptions(self) -> bool:
        """Whether something that is named or meant otherwise is excepted."""
        return bool(self.except_skus or self.except_departments)

    def has(self, sku: str, department: str) -> bool:
        """Whether a product of a department is among them."""
        if sku in self.except_skus or department in self.except_departments:
            return False
        return self.are_all or sku in self.skus or department in self.departments


ALL_GOODS = Goods()


@dataclass(frozen=True, slots=True)
class Minimum:
    """How much has to be in the basket for a promotion to apply.

    Of the promotion's own goods, unless others are given. A spend is measured by its base; of
    pieces and grams there is one measure only, so their base must be LIST.
    """

    measure: Measure
    at_least: int
    base: Base = Base.LIST
    goods: Goods | None = None

    def __post_init__(self) -> None:
        require_level(self.measure, self.at_least, "minimum.at_least")
        require_base(self.measure, self.base, "minimum.base")


def require_level(measure: Measure, level: int, field: str) -> None:
    """PromotionInvalid, naming the field, unless the measure can come to the level."""
    if measure is Measure.SPEND:
        require_amount(level, field)
    else:
        require_count(level, field)


def require_base(measure: Measure, base: Base, field: str) -> None:
    """PromotionInvalid, naming the field, for a base of what is not an amount."""
    require(measure is Measure.SPEND or base is Base.LIST, field, "is for a spend only")
