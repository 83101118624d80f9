"""Following a store's stock through real streams, of several processes over one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import grpc
import pytest

from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel.errors import ErrorKind
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from chassis.messaging import board
from chassis.rpc.auth import Caller
from chassis.rpc.status import from_rpc_error
from chassis.telemetry import Metrics
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from hutong.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from services.inventory import convert
from services.inventory.domain.reservations import Mode, ReserveCommand
from services.inventory.domain.stock import Line
from services.inventory.main import BLUEPRINT
from services.inventory.usecases.stock import Stock
from tests.integration.inventory.shop import Shop
from tests.integration.inventory.watchers import SOON_SECONDS, count, stored, until, watch
from tests.support.watching import Process, StockPicture, another_process, following
from tests.support.world import World, caller


@pytest.fixture(scope="module", autouse=True)
async def workers(world: World) -> None:
    world.start_workers()


@pytest.fixture(scope="module")
async def other(world: World) -> AsyncIterator[Process]:
    async with another_process(world, BLUEPRINT) as process:
        yield process


@pytest.fixture
def staff(shop: Shop) -> Caller:
    return caller(role="cashier", stores=[shop.name])


async def test_a_watcher_is_told_what_is_and_then_what_changes(
    world: World, shop: Shop, staff: Caller
) -> None:
    await shop.receive({"milk": 5, "tofu": 3})
    async with following(world, staff, watch(shop)) as stream:
        first = await stream.next()
        assert (first.is_reset, first.is_snapshot, first.is_current) == (True, True, True)
        assert [level.name for level in first.stock_levels] == sorted(await stored(shop))
        await shop.take("ord-1", {"milk": 2})
        change = await stream.next()
        assert (change.is_reset, change.is_snapshot, change.is_current) == (False, False, True)
        assert list(change.stock_levels) == [await shop.level("milk")]
        await shop.receive({"new": 1})
        assert list((await stream.next()).stock_levels) == [await shop.level("new")]


async def test_an_empty_store_is_told_at_once_as_such(
    world: World, shop: Shop, staff: Caller
) -> None:
    async with following(world, staff, watch(shop)) as stream:
        first = await stream.next()
    assert not first.stock_levels
    assert (first.is_reset, first.is_snapshot, first.is_current) == (True, True, True)


async def test_a_change_wakes_the_board_of_the_process_that_made_it(
    world: World, shop: Shop, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "LOOK_AGAIN_SECONDS", 3600.0)
    await shop.receive({"milk": 50})
    picture = StockPicture()
    async with another_process(world, BLUEPRINT) as process:
        elsewhere = process.client(world, InventoryServiceStub, shop.service)
        async with following(world, staff, watch(shop), address=process.address) as stream:
            await picture.until_current(stream)
            for number in range(3):
                await elsewhere.TakeStock(shop.take_request(f"ord-{number}", {"milk": 1}))
                await until(picture, stream, shop.level_name("milk"), number + 2)
            await shop.receive({"milk": 1})
            assert await stream.is_silent(seconds=1)


async def test_who_names_products_is_told_of_these_only(
    world: World, shop: Shop, staff: Caller
) -> None:
    await shop.receive({"milk": 5, "tofu": 3})
    picture = StockPicture()
    async with following(world, staff, watch(shop, "milk", "not-yet")) as stream:
        await picture.until_current(stream)
        assert picture.levels == await stored(shop, "milk")
        await shop.take("ord-1", {"tofu": 1})
        await shop.receive({"not-yet": 7})
        await until(picture, stream, shop.level_name("not-yet"), 1)
    assert picture.levels == await stored(shop, "milk", "not-yet")


async def test_a_large_store_is_told_in_parts_and_a_cut_goes_on_where_it_was(
    world: World, shop: Shop, staff: Caller, other: Process
) -> None:
    skus = [f"sku{number:04}" for number in range(1, 2 * board.PAGE_PARTS_MAX + 101)]
    for begin in range(0, len(skus), 1000):
        await shop.receive(dict.fromkeys(skus[begin : begin + 1000], 2))
    picture, told = StockPicture(), list[service_pb2.WatchStockResponse]()
    async with following(world, staff, watch(shop)) as stream:
        for number in range(3):
            message = await stream.next()
            assert message.is_reset is (number == 0)
            assert message.is_snapshot
            assert message.is_current is (number == 2)
            assert 0 < len(message.stock_levels) <= board.PAGE_PARTS_MAX
            picture.add(message)
            told.append(message)
    assert picture.levels == await stored(shop)

    await shop.take("ord-1", {skus[0]: 1, skus[-1]: 1})
    rest = StockPicture()
    rest.add(told[0])
    async with following(
        world, staff, watch(shop, token=rest.token), address=other.address
    ) as stream:
        await rest.until_current(stream)
    assert rest.resets == 1
    assert rest.levels == await stored(shop)


async def test_resuming_tells_exactly_what_has_changed_since(
    world: World, shop: Shop, staff: Caller, other: Process
) -> None:
    await shop.receive({"milk": 5, "tofu": 3, "eggs": 9})
    picture = StockPicture()
    async with following(world, staff, watch(shop)) as stream:
        await picture.until_current(stream)
    for number in range(3):
        await shop.take(f"ord-{number}", {"milk": 1})
    await count(shop, "eggs", 8)
    async with following(
        world, staff, watch(shop, token=picture.token), address=other.address
    ) as stream:
        message = await stream.next()
        assert (message.is_reset, message.is_snapshot, message.is_current) == (False, False, True)
        assert {level.name: level for level in message.stock_levels} == await stored(
            shop, "milk", "eggs"
        )
        await count(shop, "tofu", 4)
        assert list((await stream.next()).stock_levels) == [await shop.level("tofu")]


async def test_resuming_after_nothing_has_changed_says_so(
    world: World, shop: Shop, staff: Caller
) -> None:
    await shop.receive({"milk": 5})
    picture = StockPicture()
    async with following(world, staff, watch(shop, "milk")) as stream:
        await picture.until_current(stream)
    async with following(world, staff, watch(shop, "milk", token=picture.token)) as stream:
        message = await stream.next()
    assert (message.is_reset, message.is_current) == (False, True)
    assert not message.stock_levels


@pytest.mark.parametrize("spoilt", ["what is this", "", "of other products", "of another history"])
async def test_a_token_that_says_nothing_begins_anew_and_says_so(
    world: World, shop: Shop, staff: Caller, spoilt: str
) -> None:
    await shop.receive({"milk": 5, "tofu": 3})
    picture = StockPicture()
    async with following(world, staff, watch(shop, "tofu")) as stream:
        await picture.until_current(stream)
    token = {
        "of other products": picture.token,
        "of another history": f"{'0' * 12}{picture.token[12:]}",
    }.get(spoilt, spoilt)
    skus = ("tofu",) if spoilt == "of another history" else ("milk", "tofu")
    async with following(world, staff, watch(shop, *skus, token=token)) as stream:
        message = await stream.next()
    assert (message.is_reset, message.is_snapshot, message.is_current) == (True, True, True)
    assert {level.name: level for level in message.stock_levels} == await stored(shop, *skus)


async def test_who_has_missed_too_much_is_told_everything_anew(
    world: World, shop: Shop, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.inventory.usecases.watching.MOVEMENTS_MISSED_MAX", 3)
    await shop.receive({"milk": 50})
    picture = StockPicture()
    async with following(world, staff, watch(shop)) as stream:
        await picture.until_current(stream)
    for number in range(4):
        await shop.take(f"ord-{number}", {"milk": 1})
    async with following(world, staff, watch(shop, token=picture.token)) as stream:
        await picture.until_current(stream)
    assert picture.resets == 2
    assert picture.levels == await stored(shop)


class LateDatabase(Database):
    """Transactions that have written all they write, and wait for a word to commit."""

    may_commit: asyncio.Event
    has_written: asyncio.Event

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with super().transaction() as tx:
            yield tx
            self.has_written.set()
            await self.may_commit.wait()


async def test_a_change_that_was_long_in_committing_is_not_missed(
    world: World, shop: Shop, staff: Caller
) -> None:
    """Its transaction is older than one that was told before, as its number is lower."""
    await shop.receive({"early": 5, "late": 5})
    database = LateDatabase(world.urls["inventory"], name="inventory", metrics=Metrics())
    database.may_commit, database.has_written = asyncio.Event(), asyncio.Event()
    stock = Stock(
        database,
        stock_moved=convert.stock_moved,
        reservation_changed=convert.reservation_changed,
        discrepancy_changed=convert.discrepancy_changed,
    )
    line = Line("late", 1, Unit.EACH)
    command = ReserveCommand(StoreId(shop.store_id), "ord-late", Mode.TAKE, (line,), "test")
    picture = StockPicture()
    async with following(world, staff, watch(shop)) as stream:
        await picture.until_current(stream)
        taking = asyncio.create_task(stock.reserve([command]))
        await database.has_written.wait()
        await count(shop, "early", 4)
        await until(picture, stream, shop.level_name("early"), 2)
        seen = picture.token
        database.may_commit.set()
        await taking
        await until(picture, stream, shop.level_name("late"), 2)
    resumed = StockPicture()
    async with following(world, staff, watch(shop, token=seen)) as stream:
        await resumed.until_current(stream)
    assert resumed.levels[shop.level_name("late")] == await shop.level("late")
    await database.close()


async def test_a_reader_who_stops_reading_is_told_the_newest_of_each_level(
    world: World, shop: Shop, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some twenty changes of each of 300 levels: more bytes than all buffers on the way hold."""
    monkeypatch.setattr("chassis.messaging.watch.PARTS_MAX", 100)
    skus = [f"sku{number:03}" for number in range(300)]
    await shop.receive(dict.fromkeys(skus, 1000))
    async with another_process(world, BLUEPRINT) as process:
        picture = StockPicture()
        async with following(world, staff, watch(shop), address=process.address) as stream:
            await picture.until_current(stream)
            for _ in range(20):
                await shop.receive(dict.fromkeys(skus, 1))
            begun = picture.messages
            await until(picture, stream, shop.level_name(skus[-1]), 21)
            await picture.until_current(stream)
            assert picture.levels == await stored(shop)
            assert picture.resets == 1
            assert picture.messages - begun < 20 * 3
        assert process.metric("hutong_watch_behind_total") >= 1


async def test_a_change_of_very_many_levels_at_once_is_told_whole(
    world: World, shop: Shop, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "FOUND_MAX", 50)
    skus = [f"sku{number:03}" for number in range(200)]
    await shop.receive(dict.fromkeys(skus, 1000))
    some, all_of_it = StockPicture(), StockPicture()
    async with (
        following(world, staff, watch(shop)) as whole,
        following(world, staff, watch(shop, *skus[:5])) as part,
    ):
        await all_of_it.until_current(whole)
        await some.until_current(part)
        await shop.receive(dict.fromkeys(skus, 1))
        await until(all_of_it, whole, shop.level_name(skus[-1]), 2)
        await until(some, part, shop.level_name(skus[4]), 2)
    assert all_of_it.levels == await stored(shop)
    assert some.levels == await stored(shop, *skus[:5])


async def test_a_watcher_hears_where_the_stream_is_when_nothing_happens(
    world: World, shop: Shop, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "PROGRESS_SECONDS", 0.5)
    await shop.receive({"milk": 5})
    picture = StockPicture()
    async with following(world, staff, watch(shop)) as stream:
        await picture.until_current(stream)
        before = picture.token
        message = await stream.next()
        assert not message.stock_levels
        assert message.is_current
        assert message.resume_token != before


async def test_who_leaves_is_forgotten(world: World, shop: Shop, staff: Caller) -> None:
    await shop.receive({"milk": 5})
    async with another_process(world, BLUEPRINT) as process:
        async with AsyncExitStack() as stack:
            for request in (watch(shop), watch(shop), watch(shop, "milk", "tofu")):
                stream = await stack.enter_async_context(
                    following(world, staff, request, address=process.address)
                )
                await StockPicture().until_current(stream)
            assert process.metric("hutong_watches") == 3
        async with asyncio.timeout(SOON_SECONDS):
            while process.metric("hutong_watches"):
                await asyncio.sleep(0.05)


async def test_a_draining_process_sends_its_watchers_elsewhere(
    world: World, shop: Shop, staff: Caller
) -> None:
    await shop.receive({"milk": 5})
    picture = StockPicture()
    async with (
        another_process(world, BLUEPRINT) as process,
        following(world, staff, watch(shop), address=process.address) as stream,
    ):
        await picture.until_current(stream)
        await process.server.turn_away()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.next()
        assert from_rpc_error(caught.value, part="it").kind is ErrorKind.UNAVAILABLE
    await shop.take("ord-1", {"milk": 1})
    async with following(world, staff, watch(shop, token=picture.token)) as stream:
        await picture.until_current(stream)
    assert picture.resets == 1
    assert picture.levels == await stored(shop)


@pytest.mark.parametrize("also", [[], ["cashier"]], ids=["customer", "cashier elsewhere"])
async def test_a_customer_names_what_to_follow(world: World, shop: Shop, also: list[str]) -> None:
    await shop.receive({"milk": 5, "tofu": 3})
    customer = replace(
        caller(role="customer", customer="customers/c1", stores=["stores/another"]),
        roles=frozenset({"customer", *also}),
    )
    async with following(world, customer, watch(shop, "milk")) as stream:
        picture = StockPicture()
        await picture.until_current(stream)
        assert picture.levels == await stored(shop, "milk")
    async with following(world, customer, watch(shop)) as stream:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.next()
    error = from_rpc_error(caught.value, part="it")
    assert (error.kind, error.violations) == (
        ErrorKind.INVALID_ARGUMENT,
        (("products", "must be named"),),
    )
