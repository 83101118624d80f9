"""What a store has to promise, as rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import HutongError
from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from services.orders.domain.delivery import DeliveryAddress
from services.orders.domain.orders import Fulfilment
from services.orders.domain.promises import (
    PROMISED,
    Promise,
    StoreToday,
    require_position,
    require_promised,
)

STORE = StoreId("demo:sh01")
DOOR = Position.of(latitude_degrees=31.2, longitude_degrees=121.4)
MORNING = datetime(2026, 11, 12, 23, tzinfo=UTC)

wants = st.builds(
    Promise, store=st.just(STORE), fulfilment=st.sampled_from(sorted(PROMISED)), to=st.just(DOOR)
)
stores = st.builds(
    StoreToday,
    is_open=st.booleans(),
    opens_at=st.sampled_from([None, MORNING]),
    closure=st.sampled_from(["", "burst pipe"]),
    offers=st.frozensets(st.sampled_from(Fulfilment)),
    is_out_of_area=st.booleans(),
)


def reason_of(wanted: Promise, store: StoreToday) -> str | None:
    try:
        require_promised(wanted, store)
    except HutongError as error:
        return error.reason
    return None


@given(wanted=wants, store=stores)
def test_a_promise_needs_an_open_store_that_offers_it_and_comes_there(
    wanted: Promise, store: StoreToday
) -> None:
    is_kept = store.is_open and wanted.fulfilment in store.offers and not store.is_out_of_area
    assert (reason_of(wanted, store) is None) == is_kept


@given(wanted=wants, store=stores)
def test_nobody_is_told_to_wait_for_what_waiting_does_not_change(
    wanted: Promise, store: StoreToday
) -> None:
    if reason_of(wanted, store) == "STORE_CLOSED":
        assert wanted.fulfilment in store.offers
        assert not store.is_out_of_area


def test_a_closed_store_says_when_it_opens_and_why_it_is_closed() -> None:
    closed = StoreToday(
        is_open=False,
        opens_at=MORNING,
        closure="burst pipe",
        offers=PROMISED,
        is_out_of_area=False,
    )
    with pytest.raises(HutongError) as caught:
        require_promised(Promise(STORE, Fulfilment.PICKUP, None), closed)
    assert caught.value.facts == {"opens_at": "2026-11-12T23:00:00Z", "closure": "burst pipe"}


@pytest.mark.parametrize("fulfilment", [None, Fulfilment.CARRY_OUT, Fulfilment.PICKUP])
def test_only_a_delivery_goes_to_a_position(fulfilment: Fulfilment | None) -> None:
    require_position(fulfilment, None)
    require_position(Fulfilment.DELIVERY, DOOR)
    with pytest.raises(HutongError) as caught:
        require_position(fulfilment, DOOR)
    assert caught.value.reason == "DELIVERY_ADDRESS_INVALID"


def test_an_address_that_is_printed_tells_nothing() -> None:
    address = DeliveryAddress("王小明", "+8613800138000", "南京西路 1601 号", DOOR, "ring twice")
    shown = f"{address} {address!r}"
    for secret in ("王小明", "138", "南京", "ring", "31"):
        assert secret not in shown
