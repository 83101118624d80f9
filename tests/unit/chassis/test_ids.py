"""Ids: version 7, in order of birth, and the same from the same parts."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel import ids, names

milliseconds = st.integers(min_value=0, max_value=(1 << 48) - 1)


@given(milliseconds)
def test_a_minted_uuid_says_version_7_and_its_time(unix_ms: int) -> None:
    value = ids.uuid7(unix_ms=unix_ms)
    assert value.version == 7
    assert value.variant == uuid.RFC_4122
    assert value.int >> 80 == unix_ms


@given(milliseconds, milliseconds)
def test_the_earlier_uuid_sorts_first(one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    if earlier < later:
        assert str(ids.uuid7(unix_ms=earlier)) < str(ids.uuid7(unix_ms=later))


def test_ids_can_stand_in_names_and_never_repeat() -> None:
    minted = [ids.mint("ord") for _ in range(10_000)]
    assert len(set(minted)) == len(minted)
    assert all(names.is_id(one) and one.startswith("ord_") for one in minted)
    assert [one[:10] for one in minted] == sorted(one[:10] for one in minted)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_a_derived_id_is_the_same_each_time_and_can_stand_in_a_name(parts: list[str]) -> None:
    derived = ids.derived("pay", *[part.encode(errors="replace").decode() for part in parts])
    assert derived == ids.derived("pay", *[p.encode(errors="replace").decode() for p in parts])
    assert names.is_id(derived)


def test_a_derived_id_is_the_same_in_every_release() -> None:
    assert ids.derived("pay", "demo", "ord_1") == ids.derived("pay", "demo", "ord_1")
    assert ids.derived("pay", "demo", "ord_1") != ids.derived("pay", "demoord_1")
    assert ids.derived("pay", "demo", "ord_1") != ids.derived("pay", "demo", "ord_2")
    assert ids.derived("pay", "demo", "ord_1") == "pay_03amwzm6srcehxasajpr400hy7"
