"""Pages of a board that were just read, for others who begin or resume at the same place."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis.messaging.places import Place

KEPT_SECONDS = 3.0
KEPT_BYTES_MAX = 32 * 1024 * 1024

Topic = TypeVar("Topic", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Page:
    """Parts of a topic in the order of their keys, as they were at a place or later.

    `last` is the key that the next page begins behind, "" if there is none.
    """

    body: bytes
    last: str
    place: Place


class KeptPages(Generic[Topic]):
    """Pages by topic, by the place since which changes were asked, if any, and by where they begin.

    They are kept for KEPT_SECONDS and up to KEPT_BYTES_MAX.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Topic, Place | None, str], tuple[float, Page]] = {}
        self._bytes = 0

    def get(self, asked: tuple[Topic, Place | None, str]) -> Page | None:
        """The page, if it is kept."""
        self._drop(until=time.monotonic() - KEPT_SECONDS)
        kept = self._kept.get(asked)
        return None if kept is None else kept[1]

    def keep(self, asked: tuple[Topic, Place | None, str], page: Page) -> None:
        """Keeps a page that was not."""
        self._kept[asked] = (time.monotonic(), page)
        self._bytes += len(page.body)
        self._drop(until=time.monotonic() - KEPT_SECONDS)

    def clear(self) -> None:
        """Keeps none."""
        self._kept.clear()
        self._bytes = 0

    def _drop(self, *, until: float) -> None:
        """Forgets the oldest, which come first."""
        while self._kept:
            asked, (read_at, page) = next(iter(self._kept.items()))
            if read_at > until and self._bytes <= KEPT_BYTES_MAX:
                return
            del self._kept[asked]
            self._bytes -= len(page.body)
