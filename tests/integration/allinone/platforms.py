"""Platforms to test the embedded stores with: in this process, and as a process of their own that
may be killed.
"""

import asyncio
import json
import os
import pwd
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from allinone.embedded import EmbeddedPostgres, EmbeddedValkey, Home, Supervisor

REPOSITORY = Path(__file__).parents[3]
SECONDS_MAX = 60.0
POLL_SECONDS = 0.05

PLATFORM_PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from allinone.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey, Home, Supervisor

async def main():
    home = Home.create(Path(sys.argv[1]))
    home.lock()
    postgres = EmbeddedPostgres(home.folder, secrets=home.secrets, port=home.port("postgres"))
    valkey = EmbeddedValkey(home.folder, secrets=home.secrets, port=home.port("valkey"))
    supervisor = Supervisor([valkey, postgres])
    await supervisor.start()
    await postgres.ensure_databases(["orders"])
    facts = {"pids": [postgres.pid, valkey.pid], "orders_url": postgres.service_url("orders")}
    print("ready", json.dumps(facts), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await supervisor.stop()

try:
    asyncio.run(main())
except EmbeddedError as error:
    print("error", type(error).__name__, error, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Platform:
    """The stores of one home, running in this process."""

    home: Home
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    supervisor: Supervisor

    async def orders(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.postgres.service_url("orders"), ssl=False)

    async def commit_row(self, value: int) -> None:
        connection = await self.orders()
        try:
            await connection.execute("CREATE TABLE IF NOT EXISTS kept (value integer)")
            await connection.execute("INSERT INTO kept VALUES ($1)", value)
        finally:
            await connection.close()

    async def rows(self) -> list[int]:
        connection = await self.orders()
        try:
            found = await connection.fetch("SELECT value FROM kept ORDER BY value")
            return [row["value"] for row in found]
        finally:
            await connection.close()

    async def put(self, key: str, value: str) -> None:
        async with Redis.from_url(self.valkey.url) as client:
            await client.set(key, value)

    async def get(self, key: str) -> str | None:
        async with Redis.from_url(self.valkey.url) as client:
            value = await client.get(key)
            return value.decode() if isinstance(value, bytes) else None


@asynccontextmanager
async def running_platform(folder: Path) -> AsyncIterator[Platform]:
    home = Home.create(folder)
    home.lock()
    postgres = EmbeddedPostgres(home.folder, secrets=home.secrets, port=home.port("postgres"))
    valkey = EmbeddedValkey(home.folder, secrets=home.secrets, port=home.port("valkey"))
    supervisor = Supervisor([postgres, valkey])
    try:
        await supervisor.start()
        await postgres.ensure_databases(["orders"])
        yield Platform(home, postgres, valkey, supervisor)
    finally:
        await supervisor.stop()
        home.release()


class PlatformOpener(Protocol):
    def __call__(self, folder: Path) -> AbstractAsyncContextManager[Platform]: ...


class PlatformProcess:
    """The stores of one home below a process of its own, started by `prefix` (which may change its
    user).
    """

    def __init__(self, folder: Path, *, prefix: tuple[str, ...] = ()) -> None:
        paths = [str(REPOSITORY), *(path for path in sys.path if path.endswith("site-packages"))]
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", PLATFORM_PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(paths),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )

    def said(self) -> str:
        """The next line that the program prints which is not one of its logs."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(("ready ", "error ")):
                return line.strip()
        raise AssertionError(f"the platform ended with {self.process.wait(SECONDS_MAX)}")

    def facts(self) -> tuple[list[int], str]:
        """Waits until it is ready; the process ids of its children, and the address of the orders'
        database.
        """
        verdict, _, rest = self.said().partition(" ")
        assert verdict == "ready", rest
        facts = json.loads(rest)
        return facts["pids"], facts["orders_url"]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS_MAX)

    def stop(self) -> int:
        self.process.communicate(timeout=SECONDS_MAX)
        return self.process.returncode


class PlatformSpawner(Protocol):
    def __call__(self, folder: Path, *, prefix: tuple[str, ...] = ()) -> PlatformProcess: ...


async def replaced(store: EmbeddedPostgres | EmbeddedValkey, *, old: int | None) -> None:
    """Waits until another process than `old` serves."""
    async with asyncio.timeout(SECONDS_MAX):
        while store.pid in (None, old):
            await asyncio.sleep(POLL_SECONDS)
        await store.start()


async def gone(pids: list[int]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while any(
            psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
            for pid in pids
        ):
            await asyncio.sleep(POLL_SECONDS)


def effective_capabilities(pid: int | None) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))


def prefix_of(user: pwd.struct_passwd) -> tuple[str, ...]:
    """What makes a command run as that user; where this Python is closed to others, with leave to
    read it.
    """
    plain = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    reading = (*plain, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    for prefix in (plain, reading):
        command = [*prefix, sys.executable, "-c", "import sys; print(sys.version, end='')"]
        # The words, since the linker may find another Python's library when this one's cannot be
        # read.
        if (
            subprocess.run(command, capture_output=True, text=True, cwd="/", check=False).stdout
            == sys.version
        ):
            return prefix
    pytest.skip("this Python is closed to other users")


def require_reach(prefix: tuple[str, ...], path: Path) -> None:
    if subprocess.run([*prefix, "test", "-r", str(path)], cwd="/", check=False).returncode != 0:
        pytest.skip(f"{path} is closed to other users")
