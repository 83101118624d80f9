"""Background work of the stores: keeping the index of positions right."""

from __future__ import annotations

import asyncio

from services.stores.usecases import Stores

REPAIR_PAUSE_SECONDS = 30.0
"""So long a store may be missing from the index if its process died before it could tell it."""


class IndexRepair:
    """Puts into the index what is missing there. Several may work at once."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def round(self) -> None:
        """Goes through all stores, then rests."""
        await self._stores.repair_index()
        await asyncio.sleep(REPAIR_PAUSE_SECONDS)
