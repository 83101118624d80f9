"""Runs PostgreSQL's own tools for back-ups, which end with the work that asked for them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence

from allinone.embedded.binaries import postgres_programs
from allinone.embedded.process import kept_environment

STOP_SECONDS_MAX = 10.0
PROBLEM_LETTERS_MAX = 300

_PROGRESS = re.compile(r"^\s*(\d+)/(\d+) kB")
"""How far pg_basebackup says that it is: 12345/67890 kB (18%)."""


class ToolFailed(Exception):
    """A tool ended with an error; the text is the first that it told of, or what it said last."""


async def run_tool(
    program: str,
    arguments: Sequence[str],
    *,
    variables: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Runs a tool to its end; ToolFailed if that is not a good one.

    `progress` is told of kilobytes that are done, and of how many there are in all. A tool whose
    asker is killed ends when it next tells of its progress; one whose asker is cancelled, at once.
    """
    process = await asyncio.create_subprocess_exec(
        str(postgres_programs() / program),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=kept_environment() | dict(variables or {}),
        cwd="/",
    )
    assert process.stderr is not None
    problem, is_error = "it said nothing", False
    try:
        async for line in process.stderr:
            text = line.decode("utf-8", "replace").strip()
            told = _PROGRESS.match(text)
            if told:
                progress(int(told[1]), int(told[2]))
            elif text and not is_error:
                problem, is_error = text, text.startswith(f"{program}: error: ")
        code = await process.wait()
    finally:
        await _end(process)
    if code != 0:
        raise ToolFailed(
            problem.removeprefix(f"{program}: ").removeprefix("error: ")[:PROBLEM_LETTERS_MAX]
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS_MAX)
        except TimeoutError:
            process.kill()
            await process.wait()
