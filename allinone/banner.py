"""What a newcomer is told once the platform runs: where it is, and what to try next."""

from __future__ import annotations

import json
import shlex
import uuid
from datetime import timedelta

from allinone.demo.people import person
from allinone.issuer import LocalIssuer
from allinone.topology import Settings

TOKEN_HOURS = 12.0
FIRST_PERSON = "cashier-sh01-1"

SALE = {
    "parent": "stores/sh01",
    "lines": [{"product": "products/p10001", "quantity": 500, "unit": "MEASURE_UNIT_GRAM"}],
    "fulfilment": "FULFILMENT_CARRY_OUT",
    "till": "1",
    "tender": {"cash": {"tendered": {"amountMinor": 2000, "currencyCode": "CNY"}}},
}
"""Half a kilogram of apples at till 1, paid with twenty yuan."""


def banner(settings: Settings, issuer: LocalIssuer | None) -> str:
    """Addresses, and, where tokens are signed here, one that works with calls to paste."""
    grpc, http = settings.grpc_address, settings.http_address
    if issuer is None:
        return f"Hutong is up. HTTP http://{http}/  gRPC {grpc}\n"
    seconds = timedelta(hours=TOKEN_HOURS).total_seconds()
    token = issuer.token(person(FIRST_PERSON).caller, seconds=seconds)
    prices = json.dumps({"parent": "stores/sh01", "pageSize": 3})
    sale = json.dumps(SALE | {"requestId": str(uuid.uuid4())})
    return f"""
Hutong is up.

  HTTP   http://{http}/
  gRPC   {grpc}   (with reflection)

Try, in another terminal. First a cashier's token, good for twelve hours:

  export TOKEN={token}

What there is to call; a store's prices; a sale, which can be repeated and sells once:

  .venv/bin/{_curl(f"--list-methods http://{grpc}")}
  .venv/bin/{_call(grpc, "hutong.catalog.v1.CatalogService/ListPrices", prices)}
  .venv/bin/{_call(grpc, "hutong.orders.v1.OrdersService/PlaceOrder", sale)}

Whether stock, money and orders agree: make verify. Other people: make token ARGS=--list.
Ctrl-C stops everything.
"""


def _call(address: str, method: str, request: str) -> str:
    token = '--header "authorization: Bearer $TOKEN"'
    return _curl(f"{token} -d {shlex.quote(request)} http://{address}/{method}")


def _curl(rest: str) -> str:
    return f"buf curl --protocol grpc --http2-prior-knowledge {rest}"
