"""What a scanner reads at a store."""

import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from pricing.barcode import check_digit
from tests.integration.catalog.chains import GRAM, STORE, Chain, creation, price_list, product
from tests.support.world import Client

WEIGHT_LABEL = "2101234006504"


def complete(body: str) -> str:
    return f"{body}{check_digit(body)}"


async def scan(client: Client, code: str, *, store: str = STORE) -> catalog_pb2.ScannedItem:
    reply = await client.LookUpBarcode(
        catalog_service_pb2.LookUpBarcodeRequest(parent=store, barcode=code)
    )
    assert isinstance(reply, catalog_pb2.ScannedItem)
    return reply


@pytest.fixture(autouse=True)
async def shelf(platform: Client) -> None:
    await platform.BatchCreateProducts(
        creation(
            product("milk", "036000291452", "96385074"),
            product("apple", "01234", "4006381333931", unit=GRAM),
            product("cake", "00055"),
            product("soap", "6901028075831"),
        )
    )
    await platform.ChangePrices(price_list({"milk": 1290, "apple": 1999, "cake": 650}))


@pytest.mark.parametrize(
    "code", ["036000291452", "0036000291452", "00036000291452", "96385074", "0000096385074"]
)
async def test_a_code_in_any_length_is_one_piece_of_its_product(
    platform: Client, code: str
) -> None:
    scanned = await scan(platform, code)
    assert scanned.product.name == "products/milk"
    assert scanned.product.barcodes == ["00000096385074", "00036000291452"]
    assert (scanned.price.name, scanned.price.version) == (f"{STORE}/prices/milk", 1)
    assert (scanned.quantity, scanned.line_total.amount_minor) == (1, 1290)
    assert scanned.line_total.currency_code == "CNY"


async def test_a_code_of_weighed_goods_leaves_the_weight_to_the_scale(platform: Client) -> None:
    scanned = await scan(platform, "4006381333931")
    assert scanned.product.name == "products/apple"
    assert (scanned.quantity, scanned.line_total.amount_minor) == (0, 0)


async def test_a_weight_label_carries_the_grams(platform: Client) -> None:
    scanned = await scan(platform, WEIGHT_LABEL)
    assert scanned.product.name == "products/apple"
    assert (scanned.quantity, scanned.line_total.amount_minor) == (650, 1299)


async def test_a_price_label_costs_what_is_printed_on_it(platform: Client) -> None:
    weighed = await scan(platform, complete("220123401298"))
    assert weighed.product.name == "products/apple"
    assert (weighed.quantity, weighed.line_total.amount_minor) == (649, 1298)
    counted = await scan(platform, complete("220005501300"))
    assert (counted.quantity, counted.line_total.amount_minor) == (2, 1300)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("036000291453", "BARCODE_INVALID"),
        ("2101234006505", "BARCODE_INVALID"),
        (complete("210123400000"), "BARCODE_INVALID"),
        (complete("220123400000"), "BARCODE_INVALID"),
        (complete("210005500650"), "BARCODE_INVALID"),
        (complete("220005501299"), "BARCODE_INVALID"),
        ("4012345678901", "BARCODE_UNKNOWN"),
        (complete("219999900650"), "BARCODE_UNKNOWN"),
        (complete("230123400650"), "BARCODE_UNKNOWN"),
        (complete("020123400650"), "BARCODE_UNKNOWN"),
        (complete("21234567890"), "BARCODE_UNKNOWN"),
        (complete("2123456"), "BARCODE_UNKNOWN"),
        ("6901028075831", "PRICE_MISSING"),
    ],
)
async def test_what_means_nothing_here_is_refused(platform: Client, code: str, reason: str) -> None:
    with pytest.raises(HutongError) as raised:
        await scan(platform, code)
    assert raised.value.reason == reason


async def test_an_unknown_code_is_not_found_and_named(platform: Client) -> None:
    with pytest.raises(HutongError) as raised:
        await scan(platform, "4012345678901")
    assert raised.value.kind is ErrorKind.NOT_FOUND
    assert raised.value.facts == {"barcode": "4012345678901"}


@pytest.mark.parametrize("code", ["01234", "12345678901", "40063813339３1", "", "4" * 15])
async def test_what_no_scanner_reads_is_bad_input(platform: Client, code: str) -> None:
    with pytest.raises(HutongError) as raised:
        await scan(platform, code)
    assert raised.value.kind is ErrorKind.INVALID_ARGUMENT
    assert raised.value.violations[0][0] == "barcode"


async def test_a_cashier_scans_at_their_own_store_and_a_customer_anywhere(chain: Chain) -> None:
    cashier = chain.client("cashier", stores=[STORE])
    assert (await scan(cashier, "96385074")).quantity == 1
    with pytest.raises(HutongError) as raised:
        await scan(cashier, "96385074", store="stores/sh02")
    assert raised.value.reason == "RESOURCE_NOT_FOUND"
    with pytest.raises(HutongError) as raised:
        await scan(chain.client("customer", customer="customers/c1"), "96385074", store="stores/x")
    assert raised.value.reason == "PRICE_MISSING"


def labelled(code: str, quantity: int, sku: str = "apple") -> catalog_pb2.WantedLine:
    return catalog_pb2.WantedLine(
        product=f"products/{sku}", quantity=quantity, unit=GRAM, label=code
    )


def quoting(*lines: catalog_pb2.WantedLine) -> catalog_service_pb2.QuoteBasketRequest:
    return catalog_service_pb2.QuoteBasketRequest(parent=STORE, lines=lines)


async def test_a_scanned_price_label_is_quoted_as_it_is_printed(platform: Client) -> None:
    """At 19.99 a kilogram a gram is two fen, so the grams alone come to another total."""
    code = complete("220123401298")
    scanned = await scan(platform, code)
    weighed = catalog_pb2.WantedLine(product="products/apple", quantity=649, unit=GRAM)
    quote = await platform.QuoteBasket(quoting(labelled(code, scanned.quantity), weighed))
    assert [line.line_total.amount_minor for line in quote.lines] == [1298, 1297]
    assert [line.label for line in quote.lines] == [code, ""]
    assert quote.total.amount_minor == 1298 + 1297


@pytest.mark.parametrize(
    ("line", "reason", "kind"),
    [
        (labelled(complete("220123401298"), 650), "LABEL_MISMATCH", "FAILED_PRECONDITION"),
        (labelled(complete("210123400650"), 649), "LABEL_MISMATCH", "FAILED_PRECONDITION"),
        (labelled("2201234012985", 649), "BARCODE_INVALID", "INVALID_ARGUMENT"),
        (labelled("4006381333931", 649), "BARCODE_INVALID", "INVALID_ARGUMENT"),
        (labelled(complete("220005501300"), 649), "BARCODE_INVALID", "INVALID_ARGUMENT"),
        (labelled(complete("220999901298"), 649), "BARCODE_INVALID", "INVALID_ARGUMENT"),
        (labelled(complete("230123401298"), 649), "BARCODE_UNKNOWN", "NOT_FOUND"),
        (labelled("12345", 649), "INVALID_INPUT", "INVALID_ARGUMENT"),
    ],
)
async def test_a_line_whose_label_can_not_be_right_is_refused(
    platform: Client, line: catalog_pb2.WantedLine, reason: str, kind: str
) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.QuoteBasket(quoting(line))
    assert (raised.value.reason, raised.value.kind.value) == (reason, kind)
    if kind == "INVALID_ARGUMENT":
        assert raised.value.violations[0][0] == "lines[0].label"
