"""A data set for tests, as small as can be, with every awkward row that the real one has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from allinone.replay.journey import Goods, Row

FIRST, SECOND, THIRD = date(2017, 3, 8), date(2017, 3, 9), date(2017, 3, 10)
MILK, TEA, PETROL, CORN, UNTOLD = 101, 102, 103, 104, 105
AT_FIRST_STORE, AT_SECOND_STORE = 31, 32

GOODS = (
    Goods(MILK, "GROCERY", "FLUID MILK WHITE ONLY", "1 GA"),
    Goods(TEA, "DRUG GM", "TEA BAGS", None),
    Goods(PETROL, "FUEL", "GASOLINE-REG UNLEADED", None),
    Goods(CORN, "ELECT &PLUMBING", "CORN WHITE", "12 EA"),
)


def row(basket: int, product: int, quantity: int, dollars: float, **fields: object) -> Row:
    """A row of the second day, at the first store, at a minute that is the basket's own."""
    usual = Row(
        basket_id=basket,
        store_id=AT_FIRST_STORE,
        product_id=product,
        quantity=quantity,
        sales_value=dollars,
        retail_disc=0.0,
        coupon_disc=0.0,
        coupon_match_disc=0.0,
        transaction_timestamp=datetime(2017, 3, 9, 10, basket % 60, tzinfo=UTC),
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def at(day: date, minute: int) -> datetime:
    """A minute of a day."""
    return datetime(day.year, day.month, day.day, 9, minute, tzinfo=UTC)


ROWS = (
    # The day before, and the day after, which is the busiest.
    row(1, MILK, 1, 2.49, transaction_timestamp=at(FIRST, 1)),
    *(
        row(number, MILK, 1, 2.49, transaction_timestamp=at(THIRD, number))
        for number in range(2, 10)
    ),
    # A plain basket, with discounts of all kinds.
    row(10, MILK, 2, 4.58, retail_disc=0.4),
    row(10, TEA, 1, 1.0, coupon_disc=0.55, coupon_match_disc=0.45),
    # Totals that do not divide into unit prices, and one that floats have off a cent's whole.
    row(11, TEA, 3, 10.0),
    row(11, MILK, 7, 1.1 + 2.2),
    # Thousandths of a gallon; and a crate.
    row(12, PETROL, 8725, 20.06, retail_disc=0.01),
    row(12, CORN, 144, 36.0),
    # Nothing of something, with and without money, beside goods, and alone.
    row(13, TEA, 0, 0.0),
    row(13, CORN, 0, 0.5),
    row(13, MILK, 1, 2.29, retail_disc=0.2),
    row(14, MILK, 0, 1.776357e-15),
    # Goods for nothing, what nobody knows, and a discount that is negative.
    row(15, UNTOLD, 1, 0.0, store_id=AT_SECOND_STORE),
    row(15, TEA, 1, 0.0, coupon_disc=1.0, store_id=AT_SECOND_STORE),
    row(16, MILK, 1, 3.0, retail_disc=-0.51, store_id=AT_SECOND_STORE),
    row(16, PETROL, 1, 15.0, store_id=AT_SECOND_STORE),
)


@dataclass(frozen=True, slots=True)
class SmallJourney:
    """Rows by hand."""

    table: Sequence[Row] = ROWS
    products: Sequence[Goods] = GOODS

    def baskets_by_day(self) -> Mapping[date, int]:
        """How many baskets each day has, in the order of the days."""
        days = {row.basket_id: row.transaction_timestamp.date() for row in self.table}
        return dict(sorted(Counter(days.values()).items()))

    def rows(self, days: Sequence[date]) -> Iterator[Row]:
        """The rows of these days."""
        for each in self.table:
            if days[0] <= each.transaction_timestamp.date() <= days[-1]:
                yield each

    def goods(self) -> Iterator[Goods]:
        """The products."""
        yield from self.products
