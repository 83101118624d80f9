"""Uploaded sales: priced as far as we can, and tried until they are recorded or can't be.

What passes by itself (another attempt that is under way, a part that is down) is never a sale's
answer. It is waited out here, for a bounded time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from chassis.db.idempotency import Replayed, RequestKey
from chassis.kernel.clock import Clock
from chassis.kernel.errors import HutongError
from services.orders.domain.orders import Basket, PlaceOrder, Quote
from services.orders.domain.uploads import (
    as_the_till_says,
    is_unpriced,
    sold_lines,
    total_of,
    without_shown_prices,
)
from services.orders.ports import Prices

UPLOAD_SECONDS_MAX = 60.0
"""So long one sale is tried: longer than another process that died with it is waited for."""

ATTEMPT_SECONDS_MAX = 10.0
LINES_AT_ONCE_MAX = 1000
"""So many lines are priced by themselves in one call, as many as a batch may have items."""

PAUSE_SECONDS_MIN = 0.1
PAUSE_SECONDS_MAX = 2.0


class Place(Protocol):
    """Places an order, once for each key."""

    async def __call__(self, command: PlaceOrder, key: RequestKey, *, deadline: float) -> bytes:
        """The order as reply bytes; raises Replayed with the first answer, or what came between."""
        ...


class Uploads:
    """Records sales that have happened."""

    def __init__(self, place: Place, *, seconds_max: float = UPLOAD_SECONDS_MAX) -> None:
        self._place = place
        self._seconds_max = seconds_max

    async def record(self, command: PlaceOrder, key: RequestKey) -> bytes | HutongError:
        """The order of a sale as reply bytes, or why the sale can be none.

        Raises what is no answer and did not pass in time; then the sale is sent again.
        """
        until = time.monotonic() + self._seconds_max
        pause = PAUSE_SECONDS_MIN
        while True:
            try:
                deadline = min(time.monotonic() + ATTEMPT_SECONDS_MAX, until)
                return await self._place(command, key, deadline=deadline)
            except Replayed as replayed:
                return replayed.answer.refusal or replayed.answer.reply or b""
            except HutongError as error:
                if error.is_answer:
                    return error
                if time.monotonic() + pause >= until:
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, PAUSE_SECONDS_MAX)


class UploadedPrices:
    """What uploaded sales would cost now; where the catalogue can't say, what the till says."""

    def __init__(self, prices: Prices, *, clock: Clock) -> None:
        self._prices = prices
        self._clock = clock

    async def quote_all(
        self, commands: Sequence[PlaceOrder], *, deadline: float
    ) -> list[Quote | HutongError]:
        """The quotes of sales, or what makes one malformed, or is no answer."""
        quotes = await self._now([(one, one.basket) for one in commands], deadline=deadline)
        partly = [
            at
            for at, quote in enumerate(quotes)
            if isinstance(quote, HutongError) and is_unpriced(quote)
        ]
        for some in _bounded([(at, sold_lines(commands[at].basket)) for at in partly]):
            asked = [(commands[at], line) for at, lines in some for line in lines]
            parts = iter(await self._now(asked, deadline=deadline))
            for at, lines in some:
                quotes[at] = self._whole(commands[at], [(line, next(parts)) for line in lines])
        return quotes

    async def _now(
        self, asked: Sequence[tuple[PlaceOrder, Basket]], *, deadline: float
    ) -> list[Quote | HutongError]:
        """What baskets of sales cost now."""
        return list(
            await self._prices.quote_all(
                [without_shown_prices(basket) for _, basket in asked],
                traces=[command.traceparent for command, _ in asked],
                deadline=deadline,
            )
        )

    def _whole(
        self, command: PlaceOrder, parts: Sequence[tuple[Basket, Quote | HutongError]]
    ) -> Quote | HutongError:
        """The quote that the lines' own quotes come to; the till's where there is none."""
        try:
            quotes = [self._part(command, line, quote) for line, quote in parts]
            lines = tuple(line for quote in quotes for line in quote.lines)
            return Quote(lines, total_of(lines), max(quote.quoted_at for quote in quotes))
        except HutongError as refusal:
            return refusal

    def _part(self, command: PlaceOrder, sold: Basket, quote: Quote | HutongError) -> Quote:
        if isinstance(quote, Quote):
            return quote
        if command.recorded is None or not is_unpriced(quote):
            raise quote
        line = as_the_till_says(sold, command.recorded)
        return Quote((line,), line.line_total, quoted_at=self._clock.now())


def _bounded(
    sales: Sequence[tuple[int, list[Basket]]],
) -> Iterator[list[tuple[int, list[Basket]]]]:
    """The sales in groups of at most LINES_AT_ONCE_MAX lines, or of one sale."""
    group: list[tuple[int, list[Basket]]] = []
    lines = 0
    for at, sold in sales:
        if group and lines + len(sold) > LINES_AT_ONCE_MAX:
            yield group
            group, lines = [], 0
        group.append((at, sold))
        lines += len(sold)
    if group:
        yield group
