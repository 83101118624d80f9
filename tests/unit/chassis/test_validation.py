"""Validation: what the contract forbids is refused with the paths of its fields."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import ErrorKind, InvalidInput
from chassis.rpc.validation import VIOLATIONS_MAX, MessageMalformed, Validator, parsed
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from hutong.common.v1 import measure_pb2
from hutong.orders.v1 import orders_service_pb2

VALIDATOR = Validator()
REQUEST_ID = "0191d3a0-0000-7000-8000-000000000001"


def _fields(request: Message) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        VALIDATOR.check(request)
    assert refused.value.kind is ErrorKind.INVALID_ARGUMENT
    assert all(problem for _, problem in refused.value.violations)
    return [field for field, _ in refused.value.violations]


def _creating(**fields: object) -> catalog_service_pb2.BatchCreateProductsRequest:
    usual: dict[str, object] = {
        "name": "products/a",
        "display_name": "农夫山泉",
        "department": "drinks",
        "unit": measure_pb2.MEASURE_UNIT_EACH,
    }
    product = catalog_pb2.Product(**(usual | fields))  # type: ignore[arg-type]
    return catalog_service_pb2.BatchCreateProductsRequest(products=[product], request_id=REQUEST_ID)


def test_a_right_request_passes() -> None:
    VALIDATOR.check(_creating())


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\u202e", "\u200b"])
def test_a_text_with_what_nobody_can_see_is_refused(character: str) -> None:
    assert _fields(_creating(display_name=f"milk{character}")) == ["products[0].display_name"]


@pytest.mark.parametrize("number", [0, 99, -1])
def test_an_enum_number_that_is_none_is_refused(number: int) -> None:
    assert _fields(_creating(unit=number)) == ["products[0].unit"]


def test_a_field_that_must_be_there_is_missed_by_name() -> None:
    assert "request_id" in _fields(_creating_without_id())
    assert _fields(catalog_service_pb2.QuoteBasketRequest(parent="stores/a")) == ["lines"]
    assert {"fulfilment", "request_id", "tender"} <= set(
        _fields(orders_service_pb2.PlaceOrderRequest())
    )


def _creating_without_id() -> Message:
    request = _creating()
    request.ClearField("request_id")
    return request


@pytest.mark.parametrize("quantity", [0, -1, 2**63 - 1, -(2**63)])
def test_a_quantity_out_of_bounds_is_refused_with_its_line(quantity: int) -> None:
    good, bad = (
        catalog_pb2.WantedLine(
            product="products/a", quantity=number, unit=measure_pb2.MEASURE_UNIT_EACH
        )
        for number in (1, quantity)
    )
    request = catalog_service_pb2.QuoteBasketRequest(parent="stores/a", lines=[good, bad])
    assert _fields(request) == ["lines[1].quantity"]


def test_at_most_so_many_violations_are_told() -> None:
    bad = catalog_pb2.WantedLine()
    request = catalog_service_pb2.QuoteBasketRequest(parent="stores/a", lines=[bad] * 100)
    assert len(_fields(request)) == VIOLATIONS_MAX


@pytest.mark.parametrize(
    "data",
    [b"\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\x0f", b"\x0a\xff\xff\xff\xff\xff\xff\x01"],
    ids=["no tag", "cut off", "not UTF-8", "wrong wire type", "absurd length"],
)
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(MessageMalformed) as refused:
        parsed(catalog_service_pb2.GetProductRequest, data)
    assert refused.value.reason == "MESSAGE_MALFORMED"
    assert refused.value.kind is ErrorKind.INVALID_ARGUMENT


def test_a_message_nested_too_deep_is_refused() -> None:
    nested = b""
    for _ in range(200):
        nested = b"\x0b" + nested + b"\x0c"
    with pytest.raises(MessageMalformed):
        parsed(catalog_service_pb2.GetProductRequest, nested)


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_be_refused(data: bytes) -> None:
    for kind in (orders_service_pb2.PlaceOrderRequest, catalog_service_pb2.QuoteBasketRequest):
        try:
            VALIDATOR.check(parsed(kind, data))
        except InvalidInput:
            continue
