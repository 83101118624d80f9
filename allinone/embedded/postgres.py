"""PostgreSQL below this process: the same server, dialect and promises as any other, in the
platform's home.

Commits are as durable as PostgreSQL can make them: `fsync`, `synchronous_commit` and
`full_page_writes` are on, on the command line, where no configuration file outranks them. Refuses
to be reached from another machine, and to serve a data folder that was not made completely.
"""

import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from allinone.embedded.binaries import postgres_programs
from allinone.embedded.databases import (
    VERIFIER_ROLE,
    ensure_databases,
    require_durable,
    service_role,
)
from allinone.embedded.errors import PasswordRefused
from allinone.embedded.home import Secrets, sync_folder
from allinone.embedded.process import ChildProcess
from allinone.embedded.store import HOST, READY_ANSWER_SECONDS_MAX, EmbeddedStore

SUPERUSER = "hutong"
FAST_STOP_SECONDS = 20.0
IMMEDIATE_STOP_SECONDS = 5.0
INITDB_STOP_SECONDS = 5.0
CONNECT_SECONDS_MAX = 30.0
SHARED_BUFFERS_MEGABYTES = 96
CONNECTIONS_MAX = 200
# A fast start beside the remains of a killed one: they end by themselves within a second or so.
PASSING_FAULTS = ("is still in use", 'lock file "postmaster.pid" already exists')


class EmbeddedPostgres(EmbeddedStore):
    """The server over `<home_folder>/postgres/data`, writing its log to
    `<home_folder>/postgres.log`.
    """

    def __init__(self, home_folder: Path, *, secrets: Secrets, port: int) -> None:
        super().__init__(
            name="postgres",
            folder=home_folder / "postgres",
            log=home_folder / "postgres.log",
            port=port,
            stop_steps=(
                (signal.SIGINT, FAST_STOP_SECONDS),
                (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS),
            ),
            passing_faults=PASSING_FAULTS,
        )
        self._secrets = secrets

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """A `postgresql://` address with the role's password in it."""
        return f"postgresql://{role}:{self._secrets.password(role)}@{HOST}:{self.port}/{database}"

    def service_url(self, service: str) -> str:
        """The service's own database, as its owner."""
        return self.url(service_role(service), service_role(service))

    def verifier_url(self, service: str) -> str:
        """The service's database, as the verifier, who reads what its migrations grant."""
        return self.url(service_role(service), VERIFIER_ROLE)

    async def ensure_databases(self, services: Sequence[str]) -> None:
        """Leaves each service with a database and a role named `hutong_<service>`; idempotent."""
        connection = await self._connect(seconds_max=CONNECT_SECONDS_MAX)
        try:
            await ensure_databases(connection, services, self._secrets)
        finally:
            await connection.close()

    async def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if self.data.exists():
            self._forget_stale_pid()
        else:
            await self._make_data()

    async def _make_data(self) -> None:
        """Runs initdb beside the final place, then renames once.

        What a kill left behind is cleared away at the end: only when our initdb has had the
        folder's lock is it certain that a killed one writes no more.
        """
        making = Path(tempfile.mkdtemp(prefix="initdb-", dir=self.folder))
        password = making / "password"
        password.write_text(self._secrets.password(SUPERUSER), encoding="ascii")
        process = ChildProcess.launch(
            _initdb_command(making / "data", password),
            name="initdb",
            folder=self.folder,
            log=self.log,
            death_signal=signal.SIGINT,
        )
        try:
            code = await process.wait_exit()
        finally:
            await process.end((signal.SIGINT, INITDB_STOP_SECONDS))
        if code != 0:
            raise process.failure()
        (making / "data").rename(self.data)
        for folder in (self.folder, self.folder.parent):
            sync_folder(folder)
        for left in self.folder.glob("initdb-*"):
            shutil.rmtree(left, ignore_errors=True)

    def _forget_stale_pid(self) -> None:
        """Removes postmaster.pid when its process id has passed to some other program.

        PostgreSQL sees only that the id is alive, and would refuse to start for as long as that
        program runs; in a container, where ids repeat, for ever. What is left of the dead server
        still holds the folder's lock.
        """
        pid = self._postmaster_pid()
        try:
            program = (
                Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
            )
        except OSError:
            return
        if program != "postgres":
            self._pid_file.unlink()

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def _postmaster_pid(self) -> int | None:
        try:
            lines = self._pid_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return None
        return int(lines[0]) if lines and lines[0].isdecimal() else None

    def _launch(self) -> ChildProcess:
        return ChildProcess.launch(
            _postgres_command(self.data, self.port),
            name=self.name,
            folder=self.folder,
            log=self.log,
            death_signal=signal.SIGINT,
        )

    async def _is_ready(self, pid: int) -> bool:
        # The file is rewritten after the port is bound: before, another program may be the one that
        # answers there.
        if self._postmaster_pid() != pid:
            return False
        try:
            connection = await self._connect(seconds_max=READY_ANSWER_SECONDS_MAX)
        except asyncpg.InvalidPasswordError as error:
            raise PasswordRefused(self.data, self._secrets.path) from error
        except (
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ):
            return False
        try:
            await require_durable(connection)
        finally:
            await connection.close()
        return True

    async def _connect(self, *, seconds_max: float) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=HOST,
            port=self.port,
            user=SUPERUSER,
            password=self._secrets.password(SUPERUSER),
            database="postgres",
            ssl=False,
            timeout=seconds_max,
        )


def _initdb_command(data: Path, password: Path) -> list[str]:
    return [
        str(postgres_programs() / "initdb"),
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        "--auth=scram-sha-256",
        f"--pwfile={password}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
    ]


def _postgres_command(data: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": f"{SHARED_BUFFERS_MEGABYTES}MB",
        "huge_pages": "off",
        "max_connections": CONNECTIONS_MAX,
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Else its log has the values of each row that breaks a rule, and with them personal data.
        "log_error_verbosity": "terse",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [str(postgres_programs() / "postgres"), "-D", str(data), *options]
