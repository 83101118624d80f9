"""Our way from JSON to a message ends where protobuf's own does."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.kernel.errors import InvalidInput
from gateway.routes import fields
from gateway.routes.filling import fill
from gateway.routes.usual import Unusual, fill_usual
from hutong.catalog.v1 import catalog_service_pb2
from hutong.stores.v1 import stores_service_pb2
from tests.unit.gateway.messages import every_field, kinds, message_of

KINDS = kinds()
EVERY = [every_field(has_floats=has_floats) for has_floats in (False, True)]


def assert_same(kind: Descriptor, seed: int, *, has_proto_names: bool) -> None:
    tree = json_format.MessageToDict(
        message_of(kind, Random(seed)), preserving_proto_field_name=has_proto_names
    )
    expected, filled = GetMessageClass(kind)(), GetMessageClass(kind)()
    json_format.ParseDict(tree, expected)
    fill(filled, tree)
    # By their bytes, since NaN is not equal to itself.
    assert filled.SerializeToString(deterministic=True) == expected.SerializeToString(
        deterministic=True
    )


@pytest.mark.parametrize("kind", KINDS, ids=[kind.full_name for kind in KINDS])
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), has_proto_names=st.booleans())
def test_every_kind_of_message_is_filled_as_protobuf_fills_it(
    kind: Descriptor, seed: int, has_proto_names: bool
) -> None:
    assert_same(kind, seed, has_proto_names=has_proto_names)


@pytest.mark.parametrize("kind", EVERY, ids=["no floats", "floats"])
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_type_of_field_is_filled_as_protobuf_fills_it(kind: Descriptor, seed: int) -> None:
    assert_same(kind, seed, has_proto_names=False)


def test_null_says_nothing_and_an_empty_object_is_there() -> None:
    request = stores_service_pb2.FindStoresRequest()
    fill(request, {"pageToken": None, "position": {}})
    assert request == stores_service_pb2.FindStoresRequest(position={})
    assert request.HasField("position")


def test_a_whole_number_that_no_fraction_can_hold_is_refused() -> None:
    kind: Any = stores_service_pb2.FindStoresRequest.DESCRIPTOR
    with pytest.raises(InvalidInput):
        fields.message_of(kind, {"position": {"latitudeDegrees": 10**399}})


ODD: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 2.0, 1e300, 2**31, 2**63, 2**64, 10**399, "", "a", "7", "-7",
    "٣", "+7", " 7", "1_0", "1e3", "9" * 25, "\ud800", "MEASURE_UNIT_EACH", [], [None], ["7"], [{}],
    {}, {"x": 1}, {"value": 1},
]  # fmt: skip


def oddly(tree: Any, chance: Random) -> Any:
    """The tree with one thing in it that is of some other form."""
    if isinstance(tree, list) and tree and chance.random() < 0.8:
        place = chance.randrange(len(tree))
        return [*tree[:place], oddly(tree[place], chance), *tree[place + 1 :]]
    if not isinstance(tree, dict) or not tree or chance.random() < 0.2:
        return chance.choice(ODD)
    name = chance.choice(list(tree))
    match chance.randrange(4):
        case 0:
            return tree | {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): 1}
        case 1:
            return tree | {chance.choice(["unknown", "cash", "wallet", "requestId"]): {}}
        case _:
            return tree | {name: oddly(tree[name], chance)}


def outcome(read: Callable[[Descriptor, Any], Message], kind: Descriptor, tree: Any) -> object:
    try:
        return read(kind, tree).SerializeToString(deterministic=True)
    except InvalidInput as refused:
        return refused.violations


@pytest.mark.parametrize("kind", [*KINDS, *EVERY], ids=lambda kind: kind.full_name)
@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32), has_proto_names=st.booleans(), is_odd=st.booleans())
def test_what_is_read_in_one_pass_is_what_is_read_field_by_field(
    kind: Descriptor, seed: int, has_proto_names: bool, is_odd: bool
) -> None:
    chance = Random(seed)
    tree: Any = json_format.MessageToDict(
        message_of(kind, chance), preserving_proto_field_name=has_proto_names
    )
    tree = oddly(tree, chance) if is_odd else tree
    if isinstance(tree, dict):
        judged = outcome(fields.judged_message_of, kind, tree)
        assert outcome(fields.message_of, kind, tree) == judged


def test_the_usual_request_is_read_in_one_pass() -> None:
    request = catalog_service_pb2.QuoteBasketRequest()
    line = {"product": "products/p1", "quantity": "2", "unit": "MEASURE_UNIT_EACH"}
    fill_usual(request, {"parent": "stores/sh01", "lines": [line, line | {"quantity": 3}]})
    assert [each.quantity for each in request.lines] == [2, 3]
    with pytest.raises(Unusual):
        fill_usual(request, {"parent": 7})
