"""Finding stores from a position, out of what this process knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.stores.domain.search import Findings, Found, Search, seen_from
from services.stores.usecases.views import StoreViews

LOOKED_AT_MAX = 1_000
"""How many stores one search may look at before it answers a short page."""

LOOKED_AT_ONCE_MAX = 200


@dataclass(frozen=True, slots=True)
class TenantSearch:
    """A search among a tenant's stores."""

    tenant: str
    search: Search


class Finding:
    """The use case."""

    def __init__(self, views: StoreViews) -> None:
        self._views = views

    async def find_all(self, searches: Sequence[TenantSearch]) -> list[Findings]:
        """What each search finds; Unavailable if the database is down."""
        return [await self.find(each.tenant, each.search) for each in searches]

    async def find(self, tenant: str, search: Search) -> Findings:
        """Stores from a position, the nearest first, and the time that they are seen at.

        Unavailable if the database is down.
        """
        await self._views.refresh()
        now = self._views.now()
        found: list[Found] = []
        after, looked_at, count = search.after, 0, search.rows_max + 1
        while True:
            candidates = self._views.atlas(tenant).next(search.behind(after), count=count)
            known = await self._views.known(candidates)
            for candidate in candidates:
                store = known.get(candidate.store)
                if store is None or store.version != candidate.version:
                    # It changed since the atlas was asked: ask again, from here on.
                    break
                after, looked_at = candidate.mark, looked_at + 1
                seen = seen_from(search.position, store, now)
                if search.wants(seen):
                    found.append(Found(seen, candidate.mark))
                    if len(found) > search.rows_max:
                        return Findings(found[:-1], found[-2].mark, now)
            else:
                if len(candidates) < count:
                    return Findings(found, None, now)
            if looked_at >= LOOKED_AT_MAX:
                return Findings(found, after, now)
            count = min(2 * count, LOOKED_AT_ONCE_MAX)
            await self._views.refresh()
