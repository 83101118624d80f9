"""The class PRICE: each piece and each weighed line gets the lowest of the prices on offer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from chassis.kernel.money import divided_half_up
from chassis.kernel.quantity import GRAMS_PER_KILOGRAM, Unit
from pricing.promotions.basket import PricedLine
from pricing.promotions.benefits import AmountOffEach, FixedPrice, PercentOff, PriceList
from pricing.promotions.index import Filed, Numbers
from pricing.promotions.tally import Prices, Share, Taken, Tally

Option: TypeAlias = tuple[int, int, Filed]
"""A price of a piece or kilogram, and the rank of the promotion that gives it."""


def price_options(
    offers: Iterable[tuple[Filed, Numbers]], lines: Sequence[PricedLine]
) -> dict[int, list[Option]]:
    """For each line the promotional prices below its own, the lowest first, in order of lines."""
    options: dict[int, list[Option]] = {}
    for filed, numbers in offers:
        benefit = filed.promotion.benefit
        assert isinstance(benefit, PercentOff | AmountOffEach | FixedPrice | PriceList)
        counts_pieces = filed.promotion.pieces_max is not None
        for number in numbers:
            line = lines[number]
            price = benefit.price_of(line.sku, line.unit_price_minor)
            if price >= line.unit_price_minor or (counts_pieces and line.unit is not Unit.EACH):
                continue
            options.setdefault(number, []).append((price, filed.rank, filed))
    for found in options.values():
        if len(found) > 1:
            found.sort()
    return dict(sorted(options.items()))


def apply_prices(options: dict[int, list[Option]], tally: Tally, out: Collection[Filed]) -> None:
    """Gives each line the lowest prices that are not out.

    A price that is for some pieces only leaves the others to the next lowest one.
    """
    shares: dict[Filed, dict[int, Share]] = {}
    given: dict[tuple[str, str], int] = {}
    for number, found in options.items():
        line = tally.lines[number]
        if line.unit is Unit.EACH:
            prices = _piecewise(number, line, found, out, given, shares)
            if prices is not None:
                tally.prices[number] = prices
            continue
        for price, _, filed in found:
            if filed not in out:
                cost = divided_half_up(price * line.quantity, GRAMS_PER_KILOGRAM)
                if cost < line.total_minor:
                    shares.setdefault(filed, {})[number] = Share(
                        line.quantity, line.total_minor - cost
                    )
                break
    tally.take_off(
        [
            Taken(filed, 1, sum([share.discount_minor for share in by_line.values()]), by_line)
            for filed, by_line in sorted(shares.items(), key=lambda item: item[0].rank)
        ]
    )


def _piecewise(
    number: int,
    line: PricedLine,
    found: list[Option],
    out: Collection[Filed],
    given: dict[tuple[str, str], int],
    shares: dict[Filed, dict[int, Share]],
) -> Prices | None:
    """The prices of a line's pieces; None if none is lower than before. Notes the shares.

    `given` has how many pieces of a SKU got the price of a promotion so far.
    """
    rest, prices = line.quantity, []
    for price, _, filed in found:
        if filed in out:
            continue
        pieces, most = rest, filed.promotion.pieces_max
        if most is not None:
            key = (filed.promotion.id, line.sku)
            pieces = min(rest, most - given.get(key, 0))
            given[key] = given.get(key, 0) + pieces
            if pieces == 0:
                continue
        discount = (line.unit_price_minor - price) * pieces
        shares.setdefault(filed, {})[number] = Share(pieces, discount)
        prices.append((price, pieces))
        rest -= pieces
        if rest == 0:
            return prices
    if not prices:
        return None
    return [*prices, (line.unit_price_minor, rest)]
