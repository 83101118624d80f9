"""The OpenAPI document says what is served, and is valid; so is the page made of it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from openapi_spec_validator import validate

from gateway.reference import ReferencePage
from gateway.routes.bindings import bindings_of
from gateway.routes.contracts import contracts_of
from gateway.routes.openapi import openapi_of

SERVICES = [
    f"hutong.{name}.v1.{name.title()}Service"
    for name in ("catalog", "inventory", "payments", "orders")
]
CONTRACTS = contracts_of(SERVICES)
BINDINGS = bindings_of(CONTRACTS.methods)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_of(BINDINGS, CONTRACTS.comments)


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_every_binding_is_one_operation_with_its_own_id(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(ids) == len(set(ids)) == len(BINDINGS)


def test_every_operation_field_and_type_says_what_it_is(document: dict[str, Any]) -> None:
    for operation in operations(document):
        assert operation["summary"]
        assert "Reasons" not in operation["summary"]
        assert "For the roles" in operation["description"]
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"], name
        for field, content in schema.get("properties", {}).items():
            assert name == "Problem" or content["description"], f"{name}.{field}"


def test_placing_an_order_is_described_as_its_contract_says(document: dict[str, Any]) -> None:
    place = document["paths"]["/v1/stores/{store}/orders:place"]["post"]
    body = place["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["fulfilment", "tender"]
    assert "parent" not in body["properties"]
    assert body["properties"]["lines"]["maxItems"] == 500
    assert body["properties"]["requestId"]["format"] == "uuid"
    assert {(each["name"], each["in"]) for each in place["parameters"]} == {
        ("store", "path"),
        ("Idempotency-Key", "header"),
    }
    money = document["components"]["schemas"]["hutong.common.v1.Money"]
    assert money["properties"]["amountMinor"]["type"] == "string"
    tender = document["components"]["schemas"]["hutong.orders.v1.Tender"]
    assert tender["oneOf"] == [{"required": ["cash"]}, {"required": ["wallet"]}]


def test_a_mask_and_a_page_are_parameters_of_the_query(document: dict[str, Any]) -> None:
    update = document["paths"]["/v1/products/{product}"]["patch"]
    assert [each["name"] for each in update["parameters"]] == ["product", "updateMask"]
    body = update["requestBody"]["content"]["application/json"]["schema"]
    assert "required" not in body
    listing = document["paths"]["/v1/stores/{store}/orders"]["get"]
    assert [each["name"] for each in listing["parameters"]] == ["store", "pageSize", "pageToken"]


def test_the_page_shows_every_operation_and_no_link_leads_nowhere(
    document: dict[str, Any],
) -> None:
    page = ReferencePage(document).html
    for path in document["paths"]:
        assert path in unescape(page)
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page
    assert "<script" not in page
    assert "style=" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
