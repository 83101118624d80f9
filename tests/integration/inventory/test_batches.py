"""The batch twins: many owners' requests in one transaction, each answered on its own."""

from __future__ import annotations

from typing import Any

from chassis.rpc.status import from_status
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from hutong.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from tests.integration.inventory.shop import (
    COMMITTED,
    HELD,
    RELEASED,
    RETURNED,
    TAKEN,
    Shop,
    item_context,
    refusal_of,
)
from tests.support.statements import statements_of
from tests.support.world import World, call_context_for, caller


def outcomes(reply: Any) -> list[str | int]:
    """Each result's state, or the reason of its error."""
    return [
        from_status(result.error).reason if result.HasField("error") else result.reservation.state
        for result in reply.results
    ]


async def take_all(shop: Shop, *requests: service_pb2.TakeStockRequest) -> list[str | int]:
    items = [
        service_pb2.BatchTakeStockRequest.Item(context=item_context(), request=request)
        for request in requests
    ]
    return outcomes(
        await shop.orders.BatchTakeStock(service_pb2.BatchTakeStockRequest(items=items))
    )


async def hold_all(shop: Shop, *requests: service_pb2.ReserveStockRequest) -> list[str | int]:
    items = [
        service_pb2.BatchReserveStockRequest.Item(context=item_context(), request=request)
        for request in requests
    ]
    return outcomes(
        await shop.orders.BatchReserveStock(service_pb2.BatchReserveStockRequest(items=items))
    )


async def commit_all(shop: Shop, *names: str) -> list[str | int]:
    items = [
        service_pb2.BatchCommitReservationsRequest.Item(
            context=item_context(), request=service_pb2.CommitReservationRequest(name=name)
        )
        for name in names
    ]
    return outcomes(
        await shop.orders.BatchCommitReservations(
            service_pb2.BatchCommitReservationsRequest(items=items)
        )
    )


async def release_all(shop: Shop, *names: str) -> list[str | int]:
    items = [
        service_pb2.BatchReleaseReservationsRequest.Item(
            context=item_context(), request=service_pb2.ReleaseReservationRequest(name=name)
        )
        for name in names
    ]
    return outcomes(
        await shop.orders.BatchReleaseReservations(
            service_pb2.BatchReleaseReservationsRequest(items=items)
        )
    )


async def test_arrival_order_decides_and_a_smaller_order_may_still_fit(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    assert await take_all(
        shop,
        shop.take_request("ord-3", {"milk": 3}),
        shop.take_request("ord-2", {"milk": 3}),
        shop.take_request("ord-1", {"milk": 2}),
    ) == [TAKEN, "INSUFFICIENT_STOCK", TAKEN]
    assert [m.cause for m in await shop.movements("milk")] == ["note 7", "ord-3", "ord-1"]
    assert [m.version for m in await versions(shop)] == [1, 2, 3]


async def versions(shop: Shop) -> list[Any]:
    async with shop.world.database("inventory").transaction() as tx:
        return list(
            await tx.rows(
                "select version from stock_movement where store_id = $1 order by 1", shop.store_id
            )
        )


async def test_the_same_reservation_twice_in_a_batch_is_one(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    assert await hold_all(
        shop,
        shop.hold_request("ord-1", {"milk": 2}),
        shop.hold_request("ord-1", {"milk": 2}),
        shop.hold_request("ord-1", {"milk": 1}),
        shop.hold_request("ord-2", {"milk": 9}),
        shop.hold_request("ord-2", {"milk": 9}),
    ) == [HELD, HELD, "REQUEST_ID_REUSED", "INSUFFICIENT_STOCK", "INSUFFICIENT_STOCK"]
    assert await shop.on_hand_and_held("milk") == (5, 2)


async def test_new_and_known_requests_mix(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 2})
    await shop.release("ord-2")
    assert await hold_all(
        shop,
        shop.hold_request("ord-1", {"milk": 2}),
        shop.hold_request("ord-2", {"milk": 1}),
        shop.hold_request("ord-3", {"milk": 3}),
    ) == [HELD, "ORDER_UNDONE", HELD]
    assert await shop.on_hand_and_held("milk") == (5, 5)


async def test_a_batch_serves_several_stores(shop: Shop, world: World) -> None:
    other = Shop.opened(world)
    await shop.receive({"milk": 1})
    await other.receive({"milk": 2})
    assert await take_all(
        shop,
        shop.take_request("ord-1", {"milk": 1}),
        other.take_request("ord-1", {"milk": 2}),
        shop.take_request("ord-2", {"milk": 1}),
    ) == [TAKEN, TAKEN, "INSUFFICIENT_STOCK"]
    assert await commit_all(
        shop, shop.reservation_name("ord-1"), other.reservation_name("ord-1")
    ) == [TAKEN, TAKEN]
    assert await release_all(
        shop, other.reservation_name("ord-1"), shop.reservation_name("ord-1")
    ) == [RETURNED, RETURNED]
    assert await shop.on_hand_and_held("milk") == (1, 0)
    assert await other.on_hand_and_held("milk") == (2, 0)


async def test_commits_and_releases_in_one_batch_are_answered_each_on_its_own(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    for order in ("ord-1", "ord-2", "ord-3"):
        await shop.hold(order, {"milk": 1})
    first, second, third, absent = (
        shop.reservation_name(order) for order in ("ord-1", "ord-2", "ord-3", "ord-4")
    )
    assert await release_all(shop, second, absent, second) == [RELEASED, RELEASED, RELEASED]
    assert await commit_all(shop, first, first, second, absent, shop.reservation_name("ord-5")) == [
        COMMITTED,
        COMMITTED,
        "RESERVATION_ENDED",
        "RESERVATION_ENDED",
        "RESOURCE_NOT_FOUND",
    ]
    assert await release_all(shop, first, third, "stores/nonsense") == [
        "RESERVATION_ENDED",
        RELEASED,
        "NAME_INVALID",
    ]
    assert await shop.on_hand_and_held("milk") == (4, 0)


async def test_an_item_is_under_its_own_callers_rule(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    contexts = [
        call_context_for(caller(role="store_manager", stores=[shop.name], principal="users/mei")),
        call_context_for(caller(role="store_manager", stores=["stores/elsewhere"])),
        call_context_for(caller(role="customer", customer="customers/c1")),
        call_context_for(caller(role="service"), seconds=-1),
    ]
    items = [
        service_pb2.BatchTakeStockRequest.Item(
            context=context, request=shop.take_request(f"ord-{number}", {"milk": 1})
        )
        for number, context in enumerate(contexts)
    ]
    reply = await shop.orders.BatchTakeStock(service_pb2.BatchTakeStockRequest(items=items))
    assert outcomes(reply) == [
        TAKEN,
        "RESOURCE_NOT_FOUND",
        "ROLE_NOT_ALLOWED",
        "DEADLINE_EXCEEDED",
    ]
    assert await shop.on_hand_and_held("milk") == (4, 0)


async def test_only_services_may_send_batches(shop: Shop, world: World) -> None:
    item = service_pb2.BatchTakeStockRequest.Item(
        context=item_context(), request=shop.take_request("ord-1", {"milk": 1})
    )
    client = world.client(InventoryServiceStub, caller(role="platform"))
    error = await refusal_of(client.BatchTakeStock(service_pb2.BatchTakeStockRequest(items=[item])))
    assert error.reason == "ROLE_NOT_ALLOWED"


async def test_a_batch_of_the_largest_size_takes_no_more_statements_than_one(shop: Shop) -> None:
    await shop.receive({f"sku{n}": 1000 for n in range(10)})
    database = shop.world.database("inventory")
    async with statements_of(database) as for_one:
        await shop.take("ord-one", {"sku1": 1})
    requests = [shop.take_request(f"ord-{n}", {f"sku{n % 10}": 1}) for n in range(1000)]
    async with statements_of(database) as for_many:
        assert await take_all(shop, *requests) == [TAKEN] * 1000
    assert 0 < len(for_one) == len(for_many)
