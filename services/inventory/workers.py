"""Background work of inventory: ending holds that have run out."""

from __future__ import annotations

import asyncio

from services.inventory.usecases.stock import Stock

SWEEP_PAUSE_SECONDS = 1.0
"""So long a hold may stay in the books after it has run out; it counts nothing from the start."""


class HoldSweeper:
    """Ends holds that have run out. Several may work at once: each hold is ended by one of them."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    async def round(self) -> None:
        """Ends all that are due, then rests."""
        await self._stock.end_due_holds()
        await asyncio.sleep(SWEEP_PAUSE_SECONDS)
