"""Orders as their rows have them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.db.transaction import Row
from chassis.kernel.errors import HutongError
from chassis.kernel.geo import Position
from chassis.kernel.money import Money
from chassis.kernel.names import CustomerId, StoreId
from chassis.kernel.quantity import Unit
from services.orders.domain.delivery import DeliveryAddress
from services.orders.domain.orders import (
    Fulfilment,
    Order,
    PricedLine,
    State,
    Tender,
    TenderType,
)
from services.orders.repository import recorded


def order_of(row: Row) -> Order:
    """The order of a row with all columns."""
    currency = row.currency
    tendered = None if row.tendered_minor is None else Money(row.tendered_minor, currency)
    return Order(
        store=StoreId(row.store_id),
        order_id=row.order_id,
        state=State(row.state),
        fulfilment=Fulfilment(row.fulfilment),
        lines=tuple(_line(line, currency) for line in row.lines),
        total=Money(row.total_minor, currency),
        tender=Tender(TenderType(row.tender_type), tendered),
        customer=None if row.customer_id is None else CustomerId(row.customer_id),
        till=row.till,
        placed_by=row.placed_by,
        end_reason=None if row.end_reason is None else HutongError.from_facts(row.end_reason),
        created_at=aware(row.created_at),
        updated_at=aware(row.updated_at),
        version=row.version,
        attempts=row.attempts,
        lease_token=row.lease_token or "",
        delivery=None if row.delivery is None else _delivery(row.delivery),
        tells_delivery=row.tells_delivery,
        basket_version=row.basket_version,
        traceparent=row.traceparent or "",
        receipt=None if row.receipt is None else recorded.receipt(row.receipt),
    )


def aware(moment: datetime) -> datetime:
    """A time of the database, which has its zone."""
    assert moment.tzinfo is not None
    return moment


def _line(stored: dict[str, Any], currency: str) -> PricedLine:
    return PricedLine(
        sku=stored["sku"],
        display_name=stored["display_name"],
        quantity=stored["quantity"],
        unit=Unit(stored["unit"]),
        unit_price=Money(stored["unit_price_minor"], currency),
        price_version=stored["price_version"],
        line_total=Money(stored["line_total_minor"], currency),
        label=stored.get("label", ""),
        charge=recorded.charge(stored, currency),
    )


def lines_json(lines: Sequence[PricedLine]) -> str:
    """The lines as a row stores them."""
    return json.dumps(
        [
            {
                "sku": line.sku,
                "display_name": line.display_name,
                "quantity": line.quantity,
                "unit": line.unit,
                "unit_price_minor": line.unit_price.amount_minor,
                "price_version": line.price_version,
                "line_total_minor": line.line_total.amount_minor,
                **({"label": line.label} if line.label else {}),
                **({} if line.charge is None else recorded.charge_facts(line.charge)),
            }
            for line in lines
        ]
    )


def _delivery(stored: dict[str, Any]) -> DeliveryAddress:
    return DeliveryAddress(
        recipient=stored["recipient"],
        phone=stored["phone"],
        street=stored["street"],
        position=Position(stored["latitude_e7"], stored["longitude_e7"]),
        note=stored["note"],
    )


def delivery_json(delivery: DeliveryAddress | None) -> str | None:
    """Where an order is brought, as a row stores it."""
    if delivery is None:
        return None
    return json.dumps(
        {
            "recipient": delivery.recipient,
            "phone": delivery.phone,
            "street": delivery.street,
            "latitude_e7": delivery.position.latitude_e7,
            "longitude_e7": delivery.position.longitude_e7,
            "note": delivery.note,
        }
    )


def reason_json(reason: HutongError | None) -> str | None:
    """Why an order ended, as a row stores it."""
    return None if reason is None else json.dumps(reason.as_facts())


def tendered_minor(tender: Tender) -> int | None:
    """The cash on the counter, as a row stores it."""
    return None if tender.tendered is None else tender.tendered.amount_minor
