"""What holds for every basket and every set of promotions, large ones too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.kernel.money import shares_minor
from chassis.kernel.quantity import Unit
from pricing.promotions.basket import PricedBasket, PricedLine
from pricing.promotions.engine import PromotedQuote, quote_promotions
from pricing.promotions.explanation import explain
from pricing.promotions.index import PromotionIndex
from pricing.promotions.promotion import Combining, Promotion, StackingClass, goods_by_role
from tests.support.promotion_strategies import baskets, promotions

MANY = promotions(most=8)


def quoted(offered: Sequence[Promotion], bought: PricedBasket) -> PromotedQuote:
    return quote_promotions(PromotionIndex(offered), bought)


@settings(max_examples=200)
@given(MANY, baskets(8))
def test_no_line_and_no_total_is_ever_negative(
    offered: list[Promotion], bought: PricedBasket
) -> None:
    quote = quoted(offered, bought)
    for line, discount in zip(bought.lines, quote.line_discounts_minor, strict=True):
        assert 0 <= discount <= line.total_minor
    assert quote.total_minor >= 0


@settings(max_examples=200)
@given(MANY, baskets(8))
def test_every_discount_is_shared_out_exactly(
    offered: list[Promotion], bought: PricedBasket
) -> None:
    quote = quoted(offered, bought)
    by_line = [0] * len(bought.lines)
    for applied in quote.applied:
        assert applied.discount_minor > 0
        assert sum(share.discount_minor for share in applied.shares) == applied.discount_minor
        for share in applied.shares:
            assert 0 < share.quantity <= bought.lines[share.line].quantity
            by_line[share.line] += share.discount_minor
    assert tuple(by_line) == quote.line_discounts_minor
    assert quote.total_minor == bought.total_minor - sum(by_line)


@settings(max_examples=200)
@given(MANY, baskets(8), st.randoms())
def test_neither_the_order_of_lines_nor_that_of_promotions_matters(
    offered: list[Promotion], bought: PricedBasket, random: Random
) -> None:
    places = list(range(len(bought.lines)))
    random.shuffle(places)
    shuffled = random.sample(offered, len(offered))
    first = quoted(offered, bought)
    lines = tuple(bought.lines[place] for place in places)
    second = quoted(shuffled, replace(bought, lines=lines))
    assert second.total_minor == first.total_minor
    assert [(each.promotion, each.uses, each.discount_minor) for each in second.applied] == [
        (each.promotion, each.uses, each.discount_minor) for each in first.applied
    ]
    # Lines that are equal in everything may have changed places among themselves.
    outcomes = [
        sorted(zip(map(repr, each), quote.line_discounts_minor, strict=True))
        for each, quote in ((bought.lines, first), (lines, second))
    ]
    assert outcomes[0] == outcomes[1]


@settings(max_examples=200)
@given(MANY, baskets(5))
def test_splitting_a_line_of_pieces_never_changes_the_total(
    offered: list[Promotion], bought: PricedBasket
) -> None:
    split: list[PricedLine] = []
    for line in bought.lines:
        if line.unit is Unit.GRAM:
            split.append(line)
        else:
            piece = replace(line, quantity=1, total_minor=line.unit_price_minor)
            split += [piece] * line.quantity
    # Sums are shared among other lines then, and what one class rounds another may start from.
    alone = [each for each in offered if each.stacking_class is offered[0].stacking_class]
    whole, pieces = quoted(alone, bought), quoted(alone, replace(bought, lines=tuple(split)))
    assert whole.total_minor == pieces.total_minor


@settings(max_examples=200)
@given(MANY, baskets(5))
def test_a_promotion_more_never_makes_one_class_dearer(
    offered: list[Promotion], bought: PricedBasket
) -> None:
    alike = [
        each
        for each in offered
        if each.stacking_class is offered[0].stacking_class and each.stacking_class > 2
    ]
    if alike:
        assert quoted(alike, bought).total_minor <= quoted(alike[1:], bought).total_minor


@settings(max_examples=200)
@given(MANY, baskets(5))
def test_the_best_alone_is_never_better_than_the_quote(
    offered: list[Promotion], bought: PricedBasket
) -> None:
    """Of promotions that combine with all, each is at least worth what it is without the rest."""
    of_one_class = [replace(each, combining=Combining.OTHERS) for each in offered]
    for stacking_class in StackingClass:
        alike = [each for each in of_one_class if each.stacking_class is stacking_class]
        quote = quoted(alike, bought)
        for each in alike:
            assert quote.total_minor <= quoted([each], bought).total_minor


@settings(max_examples=200)
@given(MANY, baskets(5))
def test_each_promotion_that_touches_a_basket_is_applied_or_explained(
    offered: list[Promotion], bought: PricedBasket
) -> None:
    explanation = explain(PromotionIndex(offered), bought)
    assert explanation.quote == quoted(offered, bought)
    applied = {each.promotion for each in explanation.quote.applied}
    suppressed = {each.promotion for each in explanation.suppressed}
    assert not applied & suppressed
    assert len(suppressed) == len(explanation.suppressed)
    for each in explanation.suppressed:
        assert set(each.by) <= applied
    costing = [line for line in bought.lines if line.total_minor]
    touching = {
        each.id
        for each in offered
        if any(goods.has(b.sku, b.department) for goods in goods_by_role(each) for b in costing)
    }
    assert touching == applied | suppressed
    for miss in explanation.near_misses:
        assert miss.promotion in applied | suppressed
        assert all(lack.amount > 0 for lack in miss.missing)
        assert miss.gain_minor is None or miss.gain_minor >= 0


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 10_000), min_size=1, max_size=20).filter(any),
)
def test_a_share_is_never_more_than_its_line(discount: int, left: list[int]) -> None:
    shares = shares_minor(min(discount, sum(left)), left)
    assert all(0 <= share <= most for share, most in zip(shares, left, strict=True))
