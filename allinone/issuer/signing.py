"""What is signed here, and the keys: kept in the home, with their public key set.

Access tokens are signed with Ed25519. Identity tokens are signed with RSA, which every client of
OpenID Connect can verify; the type in the header keeps one from being taken for the other.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from chassis.rpc.auth import ROLE_SERVICE, TOKEN_TYPE, Caller

ALGORITHM = "EdDSA"
KEY_ID = "local-1"
IDENTITY_ALGORITHM = "RS256"
IDENTITY_KEY_ID = "local-identity-1"
RSA_BITS = 2048
RSA_EXPONENT = 65537
SERVICE_TOKEN_SECONDS = 3600
SERVICE_TOKEN_RENEWED_BEFORE_SECONDS = 600


PrivateKey = Ed25519PrivateKey | RSAPrivateKey


class ProductionRefused(Exception):
    """The local issuer was asked for in production mode. The text is one line for its user."""

    def __init__(self) -> None:
        super().__init__(
            "the local token issuer does not run in production; set HUTONG_TOKEN_ISSUER to your "
            "identity provider, and HUTONG_JWKS if its key set can't be found from there"
        )


class LocalIssuer:
    """Signs tokens with keys that live in one folder and are made there at first use."""

    def __init__(self, folder: Path, *, issuer: str, audience: str, mode: str) -> None:
        if mode == "production":
            raise ProductionRefused
        self.name = issuer
        self._audience = audience
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = _key_in(folder / "signing-key.pem", _new_key)
        identity_key = _key_in(folder / "identity-signing-key.pem", _new_identity_key)
        if not isinstance(key, Ed25519PrivateKey) or not isinstance(identity_key, RSAPrivateKey):
            raise TypeError(f"{folder} does not hold the kinds of keys that are kept there")
        self._key, self._identity_key = key, identity_key
        self.jwks_file = folder / "jwks.json"
        _put(self.jwks_file, json.dumps(self.jwks()).encode())

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key set, as an issuer serves it."""
        listed = (
            (jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key()), KEY_ID, ALGORITHM),
            (
                jwt.algorithms.RSAAlgorithm.to_jwk(self._identity_key.public_key()),
                IDENTITY_KEY_ID,
                IDENTITY_ALGORITHM,
            ),
        )
        keys = []
        for text, key_id, algorithm in listed:
            public = json.loads(text)
            public.pop("key_ops", None)
            keys.append(public | {"kid": key_id, "use": "sig", "alg": algorithm})
        return {"keys": keys}

    def token(
        self, caller: Caller, *, seconds: float, more: Mapping[str, object] | None = None
    ) -> str:
        """An access token for this caller that is valid for so many seconds, with more claims."""
        now = int(time.time())
        claims = {
            "iss": self.name,
            "aud": self._audience,
            "sub": caller.principal,
            "iat": now,
            "exp": now + int(seconds),
            "tenant": caller.tenant,
            "roles": sorted(caller.roles),
            "stores": sorted(caller.stores),
            "customer": caller.customer,
        }
        headers = {"kid": KEY_ID, "typ": TOKEN_TYPE}
        return jwt.encode(
            claims | dict(more or {}), self._key, algorithm=ALGORITHM, headers=headers
        )

    def identity_token(
        self, *, subject: str, client: str, seconds: float, more: Mapping[str, object]
    ) -> str:
        """A token that tells a client, and nobody else, who has signed in (OpenID Connect)."""
        now = int(time.time())
        claims = {
            "iss": self.name,
            "aud": client,
            "sub": subject,
            "iat": now,
            "exp": now + int(seconds),
        }
        return jwt.encode(
            claims | dict(more),
            self._identity_key,
            algorithm=IDENTITY_ALGORITHM,
            headers={"kid": IDENTITY_KEY_ID},
        )

    def claims_of(self, token: str) -> Mapping[str, Any]:
        """The claims of an access token of ours that is valid now; else jwt.PyJWTError."""
        if jwt.get_unverified_header(token).get("typ") != TOKEN_TYPE:
            raise jwt.InvalidTokenError("wrong typ")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            self._key.public_key(),
            algorithms=[ALGORITHM],
            audience=self._audience,
            issuer=self.name,
            options={"require": ["exp", "iat", "sub"]},
        )
        return claims

    def service_tokens(self, service: str, *, tenant: str) -> Callable[[], str]:
        """Gives the service's own token, a fresh one well before the last has run out."""
        caller = Caller(
            principal=f"services/{service}", tenant=tenant, roles=frozenset({ROLE_SERVICE})
        )
        current, renew_at = "", 0.0

        def token() -> str:
            nonlocal current, renew_at
            if time.time() >= renew_at:
                current = self.token(caller, seconds=SERVICE_TOKEN_SECONDS)
                renew_at = time.time() + (
                    SERVICE_TOKEN_SECONDS - SERVICE_TOKEN_RENEWED_BEFORE_SECONDS
                )
            return current

        return token


def _new_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def _new_identity_key() -> RSAPrivateKey:
    return generate_private_key(RSA_EXPONENT, RSA_BITS)


def _key_in(path: Path, new: Callable[[], PrivateKey]) -> object:
    """The key in a file; a new one if there is no file."""
    if path.exists():
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    key = new()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _put(path, pem)
    return key


def _put(path: Path, content: bytes) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with open(unfinished, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
    unfinished.replace(path)
