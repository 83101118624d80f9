"""What devices show, and what they disagree on, is told by events."""

from __future__ import annotations

from typing import Any

from hutong.catalog.v1 import events_pb2
from services.catalog.usecases.parity import SILENT_SECONDS_MAX
from tests.integration.catalog.chains import Chain, ahead, creation, price_list, product
from tests.integration.catalog.test_parity import GRACE, check, report, shown
from tests.support.world import Client, World


async def _events(chain: Chain, kind: Any) -> list[tuple[int, Any]]:
    rows = await chain.rows(
        "select sequence, data from outbox where type = $1 and split_part(aggregate, '/', 1) = $2"
        " order by position",
        kind.DESCRIPTOR.full_name,
        chain.tenant,
    )
    return [(row.sequence, kind.FromString(row.data)) for row in rows]


async def test_what_a_device_shows_is_told_when_it_is_another(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateProducts(creation(product("tea"), product("oil")))
    await platform.ChangePrices(price_list({"tea": 100, "oil": 200}))
    await platform.ReportShownPrices(report(shown("tea", 1, 100), shown("oil", 1, 200)))
    await platform.ReportShownPrices(report(shown("tea", 1, 100), shown("oil", 1, 200)))
    await platform.ReportShownPrices(report(shown("tea", 2, 110), shown("oil", 1, 200)))
    told = await _events(chain, events_pb2.ShownPricesChanged)
    assert [sequence for sequence, _ in told] == [1, 2]
    assert [[each.product for each in event.prices] for _, event in told] == [
        ["products/tea", "products/oil"],
        ["products/tea"],
    ]


async def test_a_disagreement_is_told_from_its_beginning_to_its_end(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateProducts(creation(product("tea")))
    await platform.ChangePrices(price_list({"tea": 100}))
    await platform.ReportShownPrices(report(shown("tea", 1, 90)))
    await world.pass_time("catalog", 2 * GRACE)
    for _ in range(2):
        await check(world)
    await platform.ReportShownPrices(report(shown("tea", 1, 80), at=ahead(seconds=1)))
    await check(world)
    await platform.ReportShownPrices(report(shown("tea", 1, 100), at=ahead(seconds=2)))
    await check(world)
    told = await _events(chain, events_pb2.PriceDisagreementChanged)
    assert [sequence for sequence, _ in told] == [1, 2, 3]
    amounts = [e.price_disagreement.shown.unit_price.amount_minor for _, e in told]
    assert amounts == [90, 80, 80]
    assert [e.price_disagreement.HasField("resolve_time") for _, e in told] == [False, False, True]


async def test_a_device_that_is_given_up_is_told_and_counts_on_when_it_is_back(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateProducts(creation(product("tea")))
    await platform.ChangePrices(price_list({"tea": 100}))
    await platform.ReportShownPrices(report(shown("tea", 1, 90)))
    await world.pass_time("catalog", SILENT_SECONDS_MAX + 10 * GRACE)
    await check(world)
    await world.pass_time("catalog", 0)
    await platform.ReportShownPrices(report(shown("tea", 1, 100), at=ahead(seconds=1)))
    told = await _events(chain, events_pb2.ShownPricesChanged)
    assert [(sequence, list(event.lost_products)) for sequence, event in told] == [
        (1, []),
        (2, ["products/tea"]),
        (3, []),
    ]
