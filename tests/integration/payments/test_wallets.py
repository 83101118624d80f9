"""Wallets, top-ups and the ledger's pages."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from chassis.db.migrate import drift
from chassis.kernel.errors import HutongError
from hutong.payments.v1 import events_pb2
from hutong.payments.v1 import payments_service_pb2 as rpc
from hutong.payments.v1.payments_service_pb2_grpc import PaymentsServiceStub
from services.payments.main import BLUEPRINT
from tests.integration.payments.purse import Purse, money, new_id, reason_of
from tests.support.world import World, caller


async def test_the_tables_in_the_code_are_those_of_the_migrations(world: World) -> None:
    assert await drift(world.urls["payments"], metadata=BLUEPRINT.metadata) == []


async def test_a_wallet_that_was_never_opened_is_not_found(purse: Purse) -> None:
    with pytest.raises(HutongError) as refused:
        await purse.platform.GetWallet(rpc.GetWalletRequest(name=f"{purse.customer}/wallet"))
    assert refused.value.reason == "RESOURCE_NOT_FOUND"
    assert refused.value.facts == {"resource": f"{purse.customer}/wallet"}


async def test_the_first_top_up_opens_the_wallet_and_the_next_add_to_it(purse: Purse) -> None:
    await purse.top_up(300)
    wallet = await purse.top_up(200)
    assert wallet.available == money(500)
    assert wallet.held == money(0)
    found = await purse.platform.GetWallet(rpc.GetWalletRequest(name=wallet.name))
    assert found == wallet
    assert await purse.balances(purse.customer) == {"wallet": -500, "top_up": 500}
    events = await purse.events(wallet.name)
    assert [(sequence, kind) for sequence, kind, _ in events] == [
        (1, "hutong.payments.v1.WalletToppedUp"),
        (2, "hutong.payments.v1.WalletToppedUp"),
    ]
    told = events_pb2.WalletToppedUp.FromString(events[1][2])
    assert (told.wallet, told.amount, told.balance) == (wallet.name, money(200), wallet)
    assert [(entry.account, entry.amount) for entry in told.transfer.entries] == [
        ("top_up", money(200)),
        ("wallet", money(-200)),
    ]


async def test_a_customer_sees_their_own_wallet_and_no_other(purse: Purse) -> None:
    await purse.top_up(300)
    owner = purse.world.client(
        PaymentsServiceStub, caller(role="customer", customer=purse.customer)
    )
    request = rpc.GetWalletRequest(name=f"{purse.customer}/wallet")
    assert (await owner.GetWallet(request)).available == money(300)
    other = purse.world.client(
        PaymentsServiceStub, caller(role="customer", customer="customers/other")
    )
    with pytest.raises(HutongError) as refused:
        await other.GetWallet(request)
    assert refused.value.reason == "RESOURCE_NOT_FOUND"


async def test_the_wallet_of_the_same_id_in_another_tenant_is_another(purse: Purse) -> None:
    await purse.top_up(300)
    elsewhere = purse.world.client(PaymentsServiceStub, caller(role="platform", tenant="other"))
    with pytest.raises(HutongError) as refused:
        await elsewhere.GetWallet(rpc.GetWalletRequest(name=f"{purse.customer}/wallet"))
    assert refused.value.reason == "RESOURCE_NOT_FOUND"


async def test_a_repeated_top_up_gets_equal_bytes_and_adds_nothing(purse: Purse) -> None:
    request = rpc.TopUpWalletRequest(
        name=f"{purse.customer}/wallet", amount=money(70), request_id=str(uuid.uuid4())
    )
    first = await purse.platform.TopUpWallet(request)
    await purse.top_up(30)
    again = await purse.platform.TopUpWallet(request)
    assert again.SerializeToString() == first.SerializeToString()
    assert await purse.balances(purse.customer) == {"wallet": -100, "top_up": 100}


async def test_a_request_id_is_not_used_for_another_top_up(purse: Purse) -> None:
    request = rpc.TopUpWalletRequest(
        name=f"{purse.customer}/wallet", amount=money(70), request_id=str(uuid.uuid4())
    )
    await purse.platform.TopUpWallet(request)
    request.amount.amount_minor = 71
    with pytest.raises(HutongError) as refused:
        await purse.platform.TopUpWallet(request)
    assert refused.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("amount", [0, -1])
async def test_a_top_up_of_nothing_is_refused(purse: Purse, amount: int) -> None:
    with pytest.raises(HutongError) as refused:
        await purse.top_up(amount)
    assert refused.value.reason == "AMOUNT_INVALID"
    assert await purse.counts() == {"payments": 0, "entries": 0, "events": 0}


async def test_a_top_up_that_is_too_large_is_refused(purse: Purse) -> None:
    with pytest.raises(HutongError) as refused:
        await purse.top_up(2**63 - 1)
    assert refused.value.reason == "AMOUNT_TOO_LARGE"
    await purse.top_up(10**15)
    with pytest.raises(HutongError) as refused:
        await purse.top_up(1)
    assert refused.value.reason == "AMOUNT_TOO_LARGE"


async def test_a_wallet_keeps_the_currency_that_it_was_opened_in(purse: Purse) -> None:
    await purse.top_up(100)
    with pytest.raises(HutongError) as refused:
        await purse.top_up(100, "USD")
    assert refused.value.reason == "CURRENCY_MISMATCH"
    assert refused.value.facts == {"given": "USD", "wanted": "CNY"}
    assert await purse.balances(purse.customer) == {"wallet": -100, "top_up": 100}


async def test_top_ups_at_once_all_arrive_and_are_numbered_without_gaps(purse: Purse) -> None:
    await asyncio.gather(*(purse.top_up(1) for _ in range(20)))
    assert await purse.balances(purse.customer) == {"wallet": -20, "top_up": 20}
    events = await purse.events(f"{purse.customer}/wallet")
    assert [sequence for sequence, _, _ in events] == list(range(1, 21))


async def test_two_currencies_that_open_a_wallet_at_once_leave_one(purse: Purse) -> None:
    answers = await asyncio.gather(
        *(purse.top_up(5, currency) for currency in ("CNY", "USD") * 5), return_exceptions=True
    )
    refusals = [answer for answer in answers if isinstance(answer, HutongError)]
    assert {refusal.reason for refusal in refusals} == {"CURRENCY_MISMATCH"}
    assert len(refusals) == 5
    assert await purse.balances(purse.customer) == {"wallet": -25, "top_up": 25}


async def test_ledger_entries_come_oldest_first_a_page_at_a_time(purse: Purse) -> None:
    await purse.top_up(100)
    payment = await purse.service.AuthorisePayment(purse.authorisation(40))
    await purse.capture(payment.name)
    await purse.platform.RefundPayment(purse.refund(payment.name, 15))
    seen = []
    token = ""
    while True:
        page = await purse.platform.ListLedgerEntries(
            rpc.ListLedgerEntriesRequest(parent=purse.customer, page_size=3, page_token=token)
        )
        seen += page.ledger_entries
        token = page.next_page_token
        if not token:
            break
        assert len(page.ledger_entries) == 3
    clearing = f"clearing:{purse.store.removeprefix('stores/')}"
    assert [(entry.kind, entry.account, entry.amount.amount_minor) for entry in seen] == [
        ("top_up", "top_up", 100),
        ("top_up", "wallet", -100),
        ("hold", "wallet", 40),
        ("hold", "wallet_held", -40),
        ("capture", "wallet_held", 40),
        ("capture", clearing, -40),
        ("refund", clearing, 15),
        ("refund", "wallet", -15),
    ]
    assert [entry.payment for entry in seen] == [""] * 2 + [payment.name] * 6
    assert [entry.actor for entry in seen[::2]] == [
        "users/head-office",
        "users/buyer",
        "services/orders",
        "users/head-office",
    ]
    assert len({entry.name for entry in seen}) == 8
    assert all(entry.name.startswith(f"{purse.customer}/ledgerEntries/") for entry in seen)
    assert len({entry.transfer for entry in seen}) == 4


async def test_a_store_manager_lists_the_entries_of_their_store(purse: Purse) -> None:
    await purse.service.ChargePayment(purse.cash_charge(90))
    manager = purse.world.client(
        PaymentsServiceStub, caller(role="store_manager", stores=[purse.store])
    )
    page = await manager.ListLedgerEntries(rpc.ListLedgerEntriesRequest(parent=purse.store))
    assert [(e.account, e.amount.amount_minor, e.actor) for e in page.ledger_entries] == [
        ("cash:t1", 90, "users/cashier"),
        ("sales", -90, "users/cashier"),
    ]
    with pytest.raises(HutongError) as refused:
        await manager.ListLedgerEntries(rpc.ListLedgerEntriesRequest(parent="stores/other"))
    assert refused.value.reason == "RESOURCE_NOT_FOUND"


async def test_whoever_has_no_entries_has_an_empty_list(purse: Purse) -> None:
    page = await purse.platform.ListLedgerEntries(
        rpc.ListLedgerEntriesRequest(parent=purse.customer)
    )
    assert page == rpc.ListLedgerEntriesResponse()


async def test_a_page_token_is_of_one_list(purse: Purse) -> None:
    await purse.top_up(1)
    page = await purse.platform.ListLedgerEntries(
        rpc.ListLedgerEntriesRequest(parent=purse.customer, page_size=1)
    )
    for parent, token in (
        (purse.store, page.next_page_token),
        (purse.customer, "bm90IG9uZQ"),
        (purse.customer, "\u4e00"),
    ):
        with pytest.raises(HutongError) as refused:
            await purse.platform.ListLedgerEntries(
                rpc.ListLedgerEntriesRequest(parent=parent, page_token=token)
            )
        assert refused.value.reason == "PAGE_TOKEN_INVALID"


async def test_names_of_another_form_are_refused(purse: Purse) -> None:
    calls = [
        purse.platform.GetWallet(rpc.GetWalletRequest(name=purse.customer)),
        purse.platform.GetPayment(rpc.GetPaymentRequest(name=f"{purse.customer}/wallet")),
        purse.platform.GetPayment(rpc.GetPaymentRequest(name=f"{purse.store}/payments/A")),
        purse.platform.ListLedgerEntries(rpc.ListLedgerEntriesRequest(parent="orders/o1")),
        purse.service.VoidPayment(rpc.VoidPaymentRequest(name=f"stores//payments/{new_id('o')}")),
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {reason_of(answer) for answer in answers} == {"NAME_INVALID"}
