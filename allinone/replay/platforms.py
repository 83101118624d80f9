"""The platform to replay on: the one that runs here, or one of its own if none does.

One of its own has a home beside the usual one, so that nothing of a chain's data is touched, and
all of it is embedded, wherever databases may be configured. It ends with whoever started it.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from allinone.embedded.home import HOME_VARIABLE, Home, home_folder
from allinone.identity import own_issuer
from allinone.issuer import LocalIssuer
from allinone.topology import DATABASE_URLS_SETTING, SERVICE_SETTINGS, Settings

HOME_SUFFIX = "-replay"
LOG_FILE = "replay-platform.log"
LOG_LINES_SHOWN = 3
START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 60.0
ASK_SECONDS_MAX = 5.0
POLL_SECONDS = 0.2
PR_SET_PDEATHSIG = 1

NOT_OF_ITS_OWN = {
    "HUTONG_REDIS_URL",
    *(DATABASE_URLS_SETTING.format(service=name.upper()) for name in SERVICE_SETTINGS),
}
"""Settings that a platform of its own does not share."""


class NoPlatform(Exception):
    """There is no platform to replay on. The text is one line for a person."""


@dataclass(frozen=True, slots=True)
class Found:
    """A platform that answers, who signs tokens for it, and how to say which one it is."""

    address: str
    issuer: LocalIssuer
    text: str


@asynccontextmanager
async def a_platform(settings: Settings) -> AsyncIterator[Found]:
    """The platform that runs at the settings' address, or else one that runs until this is left.

    Raises NoPlatform, or ProductionRefused where the platform has no issuer of its own.
    """
    folder = home_folder(os.environ)
    if await asyncio.to_thread(_is_taken, settings):
        await _answers(settings, None)
        text = f"on the platform that runs at {settings.grpc_address}"
        yield Found(settings.grpc_address, _issuer(settings, folder), text)
        return
    home = Home.create(folder.with_name(folder.name + HOME_SUFFIX))
    log = home.folder / LOG_FILE
    process = await _started(home.folder, log)
    try:
        await _answers(settings, process, log=log)
        text = f"on a platform of its own in {home.folder}, since none ran"
        yield Found(settings.grpc_address, _issuer(settings, home.folder), text)
    finally:
        await _stopped(process)


def _issuer(settings: Settings, folder: Path) -> LocalIssuer:
    issuer = own_issuer(settings, folder)
    if issuer is None:
        raise NoPlatform("another issuer is configured, so there are no tokens for the tills")
    return issuer


async def _started(folder: Path, log: Path) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OF_ITS_OWN}
    with log.open("wb") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            str(os.getpid()),
            env=environment | {HOME_VARIABLE: str(folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )


async def _stopped(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS_MAX)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _answers(
    settings: Settings, process: asyncio.subprocess.Process | None, *, log: Path | None = None
) -> None:
    """Waits until the platform is up; NoPlatform if it is not in time, or its process has ended."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + START_SECONDS_MAX
    while True:
        problem = await asyncio.to_thread(_problem, settings)
        if problem is None:
            return
        if process is not None and process.returncode is not None:
            raise NoPlatform(f"the platform ended: {_last_lines(log)}")
        if loop.time() > give_up_at:
            raise NoPlatform(f"no platform answers at http://{settings.http_address}: {problem}")
        await asyncio.sleep(POLL_SECONDS)


def _is_taken(settings: Settings) -> bool:
    """Whether something listens where the platform serves gRPC."""
    try:
        with socket.create_connection(
            (settings.platform.host, settings.platform.grpc_port), ASK_SECONDS_MAX
        ):
            return True
    except OSError:
        return False


def _problem(settings: Settings) -> str | None:
    """Why the platform is not up, None if it is."""
    url = f"http://{settings.http_address}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=ASK_SECONDS_MAX) as response:
            health: Mapping[str, str] = json.load(response)
    except (OSError, ValueError) as problem:
        return str(problem)
    return None if health.get("status") == "up" else "a part of it is down"


def _last_lines(log: Path | None) -> str:
    lines = [] if log is None else log.read_text(errors="replace").split("\n")
    return " / ".join([line.strip() for line in lines if line.strip()][-LOG_LINES_SHOWN:])


def main() -> None:
    """Becomes the platform of a parent, whose process id is the argument, and ends with it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(sys.argv[1]):
            return
    from allinone import cli  # noqa: PLC0415 - the platform's own process only

    cli.main(["run", "--no-seed"])


if __name__ == "__main__":
    main()
