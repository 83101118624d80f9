"""Why payments are refused."""

from __future__ import annotations

from chassis.kernel.errors import CurrencyMismatch, Refusal


class WalletInsufficient(Refusal):
    """The wallet has less than what is to be paid. Both amounts are in minor units."""

    reason = "WALLET_INSUFFICIENT"
    message = "the wallet has {available}, {wanted} is wanted"


class OrderUndone(Refusal):
    """The order was undone before this part of it came, or after."""

    reason = "ORDER_UNDONE"
    message = "the order {payment} was undone"


class PaymentEnded(Refusal):
    """The payment ended without taking money, so that there is nothing to capture or refund."""

    reason = "PAYMENT_ENDED"
    message = "the payment is {state}"


class RefundTooLarge(Refusal):
    """More was asked back than what is captured and not yet refunded, in minor units."""

    reason = "REFUND_TOO_LARGE"
    message = "at most {refundable} can be refunded"


def currency_mismatch(*, given: str, wanted: str) -> CurrencyMismatch:
    """The refusal of an amount in another currency than that of the wallet or the payment."""
    return CurrencyMismatch.at(
        "amount.currency_code", f"must be {wanted}", given=given, wanted=wanted
    )
