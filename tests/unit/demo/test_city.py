"""The demo's goods, stores and people are what a chain could really have, and always the same."""

from collections import Counter

import pytest

from allinone.demo.city import DEPARTMENTS, assortment, price_fen, products, stock_quantity
from allinone.demo.people import (
    CUSTOMER_WALLETS,
    PEOPLE,
    PersonUnknown,
    looked_for,
    person,
    summarised,
)
from allinone.demo.stores import STORES
from allinone.demo.tenants import CHINA_TENANT, TENANT
from chassis.kernel.names import is_id
from chassis.kernel.quantity import Unit
from pricing.barcode import ITEM_NUMBER_DIGITS, Gtin, product_code, scanned

GOODS = products()


def test_the_range_has_2000_products_in_21_departments() -> None:
    assert len(GOODS) == 2_000
    carried = Counter(product.department for product in GOODS)
    assert set(carried) == {each.slug for each in DEPARTMENTS}
    assert len(carried) == 21
    assert min(carried.values()) >= 20


def test_products_come_by_sku_and_a_department_that_grew_goes_on_behind_what_it_had() -> None:
    assert [product.sku for product in GOODS] == sorted(product.sku for product in GOODS)
    fruit = [product.sku for product in GOODS if product.department == "fresh-fruit"]
    assert fruit == [f"p10{number:03d}" for number in range(1, len(fruit) + 1)]


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
    assert len(counted) > 1_700


def test_weighed_goods_have_the_item_number_of_their_sku() -> None:
    weighed = [product for product in GOODS if product.unit is Unit.GRAM]
    for product in weighed:
        assert len(product.barcode) == ITEM_NUMBER_DIGITS
        assert product_code(product.barcode) == product.barcode
        assert product.sku == f"p{product.barcode}"
    assert 180 <= len(weighed) <= 230


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


def test_every_store_has_a_price_and_stock_for_all_that_it_carries() -> None:
    for store in STORES:
        for product in assortment(store, GOODS):
            assert 100 <= price_fen(store, product) <= 20_000
            assert price_fen(store, product) % 10 == 0
            assert stock_quantity(store, product) >= 8


def test_some_prices_differ_between_stores_and_most_do_not() -> None:
    first = STORES[:5]
    same = [p for p in GOODS if len({price_fen(store, p) for store in first}) == 1]
    usual = [(s, p) for s in first for p in GOODS if price_fen(s, p) == p.price_fen]
    assert 0.1 <= len(same) / len(GOODS) <= 0.5
    assert 0.6 <= len(usual) / (len(first) * len(GOODS)) <= 0.9


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        ("FRESH_MARKET", 2_000, 2_000),
        ("SMART", 500, 900),
        ("CORNER", 300, 400),
        ("WAREHOUSE", 1_000, 1_500),
        ("POP_UP", 50, 70),
    ],
)
def test_a_store_carries_what_its_kind_carries(kind: str, least: int, most: int) -> None:
    carried = [
        [product.sku for product in assortment(store, GOODS)]
        for store in STORES
        if store.kind == kind
    ]
    assert all(least <= len(skus) <= most for skus in carried)
    assert all(skus == carried[0] for skus in carried)


def test_every_store_but_the_pop_up_carries_what_the_examples_sell() -> None:
    for store in STORES:
        skus = {product.sku for product in assortment(store, GOODS)}
        assert store.kind == "POP_UP" or {"p10001", "p14001", "p22010"} <= skus


def test_two_builds_are_equal() -> None:
    assert products() == GOODS


def test_skus_that_are_printed_on_labels_stay_what_they_are() -> None:
    names = {product.sku: product.display_name for product in GOODS}
    assert names["p10001"] == "红富士苹果 Fuji apples"
    assert names["p14001"] == "牧云全脂鲜牛奶 Muyun fresh whole milk 250 ml"
    tea = next(product for product in GOODS if product.sku == "p22010")
    assert (tea.barcode, stock_quantity(STORES[0], tea)) == ("6952118700065", 12)


def test_a_prefix_of_numbers_is_one_brands_and_one_brand_has_one() -> None:
    brands = {
        (goods_brand.company_prefix, goods_brand.chinese)
        for department in DEPARTMENTS
        for goods in department.goods
        for goods_brand in getattr(goods, "brands", ())
    }
    assert len({prefix for prefix, _ in brands}) == len({name for _, name in brands}) == len(brands)


def test_ids_can_stand_in_resource_names() -> None:
    assert all(is_id(product.sku) for product in GOODS)
    assert all(is_id(store.id) for store in STORES)
    assert all(is_id(till) for store in STORES for till in store.tills)
    assert all(is_id(customer.id) for customer in CUSTOMER_WALLETS)


def test_every_person_has_one_role_and_a_name_of_their_own() -> None:
    assert len({each.name for each in PEOPLE}) == len(PEOPLE)
    assert len({each.caller.principal for each in PEOPLE}) == len(PEOPLE)
    assert all(len(each.caller.roles) == 1 for each in PEOPLE)
    assert {each.caller.tenant for each in PEOPLE} == {TENANT, CHINA_TENANT}
    assert [each.name for each in PEOPLE if each.caller.tenant == CHINA_TENANT] == [
        "china-operator",
        "china-customer",
        "china-customer-2",
    ]


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


def test_a_franchise_owner_has_all_of_the_owners_stores_and_no_other() -> None:
    owners = [each for each in PEOPLE if each.caller.roles == {"franchise_owner"}]
    assert {each.name: len(each.caller.stores) for each in owners} == {
        "owner-sh05": 1,
        "owner-sh08": 3,
        "owner-sh12": 3,
    }
    owned = [name for each in owners for name in each.caller.stores]
    assert sorted(owned) == [store.name for store in STORES if store.franchise_owner]


def test_a_thousand_customers_are_told_of_by_the_first_few() -> None:
    assert len(CUSTOMER_WALLETS) == 1_000
    assert [customer.wallet_fen for customer in CUSTOMER_WALLETS[:3]] == [55_000, 90_000, 25_000]
    shown = [each for each in summarised() if each.caller.customer.startswith("customers/c0")]
    assert len(shown) == 20
    assert "up to c1000" in shown[-1].note


def test_people_are_found_by_words_in_any_of_what_is_told_of_them() -> None:
    assert [each.name for each in looked_for(["CASHIER", "sh05"])] == [
        "cashier-sh05-1",
        "cashier-sh05-2",
    ]
    assert [each.name for each in looked_for(["owns", "Qibao"])] == []
    assert [each.name for each in looked_for(["c1000"])] == ["c1000"]
