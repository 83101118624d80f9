"""Valkey below this process, speaking Redis: caches, limits, fan-out and the event streams.

Its append-only log is written once a second, so a crash may lose the last second: it is never the
truth, and the outbox publishes again. The configuration travels on standard input, which keeps the
password out of the list of processes and off the disk. Refuses to evict: a stream that loses events
under memory pressure would do so silently.
"""

import signal
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from allinone.embedded.binaries import valkey_server
from allinone.embedded.home import Secrets
from allinone.embedded.process import ChildProcess
from allinone.embedded.store import HOST, READY_ANSWER_SECONDS_MAX, EmbeddedStore

PASSWORD_NAME = "valkey"
STOP_SECONDS = 10.0


class EmbeddedValkey(EmbeddedStore):
    """The server over `<home_folder>/valkey/data`, its log in `<home_folder>/valkey.log`."""

    def __init__(self, home_folder: Path, *, secrets: Secrets, port: int) -> None:
        super().__init__(
            name="valkey",
            folder=home_folder / "valkey",
            log=home_folder / "valkey.log",
            port=port,
            stop_steps=((signal.SIGTERM, STOP_SECONDS),),
        )
        self._secrets = secrets

    @property
    def url(self) -> str:
        """A `redis://` address with the password in it."""
        return f"redis://:{self._secrets.password(PASSWORD_NAME)}@{HOST}:{self.port}/0"

    async def _prepare(self) -> None:
        for folder in (self.folder, self.data):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _launch(self) -> ChildProcess:
        configuration = _configuration(
            self.data, port=self.port, password=self._secrets.password(PASSWORD_NAME)
        )
        return ChildProcess.launch(
            [str(valkey_server()), "-"],
            name=self.name,
            folder=self.folder,
            log=self.log,
            death_signal=signal.SIGTERM,
            standard_input=configuration.encode(),
        )

    async def _is_ready(self, pid: int) -> bool:
        client = Redis.from_url(
            self.url,
            socket_connect_timeout=READY_ANSWER_SECONDS_MAX,
            socket_timeout=READY_ANSWER_SECONDS_MAX,
            retry=None,
        )
        try:
            server = await client.info("server")
        except (OSError, RedisError):
            return False
        finally:
            await client.aclose()
        return int(server["process_id"]) == pid


def _configuration(data: Path, *, port: int, password: str) -> str:
    return "\n".join(
        (
            f"bind {HOST}",
            f"port {port}",
            f"dir {_quoted(str(data))}",
            f"requirepass {password}",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            "",
        )
    )


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
