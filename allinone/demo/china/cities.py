"""The cities of China, from the table beside this file; NOTICE.md says where that comes from."""

from __future__ import annotations

import csv
import functools
import heapq
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent / "cities.csv"

METRES_PER_HECTOMETRE = 100

EXTENT_METRES_MIN = 1_200.0
EXTENT_METRES_OF_100_000 = 1_600.0
"""How far a city of 100,000 people goes from its centre; the area grows with the people."""


@dataclass(frozen=True, slots=True)
class City:
    """A city: where its centre is, how many live in it, and how far its ground goes.

    `reach_metres` has one distance for each of as many directions, from the east
    counter-clockwise, within which one is on the city's ground and nearer to it than to any other.
    """

    code: str
    province: str
    province_english: str
    name: str
    english: str
    latitude_degrees: float
    longitude_degrees: float
    population: int
    reach_metres: tuple[int, ...]

    @property
    def short_name(self) -> str:
        """The name as people say it: without the word for city."""
        return self.name.removesuffix("市") if len(self.name) > 2 else self.name

    @property
    def extent_metres(self) -> float:
        """How far from its centre a city of this population goes, ground permitting."""
        return max(
            EXTENT_METRES_MIN, EXTENT_METRES_OF_100_000 * math.sqrt(self.population / 100_000)
        )

    def reach_towards(self, angle: float) -> float:
        """How far one can surely go in a direction, in radians from the east counter-clockwise.

        The ground between two measured directions is taken to be no farther than the nearer of
        both, less what a straight line between their ends cuts off.
        """
        directions = len(self.reach_metres)
        before = int(angle / (2 * math.pi) * directions) % directions
        nearer = min(self.reach_metres[before], self.reach_metres[(before + 1) % directions])
        return nearer * math.cos(math.pi / directions)


@functools.cache
def cities() -> tuple[City, ...]:
    """All of them, by code."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            City(
                code=row["code"],
                province=row["province"],
                province_english=row["province_english"],
                name=row["city"],
                english=row["city_english"],
                latitude_degrees=float(row["latitude"]),
                longitude_degrees=float(row["longitude"]),
                population=int(row["population"]),
                reach_metres=tuple(
                    METRES_PER_HECTOMETRE * int(reach) for reach in row["reach_hectometres"].split()
                ),
            )
            for row in csv.DictReader(file)
        )


def apportioned(number: int) -> Iterator[tuple[City, int]]:
    """So many places for stores: a city, and which one of it, from 1; the first are always alike.

    Each city gets one, the largest first; then each goes to the city that has the most people for
    the stores that it would have with it (Jefferson, D'Hondt).
    """
    by_size = sorted(cities(), key=lambda city: (-city.population, city.code))
    waiting = [(-city.population / 2, rank, city, 2) for rank, city in enumerate(by_size)]
    heapq.heapify(waiting)

    def following() -> Iterator[tuple[City, int]]:
        while True:
            _, rank, city, ordinal = waiting[0]
            yield city, ordinal
            heapq.heapreplace(waiting, (-city.population / (ordinal + 1), rank, city, ordinal + 1))

    firsts = ((city, 1) for city in by_size)
    return itertools.islice(itertools.chain(firsts, following()), number)
