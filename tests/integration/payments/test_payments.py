"""Each RPC that moves a payment: what it answers, what it writes, and what it answers again."""

from __future__ import annotations

import uuid

import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from hutong.payments.v1 import events_pb2
from hutong.payments.v1 import payments_pb2 as pb
from hutong.payments.v1 import payments_service_pb2 as rpc
from hutong.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub
from tests.integration.payments.purse import Purse, money, new_id
from tests.support.world import caller


async def state_of(purse: Purse, name: str) -> pb.Payment:
    payment: pb.Payment = await purse.platform.GetPayment(rpc.GetPaymentRequest(name=name))
    return payment


def clearing(purse: Purse) -> str:
    return f"clearing:{purse.store.removeprefix('stores/')}"


async def test_an_authorised_amount_is_held_in_the_wallet(purse: Purse) -> None:
    await purse.top_up(100)
    request = purse.authorisation(60)
    payment = await purse.service.AuthorisePayment(request)
    assert payment.name == f"{purse.customer}/payments/{request.payment_id}"
    assert payment.store == purse.store
    assert payment.state == pb.PAYMENT_STATE_AUTHORISED
    assert payment.tender_type == pb.TENDER_TYPE_WALLET
    assert (payment.amount, payment.captured, payment.refunded) == (money(60), money(0), money(0))
    assert payment.create_time.seconds > 0
    wallet = await purse.platform.GetWallet(rpc.GetWalletRequest(name=f"{purse.customer}/wallet"))
    assert (wallet.available, wallet.held) == (money(40), money(60))
    assert await state_of(purse, payment.name) == payment


async def test_a_captured_hold_is_the_stores(purse: Purse) -> None:
    await purse.top_up(100)
    payment = await purse.service.AuthorisePayment(purse.authorisation(60))
    captured = await purse.capture(payment.name)
    assert captured.state == pb.PAYMENT_STATE_CAPTURED
    assert captured.captured == money(60)
    assert await purse.balances(purse.customer) == {
        "top_up": 100,
        "wallet": -40,
        clearing(purse): -60,
    }
    assert await purse.capture(payment.name) == captured
    assert (await purse.counts())["entries"] == 6


async def test_a_wallet_charge_holds_and_captures_at_once(purse: Purse) -> None:
    await purse.top_up(100)
    payment = await purse.service.ChargePayment(purse.wallet_charge(100))
    assert payment.state == pb.PAYMENT_STATE_CAPTURED
    assert payment.captured == money(100)
    assert await purse.balances(purse.customer) == {"top_up": 100, clearing(purse): -100}


async def test_a_cash_charge_puts_money_into_the_till(purse: Purse) -> None:
    payment = await purse.service.ChargePayment(purse.cash_charge(250, till="t7"))
    assert payment.name.startswith(f"{purse.store}/payments/")
    assert payment.tender_type == pb.TENDER_TYPE_CASH
    assert payment.state == pb.PAYMENT_STATE_CAPTURED
    assert await purse.balances(purse.store) == {"cash:t7": 250, "sales": -250}


async def test_a_till_takes_cash_in_more_than_one_currency(purse: Purse) -> None:
    await purse.service.ChargePayment(purse.cash_charge(250))
    payment = await purse.service.ChargePayment(purse.cash_charge(30, currency="USD"))
    await purse.platform.RefundPayment(
        rpc.RefundPaymentRequest(
            name=payment.name, amount=money(10, "USD"), request_id=str(uuid.uuid4())
        )
    )
    async with purse.world.database("payments").transaction() as tx:
        rows = await tx.rows(
            "select account, currency, balance_minor from account where owner = $1 order by 1, 2",
            f"demo:{purse.store}",
        )
    assert [tuple(row) for row in rows] == [
        ("cash:t1", "CNY", 250),
        ("cash:t1", "USD", 20),
        ("sales", "CNY", -250),
        ("sales", "USD", -20),
    ]


async def test_a_repeat_gets_equal_bytes_and_moves_nothing(purse: Purse) -> None:
    await purse.top_up(100)
    for method, request in (
        (purse.service.AuthorisePayment, purse.authorisation(20)),
        (purse.service.ChargePayment, purse.wallet_charge(20)),
        (purse.service.ChargePayment, purse.cash_charge(20)),
    ):
        first = await method(request)
        counts = await purse.counts()
        again = await method(request)
        assert again.SerializeToString() == first.SerializeToString()
        assert await purse.counts() == counts


async def test_a_repeat_that_comes_later_is_told_where_the_payment_stands(purse: Purse) -> None:
    await purse.top_up(100)
    request = purse.authorisation(20)
    payment = await purse.service.AuthorisePayment(request)
    captured = await purse.capture(payment.name)
    assert await purse.service.AuthorisePayment(request) == captured
    await purse.void(payment.name)
    again = await purse.service.AuthorisePayment(request)
    assert again.state == pb.PAYMENT_STATE_REFUNDED


async def test_another_amount_under_the_same_id_is_refused(purse: Purse) -> None:
    await purse.top_up(100)
    request = purse.authorisation(20)
    await purse.service.AuthorisePayment(request)
    counts = await purse.counts()
    request.amount.amount_minor = 21
    with pytest.raises(HutongError) as refused:
        await purse.service.AuthorisePayment(request)
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert refused.value.kind is ErrorKind.INVALID_ARGUMENT
    assert await purse.counts() == counts


async def test_a_wallet_pays_its_last_cent_and_not_one_more(purse: Purse) -> None:
    await purse.top_up(100)
    await purse.service.AuthorisePayment(purse.authorisation(99))
    too_much = purse.authorisation(2)
    with pytest.raises(HutongError) as refused:
        await purse.service.AuthorisePayment(too_much)
    assert refused.value.reason == "WALLET_INSUFFICIENT"
    assert refused.value.kind is ErrorKind.FAILED_PRECONDITION
    assert refused.value.facts == {"wanted": "2", "available": "1"}
    await purse.service.ChargePayment(purse.wallet_charge(1))
    declined = await state_of(purse, f"{purse.customer}/payments/{too_much.payment_id}")
    assert declined.state == pb.PAYMENT_STATE_DECLINED
    assert declined.decline_reason == "WALLET_INSUFFICIENT"


async def test_a_declined_payment_is_declined_again_though_money_came(purse: Purse) -> None:
    request = purse.wallet_charge(5)
    for _ in range(2):
        with pytest.raises(HutongError) as refused:
            await purse.service.ChargePayment(request)
        assert refused.value.reason == "WALLET_INSUFFICIENT"
        assert refused.value.facts == {"wanted": "5", "available": "0"}
        await purse.top_up(100)
    assert await purse.balances(purse.customer) == {"wallet": -200, "top_up": 200}


async def test_a_declined_payment_is_neither_captured_nor_refunded(purse: Purse) -> None:
    request = purse.authorisation(5)
    with pytest.raises(HutongError):
        await purse.service.AuthorisePayment(request)
    name = f"{purse.customer}/payments/{request.payment_id}"
    for attempt in (purse.capture(name), purse.platform.RefundPayment(purse.refund(name, 1))):
        with pytest.raises(HutongError) as refused:
            await attempt
        assert refused.value.reason == "PAYMENT_ENDED"
        assert refused.value.facts == {"state": "DECLINED"}
    assert (await purse.void(name)).state == pb.PAYMENT_STATE_DECLINED


async def test_a_wallet_pays_only_in_its_own_currency(purse: Purse) -> None:
    await purse.top_up(100)
    request = purse.authorisation(5, currency="USD")
    for _ in range(2):
        with pytest.raises(HutongError) as refused:
            await purse.service.AuthorisePayment(request)
        assert refused.value.reason == "CURRENCY_MISMATCH"
        assert refused.value.facts == {"given": "USD", "wanted": "CNY"}
        assert refused.value.violations == (("amount.currency_code", "must be CNY"),)


async def test_payments_of_zero_are_made_and_move_no_money(purse: Purse) -> None:
    for payment in (
        await purse.service.AuthorisePayment(purse.authorisation(0)),
        await purse.service.ChargePayment(purse.wallet_charge(0)),
        await purse.service.ChargePayment(purse.cash_charge(0)),
    ):
        captured = await purse.capture(payment.name)
        assert captured.state == pb.PAYMENT_STATE_CAPTURED
        assert (await purse.void(payment.name)).state == pb.PAYMENT_STATE_REFUNDED
    assert (await purse.counts())["entries"] == 0


async def test_amounts_that_can_not_be_are_refused_and_leave_nothing(purse: Purse) -> None:
    for amount, reason in ((-1, "AMOUNT_INVALID"), (2**63 - 1, "AMOUNT_TOO_LARGE")):
        for method, request in (
            (purse.service.AuthorisePayment, purse.authorisation(amount)),
            (purse.service.ChargePayment, purse.cash_charge(amount)),
        ):
            with pytest.raises(HutongError) as refused:
                await method(request)
            assert refused.value.reason == reason
            assert refused.value.violations
    assert await purse.counts() == {"payments": 0, "entries": 0, "events": 0}


async def test_cash_needs_a_till_and_a_wallet_has_none(purse: Purse) -> None:
    no_till = purse.cash_charge(5, till="")
    with_till = purse.wallet_charge(5)
    with_till.till = "t1"
    foreign = purse.cash_charge(5)
    foreign.store = "stores/elsewhere"
    for request, field in ((no_till, "till"), (with_till, "till"), (foreign, "store")):
        with pytest.raises(HutongError) as refused:
            await purse.service.ChargePayment(request)
        assert refused.value.kind is ErrorKind.INVALID_ARGUMENT
        assert [name for name, _ in refused.value.violations] == [field]
    assert await purse.counts() == {"payments": 0, "entries": 0, "events": 0}


async def test_a_voided_hold_gives_the_money_back(purse: Purse) -> None:
    await purse.top_up(100)
    request = purse.authorisation(60)
    payment = await purse.service.AuthorisePayment(request)
    voided = await purse.void(payment.name)
    assert voided.state == pb.PAYMENT_STATE_VOIDED
    assert await purse.void(payment.name) == voided
    assert await purse.balances(purse.customer) == {"top_up": 100, "wallet": -100}
    with pytest.raises(HutongError) as refused:
        await purse.capture(payment.name)
    assert refused.value.reason == "PAYMENT_ENDED"
    with pytest.raises(HutongError) as refused:
        await purse.service.AuthorisePayment(request)
    assert refused.value.reason == "ORDER_UNDONE"


async def test_a_voided_charge_is_refunded_for_what_was_not_yet(purse: Purse) -> None:
    payment = await purse.service.ChargePayment(purse.cash_charge(100))
    await purse.platform.RefundPayment(purse.refund(payment.name, 30))
    voided = await purse.void(payment.name)
    assert voided.state == pb.PAYMENT_STATE_REFUNDED
    assert (voided.captured, voided.refunded) == (money(100), money(100))
    assert await purse.void(payment.name) == voided
    assert await purse.balances(purse.store) == {}


async def test_undoing_what_never_came_refuses_it_when_it_does(purse: Purse) -> None:
    await purse.top_up(100)
    for method, request, root in (
        (purse.service.AuthorisePayment, purse.authorisation(10), purse.customer),
        (purse.service.ChargePayment, purse.cash_charge(10), purse.store),
    ):
        name = f"{root}/payments/{request.payment_id}"
        stone = await purse.void(name)
        assert stone.state == pb.PAYMENT_STATE_VOIDED
        assert stone.store == ""
        assert not stone.HasField("amount")
        assert await purse.void(name) == stone
        with pytest.raises(HutongError) as refused:
            await method(request)
        assert refused.value.reason == "ORDER_UNDONE"
        assert refused.value.facts == {"payment": request.payment_id}
        assert await state_of(purse, name) == stone
    assert await purse.balances(purse.store) == {}


async def test_what_never_came_is_neither_captured_nor_refunded(purse: Purse) -> None:
    name = f"{purse.customer}/payments/{new_id('ord')}"
    for attempt in (
        purse.capture(name),
        purse.platform.RefundPayment(purse.refund(name, 1)),
        state_of(purse, name),
    ):
        with pytest.raises(HutongError) as refused:
            await attempt
        assert refused.value.reason == "RESOURCE_NOT_FOUND"
        assert refused.value.facts == {"resource": name}


async def test_refunds_go_back_to_where_the_money_came_from(purse: Purse) -> None:
    await purse.top_up(100)
    by_wallet = await purse.service.ChargePayment(purse.wallet_charge(100))
    in_cash = await purse.service.ChargePayment(purse.cash_charge(100))
    for payment in (by_wallet, in_cash):
        part = await purse.platform.RefundPayment(purse.refund(payment.name, 30))
        assert part.state == pb.PAYMENT_STATE_CAPTURED
        assert part.refunded == money(30)
    assert await purse.balances(purse.store) == {"cash:t1": 70, "sales": -70}
    assert await purse.balances(purse.customer) == {
        "top_up": 100,
        "wallet": -30,
        clearing(purse): -70,
    }


async def test_no_more_is_refunded_than_was_captured(purse: Purse) -> None:
    payment = await purse.service.ChargePayment(purse.cash_charge(100))
    await purse.platform.RefundPayment(purse.refund(payment.name, 99))
    with pytest.raises(HutongError) as refused:
        await purse.platform.RefundPayment(purse.refund(payment.name, 2))
    assert refused.value.reason == "REFUND_TOO_LARGE"
    assert refused.value.facts == {"refundable": "1"}
    last = await purse.platform.RefundPayment(purse.refund(payment.name, 1))
    assert last.state == pb.PAYMENT_STATE_REFUNDED
    assert await purse.balances(purse.store) == {}


async def test_a_refund_is_in_the_payments_currency_and_of_something(purse: Purse) -> None:
    payment = await purse.service.ChargePayment(purse.cash_charge(100))
    for amount, reason in (
        (money(1, "USD"), "CURRENCY_MISMATCH"),
        (money(0), "AMOUNT_INVALID"),
        (money(-1), "AMOUNT_INVALID"),
    ):
        with pytest.raises(HutongError) as refused:
            await purse.platform.RefundPayment(
                rpc.RefundPaymentRequest(
                    name=payment.name, amount=amount, request_id=str(uuid.uuid4())
                )
            )
        assert refused.value.reason == reason


async def test_a_repeated_refund_gets_equal_bytes_and_gives_back_once(purse: Purse) -> None:
    payment = await purse.service.ChargePayment(purse.cash_charge(100))
    request = purse.refund(payment.name, 30)
    first = await purse.platform.RefundPayment(request)
    await purse.platform.RefundPayment(purse.refund(payment.name, 50))
    again = await purse.platform.RefundPayment(request)
    assert again.SerializeToString() == first.SerializeToString()
    assert await purse.balances(purse.store) == {"cash:t1": 20, "sales": -20}
    request.amount.amount_minor = 31
    with pytest.raises(HutongError) as refused:
        await purse.platform.RefundPayment(request)
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_a_refused_refund_is_refused_again_with_the_same_facts(purse: Purse) -> None:
    payment = await purse.service.ChargePayment(purse.cash_charge(100))
    request = purse.refund(payment.name, 101)
    for _ in range(2):
        with pytest.raises(HutongError) as refused:
            await purse.platform.RefundPayment(request)
        assert refused.value.facts == {"refundable": "100"}
        await purse.platform.RefundPayment(purse.refund(payment.name, 10))


async def test_each_change_is_an_event_and_the_last_shows_the_payment(purse: Purse) -> None:
    await purse.top_up(100)
    payment = await purse.service.AuthorisePayment(purse.authorisation(60))
    await purse.capture(payment.name)
    await purse.platform.RefundPayment(purse.refund(payment.name, 10))
    await purse.void(payment.name)
    events = await purse.events(payment.name)
    assert [(sequence, kind) for sequence, kind, _ in events] == [
        (number, "hutong.payments.v1.PaymentChanged") for number in (1, 2, 3, 4)
    ]
    last = events_pb2.PaymentChanged.FromString(events[-1][2])
    assert last.payment == await state_of(purse, payment.name)


async def test_every_ledger_entry_is_told_by_one_event(purse: Purse) -> None:
    await purse.top_up(100)
    payment = await purse.service.AuthorisePayment(purse.authorisation(60))
    await purse.capture(payment.name)
    await purse.platform.RefundPayment(purse.refund(payment.name, 10))
    await purse.service.AuthorisePayment(purse.authorisation(0))
    page = await purse.platform.ListLedgerEntries(
        rpc.ListLedgerEntriesRequest(parent=purse.customer)
    )
    told = []
    async with purse.world.database("payments").transaction() as tx:
        rows = await tx.rows(
            "select type, data from outbox where distribution_key like '%' || $1 order by position",
            purse.customer,
        )
    for row in rows:
        event = getattr(events_pb2, row.type.rpartition(".")[2]).FromString(row.data)
        told += [
            (event.transfer.transfer, event.transfer.kind, entry.account, entry.amount)
            for entry in event.transfer.entries
        ]
    assert told == [
        (entry.transfer, entry.kind, entry.account, entry.amount) for entry in page.ledger_entries
    ]


async def test_only_services_speak_for_others_in_the_ledger(purse: Purse) -> None:
    by_service = purse.cash_charge(1)
    by_platform = purse.cash_charge(1)
    silent = purse.cash_charge(1)
    silent.actor = ""
    await purse.service.ChargePayment(by_service)
    await purse.platform.ChargePayment(by_platform)
    await purse.service.ChargePayment(silent)
    page = await purse.platform.ListLedgerEntries(rpc.ListLedgerEntriesRequest(parent=purse.store))
    assert [entry.actor for entry in page.ledger_entries[::2]] == [
        "users/cashier",
        "users/head-office",
        "services/orders",
    ]


async def test_a_cashier_sees_payments_of_their_store_and_makes_none(purse: Purse) -> None:
    payment = await purse.service.ChargePayment(purse.cash_charge(1))
    cashier = purse.world.client(PaymentsServiceStub, caller(role="cashier", stores=[purse.store]))
    assert await cashier.GetPayment(rpc.GetPaymentRequest(name=payment.name)) == payment
    with pytest.raises(HutongError) as refused:
        await cashier.ChargePayment(purse.cash_charge(1))
    assert refused.value.reason == "ROLE_NOT_ALLOWED"
