"""Stores all over China lie where people live, and are the same every time."""

import io
import math
from collections import Counter

import pytest

from allinone.demo.china.cities import City, apportioned, cities
from allinone.demo.china.seeding import STORES_A_BATCH, create_stores
from allinone.demo.china.stores import STORES_MAX, ChinaStore, china_stores
from allinone.demo.progress import Progress
from allinone.demo.store_messages import geojson
from chassis.kernel.geo import Position, sphere_metres
from chassis.kernel.names import is_id
from chassis.rpc.server import REQUEST_BYTES_MAX
from chassis.rpc.validation import Validator
from services.stores.convert.stores import new_stores
from services.stores.domain.area import area_of
from services.stores.domain.store import Kind

NUMBER = 5_000
STORES = list(china_stores(NUMBER))


def centre(city: City) -> Position:
    return Position.of(
        latitude_degrees=city.latitude_degrees, longitude_degrees=city.longitude_degrees
    )


def place(store: ChinaStore) -> Position:
    return Position.of(
        latitude_degrees=store.latitude_degrees, longitude_degrees=store.longitude_degrees
    )


def test_the_table_has_all_provinces_and_all_divisions_of_the_prefecture_level() -> None:
    assert len(cities()) == 357
    assert len({city.province for city in cities()}) == 31
    codes = [city.code for city in cities()]
    assert codes == sorted(set(codes))
    municipalities = [code for code in codes if code.endswith("0000")]
    prefectures = [code for code in codes if code.endswith("00") and code not in municipalities]
    assert (len(municipalities), len(prefectures)) == (4, 333)


def test_every_city_lies_in_china_and_has_people_and_ground() -> None:
    for city in cities():
        assert 3.8 < city.latitude_degrees < 53.6
        assert 73.4 < city.longitude_degrees < 135.1
        assert 1_000 <= city.population <= 25_000_000
        assert len(city.reach_metres) == 24
        assert max(city.reach_metres) >= 1_000
    assert 300_000_000 < sum(city.population for city in cities()) < 900_000_000


@pytest.mark.parametrize(
    ("name", "latitude", "longitude"),
    [
        ("北京市", 39.90, 116.40),
        ("广州市", 23.13, 113.26),
        ("乌鲁木齐市", 43.82, 87.60),
        ("拉萨市", 29.65, 91.11),
        ("哈尔滨市", 45.76, 126.64),
        ("三亚市", 18.25, 109.51),
    ],
)
def test_known_cities_are_where_they_are(name: str, latitude: float, longitude: float) -> None:
    (city,) = [each for each in cities() if each.name == name]
    known = Position.of(latitude_degrees=latitude, longitude_degrees=longitude)
    assert sphere_metres(centre(city), known) < 6_000


@pytest.mark.parametrize("number", [1, 30, 357, 1_000, 20_000, STORES_MAX])
def test_any_number_is_apportioned_and_the_sum_is_that_number(number: int) -> None:
    of_city = Counter(city for city, _ in apportioned(number))
    assert sum(of_city.values()) == number
    assert len(of_city) == min(number, 357)
    of_province = Counter[str]()
    for city, stores in of_city.items():
        of_province[city.province] += stores
    assert sum(of_province.values()) == number
    assert len(of_province) == 31 or number < 357


def test_cities_get_stores_as_they_have_people() -> None:
    number = 20_000
    of_city = Counter(city for city, _ in apportioned(number))
    people = sum(city.population for city in cities())
    for city, stores in of_city.items():
        assert stores == pytest.approx(number * city.population / people, rel=0.03, abs=1.0)


def test_a_smaller_number_is_the_beginning_of_a_larger_one() -> None:
    assert list(china_stores(700)) == STORES[:700]
    assert next(china_stores(1)).city.name == "上海市"


def test_another_random_seed_puts_the_same_stores_elsewhere() -> None:
    others = list(china_stores(700, random_seed=2))
    assert [store.id for store in others] == [store.id for store in STORES[:700]]
    moved = [place(a) != place(b) for a, b in zip(others, STORES, strict=False)]
    assert sum(moved) > 690
    assert others == list(china_stores(700, random_seed=2))


def test_every_store_has_an_id_of_its_own() -> None:
    assert len({store.id for store in STORES}) == NUMBER
    assert all(is_id(store.id) for store in STORES)


def test_every_store_lies_in_its_city_and_nearer_to_it_than_to_any_other() -> None:
    centres = {city.code: centre(city) for city in cities()}
    for store in STORES:
        metres = sphere_metres(place(store), centres[store.city.code])
        assert metres <= 1.01 * min(store.city.extent_metres, 40_000) + 2
        nearest = min(centres, key=lambda code: squared_degrees(centres[code], place(store)))
        assert nearest == store.city.code, (store, nearest)


def squared_degrees(one: Position, other: Position) -> float:
    """Enough to compare distances by."""
    narrowing = math.cos(math.radians(one.latitude_degrees))
    east = (one.longitude_degrees - other.longitude_degrees) * narrowing
    return east**2 + (one.latitude_degrees - other.latitude_degrees) ** 2


def test_stores_are_denser_in_the_middle_of_a_large_city() -> None:
    shares = [
        sphere_metres(place(store), centre(store.city)) / store.city.extent_metres
        for store in china_stores(20_000)
        if store.city.population > 5_000_000
    ]
    inner = sum(share <= 0.5 for share in shares)
    assert len(shares) > 1_000
    assert inner > len(shares) / 2


def test_kinds_are_mixed_and_a_store_delivers_around_itself_if_it_delivers() -> None:
    kinds = Counter(store.format.kind for store in STORES)
    assert set(kinds) == {kind.value for kind in Kind}
    assert kinds["CORNER"] > NUMBER / 2
    for store in STORES[:1_000]:
        area = area_of(geojson(store.delivery_ring()))
        assert area.contains(place(store)) == ("DELIVERY" in store.format.capabilities)


def test_the_day_begins_later_in_the_west_by_the_one_time_that_all_go_by() -> None:
    opens = {
        store.open_minutes
        for store in STORES
        if store.city.province == "新疆" and store.open_minutes > 0
    }
    assert opens
    assert min(opens) >= 8 * 60


def test_requests_keep_the_contract_and_are_the_same_every_time() -> None:
    batch = STORES[:STORES_A_BATCH]
    request = create_stores(batch)
    Validator().check(request)
    assert request.ByteSize() < REQUEST_BYTES_MAX
    assert create_stores(batch) == request
    assert create_stores(batch[:-1]).request_id != request.request_id
    assert len(new_stores(request, "china")) == STORES_A_BATCH
    address = request.stores[0].address
    assert (address.region, address.locality) == ("上海 Shanghai", "上海市 Shanghai")
    assert {store.time_zone for store in request.stores} == {"Asia/Shanghai"}


class Terminal(io.StringIO):
    """Where a person looks."""

    def isatty(self) -> bool:
        return True


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_progress_is_kept_in_ten_lines_where_nobody_watches() -> None:
    out, clock = io.StringIO(), Seconds()
    progress = Progress(total=1_000, noun="stores", out=out, clock=clock)
    for _ in range(40):
        clock.now += 0.5
        progress.add(25)
    lines = out.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[4] == "500 of 1,000 stores, 50 %, 50 a second, 10 s left"
    assert lines[-1] == "1,000 of 1,000 stores, 100 %, 50 a second, 20 s"


def test_progress_is_one_line_over_and_over_on_a_terminal() -> None:
    out, clock = Terminal(), Seconds()
    progress = Progress(total=1_000, noun="stores", out=out, clock=clock)
    for _ in range(100):
        clock.now += 0.05
        progress.add(10)
    drawn = out.getvalue()
    assert drawn.count("\n") == 1
    assert drawn.endswith("1,000 of 1,000 stores, 100 %, 200 a second, 5 s\n")
    assert 15 <= drawn.count("\r") <= 30


def test_progress_that_is_given_up_ends_its_line() -> None:
    out, clock = Terminal(), Seconds()
    progress = Progress(total=1_000, noun="stores", out=out, clock=clock)
    progress.add(10)
    progress.stop()
    assert out.getvalue().endswith("\n")
