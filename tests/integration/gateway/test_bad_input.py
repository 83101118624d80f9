"""Bad input over HTTP: a clear problem that names the field, and nothing changed."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest

from tests.support.shop import CASHIER, MANAGER, OPERATOR, STORE, Shop
from tests.support.web import Web

PLACE = f"/v1/{STORE}/orders:place"
RECEIVE = f"/v1/{STORE}/stockLevels:receive"

pytestmark = pytest.mark.usefixtures("the_books_balance")


def delivery(sku: str, **line: Any) -> dict[str, Any]:
    usual = {"product": f"products/{sku}", "quantity": "1", "unit": "MEASURE_UNIT_EACH"}
    return {
        "lines": [usual | line],
        "deliveryNote": "note 1",
        "requestId": str(uuid.uuid4()),
    }


async def refused(web: Web, body: bytes | str, *, path: str = RECEIVE) -> dict[str, Any]:
    answer = await web.http.post(
        path,
        headers=web.headers(OPERATOR) | {"content-type": "application/json"},
        content=body if isinstance(body, bytes) else body.encode(),
    )
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == "INVALID_ARGUMENT"
    assert problem["violations"]
    for told in ("Traceback", "Error", "google", "protobuf", ".py"):
        assert told not in answer.text
    return problem


@pytest.mark.parametrize(
    ("quantity", "problem"),
    [
        ("NaN", "JSON_INVALID"),
        ("Infinity", "JSON_INVALID"),
        ("-Infinity", "JSON_INVALID"),
        ("1e400", "JSON_INVALID"),
        ("9" * 5000, "JSON_INVALID"),
        ("1." + "9" * 5000, "JSON_INVALID"),
        ('"NaN"', "must be a whole number"),
        ('"Infinity"', "must be a whole number"),
        ('"1_000"', "must be a whole number"),
        ('" 1"', "must be a whole number"),
        ('"1.0"', "must be a whole number"),
        ('"\u0661"', "must be a whole number"),
        ('"' + "9" * 5000 + '"', "must be a whole number"),
        ("1.5", "must be a whole number"),
        ("true", "must be a whole number"),
        ("{}", "must be a whole number"),
        ("9" * 30, "is out of range"),
        (str(2**63), "is out of range"),
        (f'"{-(2**63) - 1}"', "is out of range"),
        (str(2**63 - 1), "INVALID_INPUT"),
        ("0", "INVALID_INPUT"),
        ("-1", "INVALID_INPUT"),
        ("null", "INVALID_INPUT"),
    ],
)
async def test_a_quantity_that_is_none_is_named(
    web: Web, shop: Shop, quantity: str, problem: str
) -> None:
    sku = await shop.product(stock=3)
    body = json.dumps(delivery(sku)).replace('"quantity": "1"', f'"quantity": {quantity}')
    told = await refused(web, body)
    if problem == "JSON_INVALID":
        assert told["reason"] == problem
    else:
        assert told["reason"] == "INVALID_INPUT"
        assert told["violations"][0]["field"] == "lines[0].quantity"
        if problem != "INVALID_INPUT":
            assert told["violations"][0]["problem"] == problem
    assert await shop.stock(sku) == (3, 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"lines": {}}, "lines"),
        ({"lines": [1]}, "lines[0]"),
        ({"lines": [None]}, "lines[0]"),
        ({"lines": []}, "lines"),
        ({"deliveryNote": 7}, "delivery_note"),
        ({"deliveryNote": "a", "delivery_note": "b"}, "delivery_note"),
        ({"deliveryNote": "a\x00b"}, "delivery_note"),
        ({"deliveryNote": "a\u202eb"}, "delivery_note"),
        ({"requestId": "1"}, "request_id"),
        ({"requestId": ""}, "request_id"),
        ({"parent": "stores/sh02"}, "parent"),
    ],
)
async def test_a_field_that_is_wrong_is_named(
    web: Web, shop: Shop, change: dict[str, Any], field: str
) -> None:
    sku = await shop.product(stock=3)
    told = await refused(web, json.dumps(delivery(sku) | change))
    assert told["violations"][0]["field"] == field
    assert await shop.stock(sku) == (3, 0)


@pytest.mark.parametrize(
    "unit",
    [99, "99", "MEASURE_UNIT_DOZEN", "MEASURE_UNIT_UNSPECIFIED", 0, True, -1, None, "\ud800"],
)
async def test_a_unit_that_is_none_is_named(web: Web, shop: Shop, unit: object) -> None:
    sku = await shop.product(stock=3)
    told = await refused(web, json.dumps(delivery(sku, unit=unit)))
    assert told["violations"][0]["field"] == "lines[0].unit"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"null",
        b"{",
        b"{'a': 1}",
        b'{"lines": [],}',
        b'{"lines": [], "lines": []}',
        b'{"deliveryNote": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"a\\ud800": 1, "a\\ud800": 2}',
        b'{"deliveryNote": "\xff"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[" * 5000,
        b'{"lines":' * 5000,
        b"\x00",
    ],
)
async def test_a_body_that_is_no_request_is_refused(web: Web, body: bytes) -> None:
    await refused(web, body)


async def test_several_fields_are_named_at_once(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=3)
    told = await refused(web, json.dumps(delivery(sku, quantity="x", unit="y", colour="z")))
    assert [each["field"] for each in told["violations"]] == [
        "lines[0].quantity",
        "lines[0].unit",
        "lines[0].colour",
    ]


async def test_two_alternatives_are_one_too_many(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=3)
    told = await refused(
        web,
        json.dumps(
            {
                "lines": delivery(sku)["lines"],
                "fulfilment": "FULFILMENT_PICKUP",
                "tender": {"wallet": {}, "cash": {}},
            }
        ),
        path=PLACE,
    )
    assert told["violations"][0]["field"] == "tender.cash"


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=x",
        "pageSize=-1",
        "pageSize=1&pageSize=2",
        "pageSize=1&page_size=2",
        "pageSize=99999999999",
        "surprise=1",
        "pageSize.x=1",
        "parent=stores/sh01",
        "pageToken=made-up",
        "pageToken=%ff",
        "pageToken=%00",
    ],
)
async def test_a_parameter_that_is_wrong_is_refused(web: Web, query: str) -> None:
    answer = await web.http.get(f"/v1/{STORE}/orders?{query}", headers=web.headers(MANAGER))
    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_ARGUMENT"


async def test_parameters_are_not_taken_where_the_body_says_it_all(web: Web) -> None:
    answer = await web.http.post(
        f"{PLACE}?till=1", headers=web.headers(CASHIER), json={"lines": []}
    )
    assert (answer.status_code, answer.json()["reason"]) == (400, "QUERY_INVALID")


@pytest.mark.parametrize("mask", ["", "name", "surprise", "displayName.x", "*"])
async def test_a_mask_that_names_what_cannot_change_is_refused(
    web: Web, shop: Shop, mask: str
) -> None:
    sku = await shop.product(stock=0)
    answer = await web.http.patch(
        f"/v1/products/{sku}?updateMask={mask}",
        headers=web.headers(OPERATOR),
        json={"displayName": "Other"},
    )
    assert answer.status_code == 400
    assert answer.json()["violations"][0]["field"] == "update_mask"


async def test_a_read_takes_no_body(web: Web) -> None:
    answer = await web.http.request(
        "GET", "/v1/products", headers=web.headers(MANAGER), json={"pageSize": 1}
    )
    assert (answer.status_code, answer.json()["reason"]) == (400, "BODY_NOT_TAKEN")


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
async def test_only_json_is_taken(web: Web, content_type: str) -> None:
    answer = await web.http.post(
        PLACE, headers=web.headers(CASHIER) | {"content-type": content_type}, content=b"{}"
    )
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["accept"] == "application/json"


async def test_a_packing_that_nobody_knows_is_a_415(web: Web) -> None:
    answer = await web.http.post(
        PLACE,
        headers=web.headers(CASHIER)
        | {"content-type": "application/json", "content-encoding": "br"},
        content=b"{}",
    )
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "path",
    [
        "/v1", "/v1/", "/v1/nothing", "/v1/products/a/b", "/v1/products/", "/v2/products",
        "/v1/stores//orders", "/v1/products/%ff", "/v1/products/a:b", "/v1/stores/sh01/orders:sing",
    ],
)  # fmt: skip
async def test_a_path_of_nobody_is_a_404(web: Web, path: str) -> None:
    answer = await web.http.get(path, headers=web.headers(MANAGER))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_wrong_method_is_a_405_that_names_the_right_ones(web: Web) -> None:
    for method, path, allowed in [
        ("DELETE", "/v1/products/a", "GET, HEAD, PATCH"),
        ("GET", PLACE, "POST"),
        ("POST", "/v1/products", "GET, HEAD"),
        ("PUT", "/v1/products", "GET, HEAD"),
    ]:
        answer = await web.http.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer x.y.z", "Basic eDp5", "Bearer \x80"])
async def test_a_caller_without_a_token_is_asked_for_one(web: Web, token: str | None) -> None:
    headers = [] if token is None else [(b"authorization", token.encode("latin-1"))]
    answer = await web.http.get("/v1/products", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (401, "TOKEN_INVALID")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("given", ["x", "", '"x"', "1" * 36])
async def test_an_idempotency_key_is_a_uuid(web: Web, given: str) -> None:
    answer = await web.http.post(
        PLACE, headers=web.headers(CASHIER) | {"idempotency-key": given}, json={"lines": []}
    )
    assert (answer.status_code, answer.json()["reason"]) == (400, "IDEMPOTENCY_KEY_INVALID")


async def test_a_role_that_may_not_is_a_403(web: Web) -> None:
    answer = await web.http.post(RECEIVE, headers=web.headers(CASHIER), json=delivery("a"))
    assert (answer.status_code, answer.json()["reason"]) == (403, "ROLE_NOT_ALLOWED")


async def test_a_request_id_is_of_one_request(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=0)
    body = delivery(sku)
    for quantity, status, reason in [("1", 200, None), ("2", 400, "REQUEST_ID_REUSED")]:
        body["lines"][0]["quantity"] = quantity
        answer = await web.http.post(RECEIVE, headers=web.headers(OPERATOR), json=body)
        assert (answer.status_code, answer.json().get("reason")) == (status, reason)
    assert await shop.stock(sku) == (1, 0)


async def test_a_request_line_that_is_no_http_is_refused(web: Web) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.http.base_url.port)
    writer.write(b"\x00\x01\x02 nonsense\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
