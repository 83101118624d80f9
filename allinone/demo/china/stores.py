"""What stores in China are like: their kinds, their hours, their names, and where in a city."""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from allinone.demo.china.cities import City, apportioned
from allinone.demo.places import ring_around, shifted

STORES_MAX = 200_000
RANDOM_SEED_DEFAULT = 1

TIME_ZONE = "Asia/Shanghai"
"""All of China: shops in Xinjiang, too, write Beijing time on their doors, and open later by it."""

LATER_MINUTES = {"65": 120, "54": 60}
"""How much later the day begins by Beijing time, by province: Xinjiang and Tibet."""

DENSITY_SPREADS = 2.2
"""Of how many standard deviations of a bell curve a city's extent is made: dense in the middle."""

TRIES_MAX = 100

_CARRY_OUT = ("CARRY_OUT", "PICKUP", "RETURNS")


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of store: how many of a hundred, its hours to choose from, and what it does."""

    kind: str
    percent: int
    word: str
    english: str
    hours: tuple[tuple[int, int], ...]
    capabilities: tuple[str, ...]
    delivery_metres: int


FORMATS = (
    Format(
        "CORNER",
        60,
        "便利店",
        "Corner",
        ((0, 1440), (360, 1440), (420, 1380)),
        (*_CARRY_OUT, "DELIVERY"),
        1_500,
    ),
    Format(
        "FRESH_MARKET",
        15,
        "鲜市",
        "Fresh Market",
        ((420, 1320), (480, 1290), (480, 1320)),
        (*_CARRY_OUT, "DELIVERY", "KITCHEN"),
        3_000,
    ),
    Format(
        "SMART",
        14,
        "智慧店",
        "Smart Store",
        ((360, 1560), (0, 1440)),
        (*_CARRY_OUT, "DELIVERY", "SCAN_AND_GO"),
        2_000,
    ),
    Format("WAREHOUSE", 7, "前置仓", "Warehouse", ((360, 1500), (0, 1440)), ("DELIVERY",), 5_000),
    Format("POP_UP", 4, "快闪店", "Pop-up", ((600, 1260), (660, 1320)), ("CARRY_OUT",), 0),
)

STREETS = (
    ("人民路", "Renmin Road"),
    ("解放路", "Jiefang Road"),
    ("中山路", "Zhongshan Road"),
    ("建设路", "Jianshe Road"),
    ("和平路", "Heping Road"),
    ("新华路", "Xinhua Road"),
    ("文化路", "Wenhua Road"),
    ("东风路", "Dongfeng Road"),
    ("长江路", "Changjiang Road"),
    ("黄河路", "Huanghe Road"),
    ("北京路", "Beijing Road"),
    ("胜利路", "Shengli Road"),
    ("友谊路", "Youyi Road"),
    ("光明路", "Guangming Road"),
    ("朝阳路", "Chaoyang Road"),
    ("工业路", "Gongye Road"),
    ("学府路", "Xuefu Road"),
    ("滨河路", "Binhe Road"),
    ("迎宾路", "Yingbin Road"),
    ("公园路", "Gongyuan Road"),
    ("体育路", "Tiyu Road"),
    ("青年路", "Qingnian Road"),
    ("兴隆街", "Xinglong Street"),
    ("站前街", "Zhanqian Street"),
    ("幸福街", "Xingfu Street"),
    ("花园街", "Huayuan Street"),
)

HOUSE_NUMBERS = 900

_PERCENTS = list(itertools.accumulate(each.percent for each in FORMATS))


@dataclass(frozen=True, slots=True)
class ChinaStore:
    """One store. Hours are minutes after midnight by Beijing time."""

    id: str
    city: City
    format: Format
    display_name: str
    street: str
    latitude_degrees: float
    longitude_degrees: float
    open_minutes: int
    close_minutes: int

    def delivery_ring(self) -> list[tuple[float, float]]:
        """Longitude and latitude of the corners of its delivery area, closed; empty without one."""
        if not self.format.delivery_metres:
            return []
        return ring_around(
            self.latitude_degrees, self.longitude_degrees, metres=self.format.delivery_metres
        )


def china_stores(number: int, *, random_seed: int = RANDOM_SEED_DEFAULT) -> Iterator[ChinaStore]:
    """So many stores; the first are the same for every number."""
    for city, ordinal in apportioned(number):
        yield _store(city, ordinal, random.Random(f"{random_seed}/{city.code}/{ordinal}"))


def _store(city: City, ordinal: int, chance: random.Random) -> ChinaStore:
    form = FORMATS[bisect.bisect_right(_PERCENTS, chance.randrange(100))]
    street, street_english = STREETS[chance.randrange(len(STREETS))]
    house = 1 + chance.randrange(HOUSE_NUMBERS)
    opens, closes = form.hours[chance.randrange(len(form.hours))]
    later = LATER_MINUTES.get(city.code[:2], 0) if opens else 0
    east, north = _metres_from_centre(city, chance)
    latitude, longitude = shifted(
        city.latitude_degrees, city.longitude_degrees, east_metres=east, north_metres=north
    )
    return ChinaStore(
        id=f"{city.code}-{ordinal:05d}",
        city=city,
        format=form,
        display_name=(
            f"{city.short_name}{street}{house}号{form.word} "
            f"{city.english} {house} {street_english} {form.english}"
        ),
        street=f"{street} {house} 号",
        latitude_degrees=latitude,
        longitude_degrees=longitude,
        open_minutes=opens + later,
        close_minutes=closes + later,
    )


def _metres_from_centre(city: City, chance: random.Random) -> tuple[float, float]:
    """How far east and north: a bell around the centre, cut off where the city or its ground ends.

    Where the ground is so narrow that nearly every try ends beside it, the last try is drawn back.
    """
    extent = city.extent_metres
    spread = extent / DENSITY_SPREADS
    angle = reach = metres = 0.0
    for _ in range(TRIES_MAX):
        angle = 2 * math.pi * chance.random()
        reach = city.reach_towards(angle)
        metres = spread * math.sqrt(-2 * math.log(1 - chance.random()))
        if metres <= min(reach, extent):
            break
    metres = min(metres, reach, extent)
    return metres * math.cos(angle), metres * math.sin(angle)
