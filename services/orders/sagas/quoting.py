"""What orders cost and what their stores promise, asked for many at once before any is begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ParamSpec

from chassis.kernel.errors import HutongError
from chassis.kernel.geo import Position
from services.orders.domain.baskets import KeptBasket, checkout_of
from services.orders.domain.orders import Basket, Fulfilment, PlaceOrder, Quote
from services.orders.domain.promises import (
    PROMISED,
    Promise,
    StoreToday,
    require_position,
    require_promised,
)
from services.orders.ports import Prices, Stores
from services.orders.usecases.baskets import Baskets
from services.orders.usecases.uploads import UploadedPrices

P = ParamSpec("P")


class Quotes:
    """Quotes of what stores promise.

    For goods that are carried out no store is asked: a till sells while the stores are down.
    """

    def __init__(
        self, *, baskets: Baskets, prices: Prices, uploaded: UploadedPrices, stores: Stores
    ) -> None:
        self._baskets = baskets
        self._prices = prices
        self._uploaded = uploaded
        self._stores = stores

    async def quote(
        self,
        basket: Basket,
        fulfilment: Fulfilment | None,
        to: Position | None,
        *,
        deadline: float,
    ) -> Quote:
        """What an order of this basket would cost if it were placed now; refuses what could not be.

        Without a fulfilment it is about prices only.
        """
        require_position(fulfilment, to)
        price = self._prices.quote(basket, deadline=deadline)
        if fulfilment not in PROMISED:
            return await price
        wanted = Promise(basket.store, fulfilment, to)
        today, quote = await asyncio.gather(
            self._stores.today(wanted, deadline=deadline), price, return_exceptions=True
        )
        return _promised(wanted, today, quote)

    async def quote_all(
        self, commands: Sequence[PlaceOrder], *, deadline: float
    ) -> list[Quote | HutongError]:
        """What each order costs, or why it can't be had; stores and prices are asked at once."""
        promises = {
            at: Promise(command.basket.store, command.fulfilment, _place_of(command))
            for at, command in enumerate(commands)
            if command.fulfilment in PROMISED
        }
        quotes, todays = await asyncio.gather(
            self._priced(commands, deadline=deadline),
            self._todays(promises, commands, deadline=deadline),
        )
        return [
            _or_refusal(_promised, promises[at], todays[at], quote) if at in promises else quote
            for at, quote in enumerate(quotes)
        ]

    async def _todays(
        self, promises: Mapping[int, Promise], commands: Sequence[PlaceOrder], *, deadline: float
    ) -> Mapping[int, StoreToday | HutongError]:
        if not promises:
            return {}
        traces = [commands[at].traceparent for at in promises]
        answers = await self._stores.today_all(
            list(promises.values()), traces=traces, deadline=deadline
        )
        return dict(zip(promises, answers, strict=True))

    async def _priced(
        self, commands: Sequence[PlaceOrder], *, deadline: float
    ) -> list[Quote | HutongError]:
        """The quotes of orders, and of sales that have happened."""
        happened = [command for command in commands if command.has_happened]
        if not happened:
            return await self._prices_of(commands, deadline=deadline)
        others = [command for command in commands if not command.has_happened]
        of_happened, of_others = map(
            iter,
            await asyncio.gather(
                self._uploaded.quote_all(happened, deadline=deadline),
                self._prices_of(others, deadline=deadline),
            ),
        )
        return [next(of_happened if command.has_happened else of_others) for command in commands]

    async def _prices_of(
        self, commands: Sequence[PlaceOrder], *, deadline: float
    ) -> list[Quote | HutongError]:
        """The quotes of orders' own lines, or of what is in the customers' baskets.

        A frozen basket has its prices; otherwise LinePriceChanged unless the shown ones still hold.
        """
        kept = await self._kept(commands)
        found: dict[int, Quote | HutongError] = {}
        asked: dict[int, Basket] = {}
        for at, command in enumerate(commands):
            if at not in kept:
                asked[at] = command.basket
                continue
            known = kept[at]
            if isinstance(known, HutongError):
                found[at] = known
            elif known[0].is_frozen(known[1]):
                found[at] = _or_refusal(known[0].frozen_quote, now=known[1])
            else:
                asked[at] = Basket(known[0].name.store, known[0].wanted)
        traces = [commands[at].traceparent for at in asked]
        answers = await self._prices.quote_all(
            list(asked.values()), traces=traces, deadline=deadline
        )
        for at, quote in zip(asked, answers, strict=True):
            basket = kept.get(at)
            if isinstance(basket, tuple) and isinstance(quote, Quote):
                found[at] = _or_refusal(_as_shown, basket[0], quote)
            else:
                found[at] = quote
        return [found[at] for at in range(len(commands))]

    async def _kept(
        self, commands: Sequence[PlaceOrder]
    ) -> Mapping[int, tuple[KeptBasket, datetime] | HutongError]:
        """The baskets that orders are placed with, by the orders' positions."""
        checkouts = {
            at: checkout
            for at, command in enumerate(commands)
            if (checkout := checkout_of(command)) is not None
        }
        if not checkouts:
            return {}
        try:
            found = await self._baskets.to_order_all(list(checkouts.values()))
        except HutongError as error:
            return {at: error.copy() for at in checkouts}
        return dict(zip(checkouts, found, strict=True))


def _place_of(command: PlaceOrder) -> Position | None:
    return None if command.delivery is None else command.delivery.position


def _as_shown(basket: KeptBasket, quote: Quote) -> Quote:
    basket.require_shown(quote)
    return quote


def _promised(
    wanted: Promise, today: StoreToday | BaseException, quote: Quote | BaseException
) -> Quote:
    """The quote, unless the store does not promise it: that is said first."""
    if isinstance(today, BaseException):
        raise today
    require_promised(wanted, today)
    if isinstance(quote, BaseException):
        raise quote
    return quote


def _or_refusal(
    work: Callable[P, Quote], *arguments: P.args, **named: P.kwargs
) -> Quote | HutongError:
    try:
        return work(*arguments, **named)
    except HutongError as error:
        return error
