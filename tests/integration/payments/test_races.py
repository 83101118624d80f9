"""Many at once: batches, the last cent, and payments that are made and undone at the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from chassis.kernel.errors import HutongError
from chassis.rpc.batch import read_results
from hutong.payments.v1 import payments_pb2 as pb
from hutong.payments.v1 import payments_service_pb2 as rpc
from services.payments import repository
from services.payments.domain.ledger import Owner
from services.payments.domain.payments import PaymentKey, tombstone
from tests.integration.payments.purse import SERVICE, Purse, new_id, reason_of
from tests.support.statements import statements_of
from tests.support.world import World, call_context_for, caller


def authorisations(
    requests: list[rpc.AuthorisePaymentRequest],
) -> rpc.BatchAuthorisePaymentsRequest:
    context = call_context_for(SERVICE)
    return rpc.BatchAuthorisePaymentsRequest(
        items=[
            rpc.BatchAuthorisePaymentsRequest.Item(context=context, request=request)
            for request in requests
        ]
    )


def charges(requests: list[rpc.ChargePaymentRequest]) -> rpc.BatchChargePaymentsRequest:
    context = call_context_for(SERVICE)
    return rpc.BatchChargePaymentsRequest(
        items=[
            rpc.BatchChargePaymentsRequest.Item(context=context, request=request)
            for request in requests
        ]
    )


def captures(names: list[str]) -> rpc.BatchCapturePaymentsRequest:
    context = call_context_for(SERVICE)
    return rpc.BatchCapturePaymentsRequest(
        items=[
            rpc.BatchCapturePaymentsRequest.Item(
                context=context, request=rpc.CapturePaymentRequest(name=name)
            )
            for name in names
        ]
    )


def voids(names: list[str]) -> rpc.BatchVoidPaymentsRequest:
    context = call_context_for(SERVICE)
    return rpc.BatchVoidPaymentsRequest(
        items=[
            rpc.BatchVoidPaymentsRequest.Item(
                context=context, request=rpc.VoidPaymentRequest(name=name)
            )
            for name in names
        ]
    )


async def test_a_hundred_buyers_with_money_for_forty_are_forty(purse: Purse) -> None:
    await purse.top_up(400)
    answers = await asyncio.gather(
        *(purse.service.AuthorisePayment(purse.authorisation(10)) for _ in range(100)),
        return_exceptions=True,
    )
    paid = [answer for answer in answers if isinstance(answer, pb.Payment)]
    refused = [reason_of(answer) for answer in answers if not isinstance(answer, pb.Payment)]
    assert len(paid) == 40
    assert refused == ["WALLET_INSUFFICIENT"] * 60
    assert await purse.balances(purse.customer) == {"top_up": 400, "wallet_held": -400}


async def test_batches_at_once_sell_the_last_cent_once(purse: Purse) -> None:
    await purse.top_up(400)
    replies = await asyncio.gather(
        *(
            purse.service.BatchAuthorisePayments(
                authorisations([purse.authorisation(10) for _ in range(20)])
            )
            for _ in range(5)
        )
    )
    answers = [
        answer
        for reply in replies
        for answer in read_results(reply, field="payment", convert=lambda message: message)
    ]
    assert sum(not isinstance(answer, HutongError) for answer in answers) == 40
    assert await purse.balances(purse.customer) == {"top_up": 400, "wallet_held": -400}


async def test_batches_over_the_same_owners_in_any_order_do_not_deadlock(world: World) -> None:
    purses = [Purse.new(world) for _ in range(6)]
    await asyncio.gather(*(purse.top_up(10_000) for purse in purses))
    service = purses[0].service

    async def life(order: list[Purse]) -> None:
        requests = [purse.authorisation(1) for purse in order for _ in range(3)]
        held = await service.BatchAuthorisePayments(authorisations(requests))
        paid = [result.payment.name for result in held.results]
        captured = await service.BatchCapturePayments(captures(paid[::2]))
        cash = [p.cash_charge(1, till=f"t{n}") for p in order for n in range(2)]
        charged = await service.BatchChargePayments(charges(cash))
        unborn = [f"{p.customer}/payments/{new_id('ord')}" for p in order]
        voided = await service.BatchVoidPayments(voids([*unborn, *paid]))
        for reply in (held, captured, charged, voided):
            assert not any(result.HasField("error") for result in reply.results)

    await asyncio.gather(
        *(life(purses[n % 6 :] + purses[: n % 6]) for n in range(8)),
        *(life([*purses[n:], *purses[:n]][::-1]) for n in range(6)),
    )
    for purse in purses:
        assert await purse.balances(purse.customer) == {"top_up": 10_000, "wallet": -10_000}


async def test_batches_over_the_same_payments_in_any_order_do_not_deadlock(purse: Purse) -> None:
    await purse.top_up(10_000)
    service = purse.service
    held = await service.BatchAuthorisePayments(
        authorisations([purse.authorisation(1) for _ in range(60)])
    )
    names = [result.payment.name for result in held.results]
    unborn = [f"{purse.customer}/payments/{new_id('ord')}" for _ in range(60)]
    replies = await asyncio.gather(
        *(service.BatchCapturePayments(captures(names[n:] + names[:n])) for n in range(0, 60, 15)),
        *(service.BatchVoidPayments(voids((unborn + names)[::step])) for step in (1, -1) * 4),
    )
    reasons = {
        answer.reason
        for reply in replies
        for answer in read_results(reply, field="payment", convert=lambda message: message)
        if isinstance(answer, HutongError)
    }
    assert reasons <= {"PAYMENT_ENDED"}
    assert await purse.balances(purse.customer) == {"top_up": 10_000, "wallet": -10_000}


async def test_payments_are_added_in_the_order_of_their_keys(purse: Purse) -> None:
    # One transaction adds the first key, another waits for it with all of them, and has added none
    # of the others: the first may add them without waiting.
    owner = Owner(f"demo:{purse.customer}")
    now = datetime(2026, 5, 1, tzinfo=UTC)
    first, *others = [
        tombstone(PaymentKey(owner, f"ord-{number:03}"), actor="tests", now=now)
        for number in range(100)
    ]
    database = purse.world.database("payments")

    async def add_all_backwards() -> None:
        async with database.transaction() as tx:
            await repository.add_payments(tx, [*others, first][::-1])

    async with database.transaction() as tx:
        await repository.add_payments(tx, [first])
        waiting = asyncio.create_task(add_all_backwards())
        while not await tx.rows("select 1 from pg_locks where not granted"):
            await asyncio.sleep(0.01)
        await repository.add_payments(tx, others)
    with pytest.raises(repository.PaymentAppeared):
        await waiting
    # They have no events, which verification would not forgive.
    async with database.transaction() as tx:
        assert await tx.run("delete from payment where owner = $1", owner) == 100


async def test_a_batch_answers_each_item_on_its_own(purse: Purse) -> None:
    await purse.top_up(100)
    fine, other_fine = purse.authorisation(60), purse.authorisation(40)
    requests = [
        fine,
        purse.authorisation(41),
        purse.authorisation(-1),
        other_fine,
        fine,
        rpc.AuthorisePaymentRequest(parent="customers/x", payment_id="Not An Id"),
    ]
    batch = authorisations(requests)
    batch.items.add(
        context=call_context_for(caller(role="customer", customer=purse.customer)),
        request=purse.authorisation(1),
    )
    batch.items.add(context=call_context_for(SERVICE, seconds=-1), request=purse.authorisation(1))
    reply = await purse.service.BatchAuthorisePayments(batch)
    answers = read_results(reply, field="payment", convert=lambda message: message)
    assert [a.reason if isinstance(a, HutongError) else "" for a in answers] == [
        "",
        "WALLET_INSUFFICIENT",
        "AMOUNT_INVALID",
        "",
        "",
        "INVALID_INPUT",
        "ROLE_NOT_ALLOWED",
        "DEADLINE_EXCEEDED",
    ]
    assert reply.results[0].payment == reply.results[4].payment


async def test_a_batch_takes_as_many_statements_as_one_payment(purse: Purse) -> None:
    await purse.top_up(1000)
    database = purse.world.database("payments")
    counts = []
    for size in (1, 2, 150):
        paid = [f"ord-{size}-{number}" for number in range(size)]
        names = [f"{purse.customer}/payments/{payment_id}" for payment_id in paid]
        requests = [purse.authorisation(1, payment_id) for payment_id in paid]
        async with statements_of(database) as taken:
            await purse.service.BatchAuthorisePayments(authorisations(requests))
        async with statements_of(database) as captured:
            await purse.service.BatchCapturePayments(captures(names))
        names += [f"{purse.customer}/payments/absent-{size}-{n}" for n in range(size)]
        async with statements_of(database) as voided:
            await purse.service.BatchVoidPayments(voids(names))
        counts.append([len(taken), len(captured), len(voided)])
    first, few, many = counts
    assert min(few) > 0
    assert few == many
    # The first payment between two opens the accounts that they need.
    assert all(more - usual in (0, 1) for more, usual in zip(first, few, strict=True))
    assert await purse.balances(purse.customer) == {"top_up": 1000, "wallet": -1000}


async def test_a_batch_is_of_a_thousand_items_at_most(purse: Purse) -> None:
    await purse.top_up(1000)
    requests = [purse.authorisation(1) for _ in range(1000)]
    reply = await purse.service.BatchAuthorisePayments(authorisations(requests))
    assert all(r.payment.state == pb.PAYMENT_STATE_AUTHORISED for r in reply.results)
    requests.append(purse.authorisation(1))
    with pytest.raises(HutongError) as refused:
        await purse.service.BatchAuthorisePayments(authorisations(requests))
    assert refused.value.reason == "INVALID_INPUT"


async def test_cash_and_wallets_are_charged_in_one_batch(purse: Purse) -> None:
    await purse.top_up(100)
    requests = [
        purse.cash_charge(10, till="t1"),
        purse.wallet_charge(70),
        purse.cash_charge(20, till="t2"),
        purse.wallet_charge(31),
        purse.cash_charge(30, till="t1"),
    ]
    reply = await purse.service.BatchChargePayments(charges(requests))
    assert [result.payment.state for result in reply.results] == [
        pb.PAYMENT_STATE_CAPTURED,
        pb.PAYMENT_STATE_CAPTURED,
        pb.PAYMENT_STATE_CAPTURED,
        pb.PAYMENT_STATE_UNSPECIFIED,
        pb.PAYMENT_STATE_CAPTURED,
    ]
    assert await purse.balances(purse.store) == {"cash:t1": 40, "cash:t2": 20, "sales": -60}
    # A hot account is changed once by a batch, whatever the number of payments.
    async with purse.world.database("payments").transaction() as tx:
        row = await tx.row(
            "select version from account where owner = $1 and account = 'sales'",
            f"demo:{purse.store}",
        )
    assert row is not None
    assert row.version == 1


async def test_captures_and_voids_in_a_batch_answer_each_item(purse: Purse) -> None:
    await purse.top_up(100)
    kept, undone = [
        await purse.service.AuthorisePayment(purse.authorisation(amount)) for amount in (30, 20)
    ]
    unknown = f"{purse.customer}/payments/{new_id('ord')}"
    names = [undone.name, undone.name, unknown]
    reply = await purse.service.BatchVoidPayments(voids(names))
    assert [result.payment.state for result in reply.results] == [pb.PAYMENT_STATE_VOIDED] * 3
    absent = f"{purse.customer}/payments/{new_id('ord')}"
    batch = captures([kept.name, undone.name, kept.name, unknown, absent])
    reply = await purse.service.BatchCapturePayments(batch)
    answers = read_results(reply, field="payment", convert=lambda message: message)
    assert [a.reason if isinstance(a, HutongError) else "" for a in answers] == [
        "",
        "PAYMENT_ENDED",
        "",
        "PAYMENT_ENDED",
        "RESOURCE_NOT_FOUND",
    ]
    assert reply.results[0] == reply.results[2]


async def test_the_same_payment_from_many_at_once_is_made_once(purse: Purse) -> None:
    await purse.top_up(100)
    for method, request in (
        (purse.service.AuthorisePayment, purse.authorisation(60)),
        (purse.service.ChargePayment, purse.cash_charge(60)),
    ):
        answers = await asyncio.gather(*(method(request) for _ in range(20)))
        assert len({answer.SerializeToString() for answer in answers}) == 1
    assert await purse.balances(purse.customer) == {
        "top_up": 100,
        "wallet": -40,
        "wallet_held": -60,
    }
    assert await purse.balances(purse.store) == {"cash:t1": 60, "sales": -60}


async def test_the_same_declined_payment_from_many_batches_is_declined_alike(purse: Purse) -> None:
    request = purse.authorisation(60)
    replies = await asyncio.gather(
        *(purse.service.BatchAuthorisePayments(authorisations([request])) for _ in range(10))
    )
    assert len({reply.SerializeToString() for reply in replies}) == 1
    assert (await purse.counts())["payments"] == 1


@pytest.mark.parametrize("tender", ["cash", "wallet", "hold", "nobody"])
async def test_a_payment_and_its_undoing_at_once_leave_no_money_moved(
    purse: Purse, tender: str
) -> None:
    if tender != "nobody":
        await purse.top_up(1000)
    service = purse.service
    for round_number in range(15):
        payment_id = new_id("ord")
        root = purse.store if tender == "cash" else purse.customer
        name = f"{root}/payments/{payment_id}"
        if tender == "cash":
            do = service.BatchChargePayments(charges([purse.cash_charge(10, payment_id)]))
        elif tender == "wallet":
            do = service.BatchChargePayments(charges([purse.wallet_charge(10, payment_id)]))
        else:
            do = service.BatchAuthorisePayments(
                authorisations([purse.authorisation(10, payment_id)])
            )
        undo = service.BatchVoidPayments(voids([name]))
        pair = (do, undo) if round_number % 2 else (undo, do)
        await asyncio.gather(*pair)
        payment = await purse.platform.GetPayment(rpc.GetPaymentRequest(name=name))
        assert payment.state in (
            pb.PAYMENT_STATE_VOIDED,
            pb.PAYMENT_STATE_REFUNDED,
            pb.PAYMENT_STATE_DECLINED,
        )
    assert await purse.balances(purse.store) == {}
    left = {} if tender == "nobody" else {"top_up": 1000, "wallet": -1000}
    assert await purse.balances(purse.customer) == left


async def test_refunds_at_once_never_pass_what_was_captured(purse: Purse) -> None:
    payment = await purse.service.ChargePayment(purse.cash_charge(100))
    answers = await asyncio.gather(
        *(purse.platform.RefundPayment(purse.refund(payment.name, 30)) for _ in range(10)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, pb.Payment) for answer in answers) == 3
    refusals = {reason_of(a) for a in answers if not isinstance(a, pb.Payment)}
    assert refusals == {"REFUND_TOO_LARGE"}
    assert await purse.balances(purse.store) == {"cash:t1": 10, "sales": -10}


async def test_a_capture_and_a_void_at_once_end_as_one_or_both(purse: Purse) -> None:
    await purse.top_up(1000)
    for _ in range(10):
        payment = await purse.service.AuthorisePayment(purse.authorisation(10))
        captured, voided = await asyncio.gather(
            purse.capture(payment.name), purse.void(payment.name), return_exceptions=True
        )
        assert isinstance(voided, pb.Payment)
        if isinstance(captured, HutongError):
            assert captured.reason == "PAYMENT_ENDED"
            assert voided.state == pb.PAYMENT_STATE_VOIDED
        else:
            assert voided.state == pb.PAYMENT_STATE_REFUNDED
    assert await purse.balances(purse.customer) == {"top_up": 1000, "wallet": -1000}
