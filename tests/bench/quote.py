"""What the engine takes for a quote, among a hundred live promotions and among ten thousand."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

from pricing.promotions.basket import PricedBasket
from pricing.promotions.engine import quote_promotions
from pricing.promotions.explanation import explain
from pricing.promotions.index import PromotionIndex
from tests.bench.offers import MIX, PRODUCTS, Chain
from tests.bench.rows import Row

BASKETS = 1_000
LINES = 20
LINES_OF_LARGE = 400
LARGE_BASKETS = 50
LIVE = (100, 1_000, 10_000)
ROUNDS = 5


async def quote() -> list[Row]:
    """Quotes baskets with promotions of all kinds, in batches."""
    chain = Chain()
    baskets = chain.baskets(BASKETS, LINES)
    large = chain.baskets(LARGE_BASKETS, LINES_OF_LARGE)
    indexes = {live: PromotionIndex(chain.promotions(live)) for live in LIVE}
    gc.collect()
    costs = {live: _microseconds(quote_promotions, indexes[live], baskets) for live in LIVE}
    most = indexes[LIVE[-1]]
    touching = [len(explain(most, basket).suppressed) for basket in baskets]
    applied = [len(quote_promotions(most, basket).applied) for basket in baskets]
    conditions = (
        f"CPU of the engine alone, in one process; a batch of {BASKETS} baskets of {LINES} of "
        f"{PRODUCTS} products, {LIVE[-1]} live promotions ({MIX}), of which "
        f"{statistics.mean(applied):.1f} apply to a basket and {statistics.mean(touching):.1f} "
        f"touch it; the cheapest of {ROUNDS} batches; with "
        + ", ".join(f"{live} live ones {costs[live]:.0f}" for live in LIVE[:-1])
    )
    return [
        Row("quote_cpu_us", costs[LIVE[-1]], "us", conditions),
        Row(
            "quote_explained_cpu_us",
            _microseconds(explain, most, baskets),
            "us",
            f"the same with its explanation; {conditions}",
        ),
        Row(
            "quote_large_cpu_us",
            _microseconds(quote_promotions, most, large),
            "us",
            f"the same of {LINES_OF_LARGE} lines, {LARGE_BASKETS} baskets",
        ),
    ]


def _microseconds(
    quoted: Callable[[PromotionIndex, PricedBasket], object],
    index: PromotionIndex,
    baskets: Sequence[PricedBasket],
) -> float:
    """What one costs in the cheapest round."""
    return min(_round(quoted, index, baskets) for _ in range(ROUNDS)) / len(baskets) * 1_000_000


def _round(
    quoted: Callable[[PromotionIndex, PricedBasket], object],
    index: PromotionIndex,
    baskets: Sequence[PricedBasket],
) -> float:
    began = time.process_time()
    for basket in baskets:
        quoted(index, basket)
    return time.process_time() - began
