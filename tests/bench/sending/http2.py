"""gRPC over HTTP/2 with frames put together by hand: unary calls, or messages on one stream."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from hpack import Decoder

from tests.bench.sending.plan import OK, Bodies, Plan, Sender, message, number_of

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACK, _PADDED, _END_HEADERS, _PRIORITY = 0x1, 0x1, 0x8, 0x4, 0x20
_FRAME = struct.Struct(">HBBBI")
_SETTING = struct.Struct(">HI")
_MESSAGE = struct.Struct(">BI")
_WINDOW_MAX = 2**31 - 1
_WINDOW_AT_FIRST = 65_535
_INITIAL_WINDOW_SIZE = 4
_READ_BYTES = 1 << 18
_STREAM_SECONDS = 3600
_LOST = "lost"
_NOT_RECORDED = "not recorded"

_ORDER_TAG = 0x12
"""What follows the request's id in an acknowledgement of a sale that became an order."""

_ID_END = 38
"""Where the request's id ends in an acknowledgement, behind its own tag and length."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of HTTP/2."""
    size = len(payload)
    return _FRAME.pack(size >> 8, size & 0xFF, kind, flags, stream) + payload


def text(value: bytes) -> bytes:
    """A string as HPACK has it, not compressed."""
    if len(value) < 0x7F:
        return bytes([len(value)]) + value
    rest, coded = len(value) - 0x7F, bytearray([0x7F])
    while rest >= 0x80:
        coded.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*coded, rest]) + value


def heads(path: str, authority: str, token: str, timeout: str) -> tuple[bytes, bytes]:
    """A connection's first header block, which fills the peer's table, and all that follow."""
    post_over_http = b"\x83\x86"
    remembered = (
        (b"\x44", path.encode()),
        (b"\x41", authority.encode()),
        (b"\x5f", b"application/grpc"),
        (b"\x40" + text(b"te"), b"trailers"),
        (b"\x40" + text(b"grpc-timeout"), timeout.encode()),
        (b"\x57", f"Bearer {token}".encode()),
    )
    first = post_over_http + b"".join(name + text(value) for name, value in remembered)
    newest = 62
    again = bytes(0x80 | newest + len(remembered) - 1 - i for i in range(len(remembered)))
    return first, post_over_http + again


class _Http2:
    """A connection with its frames and its flow control."""

    def __init__(self, plan: Plan, sender: Sender, *, slots: int) -> None:
        host, _, port = plan.address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._bodies = Bodies(plan, sender)
        self._free = slots if plan.rate is None else _WINDOW_MAX
        self._window = self._stream_window = self._stream_window_at_first = _WINDOW_AT_FIRST
        self._read = bytearray()
        self._decoder = Decoder()
        self._known: dict[bytes, str | None] = {}
        settings = _SETTING.pack(_INITIAL_WINDOW_SIZE, _WINDOW_MAX)
        more = struct.pack(">I", _WINDOW_MAX - _WINDOW_AT_FIRST)
        self._out = bytearray(
            _PREFACE + frame(_SETTINGS, 0, 0, settings) + frame(_WINDOW_UPDATE, 0, 0, more)
        )
        self._received = 0

    def write(self) -> None:
        """Sends what it can."""
        if self._out:
            try:
                del self._out[: self.socket.send(self._out)]
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
        at = 0
        while len(self._read) - at >= _FRAME.size:
            high, low, kind, flags, stream = _FRAME.unpack_from(self._read, at)
            end = at + _FRAME.size + (high << 8 | low)
            if end > len(self._read):
                break
            payload = bytes(self._read[at + _FRAME.size : end])
            at = end
            yield from self._taken(kind, flags, stream, payload)
        del self._read[:at]

    def _taken(
        self, kind: int, flags: int, stream: int, payload: bytes
    ) -> Iterator[tuple[int, str]]:
        """Handles a frame; the answers in it."""
        if kind == _HEADERS:
            yield from self._headers(stream, self._status(flags, payload), flags)
        elif kind == _DATA:
            self._credit(payload)
            yield from self._data(payload)
        elif kind == _RST_STREAM:
            yield from self._headers(stream, _LOST, _END_STREAM)
        elif kind == _SETTINGS and not flags & _ACK:
            self._set(payload)
            self._out += frame(_SETTINGS, _ACK, 0)
        elif kind == _PING and not flags & _ACK:
            self._out += frame(_PING, _ACK, 0, payload)
        elif kind == _WINDOW_UPDATE:
            self._widen(stream, struct.unpack(">I", payload)[0])
        elif kind == _GOAWAY:
            raise ConnectionError("the server goes away")

    def _headers(self, stream: int, status: str | None, flags: int) -> Iterator[tuple[int, str]]:
        raise NotImplementedError

    def _data(self, payload: bytes) -> Iterator[tuple[int, str]]:
        raise NotImplementedError

    def _credit(self, payload: bytes) -> None:
        """Lets the server go on sending."""
        self._received += len(payload)
        if self._received > _WINDOW_MAX // 2:
            self._out += frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", self._received))
            self._received = 0

    def _set(self, payload: bytes) -> None:
        for name, value in _SETTING.iter_unpack(payload):
            if name == _INITIAL_WINDOW_SIZE:
                self._stream_window += value - self._stream_window_at_first
                self._stream_window_at_first = value

    def _widen(self, stream: int, by: int) -> None:
        if stream:
            self._stream_window += by
        else:
            self._window += by

    def _status(self, flags: int, block: bytes) -> str | None:
        """The gRPC status in a header block, if it bears one.

        A block of indices alone leaves the table as it is and means the same until that changes.
        """
        if flags & (_PADDED | _PRIORITY) or not flags & _END_HEADERS:
            raise ConnectionError("headers of a form that is not expected here")
        if block in self._known:
            return self._known[block]
        headers = {str(name): str(value) for name, value in self._decoder.decode(block)}
        status = headers.get("grpc-status")
        if all(byte & 0x80 for byte in block):
            self._known[block] = status
        else:
            self._known.clear()
        return status


class Unary(_Http2):
    """A connection with many calls on it, each a stream of its own."""

    def __init__(self, plan: Plan, sender: Sender, *, slots: int) -> None:
        super().__init__(plan, sender, slots=slots)
        timeout = f"{plan.timeout_seconds * 1000:.0f}m"
        self._first_head, self._head = heads(plan.path, plan.address, sender.token, timeout)
        self._asked: dict[int, int] = {}
        self._stream = 1

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return len(self._asked)

    def ask(self, number: int) -> bool:
        """Begins a call, if there is room."""
        if len(self._asked) >= self._free or self._window < _WINDOW_AT_FIRST // 4:
            return False
        body = message(self._bodies.of(number))
        head = self._first_head if self._stream == 1 else self._head
        self._out += frame(_HEADERS, _END_HEADERS, self._stream, head)
        self._out += frame(_DATA, _END_STREAM, self._stream, body)
        self._window -= len(body)
        self._asked[self._stream] = number
        self._stream += 2
        return True

    def finish(self) -> None:
        """Nothing more is asked."""

    def _headers(self, stream: int, status: str | None, flags: int) -> Iterator[tuple[int, str]]:
        if flags & _END_STREAM and stream in self._asked:
            yield self._asked.pop(stream), status or _LOST

    def _data(self, payload: bytes) -> Iterator[tuple[int, str]]:
        yield from ()


class Streamed(_Http2):
    """A connection with one stream on it, both ways: requests are messages, and so are answers.

    An answer begins with the request's id, and with the order's name behind it, if all is well.
    """

    _STREAM = 1

    def __init__(self, plan: Plan, sender: Sender, *, slots: int) -> None:
        super().__init__(plan, sender, slots=slots)
        head, _ = heads(plan.path, plan.address, sender.token, f"{_STREAM_SECONDS}S")
        self._out += frame(_HEADERS, _END_HEADERS, self._STREAM, head)
        self._unanswered: set[int] = set()
        self._messages = bytearray()
        self._is_finished = False

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return len(self._unanswered)

    def ask(self, number: int) -> bool:
        """Sends a message, if there is room."""
        room = min(self._window, self._stream_window)
        if len(self._unanswered) >= self._free or room < _WINDOW_AT_FIRST // 4:
            return False
        body = message(self._bodies.of(number))
        self._out += frame(_DATA, 0, self._STREAM, body)
        self._window -= len(body)
        self._stream_window -= len(body)
        self._unanswered.add(number)
        return True

    def finish(self) -> None:
        """Ends our side of the stream."""
        if not self._is_finished:
            self._is_finished = True
            self._out += frame(_DATA, _END_STREAM, self._STREAM)

    def _headers(self, stream: int, status: str | None, flags: int) -> Iterator[tuple[int, str]]:
        if flags & _END_STREAM and (status != OK or self._unanswered):
            raise ConnectionError(f"the stream ended with {status}")
        yield from ()

    def _data(self, payload: bytes) -> Iterator[tuple[int, str]]:
        self._messages += payload
        at = 0
        while len(self._messages) - at >= _MESSAGE.size:
            _, size = _MESSAGE.unpack_from(self._messages, at)
            end = at + _MESSAGE.size + size
            if end > len(self._messages):
                break
            answer = bytes(self._messages[at + _MESSAGE.size : end])
            at = end
            number = number_of(answer[:_ID_END])
            self._unanswered.discard(number)
            is_order = len(answer) > _ID_END and answer[_ID_END] == _ORDER_TAG
            yield number, OK if is_order else _NOT_RECORDED
        del self._messages[:at]
