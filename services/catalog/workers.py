"""Background work of the catalog: comparing what devices show with what stores ask."""

from __future__ import annotations

import asyncio

from chassis.telemetry import Metrics
from services.catalog.domain.parity import Surface
from services.catalog.usecases.parity import Parity

CHECK_PAUSE_SECONDS = 60.0
"""So long a disagreement may stay unseen, besides the grace."""


class ParityCheck:
    """Opens and resolves disagreements, and gauges how many are open. Several may work at once."""

    def __init__(self, parity: Parity, *, metrics: Metrics) -> None:
        self._parity = parity
        self._open = metrics.price_disagreements

    async def round(self) -> None:
        """Goes through all that is shown, then rests."""
        await self._parity.check_all()
        counts = await self._parity.count_open()
        for surface in Surface:
            self._open.labels(surface).set(counts.get(surface, 0))
        await asyncio.sleep(CHECK_PAUSE_SECONDS)
