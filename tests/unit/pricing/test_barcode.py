"""Golden vectors of barcodes, and two other implementations as oracles."""

import pytest
from biip import ParseConfig
from biip.gtin import Gtin as BiipGtin
from biip.rcn import Rcn, RcnRegion
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from chassis.kernel.money import Money, extended_price
from chassis.kernel.quantity import Unit
from pricing import barcode
from pricing.barcode import (
    BarcodeInvalid,
    BarcodeUnknown,
    Gtin,
    LabelLayout,
    LabelValue,
    ScaleLabel,
)

BODIES = st.one_of(
    *(st.text("0123456789", min_size=size, max_size=size) for size in (7, 11, 12, 13))
)

DENMARK = (
    *(
        LabelLayout(prefix, item_digits=4, value_digits=6, value=LabelValue.PRICE_MINOR)
        for prefix in ("21", "22", "23", "24")
    ),
    *(
        LabelLayout(prefix, item_digits=4, value_digits=6, value=LabelValue.GRAMS)
        for prefix in ("26", "28")
    ),
)


def complete(body: str) -> str:
    return body + ean.calc_check_digit(body)


@given(BODIES)
def test_the_check_digit_is_the_one_that_others_compute(body: str) -> None:
    assert str(barcode.check_digit(body)) == ean.calc_check_digit(body)


@given(BODIES, st.integers(1, 9))
def test_every_wrong_check_digit_is_refused(body: str, off: int) -> None:
    right = complete(body)
    wrong = body + str((int(right[-1]) + off) % 10)
    assert barcode.gtin14(right) == right.zfill(14)
    with pytest.raises(BarcodeInvalid):
        barcode.gtin14(wrong)
    with pytest.raises(BarcodeInvalid):
        barcode.scanned(wrong)


@given(BODIES, st.integers(0, 13))
def test_every_single_misread_digit_is_found(body: str, position: int) -> None:
    code = complete(body)
    position %= len(code)
    misread = code[:position] + str((int(code[position]) + 1) % 10) + code[position + 1 :]
    with pytest.raises(BarcodeInvalid):
        barcode.gtin14(misread)


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("04006381333931", "04006381333931"),
        ("6901028075831", "06901028075831"),
        ("15400141288763", "15400141288763"),
    ],
)
def test_a_gtin_of_any_length_is_one_code(code: str, kept: str) -> None:
    assert barcode.scanned(code) == Gtin(kept)
    assert barcode.product_code(code) == kept


@given(st.text("0123456789", min_size=11, max_size=11))
def test_a_code_of_12_digits_is_the_same_with_zeros_in_front(body: str) -> None:
    code = complete(body)
    assert barcode.gtin14(code) == barcode.gtin14(f"0{code}") == barcode.gtin14(f"00{code}")


@pytest.mark.parametrize(
    "code",
    ["", "1", "1234567", "123456789", "12345678901", "123456789012345", "400638133393a", "４" * 13],
)
def test_what_is_no_gtin_is_refused(code: str) -> None:
    with pytest.raises(BarcodeInvalid) as raised:
        barcode.scanned(code)
    assert raised.value.violations[0][0] == "barcode"


def test_a_weight_label_says_item_number_and_grams() -> None:
    assert barcode.scanned("2101234006504") == ScaleLabel(
        "2101234006504", "01234", LabelValue.GRAMS, 650
    )


def test_a_price_label_says_item_number_and_minor_units() -> None:
    code = complete("220123401299")
    assert barcode.scanned(code) == ScaleLabel(code, "01234", LabelValue.PRICE_MINOR, 1299)


@pytest.mark.parametrize("body", ["210123400000", "220123400000"])
def test_a_label_of_nothing_is_refused(body: str) -> None:
    with pytest.raises(BarcodeInvalid):
        barcode.scanned(complete(body))


def test_a_label_reads_the_same_with_a_zero_in_front() -> None:
    read = barcode.scanned("02101234006504")
    assert isinstance(read, ScaleLabel)
    assert (read.item_number, read.value) == ("01234", 650)


@given(
    st.sampled_from(["02", "04", *(f"2{digit}" for digit in range(10) if digit not in (1, 2))]),
    st.text("0123456789", min_size=10, max_size=10),
)
def test_an_in_store_prefix_without_a_layout_is_never_a_gtin(prefix: str, rest: str) -> None:
    code = complete(prefix + rest)
    for form in (code, f"0{code}", code.removeprefix("0")):
        with pytest.raises(BarcodeUnknown):
            barcode.scanned(form)
        with pytest.raises(BarcodeInvalid):
            barcode.product_code(form)


@pytest.mark.parametrize("body", ["0123456", "2123456"])
def test_short_in_store_codes_are_never_gtins(body: str) -> None:
    with pytest.raises(BarcodeUnknown):
        barcode.scanned(complete(body))


@given(BODIES)
def test_whatever_others_call_restricted_is_never_a_gtin_here(body: str) -> None:
    code = complete(body)
    if isinstance(BiipGtin.parse(code), Rcn):
        assert barcode.is_restricted(code.zfill(14))


def test_a_product_keeps_its_item_number_as_it_is() -> None:
    assert barcode.product_code("01234") == "01234"


@pytest.mark.parametrize("code", ["1234", "123456", "abcde"])
def test_what_is_neither_gtin_nor_item_number_is_refused(code: str) -> None:
    with pytest.raises(BarcodeInvalid) as raised:
        barcode.product_code(code, at="products[0].barcodes[1]")
    assert raised.value.violations[0][0] == "products[0].barcodes[1]"


@given(
    st.sampled_from(DENMARK),
    st.text("0123456789", min_size=4, max_size=4),
    st.integers(1, 999_999),
)
def test_another_countrys_labels_are_another_table(
    layout: LabelLayout, item: str, value: int
) -> None:
    code = complete(f"{layout.prefix}{item}{value:06}")
    read = barcode.scanned(code, layouts=DENMARK)
    oracle = BiipGtin.parse(code, config=ParseConfig(rcn_region=RcnRegion.DENMARK))
    assert isinstance(read, ScaleLabel)
    assert isinstance(oracle, Rcn)
    assert (read.item_number, read.value) == (f"0{item}", value)
    if layout.value is LabelValue.GRAMS:
        assert oracle.weight is not None
        assert int(oracle.weight * 1000) == read.value
    else:
        assert oracle.price is not None
        assert int(oracle.price * 100) == read.value


@pytest.mark.parametrize(("item_digits", "value_digits"), [(5, 4), (6, 4), (0, 10), (5, 6)])
def test_a_layout_has_thirteen_digits_in_all(item_digits: int, value_digits: int) -> None:
    with pytest.raises(ValueError, match="digits"):
        LabelLayout("21", item_digits, value_digits, LabelValue.GRAMS)


@given(BODIES)
def test_no_code_that_may_leave_is_one_that_others_call_restricted(body: str) -> None:
    kept = complete(body).zfill(14)
    if barcode.may_leave(kept):
        assert not isinstance(BiipGtin.parse(complete(body)), Rcn)
        assert kept[1:3] not in ("02", "04")
        assert kept[1] != "2"


@pytest.mark.parametrize("code", ["01234", "02101234006504", "00201234000005", "00000021234565"])
def test_item_numbers_and_in_store_codes_never_leave(code: str) -> None:
    assert not barcode.may_leave(code)


@given(st.integers(1, 8), st.text("0123456789", min_size=12, max_size=12))
def test_a_pack_has_a_code_in_any_length_but_none_of_the_chains_own(
    indicator: int, body: str
) -> None:
    code = complete(f"{indicator}{body}")
    if barcode.is_restricted(code):
        with pytest.raises(BarcodeInvalid):
            barcode.pack_code(code)
    else:
        assert barcode.pack_code(code) == code
        assert barcode.scanned(code) == Gtin(code)


@pytest.mark.parametrize("code", ["01234", "2101234006504", complete("9690741200001")])
def test_what_is_no_packs_code_names_its_field(code: str) -> None:
    with pytest.raises(BarcodeInvalid) as raised:
        barcode.pack_code(code, at="packs[0].barcodes[0]")
    assert raised.value.violations[0][0] == "packs[0].barcodes[0]"


def label(price_minor: int) -> ScaleLabel:
    return ScaleLabel("2201234012991", "01234", LabelValue.PRICE_MINOR, price_minor)


@given(st.integers(1, 99_999), st.integers(1, 1_000_000))
def test_a_price_label_costs_what_is_printed_on_it(printed: int, unit_price: int) -> None:
    result = barcode.measured(label(printed), Money(unit_price, "CNY"), Unit.GRAM)
    exact = printed * 1000 / unit_price
    if result is None:
        assert exact < 0.5
    else:
        assert result.line_total == Money(printed, "CNY")
        assert abs(result.quantity - exact) <= 0.5 + 1e-6


@given(st.integers(1, 99_999), st.integers(1, 1000))
def test_the_grams_of_a_price_label_cost_the_printed_price_again(
    printed: int, unit_price: int
) -> None:
    """Up to ten yuan a kilogram a gram is finer than a fen."""
    result = barcode.measured(label(printed), Money(unit_price, "CNY"), Unit.GRAM)
    assert result is not None
    assert extended_price(Money(unit_price, "CNY"), result.quantity, Unit.GRAM) == Money(
        printed, "CNY"
    )


@pytest.mark.parametrize(
    ("printed", "unit_price", "unit", "quantity"),
    [
        (1299, 1999, Unit.GRAM, 650),
        (1, 2000, Unit.GRAM, 1),
        (1, 2001, Unit.GRAM, None),
        (1299, 0, Unit.GRAM, None),
        (1300, 650, Unit.EACH, 2),
        (1299, 650, Unit.EACH, None),
        (649, 650, Unit.EACH, None),
        (649, 0, Unit.EACH, None),
    ],
)
def test_price_label_vectors(
    printed: int, unit_price: int, unit: Unit, quantity: int | None
) -> None:
    result = barcode.measured(label(printed), Money(unit_price, "CNY"), unit)
    assert (result and result.quantity) == quantity
