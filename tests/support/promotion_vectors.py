"""Golden vectors of pricing, read from their JSON; its form is told in tests/golden/pricing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chassis.kernel.geo import Position
from chassis.kernel.money import Money
from chassis.kernel.polygon import Polygon, ring_through
from chassis.kernel.quantity import Unit
from pricing.promotions.basket import Place, PricedBasket, PricedLine, Shopper
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
from pricing.promotions.conditions import (
    Area,
    Audience,
    Circle,
    Surroundings,
    Validity,
    Whose,
    Window,
)
from pricing.promotions.goods import ALL_GOODS, Base, Goods, Measure, Minimum
from pricing.promotions.promotion import Combining, Promotion, StackingClass

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "pricing"

AT = "2026-03-06T18:30:00+08:00"

Read = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Vector:
    """A basket with promotions, and what it is expected to come to."""

    name: str
    algorithm: int
    promotions: tuple[Promotion, ...]
    basket: PricedBasket
    expect: Read


def vectors() -> list[Vector]:
    """All of them."""
    read = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))]
    return [
        Vector(
            name=vector["name"],
            algorithm=file["algorithm"],
            promotions=tuple(map(promotion_of, vector["promotions"])),
            basket=basket_of(vector["basket"]),
            expect=vector["expect"],
        )
        for file in read
        for vector in file["vectors"]
    ]


def basket_of(read: Read) -> PricedBasket:
    """The basket that is described."""
    currency = read.get("currency", "CNY")
    return PricedBasket(
        lines=tuple(_line(line, currency) for line in read["lines"]),
        currency=currency,
        place=Place(
            read.get("store", "sh01"),
            ZoneInfo(read.get("zone", "Asia/Shanghai")),
            _position(read.get("store_position")),
        ),
        channel=read.get("channel", "till"),
        at=datetime.fromisoformat(read.get("at", AT)),
        shopper=Shopper(
            groups=frozenset(read.get("groups", ())),
            is_first_order=read.get("first_order", False),
            position=_position(read.get("position")),
            unlocked=frozenset(read.get("unlocked", ())),
            uses_left=read.get("uses_left", {}),
            spent=frozenset(read.get("spent", ())),
        ),
    )


def promotion_of(read: Read) -> Promotion:
    """The promotion that is described."""
    minimum = read.get("minimum")
    return Promotion(
        id=read["id"],
        version=1,
        stacking_class=StackingClass[read["class"].upper()],
        benefit=_benefit(read["benefit"]),
        goods=_goods(read.get("goods")),
        minimum=None
        if minimum is None
        else Minimum(
            Measure(minimum["measure"]),
            minimum["at_least"],
            Base(minimum.get("base", "list")),
            _goods(minimum["goods"]) if "goods" in minimum else None,
        ),
        audience=Audience(
            stores=frozenset(read.get("stores", ())),
            area=_area(read.get("area")),
            channels=frozenset(read.get("channels", ())),
            groups=frozenset(read.get("groups", ())),
            is_for_first_order=read.get("first_order", False),
            needs_coupon=read.get("needs_coupon", False),
        ),
        validity=Validity(
            _instant(read.get("starts_at")),
            _instant(read.get("ends_at")),
            tuple(
                Window(frozenset(window["days"]), window["from"], window["to"])
                for window in read.get("windows", ())
            ),
        ),
        combining=Combining(read.get("combining", "others")),
        priority=read.get("priority", 0),
        currency=read.get("currency", ""),
        pieces_max=read.get("pieces_max"),
        discount_max_minor=read.get("discount_max"),
    )


def _line(read: Read, currency: str) -> PricedLine:
    unit = Unit(read.get("unit", "each"))
    line = PricedLine.of(
        read["sku"],
        read.get("department", ""),
        read.get("quantity", 1),
        unit,
        Money(read["price"], currency),
    )
    if "total" not in read:
        return line
    return PricedLine(
        line.sku, line.department, line.quantity, unit, line.unit_price_minor, read["total"]
    )


def _benefit(read: Read) -> Benefit:
    match read["kind"]:
        case "percent_off":
            return PercentOff(read["basis_points"])
        case "amount_off_each":
            return AmountOffEach(read["amount"])
        case "amount_off":
            return AmountOff(read["amount"])
        case "fixed_price":
            return FixedPrice(read["price"])
        case "price_list":
            return PriceList(read["prices"])
        case _:
            return _benefit_of_several(read)


def _benefit_of_several(read: Read) -> Benefit:
    base, times_max = Base(read.get("base", "list")), read.get("times_max")
    match read["kind"]:
        case "tiers":
            steps = tuple(Step(step["at_least"], _off(step)) for step in read["steps"])
            return Tiers(Measure(read["measure"]), steps, base)
        case "every_full":
            return EveryFull(
                Measure(read["measure"]), read["every"], read["amount"], times_max, base
            )
        case "buy_get":
            reward = _goods(read["reward"]) if "reward" in read else None
            share = read.get("basis_points", 10_000)
            return BuyGet(read["buy"], read["get"], share, reward, times_max)
        case "bundle":
            parts = tuple(Part(_goods(part["goods"]), part["pieces"]) for part in read["parts"])
            return Bundle(parts, read["price"], times_max)
    raise ValueError(read["kind"])


def _off(read: Read) -> PercentOff | AmountOff:
    return PercentOff(read["basis_points"]) if "basis_points" in read else AmountOff(read["amount"])


def _goods(read: Read | None) -> Goods:
    if read is None:
        return ALL_GOODS
    return Goods(**{key: frozenset(names) for key, names in read.items()})


def _area(read: Read | None) -> Area | None:
    if read is None:
        return None
    shape: Circle | Surroundings
    if "centre" in read:
        shape = Circle(_point(read["centre"]), read["radius_metres"])
    else:
        ring = ring_through([_point(point) for point in read["ring"]])
        shape = Surroundings(Polygon(ring, ()), read.get("margin_metres", 0))
    return Area(Whose(read["whose"]), shape)


def _point(point: list[float]) -> Position:
    return Position.of(longitude_degrees=point[0], latitude_degrees=point[1])


def _position(point: list[float] | None) -> Position | None:
    return None if point is None else _point(point)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
