"""OpenID Connect for demo people, over HTTP: discovery, the sign-in page, tokens, userinfo.

The code flow with PKCE is the only way in. Nobody stays signed in: each request is answered by the
person's choice on the page.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from urllib.parse import quote, urlencode

import jwt
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from allinone.issuer.clients import Clients
from allinone.issuer.forms import FormInvalid, Parameters, parameters_of
from allinone.issuer.grants import Grant, Grants, new_session
from allinone.issuer.page import AUTHORIZE, SignInPage
from allinone.issuer.people import People
from allinone.issuer.requests import (
    SCOPES,
    AuthorizationRequest,
    NobodyToTell,
    RequestRefused,
    authorization_request,
)
from allinone.issuer.signing import IDENTITY_ALGORITHM, LocalIssuer
from allinone.issuer.tokens import GRANT_TYPES, TokenRefused, Tokens, profile_of
from chassis.kernel.errors import Unavailable
from chassis.log import logger

TOKEN = "/oauth/token"
USERINFO = "/oauth/userinfo"
REVOKE = "/oauth/revoke"
JWKS = "/.well-known/jwks.json"
OUR_CLAIMS = ("tenant", "roles", "stores", "customer")

log = logger(__name__)


class SignIn:
    """The endpoints of one platform's issuer."""

    def __init__(
        self, issuer: LocalIssuer, *, grants: Grants, people: People, clients: Clients
    ) -> None:
        self._issuer = issuer
        self._grants = grants
        self._people = people
        self._clients = clients
        self._tokens = Tokens(issuer, grants, people, clients)
        self._page = SignInPage()

    def routes(self) -> Iterator[BaseRoute]:
        """What the HTTP side is to serve."""
        yield Route("/.well-known/openid-configuration", self.configuration)
        yield Route("/.well-known/oauth-authorization-server", self.configuration)
        yield Route(AUTHORIZE, self.authorize, methods=["GET", "POST"])
        yield Route(TOKEN, self.token, methods=["POST"])
        yield Route(REVOKE, self.revoke, methods=["POST"])
        yield Route(USERINFO, self.userinfo, methods=["GET", "POST"])

    async def configuration(self, _: Request) -> Response:
        """What clients find out by themselves (OpenID Connect Discovery 1.0, RFC 8414)."""
        at = self._issuer.name
        return JSONResponse(
            {
                "issuer": at,
                "authorization_endpoint": f"{at}{AUTHORIZE}",
                "token_endpoint": f"{at}{TOKEN}",
                "userinfo_endpoint": f"{at}{USERINFO}",
                "revocation_endpoint": f"{at}{REVOKE}",
                "jwks_uri": f"{at}{JWKS}",
                "scopes_supported": SCOPES,
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": GRANT_TYPES,
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [IDENTITY_ALGORITHM],
                "token_endpoint_auth_methods_supported": ["none"],
                "revocation_endpoint_auth_methods_supported": ["none"],
                "code_challenge_methods_supported": ["S256"],
                "claims_supported": ["sub", "name", "preferred_username", *OUR_CLAIMS],
                "authorization_response_iss_parameter_supported": True,
                "claims_parameter_supported": False,
                "request_parameter_supported": False,
                "request_uri_parameter_supported": False,
                "ui_locales_supported": ["en"],
            },
            headers={"cache-control": "public, max-age=300"},
        )

    async def authorize(self, request: Request) -> Response:
        """Shows the page; once a person has chosen, sends the browser back to the client."""
        try:
            sent = await parameters_of(request)
            asked = authorization_request(
                [(name, value) for name, value in sent if name not in ("person", "find", "cancel")],
                self._clients,
            )
            answers = dict(sent)
            if request.method == "POST" and answers.keys() & {"person", "cancel"}:
                return await self._answered(asked, answers, request)
        except (FormInvalid, NobodyToTell) as problem:
            log.info("sign_in_refused", error="shown to the person")
            page = self._page.refusal(f"{problem}.")
            return HTMLResponse(page, HTTPStatus.BAD_REQUEST, dict(self._page.headers()))
        except RequestRefused as refused:
            log.info("sign_in_refused", error=refused.error)
            return self._sent_back(
                refused.address,
                error=refused.error,
                error_description=refused.description,
                state=refused.state,
            )
        return self._asking(asked, looked_for=answers.get("find", ""))

    async def token(self, request: Request) -> Response:
        """Tokens for a code or a refresh token."""

        async def answer(given: Mapping[str, str]) -> Response:
            return JSONResponse(await self._tokens.answer(given))

        return await self._to_client(request, answer)

    async def revoke(self, request: Request) -> Response:
        """Ends the session of a refresh token (RFC 7009)."""

        async def answer(given: Mapping[str, str]) -> Response:
            await self._tokens.revoke(given)
            return Response(status_code=HTTPStatus.OK)

        return await self._to_client(request, answer)

    async def userinfo(self, request: Request) -> Response:
        """Who the bearer of an access token is."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return _challenged(HTTPStatus.UNAUTHORIZED, "")
        try:
            claims = self._issuer.claims_of(token.strip())
        except jwt.PyJWTError:
            return _challenged(HTTPStatus.UNAUTHORIZED, "invalid_token")
        try:
            if await self._grants.is_revoked_anywhere(str(claims.get("sid", ""))):
                return _challenged(HTTPStatus.UNAUTHORIZED, "invalid_token")
        except Unavailable:
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable", "ask again")
        scopes = str(claims.get("scope", "")).split(" ")
        if "openid" not in scopes:
            return _challenged(HTTPStatus.FORBIDDEN, "insufficient_scope")
        told = {"sub": claims["sub"]} | {name: claims[name] for name in OUR_CLAIMS}
        person = self._people.of(str(claims["sub"]))
        if person is not None and "profile" in scopes:
            told |= profile_of(person)
        return JSONResponse(told)

    async def _answered(
        self, asked: AuthorizationRequest, answers: Mapping[str, str], request: Request
    ) -> Response:
        """What follows from a person's choice on our page, and on no other."""
        if not self._is_from_our_page(request):
            raise NobodyToTell(f"the choice was not made on the page at {self._issuer.name}")
        if "cancel" in answers:
            return self._sent_back(
                asked.address,
                error="access_denied",
                error_description="the person did not want to",
                state=asked.state,
            )
        person = self._people.named(answers["person"])
        if person is None:
            return self._asking(
                asked,
                looked_for=answers["person"],
                problem=f"Nobody here is called {answers['person'] or 'nothing at all'}.",
            )
        grant = Grant(
            session=new_session(),
            client=asked.client,
            person=person.name,
            scopes=asked.scopes,
            signed_in_at=int(time.time()),
            address=asked.address,
            challenge=asked.challenge,
            nonce=asked.nonce,
        )
        try:
            code = await self._grants.put("code", grant)
        except Unavailable:
            return self._sent_back(
                asked.address,
                error="temporarily_unavailable",
                error_description="try again",
                state=asked.state,
            )
        return self._sent_back(asked.address, code=code, state=asked.state)

    def _is_from_our_page(self, request: Request) -> bool:
        """Whether a form was sent from our own page, or by a program that is no browser."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin", self._issuer.name)
        return site == "same-origin" and origin == self._issuer.name

    def _asking(
        self, asked: AuthorizationRequest, *, looked_for: str, problem: str = ""
    ) -> Response:
        page = self._page.asking(
            asked, self._people.found(looked_for), looked_for=looked_for, problem=problem
        )
        status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
        return HTMLResponse(page, status, dict(self._page.headers(asked)))

    def _sent_back(self, address: str, **told: str) -> Response:
        """Sends the browser to the client, which is told by whom (RFC 9207)."""
        told = {name: value for name, value in told.items() if value} | {"iss": self._issuer.name}
        query = urlencode(told, quote_via=quote)
        joint = "&" if "?" in address else "?"
        return RedirectResponse(f"{address}{joint}{query}", HTTPStatus.SEE_OTHER)

    async def _to_client(
        self, request: Request, answer: Callable[[Mapping[str, str]], Awaitable[Response]]
    ) -> Response:
        """An answer to a client's form, or the error that it is told (RFC 6749, section 5.2)."""
        try:
            if "authorization" in request.headers:
                raise TokenRefused("invalid_client", "clients have no secret here")
            return await answer(_once_each(await parameters_of(request)))
        except FormInvalid as invalid:
            return _error(HTTPStatus.BAD_REQUEST, "invalid_request", str(invalid))
        except TokenRefused as refused:
            log.info("sign_in_refused", error=refused.error)
            is_client = refused.error == "invalid_client"
            status = HTTPStatus.UNAUTHORIZED if is_client else HTTPStatus.BAD_REQUEST
            return _error(status, refused.error, refused.description)
        except Unavailable:
            return _error(HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable", "ask again")


def _once_each(sent: Parameters) -> Mapping[str, str]:
    doubled = [name for name, times in Counter(name for name, _ in sent).items() if times > 1]
    if doubled:
        raise TokenRefused("invalid_request", "a parameter comes twice")
    return {name: value for name, value in sent if value}


def _error(status: HTTPStatus, error: str, description: str) -> Response:
    headers = {"www-authenticate": "Basic"} if status == HTTPStatus.UNAUTHORIZED else {}
    body = {"error": error, "error_description": description}
    return JSONResponse(body, status, headers)


def _challenged(status: HTTPStatus, error: str) -> Response:
    """The answer to a wrong bearer token (RFC 6750, section 3)."""
    told = f'Bearer error="{error}"' if error else "Bearer"
    return Response(status_code=status, headers={"www-authenticate": told})
