"""Which services there are, which settings they know, and how a process is made of them.

This is the one file to change when a service is added.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic_settings import BaseSettings

from chassis.settings import PlatformSettings, ServiceSettings, load, refuse_unknown
from services.catalog.main import BLUEPRINT as CATALOG
from services.catalog.settings import CatalogSettings
from services.inventory.main import BLUEPRINT as INVENTORY
from services.orders.main import BLUEPRINT as ORDERS
from services.orders.settings import OrdersSettings
from services.payments.main import BLUEPRINT as PAYMENTS
from services.stores.main import BLUEPRINT as STORES

BLUEPRINTS = (STORES, CATALOG, INVENTORY, PAYMENTS, ORDERS)

SERVICE_SETTINGS: Mapping[str, type[ServiceSettings]] = {
    "stores": ServiceSettings,
    "catalog": CatalogSettings,
    "inventory": ServiceSettings,
    "payments": ServiceSettings,
    "orders": OrdersSettings,
}

DATABASE_URLS_SETTING = "HUTONG_{service}_DATABASE_URL"


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
