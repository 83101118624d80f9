"""The load says what it is told to, and reads the answers for what they are."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

import pytest
from hpack import Decoder

from tests.bench.rows import NotMeasurable
from tests.bench.sending.http2 import frame, heads, text
from tests.bench.sending.plan import (
    ID,
    Plan,
    Report,
    Sender,
    message,
    number_of,
    request_id,
    sent,
)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PATH = "/shop.v1.Shop/Buy"
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS, ACK = 0x1, 0x4, 0x1
BODY = f"id={ID};".encode()
PREFACE_BYTES = 24


def plan(address: str, **fields: object) -> Plan:
    """Ten calls, three at once, unless it says otherwise."""
    usual: dict[str, object] = {
        "protocol": "unary",
        "address": address,
        "path": PATH,
        "senders": [Sender("token", [(BODY.hex(), BODY.index(ID.encode()))])],
        "run": 7,
        "in_flight": 3,
        "connections": 2,
        "calls": 10,
    }
    return Plan(**(usual | fields))  # type: ignore[arg-type]


async def report_of(serve: Serve, **fields: object) -> Report:
    """What a load reports of a server that does this with each connection."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        return await sent(plan(f"127.0.0.1:{port}", **fields), seconds_max=30)


async def frames_of(reader: asyncio.StreamReader) -> tuple[int, int, int, bytes]:
    """The next frame: kind, flags, stream, payload."""
    head = await reader.readexactly(9)
    high, low, kind, flags, stream = struct.unpack(">HBBBI", head)
    return kind, flags, stream, await reader.readexactly(high << 8 | low)


class Answering:
    """A gRPC server of the barest kind: it tells every call a status, and keeps the requests."""

    def __init__(self, status: Callable[[int], bytes]) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self._status = status

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = Decoder()
        await reader.readexactly(PREFACE_BYTES)
        writer.write(frame(SETTINGS, 0, 0))
        try:
            while True:
                kind, flags, stream, payload = await frames_of(reader)
                if kind == HEADERS:
                    self.headers.append({str(k): str(v) for k, v in decoder.decode(payload)})
                elif kind == DATA and flags & END_STREAM:
                    self.bodies.append(payload)
                    status = self._status(number_of(payload[-1 - len(ID) : -1]))
                    trailers = b"\x40" + text(b"grpc-status") + text(status)
                    block = HEADERS, END_HEADERS | END_STREAM, stream, trailers
                    writer.write(frame(*block))
        except asyncio.IncompleteReadError:
            writer.close()


async def test_each_call_is_asked_once_with_an_id_of_its_own() -> None:
    server = Answering(lambda _: b"0")
    report = await report_of(server.serve)
    ids = [request_id(7, number) for number in range(10)]
    assert sorted(server.bodies) == [message(f"id={each};".encode()) for each in ids]
    assert report.ok == report.asked == len(report.milliseconds) == 10
    assert report.statuses == {"0": 10}
    assert [number_of(each) for each in ids] == list(range(10))


async def test_later_calls_of_a_connection_say_the_same_in_fewer_bytes() -> None:
    server = Answering(lambda _: b"0")
    await report_of(server.serve, connections=1)
    first, *others = server.headers
    assert first[":path"] == PATH
    assert first["authorization"] == "Bearer token"
    assert first["grpc-timeout"] == "30000m"
    assert all(other == first for other in others)
    long, short = heads(PATH, "here", "t" * 300, "1S")
    assert Decoder().decode(long)
    assert len(short) == 8


async def test_calls_that_were_not_answered_with_ok_are_told_by_number() -> None:
    statuses = {2: b"9", 5: b"4", 6: b"8"}
    report = await report_of(Answering(lambda number: statuses.get(number, b"0")).serve)
    assert report.ok == 7
    assert report.others == {"9": [2], "4": [5], "8": [6]}
    assert report.refused == {2, 6}
    assert report.unknown == {5}


async def test_an_open_loop_does_not_wait_for_answers() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    report = await report_of(silent, calls=None, rate=100.0, seconds=0.5, timeout_seconds=-4.9)
    assert 45 <= report.asked <= 50
    assert report.ok == 0
    assert len(report.unknown) == report.asked


async def test_a_connection_that_is_cut_is_no_figure() -> None:
    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    with pytest.raises(NotMeasurable, match="load failed"):
        await report_of(cut)


async def test_messages_on_a_stream_are_acknowledged_by_the_ids_in_them() -> None:
    unacknowledged_most = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal unacknowledged_most
        await reader.readexactly(PREFACE_BYTES)
        writer.write(frame(SETTINGS, 0, 0))
        waiting: list[bytes] = []
        while True:
            kind, flags, stream, payload = await frames_of(reader)
            if kind != DATA:
                continue
            if payload:
                waiting.append(payload[-1 - len(ID) : -1])
                unacknowledged_most = max(unacknowledged_most, len(waiting))
            if len(waiting) == 2 or flags & END_STREAM:
                answers = b"".join(map(_acknowledged, reversed(waiting)))
                waiting.clear()
                # An answer may lie across two frames.
                writer.write(
                    frame(DATA, 0, stream, answers[:7]) + frame(DATA, 0, stream, answers[7:])
                )
            if flags & END_STREAM:
                trailers = b"\x40" + text(b"grpc-status") + text(b"0")
                writer.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers))
                return

    report = await report_of(serve, protocol="stream", connections=1, in_flight=4)
    assert report.asked == 10
    assert report.others == {"not recorded": [3]}
    assert unacknowledged_most == 2


def _acknowledged(request: bytes) -> bytes:
    """The third is acknowledged as what can't be an order."""
    rest = b"\x22\x00" if number_of(request) == 3 else b"\x12\x01o"
    return message(b"\x0a\x24" + request + rest)


async def test_http_requests_follow_one_another_on_their_connection() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with_body = len(b"POST / HTTP/1.1\r\n\r\n") + len(BODY)
        try:
            while True:
                asked.append((await reader.readexactly(with_body))[-len(BODY) :])
                status = b"409 Conflict" if len(asked) == 4 else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 4\r\n\r\nte")
                await writer.drain()
                writer.write(b"xt")
        except asyncio.IncompleteReadError:
            writer.close()

    body = b"POST / HTTP/1.1\r\n\r\n" + BODY
    sender = Sender("token", [(body.hex(), body.index(ID.encode()))])
    report = await report_of(serve, protocol="http", senders=[sender], in_flight=3, connections=3)
    assert sorted(asked) == [f"id={request_id(7, n)};".encode() for n in range(10)]
    assert report.statuses["0"] == 9
    assert len(report.others["HTTP 409"]) == 1
    assert report.refused
    assert not report.unknown
