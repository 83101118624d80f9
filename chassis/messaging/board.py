"""A board: what many watch, read once for all of them.

While anybody watches, the board looks at the database: at once when this process has changed
something that is watched, at the instant at which something changes by itself, and in any case
again and again, for what other processes did. One look is for all topics that are watched. What it
finds is encoded once and offered to the watchers it concerns. No message wakes a board, so none can
be lost.

Whoever begins, resumes or has fallen behind reads from the database, a page at a time, and pages of
a whole topic are kept for a moment for those who come together. Looks and pages are read one after
the other, so that it is known which of them saw more; all watchers of a process together keep one
connection busy and no second one.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from chassis.log import logger
from chassis.messaging.pages import KeptPages, Page
from chassis.messaging.places import Moment, Place, listing_of, place_in, token_of
from chassis.messaging.watch import Tick, Watch
from chassis.telemetry import Metrics

LOOK_AGAIN_SECONDS = 0.25
"""So long what another process did may stay unseen."""

LOOK_PAUSE_SECONDS_MIN = 0.02
TOLD_A_SECOND_MAX = 4000
"""Looks are so far apart that no more messages than these are told, as far as watchers can wait."""

FOUND_MAX = 5000
"""If a look finds more, all watchers read for themselves what concerns them."""

PAGE_PARTS_MAX = 500
PROGRESS_SECONDS = 15.0
"""A watcher hears so often where the stream is, also when nothing changes."""

log = logger(__name__)

Topic = TypeVar("Topic")


class Found(NamedTuple, Generic[Topic]):
    """A key of a topic, and the part of a message that tells what it is now."""

    topic: Topic
    key: str
    part: bytes


@dataclass(frozen=True, slots=True)
class Look(Generic[Topic]):
    """What a look saw. `found` is None if it was more than was asked for.

    `next_at` is when something changes by itself, by the database's clock; None if nothing does
    that is known of.
    """

    moment: Moment
    found: Sequence[Found[Topic]] | None
    next_at: datetime | None = None


class Source(Protocol[Topic]):
    """How a service reads what its board shows. It raises Unavailable without the database."""

    async def look(
        self, topics: Sequence[Topic], since: Place | None, *, found_max: int
    ) -> Look[Topic]:
        """What has changed of the topics since a place; only the moment, without one."""

    async def page(
        self,
        topic: Topic,
        *,
        keys: Sequence[str] | None,
        since: Place | None,
        after: str,
        parts_max: int,
    ) -> Sequence[tuple[str, bytes]] | None:
        """Keys and parts in the order of keys, behind `after`, of all keys or of some.

        With a place only what has changed since; None if that is too much to find out.
        """


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message says of itself, beside its parts."""

    token: str = ""
    is_reset: bool = False
    is_snapshot: bool = False
    is_current: bool = True


class Board(Generic[Topic]):
    """What is watched in this process of one kind of thing.

    `encode` makes the bytes of a mark; with parts before them they are a message.
    """

    def __init__(
        self,
        name: str,
        source: Source[Topic],
        *,
        encode: Callable[[Mark], bytes],
        metrics: Metrics,
    ) -> None:
        self._name = name
        self._source = source
        self._encode = encode
        self._all: set[Watch[Topic]] = set()
        self._watches: dict[Topic, dict[str | None, set[Watch[Topic]]]] = {}
        self._moment: Moment | None = None
        self._told: dict[tuple[Topic, str], bytes] = {}
        self._pages = KeptPages[Topic]()
        self._reading, self._lane = asyncio.Lock(), asyncio.Lock()
        self._is_watched, self._woken = asyncio.Event(), asyncio.Event()
        self._not_before = self._look_at = time.monotonic()
        self._open = metrics.watches.labels(name)
        self._begun = metrics.watch_snapshots.labels(name)
        self._behind = metrics.watch_behind.labels(name)

    def changed(self, topics: Iterable[Topic]) -> None:
        """Says that this process has committed a change of the topics."""
        if any(topic in self._watches for topic in topics):
            self._woken.set()

    async def round(self) -> None:
        """Waits until it is time, and looks; for a worker."""
        await self._due()
        begun = time.monotonic()
        async with self._reading:
            if self._moment is None:
                return
            look = await self._source.look(
                list(self._watches), self._moment.place, found_max=FOUND_MAX
            )
            woken = self._apply(look)
        self._not_before = time.monotonic() + max(LOOK_PAUSE_SECONDS_MIN, woken / TOLD_A_SECOND_MAX)
        self._look_at = begun + LOOK_AGAIN_SECONDS
        if look.next_at is not None:
            seconds = (look.next_at - look.moment.now).total_seconds()
            self._look_at = min(self._look_at, begun + max(seconds, 0.0))

    async def follow(
        self, topic: Topic, *, keys: frozenset[str] | None, token: str
    ) -> AsyncIterator[bytes]:
        """Messages for one watcher of a topic, or of some of its keys, behind the token's place."""
        listing = listing_of(self._name, topic, keys)
        watch = Watch(topic, keys, listing, place_in(token, listing))
        async with self._watching(watch):
            while True:
                async for message in self._catch_up(watch):
                    yield message
                while await watch.news():
                    yield self._news(watch)
                if not watch.is_void:
                    self._behind.inc()

    def _news(self, watch: Watch[Topic]) -> bytes:
        """What waits for the watcher, or where the stream is."""
        tick = watch.take()
        if tick is None:
            assert self._moment is not None
            return self._message(watch, b"", self._moment.place, Mark())
        if tick.reply is None:
            tick.reply = self._message(watch, b"".join(tick.parts.values()), tick.place, Mark())
        watch.told(tick.place)
        return tick.reply

    async def _catch_up(self, watch: Watch[Topic]) -> AsyncIterator[bytes]:
        """Tells all there is, or all that has changed since what was told, so that offers go on."""
        watch.begin()
        assert self._moment is not None
        base, place = self._moment.place, watch.place
        if place is not None and not place.leads_to(base):
            place = None
        since = base
        if place is not None:
            since = Place(base.history, min(place.transaction, base.transaction), place.at)
        after, is_reset = ("", True) if place is None else (place.after, False)
        is_snapshot = is_reset or bool(after)
        if is_reset:
            self._begun.inc()
        elif not is_snapshot and not since.is_before(base):
            yield self._message(watch, b"", base, Mark())
        while is_snapshot or since.is_before(base):
            reached = since if is_snapshot else base
            while True:
                page = await self._page(watch, since=None if is_snapshot else since, after=after)
                if page is None or watch.is_void:
                    watch.void()
                    return
                reached, after = reached.earlier(page.place), page.last
                is_current = not after and not reached.is_before(base)
                if is_snapshot:
                    told = replace(reached, after=after)
                else:
                    told = since if after else reached
                mark = Mark(is_reset=is_reset, is_snapshot=is_snapshot, is_current=is_current)
                yield self._message(watch, page.body, told, mark)
                is_reset = False
                if not after:
                    break
            since, is_snapshot = reached, False

    def _message(self, watch: Watch[Topic], body: bytes, place: Place, mark: Mark) -> bytes:
        watch.told(place)
        return body + self._encode(replace(mark, token=token_of(place, watch.listing)))

    async def _page(self, watch: Watch[Topic], *, since: Place | None, after: str) -> Page | None:
        """A page as it is now, or for who watches a whole topic as it was a moment ago."""
        asked = (watch.topic, since, after)
        async with self._lane:
            if watch.keys is None and (kept := self._pages.get(asked)) is not None:
                return kept
            async with self._reading:
                assert self._moment is not None
                place = self._moment.place
                rows = await self._source.page(
                    watch.topic,
                    keys=None if watch.keys is None else sorted(watch.keys),
                    since=since,
                    after=after,
                    parts_max=PAGE_PARTS_MAX,
                )
                if rows is None:
                    return None
                # Nothing was looked at meanwhile, so what waits is older than what was read.
                watch.forget({key for key, _ in rows})
            last = rows[-1][0] if len(rows) == PAGE_PARTS_MAX else ""
            page = Page(b"".join(part for _, part in rows), last, place)
            if watch.keys is None:
                self._pages.keep(asked, page)
            return page

    @asynccontextmanager
    async def _watching(self, watch: Watch[Topic]) -> AsyncIterator[None]:
        async with self._lane, self._reading:
            if self._moment is None:
                look = await self._source.look([watch.topic], None, found_max=FOUND_MAX)
                self._moment = look.moment
            self._add(watch)
        try:
            yield
        finally:
            self._remove(watch)

    def _add(self, watch: Watch[Topic]) -> None:
        places = self._watches.setdefault(watch.topic, {})
        for key in (None,) if watch.keys is None else watch.keys:
            places.setdefault(key, set()).add(watch)
        self._all.add(watch)
        self._open.inc()
        self._is_watched.set()

    def _remove(self, watch: Watch[Topic]) -> None:
        self._all.discard(watch)
        self._open.dec()
        places = self._watches[watch.topic]
        for key in (None,) if watch.keys is None else watch.keys:
            places[key].discard(watch)
            if not places[key]:
                del places[key]
        if not places:
            del self._watches[watch.topic]
        if not self._watches:
            # Whoever comes next begins with a look of their own.
            self._is_watched.clear()
            self._moment = None
            self._told = {}
            self._pages.clear()

    async def _due(self) -> None:
        """Waits until somebody watches and there is reason to look."""
        await self._is_watched.wait()
        await asyncio.sleep(max(self._not_before - time.monotonic(), 0.0))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(self._look_at - time.monotonic(), 0.0)):
                await self._woken.wait()
        self._woken.clear()

    def _apply(self, look: Look[Topic]) -> int:
        """Offers what was found to whom it concerns; how many there are."""
        if not self._watches:
            return 0
        before, self._moment = self._moment, look.moment
        assert before is not None
        if before.history != look.moment.history:
            log.warning("watched_history_changed", board=self._name)
            self._told = {}
            self._pages.clear()
            for watch in self._all:
                watch.void()
            return len(self._all)
        if look.found is None:
            self._told = {}
            for watch in self._all:
                watch.fall_behind()
            return len(self._all)
        new: dict[Topic, dict[str, bytes]] = defaultdict(dict)
        for found in look.found:
            # What transactions that were still running then had changed is found again.
            if self._told.get((found.topic, found.key)) != found.part:
                new[found.topic][found.key] = found.part
        self._told = {(found.topic, found.key): found.part for found in look.found}
        woken = sum(self._offer(topic, parts) for topic, parts in new.items())
        long_ago = time.monotonic() - PROGRESS_SECONDS
        return woken + sum(watch.remind(before=long_ago) for watch in self._all)

    def _offer(self, topic: Topic, parts: dict[str, bytes]) -> int:
        places = self._watches.get(topic)
        if places is None:
            return 0
        assert self._moment is not None
        place = self._moment.place
        everybody = places.get(None, ())
        tick = Tick(parts, place)
        for watch in everybody:
            watch.offer(tick)
        of_some: dict[Watch[Topic], dict[str, bytes]] = defaultdict(dict)
        for key in parts.keys() & places.keys():
            for watch in places[key]:
                of_some[watch][key] = parts[key]
        for watch, own in of_some.items():
            watch.offer(Tick(own, place))
        return len(everybody) + len(of_some)
