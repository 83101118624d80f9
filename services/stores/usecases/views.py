"""What this process knows of the stores of all tenants, and how old that may be.

A search is answered from memory. Before it is, the database has been asked, at most
SEEN_SECONDS_MAX ago, for its time and for the stores that changed; so a change by another process
is seen that soon, without a message that could be lost. A change by this process is seen at once.
Where nobody searches nobody asks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from chassis.db.engine import Database
from chassis.kernel import names
from chassis.kernel.errors import HutongError
from chassis.kernel.names import StoreId
from chassis.log import logger
from services.stores import repository
from services.stores.domain.atlas import Atlas, Candidate, Place, place_of
from services.stores.domain.known import KEPT_BYTES_MAX, Encoded, KnownStore, KnownStores
from services.stores.domain.store import Store
from services.stores.repository import Change

SEEN_SECONDS_MAX = 1.0
"""A search is answered from what the database said at most so long ago."""

LOOK_AGAIN_SECONDS = 0.3
"""What is older is looked at anew while searches go on being answered from it."""

CHANGES_AT_ONCE = 2_000
"""How many changed stores are read with one statement."""

_ALL_TRANSACTIONS = 2**63 - 1

log = logger(__name__)

EncodeKnown = Callable[[Store], Encoded]
"""A store as answers have it."""


class StoreViews:
    """The places of all stores, and the stores that were found lately."""

    def __init__(
        self, database: Database, *, encode: EncodeKnown, kept_bytes_max: int = KEPT_BYTES_MAX
    ) -> None:
        self._database = database
        self._encode = encode
        self._atlases: dict[str, Atlas] = {}
        self._filling: dict[str, Atlas] | None = None
        self._known = KnownStores(kept_bytes_max)
        self._settled: int | None = None
        self._as_of = -SEEN_SECONDS_MAX
        self._time: tuple[datetime, float] | None = None
        self._looking: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Makes sure that what is known is not too old; Unavailable if the database is down."""
        age = time.monotonic() - self._as_of
        if age < LOOK_AGAIN_SECONDS:
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(_heard)
        if age >= SEEN_SECONDS_MAX or self._time is None:
            # Whoever stops waiting does not stop the others' look.
            await _outcome(self._looking)

    def now(self) -> datetime:
        """The database's time, as far as the last look and this machine's own clock tell."""
        assert self._time is not None
        then, read_at = self._time
        return then + timedelta(seconds=time.monotonic() - read_at)

    def atlas(self, tenant: str) -> Atlas:
        """Where the tenant's stores are."""
        return self._atlases.get(tenant) or Atlas()

    async def known(self, candidates: Sequence[Candidate]) -> dict[StoreId, KnownStore]:
        """The candidates' stores at their versions or later; without those that are gone."""
        known: dict[StoreId, KnownStore] = {}
        missing: list[StoreId] = []
        for candidate in candidates:
            kept = self._known.get(candidate.store)
            if kept is None or kept.version < candidate.version:
                missing.append(candidate.store)
            else:
                known[candidate.store] = kept
        if missing:
            async with self._database.transaction() as tx:
                read = await repository.known(tx, missing)
            self.learn(read)
            known |= {store.id: self._known.keep(store, self._encode(store)) for store in read}
            for store in missing:
                if store not in known:
                    self.atlas(names.tenant_of(store)).forget(store)
        return known

    def learn(self, stores: Iterable[Store]) -> None:
        """Takes note of stores that were read or committed; older versions change nothing."""
        places = [place_of(store) for store in stores]
        for atlases in (self._atlases, self._filling):
            if atlases is not None:
                _note(atlases, places)

    async def close(self) -> None:
        """Ends a look that is under way."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        """Reads what has changed since the last look, or everything."""
        begun = time.monotonic()
        async with self._database.transaction() as tx:
            moment = await repository.moment(tx)
        read_at = time.monotonic()
        if self._settled is None or moment.unsettled_from < self._settled:
            # The first look, or the database was put back to an earlier time.
            await self._fill()
        else:
            since = Change(self._settled, "")
            await self._read(self._atlases, since, before_transaction=moment.unused_from)
        self._settled = moment.unsettled_from
        self._as_of = begun
        self._time = (moment.now, read_at)

    async def _fill(self) -> None:
        filling = self._filling = {}
        try:
            await self._read(filling, Change(0, ""), before_transaction=_ALL_TRANSACTIONS)
        finally:
            self._filling = None
        self._atlases = filling
        self._known.clear()
        log.info("stores_read", stores=sum(len(atlas) for atlas in filling.values()))

    async def _read(
        self, atlases: dict[str, Atlas], after: Change, *, before_transaction: int
    ) -> None:
        while True:
            async with self._database.transaction() as tx:
                places, last = await repository.changed(
                    tx,
                    after=after,
                    before_transaction=before_transaction,
                    rows_max=CHANGES_AT_ONCE,
                )
            _note(atlases, places)
            if len(places) < CHANGES_AT_ONCE:
                return
            after = last


def _note(atlases: dict[str, Atlas], places: Iterable[Place]) -> None:
    for place in places:
        tenant = names.tenant_of(place.store)
        atlas = atlases.get(tenant)
        if atlas is None:
            atlas = atlases[tenant] = Atlas()
        atlas.note(place)


async def _outcome(look: asyncio.Task[None]) -> None:
    """Waits for a look; each waiter gets an error of its own."""
    try:
        await asyncio.shield(look)
    except HutongError as problem:
        raise problem.copy() from problem


def _heard(look: asyncio.Task[None]) -> None:
    """A look that failed while nobody waited is not reported; the next search looks again."""
    if not look.cancelled():
        look.exception()
