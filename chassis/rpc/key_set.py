"""The keys of whoever signs tokens: read from a file, an address, or found by the issuer's own.

Nothing here believes a key server more than it has to: what it sends is bounded in size and time,
it can't send us elsewhere, and made-up key ids don't make us ask it more often.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx2
import jwt

from chassis.kernel.clock import Clock
from chassis.kernel.errors import Unavailable
from chassis.log import logger

KEYS_SECONDS_MAX = 300
"""How old known keys may be before they are read again; a removed key is believed no longer."""

KEYS_SECONDS_MIN = 2.0
"""Keys are not asked for again sooner, whatever tokens say."""

KEYS_RETRY_SECONDS = 10.0
"""How long to wait before a source is asked again that has just failed."""

KEYS_KEPT_SECONDS_MAX = 24 * 3600
"""How long known keys are used while their source does not answer."""

FETCH_SECONDS_MAX = 3.0
DOCUMENT_BYTES_MAX = 256 * 1024
DISCOVERY = "/.well-known/openid-configuration"
WEB = ("https://", "http://")

_PROBLEMS = (
    OSError,
    ValueError,
    TypeError,
    RecursionError,  # from JSON that is nested too deep
    httpx2.HTTPError,
    httpx2.InvalidURL,
)

log = logger(__name__)


class KeySetInvalid(ValueError):
    """A source of keys answered with something that is no key set."""


class KeySource(Protocol):
    """Where a key set comes from."""

    async def read(self) -> Any:
        """The key set as JSON; OSError, ValueError or httpx2.HTTPError if there is none."""


class FileKeys:
    """A key set in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self) -> Any:
        """The file's content."""
        return json.loads(await asyncio.to_thread(self._path.read_bytes))


class WebKeys:
    """A key set at an address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def read(self) -> Any:
        """What the address answers."""
        async with asyncio.timeout(FETCH_SECONDS_MAX), _client() as client:
            return await _fetched(client, self._address)


class DiscoveredKeys:
    """The key set that an issuer's own configuration names (OpenID Connect Discovery 1.0)."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    async def read(self) -> Any:
        """The issuer's key set; KeySetInvalid if the configuration is of somebody else."""
        async with asyncio.timeout(FETCH_SECONDS_MAX), _client() as client:
            found = await _fetched(client, self._issuer.rstrip("/") + DISCOVERY)
            if not isinstance(found, dict) or found.get("issuer") != self._issuer:
                raise KeySetInvalid("the configuration is not this issuer's")
            address = found.get("jwks_uri")
            # An issuer that is reached safely does not send us to keys that are not.
            safe = WEB[:1] if self._issuer.startswith(WEB[0]) else WEB
            if not isinstance(address, str) or not address.startswith(safe):
                raise KeySetInvalid("the configuration names no key set")
            return await _fetched(client, address)


def key_source(*, jwks: str | None, issuer: str) -> KeySource:
    """The source that settings name: a file, an address, or without either the issuer's own."""
    if jwks is None:
        return DiscoveredKeys(issuer)
    return WebKeys(jwks) if jwks.startswith(WEB) else FileKeys(Path(jwks))


@dataclass(frozen=True, slots=True)
class _Listed:
    """A key as its source lists it, and as it verifies."""

    data: Mapping[str, Any]
    key: jwt.PyJWK


class KeySet:
    """Known keys by their id, kept fresh."""

    def __init__(self, source: KeySource, *, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._keys: Mapping[str, _Listed] = {}
        self._read_at: float | None = None
        self._asked_at: float | None = None
        self._reading = asyncio.Lock()
        self._retrying: asyncio.Task[None] | None = None

    def holds(self, key: jwt.PyJWK) -> bool:
        """Whether this key is still one of the set."""
        listed = self._keys.get(str(key.key_id))
        return listed is not None and listed.key is key

    async def refresh(self) -> None:
        """Reads the keys if they are old. Known keys stay while their source does not answer.

        Then nobody waits for it: what is known is used, and the source is asked again beside that.
        """
        if not self._is_due(KEYS_SECONDS_MAX):
            return
        if not self._keys or not self._has_failed():
            await self._read_if_due(KEYS_SECONDS_MAX)
        elif self._retrying is None or self._retrying.done():
            self._retrying = asyncio.create_task(self._read_if_due(KEYS_SECONDS_MAX))

    async def key(self, key_id: str) -> jwt.PyJWK:
        """The key with this id; Unavailable without any keys, jwt.InvalidTokenError without it."""
        await self.refresh()
        if key_id not in self._keys:
            await self._read_if_due(KEYS_SECONDS_MIN)
        if not self._keys:
            raise Unavailable(part="the token issuer's key set")
        if key_id not in self._keys:
            raise jwt.InvalidTokenError("unknown key")
        return self._keys[key_id].key

    def _has_failed(self) -> bool:
        return self._asked_at is not None and self._asked_at != self._read_at

    def _is_due(self, age_seconds_max: float) -> bool:
        """Whether the keys are older than that, and their source may be asked again already."""
        now = self._clock.monotonic()
        if self._read_at is not None and now - self._read_at <= age_seconds_max:
            return False
        pause = KEYS_RETRY_SECONDS if self._keys and self._has_failed() else KEYS_SECONDS_MIN
        return self._asked_at is None or now - self._asked_at >= pause

    async def _read_if_due(self, age_seconds_max: float) -> None:
        async with self._reading:
            if not self._is_due(age_seconds_max):
                return
            self._asked_at = self._clock.monotonic()
            try:
                self._keys = _keys_in(await self._source.read(), known=self._keys)
                self._read_at = self._asked_at
            except _PROBLEMS as problem:
                log.warning("key_set_not_read", problem=type(problem).__name__)
                if self._read_at is not None and self._asked_at - self._read_at > (
                    KEYS_KEPT_SECONDS_MAX
                ):
                    self._keys = {}


def _keys_in(document: Any, *, known: Mapping[str, _Listed]) -> Mapping[str, _Listed]:
    """The keys for signatures in a key set; one that is known already stays the same object."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise KeySetInvalid("there are no keys")
    keys: dict[str, _Listed] = {}
    for data in listed:
        if not isinstance(data, dict) or not isinstance(data.get("kid"), str):
            continue
        if data.get("use", "sig") != "sig":
            continue
        before = known.get(data["kid"])
        if before is not None and before.data == data:
            keys[data["kid"]] = before
            continue
        with suppress(jwt.PyJWTError, ValueError, TypeError):
            keys[data["kid"]] = _Listed(data, jwt.PyJWK(data))
    if not keys:
        raise KeySetInvalid("there is no key that can be used")
    return keys


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(follow_redirects=False, headers={"accept-encoding": "identity"})


async def _fetched(client: httpx2.AsyncClient, address: str) -> Any:
    """The JSON at an address; ValueError if that is not what it answers, or if it is too much."""
    async with client.stream("GET", address) as answer:
        if answer.status_code != httpx2.codes.OK:
            raise KeySetInvalid(f"status {answer.status_code}")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise KeySetInvalid("the answer is packed")
        document = bytearray()
        async for part in answer.aiter_raw():
            document += part
            if len(document) > DOCUMENT_BYTES_MAX:
                raise KeySetInvalid("the answer is too large")
    return json.loads(bytes(document))
