"""The platform to replay on: the one that runs here, or one of its own if none does.

One of its own has a home beside the usual one, so that nothing of a chain's data is touched, and
all of it is embedded, wherever databases may be configured. It ends with whoever started it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from allinone.asking import ask
from allinone.embedded.home import HOME_VARIABLE, Home, home_folder
from allinone.embedded.tied import tied
from allinone.identity import own_issuer
from allinone.issuer import LocalIssuer
from allinone.topology import (
    ADDRESS_SETTING,
    DATABASE_URLS_SETTING,
    SERVICE_SETTINGS,
    WORKERS,
    Settings,
)

HOME_SUFFIX = "-replay"
LOG_FILE = "replay-platform.log"
LOG_LINES_SHOWN = 3
START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 60.0
CONNECT_SECONDS_MAX = 5.0
POLL_SECONDS = 0.2
PROGRAM = (sys.executable, "-m", "allinone", "run", "--no-seed")

NOT_OF_ITS_OWN = {
    "HUTONG_REDIS_URL",
    *(
        setting.format(service=name.upper())
        for name in (*SERVICE_SETTINGS, WORKERS)
        for setting in (DATABASE_URLS_SETTING, ADDRESS_SETTING)
    ),
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
            *tied(PROGRAM, death_signal=signal.SIGTERM),
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
        problem = await _problem(settings)
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
            (settings.platform.host, settings.platform.grpc_port), CONNECT_SECONDS_MAX
        ):
            return True
    except OSError:
        return False


async def _problem(settings: Settings) -> str | None:
    """Why the platform is not up, None if it is."""
    try:
        status, body = await ask(settings.http_address, "/healthz")
        health = json.loads(body)
    except (OSError, ValueError) as problem:
        return str(problem) or type(problem).__name__
    if status == HTTPStatus.OK:
        return None
    down = [name for name, part in health.get("parts", {}).items() if part["status"] != "up"]
    return f"{', '.join(down) or 'a part'} of it is down"


def _last_lines(log: Path | None) -> str:
    lines = [] if log is None else log.read_text(errors="replace").split("\n")
    return " / ".join([line.strip() for line in lines if line.strip()][-LOG_LINES_SHOWN:])
