"""What the digits of a barcode say: a GTIN, or what a scale in the store printed.

GS1 gives codes with certain prefixes to whoever wants to number things for themselves; they mean
one thing in this chain and another thing next door. Such a code is read by a table of layouts or
not at all: it is never taken for a GTIN.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from chassis.kernel.errors import ErrorKind, HutongError, InvalidInput, Refusal
from chassis.kernel.money import Money, extended_price
from chassis.kernel.quantity import GRAMS_PER_KILOGRAM, Unit

GTIN_DIGITS = 14
ITEM_NUMBER_DIGITS = 5

_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_ITEM_NUMBER = re.compile(rf"[0-9]{{{ITEM_NUMBER_DIGITS}}}")
_VARYING_MEASURE = "9"
_EIGHT_DIGITS_PADDING = "0" * 6
_RESTRICTED_OF_EIGHT = ("0", "2")
_RESTRICTED_OF_THIRTEEN = ("02", "04", *(f"2{digit}" for digit in range(10)))


class BarcodeInvalid(InvalidInput):
    """The digits can't be right: wrong length or check digit, or a label that says nothing."""

    reason = "BARCODE_INVALID"
    message = "the barcode {barcode} is not valid"


class BarcodeUnknown(HutongError):
    """The digits may be right, and stand for nothing here."""

    kind = ErrorKind.NOT_FOUND
    reason = "BARCODE_UNKNOWN"
    message = "the barcode {barcode} stands for nothing here"


class LabelMismatch(Refusal):
    """A label stands for another quantity than the line that carries it says."""

    reason = "LABEL_MISMATCH"
    message = "the label {barcode} stands for {wanted} of {sku}, not for {given}"


class LabelValue(enum.Enum):
    """What the value digits of an in-store label count."""

    GRAMS = "grams"
    PRICE_MINOR = "price_minor"


@dataclass(frozen=True, slots=True)
class LabelLayout:
    """How one in-store prefix is laid out: prefix, item number, value, and the check digit."""

    prefix: str
    item_digits: int
    value_digits: int
    value: LabelValue

    def __post_init__(self) -> None:
        if len(self.prefix) + self.item_digits + self.value_digits != 12:
            raise ValueError("a layout has twelve digits, and the check digit")
        if not 1 <= self.item_digits <= ITEM_NUMBER_DIGITS:
            raise ValueError(f"an item number has at most {ITEM_NUMBER_DIGITS} digits")


SCALE_LAYOUTS = (
    LabelLayout("21", item_digits=5, value_digits=5, value=LabelValue.GRAMS),
    LabelLayout("22", item_digits=5, value_digits=5, value=LabelValue.PRICE_MINOR),
)
"""The labels of the chain's scales: 21IIIIIWWWWWC with grams, 22IIIIIPPPPPC with minor units.

GS1 leaves prefixes 20 to 29 to each country. Another country's convention is another table of this
form; in Denmark, for one, 26 is followed by four digits of item number and six of grams.
"""


@dataclass(frozen=True, slots=True)
class Gtin:
    """A code of the world outside, in 14 digits."""

    code: str


@dataclass(frozen=True, slots=True)
class ScaleLabel:
    """A label that was printed in the store: an item number, and grams or a price in minor units.

    The value is never 0.
    """

    barcode: str
    item_number: str
    meaning: LabelValue
    value: int


@dataclass(frozen=True, slots=True)
class Measured:
    """How much a code stands for, in the product's unit, and what that costs."""

    quantity: int
    line_total: Money


def check_digit(digits: str) -> int:
    """The digit that completes a GTIN of any length (GS1 General Specifications, 7.9.1)."""
    weighted = sum(int(digit) * (1, 3)[i % 2] for i, digit in enumerate(reversed(digits), start=1))
    return -weighted % 10


def gtin14(code: str, *, at: str = "barcode") -> str:
    """The code in 14 digits.

    BarcodeInvalid, naming the field `at`, if its length or its check digit is wrong.
    """
    if _GTIN.fullmatch(code) is None:
        raise BarcodeInvalid.at(at, "must have 8, 12, 13 or 14 digits", barcode=code)
    if check_digit(code[:-1]) != int(code[-1]):
        raise BarcodeInvalid.at(at, "has a wrong check digit", barcode=code)
    return code.zfill(GTIN_DIGITS)


def is_restricted(code: str) -> bool:
    """Whether GS1 leaves these 14 digits to be used inside a company or a country.

    That is 02, 04 and 20 to 29 in front of 13 digits (so 2 and 4 in front of 12), and 0 and 2 in
    front of 8. A code with more packaging levels in front, GTIN-14, is judged by what it packs.
    """
    if code.startswith(_EIGHT_DIGITS_PADDING):
        return code[len(_EIGHT_DIGITS_PADDING) :].startswith(_RESTRICTED_OF_EIGHT)
    return code[1:].startswith(_RESTRICTED_OF_THIRTEEN)


def product_code(code: str, *, at: str = "barcode") -> str:
    """A product's barcode as it is kept: in 14 digits, or a five-digit item number as it is.

    BarcodeInvalid if it is neither, or if it is an in-store code, which no scan would ever find.
    """
    if _ITEM_NUMBER.fullmatch(code) is not None:
        return code
    normalised = gtin14(code, at=at)
    if is_restricted(normalised):
        raise BarcodeInvalid.at(
            at, "has an in-store prefix; give the item number on the label", barcode=code
        )
    return normalised


def pack_code(code: str, *, at: str = "barcode") -> str:
    """A pack's barcode as it is kept, in 14 digits.

    BarcodeInvalid if it is no GTIN, an in-store code, or one with indicator digit 9, which GS1
    keeps for goods of varying measure.
    """
    normalised = gtin14(code, at=at)
    if is_restricted(normalised):
        raise BarcodeInvalid.at(at, "has an in-store prefix; a pack has none", barcode=code)
    if normalised.startswith(_VARYING_MEASURE):
        raise BarcodeInvalid.at(at, "is for goods of varying measure", barcode=code)
    return normalised


def may_leave(code: str) -> bool:
    """Whether a barcode as it is kept may be given to others: item numbers and in-store codes not.

    Those mean something in this chain only, and in another's feed they would mean something else.
    """
    return len(code) == GTIN_DIGITS and not is_restricted(code)


def scanned(
    code: str, *, layouts: Iterable[LabelLayout] = SCALE_LAYOUTS, at: str = "barcode"
) -> Gtin | ScaleLabel:
    """What a scanner read.

    Raises BarcodeInvalid, naming the field `at`, for a wrong length or check digit and for a label
    whose value is 0, and BarcodeUnknown for an in-store code that no layout describes.
    """
    normalised = gtin14(code, at=at)
    if not is_restricted(normalised):
        return Gtin(normalised)
    for layout in layouts:
        if normalised.startswith(f"0{layout.prefix}"):
            return _label(code, normalised[1:-1], layout, at=at)
    raise BarcodeUnknown(barcode=code)


def scanned_label(code: str, *, at: str) -> ScaleLabel:
    """The label with these digits; as `scanned`, and BarcodeInvalid if they are a GTIN."""
    read = scanned(code, at=at)
    if isinstance(read, Gtin):
        raise BarcodeInvalid.at(at, "is not an in-store label", barcode=code)
    return read


def measured(label: ScaleLabel, unit_price: Money, unit: Unit) -> Measured | None:
    """How much of a product a label stands for, at the price of a piece or of a kilogram.

    A weight costs what its grams cost; it is none of counted goods. A price is the total, and gives
    the quantity: grams rounded half up, pieces only if they come out whole. None if the label can't
    be one of the product at this price, or stands for less than 1.
    """
    if label.meaning is LabelValue.GRAMS:
        if unit is not Unit.GRAM:
            return None
        return Measured(label.value, extended_price(unit_price, label.value, unit))
    printed = Money(label.value, unit_price.currency)
    if unit_price.amount_minor == 0:
        return None
    if unit is Unit.EACH:
        quantity, rest = divmod(label.value, unit_price.amount_minor)
        return Measured(quantity, printed) if quantity and not rest else None
    double = 2 * label.value * GRAMS_PER_KILOGRAM + unit_price.amount_minor
    quantity = double // (2 * unit_price.amount_minor)
    return Measured(quantity, printed) if quantity else None


def _label(code: str, digits: str, layout: LabelLayout, *, at: str) -> ScaleLabel:
    item_from = len(layout.prefix)
    value_from = item_from + layout.item_digits
    value = int(digits[value_from:])
    if value == 0:
        raise BarcodeInvalid.at(at, f"has no {layout.value.value} on it", barcode=code)
    item_number = digits[item_from:value_from].zfill(ITEM_NUMBER_DIGITS)
    return ScaleLabel(barcode=code, item_number=item_number, meaning=layout.value, value=value)
