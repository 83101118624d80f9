"""Restores a back-up into a new home. Nothing is served from it before all of it was checked."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from allinone.backup.errors import BackupDamaged, BackupRefused
from allinone.backup.manifest import POSTGRES, Manifest
from allinone.backup.taking import refuse_own_databases
from allinone.backup.tools import ToolFailed, run_tool
from allinone.demo.progress import Progress
from allinone.embedded import Home
from allinone.embedded.binaries import postgres_version
from allinone.embedded.home import RESTORING_MARK, sync_folder
from allinone.storage import RESTORED_MARK, the_home
from allinone.topology import BLUEPRINTS, Settings
from chassis.db.migrate import known_revisions

COPIED_BYTES = 1024 * 1024


async def restore(settings: Settings, source: Path, *, out: TextIO) -> Manifest:
    """Makes a home of the back-up in a folder; HUTONG_HOME must name one with nothing in it.

    The next start serves it, and publishes its events anew. A restore that is cut off leaves a home
    that no start takes, and that the next restore begins anew. Raises BackupRefused and
    BackupDamaged.
    """
    refuse_own_databases(settings)
    manifest = Manifest.read(source)
    _require_fitting(source, manifest)
    home = the_home()
    home.lock(is_restoring=True)
    try:
        _require_empty(home)
        (home.folder / RESTORING_MARK).touch(mode=0o600)
        sync_folder(home.folder)
        try:
            await _fill(home, source, manifest, out=out)
        except BaseException:
            _clear(home)
            raise
        (home.folder / RESTORING_MARK).unlink()
        sync_folder(home.folder)
    finally:
        home.release()
    return manifest


def _require_fitting(source: Path, manifest: Manifest) -> None:
    """BackupRefused if this version of Hutong can't serve it; older schemas are migrated later."""
    ours = postgres_version()
    if manifest.postgres_major != ours.partition(".")[0]:
        raise BackupRefused(
            f"{source} is of PostgreSQL {manifest.postgres}, and this is {ours}: restore it with "
            f"the Hutong that made it, {manifest.hutong}"
        )
    known = {plan.name: known_revisions(plan.migrations) for plan in BLUEPRINTS}
    for service, revisions in manifest.schemas.items():
        strange = sorted(set(revisions) - known.get(service, frozenset()))
        if strange:
            raise BackupRefused(
                f"{source} has the schema {strange[0]} of {service}, which this version of Hutong "
                f"does not know: restore it with the one that made it, {manifest.hutong}, or newer"
            )


def _require_empty(home: Home) -> None:
    """BackupRefused if there is anything but the remains of a restore that was cut off."""
    if (home.folder / RESTORING_MARK).exists():
        _clear(home)
    left = sorted(_content(home))
    if left:
        raise BackupRefused(
            f"{home.folder} is in use already, it has {left[0].name}: "
            "set HUTONG_HOME to a new folder, a restore replaces nothing"
        )


async def _fill(home: Home, source: Path, manifest: Manifest, *, out: TextIO) -> None:
    """Copies all of it and checks the copy; PostgreSQL's data get their name last."""
    for name in manifest.files:
        if not name.startswith(f"{POSTGRES}/"):
            copy = home.folder / name
            copy.parent.mkdir(mode=0o700, exist_ok=True)
            _copy(source / name, copy)
    (home.folder / POSTGRES).mkdir(mode=0o700)
    copying = home.folder / POSTGRES / "restoring"
    await _copy_postgres(source / POSTGRES, copying, out=out)
    try:
        await run_tool("pg_verifybackup", (str(copying),))
    except ToolFailed as problem:
        raise BackupDamaged(source, str(problem)) from problem
    (home.folder / RESTORED_MARK).touch(mode=0o600)
    _sync(home.folder)
    copying.rename(home.folder / POSTGRES / "data")
    sync_folder(home.folder / POSTGRES)


async def _copy_postgres(source: Path, copying: Path, *, out: TextIO) -> None:
    sizes = {path: path.stat().st_size if path.is_file() else None for path in _all_in(source)}
    kilobytes = sum(size or 0 for size in sizes.values()) // 1024
    shown = Progress(total=max(kilobytes, 1), noun="kB", out=out)
    try:
        for bytes_done in _copied(source, copying, sizes):
            shown.add(bytes_done // 1024 - shown.done)
            await asyncio.sleep(0)  # The wish to stop is heard between two files.
    finally:
        shown.stop()


def _copied(source: Path, copying: Path, sizes: Mapping[Path, int | None]) -> Iterator[int]:
    """Copies files, and makes folders, which have no size; after each, how many bytes are done."""
    copying.mkdir(mode=0o700)
    bytes_done = 0
    for path, size in sizes.items():
        copy = copying / path.relative_to(source)
        if size is None:
            copy.mkdir(mode=0o700)
        else:
            _copy(path, copy)
            bytes_done += size
        yield bytes_done


def _all_in(folder: Path) -> list[Path]:
    """All files and folders, each folder before what is in it."""
    return sorted(folder.rglob("*"))


def _copy(file: Path, copy: Path) -> None:
    with file.open("rb") as source, open(copy, "xb", opener=_for_the_owner) as target:
        shutil.copyfileobj(source, target, COPIED_BYTES)


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    """Puts all that is in a folder on the disk."""
    for path in _all_in(folder):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sync_folder(folder)


def _content(home: Home) -> Iterator[Path]:
    return (path for path in home.folder.iterdir() if path.name not in ("lock", RESTORING_MARK))


def _clear(home: Home) -> None:
    """Takes away what a restore that did not end has brought in, its mark last."""
    for path in _content(home):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    (home.folder / RESTORING_MARK).unlink()
