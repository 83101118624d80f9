"""What is kept of found stores: the newest version, bounded, and judged as the store itself is."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from hutong.stores.v1 import stores_pb2
from services.stores.convert.stores import known_store, store_message
from services.stores.domain.area import area_of
from services.stores.domain.hours import OpeningHours, Period
from services.stores.domain.known import Encoded, KnownStores
from services.stores.domain.store import (
    Address,
    Capability,
    Closure,
    Kind,
    Store,
    StoreDetails,
)
from tests.unit.stores.test_schedule import BORN

SQUARE = '{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]}'

closures = st.none() | st.builds(
    Closure,
    reason=st.just("burst pipe"),
    started_at=st.just(BORN),
    ends_at=st.none() | st.integers(1, 90).map(lambda hours: BORN + timedelta(hours=hours)),
)


def store(
    number: int = 1,
    *,
    version: int = 1,
    closure: Closure | None = None,
    capabilities: tuple[Capability, ...] = (Capability.DELIVERY,),
) -> Store:
    details = StoreDetails(
        display_name="店",
        kind=Kind.CORNER,
        address=Address("CN", "", "上海", "", "南京西路", ""),
        position=Position(0, 0),
        time_zone="Asia/Shanghai",
        opening_hours=OpeningHours({day: (Period(480, 1320),) for day in range(6)}, {}),
        capabilities=capabilities,
        delivery_area=area_of(SQUARE),
        franchise_owner="owner-1",
    )
    return Store(StoreId(f"demo:s{number:03d}"), details, closure, version, BORN, BORN)


@given(closures, st.integers(0, 100), st.booleans(), st.integers(-1, 3))
def test_a_kept_store_is_judged_as_the_store_itself(
    closure: Closure | None, hours: int, delivers: bool, degrees: int
) -> None:
    itself = store(closure=closure, capabilities=(Capability.DELIVERY,) if delivers else ())
    kept = KnownStores().keep(itself, known_store(itself))
    at = BORN + timedelta(hours=hours)
    there = Position(degrees * 10_000_000, 10_000_000)
    assert kept.openness(at) == itself.openness(at)
    assert kept.closure_at(at) == itself.closure_at(at)
    for is_open in (True, False):
        assert kept.serviceability(there, is_open=is_open) is itself.serviceability(
            there, is_open=is_open
        )


def test_the_two_parts_together_are_the_store_without_its_owner() -> None:
    encoded = known_store(store())
    whole = stores_pb2.Store.FromString(encoded.usual + encoded.more)
    assert whole == store_message(store(), at=BORN, with_owner=False)
    assert whole.franchise_owner == ""


def test_an_older_version_never_takes_the_place_of_a_newer_one() -> None:
    known = KnownStores()
    new, old = store(version=3), store(version=2)
    kept = known.keep(new, known_store(new))
    assert known.keep(old, known_store(old)) is kept
    assert known.get(new.id) is kept


def test_the_stores_that_were_asked_for_the_longest_ago_go_first() -> None:
    one = KnownStores().keep(store(), Encoded(b"", b"")).bytes_in_memory
    known = KnownStores(bytes_max=3 * one)
    for number in range(3):
        known.keep(store(number), Encoded(b"", b""))
    assert known.get(StoreId("demo:s000")) is not None
    known.keep(store(3), Encoded(b"", b""))
    assert len(known) == 3
    assert known.get(StoreId("demo:s001")) is None
    assert known.get(StoreId("demo:s000")) is not None


def test_a_new_version_takes_the_room_of_the_old_one() -> None:
    one = KnownStores().keep(store(), Encoded(b"", b"")).bytes_in_memory
    known = KnownStores(bytes_max=2 * one)
    for version in range(1, 20):
        known.keep(store(1, version=version), Encoded(b"", b""))
        known.keep(store(2, version=version), Encoded(b"", b""))
    assert len(known) == 2


def test_one_store_is_kept_however_large_it_is() -> None:
    known = KnownStores(bytes_max=10)
    known.keep(store(), Encoded(b"x" * 100, b""))
    assert len(known) == 1
