"""How the demo's tables of goods become products: numbers, names, barcodes and prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chassis.kernel.quantity import Unit
from pricing.barcode import check_digit

FIRST_DEPARTMENT_NUMBER = 10
GTIN_13_BODY_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Brand:
    """An invented maker, with the GS1 China company prefix under which it numbers its goods.

    Prefixes that begin with 690 or 691 have seven digits, those up to 699 eight. `price_percent`
    says what the brand asks of a usual price.
    """

    chinese: str
    english: str
    company_prefix: str
    price_percent: int = 100


@dataclass(frozen=True, slots=True)
class Weighed:
    """Loose goods: weighed in the store, labelled with an item number, priced by the kilogram."""

    chinese: str
    english: str
    kilogram_fen: int


@dataclass(frozen=True, slots=True)
class Packed:
    """Packed goods: one product for each brand and each (size, usual price in fen)."""

    chinese: str
    english: str
    brands: Sequence[Brand]
    sizes: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the shop, its slug, and what it sells."""

    slug: str
    goods: Sequence[Weighed | Packed]


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """One product. The price, in fen, is that of a piece, or of a kilogram for weighed goods."""

    sku: str
    display_name: str
    department: str
    unit: Unit
    barcode: str
    price_fen: int


Variant = tuple[str, str] | tuple[str, str, int]
"""A flavour, an origin, a grade: in Chinese, in English, and the percent of the usual price."""


def weighed_each(
    chinese: str, english: str, variants: Sequence[Variant], kilogram_fen: int
) -> tuple[Weighed, ...]:
    """Loose goods in several variants; the texts have a {} where the variant's go."""
    return tuple(
        Weighed(
            chinese.format(variant[0]),
            english.format(variant[1]),
            percent_of(kilogram_fen, _percent(variant)),
        )
        for variant in variants
    )


def packed_each(
    chinese: str,
    english: str,
    variants: Sequence[Variant],
    brands: Sequence[Brand],
    sizes: Sequence[tuple[str, int]],
) -> tuple[Packed, ...]:
    """Packed goods in several variants; the texts have a {} where the variant's go."""
    return tuple(
        Packed(
            chinese.format(variant[0]),
            english.format(variant[1]),
            brands,
            [(size, percent_of(fen, _percent(variant))) for size, fen in sizes],
        )
        for variant in variants
    )


def _percent(variant: Variant) -> int:
    return variant[2] if len(variant) == 3 else 100


def products_of(departments: Sequence[Department]) -> list[DemoProduct]:
    """The products of the departments, by SKU: p10001, p10002, ... p11001.

    Departments are numbered from 10 and products within each from 1, in the tables' order; the five
    digits are the item number of weighed goods. A department that comes again goes on behind what
    it had, so that a range can grow and what is printed on labels stays.
    """
    numbers: dict[str, int] = {}
    items_of_department: Counter[str] = Counter()
    items_of_brand: Counter[str] = Counter()
    made = []
    for department in departments:
        number = numbers.setdefault(department.slug, FIRST_DEPARTMENT_NUMBER + len(numbers))
        first = items_of_department[department.slug] + 1
        added = list(_products(number, department, items_of_brand, first=first))
        items_of_department[department.slug] += len(added)
        made += added
    return sorted(made, key=lambda product: product.sku)


def percent_of(fen: int, percent: int) -> int:
    """That many percent of a price, to the nearest ten fen, half up: shelf labels end in a zero."""
    return (fen * percent + 500) // 1000 * 10


def _products(
    number: int, department: Department, items_of_brand: Counter[str], *, first: int
) -> Iterator[DemoProduct]:
    for position, (goods, brand, size, fen) in enumerate(_variants(department), start=first):
        item_number = f"{number}{position:03d}"
        if brand is None:
            unit, barcode = Unit.GRAM, item_number
            display_name = f"{goods.chinese} {goods.english}"
        else:
            items_of_brand[brand.company_prefix] += 1
            unit, barcode = Unit.EACH, _gtin_13(brand, items_of_brand[brand.company_prefix])
            display_name = f"{brand.chinese}{goods.chinese} {brand.english} {goods.english} {size}"
        yield DemoProduct(
            sku=f"p{item_number}",
            display_name=display_name,
            department=department.slug,
            unit=unit,
            barcode=barcode,
            price_fen=fen,
        )


def _variants(
    department: Department,
) -> Iterator[tuple[Weighed | Packed, Brand | None, str, int]]:
    for goods in department.goods:
        if isinstance(goods, Weighed):
            yield goods, None, "", goods.kilogram_fen
            continue
        for brand in goods.brands:
            for size, fen in goods.sizes:
                yield goods, brand, size, percent_of(fen, brand.price_percent)


def _gtin_13(brand: Brand, item: int) -> str:
    item_digits = GTIN_13_BODY_DIGITS - len(brand.company_prefix)
    body = f"{brand.company_prefix}{item:0{item_digits}d}"
    return f"{body}{check_digit(body)}"
