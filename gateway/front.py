"""What the HTTP side of a platform has to know of the platform; whoever composes it says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chassis.health import Check
from chassis.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Somebody for whom a token can be had, and who that is."""

    name: str
    role: str
    note: str


@dataclass(frozen=True, slots=True)
class CallShown:
    """A call to try: what it shows, who may make it, and the request as JSON.

    `method` is service and method as on the wire: hutong.catalog.v1.CatalogService/GetProduct.
    """

    title: str
    person: str
    method: str
    request: str


@dataclass(frozen=True, slots=True)
class Front:
    """What the pages show. `services` are full names, as reflection tells them.

    `jwks` is None where tokens come from somebody else's issuer; README.md is beside `docs_folder`.
    `is_ready` says whether callers should come.
    """

    services: Sequence[str]
    grpc_address: str
    http_address: str
    checks: Mapping[str, Check]
    metrics: Metrics
    docs_folder: Path
    jwks: Mapping[str, object] | None = None
    people: Sequence[PersonShown] = field(default=())
    calls: Sequence[CallShown] = field(default=())
    has_api: bool = False
    is_ready: Callable[[], bool] = lambda: True
