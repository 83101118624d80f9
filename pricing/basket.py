"""What a customer wants to buy: lines of products, before anything is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.kernel.errors import InvalidInput, QuantityTooLarge, UnitMismatch
from chassis.kernel.quantity import QUANTITY_MAX, Unit


@dataclass(frozen=True, slots=True)
class BasketLine:
    """So many pieces or grams of one product, and the versions of its price that were shown.

    Versions are in ascending order. The quantity is at least 1, else InvalidInput, and at most
    QUANTITY_MAX, else QuantityTooLarge.
    """

    sku: str
    quantity: int
    unit: Unit
    shown_versions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise InvalidInput.at("quantity", "must be at least 1")
        if self.quantity > QUANTITY_MAX:
            raise QuantityTooLarge(sku=self.sku)


def merged(lines: Iterable[BasketLine]) -> tuple[BasketLine, ...]:
    """One line per product, in the order in which products first appeared.

    UnitMismatch if a product stands there both by the piece and by weight, QuantityTooLarge if the
    lines of a product sum up to more than one line may hold.
    """
    by_sku: dict[str, BasketLine] = {}
    for line in lines:
        earlier = by_sku.get(line.sku)
        by_sku[line.sku] = line if earlier is None else _joined(earlier, line)
    return tuple(by_sku.values())


def _joined(earlier: BasketLine, line: BasketLine) -> BasketLine:
    if line.unit is not earlier.unit:
        raise UnitMismatch(sku=line.sku, wanted=earlier.unit, given=line.unit)
    return BasketLine(
        line.sku,
        earlier.quantity + line.quantity,
        line.unit,
        tuple(sorted({*earlier.shown_versions, *line.shown_versions})),
    )
