"""One price at each instant in each channel, whatever was announced, ended and withdrawn."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncpg import PostgresError
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.status import from_status
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, events_pb2
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
from tests.support.world import Client, World, call_context_for, caller

MILK = f"{STORE}/prices/milk"
TILL = catalog_pb2.SALES_CHANNEL_TILL
ONLINE = catalog_pb2.SALES_CHANNEL_ONLINE
BOTH = catalog_pb2.SALES_CHANNEL_UNSPECIFIED
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
async def shelf(world: World, platform: Client) -> AsyncIterator[None]:
    await platform.BatchCreateProducts(creation(product("milk"), product("soap")))
    yield
    await world.pass_time("catalog", 0)


def withdrawal(version: int, *, why: str = "a slip") -> catalog_service_pb2.WithdrawPriceRequest:
    return catalog_service_pb2.WithdrawPriceRequest(
        name=MILK, version=version, reason=why, request_id=request_id()
    )


async def outcome(call: Awaitable[Any]) -> tuple[Any, str]:
    """The reply, or the reason of the refusal."""
    try:
        return await call, ""
    except HutongError as error:
        return None, error.reason


async def version_at(client: Client, at: datetime | None, channel: catalog_pb2.SalesChannel) -> int:
    """The version of the milk's price, 0 for none."""
    quote, refusal = await outcome(client.QuoteBasket(basket(("milk", 1), at=at, channel=channel)))
    assert refusal in ("", "PRICE_MISSING")
    return 0 if refusal else int(quote.lines[0].price_version)


async def test_a_price_with_an_end_is_asked_until_then_and_the_one_before_it_again(
    world: World, platform: Client
) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    start, end = ahead(hours=1), ahead(hours=2)
    reply = await platform.ChangePrices(price_list({"milk": 990}, start=start, end=end))
    assert reply.prices[0].end_time.ToDatetime(tzinfo=UTC) == end
    expected = [(start - MICROSECOND, 1), (start, 2), (end - MICROSECOND, 2), (end, 1)]
    for at, version in expected:
        assert await version_at(platform, at, TILL) == version
        assert await version_at(platform, at, ONLINE) == version
    await world.pass_time("catalog", 3600 + 1800)
    now = await platform.GetPrice(catalog_service_pb2.GetPriceRequest(name=MILK))
    listed = await platform.ListPrices(catalog_service_pb2.ListPricesRequest(parent=STORE))
    assert (now.version, list(listed.prices)) == (2, [now])
    await world.pass_time("catalog", 3 * 3600)
    assert await version_at(platform, None, TILL) == 1


async def test_what_stands_may_change_below_a_price_with_an_end(platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    end = ahead(hours=2)
    await platform.ChangePrices(price_list({"milk": 990}, end=end))
    await platform.ChangePrices(price_list({"milk": 1390}))
    assert await version_at(platform, None, TILL) == 2
    assert await version_at(platform, end, TILL) == 3


async def test_a_price_with_an_end_needs_none_below_it(platform: Client) -> None:
    end = ahead(hours=1)
    await platform.ChangePrices(price_list({"milk": 990}, end=end))
    assert await version_at(platform, None, ONLINE) == 1
    assert await version_at(platform, end, ONLINE) == 0


async def test_prices_with_an_end_touch_and_never_overlap(chain: Chain, platform: Client) -> None:
    start, end = ahead(hours=2), ahead(hours=4)
    await platform.ChangePrices(price_list({"milk": 990}, start=start, end=end))
    hour = timedelta(hours=1)
    overlapping = [
        (start - hour, start + MICROSECOND),
        (start, end),
        (end - MICROSECOND, end + hour),
    ]
    for other_start, other_end in overlapping:
        with pytest.raises(HutongError) as raised:
            await platform.ChangePrices(
                price_list({"soap": 1, "milk": 890}, start=other_start, end=other_end)
            )
        assert raised.value.reason == "PRICE_OVERLAP"
        assert raised.value.facts == {
            "sku": "milk",
            "version": "1",
            "start_time": start.isoformat(),
            "end_time": end.isoformat(),
        }
    for other_start, other_end in ((start - hour, start), (end, end + hour)):
        await platform.ChangePrices(price_list({"milk": 890}, start=other_start, end=other_end))
    assert [version for _, version, _ in await chain.price_rows()] == [1, 2, 3]


async def test_parallel_prices_for_one_range_have_one_winner(
    chain: Chain, platform: Client
) -> None:
    start, end = ahead(hours=1), ahead(hours=2)
    answers = await asyncio.gather(
        *(
            platform.ChangePrices(price_list({"milk": 100 + i}, start=start, end=end))
            for i in range(8)
        ),
        return_exceptions=True,
    )
    refused = [each.reason for each in answers if isinstance(each, HutongError)]
    assert refused == ["PRICE_OVERLAP"] * 7
    assert len(await chain.price_rows()) == 1


@pytest.mark.parametrize("other", ["till", "all"])
async def test_the_database_itself_refuses_what_overlaps(
    chain: Chain, platform: Client, other: str
) -> None:
    await platform.ChangePrices(price_list({"milk": 990}, end=ahead(hours=1), channel=TILL))
    with pytest.raises(PostgresError, match="price_temporary_apart"):
        await chain.rows(
            """
            insert into price
            select store_id, sku, 2, currency, amount_minor, unit,
                   ends_at - interval '1 microsecond', false, $2, ends_at + interval '1 hour'
              from price where store_id = $1 returning 1
            """,
            f"{chain.tenant}:sh01",
            other,
        )


async def test_a_channel_has_its_own_price(chain: Chain, platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    await platform.ChangePrices(price_list({"milk": 1190}, channel=ONLINE))
    assert await version_at(platform, None, TILL) == 1
    assert await version_at(platform, None, ONLINE) == 2
    assert await version_at(platform, None, BOTH) == 1
    customer = chain.client("customer", customer="customers/c1")
    assert await version_at(customer, None, BOTH) == 2
    quote = await customer.QuoteBasket(basket(("milk", 1)))
    assert quote.channel == ONLINE
    named = catalog_service_pb2.GetPriceRequest(name=MILK)
    assert (await customer.GetPrice(named)).version == 2
    assert (await platform.GetPrice(named)).version == 1
    await platform.ChangePrices(price_list({"milk": 1000}))
    assert await version_at(platform, None, TILL) == await version_at(platform, None, ONLINE) == 3


async def test_each_channel_may_announce_for_the_same_instant(platform: Client) -> None:
    start = ahead(hours=1)
    await platform.ChangePrices(price_list({"milk": 1}, start=start, channel=TILL))
    await platform.ChangePrices(price_list({"milk": 2}, start=start, channel=ONLINE))
    with pytest.raises(HutongError) as raised:
        await platform.ChangePrices(price_list({"milk": 3}, start=start))
    assert raised.value.reason == "PRICE_ANNOUNCED"
    assert await version_at(platform, start, TILL) == 1
    assert await version_at(platform, start, ONLINE) == 2


@pytest.mark.parametrize(
    ("start", "end"), [(None, -1.0), (None, 0.0), (2.0, 1.0), (None, 366.1 * 24), (24.0, 24 * 368)]
)
async def test_an_end_that_can_not_be_names_its_field(
    chain: Chain, platform: Client, start: float | None, end: float
) -> None:
    begins = None if start is None else ahead(hours=start)
    with pytest.raises(HutongError) as raised:
        await platform.ChangePrices(price_list({"milk": 990}, start=begins, end=ahead(hours=end)))
    assert raised.value.kind is ErrorKind.INVALID_ARGUMENT
    assert raised.value.violations[0][0] == "end_time"
    assert await chain.price_rows() == []


async def test_an_announced_price_is_withdrawn_and_makes_room(
    chain: Chain, platform: Client
) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    start = ahead(hours=1)
    await platform.ChangePrices(price_list({"milk": 990}, start=start))
    manager = chain.client("store_manager", stores=[STORE])
    request = withdrawal(2, why="wrong list")
    gone = await manager.WithdrawPrice(request)
    assert (gone.version, gone.start_time, gone.end_time) == (2, gone.end_time, gone.start_time)
    assert (gone.withdraw_reason, gone.withdrawn_by) == ("wrong list", "users/store_manager")
    assert await manager.WithdrawPrice(request) == gone
    assert await version_at(platform, start, TILL) == 1
    (price,) = (await platform.ChangePrices(price_list({"milk": 1190}))).prices
    assert price.version == 3
    versions = await manager.ListPriceVersions(
        catalog_service_pb2.ListPriceVersionsRequest(parent=MILK)
    )
    assert list(versions.prices)[1] == gone
    with pytest.raises(HutongError) as raised:
        await manager.WithdrawPrice(withdrawal(2))
    assert raised.value.reason == "PRICE_ENDED"


async def test_a_withdrawn_price_is_told_of_in_order(chain: Chain, platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    await platform.ChangePrices(price_list({"milk": 990}, start=ahead(hours=1)))
    gone = await platform.WithdrawPrice(withdrawal(2))
    await platform.ChangePrices(price_list({"milk": 1190}))
    await platform.ChangePrices(price_list({"milk": 890}, end=ahead(hours=1)))
    await platform.WithdrawPrice(withdrawal(4))
    rows = await chain.rows(
        "select sequence, type, data from outbox where aggregate = $1 order by sequence",
        f"{chain.tenant}/{MILK}",
    )
    kinds = [row.type.rpartition(".")[2] for row in rows]
    assert [row.sequence for row in rows] == [1, 2, 3, 4, 5, 6]
    assert kinds == [
        "PriceChanged",
        "PriceChanged",
        "PriceWithdrawn",
        "PriceChanged",
        "PriceChanged",
        "PriceWithdrawn",
    ]
    assert events_pb2.PriceWithdrawn.FromString(rows[2].data).price == gone


async def test_a_price_with_an_end_that_is_asked_already_ends_now(platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    (price,) = (await platform.ChangePrices(price_list({"milk": 99}, end=ahead(hours=1)))).prices
    gone = await platform.WithdrawPrice(withdrawal(2))
    assert gone.end_time == gone.withdraw_time
    assert await version_at(platform, None, TILL) == 1
    during = price.start_time.ToDatetime(tzinfo=UTC)
    assert await version_at(platform, during, TILL) == 2


async def test_a_price_that_stands_is_not_withdrawn(platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    request = withdrawal(1)
    for _ in range(2):
        with pytest.raises(HutongError) as raised:
            await platform.WithdrawPrice(request)
        assert raised.value.reason == "PRICE_STARTED"
    assert await version_at(platform, None, TILL) == 1


async def test_who_may_withdraw_what(chain: Chain, platform: Client) -> None:
    for version in (1, 2**63 - 1):
        with pytest.raises(HutongError) as raised:
            await platform.WithdrawPrice(withdrawal(version))
        assert raised.value.reason == "RESOURCE_NOT_FOUND"
    await platform.ChangePrices(price_list({"milk": 990}, start=ahead(hours=1)))
    with pytest.raises(HutongError) as raised:
        await chain.client("store_manager", stores=["stores/sh02"]).WithdrawPrice(withdrawal(1))
    assert raised.value.reason == "RESOURCE_NOT_FOUND"
    with pytest.raises(HutongError) as raised:
        await chain.client("cashier", stores=[STORE]).WithdrawPrice(withdrawal(1))
    assert raised.value.kind is ErrorKind.PERMISSION_DENIED


async def test_a_version_that_was_withdrawn_before_its_start_was_never_shown(
    world: World, platform: Client
) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    await platform.ChangePrices(price_list({"milk": 990}, start=ahead(minutes=5)))
    await platform.WithdrawPrice(withdrawal(2))
    await world.pass_time("catalog", 600)
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(basket(("milk", 1), shown=2))
    assert raised.value.reason == "PRICE_VERSION_UNKNOWN"


@dataclass
class Version:
    """One version as the oracle keeps it; times in microseconds."""

    number: int
    start: int
    end: int | None
    channel: catalog_pb2.SalesChannel

    def covers(self, at: int) -> bool:
        return self.start <= at and (self.end is None or at < self.end)

    def meets(self, channel: catalog_pb2.SalesChannel) -> bool:
        return BOTH in (self.channel, channel) or self.channel == channel


@dataclass
class Oracle:
    """What is in force, found by looking at every version."""

    versions: list[Version]

    def at(self, instant: int, channel: catalog_pb2.SalesChannel) -> int:
        found = [v for v in self.versions if v.meets(channel) and v.covers(instant)]
        temporary = [v for v in found if v.end is not None]
        assert len(temporary) <= 1
        if temporary:
            return temporary[0].number
        return max(found, key=lambda v: v.start).number if found else 0

    def refusal(self, start: int, end: int | None, channel: catalog_pb2.SalesChannel) -> str:
        met = [v for v in self.versions if v.meets(channel)]
        if end is None:
            late = any(v.end is None and v.start >= start for v in met)
            return "PRICE_ANNOUNCED" if late else ""
        ranges = [(v.start, v.end) for v in met if v.end is not None and v.start < v.end]
        return "PRICE_OVERLAP" if any(s < end and start < e for s, e in ranges) else ""


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


async def _change(client: Client, oracle: Oracle, chance: random.Random) -> None:
    now = int(time.time() * 1_000_000)
    minutes = [None, *(chance.randrange(1, 1200) for _ in range(3))]
    begins = chance.choice(minutes)
    start = None if begins is None else now + begins * 60_000_000
    lasts = chance.choice([None, chance.randrange(1, 300), chance.randrange(1, 300)])
    end = None if lasts is None else (start or now) + lasts * 60_000_000
    channel = chance.choice([BOTH, TILL, ONLINE])
    request = price_list(
        {"milk": chance.randrange(1, 5000)},
        start=None if start is None else _instant(start),
        end=None if end is None else _instant(end),
        channel=channel,
    )
    reply, refusal = await outcome(client.ChangePrices(request))
    assert refusal == oracle.refusal(start or now, end, channel)
    if refusal:
        return
    (price,) = reply.prices
    assert price.version == len(oracle.versions) + 1
    oracle.versions.append(Version(price.version, price.start_time.ToMicroseconds(), end, channel))


async def _withdraw(client: Client, oracle: Oracle, chance: random.Random) -> None:
    if not oracle.versions:
        return
    version = chance.choice(oracle.versions)
    now = int(time.time() * 1_000_000)
    if version.end is not None and version.end <= max(now, version.start):
        expected = "PRICE_ENDED"
    else:
        expected = "PRICE_STARTED" if version.end is None and version.start <= now else ""
    gone, refusal = await outcome(client.WithdrawPrice(withdrawal(version.number)))
    assert refusal == expected
    if refusal:
        return
    version.end = gone.end_time.ToMicroseconds()
    assert version.end == max(version.start, gone.withdraw_time.ToMicroseconds())


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_in_force_is_what_a_search_of_all_versions_finds(
    chain: Chain, platform: Client, seed: int
) -> None:
    chance, oracle = random.Random(seed), Oracle([])
    for _ in range(40):
        await chance.choice([_change, _change, _withdraw])(platform, oracle, chance)
    edges = {e for v in oracle.versions for e in (v.start, v.end) if e is not None}
    asked = [
        (instant, channel)
        for edge in sorted(edges)
        for instant in (edge - 1, edge, edge + 1)
        for channel in (TILL, ONLINE)
    ]
    context = call_context_for(caller(role="platform", tenant=chain.tenant))
    batch = catalog_service_pb2.BatchQuoteBasketsRequest()
    for instant, channel in asked:
        at = Timestamp()
        at.FromMicroseconds(instant)
        batch.items.add(context=context, request=basket(("milk", 1), at=at, channel=channel))
    reply = await chain.client("service").BatchQuoteBaskets(batch)
    for (instant, channel), result in zip(asked, reply.results, strict=True):
        version = 0
        if result.HasField("error"):
            assert from_status(result.error).reason == "PRICE_MISSING"
        else:
            version = result.quote.lines[0].price_version
        assert version == oracle.at(instant, channel), (seed, instant, channel)
