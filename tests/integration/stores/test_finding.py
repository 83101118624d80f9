"""FindStores against the plain truth: every store measured, sorted and cut into pages."""

import random
from collections.abc import Iterator

import pytest

from chassis.kernel.errors import HutongError
from chassis.kernel.geo import Position, geodesic_millimetres
from chassis.rpc.status import from_status
from hutong.stores.v1 import stores_pb2, stores_service_pb2
from services.stores.domain.area import area_of
from tests.integration.stores.chains import (
    JINGAN,
    Chain,
    all_found,
    closing,
    creation,
    ids,
    looking,
    position,
    square,
    store,
    update,
)
from tests.support.world import Client, World, call_context_for, caller

KINDS = [stores_pb2.STORE_KIND_CORNER, stores_pb2.STORE_KIND_WAREHOUSE]
CLOSED = stores_pb2.OpeningHours()


def at(message: stores_pb2.Store) -> tuple[float, float]:
    return message.position.latitude_degrees, message.position.longitude_degrees


def point(place: tuple[float, float]) -> Position:
    return Position.of(latitude_degrees=place[0], longitude_degrees=place[1])


def by_distance(
    stores: list[stores_pb2.Store], place: tuple[float, float]
) -> list[tuple[int, str]]:
    """Millimetres and id of all stores, in order: every distance computed."""
    here = point(place)
    return sorted(
        (geodesic_millimetres(here, point(at(each))), each.name.removeprefix("stores/"))
        for each in stores
    )


def somewhere(draw: random.Random, spread: str) -> tuple[float, float]:
    match spread:
        case "city":
            return 31.2 + draw.uniform(-0.2, 0.2), 121.5 + draw.uniform(-0.2, 0.2)
        case "antimeridian":
            longitude = 180 + draw.uniform(-1, 1)
            return draw.uniform(-18, -16), longitude - 360 if longitude > 180 else longitude
        case "north":
            return draw.uniform(83, 85), draw.uniform(-180, 180)
        case _:
            return draw.uniform(-85, 85), draw.uniform(-180, 180)


def random_stores(draw: random.Random, count: int, spread: str) -> Iterator[stores_pb2.Store]:
    for number in range(count):
        place = somewhere(draw, spread)
        yield store(
            f"s{number:03d}",
            place,
            kind=draw.choice(KINDS),
            hours=draw.choice([None, CLOSED]),
            area=square(*JINGAN, 0.1) if draw.random() < 0.5 else "",
        )


@pytest.mark.parametrize("spread", ["city", "antimeridian", "north", "world"])
async def test_stores_come_in_the_order_of_their_measured_distance(
    platform: Client, spread: str
) -> None:
    draw = random.Random(f"20260217 {spread}")
    stores = list(random_stores(draw, 300, spread))
    await platform.BatchCreateStores(creation(*stores))
    places = [somewhere(draw, spread) for _ in range(4)] + [at(stores[0])]
    if spread in ("north", "world"):
        places += [(89.99, 12.0), (-90.0, 0.0), (90.0, 77.0)]
    for place in places:
        truth = by_distance(stores, place)
        found = await all_found(platform, looking(place, page_size=37))
        assert ids(stores_service_pb2.FindStoresResponse(stores=found)) == [i for _, i in truth]
        assert [each.distance_metres for each in found] == [(mm + 500) // 1000 for mm, _ in truth]


async def test_filters_leave_out_exactly_what_they_name(platform: Client) -> None:
    draw = random.Random(7)
    stores = list(random_stores(draw, 200, "city"))
    await platform.BatchCreateStores(creation(*stores))
    here = (31.22, 121.45)
    for asked in (
        {"kinds": KINDS[:1]},
        {"open_only": True},
        {"serviceable_only": True},
        {"distance_metres_max": 9_000},
        {"kinds": KINDS[1:], "open_only": True, "distance_metres_max": 15_000},
        {"capabilities": [stores_pb2.CAPABILITY_KITCHEN]},
    ):
        wanted = [
            each
            for each in stores
            if each.kind in asked.get("kinds", KINDS)  # type: ignore[operator]
            and (not asked.get("open_only") or each.opening_hours.weekly)
            and (
                not asked.get("serviceable_only")
                or (each.opening_hours.weekly and area_of(each.delivery_area).contains(point(here)))
            )
            and "capabilities" not in asked
        ]
        limit = int(asked.get("distance_metres_max", 10**9)) * 1000  # type: ignore[call-overload]
        truth = [i for mm, i in by_distance(wanted, here) if mm <= limit]
        found = await all_found(platform, looking(here, page_size=11, **asked))
        assert ids(stores_service_pb2.FindStoresResponse(stores=found)) == truth
        assert truth or "capabilities" in asked


async def test_stores_at_one_place_come_by_id_and_each_once(platform: Client) -> None:
    await platform.BatchCreateStores(creation(*(store(f"s{i:03d}") for i in range(250))))
    found = await all_found(platform, looking(page_size=40))
    assert [each.store.name for each in found] == [f"stores/s{i:03d}" for i in range(250)]


async def test_a_search_that_finds_nothing_near_looks_at_all_stores_in_short_pages(
    platform: Client,
) -> None:
    closed = [store(f"c{i:04d}", (31 + i / 9000, 121), hours=CLOSED) for i in range(1000)]
    await platform.BatchCreateStores(creation(*closed))
    more = [store(f"d{i:04d}", (32 + i / 9000, 121), hours=CLOSED) for i in range(400)]
    await platform.BatchCreateStores(creation(*more, store("open", (35, 121))))
    request = looking((31, 121), open_only=True, page_size=5)
    first = await platform.FindStores(request)
    assert ids(first) == []
    assert first.next_page_token
    assert [each.store.name for each in await all_found(platform, request)] == ["stores/open"]


async def test_a_page_token_is_good_for_its_own_search_only(platform: Client) -> None:
    await platform.BatchCreateStores(creation(*(store(f"s{i}") for i in range(5))))
    token = (await platform.FindStores(looking(page_size=2))).next_page_token
    for request in (
        looking((31, 121), page_token=token),
        looking(open_only=True, page_token=token),
        looking(page_token="nonsense"),
    ):
        with pytest.raises(HutongError) as caught:
            await platform.FindStores(request)
        assert caught.value.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("place", [(90.1, 0.0), (0.0, 180.5), (float("nan"), 0.0)])
async def test_a_position_off_the_earth_is_refused(
    platform: Client, place: tuple[float, float]
) -> None:
    with pytest.raises(HutongError) as caught:
        await platform.FindStores(looking(place))
    assert caught.value.reason == "INVALID_INPUT"


async def test_a_moved_store_is_found_where_it_is_now(platform: Client) -> None:
    await platform.BatchCreateStores(creation(store("a", (31, 121)), store("b", (32, 121))))
    assert ids(await platform.FindStores(looking((31, 121)))) == ["a", "b"]
    moved = stores_pb2.Store(name="stores/a", position=position(40, 100))
    await platform.UpdateStore(update(moved, "position"))
    near = looking((31, 121), distance_metres_max=200_000)
    assert ids(await platform.FindStores(near)) == ["b"]
    assert ids(await platform.FindStores(looking((40, 100), distance_metres_max=10))) == ["a"]


async def test_a_closing_is_seen_by_the_next_search(platform: Client) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    assert (await platform.FindStores(looking())).stores[0].openness.is_open
    await platform.CloseStore(closing("a"))
    (found,) = (await platform.FindStores(looking())).stores
    assert not found.openness.is_open
    assert found.serviceability == stores_pb2.SERVICEABILITY_CLOSED
    assert found.store.closure.reason == "burst pipe"


async def test_the_basic_view_leaves_out_hours_and_area_and_nothing_else(platform: Client) -> None:
    await platform.BatchCreateStores(creation(store("a"), store("b", hours=CLOSED)))
    await platform.CloseStore(closing("b"))
    whole = (await platform.FindStores(looking())).stores
    assert whole[0].store.opening_hours.weekly
    assert whole[0].store.delivery_area
    for view in (stores_service_pb2.STORE_VIEW_UNSPECIFIED, stores_service_pb2.STORE_VIEW_FULL):
        assert (await platform.FindStores(looking(view=view))).stores == whole
    basic = await platform.FindStores(looking(view=stores_service_pb2.STORE_VIEW_BASIC))
    for found in whole:
        found.store.ClearField("opening_hours")
        found.store.ClearField("delivery_area")
    assert basic.stores == whole
    assert [found.store.closure.reason for found in whole] == ["", "burst pipe"]


async def test_a_found_store_is_the_store_that_is_got(chain: Chain, platform: Client) -> None:
    await platform.BatchCreateStores(creation(store("a", franchise_owner="owner-1"), store("b")))
    await platform.CloseStore(closing("b"))
    customer = chain.client("customer", customer="customers/c1")
    for found in (await customer.FindStores(looking())).stores:
        name = stores_service_pb2.GetStoreRequest(name=found.store.name)
        assert found.store == await customer.GetStore(name)


async def test_a_batch_answers_each_search_as_it_would_be_alone(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(*(store(f"s{i}", (31 + i, 121)) for i in range(5))))
    stranger = Chain(world)
    await stranger.client("platform").BatchCreateStores(creation(store("theirs")))
    customer = caller(role="customer", customer="customers/c1", tenant=chain.tenant)
    requests = [
        (looking((34, 121), page_size=2), customer),
        (looking((31, 121), page_token="nonsense"), customer),
        (looking((95, 121)), customer),
        (looking(), caller(role="gardener", tenant=chain.tenant)),
        (looking(), caller(role="customer", customer="customers/c1", tenant=stranger.tenant)),
        (looking(distance_metres_max=1), customer),
    ]
    batch = stores_service_pb2.BatchFindStoresRequest(
        items=[
            stores_service_pb2.BatchFindStoresRequest.Item(
                context=call_context_for(who), request=request
            )
            for request, who in requests
        ]
    )
    reply = await chain.client("service").BatchFindStores(batch)
    alone = await chain.client("customer", customer="customers/c1").FindStores(requests[0][0])
    assert reply.results[0].page == alone
    assert ids(alone) == ["s3", "s2"]
    reasons = [from_status(each.error).reason for each in reply.results[1:4]]
    assert reasons == ["PAGE_TOKEN_INVALID", "INVALID_INPUT", "ROLE_NOT_ALLOWED"]
    assert ids(reply.results[4].page) == ["theirs"]
    assert reply.results[5].HasField("page")
    assert ids(reply.results[5].page) == []
    with pytest.raises(HutongError) as caught:
        await platform.BatchFindStores(batch)
    assert caught.value.reason == "ROLE_NOT_ALLOWED"
