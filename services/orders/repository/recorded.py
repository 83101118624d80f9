"""What a till says of a recorded sale, as it stands in the order's row and its lines."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from chassis.kernel.money import Money
from services.orders.domain.recorded_sales import Charge, Receipt


def charge(stored: dict[str, Any], currency: str) -> Charge | None:
    """What a till charged for a stored line; None if no till did."""
    if "charged_total_minor" not in stored:
        return None
    discount = stored.get("discount_minor")
    return Charge(
        total=Money(stored["charged_total_minor"], currency),
        discount=None if discount is None else Money(discount, currency),
        is_unpriced=stored.get("is_unpriced", False),
    )


def charge_facts(charge: Charge) -> dict[str, int]:
    """The charge as a line stores it, beside its own total."""
    facts = {"charged_total_minor": charge.total.amount_minor}
    if charge.discount is not None:
        facts["discount_minor"] = charge.discount.amount_minor
    if charge.is_unpriced:
        facts["is_unpriced"] = True
    return facts


def receipt(stored: dict[str, Any]) -> Receipt:
    """The receipt that a row stores."""
    return Receipt(
        number=stored["number"],
        sold_at=datetime.fromisoformat(stored["sold_at"]),
        reason=stored["reason"],
        is_uploaded=stored.get("is_uploaded", False),
    )


def receipt_json(receipt: Receipt | None) -> str | None:
    """The receipt as a row stores it."""
    if receipt is None:
        return None
    return json.dumps(
        {
            "number": receipt.number,
            "sold_at": receipt.sold_at.isoformat(),
            "reason": receipt.reason,
            **({"is_uploaded": True} if receipt.is_uploaded else {}),
        }
    )
