"""Baskets at a store at an instant, alone and in batches."""

import asyncio
import time
from datetime import timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.batch import read_results
from chassis.rpc.status import from_status
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from hutong.common.v1 import money_pb2
from services.catalog.repository import offer_rows
from tests.integration.catalog.chains import (
    EACH,
    GRAM,
    STORE,
    Chain,
    basket,
    creation,
    price_list,
    product,
)
from tests.support.world import Client, World, call_context_for, caller


@pytest.fixture(autouse=True)
async def shelf(platform: Client) -> None:
    await platform.BatchCreateProducts(
        creation(product("apple", unit=GRAM), product("milk"), product("soap"), product("gold"))
    )
    await platform.ChangePrices(price_list({"milk": 1290, "apple": 1999, "gold": 10**15}))


def batch(
    chain: Chain,
    *requests: catalog_service_pb2.QuoteBasketRequest,
    role: str = "platform",
    stores: tuple[str, ...] = (),
    tenant: str = "",
) -> catalog_service_pb2.BatchQuoteBasketsRequest:
    context = call_context_for(caller(role=role, stores=stores, tenant=tenant or chain.tenant))
    return catalog_service_pb2.BatchQuoteBasketsRequest(
        items=[
            catalog_service_pb2.BatchQuoteBasketsRequest.Item(context=context, request=request)
            for request in requests
        ]
    )


async def test_a_quote_shows_names_prices_versions_and_the_instant(platform: Client) -> None:
    request = basket(("milk", 2))
    request.lines.append(basket(("apple", 650), unit=GRAM).lines[0])
    request.lines.append(basket(("milk", 1)).lines[0])
    quote = await platform.QuoteBasket(request)
    price = money_pb2.Money(amount_minor=1290, currency_code="CNY")
    assert quote.store == STORE
    assert quote.lines[0] == catalog_pb2.QuotedLine(
        product="products/milk",
        display_name="milk 苹果",
        quantity=3,
        unit=EACH,
        unit_price=price,
        price_version=1,
        line_total=money_pb2.Money(amount_minor=3870, currency_code="CNY"),
    )
    assert [line.product for line in quote.lines] == ["products/milk", "products/apple"]
    assert quote.lines[1].line_total.amount_minor == 1299
    assert quote.total == money_pb2.Money(amount_minor=5169, currency_code="CNY")
    request.quote_time.CopyFrom(quote.quote_time)
    assert await platform.QuoteBasket(request) == quote


async def test_every_version_stays_quotable_at_its_own_time(platform: Client) -> None:
    starts = [(await platform.QuoteBasket(basket(("milk", 1)))).quote_time]
    for amount in (1190, 1090):
        (price,) = (await platform.ChangePrices(price_list({"milk": amount}))).prices
        starts.append(price.start_time)
    quoted = []
    for start in starts:
        quote = await platform.QuoteBasket(basket(("milk", 1), at=start))
        assert quote.quote_time == start
        quoted.append((quote.lines[0].price_version, quote.total.amount_minor))
    assert quoted == [(1, 1290), (2, 1190), (3, 1090)]
    before = starts[1].ToDatetime() - timedelta(microseconds=1)
    quote = await platform.QuoteBasket(basket(("milk", 1), at=before))
    assert quote.lines[0].price_version == 1


async def test_before_its_first_price_a_product_has_none(platform: Client) -> None:
    (price,) = (await platform.ChangePrices(price_list({"soap": 300}))).prices
    before = price.start_time.ToDatetime() - timedelta(microseconds=1)
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(basket(("soap", 1), at=before))
    assert raised.value.reason == "PRICE_MISSING"


@pytest.mark.parametrize(
    ("request_", "kind", "reason", "facts"),
    [
        (
            basket(("tofu", 1)),
            ErrorKind.FAILED_PRECONDITION,
            "PRODUCT_UNKNOWN",
            {"sku": "tofu"},
        ),
        (basket(("soap", 1)), ErrorKind.FAILED_PRECONDITION, "PRICE_MISSING", {"sku": "soap"}),
        (
            basket(("milk", 1), store="stores/sh09"),
            ErrorKind.FAILED_PRECONDITION,
            "PRICE_MISSING",
            {"sku": "milk"},
        ),
        (
            basket(("milk", 1), unit=GRAM),
            ErrorKind.INVALID_ARGUMENT,
            "UNIT_MISMATCH",
            {"sku": "milk", "wanted": "each", "given": "gram"},
        ),
        (basket(("gold", 2)), ErrorKind.INVALID_ARGUMENT, "AMOUNT_TOO_LARGE", {}),
        (basket(("gold", 1), ("gold", 1)), ErrorKind.INVALID_ARGUMENT, "AMOUNT_TOO_LARGE", {}),
        (basket(("gold", 1), ("milk", 1)), ErrorKind.INVALID_ARGUMENT, "AMOUNT_TOO_LARGE", {}),
    ],
)
async def test_what_can_not_be_quoted_is_refused(
    platform: Client,
    request_: catalog_service_pb2.QuoteBasketRequest,
    kind: ErrorKind,
    reason: str,
    facts: dict[str, str],
) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(request_)
    assert (raised.value.kind, raised.value.reason, raised.value.facts) == (kind, reason, facts)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (basket(("milk", 0)), "lines[0].quantity"),
        (basket(("milk", 100_000_001)), "lines[0].quantity"),
        (basket(("milk", 1), unit=0), "lines[0].unit"),  # type: ignore[arg-type]
        (basket(), "lines"),
        (basket(("milk", 1), ("Milk!", 1)), "lines[1].product"),
        (basket(("milk", 1), store="sh01"), "parent"),
        (basket(("milk", 1), at=Timestamp(seconds=253402300799)), "quote_time"),
        (basket(("milk", 1), at=Timestamp(seconds=2**62)), "quote_time"),
        (basket(("milk", 1), at=Timestamp(nanos=-1)), "quote_time"),
    ],
)
async def test_a_basket_that_can_not_be_right_names_its_field(
    platform: Client, request_: catalog_service_pb2.QuoteBasketRequest, field: str
) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(request_)
    assert raised.value.kind is ErrorKind.INVALID_ARGUMENT
    assert raised.value.violations[0][0] == field


async def test_the_oldest_instant_that_can_be_sent_has_no_prices(platform: Client) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(basket(("milk", 1), at=Timestamp(seconds=-62135596800)))
    assert raised.value.reason == "PRICE_MISSING"


async def test_parallel_quotes_are_each_answered_with_their_own(platform: Client) -> None:
    answers = await asyncio.gather(
        *(platform.QuoteBasket(basket(("milk" if i % 5 else "tofu", i + 1))) for i in range(50)),
        return_exceptions=True,
    )
    for i, answer in enumerate(answers):
        if isinstance(answer, BaseException):
            assert isinstance(answer, HutongError)
            assert (i % 5, answer.reason) == (0, "PRODUCT_UNKNOWN")
        else:
            assert i % 5
            assert answer.total.amount_minor == 1290 * (i + 1)


async def test_each_item_of_a_batch_succeeds_or_fails_on_its_own(
    chain: Chain, platform: Client
) -> None:
    (price,) = (await platform.ChangePrices(price_list({"milk": 1190}))).prices
    before = price.start_time.ToDatetime() - timedelta(microseconds=1)
    reply = await chain.client("service").BatchQuoteBaskets(
        batch(
            chain,
            basket(("milk", 2)),
            basket(("tofu", 1)),
            basket(("milk", 0)),
            basket(("milk", 1), at=before),
            basket(("milk", 1), at=Timestamp(seconds=253402300799)),
            basket(("bad name", 1)),
            basket(("gold", 2)),
        )
    )
    assert [
        from_status(each.error).reason if each.HasField("error") else each.quote.total.amount_minor
        for each in reply.results
    ] == [
        2380,
        "PRODUCT_UNKNOWN",
        "INVALID_INPUT",
        1290,
        "INVALID_INPUT",
        "NAME_INVALID",
        "AMOUNT_TOO_LARGE",
    ]


async def test_a_batch_answers_what_single_calls_answer(chain: Chain, platform: Client) -> None:
    at = (await platform.QuoteBasket(basket(("milk", 1)))).quote_time
    requests = [basket(("milk", i), ("gold", 1), ("milk", 1), at=at) for i in range(1, 4)]
    requests += [basket(("milk", i), at=at) for i in range(1, 4)]
    reply = await chain.client("service").BatchQuoteBaskets(batch(chain, *requests))
    answers = read_results(reply, field="quote", convert=lambda message: message)
    alone = await asyncio.gather(
        *(platform.QuoteBasket(request) for request in requests), return_exceptions=True
    )
    assert [repr(each) for each in answers] == [repr(each) for each in alone]
    assert [isinstance(each, HutongError) for each in alone] == [True] * 3 + [False] * 3


async def test_a_batch_is_for_services_and_each_item_for_its_caller(
    world: World, chain: Chain, platform: Client
) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.BatchQuoteBaskets(batch(chain, basket(("milk", 1))))
    assert raised.value.kind is ErrorKind.PERMISSION_DENIED

    service = chain.client("service")
    own = batch(chain, basket(("milk", 1)), role="cashier", stores=(STORE,))
    foreign = batch(chain, basket(("milk", 1)), role="cashier", stores=("stores/sh02",))
    elsewhere = batch(chain, basket(("milk", 1)), tenant=Chain(world).tenant)
    for each in (foreign, elsewhere):
        own.items.extend(each.items)
    results = (await service.BatchQuoteBaskets(own)).results
    assert results[0].quote.total.amount_minor == 1290
    assert from_status(results[1].error).reason == "RESOURCE_NOT_FOUND"
    assert from_status(results[2].error).reason == "PRODUCT_UNKNOWN"


async def test_a_quote_changes_nothing(chain: Chain, platform: Client) -> None:
    before = (await chain.price_rows(), await chain.product_rows(), await chain.events())
    await platform.QuoteBasket(basket(("milk", 1)))
    assert (await chain.price_rows(), await chain.product_rows(), await chain.events()) == before


async def test_quotes_while_prices_change_show_each_version_with_its_own_price(
    platform: Client,
) -> None:
    async def change() -> None:
        for amount in range(1291, 1311):
            await platform.ChangePrices(price_list({"milk": amount}))

    async def ask() -> list[tuple[int, int]]:
        seen = []
        for _ in range(40):
            (line,) = (await platform.QuoteBasket(basket(("milk", 1)))).lines
            seen.append((line.price_version, line.line_total.amount_minor))
        return seen

    _, *asked = await asyncio.gather(change(), ask(), ask(), ask())
    for seen in asked:
        assert all(amount == 1289 + version for version, amount in seen)
        assert seen == sorted(seen)


def yuan(fen: int) -> money_pb2.Money:
    return money_pb2.Money(amount_minor=fen, currency_code="CNY")


async def test_a_price_that_changed_is_answered_beside_the_one_that_was_shown(
    platform: Client,
) -> None:
    (line,) = (await platform.QuoteBasket(basket(("milk", 2), shown=1))).lines
    assert (line.price_version, line.shown_price_version) == (1, 0)
    assert not line.HasField("shown_unit_price")
    await platform.ChangePrices(price_list({"milk": 1390}))
    (line,) = (await platform.QuoteBasket(basket(("milk", 2), shown=1))).lines
    assert (line.price_version, line.unit_price) == (2, yuan(1390))
    assert (line.shown_price_version, line.shown_unit_price) == (1, yuan(1290))
    assert line.line_total == yuan(2780)


async def test_a_newer_version_with_the_same_unit_price_is_no_change(platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    (line,) = (await platform.QuoteBasket(basket(("milk", 1), shown=1))).lines
    assert (line.price_version, line.shown_price_version) == (2, 0)
    assert not line.HasField("shown_unit_price")


async def test_lines_of_one_product_may_have_been_shown_different_versions(
    platform: Client,
) -> None:
    for amount in (1190, 1090):
        await platform.ChangePrices(price_list({"milk": amount}))
    request = basket(("milk", 1), shown=2)
    request.lines.append(basket(("milk", 1), shown=1).lines[0])
    request.lines.append(basket(("milk", 1), shown=3).lines[0])
    (line,) = (await platform.QuoteBasket(request)).lines
    assert (line.quantity, line.price_version, line.shown_price_version) == (3, 3, 1)
    assert line.shown_unit_price == yuan(1290)


@pytest.mark.parametrize("shown", [2, 2**63 - 1])
async def test_a_shown_version_that_was_never_asked_is_bad_input(
    platform: Client, shown: int
) -> None:
    """So is one that is announced: nobody was shown it, and its price is not told."""
    announced = price_list({"milk": 990})
    announced.start_time.FromSeconds(int(time.time()) + 3600)
    await platform.ChangePrices(announced)
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(basket(("milk", 1), shown=shown))
    assert raised.value.reason == "PRICE_VERSION_UNKNOWN"
    assert raised.value.kind is ErrorKind.INVALID_ARGUMENT
    assert raised.value.facts == {"sku": "milk", "version": str(shown)}
    assert raised.value.violations[0][0] == "lines[0].shown_price_version"
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(basket(("milk", 1), shown=-1))
    assert raised.value.violations[0][0] == "lines[0].shown_price_version"


async def test_a_batch_of_quotes_is_one_statement_that_only_indexes_answer(world: World) -> None:
    """Also where a store has thousands of prices, and some of them an end."""
    tenant = Chain(world).tenant
    store = f"{tenant}:sh01"
    async with world.database("catalog").transaction() as tx:
        await tx.run("insert into store_currency values ($1, 'CNY')", store)
        await tx.run(
            """
            insert into price (store_id, sku, version, currency, amount_minor, unit, starts_at,
                               ends_at)
            select $1, 'p' || i, v, 'CNY', i, 'each', now() - make_interval(days => 9 - v),
                   case when v = 3 and i % 10 = 0 then now() + interval '1 day' end
              from generate_series(1, 2000) as i, generate_series(1, 3) as v
            """,
            store,
        )
        await tx.run("analyze price")
        asked = 50
        plan = await tx.rows(
            "explain (analyze, costs off, timing off, summary off) " + offer_rows.OFFERS,
            [tenant] * asked,
            [store] * asked,
            [f"p{i}" for i in range(asked)],
            ["till"] * asked,
            [None] * asked,
            [2] * asked,
            [None] * asked,
        )
        text = "\n".join(line for (line,) in plan)
        for index in ("price_temporary", "price_standing", "price_pkey"):
            assert f"using {index} on price" in text, text
        assert "Seq Scan on price" not in text, text
        await tx.run("delete from price where store_id = $1", store)
        await tx.run("delete from store_currency where store_id = $1", store)
