"""Baskets at stores that close: the customer is told, and no price is kept any longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel.clock import SystemClock
from chassis.kernel.errors import HutongError, Unavailable
from chassis.kernel.names import CustomerId, StoreId
from chassis.messaging.coalescer import Lanes
from chassis.rpc.auth import Caller
from hutong.orders.v1 import baskets_pb2
from services.orders.clients import CatalogPrices
from services.orders.convert.baskets import encode_basket
from services.orders.domain.baskets import BasketName
from services.orders.domain.orders import Purchaser
from services.orders.domain.promises import Promise, StoreToday
from services.orders.usecases.baskets import Baskets
from tests.integration.stores.chains import closing, reopening
from tests.support.baskets import checkout, freezing, getting, line, setting
from tests.support.refusals import refused
from tests.support.shop import Shop, yuan
from tests.support.world import World

LIFTED_SECONDS_MAX = 10.0


@dataclass(slots=True)
class Branch:
    """A store of its own with a customer's basket: two of a product at 250 fen."""

    shop: Shop
    id: str
    sku: str
    who: Caller
    basket: baskets_pb2.Basket = field(default_factory=baskets_pb2.Basket)

    @property
    def name(self) -> str:
        return f"stores/{self.id}"

    async def read(self) -> baskets_pb2.Basket:
        read: baskets_pb2.Basket = await self.shop.orders(self.who).GetBasket(
            getting(self.who, store=self.name)
        )
        return read

    async def freeze(self) -> baskets_pb2.Basket:
        frozen: baskets_pb2.Basket = await self.shop.orders(self.who).FreezeBasket(
            freezing(self.who, self.basket.version, store=self.name)
        )
        return frozen

    async def close(self, *, until: datetime | None = None) -> None:
        end_time = None
        if until is not None:
            end_time = Timestamp()
            end_time.FromDatetime(until)
        await self.shop.stores().CloseStore(closing(self.id, end_time=end_time))

    async def reopen(self) -> None:
        await self.shop.stores().ReopenStore(reopening(self.id))


async def branch(shop: Shop, store_id: str) -> Branch:
    name = f"stores/{store_id}"
    await shop.open(name)
    sku = await shop.product(stock=10, price=250, store=name)
    who = await shop.customer(balance=10_000)
    made = Branch(shop, store_id, sku, who)
    made.basket = await shop.orders(who).SetBasketLines(setting(who, line(sku, 2), store=name))
    return made


def reasons(basket: baskets_pb2.Basket) -> list[str]:
    """What its notices say."""
    return [notice.reason for notice in basket.notices]


@asynccontextmanager
async def freezes_are_lifted(world: World) -> AsyncIterator[None]:
    """Lets the worker run that ends freezes."""
    (worker,) = (each for each in world.services["orders"].workers if each.name == "orders.freezes")
    running = asyncio.ensure_future(worker.round())
    yield
    running.cancel()


async def test_a_basket_names_the_closure_of_its_store_and_its_end(shop: Shop) -> None:
    at = await branch(shop, "shut1")
    until = SystemClock().now().replace(microsecond=0) + timedelta(hours=3)
    await at.close(until=until)
    read = await at.read()
    assert reasons(read) == ["STORE_CLOSED"]
    assert "burst pipe" in read.notices[0].text
    assert read.notices[0].end_time.ToDatetime(tzinfo=UTC) == until
    assert (read.lines, read.total) == (at.basket.lines, yuan(500))
    pear = await shop.product(stock=1, store=at.name)
    put = await shop.orders(at.who).SetBasketLines(setting(at.who, line(pear, 1), store=at.name))
    assert reasons(put) == ["STORE_CLOSED"]
    await at.reopen()
    assert reasons(await at.read()) == []


async def test_a_store_that_is_closed_keeps_no_prices_and_promises_none(shop: Shop) -> None:
    at = await branch(shop, "shut2")
    frozen = await at.freeze()
    await at.close()
    await shop.price(at.sku, 280, store=at.name)
    read = await at.read()
    assert not read.HasField("freeze_expire_time")
    assert read.total == yuan(560)
    assert read.lines[0].price_changed
    error = await refused(
        shop.orders(at.who).FreezeBasket(freezing(at.who, frozen.version, store=at.name))
    )
    assert error.reason == "STORE_CLOSED"
    assert error.facts["closure"] == "burst pipe"
    error = await refused(shop.orders(at.who).PlaceOrder(checkout(at.who, frozen, parent=at.name)))
    assert error.reason == "STORE_CLOSED"


async def test_a_closure_lifts_the_freezes_of_its_store_with_a_message(
    shop: Shop, world: World
) -> None:
    at, other = await branch(shop, "shut3"), await branch(shop, "stays3")
    frozen, elsewhere = await at.freeze(), await other.freeze()
    await at.close()
    async with freezes_are_lifted(world), asyncio.timeout(LIFTED_SECONDS_MAX):
        while "FREEZE_LIFTED" not in reasons(await at.read()):
            await asyncio.sleep(0.05)
    await at.reopen()
    lifted = await at.read()
    assert reasons(lifted) == ["FREEZE_LIFTED"]
    assert "burst pipe" in lifted.notices[0].text
    assert not lifted.HasField("freeze_expire_time")
    assert lifted.lines == frozen.lines
    assert lifted.version == frozen.version + 1
    assert await other.read() == elsewhere
    error = await refused(shop.orders(at.who).PlaceOrder(checkout(at.who, frozen, parent=at.name)))
    assert error.reason == "BASKET_CHANGED"
    order = await shop.orders(at.who).PlaceOrder(checkout(at.who, lifted, parent=at.name))
    assert order.total == yuan(500)
    assert reasons(await at.read()) == []


async def test_a_freeze_in_checkout_is_left_to_its_order(shop: Shop, world: World) -> None:
    at, next_to_it = await branch(shop, "shut4"), await branch(shop, "shut5")
    frozen, also = await at.freeze(), await next_to_it.freeze()
    tie = "update basket set order_id = $2 where version = $1"
    async with world.database("orders").transaction() as tx:
        await tx.run(tie, frozen.version, "ord_somewhere")
    await at.close()
    await next_to_it.close()
    async with freezes_are_lifted(world), asyncio.timeout(LIFTED_SECONDS_MAX):
        while (await next_to_it.read()).version == also.version:
            await asyncio.sleep(0.05)
    assert (await at.read()).version == frozen.version
    async with world.database("orders").transaction() as tx:
        await tx.run(tie, frozen.version, None)


class SilentStores:
    """Stores that do not answer."""

    async def today(self, wanted: Promise, *, deadline: float) -> StoreToday:
        raise Unavailable(part="stores")

    async def today_all(
        self, wanted: Sequence[Promise], *, traces: Sequence[str], deadline: float
    ) -> Sequence[StoreToday | HutongError]:
        return [Unavailable(part="stores") for _ in wanted]


async def test_a_basket_is_read_while_the_stores_do_not_answer(shop: Shop, world: World) -> None:
    at = await branch(shop, "shut6")
    baskets = Baskets(
        world.database("orders"),
        prices=CatalogPrices(world.deps["orders"].peer("catalog"), Lanes(world.metrics)),
        stores=SilentStores(),
        encode=encode_basket,
    )
    customer = CustomerId(f"demo:{at.who.customer.removeprefix('customers/')}")
    name = BasketName(StoreId(f"demo:{at.id}"), customer)
    owner = Purchaser(at.who.principal, "demo", is_staff=False, customer=customer)
    deadline = asyncio.get_running_loop().time() + 10
    read = await baskets.get(name, owner, deadline=deadline)
    assert encode_basket(read) == at.basket.SerializeToString(deterministic=True)
    frozen = await at.freeze()
    await baskets.lift_freezes()
    assert await at.read() == frozen
