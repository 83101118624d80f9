"""A platform that is backed up while it sells, dies, and is restored elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from chassis.messaging.bus import epoch_key, stream_key
from hutong.orders.v1 import orders_pb2
from tests.e2e.backed_up import (
    BALANCE,
    CUSTOMER,
    PRICE,
    STOCK,
    BackedUp,
    backed_up_while_selling,
    bytes_of,
    orders_at_rest,
    shop_of,
)
from tests.support.command import Command
from tests.support.shop import till_sale, wanted
from tests.support.world import Worlds

pytestmark = pytest.mark.timeout(600)  # Two platforms start, one after the other.

LEASE_SECONDS = "2"
REDIS_DATABASE = 5


@pytest.fixture(scope="module")
async def redis_url(worlds: Worlds) -> AsyncIterator[str]:
    """A Redis that outlives the platform, with what it was told last."""
    url = f"{worlds.redis_url.rpartition('/')[0]}/{REDIS_DATABASE}"
    yield url
    redis = Redis.from_url(url)
    await redis.flushdb()
    await redis.aclose()


@pytest.fixture(scope="module")
async def backed_up(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    folder = tmp_path_factory.mktemp("backed-up")
    extra = {"HUTONG_REDIS_URL": redis_url, "HUTONG_ORDERS_LEASE_SECONDS": LEASE_SECONDS}
    command = Command(folder / "home", extra=extra)
    return await backed_up_while_selling(command, folder / "monday")


def elsewhere(backed_up: BackedUp, home: Path) -> Command:
    """The command line with another home, on the ports of the platform that died."""
    dead = backed_up.command
    return Command(home, dead.grpc_port, dead.http_port, extra=dead.extra)


async def test_what_was_sold_before_the_back_up_is_there_after_the_restore(
    backed_up: BackedUp, redis_url: str, tmp_path: Path
) -> None:
    redis = Redis.from_url(redis_url)
    epoch = await redis.get(epoch_key("orders"))
    lost: Any = await redis.xadd(stream_key("orders"), {"ce_subject": "of after the back-up"})
    again = elsewhere(backed_up, tmp_path / "home")
    code, output = await again.result("restore", "--from", str(backed_up.folder))
    assert code == 0, output
    assert "start it with `hutong run`" in output
    await again.run("--no-seed")

    shop = shop_of(again)
    orders = await orders_at_rest(shop)
    names = {order.name for order in orders}
    for sale in backed_up.before:
        order = orders_pb2.Order.FromString(sale.answer)
        assert order.name in names
        assert bytes_of(await shop.orders(sale.who).PlaceOrder(sale.request)) == sale.answer
    assert len(backed_up.before) <= len(orders) <= backed_up.attempted

    held = sum(order.state == orders_pb2.ORDER_STATE_PLACED for order in orders)
    sold = sum(order.state == orders_pb2.ORDER_STATE_COMPLETED for order in orders)
    assert held + sold == len(orders)
    assert await shop.stock(backed_up.sku) == (STOCK - sold, held)
    wallet = await shop.wallet(CUSTOMER)
    assert wallet == (BALANCE - held * PRICE, held * PRICE)
    assert await again.result("verify") == (0, "the books balance\n")

    await shop.orders().PlaceOrder(till_sale(wanted(backed_up.sku, 1)))
    assert await shop.stock(backed_up.sku) == (STOCK - sold - 1, held)
    assert await redis.get(epoch_key("orders")) not in (None, epoch)
    assert await redis.xrange(stream_key("orders"), lost, lost) == []
    assert await redis.xlen(stream_key("orders")) > 0
    await redis.aclose()
    assert await again.stop() == 0
