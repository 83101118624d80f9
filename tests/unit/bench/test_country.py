"""The stores that are measured with are the same everywhere, and could be created."""

from itertools import islice

from chassis.rpc.validation import Validator
from services.stores.convert.stores import new_store
from tests.bench.country import Country


def test_the_same_seed_makes_the_same_country() -> None:
    assert list(Country().stores(50)) == list(Country().stores(50))


def test_its_stores_keep_the_rules_of_the_contract() -> None:
    validator = Validator()
    for store in islice(Country().stores(1000), 0, 1000, 7):
        validator.check(store)
        new_store(store, "bench", at="store")
