"""Offers that the catalogue knows from before: whatever changes them, the next quote has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from chassis.kernel.errors import HutongError
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from pricing import quote as pricing
from pricing.basket import BasketLine
from services.catalog.domain.prices import BasketQuote, BasketToQuote, Channel
from services.catalog.repository.offer_rows import Asked, Changes, Lasting, Offer
from services.catalog.usecases.known_offers import KnownOffers
from services.catalog.usecases.prices import Prices
from tests.integration.catalog.chains import (
    STORE,
    Chain,
    ahead,
    basket,
    creation,
    price_list,
    product,
    request_id,
)
from tests.support.statements import statements_of
from tests.support.world import Client, World

HOUR = 3600.0
SKUS = tuple(f"p{number}" for number in range(40))

Price = Callable[[], Awaitable[int]]


@pytest.fixture(autouse=True)
async def shelf(world: World, platform: Client) -> AsyncIterator[None]:
    await platform.BatchCreateProducts(creation(*(product(sku) for sku in SKUS)))
    await platform.ChangePrices(price_list(dict.fromkeys(SKUS, 1000)))
    yield
    await world.pass_time("catalog", 0)


@pytest.fixture
async def price(platform: Client) -> Price:
    """What a quote asks for the first product; it was asked before, so it is known."""

    async def asked() -> int:
        quote = await platform.QuoteBasket(basket((SKUS[0], 1)))
        amount: int = quote.lines[0].unit_price.amount_minor
        return amount

    assert await asked() == 1000
    return asked


async def test_a_change_counts_from_its_answer_on(platform: Client, price: Price) -> None:
    for amount in (990, 980):
        await platform.ChangePrices(price_list({SKUS[0]: amount}))
        assert await price() == amount


async def test_what_another_process_changes_counts_too(
    world: World, chain: Chain, price: Price
) -> None:
    async with world.database("catalog").transaction() as tx:
        await tx.run(
            "update price set amount_minor = 900 where store_id = $1 and sku = $2",
            f"{chain.tenant}:sh01",
            SKUS[0],
        )
    assert await price() == 900


async def test_what_is_taken_out_by_hand_is_not_sold_from_memory(
    world: World, chain: Chain, platform: Client, price: Price
) -> None:
    async with world.database("catalog").transaction() as tx:
        await tx.run("delete from price where store_id = $1", f"{chain.tenant}:sh01")
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(basket((SKUS[0], 1)))
    assert raised.value.reason == "PRICE_MISSING"


async def test_an_announced_price_is_asked_when_its_time_has_come(
    world: World, platform: Client, price: Price
) -> None:
    await platform.ChangePrices(price_list({SKUS[0]: 950}, start=ahead(hours=1)))
    assert await price() == 1000
    await world.pass_time("catalog", HOUR + 60)
    assert await price() == 950
    await world.pass_time("catalog", 0)
    assert await price() == 1000


async def test_a_price_with_an_end_is_asked_until_then(
    world: World, platform: Client, price: Price
) -> None:
    await platform.ChangePrices(
        price_list({SKUS[0]: 700}, start=ahead(hours=1), end=ahead(hours=2))
    )
    seen = []
    for hours in (0.5, 1.5, 2.5):
        await world.pass_time("catalog", hours * HOUR)
        seen.append(await price())
    assert seen == [1000, 700, 1000]


async def test_a_withdrawn_price_is_not_asked(world: World, platform: Client, price: Price) -> None:
    (told,) = (await platform.ChangePrices(price_list({SKUS[0]: 950}, start=ahead(hours=1)))).prices
    assert await price() == 1000
    await platform.WithdrawPrice(
        catalog_service_pb2.WithdrawPriceRequest(
            name=told.name, version=told.version, reason="a mistake", request_id=request_id()
        )
    )
    await world.pass_time("catalog", HOUR + 60)
    assert await price() == 1000


async def test_a_new_name_is_on_the_next_quote(platform: Client, price: Price) -> None:
    changed = product(SKUS[0])
    changed.display_name = "Apple juice"
    await platform.UpdateProduct(
        catalog_service_pb2.UpdateProductRequest(
            product=changed, update_mask=FieldMask(paths=["display_name"])
        )
    )
    quote = await platform.QuoteBasket(basket((SKUS[0], 1)))
    assert quote.lines[0].display_name == "Apple juice"


async def test_channels_are_known_apart(world: World, platform: Client, price: Price) -> None:
    await platform.ChangePrices(
        price_list(
            {SKUS[0]: 800},
            start=ahead(seconds=0.2),
            end=ahead(hours=1),
            channel=catalog_pb2.SALES_CHANNEL_ONLINE,
        )
    )
    await world.pass_time("catalog", 60)
    for _ in range(2):
        online = await platform.QuoteBasket(
            basket((SKUS[0], 1), channel=catalog_pb2.SALES_CHANNEL_ONLINE)
        )
        assert online.lines[0].unit_price.amount_minor == 800
        assert await price() == 1000


async def test_who_was_shown_the_price_of_now_is_quoted_from_what_is_known(
    platform: Client, price: Price
) -> None:
    quote = await platform.QuoteBasket(basket((SKUS[0], 1), shown=1))
    assert not quote.lines[0].HasField("shown_unit_price")
    await platform.ChangePrices(price_list({SKUS[0]: 990}))
    quote = await platform.QuoteBasket(basket((SKUS[0], 1), shown=1))
    assert quote.lines[0].shown_unit_price.amount_minor == 1000


async def test_known_baskets_cost_one_statement_however_many(world: World, chain: Chain) -> None:
    database = world.database("catalog")
    prices = Prices(database, price_events=lambda _: ())
    store = StoreId(f"{chain.tenant}:{STORE.partition('/')[2]}")
    baskets = [
        BasketToQuote(
            tenant=chain.tenant,
            store=store,
            lines=(BasketLine(sku=sku, quantity=1, unit=Unit.EACH),),
            channel=Channel.TILL,
            at=None,
        )
        for sku in SKUS
    ]
    first = await prices.quote_baskets(baskets)
    async with statements_of(database) as sent:
        again = await prices.quote_baskets(baskets)
    assert len(sent) == 1
    assert _costs(again) == _costs(first) == [1000] * len(SKUS)


def test_no_more_offers_are_kept_than_there_is_room_for() -> None:
    known = KnownOffers(offers_max=2)
    store, now = StoreId("demo:sh01"), ahead()
    for sku in ("a", "b", "a", "c"):
        offer = Offer(sku, pricing.Price(sku, Unit.EACH, Money(1, "CNY"), 1), None, None)
        known.keep(Asked("demo", store, sku, Channel.TILL, None), Lasting(offer, now, None, 1, 0))
    changes = Changes(now, {store: 1}, {"demo": 0})
    kept = [sku for sku in "abc" if known.of(_basket(store, sku), changes) is not None]
    assert kept == ["a", "c"]


def _basket(store: StoreId, sku: str) -> BasketToQuote:
    return BasketToQuote(
        tenant="demo",
        store=store,
        lines=(BasketLine(sku=sku, quantity=1, unit=Unit.EACH),),
        channel=Channel.TILL,
        at=None,
    )


def _costs(quotes: Sequence[BasketQuote | HutongError]) -> list[int]:
    assert not [quote for quote in quotes if isinstance(quote, HutongError)]
    return [quote.quote.total.amount_minor for quote in quotes if isinstance(quote, BasketQuote)]
