"""The index finds what touches a basket, all of it, and no more than a look at everything would."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.kernel.geo import Position, geodesic_millimetres
from chassis.kernel.polygon import Polygon, ring_through
from pricing.promotions.basket import PricedBasket, Shopper
from pricing.promotions.benefits import Bundle, FixedPrice, Part, PercentOff
from pricing.promotions.conditions import Area, Audience, Circle, Surroundings, Whose
from pricing.promotions.engine import quote_promotions
from pricing.promotions.goods import Goods, PromotionInvalid
from pricing.promotions.index import PromotionIndex
from pricing.promotions.promotion import Promotion, StackingClass
from tests.support.promotion_strategies import GOODS, SHOP, basket, baskets, line, promotion

LATITUDES = st.one_of(
    st.floats(-90, 90, allow_nan=False), st.sampled_from([-90.0, 90.0, 0.0, 31.23, 89.5])
)
LONGITUDES = st.one_of(
    st.floats(-180, 180, allow_nan=False), st.sampled_from([-180.0, 179.9999, 0.0, 121.47, -0.0001])
)
POSITIONS = st.builds(
    lambda latitude, longitude: Position.of(latitude_degrees=latitude, longitude_degrees=longitude),
    LATITUDES,
    LONGITUDES,
)


def near(position: Position, metres: int) -> Promotion:
    area = Area(Whose.CUSTOMER, Circle(position, metres))
    return replace(TENTH, audience=Audience(area=area))


TENTH = promotion("tenth", StackingClass.PRICE, PercentOff(1_000))
BRIE = line("brie", 1, 1_000)


def has_it(offered: Promotion, at: Position) -> bool:
    bought = basket(BRIE, shopper=Shopper(position=at))
    return bool(quote_promotions(PromotionIndex([offered]), bought).applied)


@settings(max_examples=500)
@given(POSITIONS, st.integers(1, 20_100_000), POSITIONS)
def test_a_circle_is_found_by_whoever_is_in_it(centre: Position, metres: int, at: Position) -> None:
    is_in = geodesic_millimetres(centre, at) <= 1000 * metres
    assert has_it(near(centre, metres), at) == is_in


@settings(max_examples=300)
@given(POSITIONS, st.integers(1, 100_000), st.integers(-2_000_000, 2_000_000), st.data())
def test_a_circle_is_found_from_its_surroundings(
    centre: Position, metres: int, east: int, data: st.DataObject
) -> None:
    north = data.draw(st.integers(-2_000_000, 2_000_000))
    latitude = min(max(centre.latitude_e7 + north, -900_000_000), 900_000_000)
    longitude = (centre.longitude_e7 + east + 1_800_000_000) % 3_600_000_000 - 1_800_000_000
    at = Position(latitude, longitude)
    assert has_it(near(centre, metres), at) == (geodesic_millimetres(centre, at) <= 1000 * metres)


@settings(max_examples=300)
@given(
    POSITIONS.filter(lambda at: abs(at.latitude_e7) < 800_000_000),
    st.integers(1, 50_000_000),
    st.integers(0, 50_000),
    st.integers(-60_000_000, 60_000_000),
    st.integers(-60_000_000, 60_000_000),
)
def test_a_polygon_is_found_by_whoever_is_in_it_or_near(
    corner: Position, size: int, margin: int, north: int, east: int
) -> None:
    def moved(step_north: int, step_east: int) -> Position:
        longitude = corner.longitude_e7 + step_east
        return Position(
            corner.latitude_e7 + step_north,
            (longitude + 1_800_000_000) % 3_600_000_000 - 1_800_000_000,
        )

    corners = [moved(0, 0), moved(0, size), moved(size, size), moved(size, 0), moved(0, 0)]
    shape = Surroundings(Polygon(ring_through(corners), ()), margin)
    offered = replace(TENTH, audience=Audience(area=Area(Whose.CUSTOMER, shape)))
    at = moved(north, east)
    is_in = 0 <= north <= size and 0 <= east <= size
    assert shape.has(at) >= is_in
    assert has_it(offered, at) == shape.has(at)


@given(GOODS, baskets(6))
def test_a_line_is_found_if_it_is_among_the_goods(goods: Goods, bought: PricedBasket) -> None:
    free = promotion("free", StackingClass.PRICE, FixedPrice(0), goods=goods)
    quote = quote_promotions(PromotionIndex([free]), bought)
    for each, discount in zip(bought.lines, quote.line_discounts_minor, strict=True):
        assert discount == (each.total_minor if goods.has(each.sku, each.department) else 0)


def test_a_customer_of_two_groups_gets_a_promotion_for_both_once() -> None:
    offered = replace(TENTH, audience=Audience(groups=frozenset({"member", "staff"})))
    shopper = Shopper(groups=frozenset({"member", "staff"}))
    quote = quote_promotions(PromotionIndex([offered]), basket(BRIE, shopper=shopper))
    assert [each.discount_minor for each in quote.applied] == [100]


def test_a_product_named_by_sku_and_by_department_is_discounted_once() -> None:
    goods = Goods(skus=frozenset({"brie"}), departments=frozenset({"dairy"}))
    quote = quote_promotions(PromotionIndex([replace(TENTH, goods=goods)]), basket(BRIE))
    assert [each.discount_minor for each in quote.applied] == [100]


def test_a_promotion_for_a_store_asks_for_the_rest_of_its_audience_too() -> None:
    audience = Audience(stores=frozenset({SHOP.store}), groups=frozenset({"staff"}))
    index = PromotionIndex([replace(TENTH, audience=audience)])
    staff = Shopper(groups=frozenset({"staff"}))
    assert quote_promotions(index, basket(BRIE)).applied == ()
    assert len(quote_promotions(index, basket(BRIE, shopper=staff)).applied) == 1


def test_one_id_stands_for_one_promotion() -> None:
    with pytest.raises(PromotionInvalid) as raised:
        PromotionIndex([TENTH, replace(TENTH, version=2)])
    assert raised.value.facts == {"promotion": "tenth"}


def test_an_index_says_how_many_it_holds_and_which() -> None:
    bundle = promotion("b", StackingClass.MULTIBUY, Bundle((Part(Goods(), 2),), 1))
    index = PromotionIndex([TENTH, bundle])
    assert len(index) == 2
    filed = index.filed("b")
    assert filed is not None
    assert filed.promotion == bundle
    assert index.filed("c") is None
