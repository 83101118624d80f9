"""What a process knows of the stores: other processes' changes, lost ones, and a database put back.

`elsewhere` is a second process's memory over the same database; nobody tells it anything.
"""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from chassis.db.engine import Database
from chassis.kernel.errors import HutongError
from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from chassis.messaging import outbox
from hutong.stores.v1 import stores_pb2
from services.stores import repository
from services.stores.convert.stores import StoreEvents, known_store
from services.stores.domain.search import Findings, Search
from services.stores.usecases.finding import Finding
from services.stores.usecases.views import (
    CHANGES_AT_ONCE,
    LOOK_AGAIN_SECONDS,
    SEEN_SECONDS_MAX,
    StoreViews,
)
from tests.integration.stores.chains import (
    JINGAN,
    Chain,
    closing,
    creation,
    ids,
    looking,
    position,
    store,
    update,
)
from tests.support.world import Client, World

HERE = Position.of(latitude_degrees=JINGAN[0], longitude_degrees=JINGAN[1])
SLACK_SECONDS = 0.5


def search(*, rows_max: int = 50, metres_max: int = 0, is_open_only: bool = False) -> Search:
    return Search(
        position=HERE,
        kinds=frozenset(),
        capabilities=frozenset(),
        is_open_only=is_open_only,
        is_serviceable_only=False,
        metres_max=metres_max,
        after=None,
        rows_max=rows_max,
    )


def found_ids(findings: Findings) -> list[str]:
    return [found.mark.id for found in findings.stores]


@pytest.fixture
async def views(world: World) -> AsyncIterator[StoreViews]:
    made = StoreViews(world.database("stores"), encode=known_store)
    yield made
    await made.close()


@pytest.fixture
def elsewhere(views: StoreViews) -> Finding:
    return Finding(views)


async def test_a_closing_elsewhere_is_seen_within_the_bound(
    chain: Chain, platform: Client, elsewhere: Finding
) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    assert (await elsewhere.find(chain.tenant, search())).stores[0].seen.openness.is_open
    await platform.CloseStore(closing("a"))
    closed_at = time.monotonic()
    while (await elsewhere.find(chain.tenant, search())).stores[0].seen.openness.is_open:
        assert time.monotonic() - closed_at < SEEN_SECONDS_MAX + SLACK_SECONDS
        await asyncio.sleep(0.01)


async def test_a_search_after_a_pause_sees_what_happened_meanwhile(
    chain: Chain, platform: Client, elsewhere: Finding
) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    await elsewhere.find(chain.tenant, search())
    await platform.CloseStore(closing("a"))
    await platform.BatchCreateStores(creation(store("b")))
    await asyncio.sleep(SEEN_SECONDS_MAX)
    findings = await elsewhere.find(chain.tenant, search())
    assert [each.seen.openness.is_open for each in findings.stores] == [False, True]


async def test_a_change_that_commits_after_later_ones_is_not_missed(
    chain: Chain, platform: Client, world: World, elsewhere: Finding
) -> None:
    await platform.BatchCreateStores(creation(store("late"), store("early")))
    async with world.database("stores").transaction() as tx:
        locked = await repository.lock(tx, StoreId(f"{chain.tenant}:late"))
        assert locked is not None
        late = locked[0].closed(reason="burst pipe", ends_at=None, at=locked[1])
        await repository.change(tx, late)
        await outbox.add_all(tx, [StoreEvents().closed(late)])
        await platform.CloseStore(closing("early"))
        for _ in range(2):
            await asyncio.sleep(SEEN_SECONDS_MAX)
            findings = await elsewhere.find(chain.tenant, search())
            assert [each.seen.store.version for each in findings.stores] == [2, 1]
    await asyncio.sleep(SEEN_SECONDS_MAX)
    findings = await elsewhere.find(chain.tenant, search())
    assert [each.seen.store.version for each in findings.stores] == [2, 2]


async def test_a_store_that_moved_a_moment_ago_is_told_where_it_is(
    chain: Chain, platform: Client, elsewhere: Finding
) -> None:
    await platform.BatchCreateStores(creation(store("a"), store("b", (31.3, 121.5))))
    assert len((await elsewhere.find(chain.tenant, search(rows_max=1))).stores) == 1
    looked_at = time.monotonic()
    await platform.UpdateStore(
        update(stores_pb2.Store(name="stores/b", position=position(31.4, 121.5)), "position")
    )
    findings = await elsewhere.find(chain.tenant, search())
    if time.monotonic() - looked_at < LOOK_AGAIN_SECONDS:
        assert found_ids(findings) == ["a", "b"]
    await platform.UpdateStore(
        update(stores_pb2.Store(name="stores/a", position=position(40, 100)), "position")
    )
    await asyncio.sleep(SEEN_SECONDS_MAX)
    assert found_ids(await elsewhere.find(chain.tenant, search())) == ["b", "a"]


async def test_many_searches_at_once_look_once(
    chain: Chain, platform: Client, world: World, elsewhere: Finding
) -> None:
    await platform.BatchCreateStores(creation(*(store(f"s{i}") for i in range(5))))
    answers = await asyncio.gather(*(elsewhere.find(chain.tenant, search()) for _ in range(50)))
    assert all(found_ids(each) == [f"s{i}" for i in range(5)] for each in answers)
    before = _transactions(world)
    await asyncio.gather(*(elsewhere.find(chain.tenant, search()) for _ in range(50)))
    assert _transactions(world) - before <= 2


async def test_searches_go_on_from_where_the_page_before_ended_while_stores_come_and_go(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateStores(
        creation(*(store(f"s{i:03d}", (31.2 + i / 100, 121.4)) for i in range(60)))
    )
    request = looking((31.2, 121.4), page_size=7)
    seen: list[str] = []
    while True:
        reply = await platform.FindStores(request)
        seen += ids(reply)
        await platform.CloseStore(closing(seen[-1]))
        await platform.BatchCreateStores(creation(store(f"new{len(seen)}", (31.1, 121.4))))
        if not reply.next_page_token:
            break
        request.page_token = reply.next_page_token
    assert [each for each in seen if each.startswith("s")] == [f"s{i:03d}" for i in range(60)]


async def test_a_changed_row_is_seen_whoever_changed_it(
    chain: Chain, platform: Client, world: World, elsewhere: Finding
) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    await elsewhere.find(chain.tenant, search())
    (before,) = await chain.rows("select changed_in from store where tenant = $1", chain.tenant)
    await chain.rows(
        "update store set changed_in = 0 where tenant = $1 returning store_id", chain.tenant
    )
    (after,) = await chain.rows("select changed_in from store where tenant = $1", chain.tenant)
    assert after.changed_in > before.changed_in


async def test_all_stores_are_read_however_many_there_are(
    chain: Chain, platform: Client, elsewhere: Finding, views: StoreViews
) -> None:
    count = CHANGES_AT_ONCE + 200
    for start in range(0, count, 1000):
        numbers = range(start, min(start + 1000, count))
        await platform.BatchCreateStores(
            creation(*(store(f"s{i:04d}", (31 + i / 1e4, 121), area="") for i in numbers))
        )
    await views.refresh()
    assert len(views.atlas(chain.tenant)) == count


async def test_a_database_that_was_put_back_is_read_anew(
    chain: Chain, platform: Client, elsewhere: Finding, views: StoreViews
) -> None:
    await platform.BatchCreateStores(creation(store("a"), store("b")))
    assert found_ids(await elsewhere.find(chain.tenant, search())) == ["a", "b"]
    await chain.rows("delete from store where store_id = $1 returning 1", f"{chain.tenant}:b")
    views._settled = 2**62
    await asyncio.sleep(SEEN_SECONDS_MAX)
    assert found_ids(await elsewhere.find(chain.tenant, search())) == ["a"]


async def test_a_store_that_is_gone_is_passed_over(
    chain: Chain, platform: Client, elsewhere: Finding, views: StoreViews
) -> None:
    await platform.BatchCreateStores(creation(store("a"), store("b")))
    await views.refresh()
    await chain.rows("delete from store where store_id = $1 returning 1", f"{chain.tenant}:a")
    assert found_ids(await elsewhere.find(chain.tenant, search())) == ["b"]


async def test_memory_is_bounded_and_answers_are_the_same(
    chain: Chain, platform: Client, world: World
) -> None:
    await platform.BatchCreateStores(
        creation(*(store(f"s{i:03d}", (31.2 + i / 1e3, 121.4)) for i in range(120)))
    )
    views = StoreViews(world.database("stores"), encode=known_store, kept_bytes_max=20_000)
    findings = await Finding(views).find(chain.tenant, search(rows_max=100))
    again = await Finding(views).find(chain.tenant, search(rows_max=100))
    assert len(found_ids(findings)) == 100
    assert found_ids(again) == found_ids(findings)
    assert views._known._bytes <= 20_000
    assert 1 <= len(views._known) < 100


async def test_without_a_database_there_is_no_answer(world: World) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none", name="none", metrics=world.metrics)
    finding = Finding(StoreViews(nowhere, encode=known_store))
    for _ in range(2):
        with pytest.raises(HutongError) as caught:
            await finding.find("demo", search())
        assert caught.value.reason == "UNAVAILABLE"
    await nowhere.close()


async def test_redis_is_not_needed(chain: Chain, platform: Client, world: World) -> None:
    await platform.BatchCreateStores(creation(store("a")))
    await world.redis.flushdb()
    assert ids(await platform.FindStores(looking())) == ["a"]


def _transactions(world: World) -> float:
    """How many transactions the stores' database has committed."""
    committed = world.metrics.sql_seconds.labels("stores", "committed")
    return sum(
        sample.value
        for metric in committed.collect()
        for sample in metric.samples
        if sample.name.endswith("_count")
    )
