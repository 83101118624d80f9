"""The token issuer of a platform on one machine: one key, kept in the home, and its public key set.

It signs for demo people and for the platform's own services. It refuses production: there tokens
come from the chain's own identity provider.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.rpc.auth import ROLE_SERVICE, TOKEN_TYPE, Caller

ALGORITHM = "EdDSA"
KEY_ID = "local-1"
SERVICE_TOKEN_SECONDS = 3600
SERVICE_TOKEN_RENEWED_BEFORE_SECONDS = 600


class ProductionRefused(Exception):
    """The local issuer was asked for in production mode."""


class LocalIssuer:
    """Signs tokens with a key that lives in one folder and is made there at first use."""

    def __init__(self, folder: Path, *, issuer: str, audience: str, mode: str) -> None:
        if mode == "production":
            raise ProductionRefused(
                "the local token issuer does not run in production; set HUTONG_JWKS to the key set "
                "of your identity provider"
            )
        self._issuer = issuer
        self._audience = audience
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = _key_in(folder / "signing-key.pem")
        self.jwks_file = folder / "jwks.json"
        self.jwks_file.write_text(json.dumps(self.jwks()))

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key set, as an issuer serves it."""
        public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": ALGORITHM}]}

    def token(self, caller: Caller, *, seconds: float) -> str:
        """A token for this caller that is valid for so many seconds."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
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
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers=headers)

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


def _key_in(path: Path) -> Ed25519PrivateKey:
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path} does not hold an Ed25519 key")
        return key
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(pem)
    return key
