"""Settings of the catalog, HUTONG_CATALOG_*."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chassis.settings import ServiceSettings

PARITY_GRACE_SECONDS_DEFAULT = 300.0


class CatalogSettings(ServiceSettings):
    """How long a device may take to show a new price."""

    parity_grace_seconds: Annotated[float, Field(ge=0, le=86_400)] = PARITY_GRACE_SECONDS_DEFAULT
