"""Compares what a load was told with what the books have: orders, stock, payments, ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from tests.bench.orders.kinds import Basket
from tests.bench.rows import NotMeasurable
from tests.bench.sending.plan import Report, number_of, request_id

SOLD = frozenset({"PLACED", "COMPLETED"})
NOT_SOLD = frozenset({None, "REFUSED"})
ON_THE_WAY = ("PLACING", "UNDOING", "CANCELLING", "COMPLETING")
REST_SECONDS_MAX = 90.0
REST_POLL_SECONDS = 0.25
SHOWN_MAX = 3

_REQUESTS = """
select i.request_id, o.order_id, o.state, o.total_minor
  from idempotency as i
  left join customer_order as o on o.store_id = i.distribution_key and o.request_key = i.request_key
 where i.request_id like $1
"""

_ON_THE_WAY = "select count(*) from customer_order where state = any($1)"

_UNPUBLISHED = "select exists (select from outbox where published_at is null)"

_STOCK = """
select count(*), coalesce(sum(greatest(abs(on_hand_change), abs(held_change))), 0)::bigint
  from stock_movement where cause = any($1)
"""

_PAYMENTS = """
select count(*), coalesce(sum(amount_minor), 0)::bigint from payment where payment_id = any($1)
"""

_LEDGER = """
select coalesce(sum(amount_minor), 0)::bigint,
       coalesce(sum(amount_minor) filter (where amount_minor > 0), 0)::bigint
  from ledger_entry where payment_id = any($1)
"""


class BooksDiffer(NotMeasurable):
    """What was acknowledged is not what is in the books, so nothing was measured."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as the orders' books have it; without an order it was refused, or is not begun."""

    number: int
    order_id: str | None
    state: str | None
    total_fen: int | None


@dataclass(frozen=True, slots=True)
class Effects:
    """What stock and money say of orders: how much there is of each, in all."""

    movements: int = 0
    pieces: int = 0
    payments: int = 0
    paid_fen: int = 0
    ledger_sum_fen: int = 0
    ledger_moved_fen: int = 0


def sold_in(kept: Iterable[Kept]) -> list[Kept]:
    """Those that have their goods and their money."""
    return [one for one in kept if one.state in SOLD]


def differences(
    baskets: Sequence[Basket], report: Report, kept: Sequence[Kept], effects: Effects
) -> list[str]:
    """In what the books differ from what was told; empty if they agree."""
    by_number = {one.number: one for one in kept}
    found = []
    if len(by_number) < len(kept):
        found.append(f"{len(kept) - len(by_number)} requests are there twice")
    refused, unknown = report.refused, report.unknown
    for number in range(report.asked):
        state = by_number[number].state if number in by_number else None
        allowed = NOT_SOLD if number in refused else SOLD | NOT_SOLD if number in unknown else SOLD
        if state not in allowed:
            answer = (
                "refused" if number in refused else "told nothing" if number in unknown else "OK"
            )
            found.append(f"request {number} was answered {answer}, its order is {state}")
    found += [f"nobody asked for {number}" for number in by_number if number >= report.asked]
    wanted = _wanted_effects(baskets, sold_in(kept))
    for one in sold_in(kept):
        total = baskets[one.number % len(baskets)].total_fen
        if one.total_fen != total:
            found.append(f"{one.order_id} costs {one.total_fen} instead of {total} fen")
    if effects != wanted:
        found.append(f"the effects are {effects} instead of {wanted}")
    return found


def _wanted_effects(baskets: Sequence[Basket], sold: Sequence[Kept]) -> Effects:
    of_each = [baskets[one.number % len(baskets)] for one in sold]
    total = sum(basket.total_fen for basket in of_each)
    return Effects(
        movements=sum(len(basket.quantities) for basket in of_each),
        pieces=sum(basket.pieces for basket in of_each),
        payments=len(of_each),
        paid_fen=total,
        ledger_sum_fen=0,
        ledger_moved_fen=total,
    )


class Books:
    """The databases of a platform, to be read as one who may see everything."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls
        self._connections: dict[str, asyncpg.Connection] = {}

    async def close(self) -> None:
        """Closes its connections."""
        for connection in self._connections.values():
            await connection.close()

    async def compare(self, baskets: Sequence[Basket], report: Report, *, run: int) -> None:
        """BooksDiffer unless they have what was told, once all of it is at rest."""
        await self.rest()
        kept = await self._kept(run)
        found = differences(baskets, report, kept, await self._effects(sold_in(kept)))
        if found:
            raise BooksDiffer(f"{len(found)} differences, such as {'; '.join(found[:SHOWN_MAX])}")

    async def rest(self) -> None:
        """Waits until no order is on its way and every event is published; BooksDiffer if that
        takes too long.
        """
        try:
            async with asyncio.timeout(REST_SECONDS_MAX):
                while await self._is_busy():
                    await asyncio.sleep(REST_POLL_SECONDS)
        except TimeoutError:
            raise BooksDiffer(f"not all is at rest after {REST_SECONDS_MAX:g} s") from None

    async def _is_busy(self) -> bool:
        if await self._one("orders", _ON_THE_WAY, list(ON_THE_WAY)):
            return True
        for service in self._urls:
            if await self._one(service, _UNPUBLISHED):
                return True
        return False

    async def _kept(self, run: int) -> list[Kept]:
        pattern = request_id(run, 0)[: len("00000000-")] + "%"
        rows = await self._rows("orders", _REQUESTS, pattern)
        return [Kept(number_of(asked), order, state, fen) for asked, order, state, fen in rows]

    async def _effects(self, sold: Sequence[Kept]) -> Effects:
        ids = [one.order_id for one in sold]
        ((movements, pieces),) = await self._rows("inventory", _STOCK, ids)
        ((payments, paid),) = await self._rows("payments", _PAYMENTS, ids)
        ((total, moved),) = await self._rows("payments", _LEDGER, ids)
        return Effects(movements, pieces, payments, paid, total, moved)

    async def _one(self, service: str, statement: str, *values: object) -> object:
        ((value,),) = await self._rows(service, statement, *values)
        return value

    async def _rows(self, service: str, statement: str, *values: object) -> list[asyncpg.Record]:
        if service not in self._connections:
            self._connections[service] = await asyncpg.connect(self._urls[service])
        rows: list[asyncpg.Record] = await self._connections[service].fetch(statement, *values)
        return rows
