"""Requests over HTTP/1.1, one after the other on each connection, as an app's pool does."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

from tests.bench.sending.plan import OK, Bodies, Plan, Sender

_READ_BYTES = 1 << 16
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3})")
_GOOD = b"200"


class Http1:
    """One connection, kept alive."""

    def __init__(self, plan: Plan, sender: Sender, *, slots: int) -> None:
        if slots != 1:
            raise ValueError("one request at a time on a connection")
        host, _, port = plan.address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._bodies = Bodies(plan, sender)
        self._asked: int | None = None
        self._out = b""
        self._read = bytearray()

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return 0 if self._asked is None else 1

    def ask(self, number: int) -> bool:
        """Begins a request, if there is room."""
        if self._asked is not None:
            return False
        self._asked = number
        self._out += self._bodies.of(number)
        return True

    def finish(self) -> None:
        """Nothing more is asked."""

    def write(self) -> None:
        """Sends what it can."""
        if self._out:
            try:
                self._out = self._out[self.socket.send(self._out) :]
            except BlockingIOError:
                return

    def answers(self) -> Iterator[tuple[int, str]]:
        """What has come: requests' numbers and their statuses."""
        try:
            data = self.socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("the server closed the connection")
        self._read += data
        status = self._answered()
        if status is not None and self._asked is not None:
            number, self._asked = self._asked, None
            yield number, status

    def _answered(self) -> str | None:
        """The status of the answer, once all of it is there."""
        end = self._read.find(_HEAD_END)
        if end < 0:
            return None
        head = bytes(self._read[:end])
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if status is None or length is None:
            raise ConnectionError(f"an answer of a form that is not expected here: {head[:200]!r}")
        if len(self._read) < end + len(_HEAD_END) + int(length[1]):
            return None
        self._read.clear()
        return OK if status[1] == _GOOD else f"HTTP {status[1].decode()}"
