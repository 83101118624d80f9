"""The rules of orders, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import HutongError
from chassis.kernel.geo import Position
from chassis.kernel.money import Money
from chassis.kernel.names import CustomerId, StoreId
from chassis.kernel.quantity import Unit
from services.orders.domain.delivery import DeliveryAddress
from services.orders.domain.orders import (
    KEPT,
    LEGAL_MOVES,
    ON_THE_WAY,
    Basket,
    Fulfilment,
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
    may_know_delivery,
    require_askable,
    require_cancellable,
    require_payable,
    require_state,
)
from services.orders.domain.refusals import LinePriceChanged

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
CUSTOMER = CustomerId("demo:c1")
STAFF = Purchaser("users/cashier", "demo", is_staff=True, works_here=True)
DOOR = DeliveryAddress(
    recipient="王小明",
    phone="+8613800138000",
    street="南京西路 1601 号",
    position=Position.of(latitude_degrees=31.2, longitude_degrees=121.4),
    note="",
)
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


@pytest.mark.parametrize("state", [s for s in State if s not in {*KEPT, State.COMPLETED}])
def test_only_what_rests_can_be_cancelled(state: State) -> None:
    for who in (SHOPPER, STAFF):
        assert reason_of(partial(require_cancellable, order(state), who)) == "ORDER_STATE_INVALID"


@pytest.mark.parametrize("fulfilment", [Fulfilment.PICKUP, Fulfilment.DELIVERY])
def test_a_customer_may_cancel_until_it_is_packed_and_staff_until_it_is_handed_over(
    fulfilment: Fulfilment,
) -> None:
    require_cancellable(order(State.PLACED, fulfilment), SHOPPER)
    require_cancellable(order(State.PLACED, fulfilment), STAFF)
    packed = order(State.READY, fulfilment)
    require_cancellable(packed, STAFF)
    assert reason_of(lambda: require_cancellable(packed, SHOPPER)) == "CANCEL_NOT_ALLOWED"
    handed_over = order(State.COMPLETED, fulfilment)
    for who in (SHOPPER, STAFF):
        reason = reason_of(partial(require_cancellable, handed_over, who))
        assert reason == "ORDER_STATE_INVALID"


WISHES: dict[str, tuple[State, Callable[[Order], None]]] = {
    "mark ready": (State.READY, lambda kept: require_state(kept, State.PLACED)),
    "hand over": (State.COMPLETING, lambda kept: require_state(kept, *KEPT)),
    "customer cancels": (State.CANCELLING, lambda kept: require_cancellable(kept, SHOPPER)),
    "staff cancels": (State.CANCELLING, lambda kept: require_cancellable(kept, STAFF)),
}
OUTCOMES = {State.COMPLETING: State.COMPLETED, State.CANCELLING: State.CANCELLED}


@given(
    fulfilment=st.sampled_from(sorted(Fulfilment)),
    wishes=st.lists(st.sampled_from(sorted(WISHES)), max_size=8),
)
def test_whatever_is_asked_in_whatever_order_an_order_moves_along_the_table_and_ends_once(
    fulfilment: Fulfilment, wishes: list[str]
) -> None:
    at = order(order(State.PLACING, fulfilment).place_ends_as, fulfilment)
    seen = [at.state]
    for wish in wishes:
        to_state, require = WISHES[wish]
        try:
            require(at)
        except HutongError:
            continue
        assert_legal(at.state, to_state)
        if to_state in OUTCOMES:
            assert_legal(to_state, OUTCOMES[to_state])
        if wish == "customer cancels":
            assert at.state is State.PLACED
        at = replace(at, state=OUTCOMES.get(to_state, to_state))
        seen.append(at.state)
    assert seen.count(State.READY) <= 1
    ends = [state for state in seen if state in (State.COMPLETED, State.CANCELLED)]
    assert len(ends) <= 1 or fulfilment is Fulfilment.CARRY_OUT
    if State.CANCELLED in seen:
        assert seen[-1] is State.CANCELLED


@pytest.mark.parametrize("fulfilment", list(Fulfilment))
def test_a_delivery_has_an_address_and_nothing_else_does(fulfilment: Fulfilment) -> None:
    usual = command(
        fulfilment=fulfilment,
        tender=Tender(TenderType.WALLET),
        customer=CUSTOMER,
        purchaser=replace(STAFF, customer=CUSTOMER),
    )
    with_door, without = replace(usual, delivery=DOOR), replace(usual, delivery=None)
    right, wrong = (
        (with_door, without) if fulfilment is Fulfilment.DELIVERY else (without, with_door)
    )
    require_askable(right)
    assert reason_of(lambda: require_askable(wrong)) == "DELIVERY_ADDRESS_INVALID"


def test_where_it_is_brought_is_for_its_customer_and_the_store_s_people() -> None:
    sent = order(State.PLACED, Fulfilment.DELIVERY)
    head_office = Purchaser("users/operator", "demo", is_staff=True)
    assert is_visible_to(sent, head_office)
    assert not may_know_delivery(sent, head_office)
    assert may_know_delivery(sent, STAFF)
    assert may_know_delivery(sent, SHOPPER)
    assert not may_know_delivery(sent, replace(SHOPPER, customer=CustomerId("demo:c2")))
    assert not may_know_delivery(replace(sent, customer=None), replace(SHOPPER, customer=None))


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
