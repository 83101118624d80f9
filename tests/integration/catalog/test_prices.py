"""What stores ask: versions without gaps, kept for ever, in one currency per store."""

import asyncio
import itertools
from contextlib import suppress

import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from hutong.catalog.v1 import catalog_service_pb2, events_pb2
from hutong.common.v1 import money_pb2
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
from tests.support.world import Client, World

OTHER_STORE = "stores/sh02"


class GivenUp(Exception):
    """Rolls a transaction back."""


def price_of(sku: str, *, store: str = STORE) -> catalog_service_pb2.GetPriceRequest:
    return catalog_service_pb2.GetPriceRequest(name=f"{store}/prices/{sku}")


@pytest.fixture(autouse=True)
async def products(platform: Client) -> None:
    await platform.BatchCreateProducts(
        creation(product("apple", unit=GRAM), product("milk"), product("soap"))
    )


async def test_new_prices_are_answered_in_order_and_asked_at_once(
    chain: Chain, platform: Client
) -> None:
    reply = await platform.ChangePrices(price_list({"milk": 1290, "apple": 1998}))
    assert [each.name for each in reply.prices] == [
        f"{STORE}/prices/milk",
        f"{STORE}/prices/apple",
    ]
    assert [each.version for each in reply.prices] == [1, 1]
    assert [each.unit for each in reply.prices] == [EACH, GRAM]
    assert reply.prices[0].unit_price == money_pb2.Money(amount_minor=1290, currency_code="CNY")
    assert reply.prices[0] == await platform.GetPrice(price_of("milk"))
    quote = await platform.QuoteBasket(basket(("milk", 1)))
    assert quote.lines[0].price_version == 1
    assert await chain.price_rows() == [("apple", 1, 1998), ("milk", 1, 1290)]


async def test_each_new_price_is_told_of_with_its_version(chain: Chain, platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    reply = await platform.ChangePrices(price_list({"milk": 1190}))
    aggregate = f"{chain.tenant}/{STORE}/prices/milk"
    rows = await chain.rows(
        "select distribution_key, sequence, type, data from outbox"
        " where aggregate = $1 order by sequence",
        aggregate,
    )
    assert [row.sequence for row in rows] == [1, 2]
    assert {row.distribution_key for row in rows} == {f"{chain.tenant}:sh01"}
    assert {row.type for row in rows} == {events_pb2.PriceChanged.DESCRIPTOR.full_name}
    assert events_pb2.PriceChanged.FromString(rows[1].data).price == reply.prices[0]


async def test_a_repeated_change_gets_the_same_answer(chain: Chain, platform: Client) -> None:
    request = price_list({"milk": 1290})
    first = await platform.ChangePrices(request)
    await platform.ChangePrices(price_list({"milk": 1190}))
    again = await platform.ChangePrices(request)
    assert first.SerializeToString(deterministic=True) == again.SerializeToString(
        deterministic=True
    )
    assert await chain.price_rows() == [("milk", 1, 1290), ("milk", 2, 1190)]
    request.changes[0].unit_price.amount_minor = 1
    with pytest.raises(HutongError) as raised:
        await platform.ChangePrices(request)
    assert raised.value.reason == "REQUEST_ID_REUSED"


async def test_a_change_sent_many_times_at_once_has_one_effect(
    chain: Chain, platform: Client
) -> None:
    request = price_list({"milk": 1290})
    answers = await asyncio.gather(*(platform.ChangePrices(request) for _ in range(8)))
    assert len({each.SerializeToString(deterministic=True) for each in answers}) == 1
    assert await chain.price_rows() == [("milk", 1, 1290)]


async def test_a_list_with_an_unknown_product_changes_nothing(
    chain: Chain, platform: Client
) -> None:
    request = price_list({"milk": 1290, "gold": 1})
    for _ in range(2):
        with pytest.raises(HutongError) as raised:
            await platform.ChangePrices(request)
        assert (raised.value.reason, raised.value.facts) == ("PRODUCT_UNKNOWN", {"sku": "gold"})
    assert await chain.price_rows() == []
    assert (
        await chain.rows("select 1 from store_currency where store_id = $1", f"{chain.tenant}:sh01")
        == []
    )


async def test_a_store_keeps_its_currency(chain: Chain, platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    with pytest.raises(HutongError) as raised:
        await platform.ChangePrices(price_list({"soap": 300}, currency="JPY"))
    assert raised.value.reason == "CURRENCY_MISMATCH"
    assert raised.value.facts == {"given": "JPY", "wanted": "CNY"}
    mixed = price_list({"milk": 1, "soap": 2})
    mixed.changes[1].unit_price.currency_code = "JPY"
    with pytest.raises(HutongError) as raised:
        await platform.ChangePrices(mixed)
    assert raised.value.reason == "CURRENCY_MISMATCH"
    assert raised.value.violations[0][0] == "changes[1].unit_price"
    await platform.ChangePrices(price_list({"milk": 300}, store=OTHER_STORE, currency="JPY"))
    assert await chain.price_rows() == [("milk", 1, 1290), ("milk", 1, 300)]


async def test_parallel_first_prices_agree_on_one_currency(chain: Chain, platform: Client) -> None:
    currencies = ["CNY", "JPY"] * 4
    answers = await asyncio.gather(
        *(platform.ChangePrices(price_list({"milk": 1}, currency=each)) for each in currencies),
        return_exceptions=True,
    )
    refused = [each for each in answers if isinstance(each, HutongError)]
    assert [each.reason for each in refused] == ["CURRENCY_MISMATCH"] * 4
    assert [version for _, version, _ in await chain.price_rows()] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("amount_minor", "reason"),
    [(-1, "AMOUNT_INVALID"), (10**15 + 1, "AMOUNT_TOO_LARGE"), (2**63 - 1, "AMOUNT_TOO_LARGE")],
)
async def test_an_impossible_price_names_its_field(
    chain: Chain, platform: Client, amount_minor: int, reason: str
) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.ChangePrices(price_list({"milk": 1, "soap": amount_minor}))
    assert (raised.value.kind, raised.value.reason) == (ErrorKind.INVALID_ARGUMENT, reason)
    assert raised.value.violations[0][0] == "changes[1].unit_price"
    assert await chain.price_rows() == []


async def test_a_list_names_a_product_once(chain: Chain, platform: Client) -> None:
    request = price_list({"milk": 1})
    request.changes.append(request.changes[0])
    with pytest.raises(HutongError) as raised:
        await platform.ChangePrices(request)
    assert raised.value.violations[0][0] == "changes[1].product"
    assert await chain.price_rows() == []


async def test_parallel_changes_yield_versions_without_gaps(chain: Chain, platform: Client) -> None:
    orders = list(itertools.permutations(["apple", "milk", "soap"]))
    answers = await asyncio.gather(
        *(
            platform.ChangePrices(price_list(dict.fromkeys(orders[i % len(orders)], 100 + i)))
            for i in range(24)
        )
    )
    rows = await chain.price_rows()
    for sku in ("apple", "milk", "soap"):
        assert [version for each, version, _ in rows if each == sku] == list(range(1, 25))
    starts = sorted((p.version, p.start_time.ToNanoseconds()) for a in answers for p in a.prices)
    by_version = [{start for version, start in starts if version == v} for v in range(1, 25)]
    assert all(max(early) < min(late) for early, late in itertools.pairwise(by_version))


async def test_a_version_starts_after_the_transaction_that_it_waited_for(
    chain: Chain, platform: Client
) -> None:
    """Nobody may be charged a price from before it could be seen."""
    await platform.ChangePrices(price_list({"milk": 1290}))
    async with chain.world.database("catalog").transaction() as tx:
        await tx.run(
            "update store_currency set currency = currency where store_id = $1",
            f"{chain.tenant}:sh01",
        )
        waiting = asyncio.ensure_future(platform.ChangePrices(price_list({"milk": 1190})))
        await asyncio.sleep(0.3)
        row = await tx.row("select clock_timestamp() as released_at")
    assert row is not None
    (price,) = (await waiting).prices
    assert price.start_time.ToNanoseconds() >= int(row.released_at.timestamp() * 1e6) * 1000


async def test_prices_are_listed_by_sku_in_pages_each_in_its_newest_version(
    platform: Client,
) -> None:
    await platform.ChangePrices(price_list({"soap": 300, "milk": 1290, "apple": 1998}))
    await platform.ChangePrices(price_list({"milk": 1190}))
    await platform.ChangePrices(price_list({"milk": 1}, store=OTHER_STORE))
    request = catalog_service_pb2.ListPricesRequest(parent=STORE, page_size=2)
    first = await platform.ListPrices(request)
    request.page_token = first.next_page_token
    second = await platform.ListPrices(request)
    listed = [*first.prices, *second.prices]
    assert [(each.name.rpartition("/")[2], each.version) for each in listed] == [
        ("apple", 1),
        ("milk", 2),
        ("soap", 1),
    ]
    assert second.next_page_token == ""
    request.parent = OTHER_STORE
    with pytest.raises(HutongError) as raised:
        await platform.ListPrices(request)
    assert raised.value.reason == "PAGE_TOKEN_INVALID"


async def test_a_price_that_is_not_asked_is_not_found(platform: Client) -> None:
    for sku in ("milk", "gold"):
        with pytest.raises(HutongError) as raised:
            await platform.GetPrice(price_of(sku))
        assert raised.value.reason == "RESOURCE_NOT_FOUND"
        assert raised.value.facts == {"resource": f"{STORE}/prices/{sku}"}


async def test_a_manager_changes_prices_at_their_own_store_only(chain: Chain) -> None:
    manager = chain.client("store_manager", stores=[STORE])
    await manager.ChangePrices(price_list({"milk": 1290}))
    with pytest.raises(HutongError) as raised:
        await manager.ChangePrices(price_list({"milk": 1290}, store=OTHER_STORE))
    assert raised.value.reason == "RESOURCE_NOT_FOUND"
    with pytest.raises(HutongError) as raised:
        await chain.client("cashier", stores=[STORE]).ChangePrices(price_list({"milk": 1}))
    assert raised.value.kind is ErrorKind.PERMISSION_DENIED
    assert await chain.price_rows() == [("milk", 1, 1290)]


async def test_prices_at_a_store_of_the_same_name_in_another_tenant_are_apart(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    other = Chain(world)
    theirs = other.client("platform")
    await theirs.BatchCreateProducts(creation(product("milk")))
    (price,) = (await theirs.ChangePrices(price_list({"milk": 9}, currency="JPY"))).prices
    assert price.version == 1
    assert (await platform.GetPrice(price_of("milk"))).unit_price.amount_minor == 1290


async def test_a_thousand_prices_are_changed_at_once(chain: Chain, platform: Client) -> None:
    skus = [f"p{i:04}" for i in range(1000)]
    await platform.BatchCreateProducts(creation(*map(product, skus)))
    request = price_list(dict.fromkeys(reversed(skus), 100))
    reply = await platform.ChangePrices(request)
    assert [each.name.rpartition("/")[2] for each in reply.prices] == list(reversed(skus))
    assert len(await chain.price_rows()) == 1000


@pytest.mark.parametrize(
    ("broken_by", "view"),
    [
        ("delete from price where version = 2", "broken_price_versions"),
        (
            "update price set starts_at = starts_at - interval '1 day' where version = 3",
            "broken_price_versions",
        ),
        ("update price set unit = 'gram'", "broken_price_product"),
        (
            """
            alter table price drop constraint price_in_the_currency_of_the_store;
            update price set currency = 'JPY' where version = 3
            """,
            "broken_price_currency",
        ),
        (
            """
            alter table barcode drop constraint barcode_of_a_product;
            update barcode set sku = 'gold'
            """,
            "broken_barcode",
        ),
        ("update barcode set code = '02101234006504'", "broken_barcode_restricted"),
        (
            """
            drop index price_starts_once_till;
            drop index price_starts_once_online;
            update price set starts_at = (select min(starts_at) from price)
            """,
            "broken_price_versions",
        ),
    ],
)
async def test_each_verifying_view_finds_what_it_is_for(
    chain: Chain, platform: Client, broken_by: str, view: str
) -> None:
    """Nothing that is broken here stays: the transaction is given up at the end."""
    await platform.BatchCreateProducts(creation(product("pear", "00001")))
    for amount in (3, 2, 1):
        await platform.ChangePrices(price_list({"milk": amount}))
    with suppress(GivenUp):
        async with chain.world.database("catalog").transaction() as tx:
            for statement in broken_by.split(";"):
                await tx.run(statement)
            found = await tx.rows(f"select * from verify.{view}")
            raise GivenUp
    assert found
