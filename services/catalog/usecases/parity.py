"""What devices show is compared with what stores ask. Each use case owns its transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chassis.db.engine import Database
from chassis.db.transaction import Transaction
from chassis.kernel.names import StoreId
from chassis.messaging import outbox
from chassis.messaging.outbox import Event
from pricing.quote import ProductUnknown
from services.catalog.domain import parity as domain
from services.catalog.domain.parity import Disagreement, Report, ShownChange, Surface
from services.catalog.domain.prices import StorePrice
from services.catalog.repository import parity_rows

CHECKED_AT_ONCE_MAX = 500
"""So many shown prices are compared in one transaction, of some ten milliseconds."""

SILENT_SECONDS_MAX = 7 * 86_400.0
"""A device that has not reported a product for a week is given up for lost."""


class Parity:
    """The use cases on what is shown; what changes is told by events that two encoders write."""

    def __init__(
        self,
        database: Database,
        *,
        grace_seconds: float,
        shown_changed: Callable[[ShownChange], Event],
        disagreement_changed: Callable[[Disagreement], Event],
        checked_at_once_max: int = CHECKED_AT_ONCE_MAX,
    ) -> None:
        self._database = database
        self._grace_seconds = grace_seconds
        self._shown_changed = shown_changed
        self._disagreement_changed = disagreement_changed
        self._checked_at_once_max = checked_at_once_max

    async def report(self, tenant: str, report: Report) -> list[StorePrice]:
        """Keeps what a device shows; what it should show instead, by the prices of now.

        ProductUnknown; InvalidInput or AmountInvalid if the report itself can't be right.
        """
        domain.require_reportable(report)
        skus = [shown.sku for shown in report.prices]
        async with self._database.transaction() as tx:
            domain.require_past(report.at, now=await parity_rows.now(tx))
            known = await parity_rows.in_range(tx, tenant, skus)
            for sku in skus:
                if sku not in known:
                    raise ProductUnknown(sku=sku)
            changed = await parity_rows.keep(tx, report)
            await self._tell(tx, [] if changed is None else [changed], [])
            in_force = await parity_rows.prices_of(
                tx, report.device.store, skus, channel=report.device.surface.channel
            )
        return domain.to_show_instead(report.prices, in_force)

    async def check_all(self) -> None:
        """Compares all that is shown with what is asked, in bounded transactions."""
        while True:
            async with self._database.transaction() as tx:
                lost, resolved = await parity_rows.forget(
                    tx, silent_seconds=SILENT_SECONDS_MAX, rows_max=self._checked_at_once_max
                )
                await self._tell(tx, lost, resolved)
            if sum(len(change.lost) for change in lost) < self._checked_at_once_max:
                break
        after: parity_rows.ShownKey | None = parity_rows.BEFORE_ALL_SHOWN
        while after is not None:
            async with self._database.transaction() as tx:
                after, changed = await parity_rows.check(
                    tx,
                    after=after,
                    rows_max=self._checked_at_once_max,
                    grace_seconds=self._grace_seconds,
                )
                await self._tell(tx, [], changed)

    async def count_open(self) -> Mapping[Surface, int]:
        """How many disagreements are open, by surface."""
        async with self._database.reading() as reading:
            return await parity_rows.count_open(reading)

    async def _tell(
        self, tx: Transaction, shown: Sequence[ShownChange], changed: Sequence[Disagreement]
    ) -> None:
        events = [self._shown_changed(change) for change in shown]
        events += [self._disagreement_changed(disagreement) for disagreement in changed]
        await outbox.add_all(tx, events)

    async def list_disagreements(
        self, store: StoreId, *, before: int, with_resolved: bool, rows_max: int
    ) -> list[Disagreement]:
        """A store's disagreements before a number, the latest first; open ones, or all."""
        async with self._database.reading() as reading:
            return await parity_rows.disagreements(
                reading, store, before=before, with_resolved=with_resolved, rows_max=rows_max
            )
