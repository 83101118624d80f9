"""Who works and shops in the demo city, as the callers that tokens are signed for.

The stores all over China are a chain of their own, with a few people.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from allinone.demo.stores import STORES, DemoStore
from allinone.demo.tenants import CHINA_TENANT, TENANT
from chassis.rpc.auth import Caller

CUSTOMERS = 1_000

WALLET_FEN_STEP = 5_000
WALLET_FEN_MIN = 20_000
WALLETS_DIFFERENT = 20
"""Wallets begin with so many different amounts, over and over."""

CHINA_OPERATOR = "china-operator"


CUSTOMERS_SHOWN = 20
"""Of so many alike, the first are shown one by one."""


class PersonUnknown(Exception):
    """Nobody in the demo city has this name. The text is one line for the person who typed it."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name, [person.name for person in PEOPLE])
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else "try operator, cashier-sh01-1 or c0001"
        )
        super().__init__(f"nobody in the demo city is called {name!r}; {hint}")


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody by a short name, and what they may be asked to do."""

    name: str
    caller: Caller
    note: str


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer's id, and the money in the wallet to begin with, in fen."""

    id: str
    wallet_fen: int


CUSTOMER_WALLETS = tuple(
    DemoCustomer(
        f"c{number:04d}", WALLET_FEN_MIN + WALLET_FEN_STEP * (number * 7 % WALLETS_DIFFERENT)
    )
    for number in range(1, CUSTOMERS + 1)
)


def _people() -> Iterator[DemoPerson]:
    yield _person("operator", "platform", "runs the chain: range, prices, stock and wallets")
    for store in STORES:
        yield from _people_of(store)
    for customer in CUSTOMER_WALLETS:
        yuan, fen = divmod(customer.wallet_fen, 100)
        yield _customer(customer.id, f"shops with ¥{yuan}.{fen:02d} in the wallet", tenant=TENANT)
    yield _person(CHINA_OPERATOR, "platform", "runs the chain all over China", tenant=CHINA_TENANT)
    for name in ("china-customer", "china-customer-2"):
        yield _customer(name, "looks for stores all over China", tenant=CHINA_TENANT)


def _people_of(store: DemoStore) -> Iterator[DemoPerson]:
    """Who works there, and its owner, who goes by the first of the owner's stores."""
    yield _person(
        f"manager-{store.id}", "store_manager", f"manages {store.display_name}", stores=[store]
    )
    for till in store.tills:
        yield _person(
            f"cashier-{store.id}-{till}",
            "cashier",
            f"sells at till {till} of {store.display_name}",
            stores=[store],
        )
    owned = [each for each in STORES if each.franchise_owner == store.franchise_owner]
    if store.franchise_owner and store == owned[0]:
        note = f"owns {', '.join(each.display_name for each in owned)}"
        yield _person(f"owner-{store.id}", "franchise_owner", note, stores=owned)


def _person(
    name: str, role: str, note: str, *, stores: Sequence[DemoStore] = (), tenant: str = TENANT
) -> DemoPerson:
    caller = Caller(
        principal=f"users/{name}",
        tenant=tenant,
        roles=frozenset({role}),
        stores=frozenset(store.name for store in stores),
    )
    return DemoPerson(name, caller, note)


def _customer(customer: str, note: str, *, tenant: str) -> DemoPerson:
    name = f"customers/{customer}"
    caller = Caller(principal=name, tenant=tenant, roles=frozenset({"customer"}), customer=name)
    return DemoPerson(customer, caller, note)


PEOPLE = tuple(_people())
"""Everybody."""
_BY_NAME = {each.name: each for each in PEOPLE}


def person(name: str) -> DemoPerson:
    """The person with this short name; PersonUnknown if there is none."""
    found = _BY_NAME.get(name)
    if found is None:
        raise PersonUnknown(name)
    return found


def summarised() -> list[DemoPerson]:
    """Everybody, but of the customers the first ones; the last of those tells of the others."""
    first, last = CUSTOMER_WALLETS[CUSTOMERS_SHOWN - 1].id, CUSTOMER_WALLETS[-1].id
    left_out = {customer.id for customer in CUSTOMER_WALLETS[CUSTOMERS_SHOWN:]}
    return [
        replace(each, note=f"{each.note}; up to {last} there are more like this")
        if each.name == first
        else each
        for each in PEOPLE
        if each.name not in left_out
    ]


def looked_for(words: Sequence[str]) -> list[DemoPerson]:
    """Those whose name, role or note has all of these words in it, whatever the case."""

    def text(each: DemoPerson) -> str:
        return f"{each.name} {' '.join(each.caller.roles)} {each.note}".casefold()

    return [each for each in PEOPLE if all(word.casefold() in text(each) for word in words)]
