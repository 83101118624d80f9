"""One watcher's place at a board, and what waits there to be told.

However slowly a watcher reads, no more waits than PARTS_MAX parts, the newest of each key. What is
more is forgotten, and read from the database when its turn comes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from chassis.messaging.places import Place

PARTS_MAX = 1000
"""So many parts are told in one message, and wait for one watcher."""

Topic = TypeVar("Topic")


class Tick:
    """What a look found for a watcher, up to a place. It may be shared, and then is not changed.

    `reply` is kept here for all who are told the same.
    """

    __slots__ = ("parts", "place", "reply")

    def __init__(self, parts: Mapping[str, bytes], place: Place) -> None:
        self.parts = parts
        self.place = place
        self.reply: bytes | None = None

    def followed_by(self, tick: Tick) -> Tick:
        """Both as one, of which the newer parts are told."""
        return Tick({**self.parts, **tick.parts}, tick.place)


class Watch(Generic[Topic]):
    """A watcher of a topic, or of some of its keys; `place` is what was told, None if nothing."""

    def __init__(
        self, topic: Topic, keys: frozenset[str] | None, listing: str, place: Place | None
    ) -> None:
        self.topic = topic
        self.keys = keys
        self.listing = listing
        self.place = place
        self.is_behind = False
        self.is_void = False
        self._tick: Tick | None = None
        self._news = asyncio.Event()
        self._heard_at = time.monotonic()

    async def news(self) -> bool:
        """Waits until there is something to tell since the last call.

        False if the watcher has fallen behind, and has to catch up.
        """
        await self._news.wait()
        self._news.clear()
        return not self.is_behind

    def offer(self, tick: Tick) -> None:
        """Adds what is to be told."""
        if not self.is_behind:
            self._tick = tick if self._tick is None else self._tick.followed_by(tick)
            if len(self._tick.parts) > PARTS_MAX:
                self.fall_behind()
        self._news.set()

    def take(self) -> Tick | None:
        """What waits to be told, and does no longer; None if nothing does."""
        tick, self._tick = self._tick, None
        return tick

    def forget(self, keys: Collection[str]) -> None:
        """Drops what waits of these keys, since newer parts are told."""
        if self._tick is not None and not self._tick.parts.keys().isdisjoint(keys):
            kept = {key: part for key, part in self._tick.parts.items() if key not in keys}
            self._tick = Tick(kept, self._tick.place)

    def fall_behind(self) -> None:
        """Drops what waits: all that has changed since what was told last is to be read."""
        self.is_behind = True
        self._tick = None
        self._news.set()

    def begin(self) -> None:
        """What is offered from now on is kept, and nothing from before."""
        self.is_behind = self.is_void = False
        self._tick = None
        self._news.clear()

    def void(self) -> None:
        """Nothing that was told counts any more."""
        self.is_void = True
        self.place = None
        self.fall_behind()

    def told(self, place: Place) -> None:
        """Notes that all up to a place is told now."""
        self.place = place
        self._heard_at = time.monotonic()

    def remind(self, *, before: float) -> bool:
        """Wakes the watcher if nothing was told since; whether it did."""
        if self._heard_at > before or self._news.is_set():
            return False
        self._news.set()
        return True
