"""Deliveries, counts, and what the books say of them."""

from __future__ import annotations

import asyncio

import pytest

from chassis.db.migrate import drift
from chassis.rpc.paging import PageRequest
from hutong.common.v1 import measure_pb2
from hutong.inventory.v1 import events_pb2, inventory_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from hutong.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.inventory.models import metadata
from tests.integration.inventory.shop import (
    EACH,
    GRAM,
    Shop,
    lines_of,
    refusal_of,
    request_id,
)
from tests.support.world import World, caller


def adjust_request(
    shop: Shop,
    sku: str,
    *,
    counted: int,
    expected: int,
    reason: str = "broken",
    unit: measure_pb2.MeasureUnit = EACH,
) -> service_pb2.AdjustStockRequest:
    return service_pb2.AdjustStockRequest(
        name=shop.level_name(sku),
        counted=counted,
        expected_on_hand=expected,
        unit=unit,
        reason=reason,
        request_id=request_id(),
    )


async def test_the_tables_in_the_code_are_those_of_the_migrations(world: World) -> None:
    assert await drift(world.urls["inventory"], metadata=metadata) == []


async def test_a_first_delivery_makes_the_levels_and_explains_them(shop: Shop) -> None:
    reply = await shop.receive({"milk": 5, "bread": 2})

    assert [(x.name, x.on_hand, x.available, x.version) for x in reply.stock_levels] == [
        (shop.level_name("bread"), 2, 2, 1),
        (shop.level_name("milk"), 5, 5, 1),
    ]
    (movement,) = await shop.movements("milk")
    assert movement.name == f"{shop.level_name('milk')}/movements/1"
    assert movement.type == inventory_pb2.MOVEMENT_TYPE_RECEIPT
    assert (movement.on_hand_change, movement.on_hand_after) == (5, 5)
    assert (movement.actor, movement.cause) == ("users/mei", "note 7")
    assert movement.create_time.seconds > 0


async def test_lines_of_one_product_are_added_up(shop: Shop) -> None:
    request = service_pb2.ReceiveStockRequest(
        parent=shop.name,
        lines=[*lines_of({"milk": 5}), *lines_of({"milk": 3})],
        delivery_note="note",
        request_id=request_id(),
    )
    reply = await shop.manager.ReceiveStock(request)
    assert [(x.on_hand, x.version) for x in reply.stock_levels] == [(8, 1)]


async def test_a_delivery_repeated_at_once_counts_once_and_is_answered_the_same(shop: Shop) -> None:
    request = service_pb2.ReceiveStockRequest(
        parent=shop.name,
        lines=lines_of({"milk": 5}),
        delivery_note="note",
        request_id=request_id(),
    )
    replies = await asyncio.gather(*(shop.manager.ReceiveStock(request) for _ in range(5)))
    await shop.receive({"milk": 1})
    replies.append(await shop.manager.ReceiveStock(request))

    assert len({reply.SerializeToString(deterministic=True) for reply in replies}) == 1
    assert await shop.on_hand_and_held("milk") == (6, 0)


async def test_a_delivery_id_with_another_body_is_refused(shop: Shop) -> None:
    request = service_pb2.ReceiveStockRequest(
        parent=shop.name,
        lines=lines_of({"milk": 5}),
        delivery_note="note",
        request_id=request_id(),
    )
    await shop.manager.ReceiveStock(request)
    request.lines[0].quantity = 6
    error = await refusal_of(shop.manager.ReceiveStock(request))
    assert error.reason == "REQUEST_ID_REUSED"
    assert await shop.on_hand_and_held("milk") == (5, 0)


async def test_one_line_of_a_wrong_unit_refuses_the_whole_delivery(shop: Shop) -> None:
    await shop.receive({"pork": 900}, unit=GRAM)
    error = await refusal_of(shop.receive({"milk": 5, "pork": 1}))
    assert error.reason == "UNIT_MISMATCH"
    assert error.facts == {"sku": "pork", "wanted": "gram", "given": "each"}
    assert await shop.on_hand_and_held("pork") == (900, 0)
    assert (await refusal_of(shop.level("milk"))).reason == "RESOURCE_NOT_FOUND"


async def test_a_level_takes_its_maximum_and_not_one_piece_more(shop: Shop) -> None:
    most = service_pb2.ReceiveStockRequest(
        parent=shop.name,
        lines=lines_of({"rice": 100_000_000}) * 1000,
        delivery_note="note",
    )
    for _ in range(10):
        most.request_id = request_id()
        await shop.manager.ReceiveStock(most)
    error = await refusal_of(shop.receive({"rice": 1}))
    assert error.reason == "QUANTITY_TOO_LARGE"
    assert error.facts == {"sku": "rice"}
    assert await shop.on_hand_and_held("rice") == (1_000_000_000_000, 0)


async def test_deliveries_to_one_new_level_at_once_all_count(shop: Shop) -> None:
    skus = [f"sku{n}" for n in range(5)]
    await asyncio.gather(
        *(shop.receive(dict.fromkeys(skus[n % 5 :] + skus[: n % 5], 1)) for n in range(20))
    )
    assert [await shop.on_hand_and_held(sku) for sku in skus] == [(20, 0)] * 5


async def test_a_count_corrects_the_level_and_says_why(shop: Shop) -> None:
    await shop.receive({"milk": 10})
    level = await shop.manager.AdjustStock(adjust_request(shop, "milk", counted=7, expected=10))
    assert (level.on_hand, level.version) == (7, 2)
    level = await shop.manager.AdjustStock(
        adjust_request(shop, "milk", counted=9, expected=7, reason="found")
    )
    assert (level.on_hand, level.version) == (9, 3)
    assert [(m.type, m.on_hand_change, m.cause) for m in await shop.movements("milk")][1:] == [
        (inventory_pb2.MOVEMENT_TYPE_SHRINK, -3, "broken"),
        (inventory_pb2.MOVEMENT_TYPE_FOUND, 2, "found"),
    ]


async def test_a_count_that_agrees_with_the_books_moves_nothing(shop: Shop) -> None:
    await shop.receive({"milk": 10})
    level = await shop.manager.AdjustStock(adjust_request(shop, "milk", counted=10, expected=10))
    assert (level.on_hand, level.version) == (10, 1)


async def test_a_repeated_count_is_answered_as_the_first_time(shop: Shop) -> None:
    await shop.receive({"milk": 10})
    request = adjust_request(shop, "milk", counted=7, expected=10)
    first = await shop.manager.AdjustStock(request)
    await shop.receive({"milk": 1})
    again = await shop.manager.AdjustStock(request)
    assert again.SerializeToString() == first.SerializeToString()
    assert await shop.on_hand_and_held("milk") == (8, 0)


async def test_a_count_against_old_books_is_refused_and_stays_refused(shop: Shop) -> None:
    await shop.receive({"milk": 10})
    request = adjust_request(shop, "milk", counted=7, expected=9)
    error = await refusal_of(shop.manager.AdjustStock(request))
    assert (error.reason, error.facts) == ("STOCK_CHANGED", {"expected": "9", "actual": "10"})
    await shop.manager.AdjustStock(adjust_request(shop, "milk", counted=9, expected=10))
    again = await refusal_of(shop.manager.AdjustStock(request))
    assert (again.reason, again.facts) == (error.reason, error.facts)
    assert await shop.on_hand_and_held("milk") == (9, 0)


async def test_what_is_promised_cannot_be_counted_away(shop: Shop) -> None:
    await shop.receive({"milk": 10})
    await shop.hold("ord-1", {"milk": 6})
    error = await refusal_of(
        shop.manager.AdjustStock(adjust_request(shop, "milk", counted=5, expected=10))
    )
    assert (error.reason, error.facts) == ("STOCK_HELD", {"counted": "5", "held": "6"})
    level = await shop.manager.AdjustStock(adjust_request(shop, "milk", counted=6, expected=10))
    assert (level.on_hand, level.held, level.available) == (6, 6, 0)


async def test_a_count_may_take_what_holds_that_ran_out_had(shop: Shop, world: World) -> None:
    await shop.receive({"milk": 10})
    await shop.hold("ord-1", {"milk": 6}, seconds=60)
    await world.pass_time("inventory", 61)
    level = await shop.manager.AdjustStock(adjust_request(shop, "milk", counted=1, expected=10))
    assert (level.on_hand, level.held, level.available) == (1, 0, 1)


async def test_a_count_of_an_unknown_product_or_unit_is_refused(shop: Shop) -> None:
    await shop.receive({"milk": 10})
    error = await refusal_of(
        shop.manager.AdjustStock(adjust_request(shop, "none", counted=1, expected=0))
    )
    assert error.reason == "RESOURCE_NOT_FOUND"
    assert error.facts == {"resource": shop.level_name("none")}
    error = await refusal_of(
        shop.manager.AdjustStock(adjust_request(shop, "milk", counted=1, expected=10, unit=GRAM))
    )
    assert error.reason == "UNIT_MISMATCH"


async def test_levels_are_listed_by_sku_page_by_page(shop: Shop) -> None:
    skus = [f"sku{n:02}" for n in range(7)]
    await shop.receive(dict.fromkeys(skus, 3))
    found, token = [], ""
    while True:
        reply = await shop.manager.ListStockLevels(
            service_pb2.ListStockLevelsRequest(parent=shop.name, page_size=3, page_token=token)
        )
        assert len(reply.stock_levels) <= 3
        found += [level.name for level in reply.stock_levels]
        token = reply.next_page_token
        if not token:
            break
    assert found == [shop.level_name(sku) for sku in skus]


async def test_movements_are_listed_in_order_past_the_tenth(shop: Shop) -> None:
    for _ in range(12):
        await shop.receive({"milk": 1})
    found, token = [], ""
    while True:
        reply = await shop.manager.ListStockMovements(
            service_pb2.ListStockMovementsRequest(
                parent=shop.level_name("milk"), page_size=5, page_token=token
            )
        )
        found += [movement.on_hand_after for movement in reply.stock_movements]
        token = reply.next_page_token
        if not token:
            break
    assert found == list(range(1, 13))


async def test_a_page_token_is_good_for_its_own_list_only(shop: Shop) -> None:
    await shop.receive({"milk": 1, "bread": 1})
    reply = await shop.manager.ListStockLevels(
        service_pb2.ListStockLevelsRequest(parent=shop.name, page_size=1)
    )
    error = await refusal_of(
        shop.manager.ListStockMovements(
            service_pb2.ListStockMovementsRequest(
                parent=shop.level_name("milk"), page_token=reply.next_page_token
            )
        )
    )
    assert error.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("key", ["-1", "1.5", "x", "9" * 19, "²"])
async def test_a_forged_page_token_is_refused(shop: Shop, key: str) -> None:
    listing = f"movements of milk in {shop.store_id}"
    forged = PageRequest(size=1, after="", listing=listing).page([1, 2], key=lambda _: key)
    error = await refusal_of(
        shop.manager.ListStockMovements(
            service_pb2.ListStockMovementsRequest(
                parent=shop.level_name("milk"), page_token=forged.next_token
            )
        )
    )
    assert error.reason == "PAGE_TOKEN_INVALID"


async def test_each_movement_is_told_in_an_event_with_its_version(shop: Shop) -> None:
    await shop.receive({"milk": 2})
    await shop.take("ord-1", {"milk": 1})
    rows = await shop.rows(
        "select aggregate, sequence, type, data from outbox where distribution_key = $1"
        " and type = 'hutong.inventory.v1.StockMoved' order by 2",
        shop.store_id,
    )
    aggregate = f"demo/{shop.level_name('milk')}"
    assert [row[:3] for row in rows] == [
        (aggregate, 1, "hutong.inventory.v1.StockMoved"),
        (aggregate, 2, "hutong.inventory.v1.StockMoved"),
    ]
    told = events_pb2.StockMoved.FromString(rows[1][3])
    assert told.movement == (await shop.movements("milk"))[1]
    assert told.level == await shop.level("milk")


async def test_a_reservation_is_told_when_it_is_made_and_when_it_ends(shop: Shop) -> None:
    await shop.receive({"milk": 2})
    made = await shop.hold("ord-1", {"milk": 1})
    refused = await refusal_of(shop.hold("ord-2", {"milk": 9}))
    assert refused.reason == "INSUFFICIENT_STOCK"
    ended = await shop.release("ord-1")
    for _ in range(2):
        await shop.release("ord-3")
    rows = await shop.rows(
        "select sequence, data from outbox where distribution_key = $1"
        " and type = 'hutong.inventory.v1.ReservationChanged' order by position",
        shop.store_id,
    )
    told = [
        (sequence, events_pb2.ReservationChanged.FromString(data).reservation)
        for sequence, data in rows
    ]
    assert [(sequence, each.name.rpartition("/")[2]) for sequence, each in told] == [
        (1, "ord-1"),
        (1, "ord-2"),
        (2, "ord-1"),
        (1, "ord-3"),
    ]
    assert (told[0][1], told[2][1]) == (made, ended)
    states = [inventory_pb2.ReservationState.Name(each.state) for _, each in told]
    assert [state.rpartition("_")[2] for state in states] == [
        "HELD",
        "REFUSED",
        "RELEASED",
        "RELEASED",
    ]


async def test_another_tenant_sees_nothing_of_it(shop: Shop, world: World) -> None:
    await shop.receive({"milk": 2})
    stranger = world.client(InventoryServiceStub, caller(role="platform", tenant="other"))
    error = await refusal_of(
        stranger.GetStockLevel(service_pb2.GetStockLevelRequest(name=shop.level_name("milk")))
    )
    assert error.reason == "RESOURCE_NOT_FOUND"
    reply = await stranger.ListStockLevels(service_pb2.ListStockLevelsRequest(parent=shop.name))
    assert list(reply.stock_levels) == []


async def test_a_malformed_name_is_refused_by_its_field(shop: Shop) -> None:
    error = await refusal_of(
        shop.orders.GetReservation(service_pb2.GetReservationRequest(name=shop.name))
    )
    assert error.reason == "NAME_INVALID"
    error = await refusal_of(shop.receive({"Not A Sku": 1}))
    assert (error.reason, error.violations[0][0]) == ("NAME_INVALID", "lines[0].product")
