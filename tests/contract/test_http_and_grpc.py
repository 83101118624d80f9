"""HTTP and gRPC answer alike: every annotated method, asked both ways with the same request."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2

from allinone.topology import BLUEPRINTS
from chassis.kernel.errors import HutongError
from chassis.rpc.access import rules_of
from chassis.rpc.auth import Caller
from chassis.rpc.status import code_of, from_rpc_error
from gateway.problems import HTTP_STATUS
from gateway.routes.bindings import WHOLE_BODY, Binding, Routes, bindings_of
from gateway.routes.contracts import contracts_of
from hutong.catalog.v1 import catalog_pb2
from hutong.catalog.v1 import catalog_service_pb2 as catalog
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.orders.v1 import orders_service_pb2 as orders
from hutong.payments.v1 import payments_service_pb2 as payments
from hutong.stores.v1 import stores_service_pb2 as stores
from hutong.stores.v1 import stores_service_pb2_grpc
from tests.integration.stores.chains import (
    closing,
    creation,
    looking,
    named,
    reopening,
    store,
    update,
)
from tests.support.shop import (
    EACH,
    OPERATOR,
    STORE,
    Shop,
    pickup,
    request_id,
    till_sale,
    wanted,
    yuan,
)
from tests.support.web import Web
from tests.support.world import CALL_SECONDS

SERVICES = [f"hutong.{plan.name}.v1.{plan.name.title()}Service" for plan in BLUEPRINTS]
BINDINGS = bindings_of(contracts_of(SERVICES).methods)
BARCODE = "6901234567892"
SH01 = STORE.removeprefix("stores/")
PAID = "paid-1"
TAKEN = "taken-1"

TOLD_ANEW = {"UpdateProduct": ["update_time"], "QuoteOrder": ["quote_time"]}
"""Fields in which two answers to the same request may differ."""

every_binding = pytest.mark.parametrize(
    "binding", BINDINGS, ids=[f"{each.method.name}-{each.number}" for each in BINDINGS]
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, in gRPC's terms: a reply, or a code with what is told about it."""

    reply: Message | None
    code: str = "OK"
    reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    violations: tuple[tuple[str, str], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cases:
    """For each method, requests that succeed; and the customer they are about."""

    customer: Caller
    requests: Sequence[Message]

    def of(self, binding: Binding) -> Message:
        """The request for a binding; a method without one fails the walk."""
        for request in self.requests:
            if binding.method.input_type == request.DESCRIPTOR and _path_of(binding, request):
                return request
        raise AssertionError(f"no request for {binding.http_method} {binding.text}")


@pytest.fixture(scope="module")
async def channel(web: Web) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(web.world.address) as opened:
        yield opened


@pytest.fixture(scope="module")
async def cases(web: Web) -> Cases:
    shop = Shop(web.world.client)
    sku = await shop.product(stock=100)
    who = await shop.customer(balance=100_000)
    await shop.catalog().UpdateProduct(
        catalog.UpdateProductRequest(
            product=catalog_pb2.Product(name=f"products/{sku}", barcodes=[BARCODE]),
            update_mask={"paths": ["barcodes"]},
        )
    )
    placed = [await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1))) for _ in range(2)]
    await shop.inventory().TakeStock(
        inventory.TakeStockRequest(parent=STORE, reservation_id=TAKEN, lines=[wanted(sku, 1)])
    )
    await _paid(shop, who.customer)
    operator = web.world.client(stores_service_pb2_grpc.StoresServiceStub, OPERATOR)
    await operator.BatchCreateStores(creation(store(SH01)))
    quote = catalog.QuoteBasketRequest(parent=STORE, lines=[wanted(sku, 2)])
    quote.quote_time.GetCurrentTime()
    product = catalog_pb2.Product(
        name="products/new-1", display_name="新 tea", department="dry-goods", unit=EACH
    )
    return Cases(
        who,
        [
            catalog.BatchCreateProductsRequest(products=[product], request_id=request_id()),
            catalog.UpdateProductRequest(
                product=catalog_pb2.Product(name=f"products/{sku}", display_name="绿茶"),
                update_mask={"paths": ["display_name"]},
            ),
            catalog.GetProductRequest(name=f"products/{sku}"),
            catalog.ListProductsRequest(page_size=1, department="dry-goods"),
            catalog.SearchProductsRequest(query="goods", page_size=3),
            catalog.ListDepartmentsRequest(page_size=3),
            catalog.ListPriceVersionsRequest(parent=f"{STORE}/prices/{sku}", page_size=3),
            catalog.LookUpBarcodeRequest(parent=STORE, barcode=BARCODE),
            catalog.ChangePricesRequest(
                parent=STORE,
                changes=[catalog.PriceChange(product=f"products/{sku}", unit_price=yuan(150))],
                request_id=request_id(),
            ),
            catalog.GetPriceRequest(name=f"{STORE}/prices/{sku}"),
            catalog.ListPricesRequest(parent=STORE, page_size=5),
            quote,
            inventory.GetStockLevelRequest(name=f"{STORE}/stockLevels/{sku}"),
            inventory.ListStockLevelsRequest(parent=STORE),
            inventory.ListStockMovementsRequest(parent=f"{STORE}/stockLevels/{sku}", page_size=1),
            inventory.ReceiveStockRequest(
                parent=STORE,
                lines=[wanted(sku, 7)],
                delivery_note="note 2",
                request_id=request_id(),
            ),
            *_stock_changes(sku, await shop.product(stock=4)),
            payments.GetWalletRequest(name=f"{who.customer}/wallet"),
            payments.TopUpWalletRequest(
                name=f"{who.customer}/wallet", amount=yuan(100), request_id=request_id()
            ),
            payments.ListLedgerEntriesRequest(parent=STORE, page_size=3),
            payments.ListLedgerEntriesRequest(parent=who.customer, page_size=3),
            *_payments(who.customer),
            *_store_changes(),
            orders.QuoteOrderRequest(parent=STORE, lines=[wanted(sku, 1)]),
            till_sale(wanted(sku, 1)),
            orders.GetOrderRequest(name=placed[0].name),
            orders.ListOrdersRequest(parent=STORE, page_size=2),
            orders.CancelOrderRequest(
                name=placed[0].name, reason="not wanted", request_id=request_id()
            ),
            orders.HandOverOrderRequest(name=placed[1].name, request_id=request_id()),
        ],
    )


def _store_changes() -> list[Message]:
    return [
        stores.CreateStoreRequest(store=store("walk-1"), request_id=request_id()),
        creation(store("walk-2"), store("walk-3")),
        update(store(SH01), "opening_hours"),
        named(SH01),
        stores.ListStoresRequest(page_size=2),
        closing(SH01),
        reopening(SH01),
        looking(),
        stores.CheckServiceabilityRequest(name=STORE),
    ]


def _stock_changes(sku: str, other: str) -> list[Message]:
    lines = [wanted(sku, 1)]
    return [
        inventory.AdjustStockRequest(
            name=f"{STORE}/stockLevels/{other}",
            counted=5,
            expected_on_hand=4,
            unit=EACH,
            reason="count",
            request_id=request_id(),
        ),
        inventory.ReserveStockRequest(
            parent=STORE, reservation_id="walk-1", lines=lines, hold_duration={"seconds": 900}
        ),
        inventory.TakeStockRequest(parent=STORE, reservation_id="walk-2", lines=lines),
        inventory.GetReservationRequest(name=f"{STORE}/reservations/{TAKEN}"),
        inventory.CommitReservationRequest(name=f"{STORE}/reservations/walk-1"),
        inventory.ReleaseReservationRequest(name=f"{STORE}/reservations/walk-2"),
    ]


def _payments(customer: str) -> list[Message]:
    amount = yuan(300)
    made: list[Message] = [
        payments.AuthorisePaymentRequest(
            parent=customer, payment_id="walk-1", store=STORE, amount=amount
        ),
        payments.ChargePaymentRequest(
            parent=STORE, payment_id="walk-2", store=STORE, amount=amount, till="1"
        ),
        payments.ChargePaymentRequest(
            parent=customer, payment_id="walk-3", store=STORE, amount=amount
        ),
    ]
    for owner, moved in ((STORE, "walk-2"), (customer, "walk-1")):
        paid, name = f"{owner}/payments/{PAID}", f"{owner}/payments/{moved}"
        made += [
            payments.GetPaymentRequest(name=paid),
            payments.CapturePaymentRequest(name=name),
            payments.VoidPaymentRequest(name=name),
            payments.RefundPaymentRequest(name=paid, amount=yuan(100), request_id=request_id()),
        ]
    return made


async def _paid(shop: Shop, customer: str) -> None:
    for parent, till in ((STORE, "1"), (customer, "")):
        await shop.payments().ChargePayment(
            payments.ChargePaymentRequest(
                parent=parent, payment_id=PAID, store=STORE, amount=yuan(500), till=till
            )
        )


@every_binding
async def test_the_same_request_gets_the_same_answer(
    web: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    request = cases.of(binding)
    who = _somebody_allowed(binding, cases.customer)
    by_grpc = await _by_grpc(web, channel, binding, request, who)
    by_http = await _by_http(web, binding, request, who)
    for answer in (by_grpc, by_http):
        for field in TOLD_ANEW.get(binding.method.name, ()):
            assert answer.reply is not None
            answer.reply.ClearField(field)
    assert by_http == by_grpc
    assert by_http.reason == ""


@every_binding
async def test_nobody_and_the_wrong_role_are_refused_alike(
    web: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    request = cases.of(binding)
    nobody = await _by_http(web, binding, request, None)
    assert nobody == await _by_grpc(web, channel, binding, request, None)
    assert nobody.code == "UNAUTHENTICATED"
    stranger = Caller(principal="users/x", tenant="demo", roles=frozenset({"gardener"}))
    refused = await _by_http(web, binding, request, stranger)
    assert refused == await _by_grpc(web, channel, binding, request, stranger)
    assert refused.code == "PERMISSION_DENIED"


@every_binding
async def test_a_request_of_another_tenant_is_refused_alike(
    web: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    request = cases.of(binding)
    if binding.has_request_id:
        request = type(request).FromString(request.SerializeToString())
        request.request_id = request_id()  # type: ignore[attr-defined]
    allowed = _somebody_allowed(binding, cases.customer)
    foreigner = Caller(
        principal="users/x",
        tenant="other",
        roles=allowed.roles,
        stores=frozenset({"stores/elsewhere"}),
        customer="customers/elsewhere",
    )
    by_grpc = await _by_grpc(web, channel, binding, request, foreigner)
    by_http = await _by_http(web, binding, request, foreigner)
    if by_grpc.reply is None:
        assert by_http == by_grpc
    else:
        assert by_http.reply is not None


@every_binding
async def test_a_request_with_nothing_in_it_is_refused_alike(
    web: Web, channel: grpc.aio.Channel, cases: Cases, binding: Binding
) -> None:
    full, who = cases.of(binding), _somebody_allowed(binding, cases.customer)
    request = GetMessageClass(binding.method.input_type)()
    for variable in binding.template.variables:
        _set(request, variable.field, _get(full, variable.field))
    if binding.body not in ("", WHOLE_BODY):
        # Over HTTP an empty body is an empty message, never an absent one.
        getattr(request, binding.body).SetInParent()
    by_grpc = await _by_grpc(web, channel, binding, request, who)
    by_http = await _by_http(web, binding, request, who)
    if by_grpc.reply is None:
        assert by_http == by_grpc
    else:
        assert by_http.reply is not None


def test_every_method_that_people_may_call_is_annotated_unless_it_streams() -> None:
    annotated = {binding.method.full_name for binding in BINDINGS}
    for method in contracts_of(SERVICES).methods:
        if method.server_streaming:
            continue
        rule = rules_of(method.containing_service)[
            f"/{method.containing_service.full_name}/{method.name}"
        ]
        assert bool(rule.batch_of) != (method.full_name in annotated), method.full_name


async def _by_grpc(
    web: Web, channel: grpc.aio.Channel, binding: Binding, request: Message, who: Caller | None
) -> Answer:
    call: Any = channel.unary_unary(binding.rpc_path)
    metadata = tuple(web.headers(who).items()) if who is not None else ()
    try:
        reply = await call(request.SerializeToString(), timeout=CALL_SECONDS, metadata=metadata)
    except grpc.aio.AioRpcError as failed:
        error: HutongError = from_rpc_error(failed, part="")
        return Answer(
            None,
            code_of(error).name,
            error.reason,
            tuple(sorted(error.facts.items())),
            error.violations,
            error.text,
        )
    return Answer(GetMessageClass(binding.method.output_type).FromString(reply))


async def _by_http(web: Web, binding: Binding, request: Message, who: Caller | None) -> Answer:
    path = _path_of(binding, request)
    assert path is not None
    tree = json_format.MessageToDict(request)
    content = None
    params: dict[str, Any] = {}
    for variable in binding.template.variables:
        _remove(tree, variable.field)
    if binding.body == WHOLE_BODY:
        content = json.dumps(tree)
    elif binding.body:
        content = json.dumps(tree.pop(binding.body))
    if binding.body != WHOLE_BODY:
        params = tree
    headers = web.headers(who) if who is not None else {}
    if content is not None:
        headers["content-type"] = "application/json"
    answer = await web.http.request(
        binding.http_method, path, params=params, content=content, headers=headers
    )
    if answer.status_code == 200:
        reply = GetMessageClass(binding.method.output_type)()
        json_format.Parse(answer.content, reply)
        return Answer(reply)
    problem = answer.json()
    assert answer.status_code == HTTP_STATUS[code_pb2.Code.Value(problem["code"])]
    return Answer(
        None,
        problem["code"],
        problem["reason"],
        tuple(sorted(problem.get("facts", {}).items())),
        tuple((each["field"], each["problem"]) for each in problem.get("violations", ())),
        problem["detail"],
    )


def _path_of(binding: Binding, request: Message) -> str | None:
    """The path that says the request, if it is this binding's and no other's."""
    values = {each.field: _get(request, each.field) for each in binding.template.variables}
    path = binding.template.path(values)
    matched = Routes(BINDINGS).match(binding.http_method, path.encode())
    return path if matched.binding is binding else None


def _somebody_allowed(binding: Binding, customer: Caller) -> Caller:
    grants = rules_of(binding.method.containing_service)[binding.rpc_path].grants
    return Caller(
        principal="users/walker",
        tenant="demo",
        roles=frozenset({grants[0].role}),
        stores=frozenset({STORE}),
        customer=customer.customer,
    )


def _get(message: Message, path: Sequence[str]) -> str:
    value: Any = message
    for name in path:
        value = getattr(value, name)
    return str(value)


def _set(message: Message, path: Sequence[str], value: str) -> None:
    holder: Any = message
    for name in path[:-1]:
        holder = getattr(holder, name)
    setattr(holder, path[-1], value)


def _remove(tree: dict[str, Any], path: Sequence[str]) -> None:
    holder = tree
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]
