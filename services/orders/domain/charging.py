"""When a till's charges are taken in the place of our prices, and what an order comes to then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chassis.kernel import money
from chassis.kernel.errors import CurrencyMismatch
from chassis.kernel.money import Money
from services.orders.domain.orders import Fulfilment, PlaceOrder, PricedLine, Quote
from services.orders.domain.recorded_sales import (
    Charge,
    ChargedTotalTooLarge,
    LineKey,
    RecordedSale,
    RecordedSaleInvalid,
    RecordedSaleNotAllowed,
)

CHARGED_MINOR_MAX = 1_000_000_000
"""The most that a till can have charged for a line. Tills that send more have sent a barcode."""

SALE_AHEAD_MAX = timedelta(minutes=5)
"""So far may a till's clock be ahead."""

UPLOAD_AHEAD_MAX = timedelta(days=1)
"""So far of one that was offline, and may have lost its time zone: the sale has happened anyway."""


def require_recordable(command: PlaceOrder) -> None:
    """Refuses a recorded sale that no price could make right: from whom, for what, without a why.

    What is uploaded has happened, so all of the store's people may say so. Raises
    RecordedSaleNotAllowed, RecordedSaleInvalid, or ChargedTotalTooLarge.
    """
    sale = command.recorded
    if sale is None:
        return
    is_uploaded = sale.receipt.is_uploaded
    if not (command.purchaser.works_here if is_uploaded else command.purchaser.manages_here):
        raise RecordedSaleNotAllowed
    if command.fulfilment is not Fulfilment.CARRY_OUT or command.basket_version is not None:
        raise RecordedSaleInvalid.at("recorded_sale", "is for goods that were carried out, by line")
    if is_uploaded:
        _require_sum(command, sale)
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
    shares = _shares(sale, quote)
    lines = tuple(_with_charge(line, shares) for line in quote.lines)
    total = money.total((line.to_pay for line in lines), currency=quote.total.currency)
    return replace(quote, lines=lines, total=total)


def _require_sum(command: PlaceOrder, sale: RecordedSale) -> None:
    """RecordedSaleInvalid if the till's own total is not what it charged for the lines."""
    told = command.expected_total
    if told is None:
        return
    if told != money.total((c.total for c in sale.charges.values()), currency=told.currency):
        raise RecordedSaleInvalid.at("expected_total", "is not the sum of the lines' charges")


def _require_past(sale: RecordedSale, now: datetime) -> None:
    ahead_max = UPLOAD_AHEAD_MAX if sale.receipt.is_uploaded else SALE_AHEAD_MAX
    if sale.receipt.sold_at > now + ahead_max:
        raise RecordedSaleInvalid.at("recorded_sale.sale_time", "is in the future")


def _shares(sale: RecordedSale, quote: Quote) -> dict[LineKey, list[Charge]]:
    """The charge of each line that will ask for it; of a label that comes again, its share."""
    times = Counter((line.sku, line.label) for line in quote.lines)
    return {
        key: [charge] if times[key] <= 1 else _parts(charge, times[key])
        for key, charge in sale.charges.items()
    }


def _parts(charge: Charge, parts: int) -> list[Charge]:
    """The charge in equal parts that sum to it; the last ones get what does not divide."""
    totals = _equally(charge.total, parts)
    discounts: Sequence[Money | None] = [None] * parts
    if charge.discount is not None:
        discounts = _equally(charge.discount, parts)
    return [
        replace(charge, total=total, discount=discount)
        for total, discount in zip(totals, discounts, strict=True)
    ]


def _equally(amount: Money, parts: int) -> list[Money]:
    minor = amount.amount_minor
    return [
        Money(minor * (part + 1) // parts - minor * part // parts, amount.currency)
        for part in range(parts)
    ]


def _with_charge(line: PricedLine, shares: Mapping[LineKey, list[Charge]]) -> PricedLine:
    if line.charge is not None:
        return line
    charges = shares.get((line.sku, line.label))
    if not charges:
        raise RecordedSaleInvalid.at("recorded_sale.lines", f"have no charge for {line.sku}")
    charge = charges.pop()
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
