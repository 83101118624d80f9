"""The range: products and their barcodes, over the wire and in the rows."""

import asyncio

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from chassis.db.migrate import drift
from chassis.kernel.errors import ErrorKind, HutongError
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, events_pb2
from services.catalog.main import BLUEPRINT
from tests.integration.catalog.chains import (
    EACH,
    GRAM,
    STORE,
    Chain,
    creation,
    price_list,
    product,
    request_id,
)
from tests.support.world import Client, World


def named(sku: str) -> catalog_service_pb2.GetProductRequest:
    return catalog_service_pb2.GetProductRequest(name=f"products/{sku}")


def update(message: catalog_pb2.Product, *paths: str) -> catalog_service_pb2.UpdateProductRequest:
    return catalog_service_pb2.UpdateProductRequest(
        product=message, update_mask=FieldMask(paths=paths)
    )


async def test_the_migrated_tables_are_those_in_the_code(world: World) -> None:
    assert await drift(world.urls["catalog"], metadata=BLUEPRINT.metadata) == []


async def test_created_products_are_answered_in_order_with_codes_as_kept(
    chain: Chain, platform: Client
) -> None:
    reply = await platform.BatchCreateProducts(
        creation(product("pear", "036000291452", "01234"), product("apple", unit=GRAM))
    )
    assert [each.name for each in reply.products] == ["products/pear", "products/apple"]
    assert reply.products[0].barcodes == ["00036000291452", "01234"]
    assert reply.products[1].unit == GRAM
    assert reply.products[0].create_time == reply.products[0].update_time
    assert reply.products[0] == await platform.GetProduct(named("pear"))
    assert await chain.product_rows() == [
        ("apple", 1, []),
        ("pear", 1, ["00036000291452", "01234"]),
    ]


async def test_each_created_product_is_told_of_once(chain: Chain, platform: Client) -> None:
    reply = await platform.BatchCreateProducts(creation(product("apple"), product("pear")))
    kind = events_pb2.ProductChanged.DESCRIPTOR.full_name
    assert await chain.events() == [
        (f"{chain.tenant}/products/apple", 1, kind),
        (f"{chain.tenant}/products/pear", 1, kind),
    ]
    (row,) = await chain.rows(
        "select data from outbox where aggregate = $1", f"{chain.tenant}/products/apple"
    )
    assert events_pb2.ProductChanged.FromString(row.data).product == reply.products[0]


async def test_a_repeated_creation_gets_the_same_answer(chain: Chain, platform: Client) -> None:
    request = creation(product("apple"))
    first = await platform.BatchCreateProducts(request)
    again = await platform.BatchCreateProducts(request)
    assert first.SerializeToString(deterministic=True) == again.SerializeToString(
        deterministic=True
    )
    assert len(await chain.events()) == 1


async def test_a_request_id_is_for_one_creation(platform: Client) -> None:
    request = creation(product("apple"))
    await platform.BatchCreateProducts(request)
    request.products[0].display_name = "other"
    with pytest.raises(HutongError) as raised:
        await platform.BatchCreateProducts(request)
    assert raised.value.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("products", "reason", "facts"),
    [
        ([product("new"), product("apple")], "PRODUCT_EXISTS", {"sku": "apple"}),
        ([product("new"), product("new")], "PRODUCT_EXISTS", {"sku": "new"}),
        (
            [product("new", "4006381333931")],
            "BARCODE_TAKEN",
            {"barcode": "04006381333931", "sku": "apple"},
        ),
        (
            [product("new", "00007"), product("newer", "00007")],
            "BARCODE_TAKEN",
            {"barcode": "00007", "sku": "new"},
        ),
        ([product("new", "4006381333932")], "BARCODE_INVALID", {"barcode": "4006381333932"}),
        ([product("new", "2101234006504")], "BARCODE_INVALID", {"barcode": "2101234006504"}),
    ],
)
async def test_a_refused_creation_changes_nothing(
    chain: Chain,
    platform: Client,
    products: list[catalog_pb2.Product],
    reason: str,
    facts: dict[str, str],
) -> None:
    await platform.BatchCreateProducts(creation(product("apple", "4006381333931")))
    before = (await chain.product_rows(), await chain.events())
    request = creation(product("zz-first"), *products)
    for _ in range(2):
        with pytest.raises(HutongError) as raised:
            await platform.BatchCreateProducts(request)
        assert (raised.value.reason, raised.value.facts) == (reason, facts)
    assert (await chain.product_rows(), await chain.events()) == before


async def test_a_name_is_checked_before_anything_is_kept(chain: Chain, platform: Client) -> None:
    bad = product("apple")
    bad.name = "products/App le"
    with pytest.raises(HutongError) as raised:
        await platform.BatchCreateProducts(creation(bad))
    assert raised.value.reason == "NAME_INVALID"
    assert raised.value.violations[0][0] == "products[0].name"
    assert await chain.product_rows() == []


async def test_of_parallel_creations_of_one_sku_one_succeeds(
    chain: Chain, platform: Client
) -> None:
    answers = await asyncio.gather(
        *(
            platform.BatchCreateProducts(
                creation(product("apple", "4006381333931"), product(f"pear{i}"))
            )
            for i in range(8)
        ),
        return_exceptions=True,
    )
    refused = [each for each in answers if isinstance(each, HutongError)]
    assert [each.reason for each in refused] == ["PRODUCT_EXISTS"] * 7
    assert len(await chain.product_rows()) == 2


async def test_of_parallel_products_with_one_barcode_one_gets_it(
    chain: Chain, platform: Client
) -> None:
    answers = await asyncio.gather(
        *(
            platform.BatchCreateProducts(creation(product(f"apple{i}", "4006381333931")))
            for i in range(8)
        ),
        return_exceptions=True,
    )
    refused = [each for each in answers if isinstance(each, HutongError)]
    assert [each.reason for each in refused] == ["BARCODE_TAKEN"] * 7
    ((winner, _, _),) = await chain.product_rows()
    assert {each.facts["sku"] for each in refused} == {winner}


async def test_only_the_platform_changes_the_range(chain: Chain) -> None:
    for role in ("store_manager", "cashier", "customer", "service"):
        with pytest.raises(HutongError) as raised:
            await chain.client(role, stores=[STORE]).BatchCreateProducts(creation(product("a")))
        assert raised.value.kind is ErrorKind.PERMISSION_DENIED
    assert await chain.product_rows() == []


async def test_an_update_changes_what_the_mask_names(chain: Chain, platform: Client) -> None:
    await platform.BatchCreateProducts(creation(product("apple", "4006381333931", "00001")))
    change = catalog_pb2.Product(
        name="products/apple", display_name="Apple, red", department="NOT A SLUG", barcodes=["1"]
    )
    changed = await platform.UpdateProduct(update(change, "display_name"))
    assert (changed.display_name, changed.department) == ("Apple, red", "fresh-fruit")
    assert changed.barcodes == ["00001", "04006381333931"]
    assert changed.update_time.ToNanoseconds() > changed.create_time.ToNanoseconds()
    assert changed == await platform.GetProduct(named("apple"))
    assert await chain.product_rows() == [("apple", 2, ["00001", "04006381333931"])]
    assert [sequence for _, sequence, _ in await chain.events()] == [1, 2]


async def test_an_update_replaces_the_barcodes(chain: Chain, platform: Client) -> None:
    await platform.BatchCreateProducts(creation(product("apple", "4006381333931", "00001")))
    replaced = await platform.UpdateProduct(
        update(product("apple", "00002", "4006381333931"), "barcodes", "department")
    )
    assert replaced.barcodes == ["00002", "04006381333931"]
    await platform.BatchCreateProducts(creation(product("pear", "00001")))
    cleared = await platform.UpdateProduct(update(product("apple"), "barcodes"))
    assert cleared.barcodes == []
    assert await chain.product_rows() == [("apple", 3, []), ("pear", 1, ["00001"])]


@pytest.mark.parametrize(
    ("message", "paths", "reason", "field"),
    [
        (product("apple"), ["unit"], "FIELD_MASK_INVALID", "update_mask"),
        (product("apple"), ["name"], "FIELD_MASK_INVALID", "update_mask"),
        (product("apple"), ["*"], "FIELD_MASK_INVALID", "update_mask"),
        (
            product("apple", department="Fruit"),
            ["department"],
            "INVALID_INPUT",
            "product.department",
        ),
        (
            catalog_pb2.Product(name="products/apple"),
            ["display_name"],
            "INVALID_INPUT",
            "product.display_name",
        ),
        (
            product("apple", "00001", "4006381333932"),
            ["barcodes"],
            "BARCODE_INVALID",
            "product.barcodes[1]",
        ),
        (product("apple", "00001", "00001"), ["barcodes"], "INVALID_INPUT", "product.barcodes"),
        (catalog_pb2.Product(name="apple"), ["department"], "NAME_INVALID", "product.name"),
    ],
)
async def test_an_update_that_can_not_be_right_names_its_field_and_changes_nothing(
    chain: Chain,
    platform: Client,
    message: catalog_pb2.Product,
    paths: list[str],
    reason: str,
    field: str,
) -> None:
    await platform.BatchCreateProducts(creation(product("apple")))
    with pytest.raises(HutongError) as raised:
        await platform.UpdateProduct(update(message, *paths))
    assert raised.value.kind is ErrorKind.INVALID_ARGUMENT
    assert (raised.value.reason, raised.value.violations[0][0]) == (reason, field)
    assert await chain.product_rows() == [("apple", 1, [])]


async def test_an_update_can_not_take_the_barcode_of_another_product(
    chain: Chain, platform: Client
) -> None:
    await platform.BatchCreateProducts(creation(product("apple", "00001"), product("pear")))
    with pytest.raises(HutongError) as raised:
        await platform.UpdateProduct(update(product("pear", "00001", "00002"), "barcodes"))
    assert raised.value.reason == "BARCODE_TAKEN"
    assert raised.value.facts == {"barcode": "00001", "sku": "apple"}
    assert await chain.product_rows() == [("apple", 1, ["00001"]), ("pear", 1, [])]


async def test_an_update_of_nothing_is_not_found(platform: Client) -> None:
    with pytest.raises(HutongError) as raised:
        await platform.UpdateProduct(update(product("nothing"), "display_name"))
    assert raised.value.reason == "RESOURCE_NOT_FOUND"


async def test_parallel_updates_count_every_change(chain: Chain, platform: Client) -> None:
    await platform.BatchCreateProducts(creation(product("apple")))
    await asyncio.gather(
        *(platform.UpdateProduct(update(product("apple", "00001"), "barcodes")) for _ in range(8))
    )
    assert await chain.product_rows() == [("apple", 9, ["00001"])]
    assert [sequence for _, sequence, _ in await chain.events()] == list(range(1, 10))


async def test_the_range_is_listed_by_sku_in_pages(platform: Client) -> None:
    await platform.BatchCreateProducts(
        creation(
            *(product(f"p{i}", department="dairy" if i % 2 else "fruit") for i in range(6)),
        )
    )
    request = catalog_service_pb2.ListProductsRequest(page_size=4)
    first = await platform.ListProducts(request)
    assert [each.name for each in first.products] == [f"products/p{i}" for i in range(4)]
    request.page_token = first.next_page_token
    second = await platform.ListProducts(request)
    assert [each.name for each in second.products] == ["products/p4", "products/p5"]
    assert second.next_page_token == ""


async def test_one_department_is_listed_with_tokens_of_its_own(platform: Client) -> None:
    await platform.BatchCreateProducts(
        creation(*(product(f"p{i}", department="dairy" if i % 2 else "fruit") for i in range(6)))
    )
    request = catalog_service_pb2.ListProductsRequest(page_size=2, department="dairy")
    first = await platform.ListProducts(request)
    assert [each.name for each in first.products] == ["products/p1", "products/p3"]
    request.page_token = first.next_page_token
    second = await platform.ListProducts(request)
    assert [each.name for each in second.products] == ["products/p5"]
    request.department = "fruit"
    with pytest.raises(HutongError) as raised:
        await platform.ListProducts(request)
    assert raised.value.reason == "PAGE_TOKEN_INVALID"


async def test_products_of_another_tenant_are_nobodys(world: World, chain: Chain) -> None:
    ours, theirs = chain.client("platform"), Chain(world).client("platform")
    await ours.BatchCreateProducts(creation(product("apple", "4006381333931")))
    await ours.ChangePrices(price_list({"apple": 1290}))
    assert len((await theirs.ListProducts(catalog_service_pb2.ListProductsRequest())).products) == 0
    reasons = []
    for attempt in (
        theirs.GetProduct(named("apple")),
        theirs.UpdateProduct(update(product("apple"), "display_name")),
        theirs.GetPrice(catalog_service_pb2.GetPriceRequest(name=f"{STORE}/prices/apple")),
        theirs.LookUpBarcode(
            catalog_service_pb2.LookUpBarcodeRequest(parent=STORE, barcode="4006381333931")
        ),
        theirs.ChangePrices(price_list({"apple": 1})),
    ):
        with pytest.raises(HutongError) as raised:
            await attempt
        reasons.append(raised.value.reason)
    assert reasons == [
        "RESOURCE_NOT_FOUND",
        "RESOURCE_NOT_FOUND",
        "RESOURCE_NOT_FOUND",
        "BARCODE_UNKNOWN",
        "PRODUCT_UNKNOWN",
    ]
    await theirs.BatchCreateProducts(creation(product("apple", "4006381333931", unit=GRAM)))
    assert (await ours.GetProduct(named("apple"))).unit == EACH
    assert await chain.price_rows() == [("apple", 1, 1290)]


async def test_a_thousand_products_are_created_at_once(chain: Chain, platform: Client) -> None:
    request = catalog_service_pb2.BatchCreateProductsRequest(
        products=[product(f"p{i:04}", f"{i:05}") for i in range(1000)], request_id=request_id()
    )
    reply = await platform.BatchCreateProducts(request)
    assert [each.name for each in reply.products] == [each.name for each in request.products]
    assert len(await chain.events()) == 1000
