"""Identifiers minted here: time-ordered, with a prefix that names their kind.

The 128 bits are a UUID version 7 (RFC 9562), written as 26 lower-case base-32 digits in
Crockford's alphabet, so that ids sort by time of birth and can be read aloud.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
import uuid

_ENCODED_DIGITS = 26
_PADDED_BYTES = 20
"""What 32 digits of base 32 stand for, the least that is a number of bytes and of digits."""

_CROCKFORD = bytes.maketrans(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUV", b"0123456789abcdefghjkmnpqrstvwxyz"
)


def uuid7(*, unix_ms: int | None = None) -> uuid.UUID:
    """A UUID version 7 of now, or of a given time in milliseconds since 1970."""
    return uuid.UUID(int=_uuid7_number(unix_ms))


def _uuid7_number(unix_ms: int | None = None) -> int:
    milliseconds = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return value & ~(0x3 << 62) | 0x2 << 62


def mint(prefix: str) -> str:
    """A fresh id such as ord_01h455vb4pex5vsknk084sn02q."""
    return f"{prefix}_{_encoded(_uuid7_number())}"


def derived(prefix: str, *parts: str) -> str:
    """The id that these parts always give: for steps that may run twice and must meet."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return f"{prefix}_{_encoded(int.from_bytes(digest[:16], 'big'))}"


def _encoded(value: int) -> str:
    padded = value << 8 * _PADDED_BYTES - 5 * _ENCODED_DIGITS
    digits = base64.b32hexencode(padded.to_bytes(_PADDED_BYTES))[:_ENCODED_DIGITS]
    return digits.translate(_CROCKFORD).decode()
