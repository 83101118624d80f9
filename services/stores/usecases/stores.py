"""Stores are created, changed, closed, shown. Each use case owns its transaction.

What has committed is told to the views, so that this process's searches see it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from chassis.db.engine import Database
from chassis.db.idempotency import Once
from chassis.db.transaction import Transaction
from chassis.kernel import names
from chassis.kernel.errors import HutongError, ResourceNotFound
from chassis.kernel.names import StoreId
from chassis.messaging import outbox
from chassis.messaging.outbox import Event
from services.stores import repository
from services.stores.domain.store import (
    Check,
    Checked,
    NewStore,
    Store,
    StoreEdit,
    StoreExists,
    require_apart,
)
from services.stores.usecases.views import StoreViews

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

    def __init__(self, database: Database, *, views: StoreViews, events: StoreEvents) -> None:
        self.database = database
        self._views = views
        self._events = events

    async def create(
        self,
        once: Once,
        new_stores: Sequence[NewStore],
        *,
        encode: Callable[[Sequence[Store]], bytes],
    ) -> bytes:
        """Creates stores, all or none; StoreExists."""
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
        self._views.learn(created)
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
        self._views.learn([changed])
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
            reply = await tx.keep(encode(closed))
        self._views.learn([closed])
        return reply

    async def reopen(self, once: Once, store: StoreId, *, encode: Encode) -> bytes:
        """Lifts a store's closure; ResourceNotFound, StoreNotClosed."""
        async with once.transaction() as tx:
            locked, now = await self._locked(tx, store)
            reopened = locked.reopened(at=now)
            await repository.change(tx, reopened)
            await outbox.add_all(tx, [self._events.reopened(reopened)])
            reply = await tx.keep(encode(reopened))
        self._views.learn([reopened])
        return reply

    async def get_all(
        self, stores: Sequence[StoreId]
    ) -> list[tuple[Store, datetime] | HutongError]:
        """Each store and the time it was read at, in one statement; ResourceNotFound by item."""
        async with self.database.reading() as reading:
            rows = await repository.read_all(reading, sorted(set(stores)))
        return [
            rows.get(store) or ResourceNotFound(resource=names.STORE.format(store))
            for store in stores
        ]

    async def check_all(self, checks: Sequence[Check]) -> list[Checked | HutongError]:
        """What each of the stores promises now, in one statement; ResourceNotFound by item.

        Nothing is kept from one batch to the next, so a closure counts as soon as it commits.
        """
        async with self.database.reading() as reading:
            rows = await repository.read_all(reading, sorted({check.store for check in checks}))
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

    async def _locked(self, tx: Transaction, store: StoreId) -> tuple[Store, datetime]:
        return _there(store, await repository.lock(tx, store))


def _there(store: StoreId, row: tuple[Store, datetime] | None) -> tuple[Store, datetime]:
    if row is None:
        raise ResourceNotFound(resource=names.STORE.format(store))
    return row
