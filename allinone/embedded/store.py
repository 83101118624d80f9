"""What the embedded stores have in common: start until it serves, stop, kill, restart.

A start is retried only for faults that pass by themselves, which each store names by the words in
its log. Refuses to leave a half-started program behind: a start that fails or is cancelled ends
what it began.
"""

import asyncio
import signal
from abc import ABC, abstractmethod
from pathlib import Path

from allinone.embedded.errors import ChildFailed, EmbeddedError, StorePortInUse
from allinone.embedded.process import ChildProcess

HOST = "127.0.0.1"
# Redo after a crash may read a gigabyte of log, after waiting for an earlier run to end.
START_SECONDS_MAX = 120.0
START_RETRY_SECONDS = 0.1
READY_POLL_SECONDS = 0.02
# Short, since the one that does not answer may be another program on the port, while ours has ended
# because of it.
READY_ANSWER_SECONDS_MAX = 1.0
ADDRESS_IN_USE = "Address already in use"


class EmbeddedStore(ABC):
    """A server below this process, on a loopback port. Satisfies `supervisor.Child`."""

    def __init__(
        self,
        *,
        name: str,
        folder: Path,
        log: Path,
        port: int,
        stop_steps: tuple[tuple[signal.Signals, float], ...],
        passing_faults: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.folder = folder
        self.data = folder / "data"
        self.log = log
        self.port = port
        self._stop_steps = stop_steps
        self._passing_faults = passing_faults
        self._process: ChildProcess | None = None
        self._changing = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return (
            self._process.pid
            if self._process is not None and self._process.exit_code is None
            else None
        )

    async def start(self) -> None:
        """Returns when the store answers; at once when it runs already.

        Raises an EmbeddedError: StorePortInUse, FolderInUse, CannotDropRoot, BinariesMissing,
        ChildFailed.
        """
        async with self._changing:
            await self._start()

    async def stop(self) -> None:
        """Ends it in good order, by force when that takes too long; harmless when it is not
        running.
        """
        async with self._changing:
            await self._stop()

    async def restart(self) -> None:
        """Stop and start on the same port, with no other start between."""
        async with self._changing:
            await self._stop()
            await self._start()

    def kill(self) -> None:
        """SIGKILL to the server alone, as a crash would: for tests of what survives it."""
        assert self._process is not None, f"{self.name} was never started"
        self._process.send(signal.SIGKILL)

    async def wait_exit(self) -> int:
        """The exit code of the present run, once that has ended."""
        assert self._process is not None, f"{self.name} was never started"
        return await self._process.wait_exit()

    async def _start(self) -> None:
        if self.pid is not None:
            return
        is_ready = False
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                await self._prepare()
                await self._launch_until_ready()
            is_ready = True
        except TimeoutError as error:
            raise ChildFailed(
                self.name, f"not ready within {START_SECONDS_MAX:g} seconds", self.log
            ) from error
        except OSError as error:
            raise ChildFailed(self.name, str(error), self.log) from error
        finally:
            if not is_ready:
                await self._stop()

    async def _stop(self) -> None:
        if self._process is not None:
            await self._process.end(*self._stop_steps)

    async def _launch_until_ready(self) -> None:
        while True:
            self._process = process = self._launch()
            while process.exit_code is None:
                if await self._is_ready(process.pid):
                    return
                await asyncio.sleep(READY_POLL_SECONDS)
            if not any(fault in process.output() for fault in self._passing_faults):
                raise self._failure(process)
            await asyncio.sleep(START_RETRY_SECONDS)

    def _failure(self, process: ChildProcess) -> EmbeddedError:
        if ADDRESS_IN_USE in process.output():
            return StorePortInUse(self.name, self.port)
        return process.failure()

    @abstractmethod
    async def _prepare(self) -> None:
        """Makes the data folder ready to be served."""

    @abstractmethod
    def _launch(self) -> ChildProcess:
        """Starts the server."""

    @abstractmethod
    async def _is_ready(self, pid: int) -> bool:
        """Whether the server with that process id, and no other on its port, answers."""
