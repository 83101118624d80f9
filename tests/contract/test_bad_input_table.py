"""Each row of the table of bad input, over gRPC and HTTP: one typed answer, nothing changed."""

from __future__ import annotations

import pytest

from hutong.stores.v1 import stores_service_pb2 as stores
from tests.contract.asking import TRANSPORTS, Asker, Books, Refusal
from tests.contract.bad_input_cases import cases
from tests.contract.bad_input_stage import Case, Stage, received
from tests.contract.bad_input_texts import BODIES, DATA, LATITUDES, QUANTITIES, TIMES, Text
from tests.contract.walking import ALL_BINDINGS
from tests.integration.stores.chains import store
from tests.support.shop import (
    CASHIER,
    OPERATOR,
    STORE,
    goods,
    request_id,
    till_sale,
    wanted,
)

CASES = [(case, transport) for case in cases() for transport in case.transports]
RECEIVE = f"/v1/{STORE}/stockLevels:receive"
BINDINGS = {each.method.name: each for each in ALL_BINDINGS if not each.number}

each_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.mark.parametrize(
    ("case", "transport"), CASES, ids=[f"{case.name}-{transport}" for case, transport in CASES]
)
async def test_bad_input_is_refused_by_name_and_changes_nothing(
    asker: Asker, stage: Stage, books: Books, case: Case, transport: str
) -> None:
    async with books.unchanged(besides=case.noted_by):
        answer = await asker.ask(transport, case.request(stage), case.who or stage.customer)
    assert isinstance(answer, Refusal), answer
    assert (answer.code, answer.reason) == (case.answer.code, case.answer.reason)
    assert answer.fields == case.answer.fields
    assert {name: answer.facts.get(name) for name in case.answer.facts} == case.answer.facts


def received_with(stage: Stage, old: str, new: str) -> str:
    """A delivery as JSON text, with one part of it replaced."""
    body = (
        f'{{"lines": [{{"product": "products/{stage.sku}", "quantity": 1, '
        '"unit": "MEASURE_UNIT_EACH"}], "deliveryNote": "note 4", '
        f'"requestId": "{received().request_id}"}}'
    )
    assert old in body
    return body.replace(old, new)


@pytest.mark.parametrize("text", QUANTITIES, ids=str)
async def test_json_that_is_no_quantity_is_refused(
    asker: Asker, stage: Stage, books: Books, text: Text
) -> None:
    body = received_with(stage, '"quantity": 1', f'"quantity": {text.json}')
    async with books.unchanged():
        answer = await asker.ask_json(BINDINGS["ReceiveStock"], RECEIVE, body, OPERATOR)
    assert answer == text.refusal("lines[0].quantity")


@pytest.mark.parametrize("text", LATITUDES, ids=str)
async def test_json_that_is_no_latitude_is_refused(asker: Asker, stage: Stage, text: Text) -> None:
    body = f'{{"position": {{"latitudeDegrees": {text.json}, "longitudeDegrees": 121.5}}}}'
    answer = await asker.ask_json(BINDINGS["FindStores"], "/v1/stores:find", body, stage.customer)
    assert answer == text.refusal("position.latitude_degrees")


@pytest.mark.parametrize("text", TIMES, ids=str)
async def test_json_that_is_no_instant_is_refused(
    asker: Asker, stage: Stage, books: Books, text: Text
) -> None:
    body = f'{{"reason": "burst pipe", "endTime": {text.json}, "requestId": "{request_id()}"}}'
    async with books.unchanged():
        answer = await asker.ask_json(BINDINGS["CloseStore"], f"/v1/{STORE}:close", body, OPERATOR)
    assert answer == text.refusal("end_time")


@pytest.mark.parametrize("text", BODIES, ids=str)
async def test_a_body_that_is_no_request_is_refused(
    asker: Asker, stage: Stage, books: Books, text: Text
) -> None:
    async with books.unchanged():
        answer = await asker.ask_json(BINDINGS["ReceiveStock"], RECEIVE, text.text, OPERATOR)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.reason) == ("INVALID_ARGUMENT", text.reason)
    assert answer.fields[0] == text.field


@pytest.mark.parametrize(("name", "data"), DATA.items(), ids=DATA)
async def test_bytes_that_are_no_message_are_refused(
    asker: Asker, stage: Stage, books: Books, name: str, data: bytes
) -> None:
    async with books.unchanged():
        answer = await asker.ask_grpc(BINDINGS["ReceiveStock"].method, data, OPERATOR)
    assert answer == Refusal("INVALID_ARGUMENT", "MESSAGE_MALFORMED")


async def test_json_refuses_what_a_client_may_not_set_and_protobuf_never_sees_it(
    asker: Asker, stage: Stage, books: Books
) -> None:
    for name, value in {
        "unitPrice": '{"amountMinor": 1, "currencyCode": "CNY"}',
        "total": '{"amountMinor": 1, "currencyCode": "CNY"}',
        "discount": "100",
        "state": '"ORDER_STATE_COMPLETED"',
        "placedBy": '"users/somebody"',
        "priceVersion": "7",
    }.items():
        body = f'{{"lines": [], "{name}": {value}}}'
        async with books.unchanged():
            answer = await asker.ask_json(
                BINDINGS["PlaceOrder"], f"/v1/{STORE}/orders:place", body, CASHIER
            )
        assert isinstance(answer, Refusal)
        assert (answer.code, answer.fields[0]) == ("INVALID_ARGUMENT", name)
    request = till_sale(wanted(stage.sku, 1))
    # A field of number 100 and the text "1": price, state and owner by whatever number.
    answer = await asker.ask_grpc(
        BINDINGS["PlaceOrder"].method, request.SerializeToString() + b"\xa2\x06\x011", CASHIER
    )
    books.forget()
    assert not isinstance(answer, Refusal)
    told = {
        "state": answer.state,  # type: ignore[attr-defined]
        "total": answer.total.amount_minor,  # type: ignore[attr-defined]
        "placed_by": answer.placed_by,  # type: ignore[attr-defined]
    }
    assert told == {"state": 3, "total": 100, "placed_by": CASHIER.principal}


@each_transport
async def test_lines_of_one_product_are_merged(
    asker: Asker, stage: Stage, books: Books, transport: str
) -> None:
    books.forget()
    before, _ = await stage.shop.stock(stage.sku)
    line = goods(stage.sku, 3)
    assert not isinstance(await asker.ask(transport, received(line, line), OPERATOR), Refusal)
    assert await stage.shop.stock(stage.sku) == (before + 6, 1)
    sale = till_sale(wanted(stage.sku, 3), wanted(stage.sku, 3))
    answer = await asker.ask(transport, sale, CASHIER)
    assert not isinstance(answer, Refusal)
    assert [each.quantity for each in answer.lines] == [6]  # type: ignore[attr-defined]
    assert await stage.shop.stock(stage.sku) == (before, 1)


@each_transport
async def test_what_only_the_platform_says_of_a_store_is_not_taken_from_its_creator(
    asker: Asker, stage: Stage, books: Books, transport: str
) -> None:
    wanted_store = store(f"by-{transport}")
    wanted_store.version = 7
    wanted_store.closure.reason = "never opened"
    wanted_store.create_time.FromSeconds(1)
    asked = stores.CreateStoreRequest(store=wanted_store, request_id=request_id())
    made = await asker.ask(transport, asked, OPERATOR)
    books.forget()
    assert not isinstance(made, Refusal)
    assert (made.version, made.HasField("closure")) == (1, False)  # type: ignore[attr-defined]
    assert made.create_time.seconds > 1  # type: ignore[attr-defined]
    changed = stores.UpdateStoreRequest(
        store=wanted_store, update_mask={"paths": ["version"]}, request_id=request_id()
    )
    async with books.unchanged():
        answer = await asker.ask(transport, changed, OPERATOR)
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.fields) == ("FIELD_MASK_INVALID", ("update_mask",))
