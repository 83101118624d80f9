"""What devices show is compared with what is asked, and what disagrees is kept with its times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel.errors import ErrorKind, HutongError
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, parity_pb2
from hutong.common.v1 import money_pb2
from services.catalog.convert.parity import disagreement_changed, shown_changed
from services.catalog.settings import PARITY_GRACE_SECONDS_DEFAULT
from services.catalog.usecases.parity import CHECKED_AT_ONCE_MAX, SILENT_SECONDS_MAX, Parity
from tests.integration.catalog.chains import (
    STORE,
    Chain,
    ahead,
    creation,
    price_list,
    product,
    request_id,
)
from tests.support.world import Client, World

LABEL = parity_pb2.PRICE_SURFACE_SHELF_LABEL
TILL = parity_pb2.PRICE_SURFACE_TILL
APP = parity_pb2.PRICE_SURFACE_APP
GRACE = PARITY_GRACE_SECONDS_DEFAULT
OTHER_STORE = "stores/sh02"


@pytest.fixture(autouse=True)
async def shelf(world: World, platform: Client) -> AsyncIterator[None]:
    await platform.BatchCreateProducts(creation(product("milk"), product("soap")))
    await platform.ChangePrices(price_list({"milk": 1290, "soap": 300}))
    yield
    await world.pass_time("catalog", 0)


def shown(sku: str, version: int, amount: int, currency: str = "CNY") -> parity_pb2.ShownPrice:
    return parity_pb2.ShownPrice(
        product=f"products/{sku}",
        price_version=version,
        unit_price=money_pb2.Money(amount_minor=amount, currency_code=currency),
    )


def report(
    *prices: parity_pb2.ShownPrice,
    surface: parity_pb2.PriceSurface = LABEL,
    device: str = "label-1",
    store: str = STORE,
    at: datetime | None = None,
) -> catalog_service_pb2.ReportShownPricesRequest:
    return catalog_service_pb2.ReportShownPricesRequest(
        parent=store, surface=surface, device=device, prices=prices, report_time=at or ahead()
    )


async def check(
    world: World, *, grace_seconds: float = GRACE, at_once_max: int = CHECKED_AT_ONCE_MAX
) -> None:
    parity = Parity(
        world.database("catalog"),
        grace_seconds=grace_seconds,
        shown_changed=shown_changed,
        disagreement_changed=disagreement_changed,
        checked_at_once_max=at_once_max,
    )
    await parity.check_all()


async def listed(
    client: Client, *, resolved: bool = False, store: str = STORE
) -> list[parity_pb2.PriceDisagreement]:
    request = catalog_service_pb2.ListPriceDisagreementsRequest(
        parent=store, include_resolved=resolved
    )
    return list((await client.ListPriceDisagreements(request)).price_disagreements)


async def test_a_device_that_shows_what_is_asked_disagrees_with_nothing(
    world: World, platform: Client
) -> None:
    reply = await platform.ReportShownPrices(report(shown("milk", 1, 1290), shown("soap", 1, 300)))
    assert list(reply.prices) == []
    await check(world)
    assert await listed(platform, resolved=True) == []


async def test_a_device_is_told_what_to_show_instead(platform: Client) -> None:
    await platform.ChangePrices(price_list({"milk": 1390}))
    reply = await platform.ReportShownPrices(report(shown("soap", 1, 300), shown("milk", 1, 1290)))
    request = catalog_service_pb2.GetPriceRequest(name=f"{STORE}/prices/milk")
    assert list(reply.prices) == [await platform.GetPrice(request)]


async def test_a_wrong_price_is_seen_kept_and_resolved(world: World, platform: Client) -> None:
    await platform.ReportShownPrices(report(shown("milk", 1, 1190), shown("soap", 1, 300)))
    await check(world)
    (found,) = await listed(platform)
    assert found.surface == LABEL
    assert (found.device, found.shown) == ("label-1", shown("milk", 1, 1190))
    assert (found.price_version, found.unit_price.amount_minor) == (1, 1290)
    assert not found.HasField("resolve_time")
    await check(world)
    assert await listed(platform) == [found]
    await platform.ReportShownPrices(report(shown("milk", 1, 1290)))
    await check(world)
    assert await listed(platform) == []
    (kept,) = await listed(platform, resolved=True)
    assert kept.first_seen_time == found.first_seen_time
    assert kept.resolve_time.ToNanoseconds() > kept.first_seen_time.ToNanoseconds()
    await platform.ReportShownPrices(report(shown("milk", 1, 1190)))
    await check(world)
    (again,) = await listed(platform)
    assert again.name != found.name
    assert len(await listed(platform, resolved=True)) == 2


async def test_a_device_has_a_grace_to_take_a_new_price(world: World, platform: Client) -> None:
    await platform.ReportShownPrices(report(shown("milk", 1, 1290)))
    await platform.ChangePrices(price_list({"milk": 1390}))
    await check(world)
    assert await listed(platform) == []
    await world.pass_time("catalog", GRACE + 1)
    await check(world)
    (found,) = await listed(platform)
    assert (found.shown.price_version, found.price_version) == (1, 2)
    await platform.ChangePrices(price_list({"milk": 1290}))
    await check(world)
    assert await listed(platform) == []


async def test_a_price_that_came_and_went_within_the_grace_is_forgiven(
    world: World, platform: Client
) -> None:
    await world.pass_time("catalog", 2 * GRACE)
    await platform.ChangePrices(price_list({"milk": 1390}))
    await platform.ChangePrices(price_list({"milk": 1490}))
    await platform.ReportShownPrices(report(shown("milk", 2, 1390)))
    await check(world)
    assert await listed(platform) == []
    await check(world, grace_seconds=0)
    assert len(await listed(platform)) == 1


async def test_a_price_that_is_shown_before_it_is_asked_disagrees_at_once(
    world: World, platform: Client
) -> None:
    await platform.ChangePrices(price_list({"milk": 990}, start=ahead(hours=1)))
    await platform.ReportShownPrices(report(shown("milk", 2, 990)))
    await check(world)
    assert len(await listed(platform)) == 1
    await world.pass_time("catalog", 3601)
    await check(world)
    assert await listed(platform) == []


async def test_a_price_that_has_ended_is_shown_no_longer_than_the_grace(
    world: World, platform: Client
) -> None:
    await platform.ChangePrices(price_list({"milk": 990}, end=ahead(hours=1)))
    await platform.ReportShownPrices(report(shown("milk", 2, 990)))
    await world.pass_time("catalog", 3600 + 2)
    await check(world)
    assert await listed(platform) == []
    await world.pass_time("catalog", 3600 + GRACE + 2)
    await check(world)
    (found,) = await listed(platform)
    assert found.price_version == 1


async def test_another_version_of_the_same_unit_price_agrees(
    world: World, platform: Client
) -> None:
    await platform.ChangePrices(price_list({"milk": 1290}))
    await platform.ReportShownPrices(report(shown("milk", 1, 1290)))
    await check(world, grace_seconds=0)
    assert await listed(platform) == []


async def test_apps_show_the_prices_of_online_and_labels_those_of_the_till(
    world: World, platform: Client
) -> None:
    online = price_list({"milk": 1190}, channel=catalog_pb2.SALES_CHANNEL_ONLINE)
    await platform.ChangePrices(online)
    for surface in (LABEL, TILL, APP):
        for amount in (1290, 1190):
            device = f"shows-{amount}"
            await platform.ReportShownPrices(
                report(shown("milk", 1, amount), surface=surface, device=device)
            )
    await check(world, grace_seconds=0)
    found = {(each.surface, each.shown.unit_price.amount_minor) for each in await listed(platform)}
    assert found == {(LABEL, 1190), (TILL, 1190), (APP, 1290)}


async def test_what_is_not_asked_at_all_disagrees_with_no_price(
    world: World, platform: Client
) -> None:
    await platform.ReportShownPrices(report(shown("milk", 1, 1290), store=OTHER_STORE))
    await check(world)
    (found,) = await listed(platform, store=OTHER_STORE)
    assert (found.price_version, found.HasField("unit_price")) == (0, False)


async def test_the_newest_report_of_a_device_counts_however_they_come_in(
    world: World, chain: Chain, platform: Client
) -> None:
    early, late = ahead(minutes=-2), ahead(minutes=-1)
    reports = [
        report(shown("milk", 1, 1290), at=late),
        report(shown("milk", 1, 1), at=early),
        report(shown("milk", 1, 2), at=late),
    ]
    for request in (*reports, *reports):
        await platform.ReportShownPrices(request)
    rows = await chain.rows(
        "select amount_minor, shown_at from verify.shown_price where store_id = $1",
        f"{chain.tenant}:sh01",
    )
    assert [tuple(row) for row in rows] == [(1290, late)]
    await check(world)
    assert await listed(platform) == []


async def test_parallel_reports_of_one_device_leave_the_newest(
    chain: Chain, platform: Client
) -> None:
    times = [ahead(seconds=-i) for i in range(10)]
    await asyncio.gather(
        *(
            platform.ReportShownPrices(
                report(shown("soap", 1, 100 + i), shown("milk", 1, 100 + i), at=at)
            )
            for i, at in enumerate(times)
        )
    )
    rows = await chain.rows(
        "select amount_minor from verify.shown_price where store_id = $1",
        f"{chain.tenant}:sh01",
    )
    assert [row.amount_minor for row in rows] == [100, 100]


@pytest.mark.parametrize(
    ("request_", "reason", "field"),
    [
        (report(shown("milk", 1, -1)), "AMOUNT_INVALID", "prices[0].unit_price"),
        (report(shown("milk", 1, 10**15 + 1)), "AMOUNT_TOO_LARGE", "prices[0].unit_price"),
        (report(shown("milk", 0, 1)), "INVALID_INPUT", "prices[0].price_version"),
        (report(shown("milk", 1, 1, "yen")), "INVALID_INPUT", "prices[0].unit_price.currency_code"),
        (report(shown("Milk", 1, 1)), "NAME_INVALID", "prices[0].product"),
        (report(shown("milk", 1, 1), shown("milk", 1, 1)), "INVALID_INPUT", "prices[1].product"),
        (report(), "INVALID_INPUT", "prices"),
        (report(shown("milk", 1, 1), device="Label 1"), "INVALID_INPUT", "device"),
        (report(shown("milk", 1, 1), surface=0), "INVALID_INPUT", "surface"),  # type: ignore[arg-type]
        (report(shown("milk", 1, 1), at=ahead(hours=1)), "INVALID_INPUT", "report_time"),
    ],
)
async def test_a_report_that_can_not_be_right_names_its_field_and_is_not_kept(
    chain: Chain,
    platform: Client,
    request_: catalog_service_pb2.ReportShownPricesRequest,
    reason: str,
    field: str,
) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.ReportShownPrices(request_)
    assert raised.value.kind is ErrorKind.INVALID_ARGUMENT
    assert (raised.value.reason, raised.value.violations[0][0]) == (reason, field)
    store = f"{chain.tenant}:sh01"
    assert await chain.rows("select 1 from shown_price where store_id = $1", store) == []


async def test_impossible_times_and_unknown_products_are_refused(
    chain: Chain, platform: Client
) -> None:
    request = report(shown("milk", 1, 1290))
    request.report_time.CopyFrom(Timestamp(seconds=2**62))
    with pytest.raises(HutongError) as raised:
        await platform.ReportShownPrices(request)
    assert raised.value.violations[0][0] == "report_time"
    with pytest.raises(HutongError) as raised:
        await platform.ReportShownPrices(report(shown("milk", 1, 1290), shown("gold", 1, 1)))
    assert (raised.value.reason, raised.value.facts) == ("PRODUCT_UNKNOWN", {"sku": "gold"})
    rows = await chain.rows("select 1 from shown_price where store_id = $1", f"{chain.tenant}:sh01")
    assert rows == []


async def test_a_device_that_fell_silent_is_forgotten_with_what_it_disagreed(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.ReportShownPrices(report(shown("milk", 1, 1)))
    await check(world)
    assert len(await listed(platform)) == 1
    await world.pass_time("catalog", SILENT_SECONDS_MAX + 1)
    await check(world)
    assert await listed(platform) == []
    assert len(await listed(platform, resolved=True)) == 1
    rows = await chain.rows("select 1 from shown_price where store_id = $1", f"{chain.tenant}:sh01")
    assert rows == []


async def test_all_that_is_shown_is_compared_whatever_a_batch_holds(
    world: World, platform: Client
) -> None:
    for i in range(7):
        await platform.ReportShownPrices(
            report(shown("milk", 1, 1), shown("soap", 1, 2), device=f"label-{i}")
        )
    await asyncio.gather(check(world, at_once_max=3), check(world, at_once_max=3))
    found = await listed(platform)
    assert len({(each.device, each.shown.product) for each in found}) == len(found) == 14


async def test_disagreements_are_listed_latest_first_in_pages(
    world: World, platform: Client
) -> None:
    for i in range(5):
        await platform.ReportShownPrices(report(shown("milk", 1, 1), device=f"label-{i}"))
        await check(world)
    request = catalog_service_pb2.ListPriceDisagreementsRequest(parent=STORE, page_size=3)
    first = await platform.ListPriceDisagreements(request)
    request.page_token = first.next_page_token
    second = await platform.ListPriceDisagreements(request)
    devices = [each.device for each in (*first.price_disagreements, *second.price_disagreements)]
    assert devices == [f"label-{i}" for i in reversed(range(5))]
    assert second.next_page_token == ""
    request.include_resolved = True
    with pytest.raises(HutongError) as raised:
        await platform.ListPriceDisagreements(request)
    assert raised.value.reason == "PAGE_TOKEN_INVALID"


async def test_who_reports_and_who_reads(world: World, chain: Chain, platform: Client) -> None:
    cashier = chain.client("cashier", stores=[STORE])
    await cashier.ReportShownPrices(report(shown("milk", 1, 1), surface=TILL))
    await check(world)
    assert len(await listed(chain.client("store_manager", stores=[STORE]))) == 1
    elsewhere = chain.client("store_manager", stores=[OTHER_STORE])
    attempts = [
        (elsewhere.ReportShownPrices(report(shown("milk", 1, 1))), "RESOURCE_NOT_FOUND"),
        (listed(elsewhere), "RESOURCE_NOT_FOUND"),
        (listed(cashier), "ROLE_NOT_ALLOWED"),
        (
            chain.client("customer", customer="customers/c1").ReportShownPrices(
                report(shown("milk", 1, 1), surface=APP)
            ),
            "ROLE_NOT_ALLOWED",
        ),
    ]
    for attempt, reason in attempts:
        with pytest.raises(HutongError) as raised:
            await attempt
        assert raised.value.reason == reason
    assert await listed(Chain(world).client("platform")) == []


async def test_the_worker_compares_and_gauges(world: World, chain: Chain, platform: Client) -> None:
    """Others' disagreements of this module are counted too; the label's is one of them."""
    await platform.ReportShownPrices(report(shown("milk", 1, 1), device="gauged"))
    (service,) = world.services.values()
    (worker,) = [each for each in service.workers if each.name == "catalog.parity"]
    task = asyncio.ensure_future(worker.round())
    async with asyncio.timeout(10):
        while 'price_disagreements{surface="app"}' not in world.metrics.exposition().decode():
            await asyncio.sleep(0.05)
    task.cancel()
    assert [each.device for each in await listed(platform)] == ["gauged"]
    text = world.metrics.exposition().decode()
    (line,) = [each for each in text.splitlines() if 'disagreements{surface="shelf_label"}' in each]
    assert float(line.rpartition(" ")[2]) >= 1


async def test_a_withdrawn_price_is_no_excuse(world: World, platform: Client) -> None:
    await world.pass_time("catalog", 2 * GRACE)
    await platform.ChangePrices(price_list({"milk": 990}, start=ahead(seconds=2 * GRACE + 60)))
    await platform.WithdrawPrice(
        catalog_service_pb2.WithdrawPriceRequest(
            name=f"{STORE}/prices/milk", version=2, reason="a slip", request_id=request_id()
        )
    )
    await world.pass_time("catalog", 2 * GRACE + 90)
    await platform.ReportShownPrices(report(shown("milk", 2, 990)))
    await check(world)
    (found,) = await listed(platform)
    assert found.first_seen_time.ToDatetime(tzinfo=UTC) > ahead(seconds=GRACE)
