"""The table of bad input, the part about tokens: a bad one is nobody's, however it is bad."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from allinone.issuer.signing import KEY_ID
from hutong.stores.v1 import stores_service_pb2 as stores
from tests.contract.asking import (
    TRANSPORTS,
    Asker,
    Books,
    Refusal,
    told_by_http,
)
from tests.contract.bad_input_stage import Stage, received
from tests.support.shop import (
    OPERATOR,
    STORE,
    goods,
)
from tests.support.world import AUDIENCE, ISSUER, World

NOBODY = Refusal("UNAUTHENTICATED", "TOKEN_INVALID")
OTHER_KEY = Ed25519PrivateKey.generate()

each_transport = pytest.mark.parametrize("transport", TRANSPORTS)


def claims(**changed: Any) -> dict[str, Any]:
    """What a good operator's token says; None takes a claim away."""
    now = int(time.time())
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": OPERATOR.principal,
        "iat": now,
        "exp": now + 600,
        "tenant": OPERATOR.tenant,
        "roles": ["platform"],
        "stores": [],
        "customer": "",
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


def signed(world: World, said: Mapping[str, Any], *, key: Any = None, **headers: str | None) -> str:
    """A token of the platform's issuer, or of another key under the same name."""
    usual: dict[str, str | None] = {"kid": KEY_ID, "typ": "at+jwt"}
    return jwt.encode(
        dict(said), key or world.issuer._key, algorithm="EdDSA", headers={**usual, **headers}
    )


def written(header: Mapping[str, str], sign: Callable[[bytes], bytes]) -> str:
    """A token that no library would make."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    text = part(json.dumps(header).encode()) + b"." + part(json.dumps(claims()).encode())
    return (text + b"." + part(sign(text))).decode()


def with_the_public_key(world: World) -> str:
    """Signed with what everybody may know, as if it were a secret."""
    secret = world.issuer._key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "at+jwt", "kid": KEY_ID}
    return written(header, lambda text: hmac.digest(secret, text, hashlib.sha256))


def unsigned(algorithm: str) -> str:
    """Signed by nobody, and says so."""
    return written({"alg": algorithm, "typ": "at+jwt", "kid": KEY_ID}, lambda _: b"")


def said_otherwise(world: World) -> str:
    """A good token whose claims were exchanged after it was signed."""
    head, _, signature = signed(world, claims()).split(".")
    _, other, _ = signed(world, claims(tenant="other")).split(".")
    return f"{head}.{other}.{signature}"


PAST = int(time.time()) - 600
BAD_TOKENS: Mapping[str, Callable[[World], str | None]] = {
    "none": lambda w: None,
    "empty": lambda w: "",
    "no JWT": lambda w: "x.y.z",
    "too long": lambda w: "x" * 9000,
    "expired": lambda w: signed(w, claims(exp=PAST)),
    "no exp": lambda w: signed(w, claims(exp=None)),
    "exp is text": lambda w: signed(w, claims(exp="tomorrow")),
    "no iat": lambda w: signed(w, claims(iat=None)),
    "not valid yet": lambda w: signed(w, claims(nbf=int(time.time()) + 600)),
    "no aud": lambda w: signed(w, claims(aud=None)),
    "another aud": lambda w: signed(w, claims(aud="shop")),
    "no iss": lambda w: signed(w, claims(iss=None)),
    "another iss": lambda w: signed(w, claims(iss="https://elsewhere.test")),
    "no sub": lambda w: signed(w, claims(sub=None)),
    "no tenant": lambda w: signed(w, claims(tenant=None)),
    "a tenant that is no id": lambda w: signed(w, claims(tenant="demo:sh01")),
    "no roles": lambda w: signed(w, claims(roles=None)),
    "roles are text": lambda w: signed(w, claims(roles="platform")),
    "alg none": lambda w: unsigned("none"),
    "alg None": lambda w: unsigned("None"),
    "forged": lambda w: signed(w, claims(), key=OTHER_KEY),
    "claims exchanged": said_otherwise,
    "signed with the public key": with_the_public_key,
    "typ JWT": lambda w: signed(w, claims(), typ="JWT"),
    "no typ": lambda w: signed(w, claims(), typ=None),
    "a key of nobody": lambda w: signed(w, claims(), kid="nobody"),
    "an identity token": lambda w: w.issuer.identity_token(
        subject=OPERATOR.principal, client=AUDIENCE, seconds=600, more=claims()
    ),
}


async def test_the_token_that_all_bad_ones_are_made_of_is_believed(
    asker: Asker, stage: Stage
) -> None:
    request = stores.GetStoreRequest(name=STORE)
    for transport in TRANSPORTS:
        answer = await asker.ask(transport, request, signed(asker.web.world, claims()))
        assert not isinstance(answer, Refusal)


@each_transport
@pytest.mark.parametrize("fault", BAD_TOKENS)
async def test_a_bad_token_is_nobodys(
    asker: Asker, stage: Stage, books: Books, fault: str, transport: str
) -> None:
    token = BAD_TOKENS[fault](asker.web.world)
    async with books.unchanged():
        assert await asker.ask(transport, received(goods(stage.sku, 1)), token) == NOBODY


async def test_a_caller_over_http_is_told_how_to_say_who_they_are(asker: Asker) -> None:
    for scheme in ({}, {"authorization": "Basic eDp5"}, {"authorization": "Bearer"}):
        answer = await asker.web.http.get(f"/v1/{STORE}", headers=scheme)
        assert told_by_http(answer) == NOBODY
        assert answer.headers["www-authenticate"] == "Bearer"
