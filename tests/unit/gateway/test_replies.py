"""Our way from a message to JSON says the same as protobuf's own."""

from __future__ import annotations

import json
import tracemalloc
from random import Random
from typing import Any

import pytest
from google.protobuf import any_pb2, json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.routes.replies import Replies
from hutong.orders.v1 import orders_pb2, orders_service_pb2
from hutong.stores.v1 import stores_pb2
from tests.unit.gateway.messages import every_field, kinds, message_of

KINDS = kinds()
EVERY = [every_field(has_floats=has_floats) for has_floats in (False, True)]


def json_of_message(message: Message, replies: Replies | None = None) -> bytes:
    kind: Any = message.DESCRIPTOR
    return (replies or Replies()).json_of(kind, message.SerializeToString())


def assert_same(message: Message) -> None:
    expected = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    # Through JSON, since NaN and -0.0 compare oddly and 1e16 has two spellings.
    assert json.loads(json_of_message(message)) == json.loads(json.dumps(expected))


@pytest.mark.parametrize("kind", KINDS, ids=[kind.full_name for kind in KINDS])
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_kind_of_message_is_told_as_protobuf_tells_it(kind: Descriptor, seed: int) -> None:
    assert_same(message_of(kind, Random(seed)))


@pytest.mark.parametrize("kind", EVERY, ids=["no floats", "floats"])
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_type_of_field_is_told_as_protobuf_tells_it(kind: Descriptor, seed: int) -> None:
    assert_same(message_of(kind, Random(seed)))


def test_details_of_any_kind_are_told_as_protobuf_tells_them() -> None:
    packed = any_pb2.Any()
    packed.Pack(error_details_pb2.ErrorInfo(reason="X", metadata={"a": "b"}))
    assert_same(status_pb2.Status(code=9, message="no", details=[packed]))


def test_the_same_message_is_told_in_the_same_bytes() -> None:
    def order(**fields: Any) -> bytes:
        return json_of_message(orders_pb2.Order(name="a", version=7, **fields))

    assert order() == order()
    assert order(till="").startswith(b'{"name":"a","state":"ORDER_STATE_UNSPECIFIED"')


def test_a_resource_that_was_told_before_is_told_in_the_same_bytes() -> None:
    replies = Replies()
    order = orders_pb2.Order(name="a", version=7, till="1")
    page = orders_service_pb2.ListOrdersResponse(orders=[order, order])
    for message in (order, page, orders_pb2.Order(name="a", version=8, till="1")):
        assert (
            json_of_message(message, replies)
            == json_of_message(message, replies)
            == json_of_message(message)
        )


def test_bytes_of_one_kind_are_not_told_as_another() -> None:
    replies = Replies()
    kinds: list[Any] = [orders_pb2.Order.DESCRIPTOR, stores_pb2.Store.DESCRIPTOR]
    for kind in kinds:
        assert replies.json_of(kind, b"") == Replies().json_of(kind, b"")


def test_texts_that_are_kept_have_a_limit() -> None:
    replies = Replies(kept_text_bytes_max=10_000)
    tracemalloc.start()
    for version in range(2_000):
        order = orders_pb2.Order(name="a", version=version, end_reason="é" * 100)
        json_of_message(order, replies)
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept_bytes < 200_000
