"""Money in whole minor units, and the few roundings that the platform knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chassis.kernel.errors import AmountTooLarge, CurrencyMismatch
from chassis.kernel.quantity import GRAMS_PER_KILOGRAM, Unit

AMOUNT_MINOR_MAX = 1_000_000_000_000_000
"""No single amount or sum passes this; it leaves the ledger's 64 bits room for 9,000 of them."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in the minor unit of an ISO 4217 currency. Bounded, so that sums can't overflow."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if abs(self.amount_minor) > AMOUNT_MINOR_MAX:
            raise AmountTooLarge

    def __add__(self, other: Money) -> Money:
        self._require_same_currency(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._require_same_currency(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def require_currency(self, wanted: str, *, at: str) -> None:
        """CurrencyMismatch, naming the field, unless the amount is in this currency."""
        if self.currency != wanted:
            raise CurrencyMismatch.at(
                f"{at}.currency_code", f"must be {wanted}", given=self.currency, wanted=wanted
            )

    def _require_same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(given=other.currency, wanted=self.currency)


def total(amounts: Iterable[Money], *, currency: str) -> Money:
    """The sum of amounts, zero in the given currency if there are none."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result


def extended_price(unit_price: Money, quantity: int, unit: Unit) -> Money:
    """What a quantity costs: pieces x price, or grams x price of a kilogram.

    The price of weighed goods is rounded half up to the minor unit, once, per line.
    """
    if unit is Unit.EACH:
        return Money(unit_price.amount_minor * quantity, unit_price.currency)
    thousandths = unit_price.amount_minor * quantity
    return Money(divided_half_up(thousandths, GRAMS_PER_KILOGRAM), unit_price.currency)


def allocated(amount: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Shares of an amount in proportion to weights, which sum exactly to it.

    Largest remainder: every share is rounded towards zero, and the minor units left over go one
    each to the largest remainders, to the earlier one of equals. Weights are not negative; if all
    are zero they count as equal. There is at least one weight.
    """
    shares = shares_minor(abs(amount.amount_minor), weights)
    sign = -1 if amount.amount_minor < 0 else 1
    return tuple(Money(sign * share, amount.currency) for share in shares)


def shares_minor(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """As `allocated`, of an amount that is not negative, in minor units."""
    if not weights or min(weights) < 0:
        raise ValueError("weights must be given and not be negative")
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    shares = [amount_minor * weight // whole for weight in weights]
    left_over = amount_minor - sum(shares)
    if left_over:
        remainders = [amount_minor * weight % whole for weight in weights]
        by_remainder = sorted(range(len(shares)), key=remainders.__getitem__, reverse=True)
        for index in by_remainder[:left_over]:
            shares[index] += 1
    return shares


def divided_half_up(dividend: int, divisor: int) -> int:
    """The quotient, rounded to the nearest, halves away from zero. The divisor is positive."""
    sign = -1 if dividend < 0 else 1
    return sign * ((2 * abs(dividend) + divisor) // (2 * divisor))
