"""Takes a back-up: of a platform that runs, or of a home that nobody uses."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

import asyncpg

from allinone.backup.errors import BackupFailed, BackupRefused
from allinone.backup.manifest import POSTGRES, Manifest, checksums, put
from allinone.backup.tools import ToolFailed, run_tool
from allinone.demo.progress import Progress
from allinone.embedded import (
    SUPERUSER,
    EmbeddedPostgres,
    Home,
    HomeInUse,
    Supervisor,
    service_role,
)
from allinone.embedded.home import sync_folder
from allinone.embedded.store import HOST
from allinone.storage import NotStarted, the_home
from allinone.topology import DATABASE_URLS_SETTING, SERVICES, Settings
from chassis.db.engine import CONNECT_SECONDS_MAX, SCHEMA
from chassis.kernel.clock import SystemClock

KEPT_FILES = ("secrets.json", "seeded")
ISSUER = "issuer"
ISSUER_SUFFIXES = frozenset({".pem", ".json"})
ROOM_SHARE = 1.1
"""The log that is written while the copy is made comes on top of the databases."""

_SIZE = "select sum(pg_database_size(oid))::bigint from pg_database"
_REVISIONS = f"select version_num from {SCHEMA}.alembic_version order by version_num"


async def back_up(settings: Settings, target: Path, *, out: TextIO) -> Manifest:
    """Writes a back-up to a folder that does not exist; it appears there once it is whole.

    It holds what was committed when the copy ended, in all databases at that one instant. Raises
    BackupRefused, BackupFailed, and what the stores raise.
    """
    refuse_own_databases(settings)
    home = the_home()
    _require_free_place(target, home)
    if not (home.folder / POSTGRES / "data").exists():
        raise NotStarted(str(home.folder))
    async with _server(home) as postgres:
        with _partial_folder(target) as partial:
            _require_room(target, await _asked(postgres, "postgres", _SIZE))
            schemas = {service: await _revisions(postgres, service) for service in SERVICES}
            password = home.secrets.password(SUPERUSER)
            await _copy_postgres(postgres.port, password, partial / POSTGRES, out=out)
            _copy_files(home.folder, partial)
            manifest = Manifest(
                created_at=SystemClock().now().isoformat(timespec="seconds"),
                hutong=version("hutong"),
                postgres=str(await _asked(postgres, "postgres", "show server_version")),
                schemas=schemas,
                files=checksums(partial),
            )
            manifest.write(partial)
            for written in (partial / ISSUER, partial):
                if written.exists():
                    sync_folder(written)
            partial.rename(target)
        sync_folder(target.parent)
    return manifest


def refuse_own_databases(settings: Settings) -> None:
    """BackupRefused if any service's database is not embedded."""
    given = sorted(settings.database_urls)
    if given:
        names = ", ".join(DATABASE_URLS_SETTING.format(service=name.upper()) for name in given)
        raise BackupRefused(
            f"with databases of your own ({names}) their own means apply, all to one instant: "
            "docs/operations.md says how"
        )


@asynccontextmanager
async def _server(home: Home) -> AsyncIterator[EmbeddedPostgres]:
    """The home's PostgreSQL: that of the platform which runs, or one that is started for this."""
    try:
        home.lock()
    except HomeInUse:
        port = home.kept_port(POSTGRES)
        if port is None:
            raise NotStarted(str(home.folder)) from None
        yield EmbeddedPostgres(home.folder, secrets=home.secrets, port=port)
        return
    postgres = EmbeddedPostgres(home.folder, secrets=home.secrets, port=home.port(POSTGRES))
    supervisor = Supervisor([postgres])
    try:
        await supervisor.start()
        yield postgres
    finally:
        await supervisor.stop()
        home.release()


def _require_free_place(target: Path, home: Home) -> None:
    if target.exists() or target.is_symlink():
        raise BackupRefused(f"{target} exists already: name a new folder")
    if target.is_relative_to(home.folder):
        raise BackupRefused(f"{target} is within the home {home.folder}: name a folder elsewhere")
    if not target.parent.is_dir():
        raise BackupRefused(f"there is no folder {target.parent}: make it first")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise BackupRefused(f"{target.parent} is not writable: name a folder elsewhere")


@contextmanager
def _partial_folder(target: Path) -> Iterator[Path]:
    """A folder beside the target for what is not whole yet; gone afterwards, unless renamed.

    What a killed back-up to the same target left behind is cleared away; one that still runs holds
    its folder.
    """
    prefix = f".{target.name}.partial-"
    for left in target.parent.glob(f"{prefix}*"):
        with _held(left) as is_held:
            if is_held:
                shutil.rmtree(left, ignore_errors=True)
    try:
        partial = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    except OSError as problem:
        raise BackupRefused(f"{target.parent} can't be written to: {problem.strerror}") from problem
    try:
        with _held(partial):
            yield partial
    except OSError as problem:
        raise BackupFailed(f"the back-up was given up: {problem}") from problem
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Holds a folder while the block runs; False if another process does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _require_room(target: Path, size: object) -> None:
    wanted, free = int(int(str(size)) * ROOM_SHARE), shutil.disk_usage(target.parent).free
    if wanted > free:
        raise BackupRefused(
            f"{target.parent} has room for {free // 1024**2} MB, and {wanted // 1024**2} MB are "
            "needed: name a folder elsewhere"
        )


async def _copy_postgres(port: int, password: str, folder: Path, *, out: TextIO) -> None:
    shown: Progress | None = None
    begun_at = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal shown
        shown = shown or Progress(total=max(total, 1), noun="kB", out=out, begun_at=begun_at)
        shown.add(done - shown.done)

    try:
        await run_tool(
            "pg_basebackup",
            (
                f"--host={HOST}",
                f"--port={port}",
                f"--username={SUPERUSER}",
                f"--pgdata={folder}",
                "--format=plain",
                "--wal-method=stream",
                "--checkpoint=fast",
                "--manifest-checksums=SHA256",
                "--no-password",
                "--progress",
            ),
            variables={"PGPASSWORD": password},
            progress=progress,
        )
    except ToolFailed as problem:
        raise BackupFailed(
            f"the back-up was given up ({problem}): nothing of it is left, try again"
        ) from problem
    finally:
        if shown is not None:
            shown.stop()


def _copy_files(home: Path, partial: Path) -> None:
    """The passwords and keys that belong to the data, closed to others as in the home."""
    for name in KEPT_FILES:
        if (home / name).exists():
            put(partial / name, (home / name).read_bytes())
    if (home / ISSUER).is_dir():
        (partial / ISSUER).mkdir(mode=0o700)
        for file in (home / ISSUER).iterdir():
            if file.suffix in ISSUER_SUFFIXES:
                put(partial / ISSUER / file.name, file.read_bytes())


async def _revisions(postgres: EmbeddedPostgres, service: str) -> Sequence[str]:
    """Where a service's schema stands; nowhere if its first start was cut off before."""
    try:
        rows = await _rows(postgres, service_role(service), _REVISIONS)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidCatalogNameError):
        return ()
    return [str(row["version_num"]) for row in rows]


async def _asked(postgres: EmbeddedPostgres, database: str, statement: str) -> object:
    (row,) = await _rows(postgres, database, statement)
    return row[0]


async def _rows(
    postgres: EmbeddedPostgres, database: str, statement: str
) -> Sequence[Mapping[object, object]]:
    connection = await asyncpg.connect(postgres.url(database), timeout=CONNECT_SECONDS_MAX)
    try:
        found: Sequence[Mapping[object, object]] = await connection.fetch(statement)
        return found
    finally:
        await connection.close()
