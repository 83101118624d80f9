"""Many at once, through real gRPC: nobody gets what is not there, and nobody gets it twice."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from chassis.kernel.errors import Conflict, HutongError
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.inventory import convert
from services.inventory.domain.reservations import EndCommand, Mode, ReserveCommand
from services.inventory.domain.stock import Line
from services.inventory.usecases.stock import ATTEMPTS_MAX, Stock
from tests.integration.inventory.shop import HELD, RELEASED, RETURNED, TAKEN, Shop
from tests.support.world import World


async def outcome(call: Awaitable[Any]) -> str | int:
    """The reservation's state, or the error's reason."""
    try:
        return int((await call).state)
    except HutongError as error:
        return error.reason


async def outcomes(*calls: Awaitable[Any]) -> list[str | int]:
    return list(await asyncio.gather(*(outcome(call) for call in calls)))


async def test_of_200_buyers_exactly_50_get_the_50_pieces(shop: Shop) -> None:
    await shop.receive({"milk": 50})
    results = await outcomes(*(shop.take(f"ord-{n}", {"milk": 1}) for n in range(200)))
    assert collections.Counter(results) == {TAKEN: 50, "INSUFFICIENT_STOCK": 150}
    assert await shop.on_hand_and_held("milk") == (0, 0)
    assert len(await shop.movements("milk")) == 51


async def test_processes_side_by_side_do_not_oversell(shop: Shop, world: World) -> None:
    """Each Stock stands for a process: their batches meet in the database only."""
    await shop.receive({"a": 40, "b": 40, "c": 40})
    stocks = [
        Stock(
            world.database("inventory"),
            stock_moved=convert.stock_moved,
            reservation_changed=convert.reservation_changed,
            discrepancy_changed=convert.discrepancy_changed,
        )
        for _ in range(4)
    ]

    def command(number: int) -> ReserveCommand:
        skus = ("abc" * 2)[number % 3 : number % 3 + 2]
        lines = tuple(Line(sku, 1, Unit.EACH) for sku in sorted(skus))
        mode = Mode.HOLD if number % 2 else Mode.TAKE
        return ReserveCommand(StoreId(shop.store_id), f"ord-{number}", mode, lines, "test")

    batches = [[command(n) for n in range(start, 160, 16)] for start in range(16)]
    answers = await asyncio.gather(
        *(stocks[n % 4].reserve(batch) for n, batch in enumerate(batches))
    )
    made = [a for batch in answers for a in batch if not isinstance(a, HutongError)]
    refused = [a for batch in answers for a in batch if isinstance(a, HutongError)]
    assert {error.reason for error in refused} == {"INSUFFICIENT_STOCK"}
    left = [(await shop.level(sku)).available for sku in "abc"]
    assert sum(left) == 3 * 40 - 2 * len(made)
    assert sum(1 for pieces in left if pieces) <= 1, "two that were left would have made an order"


async def test_a_take_and_its_undo_at_once_leave_the_goods_in_the_store(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    for number in range(20):
        order = f"ord-{number}"
        taken, undone = await outcomes(shop.take(order, {"milk": 1}), shop.release(order))
        assert (taken, undone) in {(TAKEN, RETURNED), ("ORDER_UNDONE", RELEASED)}
    assert await shop.on_hand_and_held("milk") == (5, 0)


async def test_a_take_and_its_undo_from_two_processes_leave_the_goods_in_the_store(
    shop: Shop, world: World
) -> None:
    await shop.receive({"milk": 20})
    store_id = StoreId(shop.store_id)
    one, two = (
        Stock(
            world.database("inventory"),
            stock_moved=convert.stock_moved,
            reservation_changed=convert.reservation_changed,
            discrepancy_changed=convert.discrepancy_changed,
        )
        for _ in range(2)
    )
    milk = (Line("milk", 1, Unit.EACH),)
    takes = [ReserveCommand(store_id, f"ord-{n}", Mode.TAKE, milk, "test") for n in range(40)]
    undos = [EndCommand(store_id, f"ord-{n}", "test") for n in reversed(range(40))]
    await asyncio.gather(
        *(one.reserve(takes[n : n + 5]) for n in range(0, 40, 5)),
        *(two.release(undos[n : n + 5]) for n in range(0, 40, 5)),
    )
    assert await shop.on_hand_and_held("milk") == (20, 0)


async def test_one_request_sent_many_times_at_once_has_one_effect(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    replies = await asyncio.gather(*(shop.hold("ord-1", {"milk": 2}) for _ in range(20)))
    assert len({reply.SerializeToString(deterministic=True) for reply in replies}) == 1
    assert replies[0].state == HELD
    assert await shop.on_hand_and_held("milk") == (5, 2)


async def test_a_commit_and_a_release_at_once_agree_on_one_end(shop: Shop) -> None:
    await shop.receive({"milk": 40})
    for number in range(20):
        order = f"ord-{number}"
        await shop.hold(order, {"milk": 1})
        ends = await outcomes(shop.commit(order), shop.release(order))
        assert "RESERVATION_ENDED" in ends


async def test_everything_at_once_leaves_the_books_balanced(shop: Shop, world: World) -> None:
    await shop.receive({"a": 60, "b": 60})
    await outcomes(*(shop.hold(f"old-{n}", {"a": 1, "b": 1}, seconds=60) for n in range(20)))
    await world.pass_time("inventory", 61)
    stock = Stock(
        world.database("inventory"),
        stock_moved=convert.stock_moved,
        reservation_changed=convert.reservation_changed,
        discrepancy_changed=convert.discrepancy_changed,
    )
    await asyncio.gather(
        outcomes(*(shop.hold(f"ord-{n}", {"a": 1, "b": 2}) for n in range(40))),
        outcomes(*(shop.take(f"buy-{n}", {"b": 1, "a": 2}) for n in range(40))),
        outcomes(*(shop.release(f"ord-{n}") for n in range(0, 40, 2))),
        outcomes(*(shop.commit(f"ord-{n}") for n in range(1, 40, 2))),
        outcomes(*(shop.release(f"old-{n}") for n in range(20))),
        shop.receive({"b": 5, "a": 5}),
        stock.end_due_holds(),
        stock.end_due_holds(),
    )
    for sku in "ab":
        level = await shop.level(sku)
        assert 0 <= level.available <= level.on_hand


ADD_TOMBSTONE = """
insert into reservation
       (store_id, reservation_id, state, lines, request_hash, shortage, actor, created_at, ended_at)
values ($1, $2, 'RELEASED', '[]', null, null, 'test', now(), now())
"""

WAITING = """
select count(*) from pg_stat_activity
 where datname = current_database() and wait_event_type = 'Lock'
"""


class Undo:
    """A process that leaves a tombstone, and commits it when told to."""

    def __init__(self, shop: Shop, order: str) -> None:
        self._shop = shop
        self._order = order
        self.is_written = asyncio.Event()
        self._go = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self._shop.world.database("inventory").transaction() as tx:
            await tx.run(ADD_TOMBSTONE, self._shop.store_id, self._order)
            self.is_written.set()
            await self._go.wait()

    async def commit(self) -> None:
        self._go.set()
        await self._task


async def until_waiting(shop: Shop, transactions: int) -> None:
    async with asyncio.timeout(10):
        while await shop.rows(WAITING) != [(transactions,)]:
            await asyncio.sleep(0.01)


async def test_a_tombstone_that_comes_meanwhile_refuses_the_take(shop: Shop) -> None:
    await shop.receive({"milk": 5})
    undo = Undo(shop, "ord-1")
    await undo.is_written.wait()
    take = asyncio.create_task(outcome(shop.take("ord-1", {"milk": 1})))
    await until_waiting(shop, 1)
    await undo.commit()
    assert await take == "ORDER_UNDONE"
    assert await shop.on_hand_and_held("milk") == (5, 0)


LOSE_EVERY_RACE = (
    "create sequence races_lost",
    """
    create function lose_race() returns trigger language plpgsql as
    'begin perform nextval(''races_lost''); return null; end'
    """,
    """
    create trigger lose_race before insert on reservation for each row
    when (new.reservation_id = 'ord-3') execute function lose_race()
    """,
)
"""The database says of this order, as often as it is asked, that another one was quicker."""

LOSE_NO_RACE = ("drop function lose_race cascade", "drop sequence races_lost")


async def run_each(world: World, statements: Sequence[str]) -> None:
    async with world.database("inventory").transaction() as tx:
        for statement in statements:
            await tx.run(statement)


async def test_a_batch_that_loses_every_race_is_a_conflict_and_has_no_effect(
    shop: Shop, world: World
) -> None:
    await shop.receive({"milk": 5})
    stock = Stock(
        world.database("inventory"),
        stock_moved=convert.stock_moved,
        reservation_changed=convert.reservation_changed,
        discrepancy_changed=convert.discrepancy_changed,
    )
    milk = (Line("milk", 1, Unit.EACH),)
    takes = [
        ReserveCommand(StoreId(shop.store_id), f"ord-{n}", Mode.TAKE, milk, "test")
        for n in (1, 2, 3)
    ]
    await run_each(world, LOSE_EVERY_RACE)
    try:
        with pytest.raises(Conflict):
            await stock.reserve(takes)
        assert await shop.rows("select last_value from races_lost") == [(ATTEMPTS_MAX,)]
    finally:
        await run_each(world, LOSE_NO_RACE)
    assert await shop.on_hand_and_held("milk") == (5, 0)
    assert not [answer for answer in await stock.reserve(takes) if isinstance(answer, HutongError)]
    assert await shop.on_hand_and_held("milk") == (2, 0)
