"""A promotion that can't be right is refused when it is made, and says where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.kernel.errors import AmountInvalid, InvalidInput, QuantityTooLarge
from chassis.kernel.geo import Position
from chassis.kernel.money import AMOUNT_MINOR_MAX, Money
from chassis.kernel.polygon import Polygon, RingImpossible, ring_through
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from pricing.barcode import check_digit, scanned_label
from pricing.basket import BasketLine
from pricing.promotions.basket import PricedBasket, PricedLine, priced_lines
from pricing.promotions.benefits import (
    AmountOff,
    AmountOffEach,
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
from pricing.promotions.conditions import (
    MARGIN_METRES_MAX,
    WINDOWS_MAX,
    Audience,
    Circle,
    Surroundings,
    Validity,
    Window,
)
from pricing.promotions.goods import ALL_GOODS, Base, Goods, Measure, Minimum, PromotionInvalid
from pricing.promotions.promotion import Combining, Promotion, StackingClass
from pricing.quote import Price, Shown, quote
from tests.support.promotion_strategies import AT, SHOP, line

PRICE, MULTIBUY, BASKET = StackingClass.PRICE, StackingClass.MULTIBUY, StackingClass.BASKET
TENTH = PercentOff(1_000)
SPEND, PIECES = Measure.SPEND, Measure.PIECES
HERE = Position.of(latitude_degrees=31.2, longitude_degrees=121.5)


def square(*corners: tuple[float, float]) -> Polygon:
    points = [Position.of(latitude_degrees=y, longitude_degrees=x) for x, y in corners]
    return Polygon(ring_through([*points, points[0]]), ())


def made(**more: Any) -> Promotion:
    return Promotion(
        **{"id": "p", "version": 1, "stacking_class": BASKET, "benefit": TENTH, **more}
    )


WRONG: list[tuple[str, Callable[[], object]]] = [
    ("basis_points", lambda: PercentOff(0)),
    ("basis_points", lambda: PercentOff(10_001)),
    ("amount_minor", lambda: AmountOff(0)),
    ("amount_minor", lambda: AmountOff(AMOUNT_MINOR_MAX + 1)),
    ("amount_minor", lambda: AmountOffEach(-1)),
    ("unit_price_minor", lambda: FixedPrice(-1)),
    ("unit_prices_minor", lambda: PriceList({})),
    ("unit_prices_minor", lambda: PriceList({"a": -1})),
    ("steps", lambda: Tiers(SPEND, ())),
    ("steps", lambda: Tiers(SPEND, (Step(2, TENTH), Step(2, TENTH)))),
    ("steps.at_least", lambda: Tiers(PIECES, (Step(0, TENTH),))),
    ("base", lambda: Tiers(PIECES, (Step(1, TENTH),), Base.LEFT)),
    ("every", lambda: EveryFull(SPEND, 0, 1)),
    ("times_max", lambda: EveryFull(SPEND, 1, 1, times_max=0)),
    ("buy", lambda: BuyGet(0, 1)),
    ("get", lambda: BuyGet(1, QUANTITY_MAX + 1)),
    ("parts", lambda: Bundle((), 1)),
    ("parts.pieces", lambda: Part(ALL_GOODS, 0)),
    ("price_minor", lambda: Bundle((Part(ALL_GOODS, 1),), -1)),
    ("minimum.at_least", lambda: Minimum(SPEND, 0)),
    ("minimum.base", lambda: Minimum(PIECES, 1, Base.LEFT)),
    ("skus", lambda: Goods(skus=frozenset({""}))),
    ("skus", lambda: Goods(skus=frozenset(map(str, range(10_001))))),
    ("except_skus", lambda: Goods(skus=frozenset({"a"}), except_skus=frozenset({"a"}))),
    ("windows.days", lambda: Window(frozenset({7}), 0, 1)),
    ("windows.days", lambda: Window(frozenset(), 0, 1)),
    ("windows.from_minutes", lambda: Window(frozenset({0}), 1440, 1441)),
    ("windows.to_minutes", lambda: Window(frozenset({0}), 60, 60)),
    ("windows.to_minutes", lambda: Window(frozenset({0}), 60, 1501)),
    ("windows", lambda: Validity(windows=(Window(frozenset({0}), 0, 1),) * (WINDOWS_MAX + 1))),
    ("starts_at", lambda: Validity(starts_at=datetime(2026, 1, 1))),  # noqa: DTZ001
    ("ends_at", lambda: Validity(AT, AT)),
    ("stores", lambda: Audience(stores=frozenset({""}))),
    ("radius_metres", lambda: Circle(HERE, 0)),
    (
        "margin_metres",
        lambda: Surroundings(square((0, 0), (1, 0), (1, 1)), MARGIN_METRES_MAX + 1),
    ),
    ("id", lambda: made(id="")),
    ("version", lambda: made(version=0)),
    ("priority", lambda: made(priority=1_000_001)),
    ("benefit", lambda: made(benefit=BuyGet(1, 1))),
    ("benefit", lambda: made(stacking_class=PRICE, benefit=AmountOff(1), currency="CNY")),
    ("benefit", lambda: made(stacking_class=MULTIBUY)),
    ("currency", lambda: made(currency="CNY")),
    ("currency", lambda: made(benefit=AmountOff(1))),
    ("currency", lambda: made(minimum=Minimum(SPEND, 1))),
    (
        "minimum.base",
        lambda: made(stacking_class=PRICE, minimum=Minimum(SPEND, 1, Base.LEFT), currency="CNY"),
    ),
    ("pieces_max", lambda: made(pieces_max=1)),
    (
        "discount_max_minor",
        lambda: made(stacking_class=PRICE, discount_max_minor=1, currency="CNY"),
    ),
    (
        "goods",
        lambda: made(
            stacking_class=MULTIBUY,
            benefit=Bundle((Part(ALL_GOODS, 1),), 1),
            goods=Goods(skus=frozenset({"a"})),
            currency="CNY",
        ),
    ),
    (
        "goods",
        lambda: made(
            stacking_class=PRICE,
            benefit=PriceList({"a": 1}),
            goods=Goods(skus=frozenset({"a"})),
            currency="CNY",
        ),
    ),
]


@pytest.mark.parametrize(
    ("field", "make"), WRONG, ids=[f"{n}-{f}" for n, (f, _) in enumerate(WRONG)]
)
def test_what_can_not_be_is_refused_and_its_field_is_named(
    field: str, make: Callable[[], object]
) -> None:
    with pytest.raises(PromotionInvalid) as raised:
        make()
    assert [at for at, _ in raised.value.violations] == [field]


def test_a_refused_promotion_is_named() -> None:
    with pytest.raises(PromotionInvalid) as raised:
        made(id="spring", currency="CNY")
    assert raised.value.facts == {"promotion": "spring"}
    assert "spring" in raised.value.text


def test_every_part_at_its_bound_is_taken() -> None:
    assert made(
        benefit=EveryFull(SPEND, AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX, QUANTITY_MAX, Base.LEFT),
        minimum=Minimum(PIECES, QUANTITY_MAX),
        validity=Validity(AT, AT + timedelta(microseconds=1)),
        combining=Combining.NOTHING,
        currency="CNY",
        discount_max_minor=AMOUNT_MINOR_MAX,
    ).has_amounts


@pytest.mark.parametrize(
    "corners",
    [
        [(0.0, 0.0), (1.0, 0.0)],
        [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0)],
        [(0.0, 80.0), (120.0, 80.0), (-120.0, 80.0)],
        [(0.0, 0.0), (180.0, 1.0), (1.0, 1.0)],
    ],
)
def test_a_ring_without_an_inside_is_none(corners: list[tuple[float, float]]) -> None:
    with pytest.raises(RingImpossible):
        square(*corners)


def test_a_line_that_can_not_be_is_refused() -> None:
    with pytest.raises(InvalidInput):
        PricedLine("a", "d", 0, Unit.EACH, 1, 0)
    with pytest.raises(QuantityTooLarge):
        PricedLine("a", "d", QUANTITY_MAX + 1, Unit.EACH, 0, 0)
    with pytest.raises(AmountInvalid):
        PricedLine("a", "d", 1, Unit.EACH, -1, -1)
    with pytest.raises(AmountInvalid):
        PricedLine("a", "d", 2, Unit.EACH, 100, 150)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
def test_a_basket_is_bought_at_an_instant_of_this_world(at: datetime) -> None:
    with pytest.raises(InvalidInput):
        PricedBasket((line("brie", 1, 1),), "CNY", SHOP, "till", at)


def test_a_quote_becomes_lines_as_it_was_priced() -> None:
    body = "220123400600"
    label = scanned_label(f"{body}{check_digit(body)}", at="label")
    basket = [
        BasketLine("tea", 2, Unit.EACH),
        BasketLine("apples", 500, Unit.GRAM),
        BasketLine("cake", 3, Unit.EACH, (1,), label),
    ]
    prices: dict[str, Price | None] = {
        "tea": Price("tea", Unit.EACH, Money(150, "CNY"), 1),
        "apples": Price("apples", Unit.GRAM, Money(999, "CNY"), 1),
        "cake": Price("cake", Unit.EACH, Money(300, "CNY"), 2),
    }
    quoted = quote(basket, prices, {Shown("cake", 1): Money(200, "CNY")}, {"01234": "cake"})
    lines = priced_lines(quoted, {"tea": "drinks", "apples": "fruit", "cake": "bakery"}.__getitem__)
    assert lines == (
        PricedLine("tea", "drinks", 2, Unit.EACH, 150, 300),
        PricedLine("apples", "fruit", 500, Unit.GRAM, 999, 500),
        PricedLine("cake", "bakery", 3, Unit.EACH, 200, 600),
    )
