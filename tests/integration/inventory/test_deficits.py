"""Goods that tills had sold before the books knew: always recorded, and somebody is asked why."""

from __future__ import annotations

import asyncio
from typing import Any

from hutong.inventory.v1 import events_pb2, inventory_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from hutong.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from tests.integration.inventory.shop import (
    EACH,
    GRAM,
    TAKEN,
    Quantities,
    Shop,
    item_context,
    lines_of,
    refusal_of,
    request_id,
)
from tests.support.world import World, caller

DEFICIT = inventory_pb2.MOVEMENT_TYPE_DEFICIT
SALE = inventory_pb2.MOVEMENT_TYPE_SALE
FOUND = inventory_pb2.MOVEMENT_TYPE_FOUND
OPEN = inventory_pb2.DISCREPANCY_STATE_OPEN
RESOLVED = inventory_pb2.DISCREPANCY_STATE_RESOLVED


def gone_request(shop: Shop, order: str, quantities: Quantities) -> service_pb2.TakeStockRequest:
    request = shop.take_request(order, quantities)
    request.allow_deficit = True
    return request


async def gone(shop: Shop, order: str, quantities: Quantities) -> inventory_pb2.Reservation:
    taken: inventory_pb2.Reservation = await shop.orders.TakeStock(
        gone_request(shop, order, quantities)
    )
    return taken


async def discrepancies(shop: Shop, **fields: Any) -> list[inventory_pb2.Discrepancy]:
    listed = await shop.manager.ListDiscrepancies(
        service_pb2.ListDiscrepanciesRequest(parent=shop.name, **fields)
    )
    return list(listed.discrepancies)


def resolution(seen: inventory_pb2.Discrepancy, **fields: Any) -> Any:
    usual: dict[str, Any] = {
        "name": seen.name,
        "version": seen.version,
        "request_id": request_id(),
    }
    return service_pb2.ResolveDiscrepancyRequest(**(usual | fields))


async def moves(shop: Shop, sku: str) -> list[tuple[int, int, int]]:
    """Type, change of on_hand and on_hand after of all movements."""
    return [(m.type, m.on_hand_change, m.on_hand_after) for m in await shop.movements(sku)]


async def test_what_the_books_lack_is_supplied_and_told(shop: Shop) -> None:
    await shop.receive({"milk": 3})
    assert (await gone(shop, "ord-1", {"milk": 5})).state == TAKEN
    assert await shop.on_hand_and_held("milk") == (0, 0)
    assert (await moves(shop, "milk"))[1:] == [(DEFICIT, 2, 5), (SALE, -5, 0)]
    (task,) = await discrepancies(shop)
    assert (task.product, task.unit, task.state) == ("products/milk", EACH, OPEN)
    assert (task.quantity, task.sales, task.last_cause, task.version) == (2, 1, "ord-1", 1)
    assert not task.HasField("resolution")


async def test_what_is_there_is_taken_without_a_deficit(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    await gone(shop, "ord-1", {"milk": 5})
    assert (await moves(shop, "milk"))[1:] == [(SALE, -5, 0)]
    assert await discrepancies(shop) == []


async def test_what_is_promised_to_others_stays_promised(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 4})
    await gone(shop, "ord-2", {"milk": 3})
    assert await shop.on_hand_and_held("milk") == (4, 4)
    (task,) = await discrepancies(shop)
    assert task.quantity == 2
    await shop.commit("ord-1")
    assert await shop.on_hand_and_held("milk") == (0, 0)


async def test_goods_that_the_store_never_had_in_its_books_get_a_level(shop: Shop) -> None:
    await gone(shop, "ord-1", {"pears": 2, "apples": 1})
    assert await moves(shop, "pears") == [(DEFICIT, 2, 2), (SALE, -2, 0)]
    assert [task.product for task in await discrepancies(shop)] == [
        "products/apples",
        "products/pears",
    ]


async def test_the_same_sale_again_is_short_once(shop: Shop) -> None:
    first = await gone(shop, "ord-1", {"milk": 2})
    again = await asyncio.gather(*(gone(shop, "ord-1", {"milk": 2}) for _ in range(5)))
    assert all(one == first for one in again)
    (task,) = await discrepancies(shop)
    assert (task.quantity, task.sales) == (2, 1)
    error = await refusal_of(shop.take("ord-1", {"milk": 2}))
    assert error.reason == "REQUEST_ID_REUSED"


async def test_further_deficits_are_added_to_the_open_task(shop: Shop) -> None:
    for number in range(3):
        await gone(shop, f"ord-{number}", {"milk": 2})
    (task,) = await discrepancies(shop)
    assert (task.quantity, task.sales, task.last_cause, task.version) == (6, 3, "ord-2", 3)


async def test_a_batch_supplies_each_sale_and_opens_one_task(shop: Shop) -> None:
    await shop.receive({"milk": 1})
    batch = service_pb2.BatchTakeStockRequest()
    for number in range(20):
        batch.items.add(
            context=item_context(), request=gone_request(shop, f"o{number}", {"milk": 1})
        )
    batch.items.add(context=item_context(), request=shop.take_request("other", {"milk": 1}))
    batch.items.add(context=item_context(), request=shop.take_request("never", {"nothing": 1}))
    reply = await shop.orders.BatchTakeStock(batch)
    assert [result.HasField("error") for result in reply.results] == [False] * 20 + [True] * 2
    (task,) = await discrepancies(shop)
    assert (task.quantity, task.sales, task.version) == (19, 19, 1)
    assert await shop.rows("select 1 from stock_level where sku = 'nothing'") == []


async def test_sales_of_many_tills_at_once_are_all_recorded(shop: Shop) -> None:
    await shop.receive({"a": 10})
    lines = [{"a": 1, "b": 1}, {"b": 1, "c": 1}, {"c": 1, "a": 1}]
    deliveries = [shop.receive({"b": 1, "c": 1}) for _ in range(3)]
    sales = [gone(shop, f"ord-{n}", lines[n % 3]) for n in range(60)]
    taken = await asyncio.gather(*sales, *deliveries)
    assert len(taken) == 63
    for sku in "abc":
        on_hand, held = await shop.on_hand_and_held(sku)
        assert on_hand >= 0
        assert held == 0


async def test_a_unit_that_is_wrong_leaves_nothing_behind(shop: Shop) -> None:
    await shop.receive({"rice": 5_000}, unit=GRAM)
    error = await refusal_of(gone(shop, "ord-1", {"rice": 1, "unheard": 1}))
    assert error.reason == "UNIT_MISMATCH"
    assert await discrepancies(shop) == []
    assert await shop.rows("select 1 from stock_level where sku = 'unheard'") == []
    assert await shop.on_hand_and_held("rice") == (5_000, 0)


async def test_a_sale_that_is_undone_brings_the_goods_back(shop: Shop) -> None:
    await shop.receive({"milk": 3})
    await gone(shop, "ord-1", {"milk": 5})
    await shop.release("ord-1")
    assert await shop.on_hand_and_held("milk") == (5, 0)
    (task,) = await discrepancies(shop)
    assert (task.state, task.quantity) == (OPEN, 2)


async def test_only_services_say_that_goods_are_gone(shop: Shop, world: World) -> None:
    operator = world.client(InventoryServiceStub, caller(role="platform"))
    error = await refusal_of(operator.TakeStock(gone_request(shop, "ord-1", {"milk": 1})))
    assert error.reason == "INSUFFICIENT_STOCK"


async def test_a_count_resolves_it_and_corrects_the_level(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    (task,) = await discrepancies(shop)
    request = resolution(task, count={"counted": 7, "expected_on_hand": 0})
    resolved = await shop.manager.ResolveDiscrepancy(request)
    assert (resolved.state, resolved.version) == (RESOLVED, 2)
    assert (resolved.resolution.actor, resolved.resolution.counted) == ("users/mei", 7)
    assert (await moves(shop, "milk"))[-1] == (FOUND, 7, 7)
    assert (await shop.movements("milk"))[-1].cause == task.name
    assert (await shop.manager.ResolveDiscrepancy(request)) == resolved
    assert await shop.on_hand_and_held("milk") == (7, 0)


async def test_a_note_resolves_it_and_moves_nothing(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    (task,) = await discrepancies(shop)
    resolved = await shop.manager.ResolveDiscrepancy(resolution(task, note="送货单没录 late note"))
    assert resolved.resolution.note == "送货单没录 late note"
    assert not resolved.resolution.HasField("counted")
    assert len(await shop.movements("milk")) == 2


async def test_a_count_of_nothing_is_a_count(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    (task,) = await discrepancies(shop)
    resolved = await shop.manager.ResolveDiscrepancy(
        resolution(task, count={"counted": 0, "expected_on_hand": 0})
    )
    assert resolved.resolution.HasField("counted")
    assert (resolved.state, len(await shop.movements("milk"))) == (RESOLVED, 2)


async def test_neither_a_count_nor_a_note_resolves_nothing(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    (task,) = await discrepancies(shop)
    error = await refusal_of(shop.manager.ResolveDiscrepancy(resolution(task)))
    assert error.reason == "INVALID_INPUT"


async def test_what_has_grown_since_it_was_seen_is_not_resolved_unseen(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    (seen,) = await discrepancies(shop)
    await gone(shop, "ord-2", {"milk": 1})
    error = await refusal_of(shop.manager.ResolveDiscrepancy(resolution(seen, note="known")))
    assert (error.reason, error.facts) == ("DISCREPANCY_CHANGED", {"expected": "1", "actual": "2"})


async def test_it_is_resolved_once_and_a_later_deficit_is_another_task(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    (task,) = await discrepancies(shop)
    await shop.manager.ResolveDiscrepancy(resolution(task, note="known"))
    error = await refusal_of(shop.manager.ResolveDiscrepancy(resolution(task, note="again")))
    assert error.reason == "DISCREPANCY_RESOLVED"
    await gone(shop, "ord-2", {"milk": 1})
    assert [one.state for one in await discrepancies(shop)] == [RESOLVED, OPEN]
    (later,) = await discrepancies(shop, state=OPEN)
    assert (later.quantity, later.version) == (1, 1)


async def test_a_count_that_the_books_have_passed_is_refused(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    (task,) = await discrepancies(shop)
    await shop.receive({"milk": 4})
    stale = resolution(task, count={"counted": 1, "expected_on_hand": 0})
    assert (await refusal_of(shop.manager.ResolveDiscrepancy(stale))).reason == "STOCK_CHANGED"
    await shop.hold("ord-2", {"milk": 3})
    short = resolution(task, count={"counted": 1, "expected_on_hand": 4})
    assert (await refusal_of(shop.manager.ResolveDiscrepancy(short))).reason == "STOCK_HELD"
    (still,) = await discrepancies(shop)
    assert (still.state, still.version) == (OPEN, 1)


async def test_one_of_many_who_resolve_it_does(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    (task,) = await discrepancies(shop)
    count = {"counted": 3, "expected_on_hand": 0}
    answers = await asyncio.gather(
        *(shop.manager.ResolveDiscrepancy(resolution(task, count=count)) for _ in range(5)),
        return_exceptions=True,
    )
    reasons = sorted(getattr(answer, "reason", "resolved") for answer in answers)
    assert reasons == ["DISCREPANCY_RESOLVED"] * 4 + ["resolved"]
    assert await shop.on_hand_and_held("milk") == (3, 0)


async def test_tasks_are_listed_by_page(shop: Shop) -> None:
    await gone(shop, "ord-1", {f"sku-{number}": 1 for number in range(5)})
    listed, token = [], ""
    while True:
        page = await shop.manager.ListDiscrepancies(
            service_pb2.ListDiscrepanciesRequest(parent=shop.name, page_size=2, page_token=token)
        )
        listed += [task.product for task in page.discrepancies]
        token = page.next_page_token
        if not token:
            break
    assert sorted(listed) == [f"products/sku-{number}" for number in range(5)]


async def test_every_change_is_told_by_an_event(shop: Shop) -> None:
    await gone(shop, "ord-1", {"milk": 2})
    await gone(shop, "ord-2", {"milk": 2})
    (task,) = await discrepancies(shop)
    resolved = await shop.manager.ResolveDiscrepancy(resolution(task, note="known"))
    rows = await shop.rows(
        "select sequence, type, data from outbox where aggregate = $1 order by sequence",
        f"demo/{task.name}",
    )
    assert [row[:2] for row in rows] == [
        (n, "hutong.inventory.v1.DiscrepancyChanged") for n in (1, 2, 3)
    ]
    told = [events_pb2.DiscrepancyChanged.FromString(bytes(row[2])).discrepancy for row in rows]
    assert told[1:] == [task, resolved]


async def test_lines_of_one_product_are_short_once(shop: Shop) -> None:
    await shop.receive({"milk": 1})
    request = gone_request(shop, "ord-1", {"milk": 2})
    request.lines.extend(lines_of({"milk": 3}))
    await shop.orders.TakeStock(request)
    (task,) = await discrepancies(shop)
    assert (task.quantity, task.sales) == (4, 1)
