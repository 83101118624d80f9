"""Nearest first: the right order, with few distances computed."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.geo import Position, geodesic_millimetres
from chassis.kernel.names import StoreId
from services.stores.domain.area import NOWHERE
from services.stores.domain.hours import ALWAYS_CLOSED, Openness
from services.stores.domain.search import Found, Mark, NearestFirst, Search, Seen
from services.stores.domain.store import Address, Kind, Serviceability, Store, StoreDetails

BORN = datetime(2026, 2, 17, tzinfo=UTC)
CLOSED = Openness(is_open=False, open_until=None, opens_at=None, business_date=date(2026, 2, 17))

positions = st.builds(
    Position,
    latitude_e7=st.integers(-850_000_000, 850_000_000),
    longitude_e7=st.integers(-1_800_000_000, 1_799_999_999),
)


def store_at(number: int, position: Position) -> Store:
    details = StoreDetails(
        display_name="店",
        kind=Kind.CORNER,
        address=Address("CN", "", "上海", "", "南京西路", ""),
        position=position,
        time_zone="Asia/Shanghai",
        opening_hours=ALWAYS_CLOSED,
        capabilities=(),
        delivery_area=NOWHERE,
        franchise_owner="",
    )
    return Store(StoreId(f"demo:s{number:03d}"), details, None, 1, BORN, BORN)


def search(position: Position, *, after: Mark | None = None, metres_max: int = 0) -> Search:
    return Search(
        position=position,
        kinds=frozenset(),
        capabilities=frozenset(),
        is_open_only=False,
        is_serviceable_only=False,
        metres_max=metres_max,
        after=after,
        rows_max=10,
    )


def seen(store: Store) -> Seen:
    return Seen(store, CLOSED, Serviceability.OUT_OF_AREA)


def marks(found: list[Found]) -> list[Mark]:
    return [each.mark for each in found]


def truth(here: Position, places: list[Position]) -> list[Mark]:
    return sorted(
        Mark(geodesic_millimetres(here, place), f"s{number:03d}")
        for number, place in enumerate(places)
    )


def ordered(asked: Search, places: list[Position]) -> NearestFirst:
    order = NearestFirst(asked, seen)
    for number, place in enumerate(places):
        order.add(store_at(number, place))
    return order


@given(positions, st.lists(positions, max_size=25), st.integers(1, 7))
def test_pages_of_any_size_together_are_all_stores_in_order(
    here: Position, places: list[Position], size: int
) -> None:
    got: list[Mark] = []
    while page := ordered(search(here, after=got[-1] if got else None), places).take(
        size, below_millimetres=None
    ):
        got += marks(page)
    assert got == truth(here, places)


@given(positions, st.lists(positions, max_size=25), st.integers(0, 20_000_000_000))
def test_nothing_at_or_beyond_the_bound_is_taken(
    here: Position, places: list[Position], bound: int
) -> None:
    got = ordered(search(here), places).take(100, below_millimetres=bound)
    assert marks(got) == [mark for mark in truth(here, places) if mark.millimetres < bound]


@given(positions, st.lists(positions, max_size=25), st.integers(1, 20_000_000))
def test_nothing_beyond_the_limit_is_found(
    here: Position, places: list[Position], metres_max: int
) -> None:
    got = ordered(search(here, metres_max=metres_max), places).take(100, below_millimetres=None)
    assert marks(got) == [m for m in truth(here, places) if m.millimetres <= metres_max * 1000]


def test_only_stores_that_may_come_next_are_looked_at() -> None:
    looked_at: list[StoreId] = []

    def note(store: Store) -> Seen:
        looked_at.append(store.id)
        return seen(store)

    order = NearestFirst(search(Position(0, 0)), note)
    for number in range(500):
        order.add(store_at(number, Position(number * 100_000, 0)))
    assert len(order.take(10, below_millimetres=None)) == 10
    assert len(looked_at) <= 12
