"""Where goods are brought. It says who lives where, so it is shown to few and logged nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from chassis.kernel.errors import InvalidInput
from chassis.kernel.geo import Position


class DeliveryAddressInvalid(InvalidInput):
    """A delivery without an address, or an address for goods that are not delivered."""

    reason = "DELIVERY_ADDRESS_INVALID"
    message = "a delivery has an address, and nothing else does"


@dataclass(frozen=True, slots=True)
class DeliveryAddress:
    """A door, who opens it, and how the courier reaches them; kept out of what is printed of it."""

    recipient: str = field(repr=False)
    phone: str = field(repr=False)
    street: str = field(repr=False)
    position: Position = field(repr=False)
    note: str = field(repr=False)
