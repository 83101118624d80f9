"""Nobody reaches what is not theirs by naming it, wherever in a request the name stands.

For every method and role a request that is right in all else gets one name changed: to something
that is there and not the caller's, and to something that is nowhere. The answers have to be equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.kernel.errors import HutongError
from chassis.rpc.access import authorise
from chassis.rpc.auth import Caller
from chassis.rpc.status import from_status
from hutong.inventory.v1 import inventory_service_pb2 as inventory
from hutong.orders.v1 import orders_service_pb2 as orders
from hutong.payments.v1 import payments_service_pb2 as payments
from hutong.stores.v1 import stores_service_pb2 as stores
from hutong.stores.v1 import stores_service_pb2_grpc
from tests.contract.access_walk import (
    BATCHES,
    METHODS,
    PLAIN,
    READING,
    ROLES,
    RULES,
    UNARY,
    VOUCHED,
    NameField,
    forms_of,
    name_fields,
    text_fields,
    told,
)
from tests.contract.asking import Asker, Refusal
from tests.contract.others import Others, others, rows_of
from tests.contract.walk_requests import requests_that_succeed
from tests.integration.stores.chains import creation, ids, store
from tests.support.shop import OPERATOR, STORE, Shop, pickup, request_id, till_sale, wanted
from tests.support.uploading import sold
from tests.support.web import Web
from tests.support.world import TENANT, World, call_context_for, caller

PUBLIC = {
    "stores/{store}",
    "stores/{store}/prices/{product}",
    "stores/{store}/stockLevels/{product}",
    "products/{product}",
}
"""What of a chain's stores every customer of the chain may know."""

STAFF = ("cashier", "store_manager", "franchise_owner")
BOTH = "cashier and customer"
"""Somebody who works in the store and shops in all of them."""

CALLERS = (*ROLES, BOTH)
TELL_NOTHING = ("NOT_FOUND", "FAILED_PRECONDITION", "INVALID_ARGUMENT")
SAY_NOTHING = {"name", "resume_token", "is_reset", "is_snapshot", "is_current"}
"""Fields that an answer has of which there is nothing to tell."""
LEVEL = "stores/{store}/stockLevels/{product}"
NUMBERS = itertools.count(1000)


@dataclass(frozen=True, slots=True)
class Walk:
    """Requests that are right, and what is not the caller's."""

    world: World
    asker: Asker
    customer: Caller
    requests: Sequence[Message]
    foreign: Others
    neighbour: Others
    alien: Others

    def who(self, role: str) -> Caller:
        """Somebody with this role at the store and, as a customer, with a wallet."""
        if role == "customer":
            return self.customer
        if role == BOTH:
            roles = frozenset({"cashier", "customer"})
            return replace(self.customer, roles=roles, stores=frozenset({STORE}))
        return caller(role=role, stores=[STORE])

    async def ask(self, path: str, request: Message, who: Caller) -> Message | Refusal:
        """The answer of a method by its path, of a stream the first message."""
        return await self.asker.ask_grpc(METHODS[path], request, who)

    def right_requests(self, unary: str, who: Caller) -> Iterator[Message]:
        """Requests of a method that the caller may make."""
        known = [r for r in self.requests if METHODS[unary].input_type is r.DESCRIPTOR]
        assert known, f"no request for {unary}: add one to walk_requests.py"
        for request in known:
            try:
                authorise(RULES[unary], who, request)
            except HutongError:
                continue
            yield request

    def pairs(self, field: NameField, role: str) -> Iterator[tuple[str, str]]:
        """Names that are there and not the caller's, each with one like it that is nowhere."""
        for form in field.forms:
            for somebody in self._others(form, role):
                name = somebody.names()[form]
                yield name, _absent(name, keep_store=somebody is self.neighbour)

    def _others(self, form: str, role: str) -> Iterator[Others]:
        yield self.alien
        if role in STAFF and form != "products/{product}":
            yield self.foreign
        if role == "customer" and form not in PUBLIC:
            yield self.foreign
            yield self.neighbour
        if role == BOTH and form not in PUBLIC:
            yield self.foreign


def _absent(name: str, *, keep_store: bool = False) -> str:
    """A name of the same form that is nowhere."""
    parts = name.split("/")
    for place in range(1, len(parts), 2):
        if not (keep_store and parts[place - 1] == "stores"):
            parts[place] = f"nowhere-{place}"
    return "/".join(parts)


@pytest.fixture(scope="module")
async def walk(web: Web, asker: Asker) -> Walk:
    who, requests = await requests_that_succeed(web)
    world = web.world
    shop = Shop(world.client, NUMBERS)
    sku = await shop.product(stock=100)
    placed = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    return Walk(
        world=world,
        asker=asker,
        customer=who,
        requests=[
            *requests,
            orders.WatchOrderRequest(name=placed.name),
            pickup(who, wanted(sku, 1)),
            till_sale(wanted(sku, 1)),
            orders.UploadSalesRequest(sale=sold(sku, 1, 100)),
        ],
        foreign=await others(world, tenant=TENANT, word="foreign"),
        neighbour=await others(world, tenant=TENANT, word="neighbour", at=STORE),
        alien=await others(world, tenant="another", word="alien"),
    )


def fresh(request: Message) -> Message:
    """The request as one that was never made before."""
    named: dict[str, str] = {"request_id": request_id()}
    for field in ("reservation_id", "payment_id"):
        named[field] = f"walk-fresh-{next(NUMBERS)}"
    whole: Any = request
    inner: Any = whole.sale if isinstance(request, orders.UploadSalesRequest) else whole
    for field, value in named.items():
        if field in inner.DESCRIPTOR.fields_by_name:
            setattr(inner, field, value)
    return request


def test_every_text_of_a_request_is_a_name_or_known_to_be_none() -> None:
    unknown = {
        way[-1].full_name
        for method in METHODS.values()
        for way in text_fields(method.input_type)
        if not forms_of(way[-1])
        and way[-1].name not in PLAIN
        and way[-1].full_name.rpartition(".")[0] != VOUCHED
    }
    assert not unknown, (
        "say in the field's comment which form its names have, as in stores/{store}, "
        "or list it as plain in access_walk.py"
    )


def test_names_are_found_at_any_depth() -> None:
    found = {
        f"{method.name}.{field.text}"
        for method in METHODS.values()
        for field in name_fields(method.input_type)
    }
    assert {
        "PlaceOrder.lines.product",
        "ChangePrices.changes.product",
        "UpdateStore.store.name",
        "BatchCreateProducts.products.name",
        "BatchPlaceOrders.items.request.lines.product",
        "BatchAuthorisePayments.items.request.store",
        "WatchOrder.name",
    } <= found


@pytest.mark.parametrize("path", UNARY)
async def test_foreign_and_absent_names_are_answered_alike(path: str, walk: Walk) -> None:
    for role in CALLERS:
        who = walk.who(role)
        for request in walk.right_requests(path, who):
            for field in name_fields(METHODS[path].input_type):
                for there, nowhere in walk.pairs(field, role):
                    answers = [
                        told(
                            path,
                            await walk.ask(path, fresh(field.put(request, name)), who),
                            name,
                        )
                        for name in (there, nowhere)
                    ]
                    assert answers[0] == answers[1], (role, field.text, there)


@pytest.mark.parametrize("path", BATCHES)
async def test_so_they_are_in_an_item_of_a_batch(path: str, walk: Walk) -> None:
    unary = RULES[path].batch_of
    for role in CALLERS:
        who = walk.who(role)
        for request in walk.right_requests(unary, who):
            for field in name_fields(METHODS[unary].input_type):
                for there, nowhere in walk.pairs(field, role):
                    answers = [
                        await _item_answer(walk, path, fresh(field.put(request, name)), who, name)
                        for name in (there, nowhere)
                    ]
                    assert answers[0] == answers[1], (role, field.text, there)


async def _item_answer(
    walk: Walk, path: str, request: Message, who: Caller, name: str
) -> tuple[object, ...]:
    batch: Any = GetMessageClass(METHODS[path].input_type)()
    batch.items.add(context=call_context_for(who), request=request)
    reply: Any = await walk.ask(path, batch, walk.who("service"))
    assert not isinstance(reply, Refusal), reply
    (result,) = reply.results
    is_refused = result.HasField("error")
    answer = Refusal.of(from_status(result.error)) if is_refused else reply
    return told(path, answer, name)


@pytest.mark.parametrize("path", [path for path in UNARY if READING.match(METHODS[path].name)])
async def test_another_chains_people_read_nothing_of_ours(path: str, walk: Walk) -> None:
    """The names are right, and the caller has the role, the stores and the customer, elsewhere."""
    for role in CALLERS:
        who = replace(walk.who(role), tenant="elsewhere")
        for request in walk.right_requests(path, who):
            for field in name_fields(METHODS[path].input_type):
                own = _value(field, request)
                beside = _beside(own)
                if own == beside or not own or _is_theirs(own, who):
                    await _reads_nothing(walk, path, request, who)
                    continue
                answers = [
                    told(path, await walk.ask(path, field.put(request, name), who), name)
                    for name in (own, beside)
                ]
                assert answers[0] == answers[1], (role, field.text, own)


def _is_theirs(name: str, who: Caller) -> bool:
    """Whether it is what a customer has at a store: theirs in each chain, and empty there."""
    return bool(who.customer) and name.rpartition("/")[2] == who.customer.partition("/")[2]


def _beside(name: str) -> str:
    """Another name below the same store or customer; the same name if it is only theirs."""
    root, ours, *below = name.split("/") if name else ("", "")
    return "/".join([root, ours, *(_absent("/".join(below)).split("/") if below else ())])


async def _reads_nothing(walk: Walk, path: str, request: Message, who: Caller) -> None:
    answer = await walk.ask(path, request, who)
    if isinstance(answer, Refusal):
        assert answer.code in TELL_NOTHING, answer
    else:
        for field in SAY_NOTHING.intersection(answer.DESCRIPTOR.fields_by_name):
            answer.ClearField(field)
        assert answer.ByteSize() == 0, answer


def _value(field: NameField, request: Message) -> str:
    value: Any = request
    for step in field.way:
        value = getattr(value, step.name)
        if step.is_repeated:
            if not value:
                return ""
            value = value[0]
    return str(value)


async def test_nothing_of_others_is_changed_by_all_that_asking(walk: Walk) -> None:
    services = tuple(walk.world.opened)
    before = await rows_of(walk.world, "another:", services=services)
    foreign = await rows_of(walk.world, "foreign-", services=services)
    assert any(before.values())
    for path in UNARY:
        for role in (*STAFF, "customer", "platform"):
            who = walk.who(role)
            for request in walk.right_requests(path, who):
                for field in name_fields(METHODS[path].input_type):
                    for name, _ in walk.pairs(field, role):
                        if "customers/" in name and role != "customer":
                            continue  # staff may say for whom they sell
                        await walk.ask(path, fresh(field.put(request, name)), who)
    assert await rows_of(walk.world, "another:", services=services) == before
    assert await rows_of(walk.world, "foreign-", services=services) == foreign


def test_no_list_tells_how_many_there_are() -> None:
    for method in METHODS.values():
        if method.name.startswith(("List", "Search", "Find")):
            reply = method.output_type
            shown = {field.name for field in reply.fields if not field.is_repeated}
            assert shown <= {"next_page_token"}, method.full_name


async def test_a_page_of_own_things_does_not_tell_of_the_others_behind_it(walk: Walk) -> None:
    client = walk.world.client(stores_service_pb2_grpc.StoresServiceStub, OPERATOR)
    await client.BatchCreateStores(creation(store("owned-1"), store("zz-owned-2")))
    owner = caller(role="franchise_owner", stores=["stores/owned-1", "stores/zz-owned-2"])
    own = walk.world.client(stores_service_pb2_grpc.StoresServiceStub, owner)
    first = await own.ListStores(stores.ListStoresRequest(page_size=1))
    last = await own.ListStores(
        stores.ListStoresRequest(page_size=1, page_token=first.next_page_token)
    )
    assert (ids(first), ids(last)) == (["owned-1"], ["zz-owned-2"])
    assert last.next_page_token == ""

    shop = Shop(walk.world.client, NUMBERS)
    sku = await shop.product(stock=10)
    who = await shop.customer(balance=10_000)
    mine = await shop.orders(who).PlaceOrder(pickup(who, wanted(sku, 1)))
    await shop.orders().PlaceOrder(till_sale(wanted(sku, 1)))
    page = await shop.orders(who).ListOrders(orders.ListOrdersRequest(parent=STORE, page_size=1))
    assert [order.name for order in page.orders] == [mine.name]
    assert page.next_page_token == ""
    empty = await shop.orders(who).ListOrders(
        orders.ListOrdersRequest(parent=walk.foreign.store, page_size=1)
    )
    assert (list(empty.orders), empty.next_page_token) == ([], "")


async def test_a_franchise_owner_reads_the_books_of_their_store_and_sells_nothing(
    walk: Walk,
) -> None:
    owner = replace(
        walk.customer, roles=frozenset({"franchise_owner", "customer"}), stores=frozenset({STORE})
    )
    shop = Shop(walk.world.client, NUMBERS)
    order = await shop.orders(owner).GetOrder(orders.GetOrderRequest(name=walk.neighbour.order))
    assert order.name == walk.neighbour.order
    listed = await shop.orders(owner).ListOrders(
        orders.ListOrdersRequest(parent=STORE, page_size=1000)
    )
    assert len({each.customer for each in listed.orders} - {owner.customer, ""}) > 0
    level = inventory.GetStockLevelRequest(name=walk.neighbour.names()[LEVEL])
    assert (await shop.inventory(owner).GetStockLevel(level)).on_hand > 0
    books = payments.ListLedgerEntriesRequest(parent=STORE)
    assert (await shop.payments(owner).ListLedgerEntries(books)).ledger_entries
    sku = walk.neighbour.sku
    with pytest.raises(HutongError) as refused:
        await shop.orders(owner).PlaceOrder(
            till_sale(wanted(sku, 1), customer=walk.customer.customer)
        )
    assert refused.value.reason == "FULFILMENT_NOT_ALLOWED"
    with pytest.raises(HutongError) as refused:
        await shop.orders(owner).CancelOrder(
            orders.CancelOrderRequest(
                name=walk.neighbour.order, reason="mine", request_id=request_id()
            )
        )
    assert refused.value.reason == "RESOURCE_NOT_FOUND"


async def test_a_franchise_owner_runs_each_of_their_stores_and_no_other(walk: Walk) -> None:
    client = walk.world.client(stores_service_pb2_grpc.StoresServiceStub, OPERATOR)
    await client.BatchCreateStores(creation(store("run-1"), store("run-2"), store("run-3")))
    owner = caller(role="franchise_owner", stores=["stores/run-1", "stores/run-2"])
    own = walk.world.client(stores_service_pb2_grpc.StoresServiceStub, owner)
    for name in owner.stores:
        closed = await own.CloseStore(
            stores.CloseStoreRequest(name=name, reason="flood", request_id=request_id())
        )
        assert closed.closure.reason == "flood"
    for name in ("stores/run-3", "stores/nowhere"):
        with pytest.raises(HutongError) as refused:
            await own.CloseStore(
                stores.CloseStoreRequest(name=name, reason="flood", request_id=request_id())
            )
        assert (refused.value.reason, refused.value.facts) == (
            "RESOURCE_NOT_FOUND",
            {"resource": name},
        )
