"""The demo's goods, stores and people are what a chain could really have, and always the same."""

from collections import Counter

import pytest

from allinone.demo.city import DEPARTMENTS, STORES, price_fen, products, stock_quantity
from allinone.demo.people import CUSTOMER_WALLETS, PEOPLE, TENANT, PersonUnknown, person
from chassis.kernel.names import is_id
from chassis.kernel.quantity import Unit
from pricing.barcode import ITEM_NUMBER_DIGITS, Gtin, product_code, scanned

GOODS = products()


def test_the_range_has_500_products_in_15_departments() -> None:
    assert len(GOODS) == 500
    assert {product.department for product in GOODS} == {each.slug for each in DEPARTMENTS}
    assert len(DEPARTMENTS) == 15


@pytest.mark.parametrize("attribute", ["sku", "barcode", "display_name"])
def test_no_two_products_share_a_sku_a_barcode_or_a_name(attribute: str) -> None:
    seen = Counter(getattr(product, attribute) for product in GOODS)
    assert [value for value, times in seen.items() if times > 1] == []


def test_counted_goods_have_a_chinese_gtin_13_with_a_right_check_digit() -> None:
    counted = [product for product in GOODS if product.unit is Unit.EACH]
    for product in counted:
        assert len(product.barcode) == 13
        assert 690 <= int(product.barcode[:3]) <= 699
        assert scanned(product.barcode) == Gtin(f"0{product.barcode}")
    assert len(counted) == 430


def test_weighed_goods_have_the_item_number_of_their_sku() -> None:
    weighed = [product for product in GOODS if product.unit is Unit.GRAM]
    for product in weighed:
        assert len(product.barcode) == ITEM_NUMBER_DIGITS
        assert product_code(product.barcode) == product.barcode
        assert product.sku == f"p{product.barcode}"
    assert 60 <= len(weighed) <= 80


def test_names_are_in_chinese_and_english() -> None:
    for product in GOODS:
        assert any("\u4e00" <= character <= "\u9fff" for character in product.display_name)
        assert any(
            character.isascii() and character.isalpha() for character in product.display_name
        )


def test_the_larger_pack_of_the_same_goods_is_dearer() -> None:
    small = next(
        p for p in GOODS if p.display_name == "牧云全脂鲜牛奶 Muyun fresh whole milk 250 ml"
    )
    large = next(
        p for p in GOODS if p.display_name == "牧云全脂鲜牛奶 Muyun fresh whole milk 950 ml"
    )
    assert (small.price_fen, large.price_fen) == (490, 1590)


def test_every_store_has_a_price_and_stock_for_every_product() -> None:
    for store in STORES:
        for product in GOODS:
            assert 100 <= price_fen(store, product) <= 20_000
            assert price_fen(store, product) % 10 == 0
            assert stock_quantity(store, product) >= 8


def test_some_prices_differ_between_stores_and_most_do_not() -> None:
    same = [p for p in GOODS if len({price_fen(store, p) for store in STORES}) == 1]
    usual = [(s, p) for s in STORES for p in GOODS if price_fen(s, p) == p.price_fen]
    assert 50 <= len(same) <= 250
    assert 0.6 <= len(usual) / (len(STORES) * len(GOODS)) <= 0.9


def test_two_builds_are_equal() -> None:
    assert products() == GOODS


def test_skus_that_are_printed_on_labels_stay_what_they_are() -> None:
    names = {product.sku: product.display_name for product in GOODS}
    assert names["p10001"] == "红富士苹果 Fuji apples"
    assert names["p14001"] == "牧云全脂鲜牛奶 Muyun fresh whole milk 250 ml"


def test_ids_can_stand_in_resource_names() -> None:
    assert all(is_id(product.sku) for product in GOODS)
    assert all(is_id(store.id) for store in STORES)
    assert all(is_id(till) for store in STORES for till in store.tills)
    assert all(is_id(customer.id) for customer in CUSTOMER_WALLETS)


def test_every_person_has_one_role_and_a_name_of_their_own() -> None:
    assert len({each.name for each in PEOPLE}) == len(PEOPLE)
    assert len({each.caller.principal for each in PEOPLE}) == len(PEOPLE)
    assert all(len(each.caller.roles) == 1 for each in PEOPLE)
    assert {each.caller.tenant for each in PEOPLE} == {TENANT}


def test_every_till_has_a_cashier_of_its_store_only() -> None:
    for store in STORES:
        assert person(f"manager-{store.id}").caller.stores == {store.name}
        for till in store.tills:
            cashier = person(f"cashier-{store.id}-{till}").caller
            assert cashier.principal == f"users/cashier-{store.id}-{till}"
            assert cashier.roles == {"cashier"}
            assert cashier.stores == {store.name}


def test_a_customer_acts_for_themselves_and_the_operator_for_the_chain() -> None:
    assert person("c0001").caller.customer == "customers/c0001"
    assert person("operator").caller.roles == {"platform"}


def test_an_unknown_person_is_refused_with_a_name_that_is_near() -> None:
    with pytest.raises(PersonUnknown, match=r"did you mean .*cashier-sh01-1") as caught:
        person("casier-sh01-1")
    assert "\n" not in str(caught.value)
