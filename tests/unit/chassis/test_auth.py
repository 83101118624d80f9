"""Authentication: only a token that our issuer signed for us, now, is believed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import Unauthenticated, Unavailable
from chassis.rpc.auth import (
    CACHED_TOKENS_MAX,
    LEEWAY_SECONDS,
    TOKEN_BYTES_MAX,
    Authenticator,
    Caller,
    Claims,
)
from chassis.rpc.key_set import (
    KEYS_SECONDS_MAX,
    KEYS_SECONDS_MIN,
    FileKeys,
)
from chassis.testing.clock import FakeClock

ISSUER = "https://issuer.test"
AUDIENCE = "hutong"
KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()
BEGIN = SystemClock().now()
NOW = int(BEGIN.timestamp())
EC_KEY = generate_private_key(SECP256R1())


def _public(key: Ed25519PrivateKey, key_id: str) -> dict[str, Any]:
    public: dict[str, Any] = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    return public | {"kid": key_id, "alg": "EdDSA"}


def _write(path: Path, *keys: dict[str, Any]) -> None:
    path.write_text(json.dumps({"keys": list(keys)}))


def _spoil(path: Path, text: str | None) -> None:
    """Puts a text in place of the key set; takes the file away if there is none."""
    if text is None:
        path.unlink()
    else:
        path.write_text(text)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(BEGIN)


@pytest.fixture
def key_set(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    ec = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY.public_key()))
    _write(path, _public(KEY, "one"), ec | {"kid": "ec", "alg": "ES256"})
    return path


@pytest.fixture
def authenticator(key_set: Path, clock: FakeClock) -> Authenticator:
    return Authenticator(keys=FileKeys(key_set), issuer=ISSUER, audience=AUDIENCE, clock=clock)


def _claims(**changed: Any) -> dict[str, Any]:
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "users/ada",
        "iat": NOW,
        "exp": NOW + 3600,
        "tenant": "demo",
        "roles": ["cashier"],
        "stores": ["stores/sh01"],
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


def _token(
    *,
    key: Any = KEY,
    algorithm: str = "EdDSA",
    kid: str | None = "one",
    typ: str = "at+jwt",
    **changed: Any,
) -> str:
    headers = {"typ": typ} | ({} if kid is None else {"kid": kid})
    return jwt.encode(_claims(**changed), key, algorithm=algorithm, headers=headers)


def _written(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    signed = part(json.dumps(header).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(sign(signed))).decode()


def _pem() -> bytes:
    return KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _signed_with_the_public_key(secret: bytes) -> str:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "one"}
    return _written(header, _claims(), lambda data: hmac.digest(secret, data, hashlib.sha256))


async def _refused(authenticator: Authenticator, authorization: str | None) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await authenticator.caller(authorization)
    assert refused.value.facts == {}
    assert refused.value.reason == "TOKEN_INVALID"
    assert refused.value.text == Unauthenticated.message


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_right_token_says_who_calls(authenticator: Authenticator, scheme: str) -> None:
    assert await authenticator.caller(f"{scheme} {_token()}") == Caller(
        principal="users/ada",
        tenant="demo",
        roles=frozenset({"cashier"}),
        stores=frozenset({"stores/sh01"}),
    )


async def test_a_token_of_another_allowed_algorithm_is_believed(
    authenticator: Authenticator,
) -> None:
    token = _token(key=EC_KEY, algorithm="ES256", kid="ec")
    assert (await authenticator.caller(f"Bearer {token}")).principal == "users/ada"


FORGED = {
    "expired": lambda: _token(exp=NOW - LEEWAY_SECONDS - 1),
    "no exp": lambda: _token(exp=None),
    "no iat": lambda: _token(iat=None),
    "issued in the future": lambda: _token(iat=NOW + 3600, exp=NOW + 7200),
    "not valid yet": lambda: _token(nbf=NOW + 3600),
    "no aud": lambda: _token(aud=None),
    "wrong aud": lambda: _token(aud="another"),
    "no iss": lambda: _token(iss=None),
    "wrong iss": lambda: _token(iss="https://evil.test"),
    "no sub": lambda: _token(sub=None),
    "no tenant": lambda: _token(tenant=None),
    "a tenant that is no id": lambda: _token(tenant="demo:sh01"),
    "an empty tenant": lambda: _token(tenant=""),
    "a tenant that is a list": lambda: _token(tenant=["demo"]),
    "no roles": lambda: _token(roles=None),
    "roles in a text": lambda: _token(roles="platform"),
    "stores in a text": lambda: _token(stores="stores/sh01"),
    "wrong typ": lambda: _token(typ="JWT"),
    "typ that is no text": lambda: _written(
        {"alg": "EdDSA", "typ": 7, "kid": "one"}, _claims(), KEY.sign
    ),
    "no typ": lambda: _written({"alg": "EdDSA", "kid": "one"}, _claims(), KEY.sign),
    "alg none": lambda: _written(
        {"alg": "none", "typ": "at+jwt", "kid": "one"}, _claims(), lambda _: b""
    ),
    "alg none in capitals": lambda: _written(
        {"alg": "NONE", "typ": "at+jwt", "kid": "one"}, _claims(), lambda _: b""
    ),
    "no alg": lambda: _written({"typ": "at+jwt", "kid": "one"}, _claims(), KEY.sign),
    "HS256 with the public key's PEM": lambda: _signed_with_the_public_key(_pem()),
    "HS256 with the public key's bytes": lambda: _signed_with_the_public_key(
        KEY.public_key().public_bytes_raw()
    ),
    "another key under a known kid": lambda: _token(key=OTHER_KEY),
    "another algorithm's kid": lambda: _token(kid="ec"),
    "unknown kid": lambda: _token(kid="two"),
    "no kid": lambda: _token(kid=None),
    "kid that is a path": lambda: _token(kid="../../etc/passwd"),
    "claims that are no object": lambda: _written(
        {"alg": "EdDSA", "typ": "at+jwt", "kid": "one"},
        [],  # type: ignore[arg-type]
        KEY.sign,
    ),
    "a signature cut off": lambda: _token()[:-4],
    "no signature": lambda: _token().rpartition(".")[0] + ".",
    "claims changed": lambda: _swapped(_token(), _token(sub="users/root")),
    "garbage": lambda: "x.y.z",
    "not ASCII": lambda: "密码.密码.密码",
    "two tokens": lambda: f"{_token()} {_token()}",
    "too long": lambda: _token(pad="x" * TOKEN_BYTES_MAX),
    "nothing": lambda: "",
}


def _swapped(token: str, claims: str) -> str:
    header, _, signature = token.split(".")
    return ".".join((header, claims.split(".")[1], signature))


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_a_token_with_anything_wrong_is_refused_and_not_told_why(
    authenticator: Authenticator, forged: Callable[[], str]
) -> None:
    await _refused(authenticator, f"Bearer {forged()}")


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "bearertoken"]
)
async def test_a_header_without_a_token_is_refused(
    authenticator: Authenticator, authorization: str | None
) -> None:
    await _refused(authenticator, authorization)


async def test_a_token_without_its_scheme_is_refused(authenticator: Authenticator) -> None:
    await _refused(authenticator, _token())
    await _refused(authenticator, f"Token {_token()}")


async def test_a_token_is_remembered_until_it_expires_and_no_longer(
    authenticator: Authenticator, clock: FakeClock
) -> None:
    token = _token(exp=NOW + 3600)
    await authenticator.caller(f"Bearer {token}")
    clock.advance(3598)
    assert (await authenticator.caller(f"Bearer {token}")).principal == "users/ada"
    clock.advance(3)
    assert not authenticator._still_holds(authenticator._verified[token])


async def test_a_remembered_token_goes_with_its_key(
    authenticator: Authenticator, key_set: Path, clock: FakeClock
) -> None:
    token = _token(exp=NOW + 10 * KEYS_SECONDS_MAX)
    await authenticator.caller(f"Bearer {token}")
    _write(key_set, _public(OTHER_KEY, "two"))
    clock.advance(KEYS_SECONDS_MAX - 1)
    assert (await authenticator.caller(f"Bearer {token}")).principal == "users/ada"
    clock.advance(2)
    await _refused(authenticator, f"Bearer {token}")


async def test_a_key_that_changes_under_its_id_takes_its_tokens_with_it(
    authenticator: Authenticator, key_set: Path, clock: FakeClock
) -> None:
    token = _token(exp=NOW + 10 * KEYS_SECONDS_MAX)
    await authenticator.caller(f"Bearer {token}")
    _write(key_set, _public(OTHER_KEY, "one"))
    clock.advance(KEYS_SECONDS_MAX + 1)
    await _refused(authenticator, f"Bearer {token}")


async def test_so_many_tokens_are_remembered_and_no_more(authenticator: Authenticator) -> None:
    await authenticator.caller(f"Bearer {_token()}")
    known = authenticator._verified[next(iter(authenticator._verified))]
    for number in range(CACHED_TOKENS_MAX):
        authenticator._verified[str(number)] = known
    await authenticator.caller(f"Bearer {_token(sub='users/bob')}")
    assert len(authenticator._verified) <= CACHED_TOKENS_MAX + 1


async def test_a_new_key_is_known_as_soon_as_a_token_names_it(
    authenticator: Authenticator, key_set: Path, clock: FakeClock
) -> None:
    old, new = _token(), _token(key=OTHER_KEY, kid="two")
    await authenticator.caller(f"Bearer {old}")
    _write(key_set, _public(KEY, "one"), _public(OTHER_KEY, "two"))
    clock.advance(KEYS_SECONDS_MIN + 1)
    assert (await authenticator.caller(f"Bearer {new}")).principal == "users/ada"
    await authenticator.caller(f"Bearer {_token(sub='users/bob')}")


async def test_a_key_that_was_taken_away_is_not_believed_for_long(
    authenticator: Authenticator, key_set: Path, clock: FakeClock
) -> None:
    await authenticator.caller(f"Bearer {_token()}")
    _write(key_set, _public(OTHER_KEY, "two"))
    clock.advance(KEYS_SECONDS_MAX + 1)
    await _refused(authenticator, f"Bearer {_token(sub='users/bob')}")
    await authenticator.caller(f"Bearer {_token(key=OTHER_KEY, kid='two')}")


@pytest.mark.parametrize("wrong", [None, "", "{", "[]", "{}", '{"keys": []}', '{"keys": [7]}'])
async def test_a_key_set_that_can_not_be_read_leaves_the_known_keys(
    authenticator: Authenticator, key_set: Path, clock: FakeClock, wrong: str | None
) -> None:
    await authenticator.caller(f"Bearer {_token()}")
    _spoil(key_set, wrong)
    clock.advance(KEYS_SECONDS_MAX + 1)
    await authenticator.caller(f"Bearer {_token(sub='users/bob')}")


@pytest.mark.parametrize("wrong", [None, "", "{", "[]", "{}", '{"keys": []}'])
async def test_without_a_key_set_nobody_is_told_that_their_token_is_wrong(
    authenticator: Authenticator, key_set: Path, clock: FakeClock, wrong: str | None
) -> None:
    _spoil(key_set, wrong)
    with pytest.raises(Unavailable):
        await authenticator.caller(f"Bearer {_token()}")
    _write(key_set, _public(KEY, "one"))
    clock.advance(KEYS_SECONDS_MIN + 1)
    await authenticator.caller(f"Bearer {_token()}")


async def test_tokens_with_made_up_keys_do_not_make_us_ask_for_the_key_set_each_time(
    authenticator: Authenticator, key_set: Path, clock: FakeClock
) -> None:
    await authenticator.caller(f"Bearer {_token()}")
    _write(key_set, _public(KEY, "one"), _public(OTHER_KEY, "two"))
    await asyncio.gather(
        *(_refused(authenticator, f"Bearer {_token(kid=f'made-up-{n}')}") for n in range(20))
    )
    await _refused(authenticator, f"Bearer {_token(key=OTHER_KEY, kid='two')}")
    clock.advance(KEYS_SECONDS_MIN + 1)
    await authenticator.caller(f"Bearer {_token(key=OTHER_KEY, kid='two')}")


FURTHER = {"shift_lead": frozenset({"cashier", "store_manager"})}


@pytest.fixture
def keycloak(key_set: Path, clock: FakeClock) -> Authenticator:
    """One that reads tokens as another identity provider writes them."""
    claims = Claims(
        roles="realm_access.roles",
        tenant="https://chain.example/tenant",
        stores="retail.stores",
        customer="retail.customer",
        further_roles=FURTHER,
    )
    return Authenticator(
        keys=FileKeys(key_set), issuer=ISSUER, audience=AUDIENCE, clock=clock, claims=claims
    )


async def test_claims_are_found_where_the_settings_say(keycloak: Authenticator) -> None:
    token = _token(
        roles=["platform"],
        tenant="another",
        stores=["stores/sh09"],
        realm_access={"roles": ["cashier"]},
        retail={"stores": ["stores/sh02"], "customer": "customers/c1"},
        **{"https://chain.example/tenant": "demo"},
    )
    assert await keycloak.caller(f"Bearer {token}") == Caller(
        principal="users/ada",
        tenant="demo",
        roles=frozenset({"cashier"}),
        stores=frozenset({"stores/sh02"}),
        customer="customers/c1",
    )


async def test_stores_and_customer_may_be_missing_and_roles_and_tenant_may_not(
    keycloak: Authenticator,
) -> None:
    tenant = {"https://chain.example/tenant": "demo"}
    found = await keycloak.caller(f"Bearer {_token(realm_access={'roles': []}, **tenant)}")
    assert (found.stores, found.customer, found.roles) == (frozenset(), "", frozenset())
    await _refused(keycloak, f"Bearer {_token(**tenant)}")
    await _refused(keycloak, f"Bearer {_token(realm_access={'roles': ['cashier']})}")
    await _refused(keycloak, f"Bearer {_token(realm_access=['cashier'], **tenant)}")
    mixed = {"roles": ["cashier", 7]}
    await _refused(keycloak, f"Bearer {_token(realm_access=mixed, **tenant)}")


async def test_a_further_role_brings_the_roles_it_stands_for_in_its_own_scope(
    keycloak: Authenticator,
) -> None:
    token = _token(
        realm_access={"roles": ["shift_lead", "gardener"]},
        retail={"stores": ["stores/sh01"]},
        **{"https://chain.example/tenant": "demo"},
    )
    found = await keycloak.caller(f"Bearer {token}")
    assert found.roles == {"shift_lead", "gardener", "cashier", "store_manager"}
    assert found.stores == {"stores/sh01"}


async def test_a_session_that_was_ended_takes_its_tokens_with_it(
    key_set: Path, clock: FakeClock
) -> None:
    ended: set[str] = set()
    authenticator = Authenticator(
        keys=FileKeys(key_set),
        issuer=ISSUER,
        audience=AUDIENCE,
        clock=clock,
        is_revoked=ended.__contains__,
    )
    token, other = _token(sid="s1"), _token(sid="s2")
    for each in (token, other, _token()):
        await authenticator.caller(f"Bearer {each}")
    ended.add("s1")
    await _refused(authenticator, f"Bearer {token}")
    await authenticator.caller(f"Bearer {other}")
