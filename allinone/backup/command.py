"""`hutong backup` and `hutong restore`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from allinone.backup.errors import BackupFailed
from allinone.backup.restoring import restore
from allinone.backup.taking import back_up
from allinone.topology import Settings
from allinone.waiting import stop_wished, until

Result = TypeVar("Result")


def add_backup_options(parser: argparse.ArgumentParser) -> None:
    """What `backup` takes."""
    parser.add_argument(
        "--to", type=_folder, required=True, metavar="FOLDER", help="a folder that does not exist"
    )


def add_restore_options(parser: argparse.ArgumentParser) -> None:
    """What `restore` takes."""
    parser.add_argument(
        "--from", dest="source", type=_folder, required=True, metavar="FOLDER", help="a back-up"
    )


async def backup_platform(settings: Settings, options: argparse.Namespace) -> int:
    """Backs up a platform with its data, passwords and keys, while it runs or when it does not."""
    manifest = await _unless_stopped(back_up(settings, options.to, out=sys.stdout))
    print(f"{options.to} is a back-up of all that was committed, made at {manifest.created_at}")
    return 0


async def restore_platform(settings: Settings, options: argparse.Namespace) -> int:
    """Restores a back-up into the home that HUTONG_HOME names, which must be new."""
    manifest = await _unless_stopped(restore(settings, options.source, out=sys.stdout))
    print(f"restored what was backed up at {manifest.created_at}: start it with `hutong run`")
    return 0


async def _unless_stopped(work: Awaitable[Result]) -> Result:
    """What the work answers; BackupFailed if Ctrl-C or SIGTERM cut it off, which cleans up."""
    working = asyncio.ensure_future(work)
    await until(stop_wished(), working)
    if working.cancelled():
        raise BackupFailed("stopped before its end, and what it had written is removed")
    return working.result()


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()
