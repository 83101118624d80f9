"""Identifiers minted here: time-ordered, with a prefix that names their kind.

The 128 bits are a UUID version 7 (RFC 9562), written as 26 lower-case base-32 digits in
Crockford's alphabet, so that ids sort by time of birth and can be read aloud.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ENCODED_DIGITS = 26


def uuid7(*, unix_ms: int | None = None) -> uuid.UUID:
    """A UUID version 7 of now, or of a given time in milliseconds since 1970."""
    milliseconds = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def mint(prefix: str) -> str:
    """A fresh id such as ord_01h455vb4pex5vsknk084sn02q."""
    return f"{prefix}_{_encoded(uuid7().int)}"


def derived(prefix: str, *parts: str) -> str:
    """The id that these parts always give: for steps that may run twice and must meet."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return f"{prefix}_{_encoded(int.from_bytes(digest[:16], 'big'))}"


def _encoded(value: int) -> str:
    digits = [_ALPHABET[value >> shift & 31] for shift in range(5 * (_ENCODED_DIGITS - 1), -1, -5)]
    return "".join(digits)
