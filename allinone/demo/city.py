"""The demo chain in Shanghai: its stores, its range, what each store asks and has in stock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from allinone.demo.chilled import BAKERY, DAIRY, EGGS_AND_TOFU, FROZEN
from allinone.demo.fresh import FRUIT, MEAT, SEAFOOD, VEGETABLES
from allinone.demo.goods import DemoProduct, percent_of, products_of
from allinone.demo.home_goods import HOUSEHOLD, PERSONAL_CARE
from allinone.demo.pantry import DRINKS, GRAINS_AND_OIL, SEASONINGS, SNACKS, TEA_AND_COFFEE
from chassis.kernel.quantity import GRAMS_PER_KILOGRAM, Unit

CITY = "上海 Shanghai"
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
)


@dataclass(frozen=True, slots=True)
class DemoStore:
    """One store, with the ids of its tills."""

    id: str
    display_name: str
    district: str
    address: str
    tills: tuple[str, ...]

    @property
    def name(self) -> str:
        """The store's resource name."""
        return f"stores/{self.id}"


STORES = (
    DemoStore(
        "sh01", "静安寺店 Jing'an Temple", "静安区 Jing'an", "南京西路 1698 号 B1", ("1", "2", "3")
    ),
    DemoStore("sh02", "徐家汇店 Xujiahui", "徐汇区 Xuhui", "肇嘉浜路 1086 号 B2", ("1", "2", "3")),
    DemoStore(
        "sh03", "陆家嘴店 Lujiazui", "浦东新区 Pudong", "世纪大道 96 号 B1", ("1", "2", "3", "4")
    ),
    DemoStore("sh04", "五角场店 Wujiaochang", "杨浦区 Yangpu", "淞沪路 182 号 1 层", ("1", "2")),
    DemoStore("sh05", "古北店 Gubei", "长宁区 Changning", "黄金城道 560 号 1 层", ("1", "2")),
)


def products() -> list[DemoProduct]:
    """The range of the chain, by SKU."""
    return products_of(DEPARTMENTS)


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


def _spread(store: DemoStore, product: DemoProduct, subject: str, values: int) -> int:
    """One of so many values, always the same for a store, a product and a subject."""
    digest = hashlib.sha256(f"{subject}/{store.id}/{product.sku}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % values
