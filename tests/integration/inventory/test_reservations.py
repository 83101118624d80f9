"""Reservations from their first request to their end, through the unary methods."""

from __future__ import annotations

from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from hutong.inventory.v1 import inventory_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from hutong.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.inventory import convert
from services.inventory.domain.reservations import Mode, Reservation, ReserveCommand
from services.inventory.domain.stock import Line
from services.inventory.usecases.stock import Stock
from tests.integration.inventory.shop import (
    COMMITTED,
    EXPIRED,
    GRAM,
    HELD,
    REFUSED,
    RELEASED,
    RETURNED,
    TAKEN,
    Shop,
    lines_of,
    refusal_of,
)
from tests.support.world import World, caller

HOLD = inventory_pb2.MOVEMENT_TYPE_HOLD
RELEASE = inventory_pb2.MOVEMENT_TYPE_RELEASE
EXPIRY = inventory_pb2.MOVEMENT_TYPE_EXPIRY
SALE = inventory_pb2.MOVEMENT_TYPE_SALE
RETURN = inventory_pb2.MOVEMENT_TYPE_RETURN


async def changes(shop: Shop, sku: str) -> list[tuple[int, int, int, str]]:
    """Type, change of on_hand, change of held and cause of all movements but the delivery."""
    return [
        (m.type, m.on_hand_change, m.held_change, m.cause) for m in (await shop.movements(sku))[1:]
    ]


async def test_a_hold_promises_stock_that_stays_in_the_store(shop: Shop) -> None:
    await shop.receive({"milk": 5, "bread": 4})
    held = await shop.hold("ord-1", {"milk": 2, "bread": 1})
    assert held.name == shop.reservation_name("ord-1")
    assert held.state == HELD
    assert list(held.lines) == lines_of({"bread": 1, "milk": 2})
    assert not held.HasField("expire_time")
    assert await shop.on_hand_and_held("milk") == (5, 2)
    assert (await shop.level("milk")).available == 3
    assert await changes(shop, "milk") == [(HOLD, 0, 2, "ord-1")]


async def test_a_committed_hold_has_left_the_store(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 2})
    committed = await shop.commit("ord-1")
    assert committed.state == COMMITTED
    assert await shop.on_hand_and_held("milk") == (3, 0)
    assert await changes(shop, "milk") == [(HOLD, 0, 2, "ord-1"), (SALE, -2, -2, "ord-1")]
    assert await shop.commit("ord-1") == committed
    assert len(await shop.movements("milk")) == 3


async def test_a_released_hold_is_free_again(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 2})
    released = await shop.release("ord-1")
    assert released.state == RELEASED
    assert await shop.on_hand_and_held("milk") == (5, 0)
    assert await changes(shop, "milk") == [(HOLD, 0, 2, "ord-1"), (RELEASE, 0, -2, "ord-1")]
    assert await shop.release("ord-1") == released
    assert await shop.reservation("ord-1") == released


async def test_taken_goods_leave_at_once_and_may_come_back_once(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    taken = await shop.take("ord-1", {"milk": 2})
    assert taken.state == TAKEN
    assert await shop.on_hand_and_held("milk") == (3, 0)
    assert await shop.commit("ord-1") == taken
    returned = await shop.release("ord-1")
    assert returned.state == RETURNED
    assert await shop.release("ord-1") == returned
    assert await shop.on_hand_and_held("milk") == (5, 0)
    assert await changes(shop, "milk") == [(SALE, -2, 0, "ord-1"), (RETURN, 2, 0, "ord-1")]


async def test_a_repeat_is_answered_the_same_and_ties_nothing_more(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    first = await shop.hold("ord-1", {"milk": 2})
    assert await shop.hold("ord-1", {"milk": 2}) == first
    assert await shop.on_hand_and_held("milk") == (5, 2)
    assert (
        await shop.orders.ReserveStock(
            service_pb2.ReserveStockRequest(
                parent=shop.name,
                reservation_id="ord-1",
                lines=[*lines_of({"milk": 1}), *lines_of({"milk": 1})],
            )
        )
        == first
    )


async def test_the_same_id_with_other_lines_or_another_mode_is_refused(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 2})
    assert (await refusal_of(shop.hold("ord-1", {"milk": 3}))).reason == "REQUEST_ID_REUSED"
    assert (await refusal_of(shop.take("ord-1", {"milk": 2}))).reason == "REQUEST_ID_REUSED"
    assert await shop.on_hand_and_held("milk") == (5, 2)


async def test_a_refused_reservation_changes_nothing(shop: Shop) -> None:
    await shop.receive({"milk": 5, "bread": 1})
    error = await refusal_of(shop.hold("ord-1", {"milk": 2, "bread": 2}))
    assert error.reason == "INSUFFICIENT_STOCK"
    assert error.facts == {"sku": "bread", "wanted": "2", "available": "1"}
    assert await shop.on_hand_and_held("milk") == (5, 0)
    assert await changes(shop, "milk") == []


async def test_a_refused_reservation_stays_refused_when_stock_comes(shop: Shop) -> None:
    await shop.receive({"milk": 1})
    first = await refusal_of(shop.take("ord-1", {"milk": 2}))
    await shop.receive({"milk": 10})
    again = await refusal_of(shop.take("ord-1", {"milk": 2}))
    assert (again.reason, again.facts) == (first.reason, first.facts)
    assert (await shop.reservation("ord-1")).state == REFUSED
    assert (await shop.release("ord-1")).state == REFUSED
    assert (await refusal_of(shop.commit("ord-1"))).facts == {"state": "REFUSED"}
    assert await shop.on_hand_and_held("milk") == (11, 0)


async def test_a_product_that_the_store_never_had_is_insufficient(shop: Shop) -> None:
    error = await refusal_of(shop.take("ord-1", {"caviar": 1}))
    assert error.reason == "INSUFFICIENT_STOCK"
    assert error.facts == {"sku": "caviar", "wanted": "1", "available": "0"}


async def test_a_wrong_unit_is_refused_and_leaves_no_trace(shop: Shop) -> None:
    await shop.receive({"pork": 900}, unit=GRAM)
    error = await refusal_of(shop.hold("ord-1", {"pork": 1}))
    assert error.reason == "UNIT_MISMATCH"
    assert error.facts == {"sku": "pork", "wanted": "gram", "given": "each"}
    request = shop.hold_request("ord-1", {"pork": 300}, unit=GRAM)
    assert (await shop.orders.ReserveStock(request)).state == HELD


async def test_one_product_in_two_units_is_refused(shop: Shop) -> None:
    request = shop.hold_request("ord-1", {"pork": 1})
    request.lines.extend(lines_of({"pork": 1}, unit=GRAM))
    assert (await refusal_of(shop.orders.ReserveStock(request))).reason == "UNIT_MISMATCH"


async def test_a_release_that_came_first_refuses_the_reservation(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    tombstone = await shop.release("ord-1")
    assert (tombstone.state, list(tombstone.lines)) == (RELEASED, [])
    assert await shop.release("ord-1") == tombstone
    assert await shop.reservation("ord-1") == tombstone
    for late in (shop.hold("ord-1", {"milk": 1}), shop.take("ord-1", {"milk": 4})):
        assert (await refusal_of(late)).reason == "ORDER_UNDONE"
    assert await shop.on_hand_and_held("milk") == (5, 0)


async def test_what_was_undone_cannot_be_made_again(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 1})
    await shop.release("ord-1")
    await shop.take("ord-2", {"milk": 1})
    await shop.release("ord-2")
    assert (await refusal_of(shop.hold("ord-1", {"milk": 1}))).reason == "ORDER_UNDONE"
    assert (await refusal_of(shop.take("ord-2", {"milk": 1}))).reason == "ORDER_UNDONE"
    assert (await refusal_of(shop.commit("ord-1"))).facts == {"state": "RELEASED"}
    assert (await refusal_of(shop.commit("ord-2"))).facts == {"state": "RETURNED"}


async def test_committed_goods_are_not_released(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 1})
    await shop.commit("ord-1")
    error = await refusal_of(shop.release("ord-1"))
    assert (error.reason, error.facts) == ("RESERVATION_ENDED", {"state": "COMMITTED"})
    assert (await shop.hold("ord-1", {"milk": 1})).state == COMMITTED
    assert await shop.on_hand_and_held("milk") == (4, 0)


async def test_an_unknown_reservation_is_not_found(shop: Shop) -> None:
    for call in (shop.commit("ord-9"), shop.reservation("ord-9")):
        error = await refusal_of(call)
        assert error.reason == "RESOURCE_NOT_FOUND"
        assert error.facts == {"resource": shop.reservation_name("ord-9")}


async def test_a_hold_that_has_run_out_counts_nothing_though_nobody_swept(
    shop: Shop, world: World
) -> None:
    await shop.receive({"milk": 5})
    held = await shop.hold("ord-1", {"milk": 4}, seconds=60)
    assert held.expire_time.seconds - held.create_time.seconds == 60
    await world.pass_time("inventory", 59)
    assert (await shop.level("milk")).available == 1
    await world.pass_time("inventory", 61)

    level = await shop.level("milk")
    assert (level.on_hand, level.held, level.available) == (5, 4, 5)
    listed = await shop.manager.ListStockLevels(
        service_pb2.ListStockLevelsRequest(parent=shop.name)
    )
    assert list(listed.stock_levels) == [level]
    assert (await shop.reservation("ord-1")).state == EXPIRED
    assert (await shop.take("ord-2", {"milk": 5})).state == TAKEN
    assert await shop.on_hand_and_held("milk") == (0, 0)
    assert await changes(shop, "milk") == [
        (HOLD, 0, 4, "ord-1"),
        (EXPIRY, 0, -4, "ord-1"),
        (SALE, -5, 0, "ord-2"),
    ]
    assert (await refusal_of(shop.hold("ord-1", {"milk": 4}))).reason == "ORDER_UNDONE"


async def test_a_hold_that_has_run_out_is_neither_committed_nor_made_again(
    shop: Shop, world: World
) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 4}, seconds=60)
    await world.pass_time("inventory", 60.5)
    error = await refusal_of(shop.commit("ord-1"))
    assert (error.reason, error.facts) == ("RESERVATION_ENDED", {"state": "EXPIRED"})
    assert (await refusal_of(shop.hold("ord-1", {"milk": 4}))).reason == "ORDER_UNDONE"
    assert (await shop.release("ord-1")).state == EXPIRED
    assert (await shop.release("ord-1")).state == EXPIRED
    assert await changes(shop, "milk") == [(HOLD, 0, 4, "ord-1"), (EXPIRY, 0, -4, "ord-1")]


async def test_a_hold_without_a_clock_never_runs_out(shop: Shop, world: World) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 4})
    await world.pass_time("inventory", 86_400 * 365)
    assert (await refusal_of(shop.take("ord-2", {"milk": 2}))).facts["available"] == "1"
    assert (await shop.commit("ord-1")).state == COMMITTED


async def test_more_holds_may_run_out_than_one_transaction_ends(shop: Shop, world: World) -> None:
    stock = Stock(
        world.database("inventory"),
        stock_moved=convert.stock_moved,
        reservation_changed=convert.reservation_changed,
        discrepancy_changed=convert.discrepancy_changed,
        due_holds_max=3,
    )
    await shop.receive({"milk": 8})
    for number in range(8):
        await shop.hold(f"ord-{number}", {"milk": 1}, seconds=60)
    await world.pass_time("inventory", 61)
    lines = (Line("milk", 8, Unit.EACH),)
    command = ReserveCommand(StoreId(shop.store_id), "ord-x", Mode.TAKE, lines, "test")
    (taken,) = await stock.reserve([command])
    assert isinstance(taken, Reservation)
    assert await states(shop) == [("EXPIRED",)] * 8 + [("TAKEN",)]


async def test_the_sweeper_ends_what_has_run_out(shop: Shop, world: World) -> None:
    await shop.receive({"milk": 5})
    await shop.hold("ord-1", {"milk": 4}, seconds=60)
    await shop.hold("ord-2", {"milk": 1}, seconds=600)
    await world.pass_time("inventory", 61)
    sweeper = world.services["inventory"].workers[0]
    assert sweeper.name == "inventory.hold_sweeper"
    await sweeper.round()
    assert await shop.on_hand_and_held("milk") == (5, 1)
    assert await states(shop) == [("EXPIRED",), ("HELD",)]
    ((_, actor),) = [(m.type, m.actor) for m in await shop.movements("milk") if m.type == EXPIRY]
    assert actor == "inventory"


async def states(shop: Shop) -> list[tuple[str]]:
    rows = await shop.rows(
        "select state from reservation where store_id = $1 order by reservation_id", shop.store_id
    )
    return [(row[0],) for row in rows]


async def test_a_service_may_say_for_whom_and_nobody_else(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    request = shop.take_request("ord-1", {"milk": 1})
    request.actor = "users/cashier-7"
    await shop.orders.TakeStock(request)
    request.reservation_id = "ord-2"
    await shop.manager.TakeStock(request)
    await shop.take("ord-3", {"milk": 1})
    assert [m.actor for m in await shop.movements("milk")] == [
        "users/mei",
        "users/cashier-7",
        "users/mei",
        "services/orders",
    ]


async def test_a_manager_of_another_store_and_a_cashier_may_not_take(
    shop: Shop, world: World
) -> None:
    await shop.receive({"milk": 5})
    other = caller(role="store_manager", stores=["stores/elsewhere"])
    cashier = caller(role="cashier", stores=[shop.name])
    for who, reason in ((other, "RESOURCE_NOT_FOUND"), (cashier, "ROLE_NOT_ALLOWED")):
        client = world.client(InventoryServiceStub, who)
        error = await refusal_of(client.TakeStock(shop.take_request("ord-1", {"milk": 1})))
        assert error.reason == reason
    assert await shop.on_hand_and_held("milk") == (5, 0)


async def test_quantities_that_cannot_be_are_refused(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    for quantity in (0, -1, 100_000_001, 2**63 - 1):
        error = await refusal_of(shop.take("ord-1", {"milk": quantity}))
        assert (error.reason, error.violations[0][0]) == ("INVALID_INPUT", "lines[0].quantity")
    assert (await refusal_of(shop.take("ord-1", {}))).reason == "INVALID_INPUT"
    assert (await refusal_of(shop.take("ORD 1", {"milk": 1}))).reason == "INVALID_INPUT"
