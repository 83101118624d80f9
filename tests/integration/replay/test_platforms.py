"""The platform of a replay: the one that runs, or one of its own that ends with the run."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from allinone.replay.command import replay
from allinone.replay.platforms import NoPlatform, a_platform
from allinone.replay.scope import scope_of
from allinone.topology import Settings
from chassis.kernel.clock import SystemClock
from tests.support.command import Command, free_port
from tests.support.journey import SmallJourney

END_SECONDS_MAX = 60.0
WHOLE_RUN_SECONDS_MAX = 300


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home and ports that nobody has, beside databases and services that are elsewhere."""
    monkeypatch.setenv("HUTONG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HUTONG_GRPC_PORT", str(free_port()))
    monkeypatch.setenv("HUTONG_HTTP_PORT", str(free_port()))
    monkeypatch.setenv("HUTONG_ORDERS_DATABASE_URL", "postgresql://nowhere.invalid/orders")
    monkeypatch.setenv("HUTONG_INVENTORY_ADDRESS", "127.0.0.1:1")
    return Settings.read()


@pytest.mark.timeout(WHOLE_RUN_SECONDS_MAX)
async def test_one_of_its_own_has_a_home_of_its_own_and_ends_with_the_run(
    settings: Settings, tmp_path: Path
) -> None:
    data = SmallJourney()
    before = set(psutil.Process().children())
    async with a_platform(settings) as found:
        assert str(tmp_path / "home-replay") in found.text
        (platform,) = set(psutil.Process().children()) - before
        result = await replay(
            data,
            scope_of(data.baskets_by_day()),
            address=found.address,
            issuer=found.issuer,
            clock=SystemClock(),
            out=io.StringIO(),
        )
        assert result.is_well
    assert not platform.is_running()
    assert not (tmp_path / "home").exists()


@pytest.mark.timeout(WHOLE_RUN_SECONDS_MAX)
async def test_one_that_runs_is_used_and_goes_on(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Command(
        tmp_path / "home",
        grpc_port=settings.platform.grpc_port,
        http_port=settings.platform.http_port,
    )
    await running.run("--no-seed")
    async with a_platform(settings) as found:
        assert found.text == f"on the platform that runs at {settings.grpc_address}"
        data = SmallJourney()
        result = await replay(
            data,
            scope_of(data.baskets_by_day(), baskets_max=1),
            address=found.address,
            issuer=found.issuer,
            clock=SystemClock(),
            out=io.StringIO(),
        )
        assert result.is_well
    code, _ = await running.result("status")
    assert code == 0
    assert await running.stop() == 0


async def test_why_none_starts_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUTONG_NO_SUCH_SETTING", "1")
    with pytest.raises(NoPlatform, match=r"the platform ended: .*HUTONG_NO_SUCH_SETTING"):
        async with a_platform(settings):
            pass


@pytest.mark.timeout(WHOLE_RUN_SECONDS_MAX)
async def test_one_of_its_own_ends_when_the_run_is_killed(
    settings: Settings, tmp_path: Path
) -> None:
    program = """
import asyncio, os
from allinone.replay.platforms import a_platform
from allinone.topology import Settings

async def main():
    async with a_platform(Settings.read()):
        print("up", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n"
    descendants = psutil.Process(process.pid).children(recursive=True)
    assert descendants
    process.send_signal(signal.SIGKILL)
    await process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, descendants, END_SECONDS_MAX)
    assert not alive
