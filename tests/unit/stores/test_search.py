"""Nearest first: the right order, with few distances measured."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.geo import Position, geodesic_millimetres
from chassis.kernel.names import StoreId
from services.stores.domain.atlas import Atlas, Candidate, Place
from services.stores.domain.search import Mark, Search
from services.stores.domain.store import Capability, Kind

anywhere = st.builds(
    Position,
    latitude_e7=st.integers(-850_000_000, 850_000_000),
    longitude_e7=st.integers(-1_800_000_000, 1_799_999_999),
)
close_by = st.builds(
    Position,
    latitude_e7=st.integers(312_000_000, 312_000_300),
    longitude_e7=st.integers(1_214_000_000, 1_214_000_300),
)
positions = anywhere | close_by


def place(
    number: int,
    position: Position,
    *,
    kind: Kind = Kind.CORNER,
    capabilities: tuple[Capability, ...] = (),
    version: int = 1,
) -> Place:
    return Place(StoreId(f"demo:s{number:03d}"), position, kind, capabilities, version)


def search(
    position: Position,
    *,
    after: Mark | None = None,
    metres_max: int = 0,
    kinds: frozenset[Kind] = frozenset(),
    capabilities: frozenset[Capability] = frozenset(),
) -> Search:
    return Search(
        position=position,
        kinds=kinds,
        capabilities=capabilities,
        is_open_only=False,
        is_serviceable_only=False,
        metres_max=metres_max,
        after=after,
        rows_max=10,
    )


def marks(found: list[Candidate]) -> list[Mark]:
    return [each.mark for each in found]


def truth(here: Position, places: list[Position]) -> list[Mark]:
    return sorted(
        Mark(geodesic_millimetres(here, place), f"s{number:03d}")
        for number, place in enumerate(places)
    )


def atlas_of(places: list[Position]) -> Atlas:
    atlas = Atlas()
    for number, position in enumerate(places):
        atlas.note(place(number, position))
    return atlas


@given(positions, st.lists(positions, max_size=25), st.integers(1, 7))
def test_pages_of_any_size_together_are_all_stores_in_order(
    here: Position, places: list[Position], size: int
) -> None:
    atlas = atlas_of(places)
    got: list[Mark] = []
    while page := atlas.next(search(here, after=got[-1] if got else None), count=size):
        got += marks(page)
    assert got == truth(here, places)


@given(positions, st.lists(positions, max_size=25), st.integers(1, 20_000_000))
def test_nothing_beyond_the_limit_is_found(
    here: Position, places: list[Position], metres_max: int
) -> None:
    got = atlas_of(places).next(search(here, metres_max=metres_max), count=100)
    assert marks(got) == [m for m in truth(here, places) if m.millimetres <= metres_max * 1000]


@given(
    st.sets(st.sampled_from(Kind)),
    st.sets(st.sampled_from(Capability)),
    st.lists(st.tuples(st.sampled_from(Kind), st.sets(st.sampled_from(Capability))), max_size=25),
)
def test_only_stores_of_the_kinds_that_can_do_it_all_are_found(
    kinds: set[Kind], capabilities: set[Capability], there: list[tuple[Kind, set[Capability]]]
) -> None:
    atlas = Atlas()
    here = Position(0, 0)
    for number, (kind, abilities) in enumerate(there):
        atlas.note(place(number, here, kind=kind, capabilities=tuple(abilities)))
    got = atlas.next(
        search(here, kinds=frozenset(kinds), capabilities=frozenset(capabilities)), count=100
    )
    assert [each.store for each in got] == [
        f"demo:s{number:03d}"
        for number, (kind, abilities) in enumerate(there)
        if (not kinds or kind in kinds) and abilities >= capabilities
    ]


@given(st.lists(st.tuples(st.integers(0, 9), positions, st.integers(1, 5)), max_size=60), positions)
def test_the_newest_version_of_a_store_says_where_it_is(
    notes: list[tuple[int, Position, int]], here: Position
) -> None:
    atlas = Atlas()
    newest: dict[int, tuple[int, Position]] = {}
    for number, position, version in notes:
        atlas.note(place(number, position, version=version))
        atlas.next(search(here), count=3)
        if version > newest.get(number, (0, position))[0]:
            newest[number] = version, position
    assert marks(atlas.next(search(here), count=100)) == sorted(
        Mark(geodesic_millimetres(here, position), f"s{number:03d}")
        for number, (_, position) in newest.items()
    )


def test_a_store_that_is_gone_is_found_no_more_until_it_is_there_again() -> None:
    atlas = atlas_of([Position(0, 0), Position(0, 1)])
    atlas.forget(StoreId("demo:s000"))
    atlas.forget(StoreId("demo:s999"))
    assert [each.store for each in atlas.next(search(Position(0, 0)), count=9)] == ["demo:s001"]
    atlas.note(place(0, Position(0, 0)))
    assert len(atlas.next(search(Position(0, 0)), count=9)) == 2
