"""The servicer: converts, calls one use case, converts."""

from __future__ import annotations

from collections.abc import AsyncIterator

from chassis.kernel import names
from chassis.messaging.board import Board
from chassis.messaging.coalescer import Coalescer
from chassis.rpc.batch import answer_batch
from chassis.rpc.call import Call
from chassis.rpc.paging import page_request
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, catalog_service_pb2_grpc
from services.catalog.convert import parity as parity_convert
from services.catalog.convert import prices as price_convert
from services.catalog.convert import products as product_convert
from services.catalog.convert import stock as stock_convert
from services.catalog.domain.prices import BasketQuote, BasketToQuote, WatchedPrices
from services.catalog.usecases.parity import Parity
from services.catalog.usecases.prices import Prices
from services.catalog.usecases.products import Products
from services.catalog.usecases.stock import StoreStocks


class CatalogApi(catalog_service_pb2_grpc.CatalogServiceServicer):
    """CatalogService over the catalog's use cases."""

    def __init__(
        self,
        products: Products,
        prices: Prices,
        parity: Parity,
        stocks: StoreStocks,
        quote_lane: Coalescer[BasketToQuote, BasketQuote],
        board: Board[WatchedPrices],
    ) -> None:
        self._products = products
        self._prices = prices
        self._parity = parity
        self._stocks = stocks
        self._quote_lane = quote_lane
        self._board = board

    async def BatchCreateProducts(
        self, request: catalog_service_pb2.BatchCreateProductsRequest, call: Call
    ) -> bytes:
        once = call.once(request, distribution_key=call.tenant, database=self._products.database)
        return await self._products.create_products(
            once,
            call.tenant,
            product_convert.new_products(request),
            encode=product_convert.created_products_bytes,
        )

    async def UpdateProduct(
        self, request: catalog_service_pb2.UpdateProductRequest, call: Call
    ) -> catalog_pb2.Product:
        sku, edit = product_convert.product_edit(request)
        return product_convert.product_message(
            await self._products.update_product(call.tenant, sku, edit)
        )

    async def GetProduct(
        self, request: catalog_service_pb2.GetProductRequest, call: Call
    ) -> catalog_pb2.Product:
        sku = names.parse_product(request.name, at="name")
        return product_convert.product_message(await self._products.get_product(call.tenant, sku))

    async def ListProducts(
        self, request: catalog_service_pb2.ListProductsRequest, call: Call
    ) -> catalog_service_pb2.ListProductsResponse:
        store = stock_convert.store_or_none(request.store, call.tenant)
        listing = f"{call.method}/{call.tenant}/{request.department}"
        asked = page_request(size=request.page_size, token=request.page_token, listing=listing)
        products = await self._products.list_products(
            call.tenant, department=request.department, after=asked.after, rows_max=asked.size + 1
        )
        page = asked.page(products, key=lambda product: product.sku)
        has = await self._stocks.availabilities(store, [product.sku for product in page.rows])
        return catalog_service_pb2.ListProductsResponse(
            products=[
                product_convert.product_message(product, has.get(product.sku))
                for product in page.rows
            ],
            next_page_token=page.next_token,
        )

    async def SearchProducts(
        self, request: catalog_service_pb2.SearchProductsRequest, call: Call
    ) -> catalog_service_pb2.SearchProductsResponse:
        store = stock_convert.store_or_none(request.store, call.tenant)
        listing = f"{call.method}/{call.tenant}/{request.department}/{request.query}"
        asked = page_request(size=request.page_size, token=request.page_token, listing=listing)
        found = await self._products.search_products(
            call.tenant,
            request.query,
            department=request.department,
            after=product_convert.match_of_key(asked.after),
            rows_max=asked.size + 1,
        )
        page = asked.page(found, key=lambda each: product_convert.match_key(each.match))
        has = await self._stocks.availabilities(store, [each.product.sku for each in page.rows])
        return catalog_service_pb2.SearchProductsResponse(
            products=[
                product_convert.product_message(each.product, has.get(each.product.sku))
                for each in page.rows
            ],
            next_page_token=page.next_token,
        )

    async def ListDepartments(
        self, request: catalog_service_pb2.ListDepartmentsRequest, call: Call
    ) -> catalog_service_pb2.ListDepartmentsResponse:
        listing = f"{call.method}/{call.tenant}"
        asked = page_request(size=request.page_size, token=request.page_token, listing=listing)
        departments = await self._products.list_departments(
            call.tenant, after=asked.after, rows_max=asked.size + 1
        )
        page = asked.page(departments, key=lambda each: each.department)
        return catalog_service_pb2.ListDepartmentsResponse(
            departments=[product_convert.department_message(each) for each in page.rows],
            next_page_token=page.next_token,
        )

    async def LookUpBarcode(
        self, request: catalog_service_pb2.LookUpBarcodeRequest, call: Call
    ) -> catalog_pb2.ScannedItem:
        store = names.parse_store(request.parent, call.tenant)
        channel = price_convert.channel_of(request.channel, call)
        scanned = await self._prices.look_up_barcode(
            call.tenant, store, request.barcode, channel=channel
        )
        return price_convert.scanned_message(scanned)

    async def ChangePrices(
        self, request: catalog_service_pb2.ChangePricesRequest, call: Call
    ) -> bytes:
        store = names.parse_store(request.parent, call.tenant)
        once = call.once(request, distribution_key=store, database=self._prices.database)
        return await self._prices.change_prices(
            once,
            call.tenant,
            store,
            price_convert.price_changes(request),
            during=price_convert.range_of(request),
            encode=price_convert.changed_prices_bytes,
        )

    async def GetPrice(
        self, request: catalog_service_pb2.GetPriceRequest, call: Call
    ) -> catalog_pb2.Price:
        store, sku = names.parse_in_store(names.PRICE, request.name, call.tenant)
        channel = price_convert.channel_of(request.channel, call)
        return price_convert.price_message(
            await self._prices.get_price(store, sku, channel=channel)
        )

    async def ListPrices(
        self, request: catalog_service_pb2.ListPricesRequest, call: Call
    ) -> catalog_service_pb2.ListPricesResponse:
        store = names.parse_store(request.parent, call.tenant)
        channel = price_convert.channel_of(request.channel, call)
        listing = f"{call.method}/{store}/{channel}"
        asked = page_request(size=request.page_size, token=request.page_token, listing=listing)
        prices = await self._prices.list_prices(
            store, channel=channel, after=asked.after, rows_max=asked.size + 1
        )
        page = asked.page(prices, key=lambda price: price.sku)
        has = await self._stocks.availabilities(store, [price.sku for price in page.rows])
        return catalog_service_pb2.ListPricesResponse(
            prices=[price_convert.price_message(price, has.get(price.sku)) for price in page.rows],
            next_page_token=page.next_token,
        )

    async def ListPriceVersions(
        self, request: catalog_service_pb2.ListPriceVersionsRequest, call: Call
    ) -> catalog_service_pb2.ListPriceVersionsResponse:
        store, sku = names.parse_in_store(names.PRICE, request.parent, call.tenant, at="parent")
        listing = f"{call.method}/{store}/{sku}"
        asked = page_request(size=request.page_size, token=request.page_token, listing=listing)
        before = price_convert.number_of_key(asked.after)
        versions = await self._prices.list_price_versions(
            store, sku, before=before, rows_max=asked.size + 1
        )
        page = asked.page(versions, key=lambda price: str(price.version))
        return catalog_service_pb2.ListPriceVersionsResponse(
            prices=[price_convert.price_message(price) for price in page.rows],
            next_page_token=page.next_token,
        )

    async def QuoteBasket(
        self, request: catalog_service_pb2.QuoteBasketRequest, call: Call
    ) -> catalog_pb2.BasketQuote:
        basket = price_convert.basket(request, call)
        quoted = await self._quote_lane.submit(basket, deadline=call.deadline)
        return price_convert.basket_quote_message(quoted)

    async def BatchQuoteBaskets(
        self, request: catalog_service_pb2.BatchQuoteBasketsRequest, call: Call
    ) -> catalog_service_pb2.BatchQuoteBasketsResponse:
        return await answer_batch(
            request,
            call,
            catalog_service_pb2.BatchQuoteBasketsResponse(),
            command=price_convert.basket,
            run=self._prices.quote_baskets,
            field="quote",
            convert=price_convert.basket_quote_message,
        )

    async def WithdrawPrice(
        self, request: catalog_service_pb2.WithdrawPriceRequest, call: Call
    ) -> bytes:
        store, sku = names.parse_in_store(names.PRICE, request.name, call.tenant)
        return await self._prices.withdraw_price(
            call.once(request, distribution_key=store, database=self._prices.database),
            store,
            sku,
            request.version,
            actor=call.caller.principal,
            why=request.reason,
            encode=price_convert.price_bytes,
        )

    async def ReportShownPrices(
        self, request: catalog_service_pb2.ReportShownPricesRequest, call: Call
    ) -> catalog_service_pb2.ReportShownPricesResponse:
        report = parity_convert.report(request, call)
        instead = await self._parity.report(call.tenant, report)
        return catalog_service_pb2.ReportShownPricesResponse(
            prices=[price_convert.price_message(price) for price in instead]
        )

    async def ListPriceDisagreements(
        self, request: catalog_service_pb2.ListPriceDisagreementsRequest, call: Call
    ) -> catalog_service_pb2.ListPriceDisagreementsResponse:
        store = names.parse_store(request.parent, call.tenant)
        listing = f"{call.method}/{store}/{request.include_resolved}"
        asked = page_request(size=request.page_size, token=request.page_token, listing=listing)
        found = await self._parity.list_disagreements(
            store,
            before=price_convert.number_of_key(asked.after),
            with_resolved=request.include_resolved,
            rows_max=asked.size + 1,
        )
        page = asked.page(found, key=lambda each: str(each.number))
        return catalog_service_pb2.ListPriceDisagreementsResponse(
            price_disagreements=[parity_convert.disagreement_message(each) for each in page.rows],
            next_page_token=page.next_token,
        )

    def WatchPrices(
        self, request: catalog_service_pb2.WatchPricesRequest, call: Call
    ) -> AsyncIterator[bytes]:
        watched, skus = price_convert.watched(request, call)
        return self._board.follow(watched, keys=skus, token=request.resume_token)
