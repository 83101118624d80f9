"""`hutong events` beside a running platform: what happens is printed, and consumers are told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator

import pytest

from services.catalog.events import STOCK_CONSUMER
from tests.support.command import Command
from tests.support.shop import Shop, till_sale, wanted

LINE_SECONDS_MAX = 60.0
END_SECONDS_MAX = 30.0


@pytest.fixture(autouse=True)
def the_books_balance() -> None:
    """Nothing of the shared world is used here."""


@pytest.fixture(scope="module")
async def command(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Command]:
    command = Command(tmp_path_factory.mktemp("events") / "home")
    await command.run("--no-seed")
    yield command
    await command.stop()


@pytest.fixture(scope="module")
async def shop(command: Command) -> Shop:
    shop = await command.shop()
    await shop.open()
    return shop


async def _line(process: asyncio.subprocess.Process, *, having: str) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(LINE_SECONDS_MAX):
        while True:
            line = (await process.stdout.readline()).decode()
            assert line, "it ended"
            if having in line:
                return line


async def _end(process: asyncio.subprocess.Process) -> int:
    process.send_signal(signal.SIGINT)
    return await asyncio.wait_for(process.wait(), END_SECONDS_MAX)


async def test_what_happens_is_printed_as_it_happens(command: Command, shop: Shop) -> None:
    sku = await shop.product(stock=1000)
    process = await command.start("events", "--type", "OrderChanged", "--type", "StockMoved")
    printed = asyncio.create_task(_line(process, having="OrderChanged"))
    while not printed.done():
        await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
        await asyncio.sleep(0.5)
    line = await printed
    assert "demo/stores/" in line
    assert "ORDER_STATE_COMPLETED" in line
    assert await _end(process) == 0


async def test_it_ends_quietly_when_its_reader_has_read_enough(
    command: Command, shop: Shop
) -> None:
    """As in `hutong events | head -1`."""
    await shop.product(stock=10)
    reads, writes = os.pipe()
    process = await command.start(
        "events", "--from-beginning", output=writes, problems=asyncio.subprocess.PIPE
    )
    os.close(writes)
    assert await asyncio.to_thread(os.read, reads, 1)
    os.close(reads)
    await shop.product(stock=10)
    _, problems = await asyncio.wait_for(process.communicate(), END_SECONDS_MAX)
    assert (process.returncode, problems.decode()) == (0, "")


async def test_programs_get_an_object_a_line_from_the_beginning_on(
    command: Command, shop: Shop
) -> None:
    sku = await shop.product(stock=7)
    arguments = ("--json", "--from-beginning", "--service", "inventory", "--aggregate", f"/{sku}")
    process = await command.start("events", *arguments)
    event = json.loads(await _line(process, having=sku))
    assert await _end(process) == 0
    assert (event["specversion"], event["sequence"]) == ("1.0", 1)
    assert event["type"] == "hutong.inventory.v1.StockMoved"
    assert event["id"] == f"{event['subject']}#1"
    assert event["data"]["level"]["onHand"] == "7"


async def test_consumers_are_listed_and_told_to_begin_anew(command: Command, shop: Shop) -> None:
    code, output = await command.result("events", "consumers")
    assert code == 0
    assert f"{STOCK_CONSUMER}    of inventory: " in output
    assert await command.result("events", "parked") == (0, "")
    assert await command.result("events", "retry") == (0, "0 events are tried again\n")
    code, output = await command.result("events", "rebuild", STOCK_CONSUMER)
    assert (code, output) == (0, f"{STOCK_CONSUMER} begins anew\n")
    code, output = await command.result("events", "rebuild", "nobody")
    assert code == 1
    assert output == f"hutong: there is no consumer nobody; there are {STOCK_CONSUMER}\n"
