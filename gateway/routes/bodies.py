"""Reading a request's body: of the right kind, in time, and never more of it than the limit."""

from __future__ import annotations

import asyncio
import zlib
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.kernel.errors import InvalidInput, MessageTooLarge
from gateway.limits import BODY_BYTES_MAX, BODY_SECONDS_MAX
from gateway.routes.asked import Asked

JSON_TYPE = "application/json"
_CLOSE = {"connection": "close"}


class GzipInvalid(InvalidInput):
    """The body is said to be packed, and is not."""

    reason = "GZIP_INVALID"
    message = "the body is no gzip stream"


async def body_of(asked: Asked) -> bytes:
    """The body, unpacked.

    HTTPException 415 if it is not JSON and 408 if it does not arrive; MessageTooLarge; GzipInvalid;
    Starlette's ClientDisconnect.
    """
    if not asked.has_body:
        return b""
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            body = await _read(asked)
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, headers=_CLOSE) from None
    if not body:
        return body
    _check_type(asked.header(b"content-type") or "")
    encoding = (asked.header(b"content-encoding") or "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, headers={"accept-encoding": "gzip"})
    return _unpacked(body)


async def _read(asked: Asked) -> bytes:
    length = asked.header(b"content-length") or ""
    if length.isdecimal() and int(length) > BODY_BYTES_MAX:
        raise MessageTooLarge(limit_bytes=BODY_BYTES_MAX)
    body = bytearray()
    has_more = True
    while has_more:
        message = await asked.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
        if len(body) > BODY_BYTES_MAX:
            raise MessageTooLarge(limit_bytes=BODY_BYTES_MAX)
    return bytes(body)


def _check_type(content_type: str) -> None:
    kind, _, parameter = content_type.partition(";")
    charset = parameter.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != JSON_TYPE or charset not in {"", "utf-8"}:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, headers={"accept": JSON_TYPE})


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        body = unpacking.decompress(packed, BODY_BYTES_MAX + 1)
    except zlib.error:
        raise GzipInvalid from None
    if len(body) > BODY_BYTES_MAX:
        raise MessageTooLarge(limit_bytes=BODY_BYTES_MAX)
    if not unpacking.eof or unpacking.unused_data:
        raise GzipInvalid
    return body
