"""Who is told whose store it is."""

from __future__ import annotations

import pytest

from chassis.rpc.auth import Caller
from chassis.rpc.call import Call
from services.stores.convert.stores import sees_owner


@pytest.mark.parametrize(
    ("roles", "store", "is_told"),
    [
        ({"platform"}, "stores/b", True),
        ({"store_manager"}, "stores/a", True),
        ({"customer", "store_manager"}, "stores/b", False),
        ({"customer", "franchise_owner"}, "stores/b", False),
        ({"cashier"}, "stores/a", False),
    ],
)
def test_only_the_chain_and_the_stores_own_people_are_told(
    roles: set[str], store: str, is_told: bool
) -> None:
    caller = Caller("users/x", "demo", frozenset(roles), frozenset({"stores/a"}))
    assert sees_owner(Call(method="", caller=caller, deadline=0.0), store) is is_told
