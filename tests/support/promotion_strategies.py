"""Small baskets and promotions that get in each other's way, for hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from chassis.kernel.money import Money
from chassis.kernel.quantity import Unit
from pricing.promotions.basket import ANYBODY, Place, PricedBasket, PricedLine, Shopper
from pricing.promotions.benefits import (
    AmountOff,
    AmountOffEach,
    Benefit,
    Bundle,
    BuyGet,
    EveryFull,
    FixedPrice,
    Part,
    PercentOff,
    PriceList,
    Step,
    Tiers,
)
from pricing.promotions.goods import ALL_GOODS, Base, Goods, Measure, Minimum, PromotionInvalid
from pricing.promotions.promotion import Combining, Promotion, StackingClass

CNY = "CNY"
AT = datetime(2026, 3, 6, 10, 30, tzinfo=UTC)
SHOP = Place("sh01", ZoneInfo("Asia/Shanghai"))

COUNTED = {"brie": "dairy", "gouda": "dairy", "tea": "drinks", "cola": "drinks"}
WEIGHED = {"apples": "fruit"}
DEPARTMENT = {**COUNTED, **WEIGHED}


def line(sku: str, quantity: int, price_minor: int) -> PricedLine:
    """So much of one of the products above, at the price of a piece or kilogram."""
    unit = Unit.GRAM if sku in WEIGHED else Unit.EACH
    return PricedLine.of(sku, DEPARTMENT[sku], quantity, unit, Money(price_minor, CNY))


def basket(*lines: PricedLine, shopper: Shopper = ANYBODY) -> PricedBasket:
    """A basket at a till in Shanghai."""
    return PricedBasket(tuple(lines), CNY, SHOP, "till", AT, shopper)


def promotion(
    name: str, stacking_class: StackingClass, benefit: Benefit, **more: object
) -> Promotion:
    """A promotion, with a currency if it has amounts."""
    try:
        return Promotion(name, 1, stacking_class, benefit, currency=CNY, **more)  # type: ignore[arg-type]
    except PromotionInvalid:
        return Promotion(name, 1, stacking_class, benefit, **more)  # type: ignore[arg-type]


PRICES = st.one_of(st.integers(0, 12), st.integers(0, 12).map(lambda n: n * 100 + 99))
LINES = st.one_of(
    st.builds(line, st.sampled_from(sorted(COUNTED)), st.integers(1, 4), PRICES),
    st.builds(line, st.sampled_from(sorted(WEIGHED)), st.integers(1, 2_000), PRICES),
)


def baskets(lines_max: int = 4) -> st.SearchStrategy[PricedBasket]:
    """Baskets of few lines, also of one product several times."""
    return st.lists(LINES, min_size=1, max_size=lines_max).map(lambda lines: basket(*lines))


def _subsets(names: Sequence[str], least: int = 0) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(sorted(names)), min_size=least, max_size=3)


GOODS = st.one_of(
    st.just(ALL_GOODS),
    st.builds(Goods, skus=_subsets(tuple(DEPARTMENT), 1)),
    st.builds(Goods, departments=_subsets(("dairy", "drinks", "fruit"), 1)),
    st.builds(
        Goods,
        departments=_subsets(("dairy", "drinks"), 1),
        skus=st.just(frozenset({"apples"})),
        except_skus=st.sampled_from([frozenset(), frozenset({"brie"}), frozenset({"tea"})]),
    ),
)
BASIS_POINTS = st.sampled_from([1, 500, 1_000, 3_333, 5_000, 9_999, 10_000])
AMOUNTS = st.one_of(st.integers(1, 15), st.integers(1, 15).map(lambda n: n * 100))
PERCENTS = st.builds(PercentOff, BASIS_POINTS)
TIMES = st.sampled_from([None, None, 1, 2])
MEASURED = st.one_of(
    st.tuples(st.just(Measure.SPEND), st.sampled_from(Base)),
    st.tuples(st.just(Measure.PIECES), st.just(Base.LIST)),
    st.tuples(st.just(Measure.GRAMS), st.just(Base.LIST)),
)

PRICE_BENEFITS = st.one_of(
    PERCENTS,
    st.builds(AmountOffEach, AMOUNTS),
    st.builds(FixedPrice, PRICES),
    st.builds(PriceList, st.dictionaries(st.sampled_from(sorted(DEPARTMENT)), PRICES, min_size=1)),
)
SET_BENEFITS = st.one_of(
    st.builds(
        BuyGet,
        buy=st.integers(1, 3),
        get=st.integers(1, 2),
        basis_points=BASIS_POINTS,
        reward=st.one_of(st.none(), GOODS),
        times_max=TIMES,
    ),
    st.builds(
        Bundle,
        parts=st.lists(st.builds(Part, GOODS, st.integers(1, 3)), min_size=1, max_size=3).map(
            tuple
        ),
        price_minor=PRICES,
        times_max=TIMES,
    ),
)


@st.composite
def _tiers(draw: st.DrawFn) -> Tiers:
    measure, base = draw(MEASURED)
    levels = sorted(draw(st.sets(AMOUNTS, min_size=1, max_size=3)))
    offs = st.one_of(PERCENTS, st.builds(AmountOff, AMOUNTS))
    return Tiers(measure, tuple(Step(level, draw(offs)) for level in levels), base)


@st.composite
def _every_full(draw: st.DrawFn) -> EveryFull:
    measure, base = draw(MEASURED)
    return EveryFull(measure, draw(AMOUNTS), draw(AMOUNTS), draw(TIMES), base)


SUM_BENEFITS = st.one_of(PERCENTS, st.builds(AmountOff, AMOUNTS), _tiers(), _every_full())
BENEFITS: dict[StackingClass, st.SearchStrategy[Benefit]] = {
    StackingClass.PRICE: PRICE_BENEFITS,
    StackingClass.MULTIBUY: SET_BENEFITS,
    StackingClass.BASKET: SUM_BENEFITS,
    StackingClass.VOUCHER: SUM_BENEFITS,
}


@st.composite
def promotions(
    draw: st.DrawFn,
    classes: st.SearchStrategy[StackingClass] = st.sampled_from(StackingClass),
    combining: st.SearchStrategy[Combining] = st.sampled_from(Combining),
    most: int = 5,
) -> list[Promotion]:
    """So many promotions with ids of their own, that are for every basket above."""
    return [
        draw(_promotion(name, classes, combining))
        for name in "abcdefgh"[: draw(st.integers(1, most))]
    ]


@st.composite
def _promotion(
    draw: st.DrawFn,
    name: str,
    classes: st.SearchStrategy[StackingClass],
    combining: st.SearchStrategy[Combining],
) -> Promotion:
    stacking_class = draw(classes)
    benefit = draw(BENEFITS[stacking_class])
    is_sum = stacking_class > StackingClass.MULTIBUY
    minimum = None
    if draw(st.integers(0, 3)) == 0:
        measure, base = draw(MEASURED)
        goods = draw(st.one_of(st.none(), GOODS))
        minimum = Minimum(measure, draw(AMOUNTS), base if is_sum else Base.LIST, goods)
    is_of_goods = not isinstance(benefit, Bundle | PriceList)
    return promotion(
        name,
        stacking_class,
        benefit,
        goods=draw(GOODS) if is_of_goods else ALL_GOODS,
        minimum=minimum,
        combining=draw(combining),
        priority=draw(st.integers(0, 1)),
        pieces_max=draw(TIMES) if stacking_class is StackingClass.PRICE else None,
        discount_max_minor=draw(st.one_of(st.none(), AMOUNTS)) if is_sum else None,
    )
