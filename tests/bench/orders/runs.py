"""Loads played on a running platform, what they cost by process, and the look into the books."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from allinone.verify import verify
from tests.bench.cpu import cpu_microseconds_each, told
from tests.bench.orders.books import Books, BooksDiffer
from tests.bench.orders.kinds import LINES, STORES, TILL, Kind
from tests.bench.rows import NotMeasurable, Row
from tests.bench.running import Running
from tests.bench.sending.plan import Plan, Protocol, Report, sent

_ORDERS = "/hutong.orders.v1.OrdersService"
PATHS: Mapping[Protocol, str] = {
    "unary": f"{_ORDERS}/PlaceOrder",
    "stream": f"{_ORDERS}/UploadSales",
    "http": "POST /v1/stores/*/orders:place",
}
WARM_UP_CALLS = 1_500
CONNECTIONS_MAX = 16
NO_ANSWERS_SHARE_MAX = 0.01
"""More calls than this share may not go without an answer, or the load is not what it says."""

OPEN_SECONDS_MORE_MAX = 120.0
"""How much longer than its load an open loop may take, with its start and its last answers."""

TOPOLOGIES = {"run": "one_process", "cluster": "cluster"}


async def at_once() -> None:
    """Nothing is waited for between a load and the look into the books."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many calls of a kind, so many of them in flight."""

    kind: Kind
    in_flight: int
    calls: int
    protocol: Protocol = "unary"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load told, and what it cost by part of the platform, in microseconds an order."""

    load: Load
    topology: str
    report: Report
    by_part: Mapping[str, float]

    @property
    def cpu_us(self) -> float:
        """What an order cost, all processes together."""
        return sum(self.by_part.values())

    def row(self, name: str, value: float, unit: str, *, also: str = "") -> Row:
        """A row of it, with the conditions."""
        load, report = self.load, self.report
        conditions = (
            f"{self.topology.replace('_', ' ')}, {load.protocol}; {report.ok} orders of {LINES} "
            f"lines, {load.in_flight} in flight, {len(load.kind.skus)} SKUs in {len(STORES)} "
            f"stores; {report.per_second:.0f} a second; CPU us by part: {told(self.by_part)}; the "
            f"load itself took {report.own_cpu_seconds / report.ok * 1e6:.0f} us an order beside it"
        )
        return Row(name, round(value, 2), unit, f"{conditions}{also}")


class Runs:
    """Loads on one platform. Each is compared with the books; `check` verifies all of them."""

    def __init__(self, platform: Running) -> None:
        self.platform = platform
        self.books = Books(platform.stores.urls())
        self._number = 0

    async def __aenter__(self) -> Runs:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.books.close()

    @property
    def topology(self) -> str:
        """What the platform's rows are labelled with."""
        return TOPOLOGIES[self.platform.command.topology]

    async def warm_up(self) -> None:
        """Lets the platform reach its speed."""
        await self.play(Load(TILL, 64, WARM_UP_CALLS))

    async def measured(self, load: Load) -> Measured:
        """Plays a load and reads what it cost, with the publishing of its events."""
        plan = self.plan(load)
        await self.books.rest()
        before = self.platform.cpu_seconds()
        report = await sent(plan)
        await self.books.rest()
        after = self.platform.cpu_seconds()
        await self._compare(load, plan, report)
        self._require_answers(report)
        costs = cpu_microseconds_each(before, after, report.ok)
        return Measured(load, self.topology, report, costs)

    async def play(self, load: Load) -> Report:
        """Plays a load; NotMeasurable if a call is refused, or many get no answer in time."""
        plan = self.plan(load)
        report = await sent(plan)
        await self._compare(load, plan, report)
        self._require_answers(report)
        return report

    async def offered(
        self,
        kind: Kind,
        *,
        rate: float,
        seconds: float,
        timeout_seconds: float,
        answered: Callable[[], Awaitable[None]] = at_once,
    ) -> Report:
        """Offers so many a second, whatever is answered."""
        load = Load(kind, CONNECTIONS_MAX, 0)
        plan = self.plan(load, seconds=seconds, rate=rate, timeout_seconds=timeout_seconds)
        report = await sent(plan, seconds_max=seconds + OPEN_SECONDS_MORE_MAX)
        await answered()
        await self._compare(load, plan, report)
        return report

    def plan(
        self,
        load: Load,
        *,
        seconds: float | None = None,
        rate: float | None = None,
        timeout_seconds: float = 30.0,
    ) -> Plan:
        """What is sent, under a number of its own."""
        self._number += 1
        address = self.platform.address(load.protocol)
        is_http = load.protocol == "http"
        return Plan(
            protocol=load.protocol,
            address=address,
            path=PATHS[load.protocol],
            senders=load.kind.senders(
                load.kind.baskets(self._number),
                self.platform.token,
                protocol=load.protocol,
                address=address,
            ),
            run=self._number,
            in_flight=load.in_flight,
            connections=load.in_flight if is_http else min(load.in_flight, CONNECTIONS_MAX),
            calls=load.calls if rate is None and seconds is None else None,
            seconds=seconds,
            rate=rate,
            timeout_seconds=timeout_seconds,
        )

    async def check(self) -> None:
        """BooksDiffer unless `hutong verify` finds nothing."""
        broken = await verify(self.platform.verifier_urls())
        if broken:
            raise BooksDiffer(f"the books do not balance: {'; '.join(map(str, broken[:3]))}")

    async def _compare(self, load: Load, plan: Plan, report: Report) -> None:
        await self.books.compare(load.kind.baskets(plan.run), report, run=plan.run)

    @staticmethod
    def _require_answers(report: Report) -> None:
        unknown_max = report.asked * NO_ANSWERS_SHARE_MAX
        if not report.ok or report.refused or len(report.unknown) > unknown_max:
            raise NotMeasurable(f"{report.asked} were asked, the answers were {report.statuses}")
