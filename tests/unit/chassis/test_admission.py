"""Places for calls: how many, for whom the last ones are, and who waits for one."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import DeadlineExceeded, Overloaded
from chassis.rpc.admission import (
    BUSY_CALLS,
    PACE_SECONDS,
    SHARE_PERCENT,
    Admission,
    Places,
    Urgency,
    urgency_of,
)
from chassis.rpc.interceptors import seconds_left
from chassis.telemetry import Metrics
from hutong.orders.v1 import orders_service_pb2

CALLS_MAX = 20
PATIENT = 60.0


def admission(calls_max: int = CALLS_MAX) -> Admission:
    return Admission(calls_max=calls_max, metrics=Metrics(), door="grpc")


def taken_until_refused(room: Admission, urgency: Urgency) -> int:
    for taken in range(10 * CALLS_MAX):
        try:
            room.take(urgency, seconds_left=PATIENT)
        except Overloaded:
            return taken
    raise AssertionError("nobody is refused")


def method(name: str) -> MethodDescriptor:
    """A method of this name, of which nothing is declared."""
    file = descriptor_pb2.FileDescriptorProto(name="made.proto", package="made")
    file.message_type.add(name="Ask")
    file.service.add(name="S").method.add(
        name=name, input_type=".made.Ask", output_type=".made.Ask"
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found: MethodDescriptor = pool.FindServiceByName("made.S").methods_by_name[name]
    return found


@pytest.mark.parametrize("urgency", Urgency)
def test_calls_find_places_up_to_the_share_of_their_urgency(urgency: Urgency) -> None:
    assert taken_until_refused(admission(), urgency) == CALLS_MAX * SHARE_PERCENT[urgency] // 100


def test_the_last_places_are_for_those_that_are_urgent() -> None:
    room = admission()
    assert taken_until_refused(room, Urgency.BROWSING) == 14
    assert taken_until_refused(room, Urgency.WORK) == 3
    assert taken_until_refused(room, Urgency.CHECKOUT) == 3
    for urgency in Urgency:
        assert taken_until_refused(room, urgency) == 0


def test_who_is_refused_is_told_when_to_come_back_and_counted() -> None:
    metrics = Metrics()
    room = Admission(calls_max=1, metrics=metrics, door="grpc")
    room.take(Urgency.CHECKOUT, seconds_left=PATIENT)
    with pytest.raises(Overloaded) as caught:
        room.take(Urgency.BROWSING, seconds_left=PATIENT)
    assert int(caught.value.facts["retry_after_ms"]) > 0
    told = metrics.exposition().decode()
    assert 'hutong_calls_turned_away_total{door="grpc",urgency="browsing"} 1.0' in told
    assert 'hutong_calls_at_once{door="grpc"} 1.0' in told


def test_places_are_given_back_at_the_end_however_it_comes() -> None:
    room = admission()

    def fails() -> None:
        with Places(room) as places:
            for _ in range(5):
                places.take(Urgency.CHECKOUT, seconds_left=PATIENT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert taken_until_refused(room, Urgency.CHECKOUT) == CALLS_MAX


async def test_who_would_be_answered_too_late_finds_no_place() -> None:
    room = admission(10_000)
    for _ in range(2 * BUSY_CALLS):
        room.take(Urgency.CHECKOUT, seconds_left=0.1)
    for _ in range(2):
        # One call a turn ends and the next one comes, so as many are inside as before.
        begun = time.monotonic()
        while time.monotonic() < begun + 1.5 * PACE_SECONDS:
            await asyncio.sleep(0.005)
            room.give_back(1)
            room.take(Urgency.CHECKOUT, seconds_left=PATIENT)
    assert not room.found(Urgency.CHECKOUT, seconds_left=0.5)
    assert room.found(Urgency.CHECKOUT, seconds_left=PATIENT)
    room.give_back(BUSY_CALLS + 2)
    assert room.found(Urgency.CHECKOUT, seconds_left=0.5)


def test_a_refused_call_gives_back_nothing() -> None:
    room = admission(1)
    room.take(Urgency.CHECKOUT, seconds_left=PATIENT)
    with pytest.raises(Overloaded), Places(room) as places:
        places.take(Urgency.CHECKOUT, seconds_left=PATIENT)
    with pytest.raises(Overloaded):
        room.take(Urgency.CHECKOUT, seconds_left=PATIENT)


def test_a_call_whose_time_is_over_is_none() -> None:
    class Late:
        def time_remaining(self) -> float:
            return -0.1

    with pytest.raises(DeadlineExceeded):
        seconds_left(cast(Any, Late()), default=10.0)


async def test_what_is_deferred_waits_and_goes_on_as_places_come_free() -> None:
    room, inside, most = admission(), 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with room.waited_for(Urgency.DEFERRED):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async with asyncio.timeout(10):
        await asyncio.gather(*(work() for _ in range(200)))
    assert most == CALLS_MAX // 2
    assert taken_until_refused(room, Urgency.CHECKOUT) == CALLS_MAX


async def test_whoever_gives_up_waiting_holds_up_nobody() -> None:
    room = admission()
    for _ in range(10):
        room.take(Urgency.DEFERRED, seconds_left=PATIENT)
    entered = asyncio.Event()

    async def work() -> None:
        async with room.waited_for(Urgency.DEFERRED):
            entered.set()

    first, second = asyncio.create_task(work()), asyncio.create_task(work())
    await asyncio.sleep(0)
    room.give_back(1)
    first.cancel()
    async with asyncio.timeout(10):
        await second
    assert entered.is_set()


@given(st.lists(st.sampled_from([*Urgency, None]), max_size=200))
def test_there_are_never_more_inside_than_places(steps: list[Urgency | None]) -> None:
    room, inside = admission(), 0
    for step in steps:
        if step is None:
            if inside:
                room.give_back(1)
                inside -= 1
            continue
        is_free = inside < CALLS_MAX * SHARE_PERCENT[step] // 100
        try:
            room.take(step, seconds_left=PATIENT)
        except Overloaded:
            assert not is_free
        else:
            assert is_free
            inside += 1


@pytest.mark.parametrize(
    ("name", "urgency"),
    [
        ("GetThing", Urgency.BROWSING),
        ("LookUpThing", Urgency.BROWSING),
        ("Get", Urgency.BROWSING),
        ("GetawayPlan", Urgency.WORK),
        ("UpdateThing", Urgency.WORK),
    ],
)
def test_a_method_that_says_nothing_goes_by_its_name(name: str, urgency: Urgency) -> None:
    assert urgency_of(method(name)) is urgency


def test_what_the_contract_says_counts() -> None:
    methods = orders_service_pb2.DESCRIPTOR.services_by_name["OrdersService"].methods_by_name
    assert urgency_of(methods["PlaceOrder"]) is Urgency.CHECKOUT
    assert urgency_of(methods["UploadSales"]) is Urgency.DEFERRED
