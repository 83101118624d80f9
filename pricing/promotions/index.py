"""Live promotions, filed so that a basket finds those that touch it and never meets the others.

A promotion is filed twice over: under the narrowest thing that its audience must have (a coupon, a
store, a group, a place), and there under the products or departments of its goods. A basket looks
under its own coupons, store, groups and places, and there under its own goods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from chassis.kernel.geo import LATITUDE_E7_MAX, WHOLE_TURN_E7, Position
from pricing.promotions.basket import INSTANT_MAX, INSTANT_MIN, PricedBasket
from pricing.promotions.conditions import EVERYBODY, Area, Box, Whose, microseconds
from pricing.promotions.goods import Goods, PromotionInvalid
from pricing.promotions.promotion import Combining, Promotion, StackingClass, goods_by_role

PROMOTIONS_MAX = 1_000_000


EVER_US = (microseconds(INSTANT_MIN), microseconds(INSTANT_MAX) + 1)
"""Before and after any basket."""


@dataclass(frozen=True, slots=True, eq=False)
class Filed:
    """A promotion as the index has it. `rank` is its place among all, the first is 0.

    `own_roles` are the roles whose goods it discounts or counts to sets; a role after them is that
    of the minimum's own goods. `is_for_everybody` if it asks nothing but a coupon.
    `may_come_twice` if a basket may find it by the same line twice.
    """

    promotion: Promotion
    rank: int
    stacking_class: StackingClass
    goods: tuple[Goods, ...]
    own_roles: int
    is_on_free_goods_only: bool
    is_alone: bool
    asks_for_what_is_left: bool
    may_come_twice: bool
    is_for_everybody: bool
    starts_us: int
    ends_us: int

    @classmethod
    def of(cls, promotion: Promotion, rank: int) -> Filed:
        """The promotion with what is read of it for each basket, worked out once."""
        goods = goods_by_role(promotion)
        minimum, validity = promotion.minimum, promotion.validity
        has_other_goods = minimum is not None and minimum.goods is not None
        return cls(
            promotion=promotion,
            rank=rank,
            stacking_class=promotion.stacking_class,
            goods=goods,
            own_roles=len(goods) - has_other_goods,
            is_on_free_goods_only=promotion.combining is Combining.NOT_ON_SAME_GOODS,
            is_alone=promotion.combining is Combining.NOTHING,
            asks_for_what_is_left=promotion.asks_for_what_is_left,
            may_come_twice=len(promotion.audience.groups) > 1
            or any(each.skus and each.departments for each in goods),
            is_for_everybody=replace(promotion.audience, needs_coupon=False) == EVERYBODY,
            starts_us=EVER_US[0]
            if validity.starts_at is None
            else microseconds(validity.starts_at),
            ends_us=EVER_US[1] if validity.ends_at is None else microseconds(validity.ends_at),
        )


Filing: TypeAlias = tuple[Filed, int]
"""A promotion, and the role in it that goods play."""

Numbers: TypeAlias = list[int]
"""Numbers of lines, in ascending order."""

Found: TypeAlias = dict[Filed, tuple[Numbers, ...]]
"""The promotions that touch a basket, and for each role the lines that can play it."""


@dataclass(frozen=True, slots=True)
class BasketGoods:
    """The lines of a basket by their goods; lines that cost nothing are left out."""

    by_sku: dict[str, Numbers]
    by_department: dict[str, Numbers]
    all_numbers: Numbers
    skus: list[str]
    departments: list[str]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Promotions for one audience, by their goods."""

    by_sku: dict[str, list[Filing]] = field(default_factory=dict)
    by_department: dict[str, list[Filing]] = field(default_factory=dict)
    of_all_goods: list[Filing] = field(default_factory=list)

    def put(self, filed: Filed) -> None:
        for role, goods in enumerate(filed.goods):
            if goods.are_all:
                self.of_all_goods.append((filed, role))
            for sku in goods.skus:
                self.by_sku.setdefault(sku, []).append((filed, role))
            for department in goods.departments:
                self.by_department.setdefault(department, []).append((filed, role))

    def note_touching(self, goods: BasketGoods, found: Found) -> None:
        if self.of_all_goods and goods.all_numbers:
            _note(self.of_all_goods, goods.all_numbers, goods, found)
        # Of the two sets of keys the smaller one is walked through.
        if self.by_department:
            for department in self.by_department.keys() & goods.by_department.keys():
                numbers = goods.by_department[department]
                _note(self.by_department[department], numbers, goods, found)
        if self.by_sku:
            for sku in self.by_sku.keys() & goods.by_sku.keys():
                _note(self.by_sku[sku], goods.by_sku[sku], goods, found)


class PromotionIndex:
    """The promotions that are live, for all stores and customers. It never changes.

    PromotionInvalid if one id stands for two of them.
    """

    def __init__(self, promotions: Iterable[Promotion]) -> None:
        ordered = sorted(promotions, key=lambda each: (-each.priority, each.id))
        if len(ordered) > PROMOTIONS_MAX:
            raise PromotionInvalid.at(
                "promotions", f"must be at most {PROMOTIONS_MAX}", promotion=""
            )
        self._by_id: dict[str, Filed] = {}
        self._for_anybody = _Shelf()
        self._by_coupon: dict[str, _Shelf] = {}
        self._by_store: dict[str, _Shelf] = {}
        self._by_group: dict[str, _Shelf] = {}
        self._by_cell: dict[Whose, dict[_Cell, _Shelf]] = {whose: {} for whose in Whose}
        self._levels: dict[Whose, set[int]] = {whose: set() for whose in Whose}
        for rank, promotion in enumerate(ordered):
            if promotion.id in self._by_id:
                raise PromotionInvalid.at("promotions", "has one twice", promotion=promotion.id)
            filed = Filed.of(promotion, rank)
            self._by_id[promotion.id] = filed
            for shelf in self._shelves_of(promotion):
                shelf.put(filed)

    def __len__(self) -> int:
        return len(self._by_id)

    def filed(self, promotion_id: str) -> Filed | None:
        """The promotion with this id, None if it is not live."""
        return self._by_id.get(promotion_id)

    def touching(self, basket: PricedBasket, goods: BasketGoods) -> Found:
        """The promotions that may be for this basket, with the lines that each is about.

        Whether they really apply is still to be asked: of the audience only one part was looked at.
        """
        found: Found = {}
        for shelf in self._shelves_for(basket):
            shelf.note_touching(goods, found)
        for filed, roles in found.items():
            for numbers in roles:
                if len(numbers) > 1:
                    if filed.may_come_twice:
                        numbers[:] = set(numbers)
                    numbers.sort()
        return found

    def _shelves_of(self, promotion: Promotion) -> Iterator[_Shelf]:
        audience = promotion.audience
        if audience.needs_coupon:
            yield self._by_coupon.setdefault(promotion.id, _Shelf())
        elif audience.stores:
            for store in audience.stores:
                yield self._by_store.setdefault(store, _Shelf())
        elif audience.groups:
            for group in audience.groups:
                yield self._by_group.setdefault(group, _Shelf())
        elif audience.area is not None:
            yield from self._shelves_in(audience.area)
        else:
            yield self._for_anybody

    def _shelves_in(self, area: Area) -> Iterator[_Shelf]:
        level, cells = _cells_of(area.shape.box())
        self._levels[area.whose].add(level)
        by_cell = self._by_cell[area.whose]
        for cell in cells:
            yield by_cell.setdefault(cell, _Shelf())

    def _shelves_for(self, basket: PricedBasket) -> list[_Shelf]:
        shopper = basket.shopper
        shelves = [self._for_anybody]
        if basket.place.store in self._by_store:
            shelves.append(self._by_store[basket.place.store])
        if self._by_group:
            shelves += [self._by_group[g] for g in shopper.groups if g in self._by_group]
        if shopper.unlocked:
            shelves += [self._by_coupon[c] for c in shopper.unlocked if c in self._by_coupon]
        shelves += self._shelves_at(Whose.STORE, basket.place.position)
        shelves += self._shelves_at(Whose.CUSTOMER, shopper.position)
        return shelves

    def _shelves_at(self, whose: Whose, position: Position | None) -> list[_Shelf]:
        if position is None or not self._levels[whose]:
            return []
        by_cell = self._by_cell[whose]
        cells = (_cell_of(position, level) for level in self._levels[whose])
        return [by_cell[cell] for cell in cells if cell in by_cell]


def _note(filings: list[Filing], numbers: Numbers, goods: BasketGoods, found: Found) -> None:
    for filed, role in filings:
        wanted = filed.goods[role]
        meant = numbers
        if wanted.have_exceptions:
            meant = [n for n in numbers if wanted.has(goods.skus[n], goods.departments[n])]
            if not meant:
                continue
        roles = found.get(filed)
        if roles is None:
            roles = found[filed] = tuple([] for _ in filed.goods)
        roles[role].extend(meant)


_Cell: TypeAlias = tuple[int, int, int]
"""A level and a place in its grid; cells measure 2 to the level ten-millionths of a degree."""


def _cell_of(position: Position, level: int) -> _Cell:
    return (
        level,
        (position.latitude_e7 + LATITUDE_E7_MAX) >> level,
        (position.longitude_e7 % WHOLE_TURN_E7) >> level,
    )


def _cells_of(box: Box) -> tuple[int, set[_Cell]]:
    """The smallest level whose cells are no smaller than the box, and the four or less it meets."""
    width, height = box.east - box.west, box.north - box.south
    level = max(width, height, 1).bit_length()
    edge = 1 << level
    cells: set[_Cell] = set()
    for south in {box.south, box.north}:
        y = min(max(south, -LATITUDE_E7_MAX), LATITUDE_E7_MAX) + LATITUDE_E7_MAX
        for x in _longitudes(box, edge):
            cells.add((level, y >> level, x >> level))
    return level, cells


def _longitudes(box: Box, edge: int) -> Iterator[int]:
    """Longitudes in every cell of this edge that the box meets, within one turn from 0 on.

    The last cell of a turn is cut off by its end, so the box may meet three.
    """
    if box.east - box.west >= WHOLE_TURN_E7:
        yield from range(0, WHOLE_TURN_E7, edge)
        return
    west, east = box.west % WHOLE_TURN_E7, box.east % WHOLE_TURN_E7
    yield west
    yield east
    if west > east:
        yield from (0, WHOLE_TURN_E7 - 1)
