"""The token endpoint's work: tokens for a code or a refresh token, once (OAuth 2.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace

from allinone.issuer.clients import Clients
from allinone.issuer.grants import Grant, Grants, UsedBefore, new_session
from allinone.issuer.people import People, Person
from allinone.issuer.requests import OFFLINE
from allinone.issuer.signing import LocalIssuer

ACCESS_SECONDS = 3600
GRANT_TYPES = ("authorization_code", "refresh_token")

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class TokenRefused(Exception):
    """The client gets no token, and is told this error (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


class Tokens:
    """Gives tokens for what was granted."""

    def __init__(
        self, issuer: LocalIssuer, grants: Grants, people: People, clients: Clients
    ) -> None:
        self._issuer = issuer
        self._grants = grants
        self._people = people
        self._clients = clients

    async def answer(self, given: Mapping[str, str]) -> Mapping[str, object]:
        """The token endpoint's reply to a form; TokenRefused, Unavailable."""
        grant_type = given.get("grant_type")
        if not grant_type:
            raise TokenRefused("invalid_request", "grant_type is missing")
        if grant_type not in GRANT_TYPES:
            raise TokenRefused("unsupported_grant_type", "codes and refresh tokens are taken")
        client = given.get("client_id")
        if not client:
            raise TokenRefused("invalid_request", "client_id is missing")
        if client not in self._clients.addresses or "client_secret" in given:
            raise TokenRefused("invalid_client", "the client is unknown, or has no secret here")
        if grant_type == "authorization_code":
            return await self._for_code(given, client)
        return await self._for_refresh_token(given, client)

    async def revoke(self, given: Mapping[str, str]) -> None:
        """Ends the session of a refresh token; nothing happens for any other (RFC 7009)."""
        if given.get("client_id") not in self._clients.addresses:
            raise TokenRefused("invalid_client", "the client is unknown")
        if not given.get("token"):
            raise TokenRefused("invalid_request", "token is missing")
        try:
            grant = await self._grants.look("refresh", given["token"])
        except UsedBefore as used:
            await self._grants.revoke(used.session)
            return
        if grant is not None and grant.client == given["client_id"]:
            await self._grants.revoke(grant.session)

    async def _for_code(self, given: Mapping[str, str], client: str) -> Mapping[str, object]:
        for name in ("code", "redirect_uri", "code_verifier"):
            if not given.get(name):
                raise TokenRefused("invalid_request", f"{name} is missing")
        try:
            grant = await self._grants.look("code", given["code"])
            if (
                grant is None
                or grant.client != client
                or grant.address != given["redirect_uri"]
                or not _proves(given["code_verifier"], grant.challenge)
            ):
                raise TokenRefused("invalid_grant", "the code is not good for this")
            await self._grants.use("code", given["code"], grant)
        except UsedBefore as used:
            await self._grants.revoke(used.session)
            raise TokenRefused("invalid_grant", "the code is not good for this") from None
        return await self._given(grant, scopes=grant.scopes, nonce=grant.nonce)

    async def _for_refresh_token(
        self, given: Mapping[str, str], client: str
    ) -> Mapping[str, object]:
        secret = given.get("refresh_token")
        if not secret:
            raise TokenRefused("invalid_request", "refresh_token is missing")
        refused = TokenRefused("invalid_grant", "the refresh token is not good for this")
        try:
            grant = await self._grants.look("refresh", secret)
            if grant is None or grant.client != client:
                raise refused
            if await self._grants.is_revoked_anywhere(grant.session):
                raise refused
            scopes = tuple(given.get("scope", " ".join(grant.scopes)).split(" "))
            if not set(scopes) <= set(grant.scopes):
                raise TokenRefused("invalid_scope", "scope is wider than what was granted")
            await self._grants.use("refresh", secret, grant)
        except UsedBefore as used:
            await self._grants.revoke(used.session)
            raise refused from None
        return await self._given(grant, scopes=scopes, nonce="")

    async def _given(
        self, grant: Grant, *, scopes: tuple[str, ...], nonce: str
    ) -> Mapping[str, object]:
        person = self._people.named(grant.person)
        if person is None:
            raise TokenRefused("invalid_grant", "the person is not here any more")
        scope = " ".join(scopes)
        access_token = self._issuer.token(
            person.caller,
            seconds=ACCESS_SECONDS,
            more={
                "client_id": grant.client,
                "jti": new_session(),
                "sid": grant.session,
                "scope": scope,
            },
        )
        reply: dict[str, object] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "scope": scope,
        }
        if "openid" in scopes:
            reply["id_token"] = self._identity_token(grant, person, scopes, nonce, access_token)
        if OFFLINE in grant.scopes:
            kept = replace(grant, address="", challenge="", nonce="")
            reply["refresh_token"] = await self._grants.put("refresh", kept)
        return reply

    def _identity_token(
        self, grant: Grant, person: Person, scopes: tuple[str, ...], nonce: str, access_token: str
    ) -> str:
        digest = hashlib.sha256(access_token.encode()).digest()
        more: dict[str, object] = {
            "auth_time": grant.signed_in_at,
            "sid": grant.session,
            "at_hash": _base64url(digest[: len(digest) // 2]),
        }
        if nonce:
            more["nonce"] = nonce
        if "profile" in scopes:
            more |= profile_of(person)
        return self._issuer.identity_token(
            subject=person.caller.principal, client=grant.client, seconds=ACCESS_SECONDS, more=more
        )


def profile_of(person: Person) -> dict[str, object]:
    """What the scope profile tells of somebody."""
    return {"preferred_username": person.name, "name": person.name}


def _proves(verifier: str, challenge: str) -> bool:
    """Whether the verifier is the one that the challenge was made of (RFC 7636, S256)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = _base64url(hashlib.sha256(verifier.encode()).digest())
    return hmac.compare_digest(made, challenge)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
