"""The engine gives what a slow and plain reading of docs/pricing.md gives, to the last unit."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pricing.promotions.basket import PricedBasket
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
from pricing.promotions.engine import quote_promotions
from pricing.promotions.goods import ALL_GOODS, Base, Goods, Measure
from pricing.promotions.index import PromotionIndex
from pricing.promotions.promotion import Combining, Promotion, StackingClass
from pricing.promotions.search import TRIED_EXACTLY_MAX
from tests.support.promotion_oracle import best_state, contested_among
from tests.support.promotion_strategies import basket, baskets, line, promotion, promotions

OTHERS = st.just(Combining.OTHERS)
ONE_CLASS = st.sampled_from(StackingClass).flatmap(
    lambda each: promotions(classes=st.just(each), combining=OTHERS, most=4)
)


def assert_equal_to_oracle(offered: list[Promotion], bought: PricedBasket) -> None:
    together = [each for each in offered if each.combining is not Combining.NOTHING]
    assume(len(contested_among(together, bought)) <= TRIED_EXACTLY_MAX)
    expected = best_state(offered, bought)
    quote = quote_promotions(PromotionIndex(offered), bought)
    assert quote.total_minor == expected.total
    assert quote.line_discounts_minor == expected.discounts
    assert [(each.promotion, each.uses, each.discount_minor) for each in quote.applied] == [
        (name, times, sum(by_line.values())) for name, times, by_line in expected.applied
    ]


@settings(max_examples=300)
@given(ONE_CLASS, baskets())
def test_one_class_by_itself(offered: list[Promotion], bought: PricedBasket) -> None:
    assert_equal_to_oracle(offered, bought)


@settings(max_examples=300)
@given(promotions(combining=OTHERS), baskets())
def test_classes_one_after_the_other(offered: list[Promotion], bought: PricedBasket) -> None:
    assert_equal_to_oracle(offered, bought)


@settings(max_examples=300)
@given(promotions(most=4), baskets())
def test_promotions_that_do_not_combine(offered: list[Promotion], bought: PricedBasket) -> None:
    assert_equal_to_oracle(offered, bought)


CHEESES = st.lists(
    st.builds(
        line, st.sampled_from(["brie", "gouda", "tea"]), st.integers(1, 3), st.integers(1, 6)
    ),
    min_size=1,
    max_size=3,
).map(lambda lines: basket(*lines))
CHEESE_GOODS = st.sampled_from(
    [
        ALL_GOODS,
        Goods(departments=frozenset({"dairy"})),
        Goods(skus=frozenset({"brie"})),
        Goods(skus=frozenset({"gouda", "tea"})),
    ]
)


def named(
    stacking_class: StackingClass, benefits: st.SearchStrategy[Benefit], most: int
) -> st.SearchStrategy[list[Promotion]]:
    """So many promotions of a class that want the same few goods."""
    offers = st.tuples(benefits, CHEESE_GOODS, st.sampled_from([*Combining][:2]))
    return st.lists(offers, min_size=1, max_size=most).map(
        lambda found: [
            promotion(
                f"{stacking_class.name.lower()}{number}",
                stacking_class,
                benefit,
                goods=ALL_GOODS if isinstance(benefit, Bundle | PriceList) else goods,
                combining=combining,
            )
            for number, (benefit, goods, combining) in enumerate(found)
        ]
    )


PARTS = st.builds(Part, CHEESE_GOODS, st.integers(1, 2))
SETS = st.one_of(
    st.builds(BuyGet, buy=st.integers(1, 2), get=st.just(1), reward=st.none()),
    st.builds(BuyGet, buy=st.integers(1, 2), get=st.integers(1, 2), reward=CHEESE_GOODS),
    st.builds(
        Bundle,
        parts=st.lists(
            st.builds(Part, CHEESE_GOODS, st.integers(1, 2)), min_size=1, max_size=2
        ).map(tuple),
        price_minor=st.integers(1, 8),
    ),
)
SMALL_PRICES = st.one_of(
    st.builds(FixedPrice, st.integers(0, 4)), st.builds(AmountOffEach, st.just(1))
)
LEVELS = st.one_of(
    st.builds(
        lambda level, off, base: Tiers(Measure.SPEND, (Step(level, AmountOff(off)),), base),
        st.integers(4, 25),
        st.integers(1, 9),
        st.sampled_from(Base),
    ),
    st.builds(
        EveryFull,
        st.just(Measure.SPEND),
        st.integers(4, 12),
        st.integers(1, 5),
        st.sampled_from([None, 2]),
        st.just(Base.LEFT),
    ),
    st.builds(AmountOff, st.integers(1, 6)),
    st.builds(PercentOff, st.sampled_from([1_000, 5_000])),
)


@settings(max_examples=400)
@given(named(StackingClass.MULTIBUY, SETS, 4), CHEESES)
def test_sets_that_want_the_same_pieces(offered: list[Promotion], bought: PricedBasket) -> None:
    assert_equal_to_oracle(offered, bought)


@settings(max_examples=400)
@given(named(StackingClass.BASKET, LEVELS, 5), named(StackingClass.PRICE, SMALL_PRICES, 2), CHEESES)
def test_sums_that_want_the_same_lines(
    sums: list[Promotion], prices: list[Promotion], bought: PricedBasket
) -> None:
    assert_equal_to_oracle([*sums, *prices], bought)


@settings(max_examples=400)
@given(
    named(StackingClass.PRICE, SMALL_PRICES, 2),
    named(StackingClass.MULTIBUY, SETS, 1),
    named(StackingClass.VOUCHER, LEVELS, 2),
    CHEESES,
)
def test_discounts_that_cost_a_level(
    prices: list[Promotion],
    sets: list[Promotion],
    vouchers: list[Promotion],
    bought: PricedBasket,
) -> None:
    assert_equal_to_oracle([*prices, *sets, *vouchers], bought)
