"""Authorization requests: what a client may ask, and how it is told that it asked wrongly.

Follows OAuth 2.1 (code flow, PKCE with S256 only), OpenID Connect Core 1.0 and RFC 9207. Until the
client and the address to go back to are known to belong together, nobody is sent anywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from allinone.issuer.clients import Clients

SCOPES = ("openid", "profile", "offline_access")
OFFLINE = "offline_access"
VALUE_CHARACTERS_MAX = 2000
PARAMETERS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login_hint",
    "max_age",
)
"""What the sign-in page carries on from one request to the next."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class NobodyToTell(Exception):
    """The request names no client with a registered address: the person is told, on a page."""


class RequestRefused(Exception):
    """The request is wrong; its client is told so at its address."""

    def __init__(self, error: str, description: str, *, address: str, state: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.address = address
        self.state = state


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that may be granted, and its parameters as they came."""

    client: str
    address: str
    scopes: tuple[str, ...]
    state: str
    nonce: str
    challenge: str
    login_hint: str
    parameters: Mapping[str, str]


def authorization_request(
    sent: Sequence[tuple[str, str]], clients: Clients
) -> AuthorizationRequest:
    """The request in these parameters; NobodyToTell, RequestRefused.

    A parameter without a value counts as left out, and unknown ones are passed by (RFC 6749, 3.1).
    """
    given = {name: value for name, value in sent if value}
    doubled = _doubled(sent)
    client, address = given.get("client_id", ""), given.get("redirect_uri", "")
    if doubled & {"client_id", "redirect_uri"}:
        raise NobodyToTell("client_id or redirect_uri comes twice")
    if client not in clients.addresses:
        raise NobodyToTell("client_id names no app that is registered here")
    if not clients.admits(client, address):
        raise NobodyToTell(f"redirect_uri is not registered for {client}")
    problem = _problem_of(given, doubled)
    state = "" if "state" in doubled else given.get("state", "")
    if problem is not None:
        error, description = problem
        raise RequestRefused(error, description, address=address, state=state)
    asked = given["scope"].split(" ")
    return AuthorizationRequest(
        client=client,
        address=address,
        scopes=tuple(scope for scope in SCOPES if scope in asked),
        state=state,
        nonce=given.get("nonce", ""),
        challenge=given["code_challenge"],
        login_hint=given.get("login_hint", ""),
        parameters={name: given[name] for name in PARAMETERS if name in given},
    )


def _doubled(sent: Iterable[tuple[str, str]]) -> set[str]:
    return {name for name, times in Counter(name for name, _ in sent).items() if times > 1}


def _problem_of(given: Mapping[str, str], doubled: set[str]) -> tuple[str, str] | None:
    """The error that the client is told, and in which words; None if all is well."""
    checks = (
        (bool(doubled), "invalid_request", "a parameter comes twice"),
        ("request" in given, "request_not_supported", "request objects are not taken"),
        ("request_uri" in given, "request_uri_not_supported", "request objects are not taken"),
        ("registration" in given, "registration_not_supported", "apps are registered by setting"),
        ("response_type" not in given, "invalid_request", "response_type is missing"),
        (
            given.get("response_type") != "code",
            "unsupported_response_type",
            "response_type must be code",
        ),
        (
            given.get("response_mode", "query") != "query",
            "invalid_request",
            "response_mode must be query",
        ),
        (
            any(len(value) > VALUE_CHARACTERS_MAX for value in given.values()),
            "invalid_request",
            "a parameter is too long",
        ),
        ("code_challenge" not in given, "invalid_request", "code_challenge is missing"),
        (
            given.get("code_challenge_method") != "S256",
            "invalid_request",
            "code_challenge_method must be S256",
        ),
        (
            not _CHALLENGE.fullmatch(given.get("code_challenge", "")),
            "invalid_request",
            "code_challenge is no SHA-256 in base64url",
        ),
        (
            not set(given.get("scope", "").split(" ")) & set(SCOPES),
            "invalid_scope",
            f"scope must name some of {' '.join(SCOPES)}",
        ),
        (
            not given.get("max_age", "0").isdecimal(),
            "invalid_request",
            "max_age is no number of seconds",
        ),
        *_prompt_checks(given.get("prompt", "").split(" ")),
    )
    return next(((error, words) for is_wrong, error, words in checks if is_wrong), None)


def _prompt_checks(prompts: Sequence[str]) -> Iterable[tuple[bool, str, str]]:
    """Nobody stays signed in here, so a client that wants no page shown can't be served."""
    is_silent = "none" in prompts
    yield (is_silent and len(prompts) > 1, "invalid_request", "prompt none stands alone")
    yield (is_silent, "login_required", "nobody is signed in before they choose to be")
