"""Pages: at most so many rows, and an opaque token that says after which row the next begins.

A token is bound to the method and to what is listed, so that it can't be used elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis.kernel.errors import PageTokenInvalid

PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 1000

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows: at most `size`, after the row with the key `after` ("" for the first page)."""

    size: int
    after: str
    listing: str

    def page(self, rows: Sequence[Row], *, key: Callable[[Row], str]) -> Page[Row]:
        """The page in rows, of which one more than `size` was read to see whether more follow."""
        if len(rows) <= self.size:
            return Page(rows, "")
        kept = rows[: self.size]
        return Page(kept, self.token_after(key(kept[-1])))

    def token_after(self, key: str) -> str:
        """The token of the page that begins after this key, where no row need be."""
        return _token(self.listing, key)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and the token of the page after them ("" if there is none)."""

    rows: Sequence[Row]
    next_token: str


def page_request(*, size: int, token: str, listing: str) -> PageRequest:
    """The page that a request asks for; PageTokenInvalid if the token is not of this listing.

    `listing` names what is listed with all its filters; a token of another listing is refused.
    """
    after = _key_in(token, listing) if token else ""
    return PageRequest(
        size=min(size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX), after=after, listing=listing
    )


def _token(listing: str, key: str) -> str:
    text = json.dumps([_digest(listing), key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _key_in(token: str, listing: str) -> str:
    try:
        padded = token + "=" * (-len(token) % 4)
        digest, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise PageTokenInvalid.at("page_token", "is not a token of this list") from None
    if digest != _digest(listing) or not isinstance(key, str) or not key.isprintable():
        raise PageTokenInvalid.at("page_token", "is not a token of this list")
    return key


def _digest(listing: str) -> str:
    return hashlib.sha256(listing.encode()).hexdigest()[:16]
