"""Whether a store has a product, as the catalogue was told. It promises nothing to anybody."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit


class Availability(enum.Enum):
    """What customers are told about a store's stock of a product."""

    IN_STOCK = "in stock"
    LOW = "low"
    OUT_OF_STOCK = "out of stock"


@dataclass(frozen=True, slots=True)
class StoreStock:
    """What a store can sell of a product, pieces or grams, as of a version of the stock level."""

    store: StoreId
    sku: str
    unit: Unit
    available: int
    version: int


@dataclass(frozen=True, slots=True)
class LittleLeft:
    """Down from how much on there is little left."""

    pieces: int
    grams: int

    def availability(self, stock: StoreStock) -> Availability:
        """What to tell about the stock."""
        if stock.available <= 0:
            return Availability.OUT_OF_STOCK
        is_little = stock.available <= (self.pieces if stock.unit is Unit.EACH else self.grams)
        return Availability.LOW if is_little else Availability.IN_STOCK


Availabilities = Mapping[str, Availability]
"""By SKU; a product that the store was never told to have is not in it."""
