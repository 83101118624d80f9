"""What an order comes to when a till has charged for its lines already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from services.orders.domain.charging import (
    CHARGED_MINOR_MAX,
    SALE_AHEAD_MAX,
    charged,
    require_recordable,
)
from services.orders.domain.orders import (
    Basket,
    Fulfilment,
    PlaceOrder,
    PricedLine,
    Purchaser,
    Quote,
    Tender,
    TenderType,
)
from services.orders.domain.recorded_sales import (
    Charge,
    ChargedTotalTooLarge,
    Receipt,
    RecordedSale,
    RecordedSaleInvalid,
)

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
MANAGER = Purchaser("users/manager", "demo", is_staff=True, works_here=True, manages_here=True)
AMOUNTS = st.integers(0, CHARGED_MINOR_MAX)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def recording(charges: dict[str, int], *, sold_at: datetime = NOON) -> PlaceOrder:
    return PlaceOrder(
        basket=Basket(StoreId("demo:s1"), ()),
        order_id="ord_1",
        fulfilment=Fulfilment.CARRY_OUT,
        tender=Tender(TenderType.CASH, usd(0)),
        purchaser=MANAGER,
        customer=None,
        till="1",
        expected_total=None,
        recorded=RecordedSale(
            Receipt("1", sold_at, "offline"),
            {(sku, ""): Charge(usd(amount)) for sku, amount in charges.items()},
        ),
    )


def quote(prices: dict[str, int]) -> Quote:
    lines = tuple(
        PricedLine(sku, sku, 1, Unit.EACH, usd(price), 1, usd(price))
        for sku, price in prices.items()
    )
    return Quote(lines, usd(sum(prices.values())), NOON)


@given(st.dictionaries(st.text("abc", min_size=1), st.tuples(AMOUNTS, AMOUNTS), min_size=1))
def test_the_total_is_the_sum_of_what_was_charged_and_our_lines_stay(
    lines: dict[str, tuple[int, int]],
) -> None:
    ours = quote({sku: price for sku, (price, _) in lines.items()})
    result = charged(recording({sku: amount for sku, (_, amount) in lines.items()}), ours)
    assert result.total == usd(sum(amount for _, amount in lines.values()))
    assert [line.to_pay.amount_minor for line in result.lines] == [a for _, a in lines.values()]
    assert [line.line_total for line in result.lines] == [line.line_total for line in ours.lines]
    assert result.quoted_at == ours.quoted_at


@given(
    st.sets(st.text("abc", min_size=1), min_size=1), st.sets(st.text("abc", min_size=1), min_size=1)
)
def test_charges_for_other_lines_than_there_are_are_refused(
    ordered: set[str], told: set[str]
) -> None:
    command, ours = recording(dict.fromkeys(told, 1)), quote(dict.fromkeys(ordered, 1))
    if ordered == told:
        charged(command, ours)
    else:
        with pytest.raises(RecordedSaleInvalid):
            charged(command, ours)


def test_a_tills_clock_may_be_a_little_ahead() -> None:
    at_the_limit = recording({"a": 1}, sold_at=NOON + SALE_AHEAD_MAX)
    charged(at_the_limit, quote({"a": 1}))
    beyond = recording({"a": 1}, sold_at=NOON + SALE_AHEAD_MAX + timedelta(microseconds=1))
    with pytest.raises(RecordedSaleInvalid):
        charged(beyond, quote({"a": 1}))


def test_no_line_costs_more_than_the_limit() -> None:
    require_recordable(recording({"a": CHARGED_MINOR_MAX}))
    with pytest.raises(ChargedTotalTooLarge):
        require_recordable(recording({"a": CHARGED_MINOR_MAX + 1}))
