"""Who is calling: a JWT, verified against a JWKS, or a caller that a service vouches for.

Algorithms, issuer, audience, type and the claims that must be there are fixed; what is wrong with a
token is logged and never told.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from chassis.kernel.clock import Clock
from chassis.kernel.errors import Unauthenticated, Unavailable
from chassis.kernel.names import is_id
from chassis.log import logger

ALGORITHMS = ("EdDSA", "ES256", "RS256")
TOKEN_TYPE = "at+jwt"
LEEWAY_SECONDS = 30
CACHED_TOKENS_MAX = 10_000
JWKS_SECONDS_MAX = 300
JWKS_SECONDS_MIN = 2.0
JWKS_FETCH_SECONDS_MAX = 3.0
TOKEN_BYTES_MAX = 8192

ROLE_SERVICE = "service"

log = logger(__name__)

TokenSource = Callable[[], str]
"""Gives the token with which this process calls other services."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified identity.

    Stores and customer are resource names relative to the tenant, as in the token.
    """

    principal: str
    tenant: str
    roles: frozenset[str]
    stores: frozenset[str] = frozenset()
    customer: str = ""

    @property
    def is_service(self) -> bool:
        """Whether the caller is one of our own services."""
        return ROLE_SERVICE in self.roles


class Authenticator:
    """Verifies bearer tokens; verified ones are remembered until they expire."""

    def __init__(self, *, jwks: str, issuer: str, audience: str, clock: Clock) -> None:
        self._jwks = jwks
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._keys_read_at: float | None = None
        self._keys_asked_at: float | None = None
        self._reading = asyncio.Lock()
        self._verified: OrderedDict[str, tuple[Caller, float]] = OrderedDict()

    async def caller(self, authorization: str | None) -> Caller:
        """The identity in an Authorization header's value; Unauthenticated if there is none."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= TOKEN_BYTES_MAX:
            raise Unauthenticated
        known = self._verified.get(token)
        if known is not None and known[1] > self._clock.now().timestamp():
            return known[0]
        caller, expires_at = await self._verify(token)
        self._verified[token] = (caller, expires_at)
        if len(self._verified) > CACHED_TOKENS_MAX:
            self._verified.popitem(last=False)
        return caller

    async def _verify(self, token: str) -> tuple[Caller, float]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ", "").lower() != TOKEN_TYPE:
                raise jwt.InvalidTokenError("wrong typ")
            key = await self._key(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "aud", "iss", "sub", "tenant", "roles"]},
            )
            return _caller_of(claims), float(claims["exp"])
        except (jwt.PyJWTError, TypeError, ValueError, AttributeError) as problem:
            log.info("token_refused", problem=type(problem).__name__)
            raise Unauthenticated from problem

    async def _key(self, key_id: str) -> jwt.PyJWK:
        if key_id not in self._keys or self._keys_are_old():
            async with self._reading:
                if key_id not in self._keys or self._keys_are_old():
                    await self._read_keys()
        if not self._keys:
            raise Unavailable(part="the token issuer's key set")
        if key_id not in self._keys:
            raise jwt.InvalidTokenError("unknown key")
        return self._keys[key_id]

    def _keys_are_old(self) -> bool:
        read_at = self._keys_read_at
        return read_at is None or self._clock.monotonic() - read_at > JWKS_SECONDS_MAX

    async def _read_keys(self) -> None:
        """Reads the key set, but not so soon again that made-up key ids could wear it out."""
        now = self._clock.monotonic()
        if self._keys_asked_at is not None and now - self._keys_asked_at < JWKS_SECONDS_MIN:
            return
        self._keys_asked_at = now
        try:
            document = await asyncio.to_thread(_read, self._jwks)
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (OSError, ValueError, TypeError, AttributeError, jwt.PyJWTError) as problem:
            log.warning("key_set_not_read", problem=type(problem).__name__)
            return
        self._keys = {str(key.key_id): key for key in keys}
        self._keys_read_at = self._clock.monotonic()


def _caller_of(claims: Mapping[str, object]) -> Caller:
    roles, stores = claims["roles"], claims.get("stores", [])
    if not isinstance(roles, list) or not isinstance(stores, list):
        raise TypeError("roles and stores are lists")
    tenant = claims["tenant"]
    if not isinstance(tenant, str) or not is_id(tenant):
        raise ValueError("the tenant is no id")
    return Caller(
        principal=str(claims["sub"]),
        tenant=tenant,
        roles=frozenset(str(role) for role in roles),
        stores=frozenset(str(store) for store in stores),
        customer=str(claims.get("customer", "")),
    )


def _read(place: str) -> Any:
    if place.startswith(("https://", "http://")):
        client = jwt.PyJWKClient(place, cache_keys=False, timeout=JWKS_FETCH_SECONDS_MAX)
        return client.fetch_data()
    return json.loads(Path(place).read_text())
