"""The API's answers as ASGI sends them: whole, with the headers that all have, packed if wished.

Pages of the front go through Starlette's middleware for the same; the API, which is called much
more often, does without its layers.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Send

from gateway.headers import SECURITY_HEADERS
from gateway.limits import GZIP_BYTES_MIN

GZIP_LEVEL = 5
THREAD_BYTES_MIN = 128 * 1024
"""So much is packed in a thread, where it holds nobody up."""

_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_CACHE_CONTROL = b"cache-control"
_SECURITY = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_SECURITY_BUT_CACHE = [header for header in _SECURITY if header[0] != _CACHE_CONTROL]
_IS_PACKED = (b"content-encoding", b"gzip")

RawHeaders = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the headers that are the answer's own, and a body."""

    status: int
    headers: RawHeaders
    body: bytes = b""

    @classmethod
    def of(cls, response: Response) -> Answer:
        """What a response of Starlette's says."""
        own = [header for header in response.raw_headers if header[0] != b"content-length"]
        return cls(response.status_code, own, bytes(response.body))

    async def send(self, send: Send, *, takes_gzip: bool) -> None:
        """Sends it, packed if that is worth it and the caller takes it so."""
        headers, body = [*self.headers, *security_headers(self.headers)], self.body
        if takes_gzip and len(body) >= GZIP_BYTES_MIN:
            body = await _packed(body)
            headers.append(_IS_PACKED)
        if self.status not in {204, 304}:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def security_headers(own: RawHeaders) -> RawHeaders:
    """The headers that every answer has, but those of which it has its own."""
    has_own = any(name == _CACHE_CONTROL for name, _ in own)
    return _SECURITY_BUT_CACHE if has_own else _SECURITY


async def _packed(body: bytes) -> bytes:
    if len(body) >= THREAD_BYTES_MIN:
        return await asyncio.to_thread(_gzip, body)
    return _gzip(body)


def _gzip(body: bytes) -> bytes:
    packing = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    return packing.compress(body) + packing.flush()
