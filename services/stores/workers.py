"""Background work of the stores: knowing them before somebody asks."""

from __future__ import annotations

import asyncio

from services.stores.usecases.views import StoreViews

PAUSE_SECONDS = 30.0
"""After so long without a search, the next one has little to catch up with."""


class KnowingStores:
    """Reads all stores' places at the start, and what has changed from time to time."""

    def __init__(self, views: StoreViews) -> None:
        self._views = views

    async def round(self) -> None:
        """Looks for changes, then rests."""
        await self._views.refresh()
        await asyncio.sleep(PAUSE_SECONDS)
