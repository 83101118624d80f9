"""Whose tokens a platform believes, as its settings say: its own issuer's, or somebody else's."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import descriptor_pool
from redis.asyncio import Redis

from allinone.demo.tenants import TENANT
from allinone.issuer import Grants, LocalIssuer, ProductionRefused
from allinone.topology import SERVICES, Settings, contract_of, load_contracts
from chassis.kernel.clock import SystemClock
from chassis.log import logger
from chassis.rpc.access import rules_of
from chassis.rpc.auth import ROLE_SERVICE, Authenticator, Claims, TokenSource
from chassis.rpc.key_set import FileKeys, KeySource, key_source
from chassis.settings import PlatformSettings, SettingsError

SERVICE_TOKEN_READ_SECONDS = 60.0
ANY_HOST = ("0.0.0.0", "::", "")

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens a process believes, and with which tokens it calls others.

    `service_token` gives each service by name the source of its own. Issuer and grants are None
    where another issuer is configured.
    """

    authenticator: Authenticator
    service_token: Callable[[str], TokenSource]
    issuer: LocalIssuer | None
    grants: Grants | None

    @classmethod
    def of(cls, settings: Settings, issuer: LocalIssuer | None, redis: Redis | None) -> Trust:
        """As the settings say; SettingsError if they name no issuer, or no token of our own.

        Without Redis nothing is granted here, and nothing known of what was revoked.
        """
        grants = None if issuer is None or redis is None else Grants(lambda: redis)
        is_revoked = None if grants is None else grants.is_revoked
        return cls(
            authenticator=authenticator(settings, issuer, is_revoked=is_revoked),
            service_token=service_tokens(settings, issuer),
            issuer=issuer,
            grants=grants,
        )


def has_own_issuer(settings: Settings) -> bool:
    """Whether tokens are signed here; ProductionRefused if they would be, in production."""
    platform = settings.platform
    if platform.jwks is not None or platform.token_issuer is not None:
        return False
    if platform.mode == "production":
        raise ProductionRefused
    return True


def own_issuer(settings: Settings, folder: Path) -> LocalIssuer | None:
    """The issuer with its keys in a home's folder; None where another one is configured."""
    if not has_own_issuer(settings):
        return None
    return LocalIssuer(
        folder / "issuer",
        issuer=public_url(settings),
        audience=settings.platform.token_audience,
        mode=settings.platform.mode,
    )


def public_url(settings: Settings) -> str:
    """Where browsers reach the platform, which is the name that its own issuer goes by."""
    platform = settings.platform
    if platform.http_public_url is not None:
        return platform.http_public_url
    host = "127.0.0.1" if platform.host in ANY_HOST else platform.host
    bracketed = f"[{host}]" if ":" in host else host
    return f"http://{bracketed}:{platform.http_port}"


def authenticator(
    settings: Settings,
    issuer: LocalIssuer | None,
    *,
    is_revoked: Callable[[str], bool] | None = None,
) -> Authenticator:
    """What verifies callers' tokens; SettingsError if the settings name no issuer to believe."""
    platform = settings.platform
    keys: KeySource
    if issuer is None:
        name = _foreign_issuer(platform)
        keys = key_source(jwks=platform.jwks, issuer=name)
    else:
        name, keys = issuer.name, FileKeys(issuer.jwks_file)
    return Authenticator(
        keys=keys,
        issuer=name,
        audience=platform.token_audience,
        clock=SystemClock(),
        claims=Claims(
            roles=platform.token_claim_roles,
            tenant=platform.token_claim_tenant,
            stores=platform.token_claim_stores,
            customer=platform.token_claim_customer,
            further_roles=_further_roles(platform.further_roles),
        ),
        is_revoked=is_revoked,
    )


def service_tokens(settings: Settings, issuer: LocalIssuer | None) -> Callable[[str], TokenSource]:
    """Gives each service by name the source of its own tokens; SettingsError if there is none."""
    if issuer is not None:
        return lambda service: issuer.service_tokens(service, tenant=TENANT)
    file = settings.platform.service_token_file
    if file is None:
        raise SettingsError(
            "HUTONG_SERVICE_TOKEN_FILE: name the file with this platform's service token, "
            "since another issuer is configured"
        )
    return lambda _: _token_in(file)


def _foreign_issuer(platform: PlatformSettings) -> str:
    name = platform.token_issuer
    if name is None:
        raise SettingsError(
            "HUTONG_TOKEN_ISSUER: name the issuer whose keys HUTONG_JWKS has, as its tokens do"
        )
    asked = {"HUTONG_JWKS": platform.jwks} if platform.jwks else {"HUTONG_TOKEN_ISSUER": name}
    for setting, place in asked.items():
        if setting == "HUTONG_TOKEN_ISSUER" and not place.startswith(("https://", "http://")):
            raise SettingsError(
                f"{setting}: {place} is no address to find a key set at; name one in HUTONG_JWKS"
            )
        if platform.mode == "production" and place.startswith("http://"):
            raise SettingsError(f"{setting}: production asks for keys by https only, not {place}")
    return name


def _further_roles(further: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """The chain's own roles; SettingsError if one stands for what no contract knows."""
    if not further:
        return further
    load_contracts()
    pool = descriptor_pool.Default()
    known = {
        grant.role
        for service in SERVICES
        for rule in rules_of(pool.FindServiceByName(contract_of(service))).values()
        for grant in rule.grants
    } - {ROLE_SERVICE}
    for role, meant in further.items():
        if role in known or role == ROLE_SERVICE:
            raise SettingsError(f"HUTONG_FURTHER_ROLES: {role} has a meaning already")
        if unknown := sorted(meant - known):
            raise SettingsError(
                f"HUTONG_FURTHER_ROLES: {role} stands for {unknown[0]}, which is none of "
                f"{', '.join(sorted(known))}"
            )
    return further


def _token_in(file: Path) -> TokenSource:
    """The token in a file that somebody else renews."""
    current, read_again_at = "", 0.0

    def token() -> str:
        nonlocal current, read_again_at
        if time.monotonic() >= read_again_at:
            try:
                current = file.read_text().strip()
            except OSError as problem:
                log.error("service_token_not_read", file=str(file), problem=str(problem))
            read_again_at = time.monotonic() + SERVICE_TOKEN_READ_SECONDS
        return current

    return token
