"""What an order costs, the whole path: token, validation, idempotency, quote, stock, money, event.

The answers are compared with the books afterwards: there must be as many orders as were answered
with OK, and stock, money and orders must agree as `hutong verify` sees to.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from google.protobuf import json_format
from google.protobuf.message import Message

from allinone.verify import verify
from chassis.rpc.auth import Caller
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from hutong.inventory.v1 import inventory_service_pb2
from hutong.payments.v1 import payments_service_pb2
from tests.bench.cpu import cpu_microseconds_each, told
from tests.bench.grpc_load import REQUEST_ID_CHARACTERS, Plan, Report, grpc_load
from tests.bench.http_load import http_load
from tests.bench.rows import NotMeasurable, Row, percentile
from tests.bench.running import Running, running
from tests.support.shop import (
    EACH,
    Shop,
    customer,
    goods,
    pickup,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.world import Client, caller

GRPC, HTTP = "gRPC", "HTTP"
PLACE_ORDER = "/hutong.orders.v1.OrdersService/PlaceOrder"
STORES = tuple(f"stores/sh{number:02}" for number in range(1, 21))
SKUS = tuple(f"bench{number}" for number in range(100))
HOT = SKUS[0]
STOCK = 100_000_000
LINES = 3
BASKETS = 1_000
CALLS_TO_WARM_UP = 2_000
CONNECTIONS_MAX = 16
IN_FLIGHT = ((1, 300), (16, 2_000), (64, 4_000), (256, 6_000), (1_000, 6_000))
"""How many calls are in flight, and how many are measured then."""

NO_ANSWERS_SHARE_MAX = 0.01

_NO_ANSWERS = ("4", "14")
"""DEADLINE_EXCEEDED, UNAVAILABLE: the order may be placed, or not."""

_ID = "0" * REQUEST_ID_CHARACTERS
_CUSTOMER = customer(0)
"""A wallet pays for its own customer's orders only, and a load has one token."""

_CASHIER = caller(role="cashier", stores=STORES, principal="users/cashier-bench")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of order: who asks for it, and its request."""

    name: str
    caller: Caller
    request: Callable[[random.Random, Sequence[catalog_pb2.WantedLine]], Message]
    skus: Sequence[str] = SKUS


def _till_sale(dice: random.Random, lines: Sequence[catalog_pb2.WantedLine]) -> Message:
    return till_sale(*lines, store=dice.choice(STORES), request_id=_ID)


def _pickup(dice: random.Random, lines: Sequence[catalog_pb2.WantedLine]) -> Message:
    return pickup(_CUSTOMER, *lines, parent=dice.choice(STORES), request_id=_ID)


TILL = Kind("till", _CASHIER, _till_sale)
HOT_TILL = Kind("till", _CASHIER, _till_sale, skus=(HOT,))
PICKUP = Kind("pickup", _CUSTOMER, _pickup)


async def place_order() -> list[Row]:
    """The rows of placing orders, in one process with all services."""
    rows: list[Row] = []
    async with _shop() as platform:
        run = _Run(platform)
        await run.play(TILL, in_flight=64, calls=CALLS_TO_WARM_UP)
        for in_flight, calls in IN_FLIGHT:
            rows += await run.rows(TILL, in_flight=in_flight, calls=calls)
        rows += await run.rows(PICKUP, in_flight=256, calls=4_000)
        by_http = await run.measured(TILL, in_flight=256, calls=6_000, over=HTTP)
        rows.append(by_http.row("place_order_http_cpu_us", by_http.cpu_us, "us"))
        hot = await run.measured(HOT_TILL, in_flight=256, calls=4_000)
        rows.append(hot.row("place_order_hot_sku_cpu_us", hot.cpu_us, "us"))
        await run.check()
    return rows


def _http_request(request: Message, token: str) -> bytes:
    """The same order as an app sends it."""
    told = json_format.MessageToDict(request)
    path = f"/v1/{told.pop('parent')}/orders:place"
    body = json.dumps(told, separators=(",", ":"))
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


@asynccontextmanager
async def _shop() -> AsyncIterator[Running]:
    """A platform with goods in twenty stores, and a customer with money."""
    async with running() as platform:
        made = _Setup(platform)
        await made.stock()
        await made.wallet()
        yield platform


@dataclass(frozen=True, slots=True)
class _Setup:
    platform: Running

    def _client(self, stub_class: object, who: Caller) -> Client:
        return self.platform.command.client(stub_class, self.platform.token(who))

    @property
    def shop(self) -> Shop:
        return Shop(self._client)

    async def stock(self) -> None:
        shop = self.shop
        products = [
            catalog_pb2.Product(
                name=f"products/{sku}", display_name=sku, department="dry-goods", unit=EACH
            )
            for sku in SKUS
        ]
        await shop.catalog().BatchCreateProducts(
            catalog_service_pb2.BatchCreateProductsRequest(
                products=products, request_id=request_id()
            )
        )
        for store in STORES:
            await shop.open(store)
            changes = [
                catalog_service_pb2.PriceChange(product=product.name, unit_price=yuan(990))
                for product in products
            ]
            await shop.catalog().ChangePrices(
                catalog_service_pb2.ChangePricesRequest(
                    parent=store, changes=changes, request_id=request_id()
                )
            )
            await shop.inventory().ReceiveStock(
                inventory_service_pb2.ReceiveStockRequest(
                    parent=store,
                    lines=[goods(sku, STOCK) for sku in SKUS],
                    delivery_note="note 1",
                    request_id=request_id(),
                )
            )

    async def wallet(self) -> None:
        await self.shop.payments().TopUpWallet(
            payments_service_pb2.TopUpWalletRequest(
                name=f"{_CUSTOMER.customer}/wallet",
                amount=yuan(100_000_000),
                request_id=request_id(),
            )
        )


@dataclass(frozen=True, slots=True)
class _Measured:
    """What a run of one kind told."""

    kind: Kind
    in_flight: int
    over: str
    report: Report
    by_program: dict[str, float]

    @property
    def cpu_us(self) -> float:
        return sum(self.by_program.values())

    def row(self, name: str, value: float, unit: str) -> Row:
        report = self.report
        conditions = (
            f"one process with all services, over {self.over}; {report.sold} orders of {LINES} "
            f"lines, "
            f"{self.in_flight} in flight, {len(self.kind.skus)} SKUs in {len(STORES)} stores; "
            f"{report.sold / report.seconds:.0f} a second; CPU us by program: "
            f"{told(self.by_program)}; the load itself took "
            f"{report.own_cpu_seconds / report.sold * 1e6:.0f} us an order beside it"
        )
        return Row(name, round(value, 2), unit, conditions)


class _Run:
    """Runs against one platform; `check` compares all of them with the books."""

    def __init__(self, platform: Running) -> None:
        self._platform = platform
        self._number = 0
        self._sold = 0
        self._unknown = 0

    async def rows(self, kind: Kind, *, in_flight: int, calls: int) -> list[Row]:
        """The rows of one kind at one load."""
        measured = await self.measured(kind, in_flight=in_flight, calls=calls)
        report = measured.report
        at = f"{{kind={kind.name},in_flight={in_flight}}}"
        return [
            measured.row(f"place_order_cpu_us{at}", measured.cpu_us, "us"),
            measured.row(f"place_order_per_second{at}", report.sold / report.seconds, "1/s"),
            measured.row(f"place_order_p50_ms{at}", percentile(report.milliseconds, 50), "ms"),
            measured.row(f"place_order_p99_ms{at}", percentile(report.milliseconds, 99), "ms"),
        ]

    async def measured(
        self, kind: Kind, *, in_flight: int, calls: int, over: str = GRPC
    ) -> _Measured:
        """Plays a load and reads what it cost."""
        before = self._platform.cpu_seconds()
        report = await self.play(kind, in_flight=in_flight, calls=calls, over=over)
        after = self._platform.cpu_seconds()
        each = cpu_microseconds_each(before, after, report.sold)
        return _Measured(kind, in_flight, over, report, each)

    async def play(self, kind: Kind, *, in_flight: int, calls: int, over: str = GRPC) -> Report:
        """Plays a load; NotMeasurable if a call is refused, or many get no answer in time."""
        self._number += 1
        dice = random.Random(self._number)
        command, token = self._platform.command, self._platform.token(kind.caller)
        bodies = []
        for _ in range(BASKETS):
            skus = dice.choices(kind.skus, k=LINES)
            lines = [wanted(sku, dice.randint(1, 3)) for sku in dict.fromkeys(skus)]
            request = kind.request(dice, lines)
            body = _http_request(request, token) if over == HTTP else request.SerializeToString()
            bodies.append((body.hex(), body.index(_ID.encode())))
        plan = Plan(
            address=f"127.0.0.1:{command.http_port if over == HTTP else command.grpc_port}",
            path=PLACE_ORDER,
            token=token,
            bodies=bodies,
            run=self._number,
            calls=calls,
            in_flight=in_flight,
            connections=min(in_flight, CONNECTIONS_MAX),
        )
        report = await (http_load if over == HTTP else grpc_load)(plan)
        unknown = sum(report.statuses.get(status, 0) for status in _NO_ANSWERS)
        if report.sold + unknown != calls or unknown > calls * NO_ANSWERS_SHARE_MAX:
            raise NotMeasurable(f"{calls} were asked, the answers were {report.statuses}")
        self._sold += report.sold
        self._unknown += unknown
        return report

    async def check(self) -> None:
        """NotMeasurable unless the books have what was answered, and balance."""
        urls = self._platform.verifier_urls()
        broken = await verify(urls)
        if broken:
            raise NotMeasurable(f"the books do not balance: {broken[:3]}")
        connection = await asyncpg.connect(urls["orders"])
        kept = await connection.fetchval(
            "select count(*) from verify.customer_order where state in ('PLACED', 'COMPLETED')"
        )
        await connection.close()
        if not self._sold <= kept <= self._sold + self._unknown:
            raise NotMeasurable(
                f"{self._sold} orders were answered with OK and {self._unknown} not in time, "
                f"{kept} are in the books"
            )
