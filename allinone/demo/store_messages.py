"""Demo stores as the contract has them: what the stores of a city and those of a country share."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hutong.stores.v1 import stores_pb2

NEW_YEAR_EVE, NEW_YEAR = "2027-02-05", "2027-02-06"
"""The Spring Festival: stores close early on its eve, and do not open on its first day."""

NEW_YEAR_EVE_CLOSE_MINUTES = 18 * 60


def opening_hours(open_minutes: int, close_minutes: int) -> stores_pb2.OpeningHours:
    """The same hours every day, but for the Spring Festival."""
    day = stores_pb2.OpenPeriod(open_minutes=open_minutes, close_minutes=close_minutes)
    eve = stores_pb2.OpenPeriod(open_minutes=open_minutes, close_minutes=NEW_YEAR_EVE_CLOSE_MINUTES)
    return stores_pb2.OpeningHours(
        weekly=[
            stores_pb2.DayHours(day=stores_pb2.DayOfWeek.Name(number), periods=[day])
            for number in range(stores_pb2.DAY_OF_WEEK_MONDAY, stores_pb2.DAY_OF_WEEK_SUNDAY + 1)
        ],
        exceptions=[
            stores_pb2.DateHours(date=NEW_YEAR_EVE, periods=[eve]),
            stores_pb2.DateHours(date=NEW_YEAR),
        ],
    )


def geojson(ring: Sequence[tuple[float, float]]) -> str:
    """The area inside a ring of longitudes and latitudes; nowhere if it is empty."""
    return json.dumps({"type": "Polygon", "coordinates": [ring]}) if ring else ""
