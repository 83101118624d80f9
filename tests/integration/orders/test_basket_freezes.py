"""A frozen basket keeps the prices that were shown, for a while and until it changes."""

from __future__ import annotations

from tests.support.baskets import accepting, clearing, freezing, getting, line, setting
from tests.support.refusals import refused
from tests.support.shop import Shop, yuan
from tests.support.world import World


async def test_a_freeze_keeps_the_shown_prices_until_it_expires(shop: Shop, world: World) -> None:
    apple = await shop.product(stock=0, price=250)
    who = await shop.customer(balance=10_000)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(apple, 2)))
    frozen = await orders.FreezeBasket(freezing(who, kept.version))
    seconds = frozen.freeze_expire_time.seconds - frozen.update_time.seconds
    assert seconds == 15 * 60
    await shop.price(apple, 280)
    read = await orders.GetBasket(getting(who))
    assert read == frozen
    assert read.total == yuan(500)
    try:
        await world.pass_time("orders", 15 * 60)
        thawed = await orders.GetBasket(getting(who))
    finally:
        await world.pass_time("orders", 0)
    assert not thawed.HasField("freeze_expire_time")
    assert thawed.lines[0].price_changed
    assert thawed.total == yuan(560)


async def test_any_change_ends_a_freeze(shop: Shop) -> None:
    apple = await shop.product(stock=0, price=250)
    who = await shop.customer(balance=10_000)
    orders = shop.orders(who)
    basket = await orders.SetBasketLines(setting(who, line(apple, 2)))
    frozen = await orders.FreezeBasket(freezing(who, basket.version))
    assert frozen.HasField("freeze_expire_time")
    basket = await orders.SetBasketLines(setting(who, line(apple, 3), version=frozen.version))
    assert not basket.HasField("freeze_expire_time")
    frozen = await orders.FreezeBasket(freezing(who, basket.version))
    basket = await orders.AcceptBasketPrices(accepting(who, frozen.version))
    assert not basket.HasField("freeze_expire_time")


async def test_only_the_prices_of_now_are_frozen(shop: Shop) -> None:
    apple = await shop.product(stock=0, price=250)
    who = await shop.customer(balance=10_000)
    orders = shop.orders(who)
    kept = await orders.SetBasketLines(setting(who, line(apple, 2)))
    await shop.price(apple, 280)
    error = await refused(orders.FreezeBasket(freezing(who, kept.version)))
    assert error.reason == "PRICE_CHANGED"
    assert error.facts == {
        "sku": apple,
        "shown_version": "1",
        "shown_unit_price_minor": "250",
        "version": "2",
        "unit_price_minor": "280",
        "currency": "CNY",
    }
    empty = await orders.ClearBasket(clearing(who, kept.version))
    error = await refused(orders.FreezeBasket(freezing(who, empty.version)))
    assert error.reason == "BASKET_EMPTY"
