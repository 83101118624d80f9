"""The platform's folder: who holds it, its secrets and its ports.

One platform at a time works on a home: two PostgreSQL on one folder, or two platforms on one set of
sockets, would be worse than none, and gRPC servers share a port without a word. Refuses a home that
another user owns (root would leave files behind which that user cannot read), and never replaces
secrets that it cannot read.
"""

import errno
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from allinone.embedded.errors import (
    EmbeddedError,
    HomeDamaged,
    HomeInUse,
    HomeNotWritable,
    RestoreUnfinished,
)

HOME_VARIABLE = "HUTONG_HOME"
HOME_DEFAULT = ".hutong"
PASSWORD_BYTES = 24
# Stands in the home while a restore fills it.
RESTORING_MARK = "restoring"
# Below every system's ephemeral range: there, a client that reconnects to a store which is down may
# be given the store's own port as its source, connect to itself, and keep the store from coming
# back.
PORT_LOWEST = 20_000
PORT_HIGHEST = 29_999
PORT_TRIES_MAX = 200

Kept = TypeVar("Kept", str, int)


def home_folder(environment: Mapping[str, str]) -> Path:
    """The absolute path of the home: HUTONG_HOME, or `.hutong` below the working folder."""
    return Path(environment.get(HOME_VARIABLE) or HOME_DEFAULT).expanduser().absolute()


class Secrets:
    """Passwords by name, made at first use and kept in one file that only the owner can read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def password(self, name: str) -> str:
        """The password of that name, always the same for this home; letters, digits, `-` and `_`
        only.

        It is on the disk before it is returned: a database that is made with it must not outlive
        it. Raises HomeDamaged when the file holds anything else than passwords by name.
        """
        passwords = _read(self.path, value_type=str)
        if name not in passwords:
            passwords[name] = secrets.token_urlsafe(PASSWORD_BYTES)
            _write(self.path, passwords)
        return passwords[name]


class Home:
    """One platform's folder. Make it with `create`, hold it with `lock`, let go with `release`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets = Secrets(folder / "secrets.json")
        self._ports = folder / "ports.json"
        self._lock_descriptor: int | None = None

    @classmethod
    def create(cls, folder: Path) -> "Home":
        """Makes the folder, closed to others, unless it exists. Raises HomeNotWritable."""
        folder = folder.absolute()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = folder.stat().st_uid
        except OSError as error:
            raise HomeNotWritable(folder, _reason(error)) from error
        if owner != os.geteuid():
            raise HomeNotWritable(
                folder, f"it belongs to user id {owner}, and this process runs as {os.geteuid()}"
            )
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise HomeNotWritable(folder, "Permission denied")
        return cls(folder)

    def lock(self, *, is_restoring: bool = False) -> None:
        """Holds the home until `release` or the end of this process, however it ends.

        Raises HomeInUse, naming the holder, when any process (this one too) holds it already, and
        RestoreUnfinished when a restore was cut off, unless it is to restore anew.
        """
        path = self.folder / "lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise HomeNotWritable(self.folder, _reason(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise HomeInUse(self.folder, int(holder) if holder.isdecimal() else None) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._lock_descriptor = descriptor
        if not is_restoring and (self.folder / RESTORING_MARK).exists():
            self.release()
            raise RestoreUnfinished(self.folder)

    def release(self) -> None:
        """Lets another platform have the home; harmless when it is not held."""
        if self._lock_descriptor is not None:
            os.close(self._lock_descriptor)
            self._lock_descriptor = None

    def holder(self) -> int | None:
        """The id of the process that holds the home; None if none does."""
        try:
            descriptor = os.open(self.folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
            return int(holder) if holder.isdecimal() else None
        finally:
            os.close(descriptor)
        return None

    def port(self, name: str) -> int:
        """A free loopback port for that store: the one it had before, or another when that is taken
        by now.
        """
        ports = _read(self._ports, value_type=int)
        kept = ports.get(name)
        if kept is not None and is_free(kept):
            return kept
        others = {port for other, port in ports.items() if other != name}
        ports[name] = _choose_port(others)
        _write(self._ports, ports)
        return ports[name]

    def kept_port(self, name: str) -> int | None:
        """The port that store was last started on, None before its first start."""
        return _read(self._ports, value_type=int).get(name)


def _choose_port(refused: set[int]) -> int:
    for _ in range(PORT_TRIES_MAX):
        port = PORT_LOWEST + secrets.randbelow(PORT_HIGHEST - PORT_LOWEST + 1)
        if port not in refused and is_free(port):
            return port
    raise EmbeddedError(
        f"no free port between {PORT_LOWEST} and {PORT_HIGHEST} on 127.0.0.1: "
        "end programs that hold them"
    )


def is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens on the port, and this process may."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def _read(path: Path, *, value_type: type[Kept]) -> dict[str, Kept]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise HomeDamaged(path, "it is not JSON") from error
    except OSError as error:
        raise HomeNotWritable(path.parent, _reason(error)) from error
    if not isinstance(content, dict) or not all(
        type(value) is value_type for value in content.values()
    ):
        raise HomeDamaged(path, f"it is not an object of {value_type.__name__} by name")
    return content


def _write(path: Path, content: Mapping[str, str] | Mapping[str, int]) -> None:
    """Replaces the file in one step, on the disk before it returns: after a power cut the old one
    or the new.
    """
    temporary = path.with_suffix(".new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise HomeNotWritable(path.parent, _reason(error)) from error


def sync_folder(folder: Path) -> None:
    """Puts the folder's names on the disk, so that a rename outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
