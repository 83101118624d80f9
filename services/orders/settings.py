"""Settings of the orders service, HUTONG_ORDERS_*."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chassis.settings import ServiceSettings

LEASE_SECONDS_DEFAULT = 15.0


class OrdersSettings(ServiceSettings):
    """How long an order belongs to whoever drives it."""

    lease_seconds: Annotated[float, Field(ge=0.1, le=300)] = LEASE_SECONDS_DEFAULT
