"""Products as values, and the rules they keep."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.errors import InvalidInput, Refusal
from chassis.kernel.quantity import Unit
from pricing import barcode

DISPLAY_NAME_CHARACTERS_MAX = 120


BARCODES_MAX = 20


_NOT_IN_A_NAME = re.compile("[\\x00-\\x1f\\x7f\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069]")


_DEPARTMENT = re.compile(r"[a-z][a-z0-9-]{0,62}")


class ProductExists(Refusal):
    """The SKU is taken, by a product of the range or earlier in the same request."""

    reason = "PRODUCT_EXISTS"
    message = "there is a product {sku} already"


class BarcodeTaken(Refusal):
    """Another product has the barcode, or an earlier one of the same request."""

    reason = "BARCODE_TAKEN"
    message = "the barcode {barcode} belongs to {sku}"


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product to add to the range; its barcodes as they are kept, sorted."""

    sku: str
    display_name: str
    department: str
    unit: Unit
    barcodes: tuple[str, ...]

    def created(self, *, at: datetime) -> Product:
        """The product as it enters the range."""
        return Product(
            sku=self.sku,
            display_name=self.display_name,
            department=self.department,
            unit=self.unit,
            barcodes=self.barcodes,
            version=1,
            created_at=at,
            updated_at=at,
        )


@dataclass(frozen=True, slots=True)
class Product:
    """One SKU of the range. The version counts its changes from 1; barcodes are sorted."""

    sku: str
    display_name: str
    department: str
    unit: Unit
    barcodes: tuple[str, ...]
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """How well a product matches a query; the smaller comes first."""

    rank: int
    name_characters: int
    sku: str


BEFORE_ALL_MATCHES = Match(-1, 0, "")


@dataclass(frozen=True, slots=True)
class Found:
    """A product that matches a query."""

    product: Product
    match: Match


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the range, and how many products it carries."""

    department: str
    product_count: int


@dataclass(frozen=True, slots=True)
class ProductEdit:
    """New values for some fields of a product; None leaves a field as it is."""

    display_name: str | None = None
    department: str | None = None
    barcodes: tuple[str, ...] | None = None


def kept_barcodes(codes: Sequence[str], *, at: str) -> tuple[str, ...]:
    """Barcodes as they are kept: normalised, each once, sorted.

    BarcodeInvalid, naming the field below `at`, if one can't be a product's barcode.
    """
    kept = (barcode.product_code(code, at=f"{at}[{i}]") for i, code in enumerate(codes))
    return tuple(sorted(set(kept)))


def require_edit(display_name: str | None, department: str | None, *, at: str) -> None:
    """InvalidInput, naming the fields below `at`, if a given value breaks a product's limits."""
    violations = []
    if display_name is not None:
        if not 1 <= len(display_name) <= DISPLAY_NAME_CHARACTERS_MAX:
            limit = f"must have 1 to {DISPLAY_NAME_CHARACTERS_MAX} characters"
            violations.append((f"{at}.display_name", limit))
        if _NOT_IN_A_NAME.search(display_name):
            violations.append((f"{at}.display_name", "must not have invisible characters"))
    if department is not None and _DEPARTMENT.fullmatch(department) is None:
        violations.append((f"{at}.department", "must be a slug such as fresh-fruit"))
    if violations:
        raise InvalidInput.of(*violations)


def require_query(query: str) -> None:
    """InvalidInput if there is nothing in the query to search for."""
    if not unicodedata.normalize("NFKC", query).strip():
        raise InvalidInput.at("query", "has nothing to search for")


def require_barcode_list(codes: Sequence[str], *, at: str) -> None:
    """InvalidInput at the field `at` if there are too many barcodes, or one stands there twice."""
    if len(codes) > BARCODES_MAX:
        raise InvalidInput.at(at, f"must not have more than {BARCODES_MAX}")
    if len(set(codes)) < len(codes):
        raise InvalidInput.at(at, "must not have one code twice")


def require_apart(products: Sequence[NewProduct]) -> None:
    """ProductExists or BarcodeTaken if two of the products have a SKU or a code in common."""
    skus: set[str] = set()
    owners: dict[str, str] = {}
    for product in products:
        if product.sku in skus:
            raise ProductExists(sku=product.sku)
        skus.add(product.sku)
        for code in product.barcodes:
            if code in owners:
                raise BarcodeTaken(barcode=code, sku=owners[code])
            owners[code] = product.sku
