"""What uploaded sales come to where the catalogue has no price, and what is waited for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.db.idempotency import Replayed, RequestKey, StoredAnswer, request_key
from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import (
    HutongError,
    InvalidInput,
    RequestInFlight,
    ResourceNotFound,
    Unavailable,
    UnitMismatch,
)
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.orders.domain.charging import charged
from services.orders.domain.orders import (
    Basket,
    Fulfilment,
    PlaceOrder,
    PricedLine,
    Purchaser,
    Quote,
    Tender,
    TenderType,
    Wanted,
)
from services.orders.domain.recorded_sales import Charge, LineKey, Receipt, RecordedSale
from services.orders.usecases.uploads import LINES_AT_ONCE_MAX, UploadedPrices, Uploads

STORE = StoreId("demo:sh01")
MOMENT = datetime(2026, 11, 11, tzinfo=UTC)
KEY: RequestKey = request_key(
    distribution_key=STORE, principal="p", method="m", request_id="r", body=b""
)


def fen(amount: int) -> Money:
    return Money(amount, "CNY")


def sale(
    wanted: Sequence[Wanted], charges: dict[LineKey, Charge], *, is_uploaded: bool = True
) -> PlaceOrder:
    return PlaceOrder(
        basket=Basket(STORE, tuple(wanted), is_at_till=True),
        order_id="ord_1",
        fulfilment=Fulfilment.CARRY_OUT,
        tender=Tender(TenderType.CASH, fen(1_000_000)),
        purchaser=Purchaser("users/till", "demo", is_staff=True, works_here=True),
        customer=None,
        till="1",
        expected_total=None,
        recorded=RecordedSale(Receipt("A-1", MOMENT, "offline", is_uploaded), charges),
    )


def each(sku: str, quantity: int = 1, **fields: object) -> Wanted:
    return Wanted(sku, quantity, Unit.EACH, **fields)  # type: ignore[arg-type]


class KnownPrices:
    """A catalogue that knows some products, and refuses a basket with any other."""

    def __init__(self, **prices: int) -> None:
        self.prices = prices
        self.asked: list[int] = []

    async def quote(self, basket: Basket, *, deadline: float) -> Quote:
        (quote,) = await self.quote_all([basket], traces=[""], deadline=deadline)
        if isinstance(quote, HutongError):
            raise quote
        return quote

    async def quote_all(
        self, baskets: Sequence[Basket], *, traces: Sequence[str], deadline: float
    ) -> Sequence[Quote | HutongError]:
        self.asked.append(len(baskets))
        return [self._quote(basket) for basket in baskets]

    def _quote(self, basket: Basket) -> Quote | HutongError:
        assert all(line.shown_price_version == 0 for line in basket.wanted)
        for line in basket.wanted:
            if line.sku == "down":
                return Unavailable(part="catalog")
            if line.sku not in self.prices:
                return HutongError.rebuilt(
                    kind=InvalidInput.kind, reason="PRODUCT_UNKNOWN", text="", facts={}
                )
        lines = tuple(
            PricedLine(
                sku=line.sku,
                display_name=f"Goods {line.sku}",
                quantity=line.quantity,
                unit=line.unit,
                unit_price=fen(self.prices[line.sku]),
                price_version=3,
                line_total=fen(self.prices[line.sku] * line.quantity),
                label=line.label,
            )
            for line in basket.wanted
        )
        total = fen(sum(line.line_total.amount_minor for line in lines))
        return Quote(lines, total, MOMENT)


async def quoted(prices: KnownPrices, *sales: PlaceOrder) -> list[Quote | HutongError]:
    uploaded = UploadedPrices(prices, clock=SystemClock())
    return await uploaded.quote_all(sales, deadline=time.monotonic() + 10)


async def test_what_the_catalogue_knows_is_priced_by_it_in_one_call() -> None:
    prices = KnownPrices(tea=250)
    (quote,) = await quoted(prices, sale([each("tea", 2, shown_price_version=9)], {}))
    assert isinstance(quote, Quote)
    assert (quote.total, prices.asked) == (fen(500), [1])


async def test_the_till_is_believed_for_the_rest_line_by_line() -> None:
    prices = KnownPrices(tea=250)
    charges = {
        ("tea", ""): Charge(fen(1)),
        ("new", ""): Charge(fen(1_000), display_name="New", unit_price=fen(350)),
        ("loose", ""): Charge(fen(100)),
    }
    wanted = [each("new", 2), each("tea"), each("new"), Wanted("loose", 300, Unit.GRAM)]
    command = sale(wanted, charges)
    (quote,) = await quoted(prices, command)
    assert isinstance(quote, Quote)
    new, tea, loose = quote.lines
    assert (new.display_name, new.quantity, new.unit_price) == ("New", 3, fen(350))
    assert (loose.display_name, loose.unit_price) == ("loose", fen(333))
    assert (tea.line_total, quote.total) == (fen(250), fen(1_000 + 250 + 100))
    told = charged(command, quote)
    assert told.total == fen(1_101)
    assert [line.charge.is_unpriced for line in told.lines if line.charge] == [True, False, True]
    assert prices.asked == [1, 3]


async def test_a_part_that_is_down_says_nothing_of_prices() -> None:
    wanted = [each("new"), each("down")]
    charges = {(line.sku, ""): Charge(fen(1)) for line in wanted}
    good = sale([each("new")], charges)
    mixed, priced = await quoted(KnownPrices(), sale(wanted, charges), good)
    assert isinstance(mixed, Unavailable)
    assert isinstance(priced, Quote)


async def test_a_product_by_piece_and_by_weight_is_none() -> None:
    wanted = [each("new"), Wanted("new", 5, Unit.GRAM)]
    (refusal,) = await quoted(KnownPrices(), sale(wanted, {("new", ""): Charge(fen(1))}))
    assert isinstance(refusal, UnitMismatch)


async def test_a_line_that_nothing_was_charged_for_is_none() -> None:
    (refusal,) = await quoted(KnownPrices(), sale([each("new")], {}))
    assert isinstance(refusal, HutongError)
    assert refusal.reason == "RECORDED_SALE_INVALID"


async def test_no_call_has_more_lines_than_a_batch_may() -> None:
    prices = KnownPrices()
    wanted = [each(f"new-{n}") for n in range(400)]
    charges = {(line.sku, ""): Charge(fen(1)) for line in wanted}
    quotes = await quoted(prices, *(sale(wanted, charges) for _ in range(5)))
    assert all(isinstance(quote, Quote) for quote in quotes)
    assert prices.asked == [5, 800, 800, 400]
    assert max(prices.asked) <= LINES_AT_ONCE_MAX


@given(
    total=st.integers(0, 10**9), discount=st.integers(0, 10**9) | st.none(), times=st.integers(1, 7)
)
def test_the_charge_of_a_label_that_comes_again_is_shared_to_the_last_fen(
    total: int, discount: int | None, times: int
) -> None:
    label = "2110001005121"
    line = PricedLine("rice", "Rice", 512, Unit.GRAM, fen(100), 1, fen(51), label=label)
    quote = Quote((line,) * times, fen(51 * times), MOMENT)
    charge = Charge(fen(total), None if discount is None else fen(discount))
    told = charged(sale([], {("rice", label): charge}, is_uploaded=False), quote)
    charges = [line.charge for line in told.lines if line.charge is not None]
    assert told.total == fen(total)
    assert sum(one.discount.amount_minor for one in charges if one.discount) == (discount or 0)
    assert (
        max(c.total.amount_minor for c in charges) - min(c.total.amount_minor for c in charges) < 2
    )


class Answers:
    """Places sales by saying one thing after the other."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)

    async def __call__(self, command: PlaceOrder, key: RequestKey, *, deadline: float) -> bytes:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([b"order"], b"order"),
        ([RequestInFlight(), Unavailable(part="stock"), b"order"], b"order"),
        ([RequestInFlight(), Replayed(StoredAnswer(b"first", None))], b"first"),
    ],
)
async def test_what_passes_by_itself_is_waited_out(
    answers: list[bytes | Exception], outcome: bytes
) -> None:
    assert await Uploads(Answers(*answers)).record(sale([], {}), KEY) == outcome


async def test_what_is_an_answer_is_answered() -> None:
    refusal = ResourceNotFound(resource="x")
    for told in (refusal, Replayed(StoredAnswer(None, refusal))):
        assert await Uploads(Answers(told)).record(sale([], {}), KEY) is refusal


async def test_what_does_not_pass_is_no_answer() -> None:
    with pytest.raises(Unavailable):
        await Uploads(Answers(Unavailable(part="stock")), seconds_max=0.5).record(sale([], {}), KEY)
