"""Who works and shops in the demo city, as the callers that tokens are signed for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from allinone.demo.city import STORES, DemoStore
from chassis.rpc.auth import Caller

TENANT = "demo"
CUSTOMERS = 20
WALLET_FEN_STEP = 5_000
WALLET_FEN_MIN = 20_000


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
    DemoCustomer(f"c{number:04d}", WALLET_FEN_MIN + WALLET_FEN_STEP * (number * 7 % CUSTOMERS))
    for number in range(1, CUSTOMERS + 1)
)


def _people() -> Iterator[DemoPerson]:
    yield _person("operator", "platform", "runs the chain: range, prices, stock and wallets")
    for store in STORES:
        yield _person(
            f"manager-{store.id}", "store_manager", f"manages {store.display_name}", store=store
        )
        for till in store.tills:
            yield _person(
                f"cashier-{store.id}-{till}",
                "cashier",
                f"sells at till {till} of {store.display_name}",
                store=store,
            )
        if store.franchise_owner:
            yield _person(
                f"owner-{store.id}", "franchise_owner", f"owns {store.display_name}", store=store
            )
    for customer in CUSTOMER_WALLETS:
        yuan, fen = divmod(customer.wallet_fen, 100)
        name = f"customers/{customer.id}"
        caller = Caller(principal=name, tenant=TENANT, roles=frozenset({"customer"}), customer=name)
        yield DemoPerson(customer.id, caller, f"shops with ¥{yuan}.{fen:02d} in the wallet")


def _person(name: str, role: str, note: str, *, store: DemoStore | None = None) -> DemoPerson:
    caller = Caller(
        principal=f"users/{name}",
        tenant=TENANT,
        roles=frozenset({role}),
        stores=frozenset() if store is None else frozenset({store.name}),
    )
    return DemoPerson(name, caller, note)


PEOPLE = tuple(_people())


def person(name: str) -> DemoPerson:
    """The person with this short name; PersonUnknown if there is none."""
    for candidate in PEOPLE:
        if candidate.name == name:
            return candidate
    raise PersonUnknown(name)
