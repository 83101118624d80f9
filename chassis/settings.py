"""Settings: typed, read once from HUTONG_* environment variables, and refused in one line if wrong.

A variable that starts with HUTONG_ and that nobody knows is refused too: it is a typing mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "HUTONG_"
BATCH_ITEMS_MAX = 200
CALLS_AT_ONCE_MAX = 1500
"""So many calls one process answers at once, unless a setting says otherwise."""

_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_CLIENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")

Port = Annotated[int, Field(ge=1, le=65535)]


def _listed(text: object) -> object:
    """What a variable lists with commas between."""
    if not isinstance(text, str):
        return text
    return tuple(_parts(text))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _roles(text: object) -> object:
    """Further roles: shift_lead=cashier+store_manager, with commas between."""
    if not isinstance(text, str):
        return text
    found: dict[str, frozenset[str]] = {}
    for entry in _parts(text):
        role, _, meant = (part.strip() for part in entry.partition("="))
        meant_roles = frozenset(part.strip() for part in meant.split("+"))
        if not all(map(_ROLE.fullmatch, (role, *meant_roles))):
            raise ValueError(f"{entry} is not of the form role=role+role")
        if role in found:
            raise ValueError(f"{role} comes twice")
        found[role] = meant_roles
    return found


def _client_addresses(text: object) -> object:
    """Apps that may sign people in: shop=https://shop.example/signed-in, with commas between."""
    if not isinstance(text, str):
        return text
    found: list[tuple[str, str]] = []
    for entry in _parts(text):
        client, _, address = (part.strip() for part in entry.partition("="))
        if not _CLIENT.fullmatch(client) or not address:
            raise ValueError(f"{entry} is not of the form client=address")
        found.append((client, address))
    return tuple(found)


def _web_address(text: str) -> str:
    """An http(s) address."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http(s) address")
    return parts.geturl()


def _origin(text: str | None) -> str | None:
    """A web origin without a slash at its end."""
    if text is None:
        return None
    parts = urlsplit(_web_address(text.rstrip("/")))
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be an address without a path")
    return parts.geturl()


class SettingsError(Exception):
    """A setting is missing, wrong or unknown. The text is one line for the person who set it."""


class PlatformSettings(BaseSettings):
    """What every process of the platform shares."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    mode: Literal["development", "production"] = "development"
    home: Path = Path(".hutong")
    host: str = "127.0.0.1"
    http_port: Port = 8080
    grpc_port: Port = 50051
    redis_url: str | None = None
    workers_address: str | None = None
    jwks: str | None = None
    token_issuer: str | None = None
    token_audience: str = "hutong"
    token_claim_roles: str = "roles"
    token_claim_tenant: str = "tenant"
    token_claim_stores: str = "stores"
    token_claim_customer: str = "customer"
    further_roles: Annotated[dict[str, frozenset[str]], NoDecode, BeforeValidator(_roles)] = {}
    service_token_file: Path | None = None
    http_public_url: Annotated[str | None, AfterValidator(_origin)] = None
    sign_in_clients: Annotated[
        tuple[tuple[str, str], ...], NoDecode, BeforeValidator(_client_addresses)
    ] = ()
    http_allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    http_coalescing: bool = True
    batch_items_max: Annotated[int, Field(ge=1, le=500)] = BATCH_ITEMS_MAX
    calls_at_once_max: Annotated[int, Field(ge=10, le=100_000)] = CALLS_AT_ONCE_MAX
    grpc_server: Literal["grpcio", "native"] = "grpcio"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    traces_url: Annotated[str, AfterValidator(_web_address)] | None = None
    traces_ratio: Annotated[float, Field(ge=0, le=1)] = 0.01
    log_format: Literal["console", "json"] = "console"


class ServiceSettings(BaseSettings):
    """What one service needs; read with the service's own prefix, HUTONG_ORDERS_ for example."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: str | None = None
    database_connections_max: Annotated[int, Field(ge=2, le=100)] = 8
    address: str | None = None


SettingsType = TypeVar("SettingsType", bound=BaseSettings)


def load(kind: type[SettingsType], *, service: str | None = None) -> SettingsType:
    """The settings of this kind from the environment; SettingsError in one line if one is wrong."""
    prefix = PREFIX if service is None else f"{PREFIX}{service.upper()}_"
    try:
        return kind(_env_prefix=prefix)
    except ValidationError as invalid:
        problems = (
            f"{prefix}{'_'.join(str(part) for part in problem['loc']).upper()}: "
            f"{problem['msg'].lower()}, got {problem['input']!r}"
            for problem in invalid.errors()
        )
        raise SettingsError("; ".join(problems)) from None


def refuse_unknown(
    environment: Mapping[str, str],
    kinds: Iterable[tuple[type[BaseSettings], str | None]],
) -> None:
    """SettingsError if a HUTONG_ variable belongs to none of these (settings, service) pairs."""
    known = {
        f"{PREFIX}{'' if service is None else service.upper() + '_'}{name.upper()}"
        for kind, service in kinds
        for name in kind.model_fields
    }
    unknown = sorted(key for key in environment if key.startswith(PREFIX) and key not in known)
    if unknown:
        raise SettingsError(
            f"unknown setting {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )
