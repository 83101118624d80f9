"""Products as values, and the rules they keep."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.kernel.errors import InvalidInput, Refusal
from chassis.kernel.quantity import Unit
from pricing import barcode

DISPLAY_NAME_CHARACTERS_MAX = 120


BARCODES_MAX = 20
PACKS_MAX = 10
PIECES_MAX = 100_000


_NOT_IN_A_NAME = re.compile("[\\x00-\\x1f\\x7f\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069]")


_PACK = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DEPARTMENT = re.compile(r"[a-z][a-z0-9-]{0,62}")


class ProductExists(Refusal):
    """The SKU is taken, by a product of the range or earlier in the same request."""

    reason = "PRODUCT_EXISTS"
    message = "there is a product {sku} already"


class BarcodeTaken(Refusal):
    """Another product has the barcode, or an earlier one of the same request."""

    reason = "BARCODE_TAKEN"
    message = "the barcode {barcode} belongs to {sku}"


class PackNotCounted(InvalidInput):
    """Packs hold pieces, and the product is weighed."""

    reason = "PACK_NOT_COUNTED"
    message = "{sku} is weighed, and has no packs"


class PackKind(enum.StrEnum):
    """What a pack is."""

    EACH = "each"
    INNER = "inner"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Pack:
    """A number of pieces with barcodes of its own, as they are kept, sorted."""

    pack: str
    kind: PackKind
    pieces: int
    barcodes: tuple[str, ...]


ONE_PIECE = Pack("each", PackKind.EACH, 1, ())
"""What a code of a single piece stands for; no product has it among its packs."""


@dataclass(frozen=True, slots=True)
class CodeOwner:
    """Whose a barcode is: one piece of a product, or one of its packs."""

    sku: str
    pack: str | None


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product to add to the range; its barcodes as they are kept, sorted."""

    sku: str
    display_name: str
    department: str
    unit: Unit
    barcodes: tuple[str, ...]
    packs: tuple[Pack, ...] = ()

    def created(self, *, at: datetime) -> Product:
        """The product as it enters the range."""
        return Product(
            sku=self.sku,
            display_name=self.display_name,
            department=self.department,
            unit=self.unit,
            barcodes=self.barcodes,
            packs=self.packs,
            version=1,
            created_at=at,
            updated_at=at,
        )


@dataclass(frozen=True, slots=True)
class Product:
    """One SKU of the range. The version counts its changes from 1.

    Barcodes are those of one piece, sorted; packs come by their pieces, then by their ids.
    """

    sku: str
    display_name: str
    department: str
    unit: Unit
    barcodes: tuple[str, ...]
    version: int
    created_at: datetime
    updated_at: datetime
    packs: tuple[Pack, ...] = ()

    @property
    def gtins(self) -> tuple[str, ...]:
        """The barcodes that may be given to others."""
        return tuple(code for code in self.barcodes if barcode.may_leave(code))


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
    packs: tuple[Pack, ...] | None = None


def kept_barcodes(codes: Sequence[str], *, at: str) -> tuple[str, ...]:
    """Barcodes as they are kept: normalised, each once, sorted.

    BarcodeInvalid, naming the field below `at`, if one can't be a product's barcode.
    """
    kept = (barcode.product_code(code, at=f"{at}[{i}]") for i, code in enumerate(codes))
    return tuple(sorted(set(kept)))


def kept_pack_barcodes(codes: Sequence[str], *, at: str) -> tuple[str, ...]:
    """A pack's barcodes as they are kept: in 14 digits, each once, sorted.

    BarcodeInvalid, naming the field below `at`, if one can't be a pack's barcode.
    """
    kept = (barcode.pack_code(code, at=f"{at}[{i}]") for i, code in enumerate(codes))
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


def require_packs(packs: Sequence[Pack], *, at: str) -> None:
    """InvalidInput, naming fields below `at`, if packs are not told apart or are none."""
    if len(packs) > PACKS_MAX:
        raise InvalidInput.at(at, f"must not have more than {PACKS_MAX}")
    violations = []
    seen = {ONE_PIECE.pack}
    for i, pack in enumerate(packs):
        if pack.pack in seen or _PACK.fullmatch(pack.pack) is None:
            violations.append((f"{at}[{i}].pack", "must be a slug such as case-24, and not taken"))
        seen.add(pack.pack)
        if pack.kind is PackKind.EACH:
            violations.append((f"{at}[{i}].kind", "must be an inner pack or a case"))
        if not 2 <= pack.pieces <= PIECES_MAX:
            violations.append((f"{at}[{i}].pieces", f"must be 2 to {PIECES_MAX}"))
    if violations:
        raise InvalidInput.of(*violations)


def require_counted(sku: str, unit: Unit, packs: Sequence[Pack], *, at: str) -> None:
    """PackNotCounted, naming the field `at`, if weighed goods are to have packs."""
    if packs and unit is not Unit.EACH:
        raise PackNotCounted.at(at, "are of counted goods only", sku=sku)


def owners_of(
    sku: str, barcodes: Sequence[str] | None, packs: Sequence[Pack] | None
) -> Mapping[str, CodeOwner]:
    """Whose each of a product's codes is; BarcodeTaken if one stands there for two things."""
    owners: dict[str, CodeOwner] = {}
    given = [(CodeOwner(sku, None), tuple(barcodes or ()))]
    given += [(CodeOwner(sku, pack.pack), pack.barcodes) for pack in packs or ()]
    for owner, codes in given:
        for code in codes:
            if code in owners:
                raise BarcodeTaken(barcode=code, sku=sku)
            owners[code] = owner
    return owners


def require_apart(products: Sequence[NewProduct]) -> Mapping[str, CodeOwner]:
    """Whose each code is; ProductExists or BarcodeTaken if a SKU or a code stands there twice."""
    skus: set[str] = set()
    owners: dict[str, CodeOwner] = {}
    for product in products:
        if product.sku in skus:
            raise ProductExists(sku=product.sku)
        skus.add(product.sku)
        for code, owner in owners_of(product.sku, product.barcodes, product.packs).items():
            if code in owners:
                raise BarcodeTaken(barcode=code, sku=owners[code].sku)
            owners[code] = owner
    return owners
