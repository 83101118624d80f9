"""The supervisor's side of a cluster: programs that refuse, die, hang and talk."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Literal

import pytest
from structlog.testing import capture_logs

from allinone.cluster.child import ChildProcess
from allinone.cluster.errors import ProcessFailed, ProcessKeepsDying
from allinone.cluster.keeper import STARTS_MAX, Keeper
from allinone.cluster.logs import LINE_BYTES_MAX, JoinedLogs
from tests.support.command import free_port

SECONDS_MAX = 60.0

SERVES = """
import http.server, sys
http.server.ThreadingHTTPServer(
    ("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler
).serve_forever()
"""
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SERVES
DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"

Make = Callable[..., ChildProcess]


class Log:
    """What was joined."""

    def __init__(self, form: Literal["console", "json"] = "console") -> None:
        self._out = io.StringIO()
        self.joined = JoinedLogs(self._out, form=form)

    @property
    def lines(self) -> list[str]:
        return self._out.getvalue().splitlines()


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[ChildProcess] = []

    def child(source: str, log: Log | None = None, *, serves: bool = True) -> ChildProcess:
        port = free_port()
        made.append(
            ChildProcess(
                "orders",
                [str(port)],
                program=(sys.executable, "-c", source),
                settings={},
                logs=(log or Log()).joined,
                http_address=f"127.0.0.1:{port}" if serves else "",
            )
        )
        return made[-1]

    yield child
    for each in made:
        await each.stop(seconds=0)


async def restarted(logged: Sequence[Mapping[str, object]], *, times: int) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while [line["event"] for line in logged].count("process_restarted") < times:
            await asyncio.sleep(0.02)


async def test_a_process_that_refuses_its_first_start_is_asked_once_and_says_why() -> None:
    log = Log()
    settings = {"HUTONG_REDIS_URL": None}
    child = ChildProcess("orders", ["serve", "orders"], settings=settings, logs=log.joined)
    with pytest.raises(ProcessFailed) as caught:
        await child.run()
    assert str(caught.value) == (
        "orders did not start: HUTONG_REDIS_URL: say where Redis is (exit code 1)"
    )
    refuses = ChildProcess(
        "orders",
        ["serve", "orders"],
        settings=settings,
        logs=log.joined,
        http_address=f"127.0.0.1:{free_port()}",
    )
    keeper = Keeper([[refuses]], patience=[1.0])
    with pytest.raises(ProcessFailed, match="say where Redis is"):
        await keeper.start()
    await keeper.stop()
    assert len(log.lines) == 2


async def test_a_process_that_dies_at_every_start_is_given_up(make: Make) -> None:
    keeper = Keeper([[make(DIES)]], patience=[1.0])
    with pytest.raises(ProcessKeepsDying) as caught:
        await keeper.start()
    assert f"was started {STARTS_MAX} times" in str(caught.value)
    assert "killed by SIGKILL" in str(caught.value)
    assert "\n" not in str(caught.value)
    await keeper.stop()


async def test_a_process_that_was_up_is_started_again_however_often_it_dies(make: Make) -> None:
    child, other = make(SERVES), make(SERVES)
    keeper = Keeper([[child], [other]], patience=[1.0, 1.0])
    await keeper.start()
    waiting = asyncio.ensure_future(keeper.wait())
    beside = other.pid
    with capture_logs() as logged:
        for times in range(1, STARTS_MAX + 2):
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            await restarted(logged, times=times)
    assert not waiting.done()
    assert other.pid == beside
    await keeper.stop()
    await waiting
    assert (child.pid, other.pid) == (None, None)


async def test_a_process_that_does_not_stop_is_killed_after_its_patience(make: Make) -> None:
    child = make(DEAF)
    await child.start()
    await child.stop(seconds=0.2)
    assert await child.wait_exit() == -signal.SIGKILL


async def test_what_a_process_writes_is_told_line_by_line_under_its_name(make: Make) -> None:
    log = Log()
    source = "import sys; print('one'); print('two', file=sys.stderr, flush=True); print('胡同')"
    await make(source, log, serves=False).run()
    assert sorted(log.lines) == ["orders     one", "orders     two", "orders     胡同"]


async def test_as_json_every_line_is_an_object_with_the_process(make: Make) -> None:
    log = Log("json")
    source = """
import sys
print('{"event": "sold", "lines": 3}')
print('Traceback (most recent call last):')
print('[1, 2]')
sys.stdout.buffer.write(b'\\xff\\n')
"""
    await make(source, log, serves=False).run()
    told = [json.loads(line) for line in log.lines]
    assert told[0] == {"process": "orders", "event": "sold", "lines": 3}
    assert [(each["event"], each["text"]) for each in told[1:]] == [
        ("process_wrote", "Traceback (most recent call last):"),
        ("process_wrote", "[1, 2]"),
        ("process_wrote", "\N{REPLACEMENT CHARACTER}"),
    ]
    assert {each["process"] for each in told} == {"orders"}


async def test_a_line_without_an_end_is_told_in_parts_and_holds_nobody_up(make: Make) -> None:
    log = Log()
    source = f"print('x' * {2 * LINE_BYTES_MAX} + 'y', end='')"
    await make(source, log, serves=False).run()
    text = "".join(line.removeprefix("orders     ") for line in log.lines)
    assert text == "x" * 2 * LINE_BYTES_MAX + "y"


def test_a_supervisors_own_lines_are_joined_when_they_end() -> None:
    log = Log()
    stream = log.joined.stream("supervisor")
    stream.write("begun")
    assert log.lines == []
    stream.write(" and ended\nnext\n")
    assert log.lines == ["supervisor begun and ended", "supervisor next"]
