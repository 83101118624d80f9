"""One run of a store's program, from its launch to its end.

Not asyncio's subprocesses: the child must be started by the thread that runs the event loop, in a
session of its own and with nothing between fork and exec, and that must hold under every loop.
Refuses to start anything outside a running loop, since a child lives only as long as the thread
that started it.
"""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

from allinone.embedded import launch
from allinone.embedded.errors import CannotDropRoot, ChildFailed, EmbeddedError, FolderInUse
from allinone.embedded.tied import tied

EXIT_POLL_SECONDS = 0.05
KILL_WAIT_SECONDS = 10.0
LOG_BYTES_MAX = 16 * 1024 * 1024
OUTPUT_BYTES_MAX = 64 * 1024
REASON_LETTERS_MAX = 300
# All else is kept from the stores: PG* would change PostgreSQL's tools, HUTONG_* may hold secrets.
ENVIRONMENT_KEPT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class ChildProcess:
    """A started program. It dies with the thread that runs the loop, even when that is killed (on
    Linux).
    """

    def __init__(
        self,
        *,
        name: str,
        process: "subprocess.Popen[bytes]",
        folder: Path,
        log: Path,
        log_start: int,
    ) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._folder = folder
        self._log_start = log_start

    @classmethod
    def launch(
        cls,
        command: list[str],
        *,
        name: str,
        folder: Path,
        log: Path,
        death_signal: signal.Signals,
        standard_input: bytes = b"",
    ) -> "ChildProcess":
        """Starts the command through `launch.py`, holding `folder`, its output appended to `log`.

        `standard_input` has to fit a pipe (64 KiB), so that writing it waits for nobody.
        """
        asyncio.get_running_loop()
        descriptor = _open_log(log)
        log_start = os.fstat(descriptor).st_size
        try:
            process = subprocess.Popen(
                tied(command, death_signal=death_signal, folder=folder),
                stdin=subprocess.PIPE,
                stdout=descriptor,
                stderr=descriptor,
                cwd="/",
                env=kept_environment(),
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        _feed(process, standard_input)
        return cls(name=name, process=process, folder=folder, log=log, log_start=log_start)

    @property
    def pid(self) -> int:
        """Of the launcher, then of the program that it becomes."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    async def wait_exit(self) -> int:
        """Returns the exit code once it has ended."""
        while (code := self._process.poll()) is None:
            await asyncio.sleep(EXIT_POLL_SECONDS)
        return code

    def send(self, number: signal.Signals) -> None:
        """Sends the signal to the program alone, not to its children; nothing happens when it has
        ended.
        """
        self._process.send_signal(number)

    async def end(self, *steps: tuple[signal.Signals, float]) -> None:
        """Sends each signal in turn and gives it its seconds to work, then SIGKILL; returns when it
        has ended.
        """
        for number, seconds in (*steps, (signal.SIGKILL, KILL_WAIT_SECONDS)):
            self.send(number)
            try:
                async with asyncio.timeout(seconds):
                    await self.wait_exit()
                    return
            except TimeoutError:
                continue
        raise ChildFailed(self.name, f"process {self.pid} does not end even when killed", self.log)

    def output(self) -> str:
        """The end of what this run has written to its log."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(min(self._log_start, size), size - OUTPUT_BYTES_MAX))
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def failure(self) -> EmbeddedError:
        """Why the program ended, which it has, as an error to raise."""
        code = self.exit_code
        lines = [line.strip() for line in self.output().splitlines() if line.strip()]
        last = (
            lines[-1].removeprefix("launch: ")[:REASON_LETTERS_MAX] if lines else "it wrote nothing"
        )
        if code == launch.EXIT_CANNOT_DROP_ROOT:
            return CannotDropRoot(self.name, last)
        if code == launch.EXIT_FOLDER_IN_USE:
            return FolderInUse(self.name, self._folder, int(last) if last.isdecimal() else None)
        return ChildFailed(self.name, f"exit code {code}, {last}", self.log)


def _open_log(path: Path) -> int:
    """Appends, so that a crash's last words survive the restart; one older file is kept once it has
    grown.
    """
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def kept_environment() -> dict[str, str]:
    """What stores and their tools are told of this process's environment."""
    kept = {name: os.environ[name] for name in ENVIRONMENT_KEPT if name in os.environ}
    # Messages stay English: some are recognised by their words.
    return {**kept, "LC_ALL": "C"}


def _feed(process: "subprocess.Popen[bytes]", content: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(content)
        process.stdin.close()
    except BrokenPipeError:
        # It has ended already, and its exit code says why.
        process.stdin = None
