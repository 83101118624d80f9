"""What devices show is compared with what stores ask. Each use case owns its transaction."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.db.engine import Database
from chassis.kernel.names import StoreId
from pricing.quote import ProductUnknown
from services.catalog.domain import parity as domain
from services.catalog.domain.parity import Disagreement, Report, Surface
from services.catalog.domain.prices import StorePrice
from services.catalog.repository import parity_rows

CHECKED_AT_ONCE_MAX = 500
"""So many shown prices are compared in one transaction, of some ten milliseconds."""

SILENT_SECONDS_MAX = 7 * 86_400.0
"""A device that has not reported a product for a week is given up for lost."""


class Parity:
    """The use cases on what is shown."""

    def __init__(
        self,
        database: Database,
        *,
        grace_seconds: float,
        checked_at_once_max: int = CHECKED_AT_ONCE_MAX,
    ) -> None:
        self._database = database
        self._grace_seconds = grace_seconds
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
            await parity_rows.keep(tx, report)
            in_force = await parity_rows.prices_of(
                tx, report.device.store, skus, channel=report.device.surface.channel
            )
        return domain.to_show_instead(report.prices, in_force)

    async def check_all(self) -> None:
        """Compares all that is shown with what is asked, in bounded transactions."""
        while True:
            async with self._database.transaction() as tx:
                forgotten = await parity_rows.forget(
                    tx, silent_seconds=SILENT_SECONDS_MAX, rows_max=self._checked_at_once_max
                )
            if forgotten < self._checked_at_once_max:
                break
        after: parity_rows.ShownKey | None = parity_rows.BEFORE_ALL_SHOWN
        while after is not None:
            async with self._database.transaction() as tx:
                after = await parity_rows.check(
                    tx,
                    after=after,
                    rows_max=self._checked_at_once_max,
                    grace_seconds=self._grace_seconds,
                )

    async def count_open(self) -> Mapping[Surface, int]:
        """How many disagreements are open, by surface."""
        async with self._database.reading() as reading:
            return await parity_rows.count_open(reading)

    async def list_disagreements(
        self, store: StoreId, *, before: int, with_resolved: bool, rows_max: int
    ) -> list[Disagreement]:
        """A store's disagreements before a number, the latest first; open ones, or all."""
        async with self._database.reading() as reading:
            return await parity_rows.disagreements(
                reading, store, before=before, with_resolved=with_resolved, rows_max=rows_max
            )
