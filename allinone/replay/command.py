"""What `hutong replay` does: it prepares, sells, checks, and tells what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from allinone.demo.asking import asking
from allinone.demo.progress import Progress
from allinone.issuer import LocalIssuer
from allinone.replay import requests
from allinone.replay.checking import Checked, check
from allinone.replay.journey import Journey
from allinone.replay.preparing import prepare
from allinone.replay.sales import CENTS, Sale, sales_of, sku_of, unit_of
from allinone.replay.scope import Scope
from allinone.replay.selling import Sold, prove_quantity_0_is_refused, sell
from chassis.kernel.clock import Clock

ROWS_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a run has done, and how long each part took."""

    sold: Sold
    checked: Checked
    prepare_seconds: float
    sell_seconds: float
    check_seconds: float

    @property
    def is_well(self) -> bool:
        """Whether every sale was sold, and the books are what the data say."""
        return not self.sold.refused and not self.checked.differences


async def replay(
    journey: Journey,
    scope: Scope,
    *,
    address: str,
    issuer: LocalIssuer,
    clock: Clock,
    out: TextIO,
) -> Replayed:
    """Sells the baskets of a scope on the platform at this gRPC address, and checks its books.

    Raises DataInvalid, QuantityTaken, or the HutongError of a platform that does not answer.
    """
    goods = {sku_of(one.product_id): one for one in journey.goods()}
    units = {sku: unit_of(one) for sku, one in goods.items()}
    whole_days = sales_of(journey.rows(scope.days), units)
    chosen = whole_days[: scope.baskets_max]
    sales = [sale for sale in chosen if sale.lines]
    _say(_what_is_sold(scope, chosen), out)
    begun = clock.monotonic()
    async with asking(address=address, issuer=issuer, caller=requests.OPERATOR) as asker:
        prepared = await prepare(asker, whole_days, goods)
    prepare_seconds = clock.monotonic() - begun
    _say(f"{prepared}, {prepare_seconds:.0f} s", out)
    if sales:
        refusal = await prove_quantity_0_is_refused(sales[0], address=address, issuer=issuer)
        _say(f"a line of quantity 0 is refused, with {refusal.reason}", out)
    begun = clock.monotonic()
    progress = Progress(total=len(sales), noun="baskets", out=out)
    try:
        sold = await sell(
            sales, address=address, issuer=issuer, now=clock.now(), progress=progress.add
        )
    finally:
        progress.stop()
    sell_seconds = clock.monotonic() - begun
    _say(_what_was_sold(sold, sell_seconds), out)
    begun = clock.monotonic()
    async with asking(address=address, issuer=issuer, caller=requests.OPERATOR) as asker:
        checked = await check(asker, sales, whole_days)
    result = Replayed(sold, checked, prepare_seconds, sell_seconds, clock.monotonic() - begun)
    _tell(result, out)
    return result


def _what_is_sold(scope: Scope, sales: Sequence[Sale]) -> str:
    lines = sum(len(sale.lines) for sale in sales)
    left_out = [cents for sale in sales for cents in sale.left_out_cents]
    empty = sum(not sale.lines for sale in sales)
    return (
        f"{scope}: {len(sales):,} baskets, {lines:,} lines; of quantity 0, and so left out, "
        f"{len(left_out):,} lines with {_dollars(sum(left_out))}, "
        f"among them all lines of {empty:,} baskets"
    )


def _what_was_sold(sold: Sold, seconds: float) -> str:
    rate = sold.sold / seconds if seconds else 0.0
    return (
        f"{sold.sold:,} baskets in {seconds:.1f} s, {rate:,.0f} a second, {sold.before:,} of them "
        f"sold before; {sold.lines_off_price:,} of {sold.lines:,} lines were not charged our "
        f"price, {_dollars(sold.difference_cents)} in all"
    )


def _tell(result: Replayed, out: TextIO) -> None:
    for sale, error in result.sold.refused[:ROWS_SHOWN_MAX]:
        _say(f"refused: {requests.store_name(sale.store)} receipt {sale.receipt}: {error}", out)
    checked = result.checked
    for difference in checked.differences[:ROWS_SHOWN_MAX]:
        _say(str(difference), out)
    compared = (
        f"{checked.receipts:,} receipts, {checked.stock_levels:,} stock levels and "
        f"{checked.store_days:,} days of a store's ledger with {_dollars(checked.charged_cents)}, "
        f"{result.check_seconds:.0f} s"
    )
    if result.is_well:
        _say(f"the books are what the data say: {compared}", out)
    else:
        _say(
            f"{len(result.sold.refused):,} baskets were refused, and {len(checked.differences):,} "
            f"rows of the books are not what the data say: {compared}",
            out,
        )


def _dollars(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // CENTS:,}.{abs(cents) % CENTS:02d}"


def _say(text: str, out: TextIO) -> None:
    print(text, file=out, flush=True)
