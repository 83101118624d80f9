"""The background work of the orders service."""

from __future__ import annotations

import asyncio

from chassis.telemetry import Metrics
from services.orders.domain.orders import ON_THE_WAY, State
from services.orders.sagas.orders import TAKEN_OVER_AT_ONCE_MAX, OrderSaga
from services.orders.usecases.baskets import IDLE_AT_ONCE_MAX, Baskets
from services.orders.usecases.orders import Orders

PAUSE_SECONDS = 0.5

IDLE_BASKETS_PAUSE_SECONDS = 60.0

FREEZES_PAUSE_SECONDS = 5.0
"""So long a closed store's freezes may stand in the books; what reads them asks the store."""


class Recovery:
    """Takes over orders whose driver died or was paused, and gauges how many are on their way.

    Any number of replicas may run it: an order goes to whoever locks its row first.
    """

    def __init__(self, orders: Orders, saga: OrderSaga, *, metrics: Metrics) -> None:
        self._orders = orders
        self._saga = saga
        self._open = metrics.saga_open

    async def round(self) -> None:
        """Drives what was left behind; pauses unless there is more."""
        taken = await self._saga.recover()
        counts = await self._orders.count_on_the_way()
        for state in (*ON_THE_WAY, State.NEEDS_ATTENTION):
            self._open.labels(state).set(counts.get(state, 0))
        if taken < TAKEN_OVER_AT_ONCE_MAX:
            await asyncio.sleep(PAUSE_SECONDS)


class IdleBaskets:
    """Deletes baskets that nobody has changed for long. Several may work at once."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets

    async def round(self) -> None:
        """Deletes some; rests unless there are more."""
        if await self._baskets.delete_idle() < IDLE_AT_ONCE_MAX:
            await asyncio.sleep(IDLE_BASKETS_PAUSE_SECONDS)


class FreezeLifter:
    """Ends the freezes of stores that have closed. Several may work at once."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets

    async def round(self) -> None:
        """Asks the stores at which baskets are frozen, then rests."""
        await self._baskets.lift_freezes()
        await asyncio.sleep(FREEZES_PAUSE_SECONDS)
