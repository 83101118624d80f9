"""Resource names: one form each, the tenant only from the caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel import names
from chassis.kernel.names import NameInvalid, NamePattern

PATTERNS = [pattern for pattern in vars(names).values() if isinstance(pattern, NamePattern)]
ids = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)

BAD_IDS = {
    "empty": "",
    "NUL": "sh\x0001",
    "control": "sh\x0701",
    "newline at the end": "sh01\n",
    "upper case": "SH01",
    "bidi override": "sh\u202e01",
    "zero width": "sh\u200b01",
    "other digits": "sh\u0661",
    "letters of another alphabet": "\u0455h01",
    "lone surrogate": "sh\ud800",
    "space": "sh 01",
    "too long": "a" * 64,
    "begins with a dash": "-sh01",
    "slash": "sh01/orders",
    "dots": "..",
    "a tenant of its own": "rival:sh01",
    "percent": "sh%2f01",
}


@given(data=st.data(), tenant=ids)
def test_a_name_survives_the_way_out_and_in_again(data: st.DataObject, tenant: str) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    wanted = tuple(data.draw(ids) for _ in range(pattern.text.count("{")))
    inner = (names.qualified(tenant, wanted[0]), *wanted[1:])
    name = pattern.format(*inner)
    assert names.TENANT_SEPARATOR not in name
    assert pattern.matches(name)
    assert pattern.parse(name) == wanted


@given(name=st.text(max_size=80))
def test_no_text_parses_to_anything_but_its_own_ids(name: str) -> None:
    for pattern in PATTERNS:
        if pattern.matches(name):
            assert pattern.format(*pattern.parse(name)) == name


@given(one=ids, other=ids, store=ids)
def test_the_tenant_comes_from_the_caller_and_keeps_stores_apart(
    one: str, other: str, store: str
) -> None:
    name = names.STORE.format(store)
    mine = names.parse_store(name, one)
    assert (names.tenant_of(mine), names.unqualified(mine)) == (one, store)
    assert (mine == names.parse_store(name, other)) == (one == other)


@pytest.mark.parametrize("bad", BAD_IDS.values(), ids=BAD_IDS)
def test_an_id_that_is_none_is_refused_with_its_field(bad: str) -> None:
    with pytest.raises(NameInvalid) as refused:
        names.parse_store(f"stores/{bad}", "demo", at="order.parent")
    assert refused.value.reason == "NAME_INVALID"
    assert refused.value.violations == (("order.parent", "must have the form stores/{store}"),)
    assert refused.value.facts == {"pattern": "stores/{store}"}
    assert not names.is_id(bad)


@pytest.mark.parametrize("bad", BAD_IDS.values(), ids=BAD_IDS)
def test_a_bad_id_is_refused_wherever_it_stands_in_a_name(bad: str) -> None:
    for name in (f"stores/{bad}/orders/ord_1", f"stores/sh01/orders/{bad}"):
        with pytest.raises(NameInvalid):
            names.parse_in_store(names.ORDER, name, "demo")


@pytest.mark.parametrize(
    "name", ["", "stores", "stores/", "Stores/sh01", "/stores/sh01", "stores/sh01/", "x/sh01"]
)
def test_what_is_not_the_collections_form_is_refused(name: str) -> None:
    with pytest.raises(NameInvalid):
        names.parse_store(name, "demo")


def test_a_name_of_another_kind_is_refused() -> None:
    with pytest.raises(NameInvalid):
        names.parse_customer("stores/sh01", "demo")
    with pytest.raises(NameInvalid):
        names.parse_product("stores/sh01")
    with pytest.raises(NameInvalid):
        names.parse_in_store(names.ORDER, "stores/sh01/prices/a", "demo")
