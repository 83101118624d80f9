"""`hutong run` as its user sees it: a real process with its own stores."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.installed import NATIVE_PACKAGE
from hutong.catalog.v1 import catalog_service_pb2, catalog_service_pb2_grpc
from tests.support.command import END_SECONDS_MAX, READY, Command
from tests.support.shop import Shop, till_sale, wanted

RECOVERY_SECONDS_MAX = 30.0


@pytest.fixture
async def command(tmp_path: Path) -> AsyncIterator[Command]:
    made = Command(tmp_path / "home")
    yield made
    await made.close()


@pytest.fixture(params=["run", "cluster"])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Command]:
    """The platform in one process, and as a process for each service."""
    made = Command(tmp_path / "home", topology=request.param)
    yield made
    await made.close()


async def answered(shop: Shop, sku: str) -> None:
    """Sells one piece, asking again while a part is down."""
    request = till_sale(wanted(sku, 1))
    async with asyncio.timeout(RECOVERY_SECONDS_MAX):
        while True:
            try:
                await shop.orders().PlaceOrder(request)
                return
            except HutongError as error:
                if error.is_answer:
                    raise
                await asyncio.sleep(0.1)


async def test_a_platform_starts_empty_handed_sells_survives_and_stops(either: Command) -> None:
    command = either
    await command.run()
    shop = await command.shop()
    sku = await shop.product(stock=100)
    await answered(shop, sku)
    command.child("postgres").send_signal(signal.SIGKILL)
    await answered(shop, sku)
    command.child("valkey-server").send_signal(signal.SIGKILL)
    await answered(shop, sku)
    async with asyncio.timeout(RECOVERY_SECONDS_MAX):
        while (status := await command.result("status"))[0] != 0:
            assert "redis" in status[1], status
    assert "down" not in status[1]
    assert await command.result("verify") == (0, "the books balance\n")
    assert await command.stop(signal.SIGKILL) == -signal.SIGKILL

    again = Command(command.home, command.grpc_port, command.http_port, topology=command.topology)
    await again.run()
    assert "products" not in again.output.partition(READY)[0].partition("Hutong is up")[0]
    assert (await shop.stock(sku)) == (97, 0)
    stores = [again.child(name) for name in ("postgres", "valkey-server")]
    assert await again.stop() == 0
    assert not any(store.is_running() for store in stores)


async def test_a_platform_that_is_told_to_stop_finishes_what_it_has_begun(
    either: Command,
) -> None:
    command = either
    await command.run("--no-seed")
    shop = await command.shop()
    sku = await shop.product(stock=1_000)
    orders = shop.orders()
    await orders.PlaceOrder(till_sale(wanted(sku, 1)))
    selling = asyncio.gather(
        *(orders.PlaceOrder(till_sale(wanted(sku, 1))) for _ in range(200)),
        return_exceptions=True,
    )
    await asyncio.sleep(0.05)
    assert await command.stop(signal.SIGTERM) == 0
    outcomes = await selling
    sold = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    turned_away = [outcome for outcome in outcomes if isinstance(outcome, HutongError)]
    assert len(sold) + len(turned_away) == 200
    assert {error.kind for error in turned_away} <= {ErrorKind.UNAVAILABLE}

    again = Command(command.home, command.grpc_port, command.http_port, topology=command.topology)
    await again.run("--no-seed")
    assert await (await again.shop()).stock(sku) == (999 - len(sold), 0)
    assert await again.stop() == 0


async def test_the_demo_city_is_there_and_its_calls_answer_as_printed(command: Command) -> None:
    await command.run()
    token = re.search(r"export TOKEN=(\S+)", command.output)
    assert token is not None
    catalog = command.client(catalog_service_pb2_grpc.CatalogServiceStub, token.group(1))
    prices = await catalog.ListPrices(
        catalog_service_pb2.ListPricesRequest(parent="stores/sh01", page_size=1000)
    )
    assert len(prices.prices) == 1000
    assert prices.next_page_token
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{command.http_port}") as http:
        assert (await http.get("/healthz")).status_code == 200
        page = await http.get("/")
        assert f"127.0.0.1:{command.grpc_port}" in page.text
        assert "hutong_rpc_seconds" in (await http.get("/metrics")).text
    calls = [line.strip() for line in command.output.splitlines() if "buf curl" in line]
    assert len(calls) == 3
    output = b""
    for call in calls:
        process = await asyncio.create_subprocess_shell(
            call.replace(".venv/bin/buf", str(Path(sys.executable).parent / "buf")),
            env={"PATH": os.environ["PATH"], "TOKEN": token.group(1), "HOME": str(command.home)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), END_SECONDS_MAX)
        assert process.returncode == 0, output.decode()
    assert b"ORDER_STATE_COMPLETED" in output
    assert await command.result("verify") == (0, "the books balance\n")
    assert await command.stop(signal.SIGTERM) == 0


async def test_two_platforms_live_side_by_side_and_one_home_has_one(
    command: Command, tmp_path: Path
) -> None:
    await command.run("--no-seed")
    beside = Command(tmp_path / "other")
    await beside.run("--no-seed")
    code, output = await Command(command.home).result("run")
    assert code == 1
    assert output.count("\n") == 1
    assert f"{command.home} is in use" in output
    for taken in ({"HUTONG_GRPC_PORT": command.grpc_port}, {"HUTONG_HTTP_PORT": command.http_port}):
        third = Command(tmp_path / "third", extra={k: str(v) for k, v in taken.items()})
        code, output = await third.result("run")
        assert code == 1
        assert output.count("\n") == 1
        assert "the port is in use; set HUTONG_" in output
    assert await beside.stop() == 0
    assert await command.stop() == 0


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("HUTONG_HTTP_PORT", "none", "HUTONG_HTTP_PORT: "),
        ("HUTONG_HTP_PORT", "8080", "unknown setting HUTONG_HTP_PORT"),
        ("HUTONG_MODE", "production", "HUTONG_JWKS"),
        (
            "HUTONG_ORDERS_DATABASE_URL",
            "postgresql://nobody:secret@127.0.0.1:1/orders",
            "HUTONG_ORDERS_DATABASE_URL",
        ),
        ("HUTONG_HOME", "/proc/hutong", "/proc/hutong"),
    ],
)
async def test_a_wrong_setting_is_told_in_one_line(
    setting: str, value: str, told: str, tmp_path: Path
) -> None:
    command = Command(tmp_path / "home", extra={setting: value})
    code, output = await command.result("run")
    assert code == 1
    last = output.splitlines()[-1]
    assert last.startswith("hutong: ")
    assert told in last
    assert "Traceback" not in output
    assert "secret" not in last


HIDE_THE_NATIVE_SERVER = f"""
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec


def without_it(name, *rest):
    return None if name == {NATIVE_PACKAGE!r} else find_spec(name, *rest)


PathFinder.find_spec = without_it
"""
"""What Python runs as it starts, if a module on its way is called sitecustomize."""


@pytest.mark.parametrize("topology", ["run", "cluster"])
async def test_a_server_that_is_not_installed_is_told_in_one_line(
    topology: str, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDE_THE_NATIVE_SERVER)
    command = Command(tmp_path / "home", extra={"HUTONG_GRPC_SERVER": "native"})
    command.extra["PYTHONPATH"] = f"{tmp_path}:{command.environment['PYTHONPATH']}"
    code, output = await command.result(topology, "--no-seed")
    assert code == 1
    assert "Traceback" not in output
    told = [line for line in output.splitlines() if line.startswith("hutong: ")]
    assert len(told) == 1
    assert "install it with `make native`" in told[0]


async def test_commands_beside_no_platform_say_so(tmp_path: Path) -> None:
    command = Command(tmp_path / "home")
    for arguments in (("status",), ("verify",), ("seed",)):
        code, output = await command.result(*arguments)
        assert code == 1
        assert "make run" in output
        assert output.count("\n") == 1
