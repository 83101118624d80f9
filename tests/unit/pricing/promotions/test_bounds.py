"""Whatever is in the basket and on offer, the work is bounded and its result is stated.

Work is counted in calls of Python functions, which is the same on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from types import FrameType

import pytest

from chassis.kernel.errors import AmountTooLarge, InvalidInput
from chassis.kernel.money import AMOUNT_MINOR_MAX, Money
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from pricing.promotions.basket import LINES_MAX, PricedBasket, PricedLine
from pricing.promotions.benefits import (
    AmountOff,
    AmountOffEach,
    Bundle,
    BuyGet,
    Part,
    PercentOff,
    Step,
    Tiers,
)
from pricing.promotions.conditions import Audience
from pricing.promotions.engine import quote_promotions
from pricing.promotions.goods import ALL_GOODS, Base, Goods, Measure
from pricing.promotions.index import PromotionIndex
from pricing.promotions.promotion import Combining, Promotion, StackingClass
from tests.support.promotion_strategies import basket, line, promotion


def calls_of(work: Callable[[], object]) -> int:
    """How many Python functions are called."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def products(count: int, *, pieces: int = 2) -> list[PricedLine]:
    return [
        PricedLine.of(f"p{n:03}", f"d{n % 10}", pieces, Unit.EACH, Money(100 + n, "CNY"))
        for n in range(count)
    ]


def of_products(count: int, *, per_sku: int = 1, prefix: str = "") -> list[Promotion]:
    """A price for each of so many products."""
    return [
        promotion(
            f"{prefix}{number:05}",
            StackingClass.PRICE,
            PercentOff(1_000),
            goods=Goods(skus=frozenset({f"{prefix}{number // per_sku:05}"})),
        )
        for number in range(count)
    ]


BOUGHT = basket(*products(20))
SOME = [
    promotion("ten", StackingClass.BASKET, PercentOff(1_000)),
    promotion("b2g1", StackingClass.MULTIBUY, BuyGet(2, 1)),
    promotion("p003", StackingClass.PRICE, PercentOff(500), goods=Goods(frozenset({"p003"}))),
]


def test_promotions_for_others_cost_a_basket_nothing() -> None:
    others = of_products(10_000, prefix="x")
    others += [
        replace(SOME[0], id=f"{kind}{number}", audience=audience)
        for number in range(1_000)
        for kind, audience in {
            "store": Audience(stores=frozenset({f"s{number}"})),
            "group": Audience(groups=frozenset({f"g{number}"})),
            "coupon": Audience(needs_coupon=True),
        }.items()
    ]
    few, many = PromotionIndex(SOME), PromotionIndex([*SOME, *others])
    assert quote_promotions(many, BOUGHT) == quote_promotions(few, BOUGHT)
    calls = [calls_of(partial(quote_promotions, each, BOUGHT)) for each in (few, many)]
    # A look for each kind of audience that the others have, and none for any of them.
    assert calls[1] - calls[0] <= 3


ADVERSARIES: dict[str, Callable[[int], Promotion]] = {
    "prices of everything": lambda n: promotion(
        f"a{n:05}", StackingClass.PRICE, AmountOffEach(1 + n % 90)
    ),
    "multi-buys of everything": lambda n: promotion(
        f"a{n:05}", StackingClass.MULTIBUY, BuyGet(1 + n % 3, 1 + n % 2)
    ),
    "bundles of everything": lambda n: promotion(
        f"a{n:05}",
        StackingClass.MULTIBUY,
        Bundle((Part(ALL_GOODS, 2), Part(Goods(departments=frozenset({"d1"})), 1)), n),
    ),
    "sums that overlap": lambda n: promotion(
        f"a{n:05}",
        StackingClass.BASKET,
        PercentOff(100 + n),
        goods=Goods(departments=frozenset({f"d{n % 10}", f"d{n * 7 % 10}"})),
    ),
    "vouchers that combine with nothing": lambda n: promotion(
        f"a{n:05}", StackingClass.VOUCHER, AmountOff(1 + n), combining=Combining.NOTHING
    ),
    "prices that do not combine": lambda n: promotion(
        f"a{n:05}",
        StackingClass(1 + n % 2 * 3),
        PercentOff(100 + n),
        goods=Goods(departments=frozenset({f"d{n % 10}"})),
        combining=Combining.NOT_ON_SAME_GOODS,
    ),
    "levels that discounts miss": lambda n: promotion(
        f"a{n:05}",
        StackingClass(1 + n % 2 * 2),
        PercentOff(100 + n)
        if n % 2 == 0
        else Tiers(Measure.SPEND, (Step(2_000 + n, AmountOff(900)),), Base.LEFT),
        goods=Goods(departments=frozenset({f"d{n % 10}"})),
    ),
}


@pytest.mark.parametrize("kind", ADVERSARIES)
def test_work_grows_no_faster_than_the_promotions_that_touch_a_basket(kind: str) -> None:
    made = [ADVERSARIES[kind](number) for number in range(400)]
    calls = {
        count: calls_of(partial(quote_promotions, PromotionIndex(made[:count]), BOUGHT))
        for count in (100, 400)
    }
    assert calls[400] < 6 * calls[100]


@pytest.mark.parametrize("kind", ADVERSARIES)
def test_beyond_the_bounds_the_result_is_still_the_same_in_any_order(kind: str) -> None:
    made = [ADVERSARIES[kind](number) for number in range(60)]
    first = quote_promotions(PromotionIndex(made), BOUGHT)
    random = Random(7)
    for _ in range(3):
        lines = tuple(random.sample(BOUGHT.lines, len(BOUGHT.lines)))
        shuffled = PromotionIndex(random.sample(made, len(made)))
        again = quote_promotions(shuffled, replace(BOUGHT, lines=lines))
        assert again.total_minor == first.total_minor
        assert [(a.promotion, a.discount_minor) for a in again.applied] == [
            (a.promotion, a.discount_minor) for a in first.applied
        ]


def test_beyond_the_bounds_the_quote_is_at_least_as_good_as_each_alone() -> None:
    for kind in ("multi-buys of everything", "sums that overlap"):
        made = [ADVERSARIES[kind](number) for number in range(60)]
        together = quote_promotions(PromotionIndex(made), BOUGHT).total_minor
        assert all(
            together <= quote_promotions(PromotionIndex([each]), BOUGHT).total_minor
            for each in made
        )


def test_a_basket_of_400_lines_is_quoted_whole() -> None:
    large = basket(*products(400))
    quote = quote_promotions(PromotionIndex([*SOME, *of_products(50, prefix="p")]), large)
    assert len(quote.line_discounts_minor) == 400
    assert {each.promotion for each in quote.applied} >= {"ten", "b2g1", "p003"}
    assert quote.total_minor == large.total_minor - sum(quote.line_discounts_minor)


def test_pieces_beyond_counting_cost_no_more_work() -> None:
    sets = [
        promotion("b2g1", StackingClass.MULTIBUY, BuyGet(2, 1, times_max=QUANTITY_MAX)),
        promotion(
            "gift",
            StackingClass.MULTIBUY,
            BuyGet(2, 1, reward=Goods(skus=frozenset({"brie", "tea"}))),
        ),
        promotion("trio", StackingClass.MULTIBUY, Bundle((Part(ALL_GOODS, 3),), 2)),
    ]
    index = PromotionIndex(sets)

    def bought(pieces: int) -> PricedBasket:
        return basket(line("brie", pieces, 1), line("gouda", pieces, 2), line("tea", pieces, 3))

    calls = [
        calls_of(partial(quote_promotions, index, bought(pieces)))
        for pieces in (100, QUANTITY_MAX // 10)
    ]
    # Halving takes some forty looks more.
    assert calls[1] < 8 * calls[0]
    largest = bought(QUANTITY_MAX // 10)
    assert 0 < quote_promotions(index, largest).total_minor < largest.total_minor


def test_the_largest_amount_is_discounted_exactly() -> None:
    line_of = PricedLine.of("brie", "dairy", 1, Unit.EACH, Money(AMOUNT_MINOR_MAX, "CNY"))
    quote = quote_promotions(
        PromotionIndex([promotion("third", StackingClass.BASKET, PercentOff(3_333))]),
        basket(line_of),
    )
    assert quote.total_minor == AMOUNT_MINOR_MAX * 6_667 // 10_000


def test_a_basket_has_at_least_one_line_and_no_more_than_the_bound() -> None:
    for count in (0, LINES_MAX + 1):
        with pytest.raises(InvalidInput):
            basket(*products(count))
    assert len(basket(*products(LINES_MAX)).lines) == LINES_MAX


def test_lines_that_come_to_too_much_together_are_refused() -> None:
    half = PricedLine.of("a", "d", 1, Unit.EACH, Money(AMOUNT_MINOR_MAX // 2 + 1, "CNY"))
    with pytest.raises(AmountTooLarge):
        basket(half, half)
