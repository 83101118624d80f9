"""How long nobody can sell after something was killed: service, PostgreSQL, Valkey, all at once."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chassis.kernel.errors import HutongError
from tests.bench.rows import NotMeasurable, Row
from tests.simulation.asking import Ways
from tests.simulation.deeds import Direct
from tests.simulation.platforms import POSTGRES, VALKEY, Cluster, OneProcess, Tokens
from tests.support.shop import CASHIER, Shop, till_sale, wanted

PAUSE_SECONDS = 0.05
SETTLE_SECONDS = 10.0
"""Between two kills: the stores' supervisor gives up one that dies six times in a minute."""

SECONDS_MAX = 120.0
Kill = Sequence[str]
"""The processes that are killed at once."""

PLATFORM: Mapping[str, Sequence[Kill]] = {"platform": (("platform",),) * 3}
"""The whole of it in one process, which who runs it starts again at once."""

SELLING = ("orders", "catalog", "inventory", "payments", "gateway")
"""What a sale needs of a cluster, each of which its supervisor starts again."""

CLUSTER: Mapping[str, Sequence[Kill]] = {
    "service": tuple((name,) for name in SELLING),
    "postgres": ((POSTGRES,),) * 3,
    "valkey": ((VALKEY,),) * 3,
    "everything": ((*Cluster.services, POSTGRES, VALKEY),) * 3,
}


@dataclass(frozen=True, slots=True)
class Till:
    """A till that asks again, with the same request id, until a sale is done."""

    shop: Shop
    sku: str

    async def sells(self, *, until: float) -> None:
        """Sells one piece; NotMeasurable if that was not possible by then."""
        request = till_sale(wanted(self.sku, 1))
        while time.monotonic() < until:
            try:
                await self.shop.orders(CASHIER).PlaceOrder(request)
                return
            except HutongError as error:
                if error.is_answer:
                    raise NotMeasurable(f"the sale was refused: {error}") from error
                await asyncio.sleep(PAUSE_SECONDS)
        raise NotMeasurable(f"nothing was sold within {SECONDS_MAX:.0f} s")


async def recovery() -> list[Row]:
    """From each kill to the next sale, by a till that keeps trying."""
    return [*await _measured(OneProcess, PLATFORM), *await _measured(Cluster, CLUSTER)]


async def _measured(kind: type[OneProcess], faults: Mapping[str, Sequence[Kill]]) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="hutong-bench-") as folder:
        platform = kind.at(Path(folder) / "home")
        try:
            await platform.start()
            command = platform.command
            token = Tokens(command.issuer())
            ways = Ways(grpc_port=command.grpc_port, http_port=command.http_port, token=token)
            till = await _opened(ways)
            for fault, kills in faults.items():
                seconds = []
                for names in kills:
                    seconds.append(await _seconds(platform, till, names))
                    await asyncio.sleep(SETTLE_SECONDS)
                rows.append(_row(fault, platform.name, sorted(seconds)))
            await ways.close()
        finally:
            await platform.stop()
    return rows


async def _opened(ways: Ways) -> Till:
    shop = Shop(lambda _, who: Direct(ways, who))
    await shop.open()
    till = Till(shop, await shop.product(stock=100_000))
    await till.sells(until=time.monotonic() + SECONDS_MAX)
    return till


async def _seconds(platform: OneProcess, till: Till, names: Sequence[str]) -> float:
    """How long it takes until a sale that was begun after the kill is done."""
    processes = [platform.process(name) for name in names]
    begun = time.monotonic()
    for process in processes:
        process.kill()
    starting = asyncio.gather(*(platform.killed(name) for name in names))
    try:
        await till.sells(until=begun + SECONDS_MAX)
        seconds = time.monotonic() - begun
        await starting
    finally:
        starting.cancel()
    return seconds


def _row(fault: str, topology: str, seconds: Sequence[float]) -> Row:
    return Row(
        f"recovery_seconds{{{fault}}}",
        seconds[-1],
        "s",
        f"{topology}, the slowest of {len(seconds)} kills, the fastest {seconds[0]:.1f}; from "
        "kill -9 to a sale that was begun after it, by a till that keeps trying",
    )
