"""When a till's charges are taken in the place of our prices, and what an order comes to then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from chassis.kernel import money
from chassis.kernel.errors import CurrencyMismatch
from services.orders.domain.orders import Fulfilment, PlaceOrder, PricedLine, Quote
from services.orders.domain.recorded_sales import (
    Charge,
    ChargedTotalTooLarge,
    RecordedSale,
    RecordedSaleInvalid,
    RecordedSaleNotAllowed,
)

CHARGED_MINOR_MAX = 1_000_000_000
"""The most that a till can have charged for a line. Tills that send more have sent a barcode."""

SALE_AHEAD_MAX = timedelta(minutes=5)
"""So far may a till's clock be ahead."""


def require_recordable(command: PlaceOrder) -> None:
    """Refuses a recorded sale that no price could make right: from whom, for what, without a why.

    Raises RecordedSaleNotAllowed, RecordedSaleInvalid, or ChargedTotalTooLarge.
    """
    sale = command.recorded
    if sale is None:
        return
    if not command.purchaser.manages_here:
        raise RecordedSaleNotAllowed
    if command.fulfilment is not Fulfilment.CARRY_OUT or command.basket_version is not None:
        raise RecordedSaleInvalid.at("recorded_sale", "is for goods that were carried out, by line")
    if not sale.receipt.reason.strip():
        raise RecordedSaleInvalid.at("recorded_sale.reason", "must not be blank")
    for (sku, _), charge in sale.charges.items():
        if charge.total.amount_minor > CHARGED_MINOR_MAX:
            raise ChargedTotalTooLarge.at(
                "recorded_sale.lines",
                f"{sku} is charged too much",
                sku=sku,
                charged_minor=charge.total.amount_minor,
                limit_minor=CHARGED_MINOR_MAX,
            )


def charged(command: PlaceOrder, quote: Quote) -> Quote:
    """The quote with what the till charged beside each line, and in all; as it is if nothing was.

    Raises RecordedSaleInvalid if the charges are not those of the quote's lines, or the sale lies
    ahead, and CurrencyMismatch.
    """
    sale = command.recorded
    if sale is None:
        return quote
    _require_past(sale, quote.quoted_at)
    known = {(line.sku, line.label) for line in quote.lines}
    for sku, label in sale.charges.keys() - known:
        raise RecordedSaleInvalid.at(
            "recorded_sale.lines", f"{sku} {label}".strip() + " is no line"
        )
    lines = tuple(_with_charge(line, sale) for line in quote.lines)
    total = money.total((line.to_pay for line in lines), currency=quote.total.currency)
    return replace(quote, lines=lines, total=total)


def _require_past(sale: RecordedSale, now: datetime) -> None:
    if sale.receipt.sold_at > now + SALE_AHEAD_MAX:
        raise RecordedSaleInvalid.at("recorded_sale.sale_time", "is in the future")


def _with_charge(line: PricedLine, sale: RecordedSale) -> PricedLine:
    charge = sale.charges.get((line.sku, line.label))
    if charge is None:
        raise RecordedSaleInvalid.at("recorded_sale.lines", f"have no charge for {line.sku}")
    _require_currency(charge, line.line_total.currency)
    return replace(line, charge=charge)


def _require_currency(charge: Charge, wanted: str) -> None:
    for name, amount in (("charged_total", charge.total), ("discount", charge.discount)):
        if amount is not None and amount.currency != wanted:
            raise CurrencyMismatch.at(
                f"recorded_sale.lines.{name}",
                f"must be in {wanted}",
                given=amount.currency,
                wanted=wanted,
            )
