"""What callers mean to do: one sequence for each seed, whatever the platform answers.

An intent that goes on from another one's answer (a cancellation, say) names that one by its number.
"""

from __future__ import annotations

import random
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

TENANTS = ("north", "south")
"""Two chains with the same names for everything."""

STORES = ("stores/sh01", "stores/sh02")
CUSTOMERS = tuple(f"customers/c{number}" for number in range(1, 11))
COUNTED = tuple(f"can{number}" for number in range(1, 7))
"""Products sold by the piece."""

WEIGHED = ("apples", "rice")
"""Products sold by weight."""

SCARCE = ("tea", "figs")
"""Pieces that everybody wants and that there are few of."""

PRODUCTS = (*COUNTED, *WEIGHED, *SCARCE)
WALLET_START = 2_000_000
"""In fen, in each wallet before the load."""

STOCK_START = {
    sku: 500_000 if sku in WEIGHED else 12 if sku in SCARCE else 5_000 for sku in PRODUCTS
}
PRICE_START = {sku: 100 + 50 * number for number, sku in enumerate(PRODUCTS)}
RECEIVED_FOR_ONE_SOLD = 12
"""A receipt is so much larger than a sale, which is so much more frequent: goods never run out.

But for what is scarce.
"""

TOP_UP_START, TOP_UP_GROWTH = 10_000, 20
"""In fen: top-ups grow with the intents' numbers, as prices do."""

FOLLOWED_BACK_MAX = 60
REOPENED_AFTER = 12


class Kind(StrEnum):
    """What is meant."""

    SELL = "sell at a till"
    PICK_UP = "order for pickup"
    DELIVER = "order for delivery"
    CHECK_OUT = "order a basket"
    CANCEL = "cancel"
    READY = "mark ready"
    HAND_OVER = "hand over"
    RECEIVE = "receive goods"
    ADJUST = "adjust stock"
    REPRICE = "change a price"
    TOP_UP = "top up a wallet"
    SET_BASKET = "change a basket"
    CLOSE = "close a store"
    REOPEN = "reopen a store"
    SPY = "ask for another chain's order"


PLACING = (Kind.SELL, Kind.PICK_UP, Kind.DELIVER, Kind.CHECK_OUT)
FOLLOWING = (Kind.CANCEL, Kind.READY, Kind.HAND_OVER, Kind.SPY)

_WEIGHTS = {
    Kind.SELL: 32,
    Kind.PICK_UP: 12,
    Kind.DELIVER: 8,
    Kind.SET_BASKET: 7,
    Kind.CHECK_OUT: 5,
    Kind.CANCEL: 9,
    Kind.READY: 5,
    Kind.HAND_OVER: 9,
    Kind.RECEIVE: 6,
    Kind.ADJUST: 4,
    Kind.REPRICE: 4,
    Kind.TOP_UP: 5,
    Kind.CLOSE: 1,
    Kind.SPY: 4,
}


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that one caller means to do.

    `after` is the number of the intent that it goes on from, -1 for none; `lines` are (SKU,
    quantity); `amount` is in fen, or a difference of pieces. `is_repeated` says that the caller
    asks once more after there was an answer, the other way.
    """

    number: int
    kind: Kind
    tenant: str
    store: str
    customer: str
    lines: tuple[tuple[str, int], ...]
    amount: int
    after: int
    request_id: str
    is_over_http: bool
    is_repeated: bool


def intents(seed: int) -> Iterator[Intent]:
    """All intents of a seed, without end."""
    source = random.Random(seed)
    placed, baskets = _nothing_yet(), _nothing_yet()
    reopened: dict[int, Intent] = {}
    number = 0
    while True:
        if number in reopened:
            made = _intent(source, number, Kind.REOPEN, like=reopened.pop(number))
        else:
            made = _any(source, number, placed=placed, baskets=baskets)
        if made.kind in PLACING:
            placed[made.tenant].append(made)
        if made.kind is Kind.SET_BASKET:
            baskets[made.tenant].append(made)
        if made.kind is Kind.CLOSE:
            reopened[number + REOPENED_AFTER] = made
        yield made
        number += 1


def top_up_minor(intent: Intent) -> int:
    """How much money a top-up brings."""
    return TOP_UP_START + TOP_UP_GROWTH * intent.number


def _nothing_yet() -> dict[str, deque[Intent]]:
    """For each chain, room for the newest intents that others may go on from."""
    return {tenant: deque(maxlen=FOLLOWED_BACK_MAX) for tenant in TENANTS}


def _any(
    source: random.Random,
    number: int,
    *,
    placed: dict[str, deque[Intent]],
    baskets: dict[str, deque[Intent]],
) -> Intent:
    kind = source.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    tenant = source.choice(TENANTS)
    earlier = baskets if kind is Kind.CHECK_OUT else placed
    if kind in (*FOLLOWING, Kind.CHECK_OUT):
        candidates = list(earlier[tenant])
        if kind in (Kind.READY, Kind.HAND_OVER):
            candidates = [one for one in candidates if one.kind is not Kind.SELL]
        if not candidates:
            return _intent(source, number, Kind.SELL, tenant=tenant)
        return _intent(source, number, kind, like=source.choice(candidates))
    return _intent(source, number, kind, tenant=tenant)


def _intent(
    source: random.Random,
    number: int,
    kind: Kind,
    *,
    tenant: str = "",
    like: Intent | None = None,
) -> Intent:
    skus = source.sample(PRODUCTS, source.choice((1, 1, 2, 3)))
    return Intent(
        number=number,
        kind=kind,
        tenant=like.tenant if like else tenant,
        store=like.store if like else source.choice(STORES),
        customer=like.customer if like else source.choice(CUSTOMERS),
        lines=tuple((sku, _quantity(source, sku, kind)) for sku in skus),
        # Told apart by its number, so that a price shows which intent it is of.
        amount=100 + number if kind is Kind.REPRICE else source.choice((-2, -1, 1, 2, 5)),
        after=like.number if like else -1,
        request_id=str(uuid.UUID(int=source.getrandbits(128), version=4)),
        is_over_http=source.random() < 0.3,
        is_repeated=source.random() < 0.3,
    )


def _quantity(source: random.Random, sku: str, kind: Kind) -> int:
    quantity = source.randrange(50, 2_000) if sku in WEIGHED else source.randrange(1, 4)
    is_plenty = kind is Kind.RECEIVE and sku not in SCARCE
    return quantity * RECEIVED_FOR_ONE_SOLD if is_plenty else quantity
