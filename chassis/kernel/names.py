"""Resource names: the only place that parses and formats them.

On the wire a name is relative to the caller's tenant: stores/sh01/orders/ord_1. Inside, the first
id of a name is qualified with the tenant, demo:sh01; tables are keyed and sharded by that.
Since the tenant comes from the verified caller and never from the name, no request can reach a row
of another tenant.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import NewType

from chassis.kernel.errors import InvalidInput

StoreId = NewType("StoreId", str)
"""A store with its tenant: demo:sh01."""

CustomerId = NewType("CustomerId", str)
"""A customer with their tenant: demo:c0001."""

TENANT_SEPARATOR = ":"
FORMATTED_MAX = 20_000
"""So many names are remembered: those of stores and their products come again and again."""

_ID = r"[a-z0-9][a-z0-9_-]{0,62}"
_ID_PATTERN = re.compile(_ID)


class NameInvalid(InvalidInput):
    """A resource name does not have the form that its field wants."""

    reason = "NAME_INVALID"
    message = "the name does not have the form {pattern}"


@dataclass(frozen=True, slots=True)
class NamePattern:
    """The form of one kind of resource name, such as stores/{store}/orders/{order}."""

    text: str
    _expression: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _template: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        expression = re.sub(r"\{\w+\}", f"({_ID})", self.text)
        object.__setattr__(self, "_expression", re.compile(expression))
        object.__setattr__(self, "_template", re.sub(r"\{\w+\}", "{}", self.text))

    def parse(self, name: str, *, at: str = "name") -> tuple[str, ...]:
        """The ids of a name, outermost first; NameInvalid, naming the field `at`, if it is none."""
        match = self._expression.fullmatch(name)
        if match is None:
            raise NameInvalid.at(at, f"must have the form {self.text}", pattern=self.text)
        return match.groups()

    def matches(self, name: str) -> bool:
        """Whether the name has this form."""
        return self._expression.fullmatch(name) is not None

    def format(self, *ids: str) -> str:
        """The name with these ids, outermost first; a tenant in front of the first is left out."""
        return _formatted(self._template, ids)


@functools.lru_cache(FORMATTED_MAX)
def _formatted(template: str, ids: tuple[str, ...]) -> str:
    return template.format(*map(unqualified, ids))


PRODUCT = NamePattern("products/{product}")
STORE = NamePattern("stores/{store}")
PRICE = NamePattern("stores/{store}/prices/{product}")
PRICE_DISAGREEMENT = NamePattern("stores/{store}/priceDisagreements/{disagreement}")
PRICE_SURFACE = NamePattern("stores/{store}/priceSurfaces/{device}")
STOCK_LEVEL = NamePattern("stores/{store}/stockLevels/{product}")
STOCK_MOVEMENT = NamePattern("stores/{store}/stockLevels/{product}/movements/{movement}")
DISCREPANCY = NamePattern("stores/{store}/discrepancies/{discrepancy}")
RESERVATION = NamePattern("stores/{store}/reservations/{reservation}")
ORDER = NamePattern("stores/{store}/orders/{order}")
BASKET = NamePattern("stores/{store}/baskets/{customer}")
CUSTOMER = NamePattern("customers/{customer}")
WALLET = NamePattern("customers/{customer}/wallet")
STORE_PAYMENT = NamePattern("stores/{store}/payments/{payment}")
CUSTOMER_PAYMENT = NamePattern("customers/{customer}/payments/{payment}")
STORE_LEDGER_ENTRY = NamePattern("stores/{store}/ledgerEntries/{entry}")
CUSTOMER_LEDGER_ENTRY = NamePattern("customers/{customer}/ledgerEntries/{entry}")


def qualified(tenant: str, bare_id: str) -> str:
    """The id with its tenant in front, as tables are keyed."""
    return f"{tenant}{TENANT_SEPARATOR}{bare_id}"


def unqualified(qualified_id: str) -> str:
    """The id without its tenant, as the wire has it."""
    return qualified_id.rpartition(TENANT_SEPARATOR)[2]


def tenant_of(qualified_id: str) -> str:
    """The tenant in front of an id."""
    return qualified_id.partition(TENANT_SEPARATOR)[0]


def is_id(text: str) -> bool:
    """Whether the text can stand as one id in a name."""
    return _ID_PATTERN.fullmatch(text) is not None


def parse_store(name: str, tenant: str, *, at: str = "parent") -> StoreId:
    """The store of stores/{store}, in this tenant."""
    return StoreId(qualified(tenant, STORE.parse(name, at=at)[0]))


def parse_customer(name: str, tenant: str, *, at: str = "customer") -> CustomerId:
    """The customer of customers/{customer}, in this tenant."""
    return CustomerId(qualified(tenant, CUSTOMER.parse(name, at=at)[0]))


def parse_in_store(
    pattern: NamePattern, name: str, tenant: str, *, at: str = "name"
) -> tuple[StoreId, str]:
    """The store and the last id of a name below a store: (demo:sh01, ord_1)."""
    store, *_, last = pattern.parse(name, at=at)
    return StoreId(qualified(tenant, store)), last


def parse_basket(name: str, tenant: str, *, at: str = "name") -> tuple[StoreId, CustomerId]:
    """The store and the customer of stores/{store}/baskets/{customer}, in this tenant."""
    store, customer = BASKET.parse(name, at=at)
    return StoreId(qualified(tenant, store)), CustomerId(qualified(tenant, customer))


def parse_product(name: str, *, at: str = "product") -> str:
    """The SKU of products/{product}."""
    return PRODUCT.parse(name, at=at)[0]
