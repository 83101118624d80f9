"""The demo chain in Shanghai: its stores, its range, what each store asks and has in stock."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from allinone.demo.chilled import BAKERY, DAIRY, EGGS_AND_TOFU, FROZEN
from allinone.demo.fresh import FRUIT, MEAT, SEAFOOD, VEGETABLES
from allinone.demo.goods import DemoProduct, percent_of, products_of
from allinone.demo.home_goods import HOUSEHOLD, PERSONAL_CARE
from allinone.demo.pantry import DRINKS, GRAINS_AND_OIL, SEASONINGS, SNACKS, TEA_AND_COFFEE
from chassis.kernel.quantity import GRAMS_PER_KILOGRAM, Unit

CITY = "上海 Shanghai"
CURRENCY = "CNY"
TIME_ZONE = "Asia/Shanghai"

NEW_YEAR_EVE, NEW_YEAR = "2027-02-05", "2027-02-06"
"""The Spring Festival: stores close early on its eve, and do not open on its first day."""

NEW_YEAR_EVE_CLOSE_MINUTES = 18 * 60

DELIVERY_METRES = 3_000
DELIVERY_CORNERS = 8
METRES_PER_DEGREE = 111_195.0

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
    latitude_degrees: float
    longitude_degrees: float
    kind: str
    capabilities: tuple[str, ...]
    open_minutes: int
    close_minutes: int
    franchise_owner: str = ""

    @property
    def name(self) -> str:
        """The store's resource name."""
        return f"stores/{self.id}"

    def delivery_ring(self) -> list[tuple[float, float]]:
        """Longitude and latitude of the corners of its delivery area, closed."""
        ring = []
        for corner in range(DELIVERY_CORNERS):
            angle = 2 * math.pi * (corner + 0.5) / DELIVERY_CORNERS
            degrees = DELIVERY_METRES / METRES_PER_DEGREE
            eastward = degrees * math.cos(angle) / math.cos(math.radians(self.latitude_degrees))
            longitude = round(self.longitude_degrees + eastward, 5)
            latitude = round(self.latitude_degrees + degrees * math.sin(angle), 5)
            ring.append((longitude, latitude))
        return [*ring, ring[0]]


_USUAL = ("CARRY_OUT", "PICKUP", "DELIVERY", "RETURNS")


STORES = (
    DemoStore(
        id="sh01",
        display_name="静安寺店 Jing'an Temple",
        district="静安区 Jing'an",
        address="南京西路 1698 号 B1",
        tills=("1", "2", "3"),
        latitude_degrees=31.2235,
        longitude_degrees=121.4453,
        kind="FRESH_MARKET",
        capabilities=(*_USUAL, "KITCHEN", "SCAN_AND_GO"),
        open_minutes=7 * 60,
        close_minutes=22 * 60,
    ),
    DemoStore(
        id="sh02",
        display_name="徐家汇店 Xujiahui",
        district="徐汇区 Xuhui",
        address="肇嘉浜路 1086 号 B2",
        tills=("1", "2", "3"),
        latitude_degrees=31.1955,
        longitude_degrees=121.4372,
        kind="FRESH_MARKET",
        capabilities=(*_USUAL, "KITCHEN"),
        open_minutes=7 * 60,
        close_minutes=22 * 60,
    ),
    DemoStore(
        id="sh03",
        display_name="陆家嘴店 Lujiazui",
        district="浦东新区 Pudong",
        address="世纪大道 96 号 B1",
        tills=("1", "2", "3", "4"),
        latitude_degrees=31.2397,
        longitude_degrees=121.4998,
        kind="SMART",
        capabilities=(*_USUAL, "SCAN_AND_GO"),
        open_minutes=6 * 60,
        close_minutes=26 * 60,
    ),
    DemoStore(
        id="sh04",
        display_name="五角场店 Wujiaochang",
        district="杨浦区 Yangpu",
        address="淞沪路 182 号 1 层",
        tills=("1", "2"),
        latitude_degrees=31.3011,
        longitude_degrees=121.5143,
        kind="CORNER",
        capabilities=_USUAL,
        open_minutes=0,
        close_minutes=24 * 60,
    ),
    DemoStore(
        id="sh05",
        display_name="古北店 Gubei",
        district="长宁区 Changning",
        address="黄金城道 560 号 1 层",
        tills=("1", "2"),
        latitude_degrees=31.1975,
        longitude_degrees=121.4010,
        kind="FRESH_MARKET",
        capabilities=(*_USUAL, "KITCHEN"),
        open_minutes=8 * 60,
        close_minutes=21 * 60 + 30,
        franchise_owner="gubei-partners",
    ),
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
