"""What the stores service does. Each use case owns its transaction.

The index of positions is told after a change has committed, and repaired from the tables in the
background; where it has lost everything, whoever looks first fills it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from chassis.db.engine import Database
from chassis.db.idempotency import Once
from chassis.db.transaction import Transaction
from chassis.kernel import names
from chassis.kernel.errors import HutongError, ResourceNotFound, Unavailable
from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from chassis.log import logger
from chassis.messaging import outbox
from chassis.messaging.outbox import Event
from services.stores import repository
from services.stores.domain.search import (
    BEHIND_ALL_IDS,
    Findings,
    Found,
    Mark,
    NearestFirst,
    Search,
    Seen,
    seen_from,
)
from services.stores.domain.store import (
    Check,
    Checked,
    NewStore,
    Store,
    StoreEdit,
    StoreExists,
    require_apart,
)
from services.stores.ports import Near, Place, StoreIndex

PLACES_AT_ONCE = 1_000
"""How many stores are read and indexed at once when an index is filled."""

REBUILDS_MAX = 3
"""How often one search fills an index that is emptied again and again."""

ROWS_AT_ONCE = 200
LOOKED_AT_MAX = 1_000
"""How many stores one search may look at before it answers a short page."""

RADIUS_METRES_FIRST = 3_000.0
RADIUS_GROWTH = 4.0

log = logger(__name__)

Encode = Callable[[Store], bytes]
"""A store as the answer to a request."""


class StoreEvents(Protocol):
    """Tells what happened to a store."""

    def changed(self, store: Store) -> Event:
        """It was created or updated."""
        ...

    def closed(self, store: Store) -> Event:
        """It was closed."""
        ...

    def reopened(self, store: Store) -> Event:
        """Its closure was lifted."""
        ...


class Stores:
    """The use cases."""

    def __init__(self, database: Database, *, index: StoreIndex, events: StoreEvents) -> None:
        self.database = database
        self._index = index
        self._events = events
        self._rebuilding = asyncio.Lock()

    async def create(
        self,
        once: Once,
        tenant: str,
        new_stores: Sequence[NewStore],
        *,
        encode: Callable[[Sequence[Store]], bytes],
    ) -> bytes:
        """Creates stores of a tenant, all or none; StoreExists."""
        require_apart(new_stores)
        async with once.transaction() as tx:
            added = await repository.add(tx, new_stores)
            for new in new_stores:
                if new.id not in added:
                    raise StoreExists(store=names.STORE.format(new.id))
            created = [
                Store(new.id, new.details, None, 1, added[new.id], added[new.id])
                for new in new_stores
            ]
            await outbox.add_all(tx, [self._events.changed(store) for store in created])
            reply = await tx.keep(encode(created))
        await self._tell_index(tenant, created)
        return reply

    async def update(
        self, once: Once, store: StoreId, edit: StoreEdit, *, expected_version: int, encode: Encode
    ) -> bytes:
        """Changes a store; ResourceNotFound, StoreChanged."""
        async with once.transaction() as tx:
            locked, now = await self._locked(tx, store)
            changed = locked.edited(edit, expected_version=expected_version, at=now)
            await repository.change(tx, changed)
            await outbox.add_all(tx, [self._events.changed(changed)])
            reply = await tx.keep(encode(changed))
        await self._tell_index(names.tenant_of(store), [changed])
        return reply

    async def close(
        self, once: Once, store: StoreId, *, reason: str, ends_at: datetime | None, encode: Encode
    ) -> bytes:
        """Closes a store whatever its hours say; ResourceNotFound, ClosureInvalid."""
        async with once.transaction() as tx:
            locked, now = await self._locked(tx, store)
            closed = locked.closed(reason=reason, ends_at=ends_at, at=now)
            await repository.change(tx, closed)
            await outbox.add_all(tx, [self._events.closed(closed)])
            return await tx.keep(encode(closed))

    async def reopen(self, once: Once, store: StoreId, *, encode: Encode) -> bytes:
        """Lifts a store's closure; ResourceNotFound, StoreNotClosed."""
        async with once.transaction() as tx:
            locked, now = await self._locked(tx, store)
            reopened = locked.reopened(at=now)
            await repository.change(tx, reopened)
            await outbox.add_all(tx, [self._events.reopened(reopened)])
            return await tx.keep(encode(reopened))

    async def get(self, store: StoreId) -> tuple[Store, datetime]:
        """The store, and the time it was read at; ResourceNotFound."""
        async with self.database.transaction() as tx:
            return _there(store, await repository.read(tx, store))

    async def check_all(self, checks: Sequence[Check]) -> list[Checked | HutongError]:
        """What each of the stores promises now, in one statement; ResourceNotFound by item.

        Nothing is kept from one batch to the next, so a closure counts as soon as it commits.
        """
        async with self.database.transaction() as tx:
            rows = await repository.read_all(tx, sorted({check.store for check in checks}))
        opennesses = {store.id: store.openness(now) for store, now in rows.values()}
        answers: list[Checked | HutongError] = []
        for check in checks:
            if check.store not in rows:
                answers.append(ResourceNotFound(resource=names.STORE.format(check.store)))
                continue
            store, now = rows[check.store]
            openness = opennesses[store.id]
            answers.append(
                Checked(
                    openness=openness,
                    serviceability=None
                    if check.to is None
                    else store.serviceability(check.to, is_open=openness.is_open),
                    capabilities=store.details.capabilities,
                    closure=store.closure_at(now),
                )
            )
        return answers

    async def list_stores(
        self, tenant: str, *, only: Sequence[StoreId] | None, after: str, rows_max: int
    ) -> tuple[list[Store], datetime]:
        """Stores by id behind `after`, of those in `only` if given, and when they were read."""
        async with self.database.transaction() as tx:
            stores = await repository.stores(tx, tenant, only=only, after=after, rows_max=rows_max)
            return stores, await repository.database_time(tx)

    async def find(self, tenant: str, search: Search) -> tuple[Findings, datetime]:
        """Stores from a position, the nearest first, and the time that they are seen at.

        The circle grows until the page is full or nothing lies outside it. Unavailable if the
        index is down.
        """
        async with self.database.transaction() as tx:
            now = await repository.database_time(tx)

        def accept(store: Store) -> Seen | None:
            seen = seen_from(search.position, store, store.openness(now))
            return seen if search.wants(seen) else None

        order = NearestFirst(search, accept)
        found: list[Found] = []
        looked_at: set[StoreId] = set()
        radius = search.first_radius_metres(RADIUS_METRES_FIRST)
        while True:
            hits = await self._near(tenant, search.position, radius_metres=radius)
            fresh = [
                hit
                for hit in hits
                if hit.store not in looked_at and search.may_want(hit.metres_most)
            ]
            for start in range(0, len(fresh), ROWS_AT_ONCE):
                following = fresh[start + ROWS_AT_ONCE :]
                chunk = fresh[start : start + ROWS_AT_ONCE]
                looked_at.update(hit.store for hit in chunk)
                await self._add_rows(order, chunk)
                metres = min([radius, *(hit.metres_least for hit in following[:1])])
                bound = max(0, int(metres * 1000))
                found += order.take(search.rows_max + 1 - len(found), below_millimetres=bound)
                if len(found) > search.rows_max:
                    return _page(found, search.rows_max), now
                if len(looked_at) >= LOOKED_AT_MAX and search.is_past(bound):
                    return Findings(found, Mark(bound - 1, BEHIND_ALL_IDS)), now
            if radius >= search.limit_metres:
                found += order.take(search.rows_max + 1 - len(found), below_millimetres=None)
                return _page(found, search.rows_max), now
            radius *= RADIUS_GROWTH

    async def rebuild_index(self, tenant: str) -> None:
        """Puts all stores of a tenant into the index, in batches; Unavailable."""
        attempt = await self._index.begin(tenant)
        after = ""
        while True:
            async with self.database.transaction() as tx:
                places = await repository.places(tx, tenant, after=after, rows_max=PLACES_AT_ONCE)
            await self._index.put(tenant, places)
            if len(places) < PLACES_AT_ONCE:
                break
            after = places[-1].store
        if await self._index.finish(tenant, attempt):
            log.debug("store_index_filled", tenant=tenant)

    async def repair_index(self) -> None:
        """Puts all stores of all tenants into the index; what is right there stays."""
        async with self.database.transaction() as tx:
            tenants = await repository.tenants(tx)
        for tenant in tenants:
            await self.rebuild_index(tenant)

    async def _near(
        self, tenant: str, position: Position, *, radius_metres: float
    ) -> Sequence[Near]:
        for _ in range(REBUILDS_MAX):
            hits = await self._index.within(tenant, position, radius_metres=radius_metres)
            if hits is not None:
                return hits
            async with self._rebuilding:
                if not await self._index.is_whole(tenant):
                    await self.rebuild_index(tenant)
        raise Unavailable(part="the index of stores")

    async def _add_rows(self, order: NearestFirst, chunk: Sequence[Near]) -> None:
        async with self.database.transaction() as tx:
            stores = await repository.looked_for(
                tx,
                [hit.store for hit in chunk],
                kinds=sorted(order.search.kinds),
                capabilities=sorted(order.search.capabilities),
            )
        for store in stores:
            order.add(store)

    async def _tell_index(self, tenant: str, stores: Sequence[Store]) -> None:
        """Notes where stores are. What fails here is repaired in the background."""
        places = [Place(store.id, store.details.position, store.version) for store in stores]
        try:
            await self._index.put(tenant, places)
        except Unavailable as problem:
            log.warning("store_index_not_told", tenant=tenant, problem=repr(problem))

    async def _locked(self, tx: Transaction, store: StoreId) -> tuple[Store, datetime]:
        return _there(store, await repository.lock(tx, store))


def _there(store: StoreId, row: tuple[Store, datetime] | None) -> tuple[Store, datetime]:
    if row is None:
        raise ResourceNotFound(resource=names.STORE.format(store))
    return row


def _page(found: list[Found], rows_max: int) -> Findings:
    if len(found) <= rows_max:
        return Findings(found, None)
    kept = found[:rows_max]
    return Findings(kept, kept[-1].mark)
