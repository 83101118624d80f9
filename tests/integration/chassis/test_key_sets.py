"""Keys of other issuers, from a real key server: rotated, removed, slow, hostile and away."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import Unauthenticated, Unavailable
from chassis.rpc.auth import Authenticator
from chassis.rpc.key_set import (
    DISCOVERY,
    DOCUMENT_BYTES_MAX,
    FETCH_SECONDS_MAX,
    KEYS_KEPT_SECONDS_MAX,
    KEYS_RETRY_SECONDS,
    KEYS_SECONDS_MAX,
    KEYS_SECONDS_MIN,
    DiscoveredKeys,
    WebKeys,
)
from chassis.testing.clock import FakeClock
from tests.support.key_server import KeyServer

AUDIENCE = "hutong"
ISSUER = "https://idp.example"
KEYS = {name: Ed25519PrivateKey.generate() for name in ("one", "two")}
PATH = "/keys"


def public(*names: str) -> dict[str, Any]:
    keys = []
    for name in names:
        public_key = jwt.algorithms.OKPAlgorithm.to_jwk(KEYS[name].public_key())
        keys.append(json.loads(public_key) | {"kid": name, "alg": "EdDSA"})
    return {"keys": keys}


def bearer(key: str, *, subject: str = "users/ada", issuer: str = ISSUER, kid: str = "") -> str:
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now,
        "exp": now + 3600,
        "tenant": "demo",
        "roles": ["cashier"],
    }
    headers = {"typ": "at+jwt", "kid": kid or key}
    return f"Bearer {jwt.encode(claims, KEYS[key], algorithm='EdDSA', headers=headers)}"


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    made = KeyServer({PATH: public("one")})
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(SystemClock().now())


@pytest.fixture
def authenticator(server: KeyServer, clock: FakeClock) -> Authenticator:
    return Authenticator(
        keys=WebKeys(server.address + PATH), issuer=ISSUER, audience=AUDIENCE, clock=clock
    )


async def believed(authenticator: Authenticator, authorization: str) -> bool:
    try:
        await authenticator.caller(authorization)
    except Unauthenticated:
        return False
    return True


async def test_a_rotated_key_is_believed_without_a_restart(
    server: KeyServer, authenticator: Authenticator, clock: FakeClock
) -> None:
    assert await believed(authenticator, bearer("one"))
    server.documents[PATH] = public("one", "two")
    clock.advance(KEYS_SECONDS_MIN + 1)
    assert await believed(authenticator, bearer("two"))
    assert await believed(authenticator, bearer("one", subject="users/bob"))


async def test_a_removed_key_is_refused_within_the_bound_even_for_a_known_token(
    server: KeyServer, authenticator: Authenticator, clock: FakeClock
) -> None:
    token = bearer("one")
    assert await believed(authenticator, token)
    server.documents[PATH] = public("two")
    clock.advance(KEYS_SECONDS_MAX + 1)
    assert not await believed(authenticator, token)
    assert await believed(authenticator, bearer("two"))


async def test_known_keys_outlive_their_server_for_a_stated_time(
    server: KeyServer, authenticator: Authenticator, clock: FakeClock
) -> None:
    assert await believed(authenticator, bearer("one"))
    await server.stop()
    clock.advance(KEYS_KEPT_SECONDS_MAX - 1)
    for number in range(3):
        assert await believed(authenticator, bearer("one", subject=f"users/{number}"))
        clock.advance(0.1)
    clock.advance(KEYS_RETRY_SECONDS)
    await authenticator.caller(bearer("one"))  # asks again, beside the call
    await asyncio.sleep(0.5)
    with pytest.raises(Unavailable):
        await authenticator.caller(bearer("one"))
    await server.start()
    clock.advance(KEYS_RETRY_SECONDS)
    assert await believed(authenticator, bearer("one"))


async def test_nobody_waits_for_a_server_that_has_failed_while_keys_are_known(
    server: KeyServer, authenticator: Authenticator, clock: FakeClock
) -> None:
    assert await believed(authenticator, bearer("one"))
    server.drips = True
    clock.advance(KEYS_SECONDS_MAX + 1)
    assert await believed(authenticator, bearer("one"))
    asked = len(server.asked)
    clock.advance(KEYS_RETRY_SECONDS + 1)
    begun = time.monotonic()
    for number in range(20):
        assert await believed(authenticator, bearer("one", subject=f"users/{number}"))
    assert time.monotonic() - begun < FETCH_SECONDS_MAX / 2
    await asyncio.sleep(0.2)
    assert len(server.asked) == asked + 1


async def test_made_up_key_ids_do_not_hammer_the_server(
    server: KeyServer, authenticator: Authenticator, clock: FakeClock
) -> None:
    assert await believed(authenticator, bearer("one"))
    for round_number in range(3):
        clock.advance(KEYS_SECONDS_MIN + 0.1)
        made_up = [bearer("two", kid=f"k{round_number}-{number}") for number in range(50)]
        assert not any(await asyncio.gather(*(believed(authenticator, token) for token in made_up)))
        assert await believed(authenticator, bearer("one", subject=f"users/{round_number}"))
    assert len(server.asked) == 1 + 3


@pytest.mark.parametrize(
    "spoilt",
    [
        {"status": "302 Found", "head": ["location: /elsewhere"]},
        {"status": "500 Oops"},
        {"flood": True},
        {"head": [f"content-length: {DOCUMENT_BYTES_MAX * 2}"], "flood": True},
        {"head": ["content-encoding: gzip"]},
        {"documents": {PATH: "[" * 200_000}},
        {"documents": {PATH: {"keys": []}}},
        {
            "documents": {
                PATH: {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one", "use": "enc"}]}
            }
        },
    ],
    ids=["redirect", "error", "endless", "huge", "packed", "deep", "empty", "other use"],
)
async def test_a_server_that_answers_badly_gives_no_keys_and_takes_none_away(
    server: KeyServer, authenticator: Authenticator, clock: FakeClock, spoilt: dict[str, Any]
) -> None:
    server.documents["/elsewhere"] = public("two")
    usual = {name: getattr(server, name) for name in spoilt}
    for name, value in spoilt.items():
        setattr(server, name, value)
    with pytest.raises(Unavailable):
        await authenticator.caller(bearer("one"))
    for name, value in usual.items():
        setattr(server, name, value)
    clock.advance(KEYS_SECONDS_MIN)
    assert await believed(authenticator, bearer("one"))
    for name, value in spoilt.items():
        setattr(server, name, value)
    clock.advance(KEYS_SECONDS_MAX + 1)
    assert await believed(authenticator, bearer("one", subject="users/bob"))
    assert not await believed(authenticator, bearer("two"))
    assert "/elsewhere" not in server.asked


async def test_a_slow_server_holds_a_call_for_a_bounded_time(
    server: KeyServer, authenticator: Authenticator
) -> None:
    server.drips = True
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        await authenticator.caller(bearer("one"))
    assert time.monotonic() - begun < FETCH_SECONDS_MAX + 1


async def test_keys_are_found_through_the_issuers_own_configuration(
    server: KeyServer, clock: FakeClock
) -> None:
    issuer = server.address
    server.documents = {
        DISCOVERY: {"issuer": issuer, "jwks_uri": f"{issuer}{PATH}"},
        PATH: public("one"),
    }
    authenticator = Authenticator(
        keys=DiscoveredKeys(issuer), issuer=issuer, audience=AUDIENCE, clock=clock
    )
    assert await believed(authenticator, bearer("one", issuer=issuer))
    assert server.asked == [DISCOVERY, PATH]


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://another.example", "jwks_uri": "http://127.0.0.1:1/keys"},
        {"jwks_uri": "{}/keys"},
        {"issuer": "{}"},
        {"issuer": "{}", "jwks_uri": 7},
        {"issuer": "{}", "jwks_uri": "file:///etc/passwd"},
        [],
    ],
)
async def test_a_configuration_that_is_not_the_issuers_names_no_keys(
    server: KeyServer, clock: FakeClock, configuration: Any
) -> None:
    issuer = server.address
    server.documents[DISCOVERY] = json.dumps(configuration).replace("{}", issuer)
    authenticator = Authenticator(
        keys=DiscoveredKeys(issuer), issuer=issuer, audience=AUDIENCE, clock=clock
    )
    with pytest.raises(Unavailable):
        await authenticator.caller(bearer("one", issuer=issuer))
    assert server.asked == [DISCOVERY]
