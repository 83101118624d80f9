"""The API over real HTTP, before a whole platform: journeys, repeats, and what HTTP itself adds."""

from __future__ import annotations

import gzip
import uuid

import pytest

from chassis.rpc.auth import Caller
from gateway import limits
from tests.support.shop import CASHIER, MANAGER, OPERATOR, STORE, Shop
from tests.support.web import PAGE, Web

pytestmark = pytest.mark.usefixtures("the_books_balance")


def line(sku: str, quantity: int | str = 1) -> dict[str, object]:
    return {"product": f"products/{sku}", "quantity": quantity, "unit": "MEASURE_UNIT_EACH"}


def cash_sale(sku: str, quantity: int = 1) -> dict[str, object]:
    return {
        "lines": [line(sku, quantity)],
        "fulfilment": "FULFILMENT_CARRY_OUT",
        "tender": {"cash": {"tendered": {"amountMinor": "100000", "currencyCode": "CNY"}}},
        "till": "1",
    }


def key() -> dict[str, str]:
    return {"idempotency-key": str(uuid.uuid4())}


async def test_a_customer_shops_by_http_alone(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=5, price=250)
    who = await shop.customer(balance=10_000)
    as_customer = web.headers(who)

    quote = await web.http.post(
        f"/v1/{STORE}/orders:quote", headers=as_customer, json={"lines": [line(sku, 2)]}
    )
    assert quote.status_code == 200, quote.text
    assert quote.json()["total"] == {"amountMinor": "500", "currencyCode": "CNY"}

    placed = await web.http.post(
        f"/v1/{STORE}/orders:place",
        headers=as_customer | key(),
        json={
            "lines": [line(sku, 2)],
            "fulfilment": "FULFILMENT_PICKUP",
            "tender": {"wallet": {}},
            "customer": who.customer,
            "expectedTotal": quote.json()["total"],
        },
    )
    assert placed.status_code == 200, placed.text
    order = placed.json()
    assert order["state"] == "ORDER_STATE_PLACED"
    assert order["tender"] == {"wallet": {}}
    assert order["till"] == ""
    assert await shop.stock(sku) == (5, 2)

    seen = await web.http.get(f"/v1/{order['name']}", headers=as_customer)
    assert seen.json() == order
    listed = await web.http.get(f"/v1/{STORE}/orders", headers=as_customer)
    assert listed.json() == {"orders": [order], "nextPageToken": ""}

    cancelled = await web.http.post(
        f"/v1/{order['name']}:cancel",
        headers=as_customer | key(),
        json={"reason": "changed my mind"},
    )
    assert cancelled.json()["state"] == "ORDER_STATE_CANCELLED"
    assert await shop.stock(sku) == (5, 0)
    assert await shop.wallet(who) == (10_000, 0)


async def test_a_repeated_sale_gets_the_same_bytes_and_sells_once(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=5)
    headers = web.headers(CASHIER) | key()
    answers = [
        await web.http.post(f"/v1/{STORE}/orders:place", headers=headers, json=cash_sale(sku))
        for _ in range(3)
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert await shop.stock(sku) == (4, 0)


async def test_a_refusal_is_repeated_too(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=1)
    headers = web.headers(CASHIER) | key()
    first = await web.http.post(
        f"/v1/{STORE}/orders:place", headers=headers, json=cash_sale(sku, 2)
    )
    await shop.receive(sku, 10)
    second = await web.http.post(
        f"/v1/{STORE}/orders:place", headers=headers, json=cash_sale(sku, 2)
    )
    assert first.status_code == 400
    assert first.headers["content-type"] == "application/problem+json"
    problem = first.json()
    assert problem["reason"] == "INSUFFICIENT_STOCK"
    assert problem["code"] == "FAILED_PRECONDITION"
    assert problem["facts"]["available"] == "1"
    assert problem["type"].endswith("/INSUFFICIENT_STOCK")
    assert problem["title"] == "Insufficient stock"
    assert second.content == first.content


async def test_the_idempotency_key_is_the_request_id(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=5)
    path, given = f"/v1/{STORE}/orders:place", str(uuid.uuid4())
    by_header = await web.http.post(
        path, headers=web.headers(CASHIER) | {"idempotency-key": given}, json=cash_sale(sku)
    )
    quoted = await web.http.post(
        path, headers=web.headers(CASHIER) | {"idempotency-key": f'"{given}"'}, json=cash_sale(sku)
    )
    by_body = await web.http.post(
        path, headers=web.headers(CASHIER), json=cash_sale(sku) | {"requestId": given}
    )
    assert by_header.status_code == 200
    assert by_header.content == by_body.content == quoted.content


async def test_two_different_request_ids_are_refused(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=5)
    answer = await web.http.post(
        f"/v1/{STORE}/orders:place",
        headers=web.headers(CASHIER) | key(),
        json=cash_sale(sku) | {"requestId": str(uuid.uuid4())},
    )
    assert answer.status_code == 400
    assert answer.json()["reason"] == "IDEMPOTENCY_KEY_INVALID"
    assert await shop.stock(sku) == (5, 0)


async def test_a_mask_says_what_an_update_changes(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=0)
    for mask, name in {"displayName": "Green tea", "display_name": "Black tea"}.items():
        changed = await web.http.patch(
            f"/v1/products/{sku}",
            params={"updateMask": mask},
            headers=web.headers(OPERATOR),
            json={"displayName": name, "department": "not-taken"},
        )
        assert changed.status_code == 200, changed.text
        assert changed.json()["displayName"] == name
        assert changed.json()["department"] == "dry-goods"


async def test_pages_follow_one_another(web: Web, shop: Shop) -> None:
    skus = {await shop.product(stock=1) for _ in range(3)}
    seen: list[str] = []
    token = ""
    while True:
        page = await web.http.get(
            f"/v1/{STORE}/stockLevels",
            params={"pageSize": 2, "page_token": token},
            headers=web.headers(MANAGER),
        )
        assert page.status_code == 200, page.text
        seen += [level["name"].rpartition("/")[2] for level in page.json()["stockLevels"]]
        token = page.json()["nextPageToken"]
        if not token:
            break
    assert skus <= set(seen)
    assert len(seen) == len(set(seen))


async def test_what_has_not_changed_is_not_sent_again(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=5)
    path, headers = f"/v1/{STORE}/stockLevels/{sku}", web.headers(MANAGER)
    first = await web.http.get(path, headers=headers)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    again = await web.http.get(path, headers=headers | {"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    await shop.receive(sku, 1)
    after = await web.http.get(path, headers=headers | {"if-none-match": tag})
    assert after.status_code == 200
    assert after.headers["etag"] != tag
    head = await web.http.head(path, headers=headers)
    assert (head.status_code, head.content) == (200, b"")


async def test_large_answers_are_packed_for_those_who_take_them(web: Web, shop: Shop) -> None:
    for _ in range(12):
        await shop.product(stock=1)
    path, headers = "/v1/products", web.headers(MANAGER)
    packed = await web.http.get(path, headers=headers | {"accept-encoding": "gzip"})
    plain = await web.http.get(path, headers=headers | {"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert len(plain.content) >= limits.GZIP_BYTES_MIN
    assert packed.content == plain.content
    assert "Authorization" in packed.headers["vary"]


async def test_a_packed_body_is_understood(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=1)
    text = f'{{"lines": [{{"product": "products/{sku}", "quantity": 1, "unit": 1}}]}}'
    answer = await web.http.post(
        f"/v1/{STORE}/orders:quote",
        headers=web.headers(CASHIER)
        | {"content-encoding": "gzip", "content-type": "application/json; charset=utf-8"},
        content=gzip.compress(text.encode()),
    )
    assert answer.status_code == 200, answer.text


async def test_pages_of_a_named_origin_may_call(web: Web) -> None:
    asked = await web.http.options(
        f"/v1/{STORE}/orders:place",
        headers={
            "origin": PAGE,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,idempotency-key",
        },
    )
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == PAGE
    answer = await web.http.get("/v1/products", headers={"origin": PAGE})
    assert answer.headers["access-control-allow-origin"] == PAGE
    other = await web.http.get("/v1/products", headers={"origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers


async def test_the_callers_time_is_the_services_time(web: Web) -> None:
    late = await web.http.get("/v1/products", headers=web.headers(MANAGER) | {"grpc-timeout": "1n"})
    assert late.status_code == 504
    assert late.json()["reason"] == "DEADLINE_EXCEEDED"
    wrong = await web.http.get(
        "/v1/products", headers=web.headers(MANAGER) | {"grpc-timeout": "soon"}
    )
    assert (wrong.status_code, wrong.json()["reason"]) == (400, "TIMEOUT_INVALID")


async def test_a_name_that_needs_encoding_reaches_the_service_decoded(web: Web) -> None:
    answer = await web.http.get("/v1/products/%41%2Fb", headers=web.headers(MANAGER))
    assert answer.status_code in {400, 404}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_calls_are_counted_by_route(web: Web) -> None:
    await web.http.get("/v1/products", headers=web.headers(MANAGER))
    metrics = (await web.http.get("/metrics")).text
    assert 'hutong_http_seconds_count{route="GET /v1/products",status="200"}' in metrics


async def test_another_stores_data_is_nobodys(web: Web, shop: Shop) -> None:
    sku = await shop.product(stock=1)
    stranger = Caller(
        principal="users/x",
        tenant="demo",
        roles=frozenset({"cashier"}),
        stores=frozenset({"stores/sh02"}),
    )
    theirs = await web.http.get(f"/v1/{STORE}/stockLevels/{sku}", headers=web.headers(stranger))
    assert (theirs.status_code, theirs.json()["reason"]) == (404, "RESOURCE_NOT_FOUND")


async def test_the_api_describes_itself(web: Web) -> None:
    document = await web.http.get("/openapi.json")
    assert document.headers["content-type"] == "application/json"
    assert document.json()["openapi"] == "3.1.0"
    page = await web.http.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "/v1/stores/{store}/orders:place" in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    front = await web.http.get("/")
    assert 'href="/docs"' in front.text
    assert 'href="/openapi.json"' in front.text
