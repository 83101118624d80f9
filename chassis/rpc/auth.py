"""Who is calling: a JWT, verified against a key set, or a caller that a service vouches for.

Algorithms, issuer, audience, type and the claims that must be there are fixed; what is wrong with a
token is logged and never told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import jwt

from chassis.kernel.clock import Clock
from chassis.kernel.errors import Unauthenticated
from chassis.kernel.names import is_id
from chassis.log import logger
from chassis.rpc.key_set import KeySet, KeySource

ALGORITHMS = ("EdDSA", "ES256", "RS256")
TOKEN_TYPE = "at+jwt"
LEEWAY_SECONDS = 30
CACHED_TOKENS_MAX = 10_000
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


@dataclass(frozen=True, slots=True)
class Claims:
    """How tokens are to be read: which claim holds what, and what further roles stand for.

    A claim is named as it stands in the token; dots lead into objects, unless a claim has that
    very name. A further role gives its bearer the roles that it stands for, in the same scopes.
    """

    roles: str = "roles"
    tenant: str = "tenant"
    stores: str = "stores"
    customer: str = "customer"
    further_roles: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a token was found to say, until when, and which key said so."""

    caller: Caller
    expires_at: float
    key: jwt.PyJWK
    session: str


class Authenticator:
    """Verifies bearer tokens.

    Verified ones are remembered until they expire or their key leaves the key set. `is_revoked`
    says whether a session (the claim `sid`) has been ended before its tokens expire.
    """

    def __init__(
        self,
        *,
        keys: KeySource,
        issuer: str,
        audience: str,
        clock: Clock,
        claims: Claims | None = None,
        is_revoked: Callable[[str], bool] | None = None,
    ) -> None:
        self._keys = KeySet(keys, clock=clock)
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._claims = claims or Claims()
        self._is_revoked = is_revoked
        self._verified: OrderedDict[str, _Verified] = OrderedDict()

    async def caller(self, authorization: str | None) -> Caller:
        """The identity in an Authorization header's value; Unauthenticated if there is none."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= TOKEN_BYTES_MAX:
            raise Unauthenticated
        await self._keys.refresh()
        known = self._verified.get(token)
        if known is None or not self._still_holds(known):
            known = await self._verify(token)
            self._verified[token] = known
            if len(self._verified) > CACHED_TOKENS_MAX:
                self._verified.popitem(last=False)
        if self._is_revoked is not None and known.session and self._is_revoked(known.session):
            log.info("token_refused", problem="SessionRevoked")
            raise Unauthenticated
        return known.caller

    def _still_holds(self, known: _Verified) -> bool:
        return known.expires_at > self._clock.now().timestamp() and self._keys.holds(known.key)

    async def _verify(self, token: str) -> _Verified:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ", "").lower() not in (TOKEN_TYPE, f"application/{TOKEN_TYPE}"):
                raise jwt.InvalidTokenError("wrong typ")
            key = await self._keys.key(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "aud", "iss", "sub"]},
            )
            return _Verified(
                caller=_caller_of(claims, self._claims),
                expires_at=float(claims["exp"]),
                key=key,
                session=str(claims.get("sid", "")),
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, AttributeError) as problem:
            log.info("token_refused", problem=type(problem).__name__)
            raise Unauthenticated from problem


def _caller_of(claims: Mapping[str, object], reading: Claims) -> Caller:
    roles = _strings(_found(claims, reading.roles))
    stores = _strings(_found(claims, reading.stores, absent=[]))
    tenant = _found(claims, reading.tenant)
    customer = _found(claims, reading.customer, absent="")
    if not isinstance(tenant, str) or not is_id(tenant):
        raise ValueError("the tenant is no id")
    if not isinstance(customer, str):
        raise TypeError("the customer is no text")
    stands_for = [reading.further_roles.get(role, frozenset()) for role in roles]
    return Caller(
        principal=str(claims["sub"]),
        tenant=tenant,
        roles=roles.union(*stands_for),
        stores=stores,
        customer=customer,
    )


def _found(claims: Mapping[str, object], name: str, *, absent: object = None) -> object:
    """The claim of this name; KeyError if there is none and nothing stands for its absence."""
    found: object = claims
    for part in (name,) if name in claims else name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            if absent is None:
                raise KeyError(name)
            return absent
        found = found[part]
    return found


def _strings(listed: object) -> frozenset[str]:
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise TypeError("roles and stores are lists of texts")
    return frozenset(listed)
