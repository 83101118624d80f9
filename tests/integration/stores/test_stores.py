"""Stores through the real server: created, changed, closed, and shown to whom they concern."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.db.migrate import drift
from chassis.kernel.errors import ErrorKind, HutongError
from chassis.rpc.status import from_status
from hutong.stores.v1 import stores_pb2, stores_service_pb2
from services.stores.models import metadata
from services.stores.usecases.views import SEEN_SECONDS_MAX
from tests.integration.stores.chains import (
    JINGAN,
    Chain,
    closing,
    creation,
    ids,
    looking,
    named,
    position,
    reopening,
    request_id,
    square,
    store,
    update,
)
from tests.support.world import Client, World, call_context_for, caller


def timestamp(at: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(at)
    return message


async def test_the_migrated_tables_are_those_of_the_code(world: World) -> None:
    assert await drift(world.urls["stores"], metadata=metadata) == []


async def test_a_created_store_reads_back_as_it_was_sent(chain: Chain, platform: Client) -> None:
    hours = stores_pb2.OpeningHours(
        weekly=[
            stores_pb2.DayHours(
                day=stores_pb2.DAY_OF_WEEK_FRIDAY,
                periods=[stores_pb2.OpenPeriod(open_minutes=1320, close_minutes=1560)],
            )
        ],
        exceptions=[stores_pb2.DateHours(date="2027-02-06")],
    )
    sent = store("a", hours=hours, franchise_owner="owner-1")
    request = stores_service_pb2.CreateStoreRequest(store=sent, request_id=request_id())
    created = await platform.CreateStore(request)
    assert created == await platform.GetStore(named("a"))
    assert created.version == 1
    for field in ("name", "display_name", "kind", "address", "position", "time_zone"):
        assert getattr(created, field) == getattr(sent, field)
    assert created.opening_hours == hours
    assert list(created.capabilities) == list(sent.capabilities)
    assert created.franchise_owner == "owner-1"
    assert await chain.events() == [("a", 1, "StoreChanged")]


async def test_a_repeat_gets_the_first_answer_and_creates_nothing(
    chain: Chain, platform: Client
) -> None:
    request = stores_service_pb2.CreateStoreRequest(store=store("a"), request_id=request_id())
    first = await platform.CreateStore(request)
    second = await platform.CreateStore(request)
    assert first.SerializeToString(deterministic=True) == second.SerializeToString(
        deterministic=True
    )
    assert await chain.versions() == {"a": 1}


async def test_a_batch_with_one_store_that_exists_creates_none(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(store("b")))
    with pytest.raises(HutongError) as caught:
        await platform.BatchCreateStores(creation(store("a"), store("b"), store("c")))
    assert caught.value.reason == "STORE_EXISTS"
    assert caught.value.facts == {"store": "stores/b"}
    assert await chain.versions() == {"b": 1}
    assert ids(await platform.FindStores(looking())) == ["b"]


async def test_of_ten_creations_of_one_store_one_succeeds(chain: Chain, platform: Client) -> None:
    answers = await asyncio.gather(
        *(platform.BatchCreateStores(creation(store("a"), store(f"x{i}"))) for i in range(10)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, HutongError)]
    assert len(refused) == 9
    assert {error.reason for error in refused} == {"STORE_EXISTS"}
    assert len(await chain.versions()) == 2


async def test_a_thousand_stores_can_be_created_at_once(chain: Chain, platform: Client) -> None:
    stores = [store(f"s{i:04d}", (30 + i / 1000, 120 + i / 1000)) for i in range(1000)]
    reply = await platform.BatchCreateStores(creation(*stores))
    assert ids(reply) == [f"s{i:04d}" for i in range(1000)]
    assert len(await chain.versions()) == 1000


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda s: s.position.CopyFrom(position(90.1, 0)), "INVALID_INPUT"),
        (lambda s: s.position.CopyFrom(position(float("nan"), 0)), "INVALID_INPUT"),
        (lambda s: s.position.CopyFrom(position(86, 0)), "POSITION_INVALID"),
        (lambda s: setattr(s, "time_zone", "Asia/Atlantis"), "TIME_ZONE_UNKNOWN"),
        (lambda s: setattr(s, "time_zone", "../../etc/passwd"), "TIME_ZONE_UNKNOWN"),
        (lambda s: setattr(s, "delivery_area", "{}"), "DELIVERY_AREA_INVALID"),
        (lambda s: setattr(s, "delivery_area", "[" * 60_000), "DELIVERY_AREA_INVALID"),
        (lambda s: setattr(s, "delivery_area", " " * 65_537), "INVALID_INPUT"),
        (lambda s: setattr(s, "display_name", "a\x00b"), "INVALID_INPUT"),
        (lambda s: setattr(s, "kind", 99), "INVALID_INPUT"),
        (lambda s: setattr(s, "name", "stores/other:a"), "NAME_INVALID"),
        (lambda s: s.capabilities.append(stores_pb2.CAPABILITY_CARRY_OUT), "INVALID_INPUT"),
        (
            lambda s: s.opening_hours.exceptions.add(date="2027-02-30"),
            "HOURS_INVALID",
        ),
        (
            lambda s: s.opening_hours.weekly[0].periods.add(open_minutes=600, close_minutes=660),
            "HOURS_INVALID",
        ),
    ],
)
async def test_bad_input_is_refused_with_a_reason_and_changes_nothing(
    chain: Chain, platform: Client, spoil: object, reason: str
) -> None:
    bad = store("a")
    spoil(bad)  # type: ignore[operator]
    with pytest.raises(HutongError) as caught:
        await platform.BatchCreateStores(creation(bad))
    assert caught.value.kind is ErrorKind.INVALID_ARGUMENT
    assert caught.value.reason == reason
    assert caught.value.violations
    await platform.BatchCreateStores(creation(store("a")))
    bad.name = "stores/a"
    fields = {field.split(".")[1].partition("[")[0] for field, _ in caught.value.violations}
    for field in fields - {"name"}:
        with pytest.raises(HutongError) as caught:
            await platform.UpdateStore(update(bad, field))
        assert caught.value.reason == reason
    assert await chain.versions() == {"a": 1}


async def test_an_update_changes_what_the_mask_names_and_nothing_else(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    before = await platform.GetStore(named("a"))
    wish = stores_pb2.Store(
        name="stores/a", display_name="新店", capabilities=[stores_pb2.CAPABILITY_KITCHEN]
    )
    after = await platform.UpdateStore(update(wish, "capabilities"))
    assert list(after.capabilities) == [stores_pb2.CAPABILITY_KITCHEN]
    assert after.version == 2
    for field in ("display_name", "address", "position", "opening_hours", "delivery_area"):
        assert getattr(after, field) == getattr(before, field)
    assert await chain.events() == [("a", 1, "StoreChanged"), ("a", 2, "StoreChanged")]


async def test_turning_the_kitchen_off_leaves_everything_else_on(platform: Client) -> None:
    kitchen = [
        stores_pb2.CAPABILITY_CARRY_OUT,
        stores_pb2.CAPABILITY_DELIVERY,
        stores_pb2.CAPABILITY_KITCHEN,
    ]
    await platform.BatchCreateStores(creation(store("a", capabilities=kitchen)))
    wish = stores_pb2.Store(name="stores/a", capabilities=kitchen[:2])
    await platform.UpdateStore(update(wish, "capabilities"))
    cooks = looking(capabilities=[stores_pb2.CAPABILITY_KITCHEN])
    assert ids(await platform.FindStores(cooks)) == []
    found = await platform.FindStores(looking(capabilities=kitchen[:2]))
    assert ids(found) == ["a"]
    assert found.stores[0].serviceability == stores_pb2.SERVICEABILITY_SERVICEABLE


async def test_a_change_based_on_an_old_version_is_refused(chain: Chain, platform: Client) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    wish = stores_pb2.Store(name="stores/a", display_name="新店")
    answers = await asyncio.gather(
        *(platform.UpdateStore(update(wish, "display_name", expected_version=1)) for _ in range(5)),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, HutongError)]
    assert [error.reason for error in refused] == ["STORE_CHANGED"] * 4
    assert refused[0].facts == {"expected": "1", "actual": "2"}
    assert await chain.versions() == {"a": 2}


async def test_a_closed_store_serves_nobody_until_it_is_reopened(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    closed = await platform.CloseStore(closing("a"))
    assert closed.closure.reason == "burst pipe"
    assert not closed.closure.HasField("end_time")
    check = stores_service_pb2.CheckServiceabilityRequest(
        name="stores/a", position=position(*JINGAN)
    )
    told = await platform.CheckServiceability(check)
    assert not told.openness.is_open
    assert not told.openness.HasField("opens_at")
    assert told.serviceability == stores_pb2.SERVICEABILITY_CLOSED
    reopened = await platform.ReopenStore(reopening("a"))
    assert not reopened.HasField("closure")
    told = await platform.CheckServiceability(check)
    assert told.openness.is_open
    assert told.serviceability == stores_pb2.SERVICEABILITY_SERVICEABLE
    with pytest.raises(HutongError) as caught:
        await platform.ReopenStore(reopening("a"))
    assert caught.value.reason == "STORE_NOT_CLOSED"
    assert await chain.events() == [
        ("a", 1, "StoreChanged"),
        ("a", 2, "StoreClosed"),
        ("a", 3, "StoreReopened"),
    ]


async def test_a_closure_ends_by_the_database_s_clock(world: World, platform: Client) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    end = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)  # noqa: TID251
    await platform.CloseStore(closing("a", end_time=timestamp(end)))
    (found,) = (await platform.FindStores(looking())).stores
    assert not found.openness.is_open
    assert found.openness.opens_at == timestamp(end)
    assert found.serviceability == stores_pb2.SERVICEABILITY_CLOSED
    await world.pass_time("stores", 3700)
    await asyncio.sleep(SEEN_SECONDS_MAX)
    (found,) = (await platform.FindStores(looking())).stores
    assert found.openness.is_open
    assert not found.store.HasField("closure")
    await world.pass_time("stores", 0)


@pytest.mark.parametrize("days", [-1, 2000, 2_000_000])
async def test_a_closure_that_is_over_or_has_no_foreseeable_end_is_refused(
    chain: Chain, platform: Client, days: int
) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    seconds = int(datetime.now(UTC).timestamp()) + days * 86_400  # noqa: TID251
    with pytest.raises(HutongError) as caught:
        await platform.CloseStore(closing("a", end_time=Timestamp(seconds=seconds)))
    assert caught.value.reason == "CLOSURE_INVALID"
    assert await chain.versions() == {"a": 1}


async def test_a_franchise_owner_cannot_tell_a_foreign_store_from_none(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(store("a"), store("b"), store("c")))
    owner = chain.client("franchise_owner", stores=["stores/a"])
    for store_id in ("b", "nowhere"):
        for call in (
            owner.GetStore(named(store_id)),
            owner.CloseStore(closing(store_id)),
            owner.ReopenStore(reopening(store_id)),
            owner.UpdateStore(update(stores_pb2.Store(name=f"stores/{store_id}"), "opening_hours")),
            owner.CheckServiceability(
                stores_service_pb2.CheckServiceabilityRequest(name=f"stores/{store_id}")
            ),
        ):
            with pytest.raises(HutongError) as caught:
                await call
            assert caught.value.kind is ErrorKind.NOT_FOUND
            assert caught.value.reason == "RESOURCE_NOT_FOUND"
            assert caught.value.facts == {"resource": f"stores/{store_id}"}
    assert await chain.versions() == {"a": 1, "b": 1, "c": 1}


async def test_a_list_tells_a_franchise_owner_of_no_store_but_theirs(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(*(store(f"s{i}") for i in range(6))))
    owner = chain.client("franchise_owner", stores=["stores/s1", "stores/s4", "stores/gone"])
    request = stores_service_pb2.ListStoresRequest(page_size=2)
    mine = await owner.ListStores(request)
    assert ids(mine) == ["s1", "s4"]
    assert mine.next_page_token == ""
    first = await platform.ListStores(request)
    assert ids(first) == ["s0", "s1"]
    request.page_token = first.next_page_token
    assert ids(await platform.ListStores(request)) == ["s2", "s3"]
    with pytest.raises(HutongError) as caught:
        await owner.ListStores(request)
    assert caught.value.reason == "PAGE_TOKEN_INVALID"
    nobody = chain.client("franchise_owner")
    assert ids(await nobody.ListStores(stores_service_pb2.ListStoresRequest())) == []


async def test_a_store_s_people_change_its_hours_and_not_its_owner(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(store("a", franchise_owner="owner-1")))
    manager = chain.client("store_manager", stores=["stores/a"])
    wish = stores_pb2.Store(name="stores/a", franchise_owner="me")
    await manager.UpdateStore(update(wish, "opening_hours"))
    with pytest.raises(HutongError) as caught:
        await manager.UpdateStore(update(wish, "franchise_owner"))
    assert caught.value.reason == "FIELD_MASK_INVALID"
    changed = await platform.GetStore(named("a"))
    assert changed.opening_hours == stores_pb2.OpeningHours()
    assert changed.franchise_owner == "owner-1"


async def test_a_customer_is_not_told_whose_store_it_is(chain: Chain, platform: Client) -> None:
    await platform.BatchCreateStores(creation(store("a", franchise_owner="owner-1")))
    customer = chain.client("customer", customer="customers/c1")
    assert (await customer.GetStore(named("a"))).franchise_owner == ""
    (found,) = (await customer.FindStores(looking())).stores
    assert found.store.franchise_owner == ""
    for refused in (
        customer.ListStores(stores_service_pb2.ListStoresRequest()),
        customer.CloseStore(closing("a")),
    ):
        with pytest.raises(HutongError) as caught:
            await refused
        assert caught.value.reason == "ROLE_NOT_ALLOWED"


async def test_no_store_of_another_tenant_is_seen_or_changed(
    world: World, chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    other = Chain(world)
    stranger = other.client("platform")
    await stranger.BatchCreateStores(creation(store("b")))
    assert ids(await stranger.ListStores(stores_service_pb2.ListStoresRequest())) == ["b"]
    assert ids(await stranger.FindStores(looking())) == ["b"]
    for call in (stranger.GetStore(named("a")), stranger.CloseStore(closing("a"))):
        with pytest.raises(HutongError) as caught:
            await call
        assert caught.value.reason == "RESOURCE_NOT_FOUND"
    assert await chain.versions() == {"a": 1}


async def test_an_area_without_the_capability_to_deliver_serves_nobody(platform: Client) -> None:
    await platform.BatchCreateStores(
        creation(
            store("a", capabilities=[stores_pb2.CAPABILITY_CARRY_OUT]),
            store("b", area=""),
            store("c", area=square(0, 0)),
            store("d"),
        )
    )
    found = (await platform.FindStores(looking())).stores
    assert {each.store.name[-1]: each.serviceability for each in found} == {
        "a": stores_pb2.SERVICEABILITY_OUT_OF_AREA,
        "b": stores_pb2.SERVICEABILITY_OUT_OF_AREA,
        "c": stores_pb2.SERVICEABILITY_OUT_OF_AREA,
        "d": stores_pb2.SERVICEABILITY_SERVICEABLE,
    }
    assert ids(await platform.FindStores(looking(serviceable_only=True))) == ["d"]


async def test_a_batch_answers_each_store_as_it_would_be_alone(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(creation(store("a", franchise_owner="owner-1"), store("b")))
    await platform.CloseStore(closing("b"))
    whom = {
        "customer": chain.client("customer", customer="customers/c1"),
        "store_manager": chain.client("store_manager", stores=["stores/a"]),
    }
    asked = [
        ("customer", "a"),
        ("store_manager", "a"),
        ("customer", "b"),
        ("customer", "none"),
        ("store_manager", "b"),
        ("gardener", "a"),
    ]
    callers = {
        "customer": caller(role="customer", customer="customers/c1", tenant=chain.tenant),
        "store_manager": caller(role="store_manager", stores=["stores/a"], tenant=chain.tenant),
        "gardener": caller(role="gardener", tenant=chain.tenant),
    }
    batch = stores_service_pb2.BatchGetStoresRequest(
        items=[
            stores_service_pb2.BatchGetStoresRequest.Item(
                context=call_context_for(callers[who]), request=named(store_id)
            )
            for who, store_id in asked
        ]
    )
    results = (await chain.client("service").BatchGetStores(batch)).results
    for (who, store_id), result in zip(asked[:3], results[:3], strict=True):
        assert result.store == await whom[who].GetStore(named(store_id))
    assert [each.store.franchise_owner for each in results[:2]] == ["", "owner-1"]
    reasons = [from_status(each.error).reason for each in results[3:]]
    assert reasons == ["RESOURCE_NOT_FOUND", "RESOURCE_NOT_FOUND", "ROLE_NOT_ALLOWED"]
    with pytest.raises(HutongError) as caught:
        await platform.BatchGetStores(batch)
    assert caught.value.reason == "ROLE_NOT_ALLOWED"
