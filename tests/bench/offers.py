"""A chain's live promotions and its customers' baskets, the same from the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.kernel.geo import Position
from chassis.kernel.quantity import Unit
from pricing.promotions.basket import Place, PricedBasket, PricedLine, Shopper
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
from pricing.promotions.conditions import Area, Audience, Circle, Validity, Whose, Window
from pricing.promotions.goods import Base, Goods, Measure, Minimum
from pricing.promotions.promotion import Combining, Promotion, StackingClass

SEED = 7
PRODUCTS = 20_000
DEPARTMENTS = 40
STORES = 100
GROUPS = 500
CURRENCY = "CNY"

AT = datetime(2026, 3, 6, 10, 30, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
EVENINGS = Window(frozenset(range(7)), 17 * 60, 26 * 60)

MIX = (
    "20% prices and 10% multi-buys everywhere, 30% of two stores, 25% coupons, 10% of groups, "
    "4.9% of places, 0.1% on sums"
)

LIVE = Validity(starts_at=AT - timedelta(days=7), ends_at=AT + timedelta(days=7))
LIVE_IN_THE_EVENING = Validity(LIVE.starts_at, LIVE.ends_at, (EVENINGS,))


class Chain:
    """Promotions and baskets of a chain."""

    def __init__(self) -> None:
        self._draw = random.Random(SEED)
        self._prices = [self._draw.randint(100, 10_000) for _ in range(PRODUCTS)]

    def promotions(self, live: int) -> list[Promotion]:
        """So many, in the proportions of MIX."""
        makers: list[tuple[int, Callable[[str], Promotion]]] = [
            (200, self._price),
            (100, self._multibuy),
            (300, self._of_store),
            (100, self._of_group),
            (250, self._coupon),
            (49, self._of_area),
            (1, self._sum),
        ]
        made: list[Promotion] = []
        for weight, make in makers:
            made += [make(f"{make.__name__}-{n:05}") for n in range(live * weight // 1000)]
        return made

    def baskets(self, count: int, lines: int) -> list[PricedBasket]:
        """So many baskets of so many different products, one line in ten of them weighed."""
        return [self._basket(lines) for _ in range(count)]

    def _basket(self, lines: int) -> PricedBasket:
        draw = self._draw
        skus = draw.sample(range(PRODUCTS), lines)
        return PricedBasket(
            lines=tuple([self._line(sku) for sku in skus]),
            currency=CURRENCY,
            place=Place(_store(draw.randrange(STORES)), ZONE, self._position()),
            channel=draw.choice(("till", "online")),
            at=AT + timedelta(seconds=draw.randrange(86_400)),
            shopper=Shopper(
                groups=frozenset({"member", _group(draw.randrange(GROUPS))}),
                is_first_order=draw.random() < 0.05,
                position=self._position(),
                unlocked=frozenset({f"_coupon-{draw.randrange(2_500):05}"})
                if draw.random() < 0.2
                else frozenset(),
            ),
        )

    def _line(self, sku: int) -> PricedLine:
        price, unit = self._prices[sku], Unit.GRAM if sku % 10 == 0 else Unit.EACH
        quantity = self._draw.randint(100, 2_000) if unit is Unit.GRAM else self._draw.randint(1, 4)
        total = price * quantity if unit is Unit.EACH else (price * quantity + 500) // 1000
        return PricedLine(_sku(sku), _department(sku), quantity, unit, price, total)

    def _price(self, name: str) -> Promotion:
        draw = self._draw
        benefit = draw.choice(
            (PercentOff(1_000), PercentOff(2_500), AmountOffEach(50), FixedPrice(999), None)
        )
        if benefit is None:
            prices = {_sku(sku): self._prices[sku] * 9 // 10 for sku in self._some(2, 8)}
            return Promotion(
                name,
                1,
                StackingClass.PRICE,
                PriceList(prices),
                audience=Audience(groups=frozenset({"member"})),
                validity=LIVE,
                currency=CURRENCY,
            )
        return Promotion(
            name,
            1,
            StackingClass.PRICE,
            benefit,
            Goods(skus=self._skus(1, 5)),
            validity=LIVE if draw.random() < 0.9 else LIVE_IN_THE_EVENING,
            currency="" if isinstance(benefit, PercentOff) else CURRENCY,
            pieces_max=2 if draw.random() < 0.05 else None,
        )

    def _multibuy(self, name: str) -> Promotion:
        goods = Goods(skus=self._skus(1, 8))
        benefit = self._draw.choice(
            (
                BuyGet(2, 1),
                BuyGet(1, 1, basis_points=5_000),
                BuyGet(2, 1, reward=Goods(skus=self._skus(1, 4))),
                Bundle((Part(goods, 3),), 1_000),
                Bundle((Part(goods, 1), Part(Goods(skus=self._skus(1, 8)), 1)), 1_500),
            )
        )
        is_bundle = isinstance(benefit, Bundle)
        return Promotion(
            name,
            1,
            StackingClass.MULTIBUY,
            benefit,
            goods=Goods() if is_bundle else goods,
            validity=LIVE,
            currency=CURRENCY if is_bundle else "",
        )

    def _of_store(self, name: str) -> Promotion:
        stores = frozenset(map(_store, self._draw.sample(range(STORES), 2)))
        return Promotion(
            name,
            1,
            StackingClass.PRICE,
            PercentOff(3_000),
            Goods(skus=self._skus(1, 10)),
            audience=Audience(stores=stores),
            validity=LIVE,
        )

    def _of_group(self, name: str) -> Promotion:
        return Promotion(
            name,
            1,
            StackingClass.BASKET,
            PercentOff(500),
            Goods(departments=frozenset({_department(self._draw.randrange(DEPARTMENTS))})),
            audience=Audience(groups=frozenset({_group(self._draw.randrange(GROUPS))})),
            validity=LIVE,
        )

    def _coupon(self, name: str) -> Promotion:
        return Promotion(
            name,
            1,
            StackingClass.VOUCHER,
            self._draw.choice((AmountOff(500), AmountOff(1_000))),
            minimum=Minimum(Measure.SPEND, 10_000, Base.LEFT),
            audience=Audience(needs_coupon=True),
            validity=LIVE,
            combining=self._draw.choices(tuple(Combining), (8, 1, 1))[0],
            currency=CURRENCY,
        )

    def _of_area(self, name: str) -> Promotion:
        circle = Circle(self._position(), self._draw.randint(500, 5_000))
        return Promotion(
            name,
            1,
            StackingClass.PRICE,
            PercentOff(1_500),
            Goods(skus=self._skus(1, 10)),
            audience=Audience(area=Area(self._draw.choice(tuple(Whose)), circle)),
            validity=LIVE,
        )

    def _sum(self, name: str) -> Promotion:
        steps = (Step(20_000, PercentOff(500)), Step(50_000, PercentOff(1_000)))
        benefit = self._draw.choice(
            (
                EveryFull(Measure.SPEND, 20_000, 1_000, times_max=3),
                Tiers(Measure.SPEND, steps),
                Tiers(Measure.SPEND, steps, Base.LEFT),
            )
        )
        departments = self._draw.sample(range(DEPARTMENTS), 8)
        return Promotion(
            name,
            1,
            StackingClass.BASKET,
            benefit,
            Goods(departments=frozenset(map(_department, departments))),
            audience=Audience(channels=frozenset({self._draw.choice(("till", "online"))})),
            validity=LIVE,
            currency=CURRENCY,
        )

    def _some(self, least: int, most: int) -> list[int]:
        return self._draw.sample(range(PRODUCTS), self._draw.randint(least, most))

    def _skus(self, least: int, most: int) -> frozenset[str]:
        return frozenset(map(_sku, self._some(least, most)))

    def _position(self) -> Position:
        return Position.of(
            latitude_degrees=31.0 + self._draw.random() / 2,
            longitude_degrees=121.2 + self._draw.random() / 2,
        )


def _sku(number: int) -> str:
    return f"p{number:05}"


def _department(number: int) -> str:
    return f"d{number % DEPARTMENTS:02}"


def _store(number: int) -> str:
    return f"s{number:03}"


def _group(number: int) -> str:
    return f"g{number:03}"
