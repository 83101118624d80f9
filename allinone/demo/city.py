"""The demo chain's range, and what each of its stores sells, asks and has in stock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from allinone.demo.chilled import BAKERY, DAIRY, EGGS_AND_TOFU, FROZEN
from allinone.demo.fresh import FRUIT, MEAT, SEAFOOD, VEGETABLES
from allinone.demo.goods import DemoProduct, percent_of, products_of
from allinone.demo.home_goods import HOUSEHOLD, PERSONAL_CARE
from allinone.demo.later.chilled import MORE_BAKERY, MORE_DAIRY, MORE_EGGS_AND_TOFU, MORE_FROZEN
from allinone.demo.later.drinks import MORE_DRINKS, MORE_TEA_AND_COFFEE, WINE_AND_BEER
from allinone.demo.later.fresh import MORE_FRUIT, MORE_MEAT, MORE_SEAFOOD, MORE_VEGETABLES
from allinone.demo.later.home import (
    BABY,
    FLOWERS,
    KITCHEN,
    MORE_HOUSEHOLD,
    MORE_PERSONAL_CARE,
    PETS,
    READY_MEALS,
)
from allinone.demo.later.pantry import MORE_GRAINS_AND_OIL, MORE_SEASONINGS, MORE_SNACKS
from allinone.demo.pantry import DRINKS, GRAINS_AND_OIL, SEASONINGS, SNACKS, TEA_AND_COFFEE
from allinone.demo.stores import DemoStore
from chassis.kernel.quantity import GRAMS_PER_KILOGRAM, Unit

CURRENCY = "CNY"

DEPARTMENTS = (
    FRUIT,
    VEGETABLES,
    MEAT,
    SEAFOOD,
    DAIRY,
    EGGS_AND_TOFU,
    BAKERY,
    FROZEN,
    GRAINS_AND_OIL,
    SEASONINGS,
    SNACKS,
    DRINKS,
    TEA_AND_COFFEE,
    HOUSEHOLD,
    PERSONAL_CARE,
    MORE_FRUIT,
    MORE_VEGETABLES,
    MORE_MEAT,
    MORE_SEAFOOD,
    MORE_DAIRY,
    MORE_EGGS_AND_TOFU,
    MORE_BAKERY,
    MORE_FROZEN,
    MORE_GRAINS_AND_OIL,
    MORE_SEASONINGS,
    MORE_SNACKS,
    MORE_DRINKS,
    MORE_TEA_AND_COFFEE,
    MORE_HOUSEHOLD,
    MORE_PERSONAL_CARE,
    READY_MEALS,
    WINE_AND_BEER,
    BABY,
    PETS,
    KITCHEN,
    FLOWERS,
)
"""In the order in which they came into the range; numbers go by it."""


STAPLES = frozenset({"p10001", "p14001", "p22010"})
"""Apples, milk and tea, which the examples sell: where their department is, they are."""

SHARES: Mapping[str, Mapping[str, int]] = {
    "SMART": {"": 25, "meat": 15, "seafood": 10, "ready-meals": 70, "drinks": 60, "snacks": 50},
    "CORNER": {
        "": 10,
        "dairy": 28,
        "bakery": 25,
        "drinks": 45,
        "snacks": 35,
        "wine-and-beer": 25,
        "fresh-fruit": 15,
        "seafood": 0,
        "flowers": 0,
        "kitchen": 5,
    },
    "WAREHOUSE": {"": 60, "flowers": 0},
    "POP_UP": {"": 0, "tea-and-coffee": 20, "snacks": 10, "drinks": 12, "bakery": 5},
}
"""How many percent of a department a kind of store carries; "" is for those not named."""


def products() -> list[DemoProduct]:
    """The range of the chain, by SKU."""
    return products_of(DEPARTMENTS)


def assortment(store: DemoStore, goods: Sequence[DemoProduct]) -> list[DemoProduct]:
    """What of the range the store carries: all of it in a market, by kind and department else.

    Stores of a kind carry the same.
    """
    shares = SHARES.get(store.kind)
    if shares is None:
        return list(goods)
    usual = shares.get("", 0)
    return [
        product
        for product in goods
        if _rank(store.kind, product) < shares.get(product.department, usual)
    ]


def price_fen(store: DemoStore, product: DemoProduct) -> int:
    """What the store asks for a piece or a kilogram: the usual price for most of the range.

    One product in eight is cheaper there by 5 percent, one in eight dearer by 6.
    """
    percent = (95, 100, 100, 100, 100, 100, 100, 106)[_spread(store, product, "price", 8)]
    return percent_of(product.price_fen, percent)


def stock_quantity(store: DemoStore, product: DemoProduct) -> int:
    """What the store begins with, in pieces or grams: less of what is dear."""
    usual = max(8, 240_000 // (product.price_fen + 1_000))
    quantity = usual * (75 + _spread(store, product, "stock", 51)) // 100
    return quantity if product.unit is Unit.EACH else quantity * GRAMS_PER_KILOGRAM


def _rank(kind: str, product: DemoProduct) -> int:
    """From 0 for what every store of the kind carries to 99; the first goods of all are staples."""
    if product.sku in STAPLES:
        return 0
    return int.from_bytes(hashlib.sha256(f"{kind}/{product.sku}".encode()).digest()[:8]) % 100


def _spread(store: DemoStore, product: DemoProduct, subject: str, values: int) -> int:
    """One of so many values, always the same for a store, a product and a subject."""
    digest = hashlib.sha256(f"{subject}/{store.id}/{product.sku}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % values
