"""Back-ups that can't be taken or restored: one line that says why, and nothing half."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from allinone.backup import back_up, restore
from allinone.backup.errors import BackupDamaged, BackupRefused
from allinone.backup.manifest import MANIFEST, POSTGRES, Manifest
from allinone.embedded import Home, HomeInUse, RestoreUnfinished
from allinone.embedded.home import RESTORING_MARK
from allinone.issuer import LocalIssuer
from allinone.migrating import migrate
from allinone.storage import RESTORED_MARK, NotStarted, Storage
from allinone.topology import Settings
from tests.support.command import REPOSITORY, Command

END_SECONDS_MAX = 60.0
MEGABYTE = 1024**2


@pytest.fixture(scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with data and signing keys, which nobody uses."""
    made = Home.create(tmp_path_factory.mktemp("kept") / "home")
    await started_once(made)
    LocalIssuer(made.folder / "issuer", issuer="", audience="", mode="development")
    return made.folder


async def started_once(home: Home) -> None:
    """What `hutong migrate` does."""
    home.lock()
    storage = Storage.of(Settings.read(), home=home)
    try:
        await storage.start()
        await migrate(storage.urls)
    finally:
        await storage.stop()
        home.release()


@pytest.fixture(scope="module")
async def taken(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A back-up of it."""
    folder = tmp_path_factory.mktemp("taken") / "monday"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUTONG_HOME", str(home))
        shown = io.StringIO()
        await back_up(Settings.read(), folder, out=shown)
    assert "100 %" in shown.getvalue()
    return folder


@pytest.fixture
def damaged(taken: Path, tmp_path: Path) -> Path:
    """A copy of the back-up to be damaged: its files are the back-up's own until replaced."""
    return Path(shutil.copytree(taken, tmp_path / "copy", copy_function=os.link))


@pytest.fixture
def new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUTONG_HOME", str(tmp_path / "new"))
    return tmp_path / "new"


async def restored(folder: Path) -> Manifest:
    return await restore(Settings.read(), folder, out=io.StringIO())


def changed(file: Path, change: Callable[[bytes], bytes]) -> None:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(change(content))


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def nothing_in(home: Path) -> bool:
    return not home.exists() or names_in(home) == {"lock"}


def are_the_owners(folder: Path) -> bool:
    """Whether nobody else may read any of it."""
    return not any(
        stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (folder, *folder.rglob("*"))
    )


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def a_table(folder: Path) -> Path:
    """The largest file of any database."""
    return max((folder / POSTGRES / "base").rglob("*"), key=lambda path: path.stat().st_size)


def a_log(folder: Path) -> Path:
    return next(path for path in (folder / POSTGRES / "pg_wal").iterdir() if path.is_file())


async def test_a_back_up_is_its_owners_and_has_what_belongs_to_the_data(taken: Path) -> None:
    assert are_the_owners(taken)
    assert names_in(taken / "issuer") == {
        "signing-key.pem", "identity-signing-key.pem", "jwks.json",
    }  # fmt: skip
    manifest = Manifest.read(taken)
    assert set(manifest.schemas) == {"stores", "catalog", "inventory", "payments", "orders"}
    assert names_in(taken) == {MANIFEST, POSTGRES, "issuer", "secrets.json"}
    assert names_in(taken.parent) == {taken.name}


async def test_a_restored_home_starts_and_is_restored_once(
    taken: Path, home: Path, new_home: Path
) -> None:
    await restored(taken)
    assert (new_home / "secrets.json").read_bytes() == (home / "secrets.json").read_bytes()
    assert (new_home / RESTORED_MARK).exists()
    assert are_the_owners(new_home)
    with pytest.raises(BackupRefused, match="replaces nothing"):
        await restored(taken)
    await started_once(Home.create(new_home))
    assert not (new_home / RESTORED_MARK).exists()


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a table's bit": lambda folder: changed(a_table(folder), flipped),
    "a table cut": lambda folder: changed(a_table(folder), lambda content: content[:-8192]),
    "a table gone": lambda folder: a_table(folder).unlink(),
    "a file too many": lambda folder: (folder / POSTGRES / "base" / "surplus").touch(),
    "the log's first bytes": lambda folder: changed(
        a_log(folder), lambda content: bytes(8192) + content[8192:]
    ),
    "the log gone": lambda folder: a_log(folder).unlink(),
    "a password": lambda folder: changed(folder / "secrets.json", flipped),
    "a key gone": lambda folder: (folder / "issuer" / "signing-key.pem").unlink(),
    "PostgreSQL's manifest": lambda folder: changed(
        folder / POSTGRES / "backup_manifest", lambda content: content.replace(b"a", b"b", 1)
    ),
    "the manifest": lambda folder: changed(
        folder / MANIFEST, lambda content: content.replace(b"orders_", b"ordres_")
    ),
    "the manifest cut": lambda folder: changed(folder / MANIFEST, lambda content: content[:40]),
    "the manifest gone": lambda folder: (folder / MANIFEST).unlink(),
    "no object": lambda folder: changed(folder / MANIFEST, lambda _: b"[]"),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_back_up_is_refused_and_leaves_nothing(
    damaged: Path, new_home: Path, damage: str
) -> None:
    DAMAGES[damage](damaged)
    with pytest.raises(BackupDamaged) as refused:
        await restored(damaged)
    assert str(damaged) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert nothing_in(new_home)


async def test_what_this_version_does_not_know_is_refused(damaged: Path, new_home: Path) -> None:
    manifest = Manifest.read(damaged)
    newer = dict(manifest.schemas) | {"orders": ["chassis_0001", "orders_9999"]}
    for strange, told in (
        (replace(manifest, schemas=newer), "orders_9999"),
        (
            replace(manifest, schemas=dict(manifest.schemas) | {"loyalty": ["loyalty_0001"]}),
            "loyal",
        ),
        (replace(manifest, postgres="17.4"), "17.4"),
    ):
        (damaged / MANIFEST).unlink()
        strange.write(damaged)
        with pytest.raises(BackupRefused, match=told):
            await restored(damaged)
    assert nothing_in(new_home)
    content = json.loads((damaged / MANIFEST).read_text()) | {"format": 2}
    (damaged / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(BackupDamaged, match="format"):
        await restored(damaged)


async def test_an_older_schema_is_restored_for_the_next_start_to_migrate(
    damaged: Path, new_home: Path
) -> None:
    manifest = Manifest.read(damaged)
    older = dict(manifest.schemas) | {"orders": ["chassis_0001", "orders_0001"]}
    (damaged / MANIFEST).unlink()
    replace(manifest, schemas=older).write(damaged)
    await restored(damaged)
    assert (new_home / POSTGRES / "data").exists()


async def test_a_home_in_use_is_left_alone(taken: Path, new_home: Path) -> None:
    used = Home.create(new_home)
    used.lock()
    with pytest.raises(HomeInUse):
        await restored(taken)
    used.release()
    (new_home / "notes.txt").write_text("mine")
    with pytest.raises(BackupRefused, match=r"notes\.txt"):
        await restored(taken)
    assert names_in(new_home) == {"lock", "notes.txt"}


async def test_a_restore_that_is_stopped_leaves_nothing(taken: Path, new_home: Path) -> None:
    restoring = asyncio.create_task(restored(taken))
    async with asyncio.timeout(END_SECONDS_MAX):
        while not (new_home / POSTGRES / "restoring").exists():
            await asyncio.sleep(0)
    restoring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await restoring
    assert nothing_in(new_home)


async def test_a_restore_that_was_killed_is_not_started_and_is_begun_anew(
    taken: Path, new_home: Path
) -> None:
    killed = Home.create(new_home)
    (new_home / RESTORING_MARK).touch()
    (new_home / "secrets.json").write_text("{}")
    (new_home / POSTGRES / "restoring").mkdir(parents=True)
    with pytest.raises(RestoreUnfinished):
        killed.lock()
    await restored(taken)
    killed.lock()
    killed.release()
    assert (new_home / POSTGRES / "data" / "PG_VERSION").exists()


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("{taken}", "exists already"),
        ("{home}/monday", "within the home"),
        ("{taken}/../nowhere/monday", "there is no folder"),
        ("/proc/monday", "/proc"),
    ],
)
async def test_a_place_that_will_not_do_is_told_in_one_line(
    home: Path, taken: Path, target: str, told: str
) -> None:
    command = Command(home)
    code, output = await command.result("backup", "--to", target.format(taken=taken, home=home))
    assert code == 1
    last = output.splitlines()[-1]
    assert last.startswith("hutong: ")
    assert told in last
    assert "Traceback" not in output
    assert Manifest.read(taken).postgres


async def test_databases_of_ones_own_have_means_of_their_own(taken: Path, tmp_path: Path) -> None:
    extra = {"HUTONG_ORDERS_DATABASE_URL": "postgresql://somebody:secret@127.0.0.1:1/orders"}
    command = Command(tmp_path / "home", extra=extra)
    for arguments in (("backup", "--to", str(tmp_path / "x")), ("restore", "--from", str(taken))):
        code, output = await command.result(*arguments)
        assert code == 1
        assert output.startswith("hutong: with databases of your own (HUTONG_ORDERS_DATABASE_URL)")
        assert output.count("\n") == 1
        assert "secret" not in output
    assert not (tmp_path / "home").exists()


async def test_there_is_nothing_to_back_up_before_the_first_start(
    tmp_path: Path, new_home: Path
) -> None:
    with pytest.raises(NotStarted):
        await back_up(Settings.read(), tmp_path / "monday", out=io.StringIO())
    assert not (tmp_path / "monday").exists()


async def begun(home: Path, target: Path) -> tuple[asyncio.subprocess.Process, Path]:
    """A back-up that has begun to write, and where."""
    process = await Command(home).start("backup", "--to", str(target))
    async with asyncio.timeout(END_SECONDS_MAX):
        while True:
            assert process.returncode is None
            for partial in target.parent.glob(f".{target.name}.partial-*"):
                if (partial / POSTGRES / "base").exists():
                    return process, partial
            await asyncio.sleep(0.005)


async def test_a_back_up_that_is_stopped_leaves_nothing(home: Path, tmp_path: Path) -> None:
    process, _ = await begun(home, tmp_path / "monday")
    process.send_signal(signal.SIGTERM)
    output, _ = await asyncio.wait_for(process.communicate(), END_SECONDS_MAX)
    assert process.returncode == 1
    assert b"stopped before its end" in output.splitlines()[-1]
    assert names_in(tmp_path) == set()


async def test_a_back_up_that_was_killed_is_none_and_is_cleared_away_by_the_next(
    home: Path, tmp_path: Path, new_home: Path
) -> None:
    process, partial = await begun(home, tmp_path / "monday")
    below = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    await process.communicate()
    _, alive = await asyncio.to_thread(psutil.wait_procs, below, timeout=END_SECONDS_MAX)
    assert alive == []
    assert not (tmp_path / "monday").exists()
    with pytest.raises(BackupDamaged, match=f"no {MANIFEST}"):
        await restored(partial)
    code, output = await Command(home).result("backup", "--to", str(tmp_path / "monday"))
    assert code == 0, output
    assert names_in(tmp_path) == {"monday"}


async def backed_up_to_a_disk_of(megabytes: int, home: Path, mounted: Path) -> tuple[int, str, str]:
    """Backs up to a file system of that size, in a mount namespace; what is left there too."""
    program = f"{sys.executable} -c 'from allinone.cli import main; main()'"
    script = (
        f"mkdir {mounted} && mount -t tmpfs -o size={megabytes}m none {mounted} || exit 99\n"
        f"{program} backup --to {mounted}/monday\n"
        f"code=$?; echo left: $(ls -A {mounted}); exit $code"
    )
    process = await asyncio.create_subprocess_exec(
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script,
        cwd=REPOSITORY,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'gen'}",
            "HUTONG_HOME": str(home),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await asyncio.wait_for(process.communicate(), END_SECONDS_MAX)
    assert process.returncode is not None
    *lines, left = told.decode().splitlines()
    return process.returncode, "\n".join(lines), left


@pytest.fixture
async def namespaces() -> None:
    """Skips where a user may not mount anything."""
    process = await asyncio.create_subprocess_exec(
        "unshare", "--user", "--map-root-user", "--mount", "true"
    )
    if await process.wait() != 0:
        pytest.skip("this system gives its users no namespaces")


@pytest.mark.usefixtures("namespaces")
async def test_a_disk_without_room_is_noticed_before_and_meanwhile(
    home: Path, taken: Path, tmp_path: Path
) -> None:
    code, output, left = await backed_up_to_a_disk_of(8, home, tmp_path / "small")
    assert (code, left) == (1, "left:"), output
    assert "has room for" in output.splitlines()[-1]
    whole = size_of(taken)
    code, output, left = await backed_up_to_a_disk_of(
        whole // MEGABYTE - 8, home, tmp_path / "almost"
    )
    assert (code, left) == (1, "left:"), output
    assert "No space left on device" in output, output
