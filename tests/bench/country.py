"""A country of stores to measure with: most of them in cities, some far from everything.

The same seed makes the same country, on every machine.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from hutong.common.v1 import position_pb2
from hutong.stores.v1 import stores_pb2

SEED = 20261125
CITIES = 200
IN_CITIES = 0.95
"""The share of the stores that are in a city."""

CITY_DEGREES = 0.08
"""How far a city's stores are spread: two thirds of them within so much of its centre."""

WEST, EAST, SOUTH, NORTH = 76.0, 128.0, 22.0, 46.0
AREA_METRES = 3_000.0
METRES_PER_DEGREE = 111_195.0

Place = tuple[float, float]
"""Latitude and longitude in degrees."""

HOURS = ((480, 1320), (420, 1380), (0, 1440), (1020, 1560), (540, 1260))
"""From opening to closing, in minutes."""


@dataclass(slots=True)
class Country:
    """Cities, of which the first have the most stores, and the stores in and between them."""

    draw: random.Random = field(default_factory=lambda: random.Random(SEED))
    cities: list[Place] = field(init=False)

    def __post_init__(self) -> None:
        self.cities = [self.in_the_open() for _ in range(CITIES)]

    def in_the_open(self) -> Place:
        """Anywhere in the country."""
        return self.draw.uniform(SOUTH, NORTH), self.draw.uniform(WEST, EAST)

    def in_a_city(self) -> Place:
        """In a city, of which the larger ones come more often: half as often as the one before
        has the next but one.
        """
        city = min(int(self.draw.expovariate(1 / (CITIES / 4))), CITIES - 1)
        latitude, longitude = self.cities[city]
        return (
            latitude + self.draw.gauss(0, CITY_DEGREES),
            longitude + self.draw.gauss(0, CITY_DEGREES),
        )

    def stores(self, count: int) -> Iterator[stores_pb2.Store]:
        """So many stores to create."""
        for number in range(count):
            is_urban = self.draw.random() < IN_CITIES
            yield self._store(number, self.in_a_city() if is_urban else self.in_the_open())

    def _store(self, number: int, place: Place) -> stores_pb2.Store:
        opens, closes = HOURS[number % len(HOURS)]
        return stores_pb2.Store(
            name=f"stores/s{number:06d}",
            display_name=f"便民生鲜 {number:06d} 店",
            kind=stores_pb2.StoreKind.Name(1 + number % 5),
            address=stores_pb2.Address(
                country_code="CN",
                region="省",
                locality="城市",
                district=f"{number % 40} 区",
                street=f"中山路 {number % 900} 号",
                postal_code="200000",
            ),
            position=position_pb2.Position(latitude_degrees=place[0], longitude_degrees=place[1]),
            time_zone="Asia/Shanghai",
            opening_hours=stores_pb2.OpeningHours(
                weekly=[
                    stores_pb2.DayHours(
                        day=stores_pb2.DayOfWeek.Name(day),
                        periods=[stores_pb2.OpenPeriod(open_minutes=opens, close_minutes=closes)],
                    )
                    for day in range(1, 8)
                ]
            ),
            capabilities=[
                stores_pb2.CAPABILITY_CARRY_OUT,
                stores_pb2.CAPABILITY_PICKUP,
                stores_pb2.CAPABILITY_DELIVERY,
            ],
            delivery_area=_round_area(place, AREA_METRES * (0.5 + number % 3 / 2)),
        )


def _round_area(centre: Place, metres: float) -> str:
    """Eight corners at a distance."""
    latitude, longitude = centre
    degrees = metres / METRES_PER_DEGREE
    stretch = 1 / math.cos(math.radians(latitude))
    ring = [
        [
            round(longitude + degrees * stretch * math.cos(corner * math.pi / 4), 7),
            round(latitude + degrees * math.sin(corner * math.pi / 4), 7),
        ]
        for corner in range(8)
    ]
    return json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
