"""The token endpoint: each code and refresh token once, for whom it was made."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from redis.asyncio import Redis

from allinone.demo.people import person
from allinone.issuer import APP
from allinone.issuer.grants import CODE_SECONDS, KEYS
from allinone.issuer.tokens import ACCESS_SECONDS
from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import Unauthenticated
from chassis.rpc.auth import Authenticator
from chassis.rpc.key_set import FileKeys
from tests.integration.issuer.signing_in import (
    CALLBACK,
    PERSON,
    SHOP,
    SHOP_CALLBACK,
    SigningIn,
    challenge_of,
)


def authenticator(signing_in: SigningIn, *, process: int = 0) -> Authenticator:
    """What verifies calls in one of the issuer's processes."""
    return Authenticator(
        keys=FileKeys(signing_in.issuer.jwks_file),
        issuer=signing_in.address,
        audience="hutong",
        clock=SystemClock(),
        is_revoked=signing_in.grants[process].is_revoked,
    )


async def is_believed(signing_in: SigningIn, token: str, *, process: int = 0) -> bool:
    try:
        await authenticator(signing_in, process=process).caller(f"Bearer {token}")
    except Unauthenticated:
        return False
    return True


def identity(signing_in: SigningIn, token: str) -> dict[str, Any]:
    key = next(k for k in signing_in.issuer.jwks()["keys"] if k["alg"] == "RS256")
    claims: dict[str, Any] = jwt.decode(
        token, jwt.PyJWK(dict(key)), algorithms=["RS256"], audience=APP, issuer=signing_in.address
    )
    return claims


def refused(answer: httpx.Response, error: str, *, status: int = 400) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"error", "error_description"}


async def test_a_code_is_exchanged_for_tokens_that_services_and_clients_believe(
    signing_in: SigningIn,
) -> None:
    begun = int(time.time())
    given = await signing_in.tokens()
    assert given.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "id_token",
        "refresh_token",
    }
    assert (given["token_type"], given["expires_in"]) == ("Bearer", ACCESS_SECONDS)
    caller = await authenticator(signing_in).caller(f"Bearer {given['access_token']}")
    assert caller == person(PERSON).caller
    claims = identity(signing_in, given["id_token"])
    assert claims["nonce"] == "n-1"
    assert claims["sub"] == caller.principal
    assert claims["preferred_username"] == PERSON
    assert begun <= claims["auth_time"] <= time.time()
    header = jwt.get_unverified_header(given["access_token"])
    assert (header["typ"], header["alg"]) == ("at+jwt", "EdDSA")


async def test_an_identity_token_is_no_access_token(signing_in: SigningIn) -> None:
    given = await signing_in.tokens()
    assert not await is_believed(signing_in, given["id_token"])
    assert (await signing_in.userinfo(given["id_token"])).status_code == 401


async def test_scopes_decide_what_is_given(signing_in: SigningIn) -> None:
    bare = await signing_in.tokens(scope="profile")
    assert not bare.keys() & {"id_token", "refresh_token"}
    assert (await signing_in.userinfo(bare["access_token"])).status_code == 403
    plain = await signing_in.tokens(scope="openid", nonce=None)
    claims = identity(signing_in, plain["id_token"])
    assert not claims.keys() & {"nonce", "preferred_username"}
    assert "refresh_token" not in plain


async def test_userinfo_tells_the_bearer_who_they_are(signing_in: SigningIn) -> None:
    given = await signing_in.tokens()
    answer = await signing_in.userinfo(given["access_token"])
    assert answer.json()["sub"] == identity(signing_in, given["id_token"])["sub"]
    assert answer.json()["roles"] == ["cashier"]
    assert answer.json()["preferred_username"] == PERSON
    posted = await signing_in.http.post(
        "/oauth/userinfo", headers={"authorization": f"Bearer {given['access_token']}"}
    )
    assert posted.json() == answer.json()
    for wrong in ({}, {"authorization": "Bearer x.y.z"}, {"authorization": "Basic eDp5"}):
        refusal = await signing_in.http.get("/oauth/userinfo", headers=wrong)
        assert refusal.status_code == 401
        assert refusal.headers["www-authenticate"].startswith("Bearer")


WRONG: dict[str, tuple[dict[str, str | None], str]] = {
    "another client": ({"client_id": SHOP}, "invalid_grant"),
    "another address": ({"redirect_uri": "http://127.0.0.1:45679/callback"}, "invalid_grant"),
    "another verifier": ({"code_verifier": "x" * 43}, "invalid_grant"),
    "the challenge itself": ({"code_verifier": "challenge"}, "invalid_grant"),
    "short verifier": ({"code_verifier": "x"}, "invalid_grant"),
    "no verifier": ({"code_verifier": None}, "invalid_request"),
    "no address": ({"redirect_uri": None}, "invalid_request"),
    "no code": ({"code": None}, "invalid_request"),
    "a made-up code": ({"code": "x" * 43}, "invalid_grant"),
    "no grant type": ({"grant_type": None}, "invalid_request"),
    "password": ({"grant_type": "password"}, "unsupported_grant_type"),
    "client credentials": ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    "no client": ({"client_id": None}, "invalid_request"),
}


@pytest.mark.parametrize(("changed", "error"), WRONG.values(), ids=WRONG)
async def test_a_code_is_bound_to_what_asked_for_it_and_a_mistake_costs_nothing(
    signing_in: SigningIn, changed: dict[str, str | None], error: str
) -> None:
    if changed.get("code_verifier") == "challenge":
        changed = {"code_verifier": challenge_of(signing_in.verifier)}
    code = await signing_in.code()
    refused(await signing_in.exchange(code, **changed), error)
    assert (await signing_in.exchange(code)).status_code == 200


async def test_unknown_clients_and_secrets_are_refused_as_clients(signing_in: SigningIn) -> None:
    code = await signing_in.code()
    refused(await signing_in.exchange(code, client_id="nobody"), "invalid_client", status=401)
    refused(await signing_in.exchange(code, client_secret="x"), "invalid_client", status=401)
    basic = await signing_in.http.post("/oauth/token", data={}, auth=(APP, "secret"))
    refused(basic, "invalid_client", status=401)
    assert basic.headers["www-authenticate"] == "Basic"


async def test_a_code_serves_once_and_its_reuse_takes_back_what_it_gave(
    signing_in: SigningIn,
) -> None:
    code = await signing_in.code()
    given = (await signing_in.exchange(code)).json()
    assert await is_believed(signing_in, given["access_token"])
    refused(await signing_in.exchange(code), "invalid_grant")
    assert not await is_believed(signing_in, given["access_token"])
    assert (await signing_in.userinfo(given["access_token"])).status_code == 401
    refused(await signing_in.refresh(given["refresh_token"]), "invalid_grant")


async def test_whatever_is_wrong_with_the_reuse_it_takes_back_what_was_given(
    signing_in: SigningIn,
) -> None:
    code = await signing_in.code()
    given = (await signing_in.exchange(code)).json()
    refused(await signing_in.exchange(code, code_verifier="x" * 43), "invalid_grant")
    assert not await is_believed(signing_in, given["access_token"])


async def test_of_many_exchanges_at_once_in_two_processes_one_is_answered_and_is_void(
    signing_in: SigningIn,
) -> None:
    code = await signing_in.code()
    places = [signing_in.address, signing_in.other_address] * 5
    answers = await asyncio.gather(*(signing_in.exchange(code, at=place) for place in places))
    given = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(given) == 1
    for grants in signing_in.grants:
        await asyncio.wait_for(grants.learn_revocations(), 5)
    for process in range(2):
        assert not await is_believed(signing_in, given[0]["access_token"], process=process)


async def test_what_one_process_gives_another_takes_and_takes_back(signing_in: SigningIn) -> None:
    code = await signing_in.code()
    answer = await signing_in.exchange(code, at=signing_in.other_address)
    token = answer.json()["access_token"]
    refused(await signing_in.exchange(code), "invalid_grant")
    assert await is_believed(signing_in, token, process=1)
    await signing_in.grants[1].learn_revocations()
    assert not await is_believed(signing_in, token, process=1)


async def test_a_code_lives_for_a_minute(signing_in: SigningIn, redis: Redis) -> None:
    before = set(await redis.keys(f"{KEYS}:code:*"))
    code = await signing_in.code()
    (made,) = set(await redis.keys(f"{KEYS}:code:*")) - before
    assert CODE_SECONDS - 5 < await redis.ttl(made) <= CODE_SECONDS == 60
    assert code not in f"{made!r} {await redis.get(made)!r}"
    await redis.expire(made, 0)
    refused(await signing_in.exchange(code), "invalid_grant")


async def test_refresh_tokens_rotate_and_the_reuse_of_one_ends_the_session(
    signing_in: SigningIn,
) -> None:
    first = await signing_in.tokens()
    second = (await signing_in.refresh(first["refresh_token"])).json()
    third = (await signing_in.refresh(second["refresh_token"], at=signing_in.other_address)).json()
    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    claims = [identity(signing_in, each["id_token"]) for each in (first, third)]
    assert claims[0]["auth_time"] == claims[1]["auth_time"]
    assert "nonce" not in claims[1]
    refused(await signing_in.refresh(first["refresh_token"]), "invalid_grant")
    refused(await signing_in.refresh(third["refresh_token"]), "invalid_grant")
    for each in (first, second, third):
        assert not await is_believed(signing_in, each["access_token"])


async def test_a_refresh_token_is_its_clients_and_never_widens(signing_in: SigningIn) -> None:
    given = await signing_in.tokens(scope="openid offline_access")
    token = given["refresh_token"]
    refused(await signing_in.refresh(token, client_id=SHOP), "invalid_grant")
    refused(await signing_in.refresh(token, scope="openid profile"), "invalid_scope")
    refused(await signing_in.refresh("made-up"), "invalid_grant")
    refused(await signing_in.refresh(""), "invalid_request")
    narrow = (await signing_in.refresh(token, scope="openid")).json()
    assert narrow["scope"] == "openid"
    whole = (await signing_in.refresh(narrow["refresh_token"])).json()
    assert whole["scope"] == "openid offline_access"


async def test_a_revoked_refresh_token_ends_the_session(signing_in: SigningIn) -> None:
    given = await signing_in.tokens()
    form = {"token": given["refresh_token"], "client_id": SHOP}
    assert (await signing_in.http.post("/oauth/revoke", data=form)).status_code == 200
    assert await is_believed(signing_in, given["access_token"])
    form["client_id"] = APP
    assert (await signing_in.http.post("/oauth/revoke", data=form)).status_code == 200
    assert not await is_believed(signing_in, given["access_token"])
    refused(await signing_in.refresh(given["refresh_token"]), "invalid_grant")
    unknown = {"token": "x", "client_id": APP}
    assert (await signing_in.http.post("/oauth/revoke", data=unknown)).status_code == 200


async def test_a_second_client_signs_people_in_at_its_own_address(signing_in: SigningIn) -> None:
    code = await signing_in.code(client_id=SHOP, redirect_uri=SHOP_CALLBACK)
    refused(await signing_in.exchange(code, redirect_uri=SHOP_CALLBACK), "invalid_grant")
    answer = await signing_in.exchange(code, client_id=SHOP, redirect_uri=SHOP_CALLBACK)
    claims = jwt.decode(answer.json()["id_token"], options={"verify_signature": False})
    assert claims["aud"] == SHOP


BODIES: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "json": lambda form: {"json": form},
    "doubled": lambda form: {
        "content": f"{httpx.QueryParams(form)}&code=x",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    },
    "too large": lambda form: {"data": form | {"pad": "x" * 20_000}},
    "not text": lambda form: {
        "content": b"grant_type=\xff\xfe",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    },
}


@pytest.mark.parametrize("sent", BODIES.values(), ids=BODIES)
async def test_what_is_no_form_is_refused(
    signing_in: SigningIn, sent: Callable[[dict[str, str]], dict[str, Any]]
) -> None:
    form = {
        "grant_type": "authorization_code",
        "client_id": APP,
        "code": await signing_in.code(),
        "redirect_uri": CALLBACK,
        "code_verifier": signing_in.verifier,
    }
    refused(await signing_in.http.post("/oauth/token", **sent(form)), "invalid_request")
    assert (await signing_in.http.get("/oauth/token", params=form)).status_code == 405


async def test_the_configuration_is_the_issuers_and_its_addresses_answer(
    signing_in: SigningIn,
) -> None:
    found = (await signing_in.http.get("/.well-known/openid-configuration")).json()
    other = await signing_in.http.get("/.well-known/oauth-authorization-server")
    assert other.json() == found
    assert found["issuer"] == signing_in.address
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["response_types_supported"] == ["code"]
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    for name, address in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert (await signing_in.http.get(address)).status_code != 404, name
    keys = (await signing_in.http.get(found["jwks_uri"])).json()["keys"]
    assert {key["alg"] for key in keys} == {"EdDSA", "RS256"}
    assert not any(key.keys() & {"d", "p", "q"} for key in keys)
    assert "d" not in json.loads(signing_in.issuer.jwks_file.read_text())["keys"][0]
