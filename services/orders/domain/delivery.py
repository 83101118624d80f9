"""Where goods are brought. It says who lives where, so it is shown to few and logged nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from chassis.kernel.errors import InvalidInput
from chassis.kernel.geo import Position


class DeliveryAddressInvalid(InvalidInput):
    """A delivery without an address, a blank one, or one for goods that are not delivered."""

    reason = "DELIVERY_ADDRESS_INVALID"
    message = "the delivery address can't be right"


@dataclass(frozen=True, slots=True)
class DeliveryAddress:
    """A door, who opens it, and how the courier reaches them; kept out of what is printed of it."""

    recipient: str = field(repr=False)
    phone: str = field(repr=False)
    street: str = field(repr=False)
    position: Position = field(repr=False)
    note: str = field(repr=False)


def require_legible(delivery: DeliveryAddress) -> None:
    """DeliveryAddressInvalid, naming the field, if a courier could read nothing in it."""
    for name, text in (("recipient", delivery.recipient), ("street", delivery.street)):
        if not text.strip():
            raise DeliveryAddressInvalid.at(f"delivery.{name}", "must not be blank")
