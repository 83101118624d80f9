"""The demo city's stores are at real places of Shanghai, of every kind, and as the examples say."""

from collections import Counter

import pytest

from allinone.demo.store_messages import geojson
from allinone.demo.stores import STORES, DemoStore
from chassis.kernel.geo import Position, geodesic_millimetres
from services.stores.domain.area import area_of
from services.stores.domain.store import Capability, Kind

PEOPLES_SQUARE = Position.of(latitude_degrees=31.2302, longitude_degrees=121.4737)


def position(store: DemoStore) -> Position:
    return Position.of(
        latitude_degrees=store.latitude_degrees, longitude_degrees=store.longitude_degrees
    )


def test_thirty_stores_are_of_every_kind_and_one_is_a_pop_up() -> None:
    assert [store.id for store in STORES] == [f"sh{number:02d}" for number in range(1, 31)]
    kinds = Counter(store.kind for store in STORES)
    assert set(kinds) == {kind.value for kind in Kind}
    assert kinds["POP_UP"] == 1
    assert len({store.display_name for store in STORES}) == 30
    assert len({store.district for store in STORES}) >= 12


def test_the_store_nearest_to_peoples_square_is_the_one_that_the_examples_show() -> None:
    metres = sorted(
        (geodesic_millimetres(PEOPLES_SQUARE, position(store)) // 1000, store.id)
        for store in STORES
    )
    assert metres[0] == (2700, "sh03")


def test_every_store_lies_in_shanghai_and_no_two_are_at_one_place() -> None:
    for store in STORES:
        assert 30.69 < store.latitude_degrees < 31.87
        assert 120.85 < store.longitude_degrees < 122.0
        assert all(
            geodesic_millimetres(position(store), position(other)) > 1_000_000
            for other in STORES
            if other.id != store.id
        )


@pytest.mark.parametrize("store", STORES, ids=lambda store: str(store.id))
def test_a_store_delivers_around_itself_if_it_delivers(store: DemoStore) -> None:
    assert set(store.capabilities) <= {capability.value for capability in Capability}
    area = area_of(geojson(store.delivery_ring()))
    assert area.contains(position(store)) == ("DELIVERY" in store.capabilities)


def test_hours_go_round_the_clock_past_midnight_and_neither() -> None:
    spans = {(store.open_minutes, store.close_minutes) for store in STORES}
    assert (0, 24 * 60) in spans
    assert any(closes > 24 * 60 for _, closes in spans)
    assert all(0 < closes - opens <= 24 * 60 for opens, closes in spans)


def test_one_store_is_closed_for_renovation_and_owners_have_one_or_several() -> None:
    assert [store.id for store in STORES if store.closed_for] == ["sh29"]
    owners = Counter(store.franchise_owner for store in STORES if store.franchise_owner)
    assert sorted(owners.values()) == [1, 3, 3]
