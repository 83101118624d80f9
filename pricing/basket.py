"""What a customer wants to buy: lines of products, before anything is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.kernel.errors import InvalidInput, QuantityTooLarge, UnitMismatch
from chassis.kernel.quantity import QUANTITY_MAX, Unit
from pricing.barcode import ScaleLabel


@dataclass(frozen=True, slots=True)
class BasketLine:
    """So many pieces or grams of one product, and the versions of its price that were shown.

    With a label the line is what that label stands for. Versions are in ascending order. The
    quantity is at least 1, else InvalidInput, and at most QUANTITY_MAX, else QuantityTooLarge.
    """

    sku: str
    quantity: int
    unit: Unit
    shown_versions: tuple[int, ...] = ()
    label: ScaleLabel | None = None

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise InvalidInput.at("quantity", "must be at least 1")
        if self.quantity > QUANTITY_MAX:
            raise QuantityTooLarge.at("lines", f"too much of {self.sku}", sku=self.sku)


def merged(lines: Iterable[BasketLine]) -> tuple[BasketLine, ...]:
    """One line per product, in the order in which products first appeared; labels stay apart.

    What a label stands for was weighed, rounded and printed by itself, so it is charged by itself.
    UnitMismatch if a product stands there both by the piece and by weight, QuantityTooLarge if the
    lines of a product sum up to more than one line may hold.
    """
    result: list[BasketLine] = []
    places: dict[str, int] = {}
    for line in lines:
        place = places.get(line.sku)
        if line.label is not None:
            result.append(line)
        elif place is None:
            places[line.sku] = len(result)
            result.append(line)
        else:
            result[place] = _joined(result[place], line)
    return tuple(result)


def _joined(earlier: BasketLine, line: BasketLine) -> BasketLine:
    if line.unit is not earlier.unit:
        raise UnitMismatch.at(
            "lines",
            f"{line.sku} comes by {earlier.unit} and by {line.unit}",
            sku=line.sku,
            wanted=earlier.unit,
            given=line.unit,
        )
    return BasketLine(
        line.sku,
        earlier.quantity + line.quantity,
        line.unit,
        tuple(sorted({*earlier.shown_versions, *line.shown_versions})),
    )
