"""What the seeding asks satisfies the contracts, and is the same request every time."""

from collections.abc import Iterator

from google.protobuf.message import Message

from allinone.demo.city import assortment, products
from allinone.demo.people import CUSTOMER_WALLETS
from allinone.demo.requests import (
    change_prices,
    close_store,
    create_products,
    create_stores,
    receive_stock,
    top_up_wallet,
)
from allinone.demo.seeding import PRODUCTS_A_REQUEST
from allinone.demo.stores import STORES
from chassis.rpc.server import REQUEST_BYTES_MAX
from chassis.rpc.validation import Validator


def requests() -> Iterator[Message]:
    goods = products()
    yield create_products(goods[:PRODUCTS_A_REQUEST])
    yield create_stores(STORES)
    for store in STORES:
        some = assortment(store, goods)[-PRODUCTS_A_REQUEST:]
        yield change_prices(store, some)
        yield receive_stock(store, some)
        if store.closed_for:
            yield close_store(store)
    for customer in CUSTOMER_WALLETS:
        yield top_up_wallet(customer)


def test_every_request_satisfies_its_contract() -> None:
    validator = Validator()
    for request in requests():
        validator.check(request)
        assert request.ByteSize() < REQUEST_BYTES_MAX


def test_two_builds_give_the_same_requests_with_the_same_ids() -> None:
    assert list(requests()) == list(requests())


def test_no_two_requests_share_an_id() -> None:
    ids = [str(request.request_id) for request in requests()]  # type: ignore[attr-defined]
    assert len(set(ids)) == len(ids) == 3 + 2 * len(STORES) + len(CUSTOMER_WALLETS)


def test_another_content_gets_another_id() -> None:
    goods = products()[:10]
    first, second = create_products(goods), create_products(goods[:-1])
    assert first.request_id != second.request_id
