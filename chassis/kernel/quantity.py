"""Quantities: whole pieces or whole grams, never negative, never a fraction."""

from __future__ import annotations

import enum

QUANTITY_MAX = 1_000_000_000_000
"""The most that a stock level or a basket's line may come to."""

GRAMS_PER_KILOGRAM = 1000


class Unit(enum.StrEnum):
    """What a quantity counts."""

    EACH = "each"
    GRAM = "gram"
