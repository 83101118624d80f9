"""Our way from JSON to a message ends where protobuf's own does."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.kernel.errors import InvalidInput
from gateway.routes.fields import message_of as judged_message_of
from gateway.routes.filling import fill
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
        judged_message_of(kind, {"position": {"latitudeDegrees": 10**399}})
