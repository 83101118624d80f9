"""Inner packs and cases: codes of their own, at the price of their pieces."""

from __future__ import annotations

import asyncio

import pytest
from asyncpg import PostgresError
from google.protobuf.field_mask_pb2 import FieldMask

from chassis.kernel.errors import ErrorKind, HutongError
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, events_pb2
from pricing.barcode import check_digit
from tests.integration.catalog.chains import (
    GRAM,
    STORE,
    Chain,
    creation,
    pack,
    price_list,
    product,
)
from tests.support.world import Client

PIECE = "6907412000014"
SIX_PACK = "4006381333931"
CASE = f"1690741200001{check_digit('1690741200001')}"
OTHER_CASE = f"2690741200001{check_digit('2690741200001')}"
INNER = catalog_pb2.PACK_KIND_INNER
EACH_KIND = catalog_pb2.PACK_KIND_EACH


def milk(*packs: catalog_pb2.Pack) -> catalog_pb2.Product:
    return product("milk", PIECE, packs=packs)


def update(message: catalog_pb2.Product, *paths: str) -> catalog_service_pb2.UpdateProductRequest:
    return catalog_service_pb2.UpdateProductRequest(
        product=message, update_mask=FieldMask(paths=paths)
    )


async def scan(client: Client, code: str) -> catalog_pb2.ScannedItem:
    request = catalog_service_pb2.LookUpBarcodeRequest(parent=STORE, barcode=code)
    reply: catalog_pb2.ScannedItem = await client.LookUpBarcode(request)
    return reply


@pytest.fixture
async def shelf(platform: Client) -> None:
    await platform.BatchCreateProducts(
        creation(
            milk(pack("case-12", 12, CASE, OTHER_CASE), pack("six", 6, SIX_PACK, kind=INNER)),
            product("apple", "96385074", unit=GRAM),
        )
    )
    await platform.ChangePrices(price_list({"milk": 490, "apple": 1280}))


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("code", "kind", "pieces", "total"),
    [
        (PIECE, EACH_KIND, 1, 490),
        (f"0{PIECE}", EACH_KIND, 1, 490),
        (SIX_PACK, INNER, 6, 2940),
        (f"0{SIX_PACK}", INNER, 6, 2940),
        (CASE, catalog_pb2.PACK_KIND_CASE, 12, 5880),
        (OTHER_CASE, catalog_pb2.PACK_KIND_CASE, 12, 5880),
    ],
)
async def test_a_code_of_any_length_is_one_product_and_so_many_pieces(
    platform: Client, code: str, kind: catalog_pb2.PackKind, pieces: int, total: int
) -> None:
    scanned = await scan(platform, code)
    assert scanned.product.name == "products/milk"
    assert (scanned.pack.kind, scanned.pack.pieces) == (kind, pieces)
    assert (scanned.quantity, scanned.line_total.amount_minor) == (pieces, total)


@pytest.mark.usefixtures("shelf")
async def test_weighed_goods_are_scanned_as_no_pack(platform: Client) -> None:
    scanned = await scan(platform, "96385074")
    assert not scanned.HasField("pack")
    assert scanned.quantity == 0


@pytest.mark.usefixtures("shelf")
async def test_packs_are_answered_with_their_product_in_order_and_told_of(
    chain: Chain, platform: Client
) -> None:
    read = await platform.GetProduct(catalog_service_pb2.GetProductRequest(name="products/milk"))
    assert list(read.packs) == [
        pack("six", 6, f"0{SIX_PACK}", kind=INNER),
        pack("case-12", 12, CASE, OTHER_CASE),
    ]
    assert (list(read.barcodes), list(read.gtins)) == ([f"0{PIECE}"], [f"0{PIECE}"])
    listed = await platform.ListProducts(catalog_service_pb2.ListProductsRequest())
    found = await platform.SearchProducts(catalog_service_pb2.SearchProductsRequest(query="milk"))
    assert listed.products[1] == found.products[0] == read
    (row,) = await chain.rows(
        "select data from outbox where aggregate = $1", f"{chain.tenant}/products/milk"
    )
    assert events_pb2.ProductChanged.FromString(row.data).product == read


async def test_only_gtins_may_leave_the_chain(platform: Client) -> None:
    reply = await platform.BatchCreateProducts(creation(product("apple", "01234", "96385074")))
    assert list(reply.products[0].barcodes) == ["00000096385074", "01234"]
    assert list(reply.products[0].gtins) == ["00000096385074"]


@pytest.mark.usefixtures("shelf")
async def test_packs_are_replaced_as_a_whole_with_their_codes(
    chain: Chain, platform: Client
) -> None:
    changed = await platform.UpdateProduct(
        update(milk(pack("six", 7, kind=INNER), pack("case-24", 24, CASE)), "packs")
    )
    assert [(each.pack, each.pieces, list(each.barcodes)) for each in changed.packs] == [
        ("six", 7, []),
        ("case-24", 24, [CASE]),
    ]
    assert (await scan(platform, CASE)).quantity == 24
    for gone in (SIX_PACK, OTHER_CASE):
        with pytest.raises(HutongError) as raised:
            await scan(platform, gone)
        assert raised.value.reason == "BARCODE_UNKNOWN"
    untouched = await platform.UpdateProduct(update(milk(), "department"))
    assert list(untouched.packs) == list(changed.packs)
    rows = await chain.rows("select pack from verify.pack where tenant = $1", chain.tenant)
    assert sorted(row.pack for row in rows) == ["case-24", "six"]


@pytest.mark.usefixtures("shelf")
async def test_a_code_moves_between_pieces_and_packs_of_one_product(platform: Client) -> None:
    moved = product("milk", SIX_PACK, packs=[pack("case-12", 12, PIECE)])
    changed = await platform.UpdateProduct(update(moved, "barcodes", "packs"))
    assert list(changed.barcodes) == [f"0{SIX_PACK}"]
    assert list(changed.packs) == [pack("case-12", 12, f"0{PIECE}")]
    assert (await scan(platform, PIECE)).quantity == 12


@pytest.mark.usefixtures("shelf")
async def test_a_code_is_of_one_thing_in_the_whole_chain(chain: Chain, platform: Client) -> None:
    before = await chain.product_rows()
    attempts = [
        (update(product("milk", SIX_PACK), "barcodes"), "milk"),
        (update(milk(pack("ten", 10, PIECE)), "packs"), "milk"),
        (
            update(product("milk", PIECE, packs=[pack("ten", 10, PIECE)]), "barcodes", "packs"),
            "milk",
        ),
        (update(milk(pack("a", 2, CASE), pack("b", 3, CASE)), "packs"), "milk"),
        (update(milk(pack("ten", 10, "96385074")), "packs"), "apple"),
        (update(product("apple", CASE), "barcodes"), "milk"),
    ]
    for request, owner in attempts:
        with pytest.raises(HutongError) as raised:
            await platform.UpdateProduct(request)
        assert (raised.value.reason, raised.value.facts["sku"]) == ("BARCODE_TAKEN", owner)
    with pytest.raises(HutongError) as raised:
        await platform.BatchCreateProducts(creation(product("tea", packs=[pack("ten", 10, CASE)])))
    assert raised.value.reason == "BARCODE_TAKEN"
    assert await chain.product_rows() == before


async def test_of_parallel_packs_with_one_code_one_gets_it(chain: Chain, platform: Client) -> None:
    answers = await asyncio.gather(
        *(
            platform.BatchCreateProducts(
                creation(product(f"tea{i}", packs=[pack("ten", 10, CASE)]))
            )
            for i in range(8)
        ),
        return_exceptions=True,
    )
    refused = [each.reason for each in answers if isinstance(each, HutongError)]
    assert refused == ["BARCODE_TAKEN"] * 7
    assert len(await chain.product_rows()) == 1


@pytest.mark.parametrize(
    ("packs", "reason", "field"),
    [
        ([pack("case", 1)], "INVALID_INPUT", "packs[0].pieces"),
        ([pack("case", 100_001)], "INVALID_INPUT", "packs[0].pieces"),
        ([pack("case", 2, kind=EACH_KIND)], "INVALID_INPUT", "packs[0].kind"),
        ([pack("case", 2, kind=0)], "INVALID_INPUT", "packs[0].kind"),  # type: ignore[arg-type]
        ([pack("each", 2)], "INVALID_INPUT", "packs[0].pack"),
        ([pack("Case", 2)], "INVALID_INPUT", "packs[0].pack"),
        ([pack("case", 2), pack("case", 3)], "INVALID_INPUT", "packs[1].pack"),
        ([pack("case", 2, "01234567")], "BARCODE_INVALID", "packs[0].barcodes[0]"),
        ([pack("case", 2, "2101234006504")], "BARCODE_INVALID", "packs[0].barcodes[0]"),
        (
            [pack("case", 2, f"9690741200001{check_digit('9690741200001')}")],
            "BARCODE_INVALID",
            "packs[0].barcodes[0]",
        ),
        ([pack("case", 2, CASE, CASE)], "INVALID_INPUT", "packs[0].barcodes"),
        ([pack(f"p{i}", i + 2) for i in range(11)], "INVALID_INPUT", "packs"),
    ],
)
async def test_a_pack_that_can_not_be_names_its_field_and_changes_nothing(
    chain: Chain, platform: Client, packs: list[catalog_pb2.Pack], reason: str, field: str
) -> None:
    await platform.BatchCreateProducts(creation(milk()))
    attempts = [
        (
            platform.BatchCreateProducts(creation(product("tea", packs=packs))),
            f"products[0].{field}",
        ),
        (platform.UpdateProduct(update(milk(*packs), "packs")), f"product.{field}"),
    ]
    for attempt, at in attempts:
        with pytest.raises(HutongError) as raised:
            await attempt
        assert (raised.value.kind, raised.value.reason) == (ErrorKind.INVALID_ARGUMENT, reason)
        assert raised.value.violations[0][0] == at
    assert await chain.product_rows() == [("milk", 1, [f"0{PIECE}"])]


@pytest.mark.usefixtures("shelf")
async def test_weighed_goods_have_no_packs(chain: Chain, platform: Client) -> None:
    before = await chain.product_rows()
    case = [pack("case", 2)]
    attempts = [
        platform.BatchCreateProducts(creation(product("pear", unit=GRAM, packs=case))),
        platform.UpdateProduct(update(product("apple", packs=case), "packs")),
    ]
    for attempt in attempts:
        with pytest.raises(HutongError) as raised:
            await attempt
        assert raised.value.reason == "PACK_NOT_COUNTED"
        assert raised.value.violations[0][0].endswith("packs")
    assert await chain.product_rows() == before
    with pytest.raises(PostgresError, match="pack_of_a_counted_product"):
        await chain.rows(
            "insert into pack values ($1, 'apple', 'case', 'case', 2) returning 1", chain.tenant
        )


@pytest.mark.usefixtures("shelf")
async def test_a_pack_is_sold_as_its_pieces(platform: Client) -> None:
    scanned = await scan(platform, CASE)
    line = catalog_pb2.WantedLine(
        product=scanned.product.name,
        quantity=scanned.quantity,
        unit=scanned.product.unit,
        shown_price_version=scanned.price.version,
    )
    quote = await platform.QuoteBasket(
        catalog_service_pb2.QuoteBasketRequest(parent=STORE, lines=[line])
    )
    assert quote.total == scanned.line_total
