"""Rules of products and prices, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel.errors import AmountInvalid, CurrencyMismatch, InvalidInput
from chassis.kernel.money import Money
from chassis.kernel.names import StoreId
from chassis.kernel.quantity import Unit
from chassis.rpc.validation import Validator
from hutong.catalog.v1 import catalog_pb2
from hutong.common.v1 import measure_pb2
from pricing import barcode
from pricing.barcode import BarcodeInvalid
from services.catalog.domain import prices, products
from services.catalog.domain.prices import PriceChange, StorePrice
from services.catalog.domain.products import BarcodeTaken, NewProduct, Product, ProductExists

NOW = datetime(2026, 11, 11, tzinfo=UTC)
VALIDATOR = Validator()


def new_product(sku: str, *barcodes: str, unit: Unit = Unit.EACH) -> NewProduct:
    return NewProduct(sku, sku.title(), "fresh-fruit", unit, barcodes)


def product(unit: Unit) -> Product:
    return new_product("apple", unit=unit).created(at=NOW)


def price(unit: Unit, amount_minor: int) -> StorePrice:
    return StorePrice(StoreId("demo:sh01"), "apple", unit, Money(amount_minor, "CNY"), 1, NOW)


def is_refused_by_domain(display_name: str, department: str) -> bool:
    try:
        products.require_edit(display_name, department, at="product")
    except InvalidInput:
        return True
    return False


def is_refused_by_contract(display_name: str, department: str) -> bool:
    message = catalog_pb2.Product(
        name="products/apple",
        display_name=display_name,
        department=department,
        unit=measure_pb2.MEASURE_UNIT_EACH,
    )
    try:
        VALIDATOR.check(message)
    except InvalidInput:
        return True
    return False


NAMES = st.one_of(
    st.text(max_size=6),
    st.text("苹果a \u200b\u202e\u2066\x00\x1f\x7f\u200f\n", max_size=4),
    st.integers(118, 122).map(lambda size: "果" * size),
)
DEPARTMENTS = st.one_of(
    st.text("az09-_A\n", max_size=5), st.integers(61, 65).map(lambda size: "a" * size)
)


@given(NAMES, DEPARTMENTS)
def test_an_update_has_the_limits_that_the_contract_sets_for_a_new_product(
    display_name: str, department: str
) -> None:
    assert is_refused_by_domain(display_name, department) == is_refused_by_contract(
        display_name, department
    )


def test_only_given_fields_are_judged() -> None:
    products.require_edit(None, "dairy", at="product")
    products.require_edit("Milk", None, at="product")
    with pytest.raises(InvalidInput) as raised:
        products.require_edit("", "Fresh Fruit", at="product")
    assert [field for field, _ in raised.value.violations] == [
        "product.display_name",
        "product.department",
    ]


def test_barcodes_are_kept_in_one_form_once_and_sorted() -> None:
    codes = ["4006381333931", "01234", "036000291452", "0036000291452"]
    assert products.kept_barcodes(codes, at="barcodes") == (
        "00036000291452",
        "01234",
        "04006381333931",
    )


def test_a_wrong_barcode_names_its_place() -> None:
    with pytest.raises(BarcodeInvalid) as raised:
        products.kept_barcodes(["4006381333931", "4006381333932"], at="product.barcodes")
    assert raised.value.violations[0][0] == "product.barcodes[1]"


def test_a_product_has_twenty_barcodes_and_no_more() -> None:
    codes = [f"{number:05}" for number in range(21)]
    products.require_barcode_list(codes[:20], at="product.barcodes")
    with pytest.raises(InvalidInput):
        products.require_barcode_list(codes, at="product.barcodes")
    with pytest.raises(InvalidInput):
        products.require_barcode_list(["00001", "00001"], at="product.barcodes")


def test_products_of_one_request_share_no_sku_and_no_barcode() -> None:
    products.require_apart([new_product("apple", "00001"), new_product("pear", "00002")])
    with pytest.raises(ProductExists):
        products.require_apart([new_product("apple"), new_product("apple")])
    with pytest.raises(BarcodeTaken) as raised:
        products.require_apart([new_product("apple", "00001"), new_product("pear", "00001")])
    assert raised.value.facts == {"barcode": "00001", "sku": "apple"}


def test_a_list_of_prices_has_one_currency_each_product_once_and_nothing_negative() -> None:
    apple = PriceChange("apple", Money(100, "CNY"))
    assert prices.currency_of([apple, PriceChange("pear", Money(0, "CNY"))]) == "CNY"
    with pytest.raises(CurrencyMismatch):
        prices.currency_of([apple, PriceChange("pear", Money(100, "JPY"))])
    with pytest.raises(AmountInvalid):
        prices.currency_of([PriceChange("pear", Money(-1, "CNY"))])
    with pytest.raises(InvalidInput) as raised:
        prices.currency_of([apple, apple])
    assert raised.value.violations[0][0] == "changes[1].product"


WEIGHT_LABEL = barcode.scanned("2101234006504")
PRICE_LABEL = barcode.scanned("2201234012991")
GTIN = barcode.scanned("4006381333931")


def test_a_gtin_is_one_piece_and_asks_the_scale_for_weighed_goods() -> None:
    counted = prices.meaning(GTIN, product(Unit.EACH), price(Unit.EACH, 1290))
    weighed = prices.meaning(GTIN, product(Unit.GRAM), price(Unit.GRAM, 1290))
    assert (counted.quantity, counted.line_total.amount_minor) == (1, 1290)
    assert (weighed.quantity, weighed.line_total.amount_minor) == (0, 0)


def test_a_weight_label_costs_its_grams() -> None:
    scanned = prices.meaning(WEIGHT_LABEL, product(Unit.GRAM), price(Unit.GRAM, 1999))
    assert (scanned.quantity, scanned.line_total.amount_minor) == (650, 1299)


def test_a_price_label_costs_what_is_printed() -> None:
    scanned = prices.meaning(PRICE_LABEL, product(Unit.GRAM), price(Unit.GRAM, 1999))
    assert (scanned.quantity, scanned.line_total.amount_minor) == (650, 1299)


@pytest.mark.parametrize(
    ("label", "unit", "amount_minor"),
    [(WEIGHT_LABEL, Unit.EACH, 1999), (PRICE_LABEL, Unit.EACH, 1999), (PRICE_LABEL, Unit.GRAM, 0)],
)
def test_a_label_that_can_not_be_of_the_product_is_refused(
    label: barcode.ScaleLabel, unit: Unit, amount_minor: int
) -> None:
    with pytest.raises(BarcodeInvalid):
        prices.meaning(label, product(unit), price(unit, amount_minor))


def test_a_quote_is_for_the_past_the_present_or_a_clock_that_is_ahead() -> None:
    prices.require_quotable(NOW - timedelta(days=4000), now=NOW)
    prices.require_quotable(NOW + prices.QUOTE_AHEAD_MAX, now=NOW)
    with pytest.raises(InvalidInput):
        prices.require_quotable(NOW + prices.QUOTE_AHEAD_MAX + timedelta(microseconds=1), now=NOW)
