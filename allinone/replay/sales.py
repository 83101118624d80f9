"""What the rows of the data set mean: sales with lines, in cents, as tills tell of them.

- `sales_value` is what was charged for a line, all of its quantity; it is taken to the cent as it
  stands, since 3 percent of the lines do not divide into unit prices.
- The discounts of a line are named together. The platform takes no negative discount, so a line
  with one is told without.
- Lines of quantity 0 are no sales; they are left out, and kept apart to be counted.
- Petrol is counted in thousandths of a gallon. It is sold like weighed goods, whose price is that
  of a thousand.
- Instants name no zone, and are taken as UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from allinone.replay.journey import Goods, Row
from chassis.kernel.quantity import Unit

CENTS = 100
CENTS_OFF_MAX = 1e-6
"""So far may an amount be from whole cents; floats are."""

MEASURED = "GASOLINE"
"""Products whose type begins so are counted in thousandths."""

THOUSANDTHS = 1_000


class DataInvalid(Exception):
    """The data contradict what is known of them. The text is one line for a person."""


@dataclass(frozen=True, slots=True)
class Line:
    """One product of a sale. `discount_cents` is None if the data name a negative one.

    `regular_cents` is what the line would have cost without the store's own discounts.
    """

    sku: str
    quantity: int
    unit: Unit
    charged_cents: int
    discount_cents: int | None
    regular_cents: int

    @property
    def unit_price_cents(self) -> int:
        """The regular price of a piece or of a thousand, rounded half up."""
        times = 1 if self.unit is Unit.EACH else THOUSANDTHS
        return (2 * self.regular_cents * times + self.quantity) // (2 * self.quantity)


@dataclass(frozen=True, slots=True)
class Sale:
    """A basket as its till sold it; `left_out_cents` is what each line that is none was charged."""

    receipt: str
    store: str
    sold_at: datetime
    lines: tuple[Line, ...]
    left_out_cents: tuple[int, ...]

    @property
    def day(self) -> date:
        """The day of the sale, by the till's clock."""
        return self.sold_at.date()

    @property
    def charged_cents(self) -> int:
        """What was charged for all lines."""
        return sum(line.charged_cents for line in self.lines)


def store_id(number: int) -> str:
    """The id of a store of the data set."""
    return f"s{number}"


def sku_of(number: int) -> str:
    """The SKU of a product of the data set."""
    return f"p{number}"


def unit_of(goods: Goods) -> Unit:
    """What quantities of the product count; thousandths go as weighed goods."""
    is_measured = (goods.product_type or "").startswith(MEASURED)
    return Unit.GRAM if is_measured else Unit.EACH


def sales_of(rows: Iterable[Row], units: Mapping[str, Unit]) -> list[Sale]:
    """The sales in rows, in the order of their time; what `units` lacks is sold by the piece.

    Raises DataInvalid if a basket has two stores or times, names a product twice, or has an amount
    that is not in cents.
    """
    baskets: dict[int, list[Row]] = {}
    for row in rows:
        baskets.setdefault(row.basket_id, []).append(row)
    sales = [_sale(basket, units) for basket in baskets.values()]
    return sorted(sales, key=lambda sale: (sale.sold_at, sale.receipt))


def _sale(rows: list[Row], units: Mapping[str, Unit]) -> Sale:
    first = rows[0]
    for row in rows:
        if (row.store_id, row.transaction_timestamp) != (
            first.store_id,
            first.transaction_timestamp,
        ):
            raise DataInvalid(f"basket {first.basket_id} was sold in two places or at two times")
    if len({row.product_id for row in rows}) < len(rows):
        raise DataInvalid(f"basket {first.basket_id} names a product twice")
    return Sale(
        receipt=str(first.basket_id),
        store=store_id(first.store_id),
        sold_at=first.transaction_timestamp,
        lines=tuple(_line(row, units) for row in rows if row.quantity > 0),
        left_out_cents=tuple(_cents(row, row.sales_value) for row in rows if row.quantity <= 0),
    )


def _line(row: Row, units: Mapping[str, Unit]) -> Line:
    sku = sku_of(row.product_id)
    charged = _cents(row, row.sales_value)
    retail, coupon, match = (
        _cents(row, amount) for amount in (row.retail_disc, row.coupon_disc, row.coupon_match_disc)
    )
    return Line(
        sku=sku,
        quantity=row.quantity,
        unit=units.get(sku, Unit.EACH),
        charged_cents=charged,
        discount_cents=None if min(retail, coupon, match) < 0 else retail + coupon + match,
        regular_cents=charged + max(retail, 0) + max(match, 0),
    )


def _cents(row: Row, dollars: float) -> int:
    cents = round(dollars * CENTS)
    if abs(dollars * CENTS - cents) > CENTS_OFF_MAX:
        raise DataInvalid(f"basket {row.basket_id} has an amount of {dollars} dollars")
    return cents
