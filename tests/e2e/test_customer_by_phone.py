"""A customer's journey by HTTP alone, on a running platform with its demo city.

Nothing here knows gRPC or a token that was not given by signing in: it is what an app can do.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.command import Command
from tests.support.event_source import reading

APP = "hutong-app"
CALLBACK = "http://127.0.0.1:45678/callback"
CUSTOMER, MANAGER, OPERATOR = "c0001", "manager-sh04", "operator"

STORE = "stores/sh04"
"""It is open around the clock, so that the journey can be made at any hour."""

HOME = {"latitudeDegrees": 31.3030, "longitudeDegrees": 121.5160}
FAR_AWAY = {"latitudeDegrees": 31.1975, "longitudeDegrees": 121.4010}
BASKET = f"{STORE}/baskets/{CUSTOMER}"
MILK, TEA = "products/p14001", "products/p22010"


@dataclass(slots=True)
class Phone:
    """An app in which somebody has signed in."""

    http: httpx.AsyncClient
    authorization: dict[str, str]

    async def get(self, path: str, **parameters: Any) -> Any:
        answer = await self.http.get(path, params=parameters, headers=self.authorization)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.send(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(
        self, path: str, body: dict[str, Any], *, key: str | None = None
    ) -> httpx.Response:
        headers = self.authorization | {"idempotency-key": key or str(uuid.uuid4())}
        return await self.http.post(path, json=body, headers=headers)

    async def wallet(self) -> tuple[int, int]:
        """What there is to spend and what is held, in fen."""
        wallet = await self.get(f"/v1/customers/{CUSTOMER}/wallet")
        return int(wallet["available"]["amountMinor"]), int(wallet["held"]["amountMinor"])


@pytest.fixture(scope="module", params=["run", "cluster"])
async def platform(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Command]:
    command = Command(tmp_path_factory.mktemp("city") / "home", topology=request.param)
    await command.run()
    yield command
    assert await command.result("verify") == (0, "the books balance\n")
    assert await command.stop() == 0


@pytest.fixture
async def http(platform: Command) -> AsyncIterator[httpx.AsyncClient]:
    address = f"http://127.0.0.1:{platform.http_port}"
    async with httpx.AsyncClient(base_url=address, timeout=20) as client:
        yield client


async def signed_in(http: httpx.AsyncClient, person: str) -> Phone:
    """Signs a demo person in: authorisation code with PKCE."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "client_id": APP,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s-1",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    chosen = await http.post("/oauth/authorize", data=asked | {"person": person})
    assert chosen.status_code == 303, chosen.text
    (code,) = parse_qs(urlsplit(chosen.headers["location"]).query)["code"]
    given = await http.post(
        "/oauth/token",
        data={
            "grant_type": "authorization_code",
            "client_id": APP,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
        },
    )
    assert given.status_code == 200, given.text
    return Phone(http, {"authorization": f"Bearer {given.json()['access_token']}"})


def money(fen: int) -> dict[str, str]:
    return {"amountMinor": str(fen), "currencyCode": "CNY"}


def wanting(**quantities: int) -> list[dict[str, Any]]:
    return [
        {"product": f"products/{sku}", "quantity": quantity, "unit": "MEASURE_UNIT_EACH"}
        for sku, quantity in quantities.items()
    ]


def door(position: dict[str, float]) -> dict[str, Any]:
    return {
        "recipient": "王小明",
        "phone": "+8613800138000",
        "street": "淞沪路 200 号 1201 室",
        "position": position,
        "note": "请放门口",
    }


async def test_a_customer_finds_a_store_fills_a_basket_and_has_it_brought(
    http: httpx.AsyncClient,
) -> None:
    customer = await signed_in(http, CUSTOMER)
    staff = await signed_in(http, MANAGER)

    near = await customer.get(
        "/v1/stores:find",
        **{f"position.{name}": value for name, value in HOME.items()},
        capabilities="CAPABILITY_DELIVERY",
    )
    nearest = near["stores"][0]
    assert nearest["store"]["name"] == STORE
    assert nearest["openness"]["isOpen"]
    assert nearest["serviceability"] == "SERVICEABILITY_SERVICEABLE"
    assert 0 < int(nearest["distanceMetres"]) < 1_000

    found = await customer.get("/v1/products:search", query="牛奶", pageSize=50)
    assert MILK in {product["name"] for product in found["products"]}

    before = await customer.wallet()
    basket = await customer.post(f"/v1/{BASKET}:setLines", {"lines": wanting(p14001=2, p22010=1)})
    assert [line["quantity"] for line in basket["lines"]] == ["2", "1"]
    total = int(basket["total"]["amountMinor"])
    order = {
        "fulfilment": "FULFILMENT_DELIVERY",
        "basket": BASKET,
        "basketVersion": basket["version"],
        "customer": f"customers/{CUSTOMER}",
        "tender": {"wallet": {}},
        "expectedTotal": basket["total"],
        "delivery": door(FAR_AWAY),
    }
    refused = await customer.send(f"/v1/{STORE}/orders:place", order)
    assert (refused.status_code, refused.json()["reason"]) == (400, "DELIVERY_OUT_OF_AREA")
    assert await customer.wallet() == before

    order |= {"delivery": door(HOME)}
    key = str(uuid.uuid4())
    placed = await customer.send(f"/v1/{STORE}/orders:place", order, key=key)
    assert placed.status_code == 200, placed.text
    again = await customer.send(f"/v1/{STORE}/orders:place", order, key=key)
    assert again.content == placed.content
    name = placed.json()["name"]
    assert placed.json()["state"] == "ORDER_STATE_PLACED"
    assert await customer.wallet() == (before[0] - total, before[1] + total)
    emptied = await customer.get(f"/v1/{BASKET}")
    assert "lines" not in emptied or emptied["lines"] == []

    async with reading(http, f"/v1/{name}:watch", customer.authorization) as events:
        first = await events.next()
        assert first is not None
        assert first.json["state"] == "ORDER_STATE_PLACED"
        await staff.post(f"/v1/{name}:markReady", {})
        ready = await events.next()
        assert ready is not None
        assert ready.json["state"] == "ORDER_STATE_READY"
        too_late = await customer.send(f"/v1/{name}:cancel", {"reason": "changed my mind"})
        assert too_late.json()["reason"] == "CANCEL_NOT_ALLOWED"
    resumed = customer.authorization | {"last-event-id": ready.id}
    async with reading(http, f"/v1/{name}:watch", resumed) as events:
        await staff.post(f"/v1/{name}:handOver", {})
        handed_over = await events.next()
        assert handed_over is not None
        assert handed_over.json["state"] == "ORDER_STATE_COMPLETED"
    assert await customer.wallet() == (before[0] - total, before[1])


async def test_a_customer_who_cancels_a_pickup_has_the_money_and_the_store_its_goods(
    http: httpx.AsyncClient,
) -> None:
    customer, staff = await signed_in(http, CUSTOMER), await signed_in(http, MANAGER)
    before = await customer.wallet()
    level = f"/v1/{STORE}/stockLevels/{MILK.removeprefix('products/')}"
    stock = await staff.get(level)
    placed = await customer.post(
        f"/v1/{STORE}/orders:place",
        {
            "fulfilment": "FULFILMENT_PICKUP",
            "lines": wanting(p14001=3),
            "customer": f"customers/{CUSTOMER}",
            "tender": {"wallet": {}},
        },
    )
    assert (await customer.wallet()) != before
    assert (await staff.get(level))["held"] == str(int(stock["held"]) + 3)
    cancelled = await customer.post(f"/v1/{placed['name']}:cancel", {"reason": "not needed"})
    assert cancelled["state"] == "ORDER_STATE_CANCELLED"
    assert await customer.wallet() == before
    after = await staff.get(level)
    assert (after["held"], after["onHand"]) == (stock["held"], stock["onHand"])


async def test_a_price_that_changes_under_a_basket_is_shown_and_asked_before_it_is_paid(
    http: httpx.AsyncClient,
) -> None:
    customer, operator = await signed_in(http, CUSTOMER), await signed_in(http, OPERATOR)
    basket = await customer.post(f"/v1/{BASKET}:setLines", {"lines": wanting(p22010=1)})
    (line,) = basket["lines"]
    shown = int(line["shownUnitPrice"]["amountMinor"])
    await operator.post(
        f"/v1/{STORE}/prices:change",
        {"changes": [{"product": TEA, "unitPrice": money(shown + 100)}]},
    )
    seen = await customer.get(f"/v1/{BASKET}")
    (line,) = seen["lines"]
    assert line["priceChanged"]
    assert line["shownUnitPrice"] == money(shown)
    assert line["unitPrice"] == money(shown + 100)
    order = {
        "fulfilment": "FULFILMENT_PICKUP",
        "basket": BASKET,
        "basketVersion": seen["version"],
        "customer": f"customers/{CUSTOMER}",
        "tender": {"wallet": {}},
    }
    refused = await customer.send(f"/v1/{STORE}/orders:place", order)
    assert refused.json()["reason"] == "PRICE_CHANGED"
    assert refused.json()["facts"]["shown_unit_price_minor"] == str(shown)
    assert refused.json()["facts"]["unit_price_minor"] == str(shown + 100)
    accepted = await customer.post(
        f"/v1/{BASKET}:acceptPrices",
        {"expectedVersion": seen["version"], "expectedTotal": seen["total"]},
    )
    placed = await customer.post(
        f"/v1/{STORE}/orders:place", order | {"basketVersion": accepted["version"]}
    )
    assert placed["total"] == money(shown + 100)


async def test_a_customer_sees_nothing_of_another(http: httpx.AsyncClient) -> None:
    other = await signed_in(http, "c0002")
    foreign = await http.get(f"/v1/{BASKET}", headers=other.authorization)
    absent = await http.get(f"/v1/{STORE}/baskets/nobody", headers=other.authorization)
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json()["reason"] == absent.json()["reason"]
