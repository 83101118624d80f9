"""Signing in on a running platform: as an app does it with a library, and as people do it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet
from playwright.async_api import Page, async_playwright

from tests.support.command import Command

CALLBACK = "http://127.0.0.1:{port}/callback"
CLIENT = "hutong-app"
PERSON = "manager-sh01"
CHROMIUM = shutil.which("chromium")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NARROW = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Command]:
    command = Command(tmp_path_factory.mktemp("platform") / "home")
    await command.run("--no-seed")
    yield command
    assert await command.stop() == 0


class App:
    """An app on this machine: it waits at an address of its own for the browser to come back."""

    def __init__(self) -> None:
        self.came_back: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None
        self.callback = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.callback = CALLBACK.format(port=self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split(b" ")[1].decode()
        if path.startswith("/callback") and not self.came_back.done():
            self.came_back.set_result(path)
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nYou may close this page.")
        await writer.drain()
        writer.close()


@pytest.fixture
async def app() -> AsyncIterator[App]:
    made = App()
    await made.start()
    yield made
    await made.stop()


class Library:
    """Authlib's client, set up by nothing but the platform's address."""

    def __init__(self, address: str, callback: str) -> None:
        self.address = address
        self.verifier = generate_token(64)
        self.nonce = generate_token(16)
        self.client = AsyncOAuth2Client(
            CLIENT,
            token_endpoint_auth_method="none",
            redirect_uri=callback,
            scope="openid profile offline_access",
            code_challenge_method="S256",
        )
        self.configuration: dict[str, Any] = {}
        self.state = ""

    async def begin(self) -> str:
        """Where the browser is to go."""
        async with httpx.AsyncClient() as http:
            found = await http.get(f"{self.address}/.well-known/openid-configuration")
        self.configuration = found.json()
        assert self.configuration["issuer"] == self.address
        address, self.state = self.client.create_authorization_url(
            self.configuration["authorization_endpoint"],
            code_verifier=self.verifier,
            nonce=self.nonce,
        )
        return str(address)

    async def end(self, came_back: str) -> dict[str, Any]:
        """Tokens for what the browser came back with; the identity token's claims, checked."""
        told = parse_qs(urlsplit(came_back).query)
        assert told["iss"] == [self.address]
        await self.client.fetch_token(
            self.configuration["token_endpoint"],
            authorization_response=f"{self.address}{came_back}",
            state=self.state,
            code_verifier=self.verifier,
        )
        return await self._claims()

    async def refresh(self) -> None:
        await self.client.refresh_token(self.configuration["token_endpoint"])

    async def _claims(self) -> dict[str, Any]:
        async with httpx.AsyncClient() as http:
            keys = KeySet.import_key_set((await http.get(self.configuration["jwks_uri"])).json())
        token = jwt.decode(self.client.token["id_token"], keys, algorithms=["RS256"])
        wanted = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.address},
            aud={"essential": True, "value": CLIENT},
            nonce={"essential": True, "value": self.nonce},
        )
        wanted.validate(token.claims)
        return dict(token.claims)


async def orders(platform: Command, token: str, store: str) -> int:
    """How the API answers somebody who asks for a store's orders."""
    address = f"http://127.0.0.1:{platform.http_port}/v1/stores/{store}/orders"
    async with httpx.AsyncClient() as http:
        answer = await http.get(address, headers={"authorization": f"Bearer {token}"})
    return answer.status_code


def address_of(platform: Command) -> str:
    return f"http://127.0.0.1:{platform.http_port}"


async def test_a_client_library_signs_somebody_in_and_calls_the_api(
    platform: Command, app: App
) -> None:
    library = Library(address_of(platform), app.callback)
    asked = parse_qs(urlsplit(await library.begin()).query)
    form = {name: values[0] for name, values in asked.items()} | {"person": PERSON}
    async with httpx.AsyncClient() as browser:
        chosen = await browser.post(library.configuration["authorization_endpoint"], data=form)
        await browser.get(chosen.headers["location"])
    claims = await library.end(await app.came_back)
    assert claims["sub"] == f"users/{PERSON}"
    first = library.client.token["access_token"]
    assert await orders(platform, first, "sh01") == 200
    assert await orders(platform, first, "sh02") == 404
    who = await library.client.get(library.configuration["userinfo_endpoint"])
    assert who.json()["stores"] == ["stores/sh01"]
    await library.refresh()
    assert library.client.token["access_token"] != first
    assert await orders(platform, library.client.token["access_token"], "sh01") == 200


async def test_a_code_that_is_used_again_ends_its_tokens_at_the_api(
    platform: Command, app: App
) -> None:
    library = Library(address_of(platform), app.callback)
    asked = parse_qs(urlsplit(await library.begin()).query)
    form = {name: values[0] for name, values in asked.items()} | {"person": PERSON}
    async with httpx.AsyncClient() as browser:
        chosen = await browser.post(library.configuration["authorization_endpoint"], data=form)
        came_back = chosen.headers["location"].removeprefix(app.callback.removesuffix("/callback"))
        await library.end(came_back)
        token = library.client.token["access_token"]
        assert await orders(platform, token, "sh01") == 200
        again = {
            "grant_type": "authorization_code",
            "client_id": CLIENT,
            "redirect_uri": app.callback,
            "code": parse_qs(urlsplit(came_back).query)["code"][0],
            "code_verifier": library.verifier,
        }
        refusal = await browser.post(library.configuration["token_endpoint"], data=again)
    assert refusal.json()["error"] == "invalid_grant"
    assert await orders(platform, token, "sh01") == 401


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium here: apt-get install chromium fonts-noto-cjk")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield await browser.new_page()
        await browser.close()


async def test_a_person_signs_in_with_a_browser_and_a_keyboard(
    platform: Command, app: App, page: Page
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    library = Library(address_of(platform), app.callback)
    await page.goto(await library.begin())
    await page.get_by_label("Find somebody").focus()
    await page.keyboard.type("store manager 静安寺")
    await page.keyboard.press("Enter")
    choice = page.get_by_role("button", name=PERSON)
    await choice.wait_for()
    assert await page.get_by_role("button", name="cashier").count() == 0
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await choice.evaluate("it => it === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await page.get_by_text("You may close this page.").wait_for()
    claims = await library.end(await app.came_back)
    assert claims["sub"] == f"users/{PERSON}"
    assert await orders(platform, library.client.token["access_token"], "sh01") == 200
    assert [text for text in complaints if "favicon" not in text] == []


async def test_the_page_fits_a_narrow_screen_and_shows_chinese(
    platform: Command, app: App, page: Page, tmp_path: Path
) -> None:
    library = Library(address_of(platform), app.callback)
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await page.goto(await library.begin())
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    chinese = page.locator("li [lang=zh-Hans]").first
    assert await chinese.inner_text() in await page.inner_text("main")
    await page.screenshot(path=tmp_path / "narrow.png", full_page=True)
    await page.get_by_label("Name", exact=True).fill("nobody")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    assert "Nobody here is called nobody." in await page.get_by_role("alert").inner_text()
    await page.get_by_label("Name", exact=True).fill("c0001")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    claims = await library.end(await app.came_back)
    assert claims["sub"] == "customers/c0001"
