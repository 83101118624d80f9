"""Baskets through a real server: kept, priced at every read, and never lost between two devices."""

from __future__ import annotations

import asyncio

from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from hutong.orders.v1 import baskets_pb2
from services.orders.main import BLUEPRINT as ORDERS
from tests.support.baskets import (
    accepting,
    basket_of,
    clearing,
    freezing,
    getting,
    line,
    setting,
)
from tests.support.refusals import refused
from tests.support.shop import (
    CASHIER,
    EACH,
    GRAM,
    OPERATOR,
    STORE,
    Shop,
    customer,
    yuan,
)
from tests.support.world import World, answer, caller

ELSEWHERE = "stores/sh02"


def skus(basket: baskets_pb2.Basket) -> dict[str, int]:
    """What is in it."""
    return {each.product.removeprefix("products/"): each.quantity for each in basket.lines}


async def newcomer(shop: Shop) -> Caller:
    """A customer who has done nothing yet."""
    return await shop.customer(balance=10_000)


async def test_a_basket_that_was_never_touched_is_empty(shop: Shop) -> None:
    who = await newcomer(shop)
    basket = await shop.orders(who).GetBasket(getting(who))
    assert basket == baskets_pb2.Basket(name=basket_of(who))


async def test_lines_are_kept_at_the_price_that_was_shown(shop: Shop) -> None:
    apple = await shop.product(stock=0, price=250)
    rice = await shop.product(stock=0, price=1_299, unit=GRAM)
    who = await newcomer(shop)
    orders = shop.orders(who)
    answered = await orders.SetBasketLines(setting(who, line(apple, 2), line(rice, 1_500, GRAM)))
    read = await orders.GetBasket(getting(who))
    assert read == answered
    assert skus(read) == {apple: 2, rice: 1_500}
    assert [each.unit for each in read.lines] == [EACH, GRAM]
    assert [each.display_name for each in read.lines] == [f"Goods {apple}", f"Goods {rice}"]
    assert [each.line_total.amount_minor for each in read.lines] == [500, 1_949]
    assert read.total == yuan(2_449)
    assert read.version > 0
    assert read.HasField("update_time")
    assert not any(each.price_changed or each.HasField("notice") for each in read.lines)


async def test_a_price_that_has_changed_stands_beside_the_one_that_was_shown(shop: Shop) -> None:
    apple, pear = await shop.product(stock=0, price=250), await shop.product(stock=0, price=300)
    who = await newcomer(shop)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(apple, 2), line(pear, 1)))
    await shop.price(apple, 280)
    read = await orders.GetBasket(getting(who))
    assert [each.price_changed for each in read.lines] == [True, False]
    assert read.lines[0].shown_unit_price == yuan(250)
    assert read.lines[0].unit_price == yuan(280)
    assert (read.lines[0].shown_price_version, read.lines[0].price_version) == (1, 2)
    assert read.total == yuan(560 + 300)
    assert read.version == kept.version
    assert await orders.GetBasket(getting(who)) == read
    accepted = await orders.AcceptBasketPrices(accepting(who, read.version, total=read.total))
    assert not accepted.lines[0].price_changed
    assert accepted.lines[0].shown_unit_price == yuan(280)
    assert accepted.version == read.version + 1
    assert await orders.GetBasket(getting(who)) == accepted


async def test_prices_that_were_not_seen_are_not_accepted(shop: Shop) -> None:
    apple = await shop.product(stock=0, price=250)
    who = await newcomer(shop)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(apple, 1)))
    await shop.price(apple, 280)
    error = await refused(orders.AcceptBasketPrices(accepting(who, kept.version, total=yuan(250))))
    assert error.reason == "PRICE_CHANGED"
    assert (error.facts["expected_minor"], error.facts["actual_minor"]) == ("250", "280")
    assert (await orders.GetBasket(getting(who))).lines[0].shown_unit_price == yuan(250)


async def test_a_line_that_is_set_again_is_shown_at_the_price_of_now(shop: Shop) -> None:
    apple, pear = await shop.product(stock=0, price=250), await shop.product(stock=0, price=300)
    who = await newcomer(shop)
    orders = shop.orders(who)
    await orders.SetBasketLines(setting(who, line(apple, 2), line(pear, 1)))
    await shop.price(apple, 280)
    await shop.price(pear, 310)
    basket = await orders.SetBasketLines(setting(who, line(apple, 3)))
    assert [each.shown_unit_price.amount_minor for each in basket.lines] == [280, 300]
    assert [each.price_changed for each in basket.lines] == [False, True]
    assert skus(basket) == {apple: 3, pear: 1}


async def test_a_quantity_of_nothing_takes_the_line_out(shop: Shop) -> None:
    apple, pear = await shop.product(stock=0), await shop.product(stock=0)
    who = await newcomer(shop)
    orders = shop.orders(who)
    await orders.SetBasketLines(setting(who, line(apple, 2), line(pear, 1)))
    basket = await orders.SetBasketLines(setting(who, line(apple, 0)))
    assert skus(basket) == {pear: 1}
    basket = await orders.SetBasketLines(setting(who, line(apple, 0), line(pear, 0)))
    assert skus(basket) == {}
    assert not basket.HasField("total")


async def test_a_product_that_cannot_be_bought_is_a_line_with_a_notice(
    shop: Shop, world: World
) -> None:
    apple, gone = await shop.product(stock=0, price=250), await shop.product(stock=0, price=300)
    unpriced = await shop.product(stock=0, price=400)
    who = await newcomer(shop)
    orders = shop.orders(who)
    await orders.SetBasketLines(setting(who, line(gone, 1), line(apple, 2), line(unpriced, 1)))
    async with world.database("catalog").transaction() as tx:
        await tx.run("delete from price where sku = $1", unpriced)
        await tx.run("delete from price where sku = $1", gone)
        await tx.run("delete from product where sku = $1", gone)
    read = await orders.GetBasket(getting(who))
    assert [each.notice.reason for each in read.lines] == ["PRODUCT_UNKNOWN", "", "PRICE_MISSING"]
    assert [each.HasField("unit_price") for each in read.lines] == [False, True, False]
    assert read.lines[0].display_name == f"Goods {gone}"
    assert read.lines[0].shown_unit_price == yuan(300)
    assert not read.lines[0].price_changed
    assert read.total == yuan(500)
    accepted = await orders.AcceptBasketPrices(accepting(who, read.version))
    assert [each.notice.reason for each in accepted.lines] == [
        "PRODUCT_UNKNOWN",
        "",
        "PRICE_MISSING",
    ]
    error = await refused(orders.FreezeBasket(freezing(who, accepted.version)))
    assert error.reason == "PRODUCT_UNKNOWN"
    basket = await orders.SetBasketLines(setting(who, line(gone, 0), line(unpriced, 0)))
    assert skus(basket) == {apple: 2}


async def test_what_cannot_be_bought_cannot_be_put_in(shop: Shop) -> None:
    apple = await shop.product(stock=0)
    elsewhere = await shop.product(stock=0, store=ELSEWHERE)
    who = await newcomer(shop)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(apple, 1)))
    for changes, reason in (
        ([line("nothing", 1)], "PRODUCT_UNKNOWN"),
        ([line(elsewhere, 1)], "PRICE_MISSING"),
        ([line(apple, 1, GRAM)], "UNIT_MISMATCH"),
        ([line(apple, 1), line(apple, 2)], "INVALID_INPUT"),
        ([line(apple, 1_000_001)], "INVALID_INPUT"),
        ([line(apple, -1)], "INVALID_INPUT"),
        ([], "INVALID_INPUT"),
    ):
        assert (await refused(orders.SetBasketLines(setting(who, *changes)))).reason == reason
    assert await orders.GetBasket(getting(who)) == kept


async def test_a_refused_change_is_refused_again_even_when_it_would_be_possible(
    shop: Shop,
) -> None:
    elsewhere = await shop.product(stock=0, store=ELSEWHERE)
    who = await newcomer(shop)
    request = setting(who, line(elsewhere, 1))
    first = await refused(shop.orders(who).SetBasketLines(request))
    await shop.price(elsewhere, 100)
    second = await refused(shop.orders(who).SetBasketLines(request))
    assert (first.reason, first.facts) == (second.reason, second.facts)
    assert first.reason == "PRICE_MISSING"


async def test_a_repeat_gets_the_first_answer_byte_for_byte(shop: Shop) -> None:
    apple = await shop.product(stock=0, price=250)
    who = await newcomer(shop)
    orders = shop.orders(who)
    request = setting(who, line(apple, 2))
    first = await orders.SetBasketLines(request)
    await orders.SetBasketLines(setting(who, line(apple, 5)))
    await shop.price(apple, 999)
    second = await orders.SetBasketLines(request)
    assert second.SerializeToString() == first.SerializeToString()
    assert skus(await orders.GetBasket(getting(who))) == {apple: 5}
    request.lines[0].quantity = 3
    assert (await refused(orders.SetBasketLines(request))).reason == "REQUEST_ID_REUSED"


async def test_a_basket_has_two_hundred_lines_at_most(shop: Shop, world: World) -> None:
    apple = await shop.product(stock=0)
    who = await newcomer(shop)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(apple, 1)))
    async with world.database("orders").transaction() as tx:
        await tx.run(
            "update basket set lines = (select jsonb_agg(lines -> 0 || "
            "jsonb_build_object('sku', 'sku-' || i)) from generate_series(1, 200) as i) "
            "where version = $1",
            kept.version,
        )
    error = await refused(orders.SetBasketLines(setting(who, line(apple, 1))))
    assert (error.reason, error.facts) == ("BASKET_FULL", {"lines_max": "200"})
    read = await orders.GetBasket(getting(who))
    assert {each.notice.reason for each in read.lines} == {"PRODUCT_UNKNOWN"}
    basket = await orders.SetBasketLines(setting(who, line("sku-7", 0), line(apple, 1)))
    assert len(basket.lines) == 200


async def test_two_devices_at_once_lose_no_line(shop: Shop) -> None:
    goods = [await shop.product(stock=0) for _ in range(12)]
    who = await newcomer(shop)
    devices = [shop.orders(who) for _ in goods]

    requests = [setting(who, line(sku, 1)) for sku in goods]
    answers = await asyncio.gather(
        *(
            answer(device, "SetBasketLines", request)
            for device, request in zip(devices, requests, strict=True)
        )
    )
    assert len({each.version for each in answers}) == len(goods)
    basket = await devices[0].GetBasket(getting(who))
    assert skus(basket) == dict.fromkeys(goods, 1)


async def test_of_two_changes_based_on_one_version_one_is_refused(shop: Shop) -> None:
    apple = await shop.product(stock=0)
    who = await newcomer(shop)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(apple, 1)))
    outcomes = await asyncio.gather(
        *(
            orders.SetBasketLines(setting(who, line(apple, n), version=kept.version))
            for n in (2, 3)
        ),
        return_exceptions=True,
    )
    won = [each for each in outcomes if isinstance(each, baskets_pb2.Basket)]
    lost = [each for each in outcomes if isinstance(each, HutongError)]
    assert len(won) == len(lost) == 1
    assert lost[0].reason == "BASKET_CHANGED"
    assert lost[0].facts == {"expected": str(kept.version), "actual": str(kept.version + 1)}
    assert await orders.GetBasket(getting(who)) == won[0]


async def test_clearing_throws_nothing_away_that_was_not_seen(shop: Shop) -> None:
    apple, pear = await shop.product(stock=0), await shop.product(stock=0)
    who = await newcomer(shop)
    orders = shop.orders(who)
    seen = await orders.SetBasketLines(setting(who, line(apple, 1)))
    now = await orders.SetBasketLines(setting(who, line(pear, 1)))
    error = await refused(orders.ClearBasket(clearing(who, seen.version)))
    assert error.reason == "BASKET_CHANGED"
    request = clearing(who, now.version)
    cleared = await orders.ClearBasket(request)
    assert skus(cleared) == {}
    assert cleared.version == now.version + 1
    await orders.SetBasketLines(setting(who, line(apple, 4)))
    assert await orders.ClearBasket(request) == cleared
    assert skus(await orders.GetBasket(getting(who))) == {apple: 4}


async def test_customers_see_their_own_and_staff_see_their_stores(shop: Shop) -> None:
    apple = await shop.product(stock=0)
    who, other = await newcomer(shop), await newcomer(shop)
    kept = await shop.orders(who).SetBasketLines(setting(who, line(apple, 1)))
    for reader in (CASHIER, OPERATOR):
        assert await shop.orders(reader).GetBasket(getting(who)) == kept
    absent = customer(777_777)
    elsewhere = caller(role="cashier", stores=[ELSEWHERE])
    for stranger in (other, elsewhere):
        for whose in (who, absent):
            error = await refused(shop.orders(stranger).GetBasket(getting(whose)))
            assert (error.reason, error.facts) == (
                "RESOURCE_NOT_FOUND",
                {"resource": basket_of(whose)},
            )
    foreign = caller(role="customer", customer=who.customer, tenant="other")
    assert skus(await shop.orders(foreign).GetBasket(getting(who))) == {}


async def test_nobody_changes_the_basket_of_another(shop: Shop) -> None:
    apple = await shop.product(stock=0)
    who, other = await newcomer(shop), await newcomer(shop)
    kept = await shop.orders(who).SetBasketLines(setting(who, line(apple, 1)))
    both = Caller(
        principal="users/both",
        tenant="demo",
        roles=frozenset({"customer", "cashier"}),
        stores=frozenset({STORE}),
        customer=other.customer,
    )
    for stranger in (other, both):
        orders = shop.orders(stranger)
        for change in (
            orders.SetBasketLines(setting(who, line(apple, 9))),
            orders.AcceptBasketPrices(accepting(who, kept.version)),
            orders.FreezeBasket(freezing(who, kept.version)),
            orders.ClearBasket(clearing(who, kept.version)),
        ):
            assert (await refused(change)).reason == "RESOURCE_NOT_FOUND"
    error = await refused(shop.orders(CASHIER).SetBasketLines(setting(who, line(apple, 9))))
    assert error.reason == "ROLE_NOT_ALLOWED"
    assert await shop.orders(who).GetBasket(getting(who)) == kept


async def test_each_store_has_a_basket_of_its_own(shop: Shop) -> None:
    apple = await shop.product(stock=0, price=250)
    await shop.price(apple, 270, store=ELSEWHERE)
    who = await newcomer(shop)
    orders = shop.orders(who)
    await orders.SetBasketLines(setting(who, line(apple, 1)))
    there = await orders.SetBasketLines(setting(who, line(apple, 2), store=ELSEWHERE))
    assert there.total == yuan(540)
    assert (await orders.GetBasket(getting(who))).total == yuan(250)


async def test_idle_baskets_are_deleted_and_their_versions_never_come_back(
    shop: Shop, world: World
) -> None:
    apple = await shop.product(stock=0)
    who = await newcomer(shop)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(apple, 1)))
    (worker,) = (
        worker
        for worker in world.services[ORDERS.name].workers
        if worker.name == "orders.idle_baskets"
    )
    running = asyncio.ensure_future(worker.round())
    await asyncio.sleep(0.3)
    assert await orders.GetBasket(getting(who)) == kept
    running.cancel()
    day = 24 * 3600
    try:
        await world.pass_time("orders", 30 * day + 1)
        running = asyncio.ensure_future(worker.round())
        async with asyncio.timeout(10):
            while (await orders.GetBasket(getting(who))).version:
                await asyncio.sleep(0.05)
        running.cancel()
        begun_anew = await orders.SetBasketLines(setting(who, line(apple, 1)))
    finally:
        await world.pass_time("orders", 0)
    assert begun_anew.version > kept.version
    error = await refused(orders.FreezeBasket(freezing(who, kept.version)))
    assert error.reason == "BASKET_CHANGED"
