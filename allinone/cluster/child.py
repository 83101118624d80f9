"""One process below this one: `hutong` with a command, settings of its own and joined logs.

It is in a session of its own, so that Ctrl-C reaches the supervisor only, and on Linux it is killed
with the supervisor, however that ends: what it was at is taken up by the next start.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from allinone.asking import ask
from allinone.cluster.errors import ProcessFailed
from allinone.cluster.logs import LINE_BYTES_MAX, JoinedLogs
from allinone.embedded.tied import tied

PROGRAM = (sys.executable, "-m", "allinone")
START_SECONDS_MAX = 60.0
POLL_SECONDS = 0.05
KILL_SECONDS_MAX = 5.0
LINES_KEPT = 20


class ChildProcess:
    """A command of `hutong` as a process, with this process's environment and more settings.

    What is None among them is taken away. With an address, it has started when it answers HTTP
    there.
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        *,
        settings: Mapping[str, str | None],
        logs: JoinedLogs,
        http_address: str = "",
        on_start: Callable[[], None] = lambda: None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self.name = name
        self.http_address = http_address
        self._command = (*program, *words)
        self._settings = settings
        self._logs = logs
        self._on_start = on_start
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._process: subprocess.Popen[bytes] | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    async def start(self) -> None:
        """Returns when it answers; ProcessFailed if it ends before, or takes too long."""
        self._launch()
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                while not await self._answers():
                    if self.pid is None:
                        raise await self._failure()
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            await self.stop(seconds=0)
            reason = f"no answer within {START_SECONDS_MAX:g} seconds"
            raise ProcessFailed(self.name, reason, is_refusal=False) from None

    async def run(self) -> None:
        """Runs it to its end; ProcessFailed if that is not a good one."""
        self._launch()
        if await self.wait_exit() != 0:
            raise await self._failure()
        await self._read_to_the_end()

    async def wait_exit(self) -> int:
        """The exit code of the present run, once that has ended; negative for a signal."""
        assert self._process is not None
        while (code := self._process.poll()) is None:
            await asyncio.sleep(POLL_SECONDS)
        return code

    async def stop(self, *, seconds: float) -> None:
        """Tells it to stop, and kills it if it has not ended after so long."""
        if self._process is None:
            return
        for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, KILL_SECONDS_MAX)):
            self._process.send_signal(number)
            try:
                async with asyncio.timeout(patience):
                    await self.wait_exit()
                    break
            except TimeoutError:
                continue
        await self._read_to_the_end()

    def _launch(self) -> None:
        self._process = subprocess.Popen(
            tied(self._command, death_signal=signal.SIGKILL),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment(),
            start_new_session=True,
        )
        self._last_lines.clear()
        self._reading = asyncio.create_task(self._read(self._process), name=f"logs {self.name}")
        self._on_start()

    def _environment(self) -> dict[str, str]:
        merged = {**os.environ, **self._settings}
        return {name: value for name, value in merged.items() if value is not None}

    async def _answers(self) -> bool:
        if not self.http_address:
            return True
        try:
            await ask(self.http_address, "/readyz")
        except (OSError, TimeoutError):
            return False
        return self.pid is not None

    async def _read(self, process: subprocess.Popen[bytes]) -> None:
        reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: protocol, process.stdout
        )
        try:
            while line := await _line(reader):
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                self._last_lines.append(text)
                self._logs.write(self.name, text)
        finally:
            transport.close()

    async def _read_to_the_end(self) -> None:
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=KILL_SECONDS_MAX)

    async def _failure(self) -> ProcessFailed:
        """Why it has ended, which it has: its own last line, if it wrote one."""
        code = await self.wait_exit()
        await self._read_to_the_end()
        if code < 0:
            reason = f"killed by {signal.Signals(-code).name}"
            return ProcessFailed(self.name, reason, is_refusal=False)
        lines = [line for line in self._last_lines if line.strip()]
        last = lines[-1].removeprefix("hutong: ") if lines else "it wrote nothing"
        return ProcessFailed(self.name, f"{last} (exit code {code})", is_refusal=True)


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line, or as much of it as one may hold; empty at the end."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as ended:
        return ended.partial
    except asyncio.LimitOverrunError as overrun:
        return await reader.readexactly(max(1, overrun.consumed))
