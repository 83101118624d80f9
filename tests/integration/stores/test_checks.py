"""CheckServiceability and its batch twin: what stores promise, to many callers at once."""

from __future__ import annotations

from typing import Any

from chassis.rpc.status import from_status
from hutong.stores.v1 import stores_pb2, stores_service_pb2
from tests.integration.stores.chains import (
    JINGAN,
    Chain,
    always_open,
    closing,
    creation,
    position,
    reopening,
    store,
)
from tests.support.statements import statements_of
from tests.support.world import Client, World, call_context_for, caller

PARIS = (48.8566, 2.3522)
Request = stores_service_pb2.CheckServiceabilityRequest


def asked(store_id: str, to: tuple[float, float] | None = None) -> Request:
    return Request(name=f"stores/{store_id}", position=None if to is None else position(*to))


async def answers(chain: Chain, *requests: Request) -> list[Any]:
    """Each item's answer, or the reason of its error."""
    batch = stores_service_pb2.BatchCheckServiceabilityRequest()
    for request in requests:
        who = caller(role="customer", customer="customers/c1", tenant=chain.tenant)
        batch.items.add(context=call_context_for(who), request=request)
    reply = await chain.client("service").BatchCheckServiceability(batch)
    return [
        from_status(result.error).reason if result.HasField("error") else result.checked
        for result in reply.results
    ]


async def test_the_twin_answers_each_item_as_the_unary_call_does(
    chain: Chain, platform: Client
) -> None:
    closed_hours = stores_pb2.OpeningHours()
    await platform.BatchCreateStores(
        creation(store("a"), store("b"), store("c", hours=closed_hours))
    )
    await platform.CloseStore(closing("b"))
    requests = [
        asked("a"),
        asked("a", JINGAN),
        asked("a", PARIS),
        asked("b", JINGAN),
        asked("c", JINGAN),
    ]
    assert await answers(chain, *requests) == [
        await platform.CheckServiceability(request) for request in requests
    ]


async def test_an_item_that_fails_leaves_the_others_alone(chain: Chain, platform: Client) -> None:
    await platform.CreateStore(
        stores_service_pb2.CreateStoreRequest(
            store=store("a"), request_id=creation(store("a")).request_id
        )
    )
    first, unknown, invalid, last = await answers(
        chain, asked("a"), asked("nowhere"), asked("a", (91.0, 0.0)), asked("a")
    )
    assert (unknown, invalid) == ("RESOURCE_NOT_FOUND", "INVALID_INPUT")
    assert first == last
    assert first.openness.is_open


async def test_a_store_of_another_chain_is_a_store_of_nobody(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    assert await answers(Chain(world), asked("a")) == ["RESOURCE_NOT_FOUND"]


async def test_a_closure_is_told_at_once_with_its_reason(chain: Chain, platform: Client) -> None:
    await platform.BatchCreateStores(creation(store("a", hours=always_open())))
    (before,) = await answers(chain, asked("a", JINGAN))
    assert before.openness.is_open
    assert not before.HasField("closure")
    await platform.CloseStore(closing("a"))
    (closed,) = await answers(chain, asked("a", JINGAN))
    assert not closed.openness.is_open
    assert closed.closure.reason == "burst pipe"
    assert closed.serviceability == stores_pb2.SERVICEABILITY_CLOSED
    await platform.ReopenStore(reopening("a"))
    assert await answers(chain, asked("a", JINGAN)) == [before]


async def test_a_batch_takes_as_many_statements_as_one_item(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(*(store(f"s{n}") for n in range(20))))
    counts = []
    for size in (1, 100):
        async with statements_of(world.database("stores")) as statements:
            told = await answers(chain, *(asked(f"s{n % 20}", JINGAN) for n in range(size)))
        assert len(told) == size
        counts.append(len(statements))
    assert 0 < counts[0] == counts[1]
