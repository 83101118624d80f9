"""Products are found by what their names say, in Chinese and in English."""

import pytest

from chassis.kernel.errors import ErrorKind, HutongError
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2
from services.catalog.repository import product_rows
from tests.integration.catalog.chains import Chain, creation, product
from tests.support.world import Client, World

NAMES = {
    "apple": "红富士苹果",
    "apple-juice": "苹果汁 1L",
    "apple-box": "有机 苹果 礼盒",
    "dragon-fruit": "火龙果",
    "fruit": "果",
    "cola": "Coca-Cola 可口可乐 330ml",
    "cola-wide": "ＣＯＣＡ　ｃｏｌａ　可乐",
    "banana": "Banana ﾊﾞﾅﾅ",
    "strasse": "STRASSE Käse 100%_",
}


def named(sku: str, display_name: str, department: str = "food") -> catalog_pb2.Product:
    message = product(sku, department=department)
    message.display_name = display_name
    return message


@pytest.fixture
async def shelf(platform: Client) -> None:
    await platform.BatchCreateProducts(creation(*(named(sku, name) for sku, name in NAMES.items())))


async def search(client: Client, query: str, department: str = "") -> list[str]:
    request = catalog_service_pb2.SearchProductsRequest(query=query, department=department)
    reply = await client.SearchProducts(request)
    return [each.name.removeprefix("products/") for each in reply.products]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("苹果", ["apple-juice", "apple-box", "apple"]),
        ("果", ["fruit", "dragon-fruit", "apple", "apple-juice", "apple-box"]),
        ("富士苹", ["apple"]),
        ("苹果 红", ["apple"]),
        ("礼盒 苹果", ["apple-box"]),
        ("火果", []),
        ("COCA", ["cola-wide", "cola"]),
        ("ｃｏｃａ", ["cola-wide", "cola"]),
        ("  coca   cola ", ["cola-wide", "cola"]),
        ("c", ["cola-wide", "cola"]),
        ("b", ["banana"]),
        ("o", []),
        ("nan", ["banana"]),
        ("バナナ", ["banana"]),
        ("straße KÄSE", ["strasse"]),
        ("ka\u0308se", ["strasse"]),
        ("%_", ["strasse"]),
        ("_%", []),
        ("\\", []),
    ],
)
async def test_names_match_by_their_parts_best_first(
    platform: Client, query: str, found: list[str]
) -> None:
    assert await search(platform, query) == found


@pytest.mark.usefixtures("shelf")
async def test_pages_follow_one_another_without_gaps(platform: Client) -> None:
    whole = await search(platform, "果")
    request = catalog_service_pb2.SearchProductsRequest(query="果", page_size=2)
    paged: list[str] = []
    for _ in range(3):
        reply = await platform.SearchProducts(request)
        paged += [each.name.removeprefix("products/") for each in reply.products]
        request.page_token = reply.next_page_token
    assert (paged, request.page_token) == (whole, "")


@pytest.mark.usefixtures("shelf")
async def test_a_token_belongs_to_its_query(platform: Client) -> None:
    request = catalog_service_pb2.SearchProductsRequest(query="果", page_size=1)
    request.page_token = (await platform.SearchProducts(request)).next_page_token
    request.query = "苹"
    with pytest.raises(HutongError) as raised:
        await platform.SearchProducts(request)
    assert raised.value.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("query", ["", " ", "\u3000", "a\x00", "x" * 121])
async def test_a_query_without_anything_to_search_for_is_refused(
    platform: Client, query: str
) -> None:
    with pytest.raises(HutongError) as raised:
        await search(platform, query)
    assert raised.value.kind is ErrorKind.INVALID_ARGUMENT
    assert raised.value.violations[0][0] == "query"


@pytest.mark.usefixtures("shelf")
async def test_a_search_stays_in_its_department_and_its_chain(
    world: World, platform: Client
) -> None:
    await platform.BatchCreateProducts(creation(named("soap", "苹果皂", "household")))
    assert await search(platform, "苹果", department="household") == ["soap"]
    assert await search(platform, "苹果", department="dairy") == []
    assert await search(Chain(world).client("customer", customer="customers/c1"), "苹果") == []


@pytest.mark.usefixtures("shelf")
async def test_a_new_name_is_found_at_once_and_the_old_one_no_more(platform: Client) -> None:
    update = catalog_service_pb2.UpdateProductRequest(product=named("fruit", "梨"))
    update.update_mask.paths.append("display_name")
    await platform.UpdateProduct(update)
    assert await search(platform, "梨") == ["fruit"]
    assert "fruit" not in await search(platform, "果")


async def test_departments_are_listed_with_the_number_of_their_products(
    world: World, platform: Client
) -> None:
    departments = ["dairy", "household", "dairy", "fresh-fruit"]
    await platform.BatchCreateProducts(
        creation(*(named(f"p{i}", "x", each) for i, each in enumerate(departments)))
    )
    request = catalog_service_pb2.ListDepartmentsRequest(page_size=2)
    first = await platform.ListDepartments(request)
    request.page_token = first.next_page_token
    second = await platform.ListDepartments(request)
    listed = [*first.departments, *second.departments]
    assert [(each.department, each.product_count) for each in listed] == [
        ("dairy", 2),
        ("fresh-fruit", 1),
        ("household", 1),
    ]
    assert second.next_page_token == ""
    nobody = (
        await Chain(world)
        .client("platform")
        .ListDepartments(catalog_service_pb2.ListDepartmentsRequest())
    )
    assert list(nobody.departments) == []


@pytest.mark.parametrize("query", ["果", "苹果", "c", "coca", "礼盒 苹果"])
async def test_a_search_is_answered_by_the_index(world: World, query: str) -> None:
    """Also where the range is large: a scan of it is never the plan."""
    tenant = Chain(world).tenant
    async with world.database("catalog").transaction() as tx:
        await tx.run(
            """
            insert into product
                   (tenant, sku, display_name, department, unit, version, created_at, updated_at)
            select $1, 'p' || i, chr(19968 + i % 9973) || chr(20000 + i % 997) || ' no ' || i,
                   'food', 'each', 1, now(), now()
              from generate_series(1, 3000) as i
            """,
            tenant,
        )
        await tx.run("analyze product")
        plan = await tx.rows(
            "explain (analyze, costs off, timing off, summary off) " + product_rows.SEARCH,
            tenant,
            query,
            "",
            -1,
            0,
            "",
            51,
        )
        text = "\n".join(line for (line,) in plan)
        assert "Bitmap Index Scan on product_by_gram" in text, text
        assert "Seq Scan on product" not in text, text
        await tx.run("delete from product where tenant = $1", tenant)
