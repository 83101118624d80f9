"""What a basket costs with promotions, found out the slow way: an oracle for the engine.

Written from docs/pricing.md and not from the engine: it takes lines apart into single pieces,
counts with fractions, and tries every order and every combination. It takes small baskets only,
and assumes that every promotion it is given is for the basket.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from chassis.kernel.quantity import Unit
from pricing.promotions.basket import PricedBasket, PricedLine
from pricing.promotions.benefits import (
    AmountOff,
    AmountOffEach,
    Bundle,
    BuyGet,
    EveryFull,
    FixedPrice,
    PercentOff,
    PriceList,
    Tiers,
)
from pricing.promotions.goods import Base, Goods, Measure, Minimum
from pricing.promotions.promotion import Combining, Promotion, StackingClass


def half_up(amount: Fraction) -> int:
    return math.floor(amount + Fraction(1, 2))


@dataclass(eq=False)
class Piece:
    line: int
    price: int
    is_in_set: bool = False


@dataclass(eq=False)
class State:
    """The basket taken apart; lines by their place in the canonical order."""

    basket: PricedBasket
    order: list[int]
    left: list[int] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    applied: list[tuple[str, int, dict[int, int]]] = field(default_factory=list)

    def line(self, number: int) -> PricedLine:
        return self.basket.lines[self.order[number]]

    def lines_of(self, goods: Goods) -> list[int]:
        return [
            number
            for number in range(len(self.order))
            if self.line(number).total_minor > 0 and self.has(goods, number)
        ]

    def has(self, goods: Goods, number: int) -> bool:
        line = self.line(number)
        excepted = line.sku in goods.except_skus or line.department in goods.except_departments
        everything = not goods.skus and not goods.departments
        return not excepted and (
            everything or line.sku in goods.skus or line.department in goods.departments
        )

    def is_open(self, promotion: Promotion, number: int) -> bool:
        if number in self.closed:
            return False
        return promotion.combining is not Combining.NOT_ON_SAME_GOODS or number not in self.touched

    def close_class(self, applied: Sequence[tuple[Promotion, int, dict[int, int]]]) -> None:
        """Takes off what the promotions of one class give, by line."""
        for promotion, times, by_line in sorted(applied, key=lambda each: rank(each[0])):
            self.applied.append((promotion.id, times, by_line))
            for number, share in by_line.items():
                self.left[number] -= share
                assert self.left[number] >= 0
                self.touched.add(number)
                if promotion.combining is Combining.NOT_ON_SAME_GOODS:
                    self.closed.add(number)

    @property
    def total(self) -> int:
        return sum(self.left)

    @property
    def discounts(self) -> tuple[int, ...]:
        """What is taken off each line of the basket, in its own order."""
        by_place = {
            place: self.line(number).total_minor - self.left[number]
            for number, place in enumerate(self.order)
        }
        return tuple(by_place[place] for place in range(len(by_place)))


def rank(promotion: Promotion) -> tuple[int, str]:
    return (-promotion.priority, promotion.id)


def best_state(promotions: Sequence[Promotion], basket: PricedBasket) -> State:
    """The cheapest outcome, with the tie-breaks of the document."""
    ranked = sorted(promotions, key=rank)
    together = [each for each in ranked if each.combining is not Combining.NOTHING]
    best = evaluated(together, basket)
    contested = contested_among(together, basket)
    assert len(contested) <= 5
    for size in range(1, len(contested) + 1):
        # Of as many, those that are last in rank come first: as bits, the smaller number.
        for out in sorted(
            itertools.combinations(range(len(contested)), size),
            key=lambda places: sum(1 << (len(contested) - 1 - place) for place in places),
        ):
            left_out = {contested[place].id for place in out}
            state = evaluated([each for each in together if each.id not in left_out], basket)
            if state.total < best.total:
                best = state
    for promotion in ranked:
        if promotion.combining is Combining.NOTHING:
            state = evaluated([promotion], basket)
            if state.total < best.total:
                best = state
    return best


def evaluated(
    promotions: Sequence[Promotion],
    basket: PricedBasket,
    until: StackingClass | None = None,
) -> State:
    """All of these applied, class after class; those before `until` only, if it is given."""
    lines = basket.lines
    order = sorted(
        range(len(lines)),
        key=lambda place: (
            lines[place].sku,
            -lines[place].unit_price_minor,
            -lines[place].quantity,
            -lines[place].total_minor,
            lines[place].department,
            lines[place].unit,
            place,
        ),
    )
    state = State(basket, order, left=[lines[place].total_minor for place in order])
    for number, place in enumerate(order):
        if lines[place].unit is Unit.EACH:
            state.pieces += [
                Piece(number, lines[place].unit_price_minor) for _ in range(lines[place].quantity)
            ]
    for each in StackingClass:
        if until is not None and each >= until:
            break
        of_class = [promotion for promotion in promotions if promotion.stacking_class is each]
        if each is StackingClass.PRICE:
            apply_prices(of_class, state)
        elif each is StackingClass.MULTIBUY:
            apply_multibuys(of_class, state)
        else:
            apply_sums(of_class, state)
    return state


# The class PRICE: piece by piece.


def promotional_price(promotion: Promotion, sku: str, price: int) -> int:
    match promotion.benefit:
        case PercentOff(basis_points):
            return price - half_up(Fraction(price * basis_points, 10_000))
        case AmountOffEach(amount):
            return max(price - amount, 0)
        case FixedPrice(fixed):
            return fixed
        case PriceList(prices):
            return prices.get(sku, price)
    raise AssertionError


def price_goods(promotion: Promotion) -> Goods:
    if isinstance(promotion.benefit, PriceList):
        return Goods(skus=frozenset(promotion.benefit.unit_prices_minor))
    return promotion.goods


def apply_prices(promotions: Sequence[Promotion], state: State) -> None:
    live = [each for each in promotions if list_minimum_is_met(each, state)]
    given: dict[tuple[str, str], int] = {}
    taken: dict[str, dict[int, int]] = {}
    for number in range(len(state.order)):
        line = state.line(number)
        offers = [
            each for each in live if line.total_minor and state.has(price_goods(each), number)
        ]
        if line.unit is Unit.GRAM:
            offers = [each for each in offers if each.pieces_max is None]
            unit_price = line.unit_price_minor
            prices = [(promotional_price(e, line.sku, unit_price), rank(e), e) for e in offers]
            if prices and min(prices)[0] < unit_price:
                price, _, promotion = min(prices)
                cost = half_up(Fraction(price * line.quantity, 1000))
                if cost < line.total_minor:
                    taken.setdefault(promotion.id, {})[number] = line.total_minor - cost
            continue
        for piece in (piece for piece in state.pieces if piece.line == number):
            prices = [
                (promotional_price(e, line.sku, piece.price), rank(e), e)
                for e in offers
                if e.pieces_max is None or given.get((e.id, line.sku), 0) < e.pieces_max
            ]
            if prices and min(prices)[0] < piece.price:
                price, _, promotion = min(prices)
                key = (promotion.id, line.sku)
                given[key] = given.get(key, 0) + 1
                by_line = taken.setdefault(promotion.id, {})
                by_line[number] = by_line.get(number, 0) + piece.price - price
                piece.price = price
    state.close_class([(each, 1, taken[each.id]) for each in live if each.id in taken])


def amount(measure: Measure, base: Base, numbers: Sequence[int], state: State) -> int:
    if measure is Measure.SPEND:
        if base is Base.LEFT:
            return sum(state.left[number] for number in numbers)
        return sum(state.line(number).total_minor for number in numbers)
    unit = Unit.EACH if measure is Measure.PIECES else Unit.GRAM
    lines = [state.line(number) for number in numbers]
    return sum(line.quantity for line in lines if line.unit is unit)


def list_minimum_is_met(promotion: Promotion, state: State) -> bool:
    minimum = promotion.minimum
    if minimum is None:
        return True
    if minimum.goods is not None:
        numbers = state.lines_of(minimum.goods)
    elif isinstance(promotion.benefit, Bundle):
        every = [state.lines_of(part.goods) for part in promotion.benefit.parts]
        numbers = sorted(set(itertools.chain.from_iterable(every)))
    else:
        numbers = state.lines_of(price_goods(promotion))
    return amount(minimum.measure, minimum.base, numbers, state) >= minimum.at_least


# The class MULTIBUY: every order of the promotions.


def apply_multibuys(promotions: Sequence[Promotion], state: State) -> None:
    live = [each for each in promotions if list_minimum_is_met(each, state)]
    best: list[tuple[Promotion, int, dict[int, int]]] = []
    best_discount = 0
    for order in itertools.permutations(live):
        for piece in state.pieces:
            piece.is_in_set = False
        made = [(promotion, *sets_made(promotion, state)) for promotion in order]
        discount = sum(sum(by_line.values()) for _, _, by_line in made)
        if discount > best_discount:
            best, best_discount = [each for each in made if each[1]], discount
    state.close_class(best)


def free_pieces(promotion: Promotion, goods: Goods, state: State) -> list[Piece]:
    """The dearest first, of equals those of the first line."""
    found = [
        piece
        for piece in state.pieces
        if not piece.is_in_set
        and piece.price > 0
        and state.is_open(promotion, piece.line)
        and state.has(goods, piece.line)
    ]
    return sorted(found, key=lambda piece: (-piece.price, piece.line))


def times_possible(promotion: Promotion, state: State) -> int:
    most = promotion.benefit.times_max  # type: ignore[union-attr]
    uses = state.basket.shopper.uses_left.get(promotion.id, 99)
    return min(uses, 99 if most is None else most)


def sets_made(promotion: Promotion, state: State) -> tuple[int, dict[int, int]]:
    """How many sets the promotion makes of the pieces that are free, and the discount by line."""
    benefit = promotion.benefit
    if isinstance(benefit, Bundle):
        best = best_bundles(promotion, benefit, state)
    elif isinstance(benefit, BuyGet) and benefit.reward is None:
        best = best_same_goods(promotion, benefit, state)
    else:
        assert isinstance(benefit, BuyGet)
        best = best_rewards(promotion, benefit, state)
    times, discount, used = best
    if discount <= 0:
        return 0, {}
    for piece in used:
        piece.is_in_set = True
    weights: dict[int, int] = {}
    for piece in used:
        weights[piece.line] = weights.get(piece.line, 0) + piece.price
    return times, shared(discount, weights)


def best_same_goods(
    promotion: Promotion, benefit: BuyGet, state: State
) -> tuple[int, int, list[Piece]]:
    pieces = free_pieces(promotion, promotion.goods, state)
    size = benefit.buy + benefit.get
    times = min(len(pieces) // size, times_possible(promotion, state))
    groups = [pieces[i * size : (i + 1) * size] for i in range(times)]
    reward = sum(piece.price for group in groups for piece in group[benefit.buy :])
    return times, half_up(Fraction(reward * benefit.basis_points, 10_000)), pieces[: times * size]


def best_rewards(
    promotion: Promotion, benefit: BuyGet, state: State
) -> tuple[int, int, list[Piece]]:
    assert benefit.reward is not None
    buys = free_pieces(promotion, promotion.goods, state)
    gets = free_pieces(promotion, benefit.reward, state)
    best: tuple[int, int, list[Piece]] = (0, 0, [])
    for times in range(1, times_possible(promotion, state) + 1):
        if times * benefit.get > len(gets) or times * benefit.buy > len(buys):
            break
        for rewards in itertools.combinations(gets, times * benefit.get):
            rest = [piece for piece in buys if piece not in rewards]
            worth = sum(piece.price for piece in rewards)
            if len(rest) >= times * benefit.buy and worth > best[1]:
                rest.sort(key=lambda piece: (piece in gets, piece.price, -piece.line))
                best = (times, worth, [*rewards, *rest[: times * benefit.buy]])
    return best[0], half_up(Fraction(best[1] * benefit.basis_points, 10_000)), best[2]


def best_bundles(
    promotion: Promotion, benefit: Bundle, state: State
) -> tuple[int, int, list[Piece]]:
    claimed: set[int] = set()
    parts: list[tuple[int, list[Piece]]] = []
    for part in benefit.parts:
        pieces = free_pieces(promotion, part.goods, state)
        parts.append((part.pieces, [piece for piece in pieces if piece.line not in claimed]))
        claimed |= set(state.lines_of(part.goods))
    best: tuple[int, int, list[Piece]] = (0, 0, [])
    for times in range(1, times_possible(promotion, state) + 1):
        if any(len(pieces) < times * count for count, pieces in parts):
            break
        used = [piece for count, pieces in parts for piece in pieces[: times * count]]
        worth = sum(piece.price for piece in used) - times * benefit.price_minor
        if worth > best[1]:
            best = (times, worth, used)
    return best


def shared(discount: int, weights: dict[int, int]) -> dict[int, int]:
    """Largest remainder, in order of lines: whole shares, then one unit each."""
    whole = sum(weights.values())
    exact = {number: Fraction(discount * weights[number], whole) for number in sorted(weights)}
    shares = {number: math.floor(share) for number, share in exact.items()}
    by_remainder = sorted(exact, key=lambda number: (shares[number] - exact[number], number))
    for number in by_remainder[: discount - sum(shares.values())]:
        shares[number] += 1
    return shares


# The classes BASKET and VOUCHER: every combination that shares no line.


def sum_worth(promotion: Promotion, state: State) -> tuple[int, list[int]]:
    """What the promotion takes off, and the lines that cost something."""
    numbers = [n for n in state.lines_of(promotion.goods) if state.is_open(promotion, n)]
    costing = [number for number in numbers if state.left[number]]
    if not minimum_is_met(promotion.minimum, numbers, state):
        return 0, costing
    left = sum(state.left[number] for number in numbers)
    discount = given_on(promotion, left, numbers, state)
    return discount, costing


def minimum_is_met(minimum: Minimum | None, numbers: list[int], state: State) -> bool:
    if minimum is None:
        return True
    counted = numbers if minimum.goods is None else state.lines_of(minimum.goods)
    return amount(minimum.measure, minimum.base, counted, state) >= minimum.at_least


def given_on(
    promotion: Promotion, left: int, numbers: list[int], state: State, reached: int | None = None
) -> int:
    benefit = promotion.benefit
    if isinstance(benefit, Tiers | EveryFull) and reached is None:
        reached = amount(benefit.measure, benefit.base, numbers, state)
    discount = 0
    match benefit:
        case Tiers(steps=steps):
            for step in steps:
                if step.at_least <= (reached or 0):
                    discount = max(discount, off(step.off, left))
        case EveryFull(every=every, amount_minor=each, times_max=most):
            times = (reached or 0) // every
            discount = min(left, each * (times if most is None else min(times, most)))
        case PercentOff() | AmountOff():
            discount = off(benefit, left)
    most = promotion.discount_max_minor
    return discount if most is None else min(discount, most)


def off(benefit: PercentOff | AmountOff, left: int) -> int:
    if isinstance(benefit, AmountOff):
        return min(benefit.amount_minor, left)
    return half_up(Fraction(left * benefit.basis_points, 10_000))


def apply_sums(promotions: Sequence[Promotion], state: State) -> None:
    worths = [(each, *sum_worth(each, state)) for each in promotions]
    worths = [each for each in worths if each[1] > 0]
    best: tuple[int, list[bool]] = (0, [])
    chosen: list[tuple[Promotion, int, list[int]]] = []
    # True before False: of equals the one that has the first in rank comes first.
    for inclusion in itertools.product((True, False), repeat=len(worths)):
        among = [each for each, is_in in zip(worths, inclusion, strict=True) if is_in]
        numbers = [number for _, _, costing in among for number in costing]
        worth = sum(discount for _, discount, _ in among)
        if len(numbers) == len(set(numbers)) and worth > best[0]:
            best, chosen = (worth, list(inclusion)), among
    state.close_class(
        [
            (promotion, 1, shared(discount, {number: state.left[number] for number in costing}))
            for promotion, discount, costing in chosen
        ]
    )


# Which promotions are tried with and without.


def own_lines(promotion: Promotion, state: State) -> set[int]:
    goods: Iterator[Goods]
    match promotion.benefit:
        case Bundle(parts):
            goods = (part.goods for part in parts)
        case BuyGet(reward=Goods() as reward):
            goods = iter((promotion.goods, reward))
        case _:
            goods = iter((price_goods(promotion),))
    return {number for each in goods for number in state.lines_of(each)}


def could_apply(promotion: Promotion, state: State) -> bool:
    """Whether there are goods for each part of it, and as many as an early class asks for."""
    match promotion.benefit:
        case Bundle(parts):
            parts_of = [part.goods for part in parts]
        case BuyGet(reward=Goods() as reward):
            parts_of = [promotion.goods, reward]
        case _:
            parts_of = [price_goods(promotion)]
    if not all(state.lines_of(goods) for goods in parts_of):
        return False
    is_early = promotion.stacking_class <= StackingClass.MULTIBUY
    return not is_early or list_minimum_is_met(promotion, state)


def contested_among(promotions: Sequence[Promotion], basket: PricedBasket) -> list[Promotion]:
    start = evaluated([], basket)
    live = [each for each in promotions if could_apply(each, start)]
    contested: set[str] = set()
    for one, other in itertools.permutations(live, 2):
        if (
            one.combining is Combining.NOT_ON_SAME_GOODS
            and one.stacking_class is not other.stacking_class
            and own_lines(one, start) & own_lines(other, start)
        ):
            contested |= {one.id, other.id}
    for promotion in live:
        if promotion.stacking_class > StackingClass.MULTIBUY:
            before = evaluated(live, basket, until=promotion.stacking_class)
            counted = set(before.lines_of(promotion.goods))
            if promotion.minimum is not None and promotion.minimum.goods is not None:
                counted |= set(before.lines_of(promotion.minimum.goods))
            if pays_to_reach_more(promotion, before):
                contested |= {name for name, _, by_line in before.applied if counted & {*by_line}}
    return [each for each in live if each.id in contested]


def pays_to_reach_more(promotion: Promotion, before: State) -> bool:
    """Whether a level that was reached at list prices brings more than what it now lacks."""
    numbers = [n for n in before.lines_of(promotion.goods) if before.is_open(promotion, n)]
    now, _ = sum_worth(promotion, before)
    left = sum(before.left[number] for number in numbers)
    minimum, benefit = promotion.minimum, promotion.benefit
    if minimum is not None and minimum.base is Base.LEFT:
        counted = numbers if minimum.goods is None else before.lines_of(minimum.goods)
        lacking = minimum.at_least - sum(before.left[number] for number in counted)
        once = sum(before.line(number).total_minor for number in counted)
        if lacking > 0:
            is_left_based = isinstance(benefit, Tiers | EveryFull) and benefit.base is Base.LEFT
            reached = left + lacking if is_left_based else None
            then = given_on(promotion, left + lacking, numbers, before, reached)
            return minimum.at_least <= once and then - now > lacking
    if not isinstance(benefit, Tiers | EveryFull) or benefit.base is not Base.LEFT:
        return False
    once = sum(before.line(number).total_minor for number in numbers)
    if isinstance(benefit, Tiers):
        levels = [step.at_least for step in benefit.steps]
    else:
        times = min(left // benefit.every, benefit.times_max or 10**9)
        levels = [(times + 1) * benefit.every]
    return any(
        given_on(promotion, level, numbers, before, level) - now > level - left
        for level in levels
        if left < level <= once
    )
