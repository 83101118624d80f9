"""Settings of the catalog, HUTONG_CATALOG_*."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chassis.settings import ServiceSettings

PARITY_GRACE_SECONDS_DEFAULT = 300.0
LOW_STOCK_PIECES_DEFAULT = 5
LOW_STOCK_GRAMS_DEFAULT = 2000


class CatalogSettings(ServiceSettings):
    """How long a device may take to show a new price, and how little stock is called low."""

    parity_grace_seconds: Annotated[float, Field(ge=0, le=86_400)] = PARITY_GRACE_SECONDS_DEFAULT
    low_stock_pieces: Annotated[int, Field(ge=0, le=1_000_000)] = LOW_STOCK_PIECES_DEFAULT
    low_stock_grams: Annotated[int, Field(ge=0, le=1_000_000_000)] = LOW_STOCK_GRAMS_DEFAULT
