"""Which services there are, which settings they know, and which processes they run as.

This is the one file to change when a service is added. It imports no service: a process imports
those that it runs, when it asks for their blueprints.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, overload

from pydantic_settings import BaseSettings

from chassis.settings import PlatformSettings, ServiceSettings, load, refuse_unknown
from services.catalog.settings import CatalogSettings
from services.orders.settings import OrdersSettings

if TYPE_CHECKING:
    from chassis.app import Blueprint

SERVICE_SETTINGS: Mapping[str, type[ServiceSettings]] = {
    "stores": ServiceSettings,
    "catalog": CatalogSettings,
    "inventory": ServiceSettings,
    "payments": ServiceSettings,
    "orders": OrdersSettings,
}

SERVICES = tuple(SERVICE_SETTINGS)

WORKERS, GATEWAY = "workers", "gateway"

STOPPING_ORDER = (
    (GATEWAY, WORKERS),
    ("orders",),
    ("stores", "catalog", "inventory", "payments"),
)
"""Processes whose calls need others come before those, and those beside each other stop at once."""

PROCESSES = tuple(name for group in STOPPING_ORDER for name in group)


class Blueprints(Sequence["Blueprint"]):
    """The blueprints of services, each imported when it is first asked for."""

    def __init__(self, services: Sequence[str]) -> None:
        self._services = services

    def of(self, service: str) -> Blueprint:
        """The blueprint of one service by name."""
        blueprint: Blueprint = import_module(f"services.{service}.main").BLUEPRINT
        return blueprint

    def __len__(self) -> int:
        return len(self._services)

    @overload
    def __getitem__(self, index: int) -> Blueprint: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Blueprint]: ...

    def __getitem__(self, index: int | slice) -> Blueprint | Sequence[Blueprint]:
        if isinstance(index, slice):
            return Blueprints(self._services[index])
        return self.of(self._services[index])


BLUEPRINTS = Blueprints(SERVICES)

DATABASE_URLS_SETTING = "HUTONG_{service}_DATABASE_URL"
ADDRESS_SETTING = "HUTONG_{service}_ADDRESS"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a platform, read once."""

    platform: PlatformSettings
    services: Mapping[str, ServiceSettings]

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings in the environment; SettingsError in one line if one is wrong or unknown."""
        kinds: list[tuple[type[BaseSettings], str | None]] = [(PlatformSettings, None)]
        kinds += [(kind, service) for service, kind in SERVICE_SETTINGS.items()]
        refuse_unknown(environment, kinds)
        return cls(
            platform=load(PlatformSettings),
            services={name: load(kind, service=name) for name, kind in SERVICE_SETTINGS.items()},
        )

    @property
    def database_urls(self) -> dict[str, str]:
        """The database addresses that were set, by service."""
        return {
            name: service.database_url
            for name, service in self.services.items()
            if service.database_url is not None
        }

    @property
    def has_embedded_stores(self) -> bool:
        """Whether any of the stores is below the home, since no address is set for it."""
        return self.platform.redis_url is None or len(self.database_urls) < len(SERVICES)

    @property
    def grpc_address(self) -> str:
        """Where gRPC is served."""
        return f"{self.platform.host}:{self.platform.grpc_port}"

    @property
    def http_address(self) -> str:
        """Where HTTP is served."""
        return f"{self.platform.host}:{self.platform.http_port}"


def contract_of(service: str) -> str:
    """The full name of a service's contract, as reflection tells it."""
    return f"hutong.{service}.v1.{service.title()}Service"


def load_contracts() -> None:
    """Imports all contracts, for whoever looks them up by name."""
    for service in SERVICES:
        import_module(f"hutong.{service}.v1.{service}_service_pb2")
