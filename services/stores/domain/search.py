"""Finding stores from a position: what is asked, and how what was found appears."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from chassis.kernel.geo import DISTANCE_METRES_MAX, Position
from services.stores.domain.hours import Openness
from services.stores.domain.known import KnownStore
from services.stores.domain.store import Capability, Kind, Serviceability


class Mark(NamedTuple):
    """A place in the order: behind the store with this distance and id."""

    millimetres: int
    id: str


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. `kinds` empty is all kinds; `after` is where the page before ended."""

    position: Position
    kinds: frozenset[Kind]
    capabilities: frozenset[Capability]
    is_open_only: bool
    is_serviceable_only: bool
    metres_max: int
    after: Mark | None
    rows_max: int

    @property
    def limit_millimetres(self) -> int:
        """How far a store may be."""
        return (self.metres_max or DISTANCE_METRES_MAX) * 1000

    def behind(self, mark: Mark | None) -> Search:
        """The same search from another place in the order on."""
        return self if mark == self.after else replace(self, after=mark)

    def wants(self, seen: Seen) -> bool:
        """Whether a store is looked for as it appears; kind and capabilities aside."""
        if self.is_open_only and not seen.openness.is_open:
            return False
        return not self.is_serviceable_only or seen.serviceability is Serviceability.SERVICEABLE


class Seen(NamedTuple):
    """A store as it appears from a position at an instant."""

    store: KnownStore
    openness: Openness
    serviceability: Serviceability


class Found(NamedTuple):
    """A store that was looked for, with its distance."""

    seen: Seen
    mark: Mark


@dataclass(frozen=True, slots=True)
class Findings:
    """Stores in order as of an instant, and where the search ended if more may follow."""

    stores: list[Found]
    next_after: Mark | None
    at: datetime


def seen_from(position: Position, store: KnownStore, at: datetime) -> Seen:
    """The store as it appears from a position at an instant."""
    openness = store.openness(at)
    return Seen(store, openness, store.serviceability(position, is_open=openness.is_open))
