"""An issuer in two processes' shape, two servers over one Valkey, and an app that uses it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from allinone.issuer import APP, Grants, LocalIssuer

CALLBACK = "http://127.0.0.1:45678/callback"
SHOP = "shop"
SHOP_CALLBACK = "https://shop.example/signed-in?from=hutong"
PERSON = "cashier-sh01-1"


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def told_by(answer: httpx.Response) -> dict[str, str]:
    """What the browser carries back to the app."""
    assert answer.status_code == 303, answer.text
    sent = parse_qsl(urlsplit(answer.headers["location"]).query, keep_blank_values=True)
    assert len({name for name, _ in sent}) == len(sent)
    return dict(sent)


@dataclass(slots=True)
class SigningIn:
    """The issuer's own name, another process that serves it, and how an app goes about it."""

    issuer: LocalIssuer
    other_address: str
    http: httpx.AsyncClient
    grants: tuple[Grants, Grants]
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def address(self) -> str:
        return self.issuer.name

    def asked(self, **changed: str | None) -> dict[str, str]:
        """The parameters of a right request; None leaves one out."""
        usual = {
            "client_id": APP,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid profile offline_access",
            "state": "s t&te=/?",
            "nonce": "n-1",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (usual | changed).items() if value is not None}

    async def page(self, **changed: str | None) -> httpx.Response:
        """The answer to the app's request."""
        return await self.http.get("/oauth/authorize", params=self.asked(**changed))

    async def choose(self, person: str = PERSON, /, **changed: str | None) -> httpx.Response:
        """The answer to somebody's choice on the page."""
        form = self.asked(**changed) | {"person": person}
        return await self.http.post("/oauth/authorize", data=form)

    async def code(self, **changed: str | None) -> str:
        return told_by(await self.choose(**changed))["code"]

    async def exchange(
        self, code: str, /, at: str | None = None, **changed: str | None
    ) -> httpx.Response:
        """The token endpoint's answer to a code."""
        usual = {
            "grant_type": "authorization_code",
            "client_id": APP,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
        }
        form = {name: value for name, value in (usual | changed).items() if value is not None}
        return await self.http.post(f"{at or self.address}/oauth/token", data=form)

    async def refresh(self, token: str, *, at: str | None = None, **changed: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "client_id": APP, "refresh_token": token} | changed
        return await self.http.post(f"{at or self.address}/oauth/token", data=form)

    async def tokens(self, **changed: str | None) -> dict[str, Any]:
        """Everything that a sign-in gives."""
        answer = await self.exchange(await self.code(**changed))
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    async def userinfo(self, token: str) -> httpx.Response:
        return await self.http.get("/oauth/userinfo", headers={"authorization": f"Bearer {token}"})
