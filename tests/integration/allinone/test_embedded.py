"""The embedded PostgreSQL and Valkey: real processes, killed, restarted and crowded as they are on
real machines.
"""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import stat
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest
import uvloop

from allinone.embedded import (
    ChildKeepsFailing,
    DurabilityOff,
    EmbeddedPostgres,
    EmbeddedValkey,
    Home,
    HomeDamaged,
    HomeInUse,
    HomeNotWritable,
    PasswordRefused,
    StorePortInUse,
    Supervisor,
    home_folder,
    require_durable,
)
from allinone.embedded.binaries import postgres_programs
from tests.integration.allinone.platforms import (
    SECONDS_MAX,
    PlatformOpener,
    PlatformSpawner,
    effective_capabilities,
    gone,
    prefix_of,
    replaced,
    require_reach,
)

UNIX_PATH_BYTES_MAX = 107
# Twice what a platform needs to start Valkey when nothing holds it up.
SECONDS_TO_INTRUDE = 1.5

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
only_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of a death"
)


async def test_both_stores_serve_and_each_service_enters_only_its_own_database(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async with open_platform(tmp_path / "home") as platform:
        await platform.postgres.ensure_databases(["orders", "inventory"])
        await platform.put("greeting", "nihao")
        assert await platform.get("greeting") == "nihao"

        connection = await platform.orders()
        owner = "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()"
        assert await connection.fetchval(owner) == "hutong_orders"
        await connection.close()

        postgres = platform.postgres
        for foreign in ("hutong_inventory", "postgres"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(postgres.url(foreign, "hutong_orders"), ssl=False)
        for service in ("orders", "inventory"):
            verifier = await asyncpg.connect(postgres.verifier_url(service), ssl=False)
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await verifier.execute("CREATE TABLE public.mine ()")
            await verifier.close()
        with pytest.raises(ValueError, match="not the name of a service"):
            await postgres.ensure_databases(['x"; drop database hutong_orders'])


async def test_committed_rows_survive_kill_of_postgres(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async with open_platform(tmp_path / "home") as platform:
        for value in range(3):
            await platform.commit_row(value)
            old, port = platform.postgres.pid, platform.postgres.port
            platform.postgres.kill()
            await replaced(platform.postgres, old=old)
            assert platform.postgres.port == port
        assert await platform.rows() == [0, 1, 2]


async def test_written_keys_survive_kill_of_valkey(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async with open_platform(tmp_path / "home") as platform:
        await platform.put("kept", "yes")
        old = platform.valkey.pid
        platform.valkey.kill()
        await replaced(platform.valkey, old=old)
        assert await platform.get("kept") == "yes"


async def test_restart_serves_the_same_data_on_the_same_ports(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async with open_platform(tmp_path / "home") as platform:
        await platform.commit_row(1)
        await platform.put("kept", "yes")
        ports = platform.postgres.port, platform.valkey.port
        await platform.postgres.restart()
        await platform.valkey.restart()
        assert await platform.rows() == [1]
    assert platform.postgres.pid is None
    assert platform.valkey.pid is None
    async with open_platform(tmp_path / "home") as platform:
        assert (platform.postgres.port, platform.valkey.port) == ports
        assert await platform.rows() == [1]
        assert await platform.get("kept") == "yes"


async def test_two_homes_run_side_by_side(tmp_path: Path, open_platform: PlatformOpener) -> None:
    async with open_platform(tmp_path / "one") as one, open_platform(tmp_path / "two") as two:
        await one.commit_row(1)
        await two.commit_row(2)
        await one.put("home", "one")
        assert (await one.rows(), await two.rows()) == ([1], [2])
        assert await two.get("home") is None


def test_second_platform_on_a_home_is_told_who_holds_it(tmp_path: Path) -> None:
    first, second = Home.create(tmp_path / "home"), Home.create(tmp_path / "home")
    first.lock()
    with pytest.raises(HomeInUse) as caught:
        second.lock()
    assert caught.value.pid == os.getpid()
    assert str(os.getpid()) in str(caught.value)
    assert "HUTONG_HOME" in str(caught.value)
    assert "\n" not in str(caught.value)
    first.release()
    second.lock()
    second.release()


@only_linux
async def test_children_die_with_a_killed_platform_and_the_next_one_has_its_rows(
    tmp_path: Path, open_platform: PlatformOpener, spawn_platform: PlatformSpawner
) -> None:
    killed = spawn_platform(tmp_path / "home")
    pids, orders_url = killed.facts()
    connection = await asyncpg.connect(orders_url, ssl=False)
    await connection.execute("CREATE TABLE kept (value integer)")
    await connection.execute("INSERT INTO kept VALUES (7)")
    killed.kill()
    async with open_platform(tmp_path / "home") as platform:
        assert await platform.rows() == [7]
        await gone(pids)
    connection.terminate()


@only_linux
async def test_platform_killed_during_initdb_leaves_nothing_half_made(
    tmp_path: Path, open_platform: PlatformOpener, spawn_platform: PlatformSpawner
) -> None:
    killed = spawn_platform(tmp_path / "home")
    async with asyncio.timeout(SECONDS_MAX):
        while not list((tmp_path / "home" / "postgres").glob("initdb-*/data/base")):
            await asyncio.sleep(0)
    killed.kill()
    assert not (tmp_path / "home" / "postgres" / "data").exists()
    async with open_platform(tmp_path / "home") as platform:
        await platform.commit_row(1)
        assert not list((tmp_path / "home" / "postgres").glob("initdb-*"))


async def test_commits_are_durable_and_a_session_that_is_not_is_found(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async with open_platform(tmp_path / "home") as platform:
        connection = await platform.orders()
        await require_durable(connection)
        await connection.execute("SET synchronous_commit = off")
        with pytest.raises(DurabilityOff, match="synchronous_commit"):
            await require_durable(connection)
        await connection.close()


def test_home_and_secrets_are_closed_to_others_and_secrets_stay_the_same(tmp_path: Path) -> None:
    home = Home.create(home_folder({"HUTONG_HOME": str(tmp_path / "home")}))
    password = home.secrets.password("postgres")
    assert Home.create(tmp_path / "home").secrets.password("postgres") == password
    assert home.secrets.password("valkey") != password
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.secrets.path.stat().st_mode) == 0o600
    home.secrets.path.write_text("{")
    with pytest.raises(HomeDamaged):
        home.secrets.password("postgres")


async def test_lost_secrets_are_named_as_the_cause(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async with open_platform(tmp_path / "home") as platform:
        platform.home.secrets.path.unlink()
        with pytest.raises(PasswordRefused, match=r"secrets\.json"):
            await platform.postgres.restart()


def test_home_that_cannot_be_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeNotWritable, match="HUTONG_HOME"):
        Home.create(tmp_path / "file" / "home")
    if os.geteuid() == 0:
        (tmp_path / "foreign").mkdir()
        os.chown(tmp_path / "foreign", 12345, 12345)
        with pytest.raises(HomeNotWritable, match="belongs to user id 12345"):
            Home.create(tmp_path / "foreign")


async def test_taken_port_is_left_to_its_holder(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home")
    port = home.port("valkey")
    with socket.create_server(("127.0.0.1", port)):
        assert home.port("postgres") != port
        with pytest.raises(StorePortInUse, match=str(port)):
            await EmbeddedValkey(home.folder, secrets=home.secrets, port=port).start()
        with pytest.raises(StorePortInUse, match=str(port)):
            await EmbeddedPostgres(home.folder, secrets=home.secrets, port=port).start()
        assert home.port("valkey") != port


async def test_stale_pid_file_that_names_another_living_program_is_no_obstacle(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async with open_platform(tmp_path / "home") as platform:
        await platform.commit_row(1)
        pid_file = platform.postgres.data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
    stranger = await asyncio.create_subprocess_exec("sleep", "600")
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
        async with open_platform(tmp_path / "home") as platform:
            assert await platform.rows() == [1]
    finally:
        stranger.kill()
        await stranger.wait()


async def test_home_may_lie_deep_and_have_an_odd_name(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    folder = tmp_path / ("deep" * 30) / 'a home\'s "name" with \\ 胡同'
    assert len(os.fsencode(folder)) > UNIX_PATH_BYTES_MAX
    async with open_platform(folder) as platform:
        await platform.commit_row(1)
        await platform.put("kept", "yes")
    assert list((folder / "valkey" / "data").rglob("*.aof"))


async def test_store_that_keeps_failing_is_given_up_with_its_name(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home")
    valkey = EmbeddedValkey(home.folder, secrets=home.secrets, port=home.port("valkey"))
    supervisor = Supervisor([valkey], failures_max=3)
    await supervisor.start()
    shutil.rmtree(valkey.data)
    valkey.data.write_text("not a folder")
    valkey.kill()
    async with asyncio.timeout(SECONDS_MAX):
        with pytest.raises(ChildKeepsFailing, match="valkey failed 3 times"):
            await supervisor.wait()
    await supervisor.stop()


def test_stores_run_and_are_revived_under_uvloop(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async def kill_and_read() -> list[int]:
        async with open_platform(tmp_path / "home") as platform:
            await platform.commit_row(1)
            old = platform.postgres.pid
            platform.postgres.kill()
            await replaced(platform.postgres, old=old)
            return await platform.rows()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(kill_and_read()) == [1]


@only_root
async def test_root_keeps_the_files_and_the_servers_have_no_privilege(
    tmp_path: Path, open_platform: PlatformOpener
) -> None:
    async with open_platform(tmp_path / "home") as platform:
        assert platform.postgres.data.stat().st_uid in (0, pwd.getpwnam("nobody").pw_uid)
        for store in (platform.postgres, platform.valkey):
            assert effective_capabilities(store.pid) == 0


@only_root
def test_ordinary_user_needs_nothing_of_root(
    open_folder: Path, spawn_platform: PlatformSpawner
) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(open_folder, nobody.pw_uid, nobody.pw_gid)
    platform = spawn_platform(open_folder / "home", prefix=prefix_of(nobody))
    pids, _ = platform.facts()
    assert {psutil.Process(pid).uids().real for pid in pids} == {nobody.pw_uid}
    assert platform.stop() == 0


@only_root
async def test_root_without_user_namespaces_becomes_nobody(
    open_folder: Path, spawn_platform: PlatformSpawner
) -> None:
    nobody = pwd.getpwnam("nobody")
    require_reach(
        ("setpriv", f"--reuid={nobody.pw_uid}", "--clear-groups"), postgres_programs() / "postgres"
    )
    without = ("setpriv", "--bounding-set=-setfcap")
    for _ in range(2):
        platform = spawn_platform(open_folder / "home", prefix=without)
        pids, _ = platform.facts()
        assert {psutil.Process(pid).uids().real for pid in pids} == {nobody.pw_uid}
        platform.kill()
        await gone(pids)
    # And back: where namespaces are allowed again, the files return to root.
    platform = spawn_platform(open_folder / "home")
    platform.facts()
    assert platform.stop() == 0
    assert stat.S_IMODE((open_folder / "home" / "secrets.json").stat().st_mode) == 0o600


@only_root
def test_root_that_cannot_be_left_is_said_in_one_line(
    tmp_path: Path, spawn_platform: PlatformSpawner
) -> None:
    platform = spawn_platform(
        tmp_path / "home", prefix=("setpriv", "--bounding-set=-setfcap,-setuid,-setgid")
    )
    said = platform.said()
    assert said.startswith("error CannotDropRoot")
    assert said.endswith("start the platform as another user")


@only_linux
async def test_folder_is_held_until_the_last_child_of_a_killed_server_is_gone(
    tmp_path: Path, spawn_platform: PlatformSpawner
) -> None:
    first = spawn_platform(tmp_path / "home")
    pids, _ = first.facts()
    valkey = psutil.Process(pids[1])
    valkey.send_signal(signal.SIGSTOP)
    first.kill()
    try:
        second = spawn_platform(tmp_path / "home")
        await asyncio.sleep(SECONDS_TO_INTRUDE)
        assert valkey.is_running()
        intruders = psutil.Process(second.process.pid).children()
        assert "valkey-server" not in {child.name() for child in intruders}
    finally:
        valkey.send_signal(signal.SIGCONT)
    second.facts()
    assert second.stop() == 0
