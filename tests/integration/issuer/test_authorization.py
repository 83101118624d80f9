"""The authorization endpoint: who is sent where, and who is not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from allinone.demo.people import PEOPLE
from allinone.issuer import APP, Clients
from allinone.issuer.clients import source_of
from allinone.issuer.forms import FORM_BYTES_MAX
from chassis.settings import SettingsError
from tests.integration.issuer.conftest import serving
from tests.integration.issuer.signing_in import (
    CALLBACK,
    PERSON,
    SHOP,
    SHOP_CALLBACK,
    SigningIn,
    told_by,
)

EVERY_WAY = pytest.mark.parametrize("method", ["GET", "POST"])


@EVERY_WAY
async def test_the_page_shows_who_may_be_chosen_and_who_asks(
    signing_in: SigningIn, method: str
) -> None:
    """Both methods may begin a sign-in (OpenID Connect Core, 3.1.2.1)."""
    if method == "GET":
        answer = await signing_in.page()
    else:
        answer = await signing_in.http.post("/oauth/authorize", data=signing_in.asked())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    page = unescape(answer.text)
    for shown in (APP, "127.0.0.1:45678", PERSON, "operator", "静安寺店", 'lang="en"'):
        assert shown in page
    assert '<span lang="zh-Hans">静安寺店</span>' in page
    assert "<script" not in page


async def test_everything_that_can_be_typed_or_pressed_has_a_name(signing_in: SigningIn) -> None:
    page = (await signing_in.page()).text
    labelled = set(re.findall(r'<label for="(\w+)"', page))
    fields = re.findall(r"<input (?![^>]*type=\"hidden\")[^>]*>", page)
    assert {re.search(r'id="(\w+)"', field)[1] for field in fields} == labelled  # type: ignore[index]
    assert all(re.findall(r"<button[^>]*>\s*(?:<b>)?\w", page))
    assert page.count("<h1>") == 1


async def test_the_page_may_lead_to_the_app_and_nowhere_else(signing_in: SigningIn) -> None:
    policy = (await signing_in.page()).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:45678;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("http://127.0.0.1:80/x", "http://127.0.0.1:80"),
        ("http://[::1]:80/x", "http:"),
        ("https://shop.example/a?b", "https://shop.example"),
        ("com.example.shop:/x", "com.example.shop:"),
    ],
)
def test_a_policy_names_the_apps_origin(address: str, source: str) -> None:
    assert source_of(address) == source


async def test_people_are_found_by_name_role_or_store(signing_in: SigningIn) -> None:
    async def found(text: str) -> set[str]:
        page = (
            await signing_in.http.get(
                "/oauth/authorize", params=signing_in.asked() | {"find": text}
            )
        ).text
        return set(re.findall(r'name="person" value="([^"]+)"><b>', page))

    managers = {p.name for p in PEOPLE if "store_manager" in p.caller.roles}
    assert await found("store manager") <= managers
    assert await found("静安寺") == await found("JING'AN")
    assert await found(PERSON) == {PERSON}
    assert await found("nobody at all") == set()


async def test_what_is_looked_for_is_never_markup(signing_in: SigningIn) -> None:
    hostile = '"><script>alert(1)</script>'
    asked = signing_in.asked(state=hostile, login_hint=hostile) | {"find": hostile}
    page = (await signing_in.http.get("/oauth/authorize", params=asked)).text
    assert "<script" not in page
    assert hostile in unescape(page)
    refused = await signing_in.page(client_id=hostile)
    assert "<script" not in refused.text


async def test_a_choice_sends_the_browser_back_with_code_state_and_issuer(
    signing_in: SigningIn,
) -> None:
    answer = await signing_in.choose()
    told = told_by(answer)
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert told.keys() == {"code", "state", "iss"}
    assert told["state"] == signing_in.asked()["state"]
    assert told["iss"] == signing_in.address


async def test_a_query_of_the_registered_address_stays(signing_in: SigningIn) -> None:
    answer = await signing_in.choose(client_id=SHOP, redirect_uri=SHOP_CALLBACK)
    assert answer.headers["location"].startswith(f"{SHOP_CALLBACK}&")
    assert told_by(answer)["from"] == "hutong"
    own = await signing_in.choose(client_id=SHOP, redirect_uri="com.example.shop:/signed-in")
    assert own.headers["location"].startswith("com.example.shop:/signed-in?code=")


@pytest.mark.parametrize("port", ["", ":1", ":8080", ":65535"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("path", ["", "/", "/callback"])
def test_an_app_on_this_machine_has_any_port(host: str, port: str, path: str) -> None:
    assert Clients.of().admits(APP, f"http://{host}{port}{path}")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://127.0.0.1/callback",
        "http://127.0.0.1:45678/callback/",
        "http://127.0.0.1:45678/callback?x=1",
        "http://127.0.0.1:45678/callback#x",
        "http://127.0.0.1:45678/Callback",
        "http://127.0.0.1:45678/other",
        "http://127.0.0.1:45678/../callback",
        "http://127.0.0.1:99999999/callback",
        "http://127.0.0.1:/callback",
        "http://localhost:45678/callback",
        "http://127.0.0.2/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://evil.example/callback",
        "http://evil.example\\@127.0.0.1/callback",
        "http://127.0.0.1/callback\r\nset-cookie: x=y",
        " http://127.0.0.1/callback",
        "HTTP://127.0.0.1/callback",
        "http://2130706433/callback",
        "javascript:alert(1)",
        SHOP_CALLBACK,
        "http://127.0.0.1/callback" + "x" * 3000,
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_the_clients(
    signing_in: SigningIn, address: str
) -> None:
    for answer in (
        await signing_in.page(redirect_uri=address),
        await signing_in.choose(redirect_uri=address),
        await signing_in.page(redirect_uri=address, response_type="token"),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "This sign-in can't go on" in unescape(answer.text)


async def test_an_unknown_client_is_sent_nowhere(signing_in: SigningIn) -> None:
    for client in (None, "", "nobody", "HUTONG-APP"):
        answer = await signing_in.page(client_id=client)
        assert (answer.status_code, "location" in answer.headers) == (400, False)
    for doubled in ("client_id", "redirect_uri"):
        query = (
            f"{urlencode(signing_in.asked())}&{urlencode({doubled: signing_in.asked()[doubled]})}"
        )
        answer = await signing_in.http.get(f"/oauth/authorize?{query}")
        assert (answer.status_code, "location" in answer.headers) == (400, False)


WRONG: dict[str, tuple[dict[str, str | None], str]] = {
    "no response type": ({"response_type": None}, "invalid_request"),
    "implicit": ({"response_type": "token"}, "unsupported_response_type"),
    "hybrid": ({"response_type": "code id_token"}, "unsupported_response_type"),
    "fragment": ({"response_mode": "fragment"}, "invalid_request"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "empty challenge": ({"code_challenge": ""}, "invalid_request"),
    "plain": ({"code_challenge_method": "plain"}, "invalid_request"),
    "no method": ({"code_challenge_method": None}, "invalid_request"),
    "short challenge": ({"code_challenge": "x" * 42}, "invalid_request"),
    "padded challenge": ({"code_challenge": "x" * 43 + "="}, "invalid_request"),
    "no scope": ({"scope": None}, "invalid_scope"),
    "unknown scope": ({"scope": "admin"}, "invalid_scope"),
    "silent": ({"prompt": "none"}, "login_required"),
    "silent and not": ({"prompt": "none login"}, "invalid_request"),
    "request object": ({"request": "e30.e30."}, "request_not_supported"),
    "request address": ({"request_uri": "https://evil.example"}, "request_uri_not_supported"),
    "registration": ({"registration": "{}"}, "registration_not_supported"),
    "long nonce": ({"nonce": "x" * 2001}, "invalid_request"),
    "max_age": ({"max_age": "-1"}, "invalid_request"),
}


@pytest.mark.parametrize(("changed", "error"), WRONG.values(), ids=WRONG)
async def test_a_client_is_told_what_it_did_wrong(
    signing_in: SigningIn, changed: dict[str, str | None], error: str
) -> None:
    for answer in (await signing_in.page(**changed), await signing_in.choose(**changed)):
        told = told_by(answer)
        assert told.keys() == {"error", "error_description", "state", "iss"}
        assert (told["error"], told["iss"]) == (error, signing_in.address)
        assert told["state"] == signing_in.asked()["state"]
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", told["error_description"])


async def test_a_parameter_that_comes_twice_is_refused(signing_in: SigningIn) -> None:
    query = urlencode(signing_in.asked())
    told = told_by(await signing_in.http.get(f"/oauth/authorize?{query}&nonce=other"))
    assert told["error"] == "invalid_request"
    told = told_by(await signing_in.http.get(f"/oauth/authorize?{query}&state=other"))
    assert "state" not in told


async def test_unknown_parameters_and_scopes_are_passed_by(signing_in: SigningIn) -> None:
    answer = await signing_in.page(scope="openid email", ui_locales="zh", display="popup")
    assert answer.status_code == 200


async def test_somebody_may_decline(signing_in: SigningIn) -> None:
    form = signing_in.asked() | {"cancel": "yes"}
    told = told_by(await signing_in.http.post("/oauth/authorize", data=form))
    assert told["error"] == "access_denied"


async def test_a_name_that_nobody_has_is_asked_for_again(signing_in: SigningIn) -> None:
    for name in ("nobody <b>", ""):
        answer = await signing_in.choose(name)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
        assert "<b> is" not in answer.text
    assert "code" in told_by(await signing_in.choose(f" {PERSON.upper()} "))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
async def test_no_other_page_can_choose_for_somebody(
    signing_in: SigningIn, headers: dict[str, str]
) -> None:
    form = signing_in.asked() | {"person": PERSON}
    answer = await signing_in.http.post("/oauth/authorize", data=form, headers=headers)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


async def test_forms_and_queries_are_bounded(signing_in: SigningIn) -> None:
    answer = await signing_in.http.post(
        "/oauth/authorize", data=signing_in.asked() | {"x": "y" * FORM_BYTES_MAX}
    )
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    many = "&".join(f"a{number}=1" for number in range(200))
    assert (await signing_in.http.get(f"/oauth/authorize?{many}")).status_code == 400
    wrong_kind = await signing_in.http.post("/oauth/authorize", json=signing_in.asked())
    assert wrong_kind.status_code == 400
    not_text = await signing_in.http.get("/oauth/authorize?client_id=%ff%fe")
    assert not_text.status_code == 400


async def test_without_valkey_the_client_is_told_to_try_again(tmp_path: Path) -> None:
    async def apart() -> AsyncIterator[SigningIn]:
        async for made in serving(tmp_path, lambda: None):
            yield made

    async for alone in apart():
        told = told_by(await alone.choose())
        assert told["error"] == "temporarily_unavailable"
        answer = await alone.exchange("code")
        assert answer.status_code == 503
        assert answer.json()["error"] == "temporarily_unavailable"


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example/x",
        "https://shop.example/x#y",
        "https://user@shop.example/",
        "https:///x",
        "javascript:alert(1)",
        "myapp:/x",
        "https://shop.example:port/",
        "https://shop.example/a b",
    ],
)
def test_an_unsafe_address_ends_the_start(address: str) -> None:
    with pytest.raises(SettingsError):
        Clients.of([("shop", address)])


@pytest.mark.parametrize(
    "address", ["https://shop.example/x", "http://localhost:5173/", "com.example.shop:/x"]
)
def test_an_address_that_is_registered_is_compared_as_text(address: str) -> None:
    clients = Clients.of([("shop", address)])
    assert clients.admits("shop", address)
    assert not clients.admits("shop", f"{address}/")
    assert not clients.admits(APP, address)
