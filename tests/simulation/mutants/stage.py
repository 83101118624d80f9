"""A running platform on which one defect after the other is played."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from allinone.verify import Violation, verify
from chassis.db.engine import CONNECT_SECONDS_MAX
from chassis.kernel.errors import HutongError
from chassis.rpc.auth import Caller
from hutong.orders.v1 import orders_service_pb2
from services.orders.domain.orders import Order
from tests.simulation.asking import Callers
from tests.simulation.checks import RULES, Books, violations
from tests.simulation.deeds import Deeds
from tests.simulation.events import SERVICE, Witness
from tests.simulation.intents import Intent, Kind
from tests.simulation.record import Asked
from tests.support.shop import MANAGER, Shop, pickup, request_id, till_sale, wanted
from tests.support.world import World

EVENT_SECONDS_MAX = 30.0
POLL_SECONDS = 0.05


@dataclass(slots=True)
class Checkpoints:
    """What happens to orders at points of the saga; nothing, unless a mutant's play says so."""

    at: dict[str, Callable[[Order], Awaitable[None]]] = field(default_factory=dict)

    async def __call__(self, point: str, order: Order) -> None:
        """What is to happen at this point."""
        if point in self.at:
            await self.at[point](order)


@dataclass(slots=True)
class Stage:
    """The platform, who asks of it, and what the checks say."""

    world: World
    shop: Shop
    callers: Callers
    witness: Witness
    checkpoints: Checkpoints
    known: set[Violation] = field(default_factory=set)
    """What mutants that were played before have left behind."""

    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def books(self) -> Books:
        """Where the books are."""
        return Books(self.world.urls, self.witness.url)

    async def found(self, rules: Sequence[str]) -> set[Violation]:
        """What the checks find that was not found before; all of them only if a rule needs it."""
        if set(rules) & set(RULES):
            every = set(await violations(self.books, self.callers.record))
        else:
            every = set(await verify({**self.world.urls, SERVICE: self.witness.url}))
        found = every - self.known
        self.known |= every
        return found

    async def do(self, kind: Kind, *, after: int = -1, **fields: Any) -> Asked:
        """Does what is meant, and has it written down."""
        usual: dict[str, Any] = {
            "number": next(self._numbers),
            "kind": kind,
            "tenant": "north",
            "store": "stores/sh01",
            "customer": "customers/c1",
            "lines": (("can1", 1),),
            "amount": 1,
            "after": after,
            "request_id": str(uuid.uuid4()),
            "is_over_http": False,
            "is_repeated": False,
        }
        return await Deeds(self.callers).do(Intent(**(usual | fields)))

    async def orders_of(self, sku: str) -> list[str]:
        """The ids of all orders of a product."""
        rows = await self.rows(
            "orders", "select order_id from verify.customer_order_line where sku = $1", sku
        )
        return [row["order_id"] for row in rows]

    async def rows(self, service: str, statement: str, *arguments: object) -> Sequence[Any]:
        """What a statement gives in a service's database, as the superuser."""
        connection = await asyncpg.connect(
            self.world.urls[service], timeout=CONNECT_SECONDS_MAX * 10
        )
        try:
            found: Sequence[Any] = await connection.fetch(statement, *arguments)
            return found
        finally:
            await connection.close()

    async def witnessed(self, aggregate: str, *, times: int = 1) -> None:
        """Waits until the witness has handled so many events of an aggregate."""
        connection = await asyncpg.connect(self.witness.url, timeout=CONNECT_SECONDS_MAX * 10)
        try:
            async with asyncio.timeout(EVENT_SECONDS_MAX):
                while (
                    await connection.fetchval(
                        "select count(*) from public.effect where aggregate = $1", aggregate
                    )
                    < times
                ):
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            await connection.close()


Play = Callable[[Stage], Awaitable[Sequence[str]]]
"""Lets a defect show itself; answers words, one of which is in the row that is to be found."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A defect, the rules that are to report it, and how it comes to show.

    `why_row` says why a bad row is planted where the defect itself can't be played in seconds.
    `drops` are constraints that would refuse what the defect does, as (service, table, constraint):
    a second line of defence, which the check is to do without.
    """

    name: str
    rules: tuple[str, ...]
    play: Play
    plant: Callable[[pytest.MonkeyPatch], None] = lambda _: None
    drops: tuple[tuple[str, str, str], ...] = ()
    why_row: str = ""


async def nothing(*_: Any, **__: Any) -> None:
    """What a step does that was forgotten."""


async def whatever(work: Awaitable[Any]) -> Any:
    """The answer, or None where the defect keeps there from being one."""
    with suppress(HutongError):
        return await work
    return None


async def sold(stage: Stage, quantity: int = 2, *, stock: int = 10, price: int = 100) -> list[str]:
    """A sale at a till of a product that nobody else sells: its SKU and its order's id."""
    sku = await stage.shop.product(stock=stock, price=price)
    await whatever(stage.shop.orders().PlaceOrder(till_sale(wanted(sku, quantity))))
    return [sku, *await stage.orders_of(sku)]


async def kept(stage: Stage, quantity: int = 2) -> tuple[list[str], Any, Caller]:
    """An order for pickup: its SKU, the owner of its money and its id, the order, its customer."""
    sku = await stage.shop.product(stock=10)
    who = await stage.shop.customer(balance=100_000)
    order = await whatever(stage.shop.orders(who).PlaceOrder(pickup(who, wanted(sku, quantity))))
    owner = f"demo:{who.customer}"
    return [sku, owner, *await stage.orders_of(sku)], order, who


async def cancelled(stage: Stage, order: Any) -> None:
    """The store's people cancel it."""
    request = orders_service_pb2.CancelOrderRequest(
        name=order.name, reason="no", request_id=request_id()
    )
    await whatever(stage.shop.orders(MANAGER).CancelOrder(request))
