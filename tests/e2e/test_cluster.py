"""`hutong cluster` as its user sees it: processes die, hang and come back under one supervisor."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from allinone.topology import PROCESSES
from chassis.kernel.errors import HutongError
from tests.support.command import READY, Command
from tests.support.shop import Shop, till_sale, wanted
from tests.support.world import Client, answer

RESTART_SECONDS_MAX = 60.0
"""It takes two on a quiet machine."""

MEMORY_BYTES_MAX = 110 * 1024 * 1024


@pytest.fixture(scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Command]:
    command = Command(
        tmp_path_factory.mktemp("cluster") / "home",
        topology="cluster",
        extra={"HUTONG_LOG_FORMAT": "json"},
    )
    await command.run("--no-seed")
    yield command
    assert await command.result("verify") == (0, "the books balance\n")
    children = psutil.Process(command.pid).children(recursive=True)
    assert await command.stop(signal.SIGTERM) == 0
    assert not [child for child in children if child.is_running()]
    assert not (command.home / "processes.json").exists()


@pytest.fixture(scope="module")
async def shop(cluster: Command) -> Shop:
    return await cluster.shop()


async def up(cluster: Command) -> None:
    """Waits until every process is up by its own word."""
    output = ""
    try:
        async with asyncio.timeout(RESTART_SECONDS_MAX):
            while True:
                code, output = await cluster.result("status")
                if code == 0:
                    return
    except TimeoutError:
        pytest.fail(output)


async def sold(client: Client, sku: str) -> None:
    """Sells one piece, asking again with the same request until there is an answer."""
    assert not isinstance(await answer(client, "PlaceOrder", till_sale(wanted(sku, 1))), Exception)


@pytest.mark.parametrize("name", PROCESSES)
async def test_a_killed_process_comes_back_and_sales_go_on(
    name: str, cluster: Command, shop: Shop
) -> None:
    sku = await shop.product(stock=10)
    before = cluster.listing().processes
    selling = asyncio.gather(*(sold(shop.orders(), sku) for _ in range(5)))
    cluster.signal(name, signal.SIGKILL)
    async with asyncio.timeout(RESTART_SECONDS_MAX):
        while cluster.listing().processes[name].starts == before[name].starts:
            await asyncio.sleep(0.05)
    await up(cluster)
    await selling
    await sold(shop.orders(), sku)
    assert await shop.stock(sku) == (4, 0)
    after = cluster.listing().processes
    assert {each for each in after if after[each].pid != before[each].pid} == {name}
    assert after[name].grpc_address == before[name].grpc_address


async def test_a_process_that_hangs_holds_up_its_own_calls_only(
    cluster: Command, shop: Shop
) -> None:
    sku = await shop.product(stock=10)
    cluster.signal("payments", signal.SIGSTOP)
    try:
        request = till_sale(wanted(sku, 2))
        with pytest.raises(HutongError) as caught:
            await shop.orders().PlaceOrder(request, seconds=2)
        assert not caught.value.is_answer
        assert await shop.stock(sku) == (8, 0)
        code, output = await cluster.result("status")
        (line,) = [line for line in output.splitlines() if " down " in line]
        assert (code, line.split()[0]) == (1, "payments")
    finally:
        cluster.signal("payments", signal.SIGCONT)
    order = await answer(shop.orders(), "PlaceOrder", request)
    assert not isinstance(order, Exception)
    assert await shop.stock(sku) == (8, 0)


async def test_every_line_of_the_joined_log_is_an_object_with_its_process(
    cluster: Command,
) -> None:
    before, told, rest = cluster.output.partition("\nHutong is up.\n")
    banner, ready, after = rest.partition(f"{READY}\n")
    assert told
    assert ready
    assert '"process"' not in banner
    lines = [json.loads(line) for line in (before + after).splitlines() if line]
    assert {line["process"] for line in lines} >= {"supervisor", *PROCESSES}


async def test_each_process_is_as_small_as_it_has_to_be(cluster: Command) -> None:
    listing = cluster.listing()
    pids = {name: process.pid for name, process in listing.processes.items()}
    pids["supervisor"] = listing.supervisor
    sizes = {name: psutil.Process(pid).memory_full_info().pss for name, pid in pids.items()}
    assert not {name: size for name, size in sizes.items() if size > MEMORY_BYTES_MAX}


async def test_a_service_answers_at_its_own_port_as_at_the_gateways(
    cluster: Command, shop: Shop
) -> None:
    sku = await shop.product(stock=3)
    request = till_sale(wanted(sku, 1))
    through = await shop.orders().PlaceOrder(request)
    own = Command(cluster.home, grpc_port=_port(cluster, "orders"), http_port=cluster.http_port)
    direct = await (await own.shop()).orders().PlaceOrder(request)
    assert direct.SerializeToString() == through.SerializeToString()


async def test_a_killed_supervisor_leaves_nobody_behind_not_even_who_hangs(
    tmp_path: Path,
) -> None:
    command = Command(tmp_path / "home", topology="cluster")
    await command.run("--no-seed")
    children = psutil.Process(command.pid).children(recursive=True)
    assert len(children) > len(PROCESSES)
    command.signal("catalog", signal.SIGSTOP)
    assert await command.stop(signal.SIGKILL) == -signal.SIGKILL
    gone, alive = await asyncio.to_thread(psutil.wait_procs, children, RESTART_SECONDS_MAX)
    assert (len(gone), alive) == (len(children), [])
    code, output = await Command(command.home, command.grpc_port, command.http_port).result(
        "status"
    )
    assert (code, "no platform answers" in output) == (1, True)


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("HUTONG_HTTP_PORT", "none", "HUTONG_HTTP_PORT: "),
        ("HUTONG_MODE", "production", "HUTONG_TOKEN_ISSUER"),
        ("HUTONG_FURTHER_ROLES", "boss=emperor", "HUTONG_FURTHER_ROLES: boss"),
        ("HUTONG_TOKEN_ISSUER", "https://idp.example", "HUTONG_SERVICE_TOKEN_FILE"),
    ],
)
async def test_a_wrong_setting_ends_the_start_in_one_line(
    setting: str, value: str, told: str, tmp_path: Path
) -> None:
    command = Command(tmp_path / "home", topology="cluster", extra={setting: value})
    code, output = await command.result("cluster", "--no-seed")
    assert code == 1
    assert output.count("\n") == 1
    assert told in output


async def test_taken_ports_and_homes_are_refused_in_one_line(
    cluster: Command, tmp_path: Path
) -> None:
    for home, taken in (
        (cluster.home, {}),
        (tmp_path / "home", {"HUTONG_GRPC_PORT": str(cluster.grpc_port)}),
        (tmp_path / "home", {"HUTONG_HTTP_PORT": str(cluster.http_port)}),
    ):
        code, output = await Command(home, extra=taken).result("cluster")
        assert (code, output.count("\n")) == (1, 1), output
        assert "is in use" in output


def _port(cluster: Command, name: str) -> int:
    return int(cluster.listing().processes[name].grpc_address.rpartition(":")[2])
