"""What went wrong for users of comparable projects, thread by thread, does not go wrong here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pricing.promotions.basket import Shopper
from pricing.promotions.benefits import (
    AmountOff,
    AmountOffEach,
    BuyGet,
    FixedPrice,
    PercentOff,
    Step,
    Tiers,
)
from pricing.promotions.conditions import Audience
from pricing.promotions.eligibility import WhyNot
from pricing.promotions.engine import quote_promotions
from pricing.promotions.explanation import explain
from pricing.promotions.goods import Base, Goods, Measure, Minimum
from pricing.promotions.index import PromotionIndex
from pricing.promotions.promotion import Promotion, StackingClass
from tests.support.promotion_strategies import basket, line, promotion

BRIE = Goods(skus=frozenset({"brie"}))
SALE_40 = promotion("sale", StackingClass.PRICE, PercentOff(4_000))
VOUCHER_70 = promotion("voucher", StackingClass.VOUCHER, PercentOff(7_000))
TWO_FOR_ONE = promotion("twofer", StackingClass.MULTIBUY, BuyGet(1, 1), goods=BRIE)
FROM_100 = promotion(
    "from100",
    StackingClass.BASKET,
    AmountOff(1_000),
    minimum=Minimum(Measure.SPEND, 10_000),
)


def total(*promotions: Promotion, lines: int = 1, price: int = 10_000) -> int:
    bought = basket(*[line("brie", 1, price)] * lines)
    return quote_promotions(PromotionIndex(promotions), bought).total_minor


def test_a_voucher_works_on_what_the_sale_left_and_never_gives_goods_away() -> None:
    """saleor#17453"""
    assert total(SALE_40, VOUCHER_70) == 1_800


def test_adding_a_line_changes_neither_whose_discount_it_is_nor_that_of_others() -> None:
    """saleor#13831, #12107"""
    index = PromotionIndex([replace(SALE_40, goods=BRIE), replace(VOUCHER_70, goods=BRIE)])
    alone = quote_promotions(index, basket(line("brie", 1, 10_000)))
    more = quote_promotions(index, basket(line("tea", 3, 500), line("brie", 1, 10_000)))
    assert alone.line_discounts_minor == (8_200,)
    assert more.line_discounts_minor == (0, 8_200)
    assert more.total_minor == 1_500 + alone.total_minor


@pytest.mark.parametrize(("base", "paid"), [(Base.LIST, 8_000), (Base.LEFT, 9_000)])
def test_a_threshold_has_a_stated_base(base: Base, paid: int) -> None:
    """saleor#4082: before promotions it is reached, after them it is not."""
    minimum = Minimum(Measure.SPEND, 10_000, base)
    sale = promotion("sale", StackingClass.PRICE, PercentOff(1_000))
    assert total(sale, replace(FROM_100, minimum=minimum)) == paid


def test_every_discount_is_in_the_total() -> None:
    """saleor#12056"""
    index = PromotionIndex([SALE_40, TWO_FOR_ONE, FROM_100, VOUCHER_70])
    bought = basket(line("brie", 4, 10_000), line("apples", 700, 1_999))
    quote = quote_promotions(index, bought)
    assert len(quote.applied) == 4
    taken_off = sum(each.discount_minor for each in quote.applied)
    assert quote.total_minor == bought.total_minor - taken_off


def test_a_changed_promotion_counts_at_the_next_quote_and_says_its_version() -> None:
    """saleor#15784"""
    bought = basket(line("brie", 1, 10_000))
    changed = replace(SALE_40, version=2, benefit=PercentOff(1_000))
    before, after = (
        quote_promotions(PromotionIndex([each]), bought) for each in (SALE_40, changed)
    )
    assert [(q.applied[0].version, q.total_minor) for q in (before, after)] == [
        (1, 6_000),
        (2, 9_000),
    ]
    ended = explain(PromotionIndex([]), bought).quote
    assert (ended.applied, ended.total_minor) == ((), 10_000)


def test_a_use_that_another_took_is_priced_anew_and_told_so() -> None:
    """saleor#544, vendure PR#4660, shopware#11245"""
    coupon = replace(VOUCHER_70, audience=Audience(needs_coupon=True))
    index = PromotionIndex([coupon])
    winner, loser = (
        basket(
            line("brie", 1, 10_000),
            shopper=Shopper(unlocked=frozenset({"voucher"}), uses_left={"voucher": left}),
        )
        for left in (1, 0)
    )
    assert quote_promotions(index, winner).total_minor == 3_000
    explained = explain(index, loser)
    assert explained.quote.total_minor == 10_000
    assert [each.why for each in explained.suppressed] == [WhyNot.USES_SPENT]


def test_limits_hold_for_promotions_without_a_coupon_too() -> None:
    """vendure#4353"""
    bought = basket(line("brie", 1, 10_000), shopper=Shopper(uses_left={"sale": 0}))
    assert quote_promotions(PromotionIndex([SALE_40]), bought).applied == ()


@pytest.mark.parametrize(("pieces", "times"), [(1, 0), (2, 1), (4, 2), (5, 2)])
def test_buy_x_get_y_applies_as_often_as_it_fits(pieces: int, times: int) -> None:
    """medusa#13265"""
    quote = quote_promotions(PromotionIndex([TWO_FOR_ONE]), basket(line("brie", pieces, 300)))
    assert sum(each.uses for each in quote.applied) == times
    assert quote.total_minor == 300 * (pieces - times)


def test_a_discount_larger_than_the_price_makes_it_nothing_and_not_negative() -> None:
    """medusa#8829"""
    each = promotion("each", StackingClass.PRICE, AmountOffEach(20_000))
    amount = promotion("amount", StackingClass.VOUCHER, AmountOff(20_000))
    assert total(each) == total(amount) == total(each, amount) == 0


def test_pieces_on_lines_of_their_own_count_as_those_of_one_line() -> None:
    """medusa#13431, #12059"""
    for lines in ([4], [1, 1, 1, 1], [3, 1], [1, 3]):
        bought = basket(*[line("brie", quantity, 300) for quantity in lines])
        assert quote_promotions(PromotionIndex([TWO_FOR_ONE]), bought).total_minor == 600


def test_a_limit_that_is_reached_is_not_said_to_be_an_expiry() -> None:
    """medusa#15960"""
    bought = basket(line("brie", 1, 10_000), shopper=Shopper(uses_left={"sale": 0}))
    (why,) = explain(PromotionIndex([SALE_40]), bought).suppressed
    assert why.why is WhyNot.USES_SPENT


def test_each_set_is_a_use_and_uses_are_kept() -> None:
    """medusa PR#13451, PR#13760"""
    bought = basket(line("brie", 10, 300), shopper=Shopper(uses_left={"twofer": 3}))
    (applied,) = quote_promotions(PromotionIndex([TWO_FOR_ONE]), bought).applied
    assert (applied.uses, applied.discount_minor) == (3, 900)


def test_conditions_of_several_kinds_fire_together_and_once() -> None:
    """erpnext#25364, #36616, #31481, #28601: quantity and amount, product and department."""
    mixed = promotion(
        "mixed",
        StackingClass.BASKET,
        Tiers(Measure.PIECES, (Step(2, PercentOff(500)), Step(4, PercentOff(1_000)))),
        goods=Goods(skus=frozenset({"brie"}), departments=frozenset({"dairy"})),
        minimum=Minimum(Measure.SPEND, 1_000),
    )
    index = PromotionIndex([mixed])
    quote = quote_promotions(index, basket(line("brie", 2, 300), line("gouda", 2, 300)))
    assert [(each.uses, each.discount_minor) for each in quote.applied] == [(1, 120)]
    assert quote_promotions(index, basket(line("brie", 2, 300))).applied == ()
    assert quote_promotions(index, basket(line("brie", 1, 3_000))).applied == ()


def test_of_two_rules_of_one_kind_a_piece_gets_one() -> None:
    """erpnext PR#54894"""
    lower = promotion("lower", StackingClass.PRICE, FixedPrice(8_000))
    assert total(SALE_40, lower) == 6_000


def test_a_near_miss_says_how_much_more_brings_what() -> None:
    explained = explain(PromotionIndex([FROM_100]), basket(line("brie", 1, 9_880)))
    (miss,) = explained.near_misses
    assert [(lack.measure, lack.amount) for lack in miss.missing] == [(Measure.SPEND, 120)]
    assert miss.gain_minor == 1_000
