"""The rules of orders, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import HutongError
from chassis.kernel.money import Money
from chassis.kernel.names import CustomerId, StoreId
from chassis.kernel.quantity import Unit
from services.orders.domain.orders import (
    LEGAL_MOVES,
    ON_THE_WAY,
    Basket,
    Fulfilment,
    LinePriceChanged,
    Order,
    PlaceOrder,
    PricedLine,
    Purchaser,
    Quote,
    ShownPrice,
    State,
    Tender,
    TenderType,
    Wanted,
    assert_legal,
    is_visible_to,
    require_askable,
    require_cancellable,
    require_payable,
)

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
CUSTOMER = CustomerId("demo:c1")
STAFF = Purchaser("users/cashier", "demo", is_staff=True)
SHOPPER = Purchaser("users/c1", "demo", is_staff=False, customer=CUSTOMER)


def fen(amount: int, currency: str = "CNY") -> Money:
    return Money(amount, currency)


def command(**fields: object) -> PlaceOrder:
    usual = PlaceOrder(
        basket=Basket(StoreId("demo:sh01"), (Wanted("sku1", 1, Unit.EACH),)),
        order_id="ord_1",
        fulfilment=Fulfilment.CARRY_OUT,
        tender=Tender(TenderType.CASH, fen(1_000)),
        purchaser=STAFF,
        customer=None,
        till="1",
        expected_total=None,
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def quote(total: int) -> Quote:
    return Quote(lines=(), total=fen(total), quoted_at=NOON)


def order(state: State, fulfilment: Fulfilment = Fulfilment.PICKUP) -> Order:
    return Order(
        store=StoreId("demo:sh01"),
        order_id="ord_1",
        state=state,
        fulfilment=fulfilment,
        lines=(),
        total=fen(100),
        tender=Tender(TenderType.WALLET),
        customer=CUSTOMER,
        till="",
        placed_by="users/c1",
        end_reason=None,
        created_at=NOON,
        updated_at=NOON,
        version=1,
    )


def reason_of(work: object) -> str:
    assert callable(work)
    with pytest.raises(HutongError) as caught:
        work()
    return caught.value.reason


def changed(*, shown: int, now: int) -> PricedLine:
    return PricedLine(
        sku="sku1",
        display_name="Milk",
        quantity=1,
        unit=Unit.EACH,
        unit_price=fen(now),
        price_version=7,
        line_total=fen(now),
        shown=ShownPrice(3, fen(shown)),
    )


@pytest.mark.parametrize(("shown", "now"), [(100, 120), (120, 100)])
def test_a_price_that_changed_since_it_was_shown_is_refused_with_old_and_new(
    shown: int, now: int
) -> None:
    """Also when it fell, and before anything is said of totals or cash."""
    told = Quote(lines=(changed(shown=shown, now=now),), total=fen(now), quoted_at=NOON)
    with pytest.raises(LinePriceChanged) as caught:
        require_payable(command(expected_total=fen(1), tender=Tender(TenderType.WALLET)), told)
    assert caught.value.facts == {
        "sku": "sku1",
        "shown_version": "3",
        "shown_unit_price_minor": str(shown),
        "version": "7",
        "unit_price_minor": str(now),
        "currency": "CNY",
    }


def test_every_state_is_on_its_way_to_one_that_lasts() -> None:
    for state in State:
        reached, front = {state}, {state}
        while front:
            front = {after for before in front for after in LEGAL_MOVES[before]} - reached
            reached |= front
        assert reached - ON_THE_WAY


def test_what_lasts_forever_has_no_way_out() -> None:
    for state in (State.REFUSED, State.CANCELLED, State.NEEDS_ATTENTION):
        with pytest.raises(AssertionError):
            assert_legal(state, State.PLACED)
    assert_legal(State.PLACED, State.CANCELLING)


def test_only_staff_sell_at_a_till() -> None:
    require_askable(command())
    asked = command(purchaser=SHOPPER, customer=CUSTOMER)
    assert reason_of(lambda: require_askable(asked)) == "FULFILMENT_NOT_ALLOWED"


def test_a_till_sale_names_its_till() -> None:
    assert reason_of(lambda: require_askable(command(till=""))) == "TILL_REQUIRED"


def test_cash_is_for_goods_that_are_carried_out() -> None:
    asked = command(fulfilment=Fulfilment.PICKUP, customer=CUSTOMER)
    assert reason_of(lambda: require_askable(asked)) == "TENDER_NOT_ACCEPTED"


def test_a_wallet_opens_for_its_own_customer_only() -> None:
    asked = command(
        fulfilment=Fulfilment.PICKUP, tender=Tender(TenderType.WALLET), purchaser=SHOPPER
    )
    assert reason_of(lambda: require_askable(asked)) == "CUSTOMER_REQUIRED"
    require_askable(replace(asked, customer=CUSTOMER))
    theirs = replace(asked, customer=CustomerId("demo:c2"))
    assert reason_of(lambda: require_askable(theirs)) == "TENDER_NOT_ACCEPTED"
    by_staff = replace(asked, customer=CUSTOMER, purchaser=STAFF)
    assert reason_of(lambda: require_askable(by_staff)) == "TENDER_NOT_ACCEPTED"


@given(total=st.integers(0, 10_000), tendered=st.integers(0, 10_000))
def test_cash_covers_the_total_or_is_refused(total: int, tendered: int) -> None:
    asked = command(tender=Tender(TenderType.CASH, fen(tendered)))
    if tendered >= total:
        require_payable(asked, quote(total))
    else:
        assert reason_of(lambda: require_payable(asked, quote(total))) == "TENDER_INSUFFICIENT"


def test_cash_of_another_currency_is_refused() -> None:
    asked = command(tender=Tender(TenderType.CASH, fen(1_000, "USD")))
    assert reason_of(lambda: require_payable(asked, quote(100))) == "CURRENCY_MISMATCH"


def test_the_total_that_was_shown_is_the_total_or_there_is_no_sale() -> None:
    require_payable(command(expected_total=fen(100)), quote(100))
    asked = command(expected_total=fen(90))
    assert reason_of(lambda: require_payable(asked, quote(100))) == "PRICE_CHANGED"


@pytest.mark.parametrize("state", [s for s in State if s not in {State.PLACED, State.COMPLETED}])
def test_only_what_rests_can_be_cancelled(state: State) -> None:
    reason = reason_of(lambda: require_cancellable(order(state), SHOPPER))
    assert reason == "ORDER_STATE_INVALID"


def test_goods_that_were_carried_out_are_taken_back_by_staff() -> None:
    sale = order(State.COMPLETED, Fulfilment.CARRY_OUT)
    require_cancellable(sale, STAFF)
    assert reason_of(lambda: require_cancellable(sale, SHOPPER)) == "CANCEL_NOT_ALLOWED"
    collected = order(State.COMPLETED, Fulfilment.PICKUP)
    assert reason_of(lambda: require_cancellable(collected, STAFF)) == "ORDER_STATE_INVALID"


def test_a_customer_sees_only_their_own_orders() -> None:
    mine = order(State.PLACED)
    assert is_visible_to(mine, SHOPPER)
    assert is_visible_to(mine, STAFF)
    assert not is_visible_to(mine, replace(SHOPPER, customer=CustomerId("demo:c2")))
    assert not is_visible_to(replace(mine, customer=None), replace(SHOPPER, customer=None))
