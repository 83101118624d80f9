"""The table of bad input, the part around requests: names of others, repeats, limits."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest

from chassis.rpc.admission import Admission, Urgency
from chassis.rpc.client import MESSAGE_BYTES_MAX
from chassis.rpc.server import METADATA_BYTES_MAX, REQUEST_BYTES_MAX
from chassis.telemetry import Metrics
from gateway import limits
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.orders.v1 import orders_service_pb2 as orders
from hutong.stores.v1 import stores_service_pb2 as stores
from tests.contract.asking import (
    TRANSPORTS,
    Asker,
    Books,
    Refusal,
    binding_of,
    told_by_grpc,
    told_by_http,
)
from tests.contract.bad_input_stage import Stage, received
from tests.integration.chassis.planted import BLUEPRINT as PLANTED
from tests.integration.chassis.planted import Floor
from tests.support.shop import (
    CASHIER,
    MANAGER,
    OPERATOR,
    STORE,
    goods,
    pickup,
    till_sale,
    wanted,
)
from tests.support.world import Worlds

RECEIVE = f"/v1/{STORE}/stockLevels:receive"

each_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@each_transport
async def test_a_role_that_may_not_is_told_so(
    asker: Asker, stage: Stage, books: Books, transport: str
) -> None:
    for who in (CASHIER, stage.customer, replace(OPERATOR, roles=frozenset({"gardener"}))):
        async with books.unchanged():
            answer = await asker.ask(transport, received(goods(stage.sku, 1)), who)
        assert answer == Refusal("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


@each_transport
async def test_what_is_of_others_is_told_like_what_is_of_nobody(
    asker: Asker, stage: Stage, books: Books, transport: str
) -> None:
    elsewhere = replace(MANAGER, stores=frozenset({"stores/elsewhere"}))
    foreign = replace(OPERATOR, tenant="other")
    of_nobody = "stores/sh01/orders/ord_00000000000000000000000000"
    for name in (stage.sale, of_nobody):
        request = orders.CancelOrderRequest(
            name=name, reason="not mine", request_id=received().request_id
        )
        for who in (elsewhere, foreign, await stage.shop.customer(balance=None)):
            async with books.unchanged():
                answer = await asker.ask(transport, request, who)
            assert isinstance(answer, Refusal)
            assert (answer.code, answer.reason) == ("NOT_FOUND", "RESOURCE_NOT_FOUND")
            assert answer.facts in ({"resource": name}, {"resource": STORE})
            assert answer.fields == ()


@each_transport
async def test_a_request_id_is_of_one_request(
    asker: Asker, stage: Stage, books: Books, transport: str
) -> None:
    first = received(goods(stage.sku, 1))
    done = await asker.ask(transport, first, OPERATOR)
    books.forget()
    other = received(goods(stage.sku, 2), request_id=first.request_id)
    async with books.unchanged():
        answer = await asker.ask(transport, other, OPERATOR)
        assert await asker.ask(transport, first, OPERATOR) == done
    assert answer == Refusal("INVALID_ARGUMENT", "REQUEST_ID_REUSED", ("request_id",))
    sold = till_sale(wanted(stage.sku, 1))
    assert not isinstance(await asker.ask(transport, sold, CASHIER), Refusal)
    books.forget()
    sold.till = "2"
    async with books.unchanged():
        answer = await asker.ask(transport, sold, CASHIER)
    assert answer == Refusal("INVALID_ARGUMENT", "REQUEST_ID_REUSED", ("request_id",))


@each_transport
async def test_a_request_that_is_under_way_is_told_to_wait(
    asker: Asker, stage: Stage, books: Books, transport: str
) -> None:
    """As its process left it: the key is claimed, and there is no answer yet."""
    request = received(goods(stage.sku, 1))
    await asker.ask(transport, request, OPERATOR)
    database = asker.web.world.database("inventory")
    keep = "update idempotency set reply = $2 where request_id = $1"
    async with database.transaction() as tx:
        row = await tx.row(
            "select reply from idempotency where request_id = $1", request.request_id
        )
        assert row is not None
        await tx.run(keep, request.request_id, None)
    books.forget()
    async with books.unchanged():
        answer = await asker.ask(transport, request, OPERATOR)
    assert answer == Refusal("ABORTED", "REQUEST_IN_FLIGHT")
    async with database.transaction() as tx:
        await tx.run(keep, request.request_id, row.reply)


async def test_a_message_that_is_too_large_is_refused(
    asker: Asker, stage: Stage, books: Books
) -> None:
    binding = binding_of(received())
    too_large = Refusal("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")
    async with books.unchanged():
        answer = await asker.ask_grpc(binding.method, b"\x00" * (REQUEST_BYTES_MAX + 1), OPERATOR)
        assert answer == replace(too_large, facts={"limit_bytes": str(REQUEST_BYTES_MAX)})
        body = b'{"lines": []' + b" " * limits.BODY_BYTES_MAX + b"}"
        answer = await asker.ask_json(binding, RECEIVE, body, OPERATOR)
        assert answer == replace(too_large, facts={"limit_bytes": str(limits.BODY_BYTES_MAX)})


async def test_what_is_packed_counts_by_what_is_in_it(asker: Asker, books: Books) -> None:
    request = received(delivery_note="a" * (MESSAGE_BYTES_MAX + 1))
    async with books.unchanged():
        async with grpc.aio.insecure_channel(
            asker.web.world.address, options=[("grpc.max_send_message_length", -1)]
        ) as channel:
            call: Any = channel.unary_unary(binding_of(request).rpc_path)
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call(
                    request.SerializeToString(),
                    metadata=tuple(asker.headers(OPERATOR).items()),
                    compression=grpc.Compression.Gzip,
                )
        assert told_by_grpc(failed.value).code == "RESOURCE_EXHAUSTED"
        packed = {"content-type": "application/json", "content-encoding": "gzip"}
        answer = await asker.web.http.post(
            RECEIVE,
            headers=asker.headers(OPERATOR) | packed,
            content=gzip.compress(b" " * 100_000_000, 1),
        )
        assert told_by_http(answer).reason == "MESSAGE_TOO_LARGE"
        assert answer.status_code == 413


async def test_metadata_that_are_too_large_are_refused(
    asker: Asker, channel: grpc.aio.Channel
) -> None:
    request = stores.GetStoreRequest(name=STORE)
    much = {"x-much": "x" * (2 * METADATA_BYTES_MAX)}
    call: Any = channel.unary_unary(binding_of(request).rpc_path)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(
            request.SerializeToString(),
            metadata=tuple((asker.headers(OPERATOR) | much).items()),
        )
    assert told_by_grpc(failed.value).code == "RESOURCE_EXHAUSTED"
    answer = await asker.web.http.get(f"/v1/{STORE}", headers=asker.headers(OPERATOR) | much)
    assert answer.status_code == 431
    for transport in TRANSPORTS:
        assert not isinstance(await asker.ask(transport, request, OPERATOR), Refusal)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A request that HTTP itself refuses."""

    method: str
    path: str
    status: int
    headers: dict[str, str]


async def test_a_wrong_type_method_or_path_is_told_by_http_itself(
    asker: Asker, books: Books
) -> None:
    json_type = {"content-type": "application/json"}
    async with books.unchanged():
        for wrong in (
            Wrong("POST", RECEIVE, 415, {"content-type": "text/plain"}),
            Wrong("POST", RECEIVE, 415, {}),
            Wrong("POST", RECEIVE, 415, json_type | {"content-encoding": "br"}),
            Wrong("PUT", RECEIVE, 405, json_type),
            Wrong("GET", RECEIVE, 405, {}),
            Wrong("POST", f"/v1/{STORE}/stockLevels:conjure", 404, json_type),
            Wrong("POST", "/v2/stores", 404, json_type),
            Wrong("GET", "/v1/../etc/passwd", 404, {}),
        ):
            answer = await asker.web.http.request(
                wrong.method,
                wrong.path,
                headers=asker.headers(OPERATOR) | wrong.headers,
                content=b"{}" if wrong.method != "GET" else None,
            )
            assert told_by_http(answer) == Refusal(str(wrong.status), ""), wrong


@pytest.mark.parametrize(
    "path", ["/hutong.inventory.v1.InventoryService/Conjure", "/hutong.none.v1.NoService/Get", "/"]
)
async def test_a_wrong_method_is_unimplemented_over_grpc(
    asker: Asker, channel: grpc.aio.Channel, path: str
) -> None:
    call: Any = channel.unary_unary(path)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(b"", metadata=tuple(asker.headers(OPERATOR).items()))
    assert told_by_grpc(failed.value).code == "UNIMPLEMENTED"


async def test_one_grpc_call_too_many_is_told_to_come_back(
    worlds: Worlds,
) -> None:
    world = await worlds.start([PLANTED], calls_at_once_max=10)
    floor = Floor(world)
    inside = [asyncio.create_task(floor.get("wait")) for _ in range(7)]
    await floor.planted.arrived.wait()
    refused = await _refused_while_full(floor)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    floor.planted.gate.set()
    await asyncio.gather(*inside)
    await floor.get("ok")
    await floor.close()
    await world.close()


async def _refused_while_full(floor: Floor) -> Refusal:
    """The first refusal; until enough calls are inside, others are answered."""
    request = catalog.GetProductRequest(name="products/ok").SerializeToString()
    call: Any = floor.channel.unary_unary("/hutong.catalog.v1.CatalogService/GetProduct")
    token = floor.world.token(OPERATOR)
    async with asyncio.timeout(10):
        while True:
            try:
                await call(request, metadata=(("authorization", f"Bearer {token}"),))
            except grpc.aio.AioRpcError as failed:
                return told_by_grpc(failed)


async def test_one_http_call_too_many_is_told_to_come_back(
    asker: Asker, stage: Stage, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Admission(calls_max=1, metrics=Metrics(), door="http")
    full.take(Urgency.CHECKOUT, seconds_left=60)
    monkeypatch.setattr(asker.web.world.edges[0].api, "_admission", full)
    async with books.unchanged():
        answer = await asker.ask("http", received(goods(stage.sku, 1)), OPERATOR)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    monkeypatch.undo()
    assert not isinstance(
        await asker.ask("http", stores.GetStoreRequest(name=STORE), OPERATOR), Refusal
    )


async def test_a_wallet_is_its_owners(asker: Asker, stage: Stage, books: Books) -> None:
    somebody = await stage.shop.customer(balance=100)
    books.forget()
    request = pickup(somebody, wanted(stage.sku, 1))
    for transport in TRANSPORTS:
        async with books.unchanged():
            answer = await asker.ask(transport, request, stage.customer)
        assert isinstance(answer, Refusal)
        assert answer.code == "NOT_FOUND"
