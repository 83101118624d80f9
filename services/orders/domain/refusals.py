"""Why an order is refused, beyond what other services say of stock and money."""

from __future__ import annotations

from chassis.kernel.errors import PermissionDenied, Refusal


class PriceChanged(Refusal):
    """The customer was shown another total."""

    reason = "PRICE_CHANGED"
    message = "the total is {actual_minor}, not {expected_minor}"


class LinePriceChanged(PriceChanged):
    """The customer was shown another unit price of a product."""

    message = (
        "the price of {sku} is {unit_price_minor} (version {version}), "
        "not {shown_unit_price_minor} (version {shown_version})"
    )


class TenderInsufficient(Refusal):
    """Less cash was given than the total."""

    reason = "TENDER_INSUFFICIENT"
    message = "{tendered_minor} was given for {total_minor}"


class TenderNotAccepted(Refusal):
    """Cash is taken only where goods are carried out, a wallet only from its own customer."""

    reason = "TENDER_NOT_ACCEPTED"
    message = "{tender} is not accepted for {fulfilment} from this caller"


class TillRequired(Refusal):
    """Goods are carried out past a till."""

    reason = "TILL_REQUIRED"
    message = "a sale at a till names the till"


class CustomerRequired(Refusal):
    """A wallet, a pickup and a delivery belong to a customer."""

    reason = "CUSTOMER_REQUIRED"
    message = "the order names no customer"


class FulfilmentNotAllowed(PermissionDenied):
    """Only staff sell at a till."""

    reason = "FULFILMENT_NOT_ALLOWED"
    message = "the caller may not place orders for {fulfilment}"


class CancelNotAllowed(PermissionDenied):
    """Goods that were packed or carried out are taken back by staff only."""

    reason = "CANCEL_NOT_ALLOWED"
    message = "the order is {state}; only the store's staff may cancel it now"


class OrderStateInvalid(Refusal):
    """The order can't make this move from where it stands."""

    reason = "ORDER_STATE_INVALID"
    message = "the order is {state}"


class OrderAbandoned(Refusal):
    """The platform could not finish the order in many tries, and undid it."""

    reason = "ORDER_ABANDONED"
    message = "the order could not be finished and was undone"
