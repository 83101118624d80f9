"""Between messages and values; the only file that knows both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel import names
from chassis.kernel.errors import InvalidInput, PageTokenInvalid
from chassis.messaging.outbox import Event
from chassis.rpc.call import Call
from chassis.rpc.masks import paths_of
from chassis.rpc.values import (
    money_from_proto,
    money_to_proto,
    unit_from_proto,
    unit_to_proto,
    wire_bytes,
)
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, events_pb2
from pricing.basket import BasketLine
from pricing.quote import QuotedLine
from services.catalog import domain
from services.catalog.domain import (
    BasketQuote,
    BasketToQuote,
    Department,
    Match,
    NewProduct,
    PriceChange,
    Product,
    ProductEdit,
    Scanned,
    StorePrice,
)

_UPDATABLE = frozenset({"display_name", "department", "barcodes"})
VERSION_MAX = 2**63 - 1
_VERSION_KEY = re.compile(r"[0-9]{1,18}")
_MATCH_KEY = re.compile(r"([0-4])/([0-9]{1,6})/(.+)")


def new_products(
    request: catalog_service_pb2.BatchCreateProductsRequest,
) -> list[NewProduct]:
    """The products to add; NameInvalid or BarcodeInvalid, naming the field."""
    return [
        NewProduct(
            sku=names.parse_product(message.name, at=f"products[{i}].name"),
            display_name=message.display_name,
            department=message.department,
            unit=unit_from_proto(message.unit),
            barcodes=domain.kept_barcodes(message.barcodes, at=f"products[{i}].barcodes"),
        )
        for i, message in enumerate(request.products)
    ]


def product_edit(request: catalog_service_pb2.UpdateProductRequest) -> tuple[str, ProductEdit]:
    """The SKU, and what the mask changes of it; only what the mask names is looked at.

    FieldMaskInvalid, NameInvalid, BarcodeInvalid, and InvalidInput for a product's other limits.
    """
    paths = paths_of(request.update_mask, allowed=_UPDATABLE)
    message = request.product
    sku = names.parse_product(message.name, at="product.name")
    display_name = message.display_name if "display_name" in paths else None
    department = message.department if "department" in paths else None
    domain.require_edit(display_name, department, at="product")
    barcodes = None
    if "barcodes" in paths:
        domain.require_barcode_list(message.barcodes, at="product.barcodes")
        barcodes = domain.kept_barcodes(message.barcodes, at="product.barcodes")
    return sku, ProductEdit(display_name, department, barcodes)


def price_changes(request: catalog_service_pb2.ChangePricesRequest) -> list[PriceChange]:
    """The new prices; NameInvalid or AmountTooLarge, naming the field."""
    return [
        PriceChange(
            sku=names.parse_product(change.product, at=f"changes[{i}].product"),
            unit_price=money_from_proto(change.unit_price, at=f"changes[{i}].unit_price"),
        )
        for i, change in enumerate(request.changes)
    ]


def start_of(request: catalog_service_pb2.ChangePricesRequest) -> datetime | None:
    """When new prices are to start, None for now; InvalidInput for an impossible time."""
    return _instant_or_none(request, "start_time")


def version_of_key(key: str) -> int:
    """The version behind which a page begins, past all for ""; PageTokenInvalid."""
    if not key:
        return VERSION_MAX
    if _VERSION_KEY.fullmatch(key) is None:
        raise PageTokenInvalid.at("page_token", "is not a token of this list")
    return int(key)


def basket(request: catalog_service_pb2.QuoteBasketRequest, call: Call) -> BasketToQuote:
    """The basket of a QuoteBasketRequest; NameInvalid, or InvalidInput for an impossible time."""
    return BasketToQuote(
        tenant=call.tenant,
        store=names.parse_store(request.parent, call.tenant),
        lines=tuple(
            BasketLine(
                sku=names.parse_product(line.product, at=f"lines[{i}].product"),
                quantity=line.quantity,
                unit=unit_from_proto(line.unit),
                shown_versions=(line.shown_price_version,) if line.shown_price_version else (),
            )
            for i, line in enumerate(request.lines)
        ),
        at=_instant_or_none(request, "quote_time"),
    )


def product_message(product: Product) -> catalog_pb2.Product:
    """The product as the contract has it."""
    return catalog_pb2.Product(
        name=names.PRODUCT.format(product.sku),
        display_name=product.display_name,
        department=product.department,
        unit=unit_to_proto(product.unit),
        barcodes=product.barcodes,
        create_time=product.created_at,
        update_time=product.updated_at,
    )


def department_message(department: Department) -> catalog_pb2.Department:
    """The department as the contract has it."""
    return catalog_pb2.Department(
        department=department.department, product_count=department.product_count
    )


def match_key(match: Match) -> str:
    """The match as a page token keeps it."""
    return f"{match.rank}/{match.name_characters}/{match.sku}"


def match_of_key(key: str) -> Match:
    """The match that match_key described, before all of them for ""; PageTokenInvalid."""
    if not key:
        return domain.BEFORE_ALL_MATCHES
    read = _MATCH_KEY.fullmatch(key)
    if read is None:
        raise PageTokenInvalid.at("page_token", "is not a token of this list")
    return Match(int(read[1]), int(read[2]), read[3])


def price_message(price: StorePrice) -> catalog_pb2.Price:
    """The price as the contract has it."""
    return catalog_pb2.Price(
        name=names.PRICE.format(price.store, price.sku),
        unit_price=money_to_proto(price.unit_price),
        version=price.version,
        start_time=price.starts_at,
        unit=unit_to_proto(price.unit),
    )


def scanned_message(scanned: Scanned) -> catalog_pb2.ScannedItem:
    """The scanned item as the contract has it."""
    return catalog_pb2.ScannedItem(
        product=product_message(scanned.product),
        price=price_message(scanned.price),
        quantity=scanned.quantity,
        line_total=money_to_proto(scanned.line_total),
    )


def basket_quote_message(quoted: BasketQuote) -> catalog_pb2.BasketQuote:
    """The quote as the contract has it."""
    return catalog_pb2.BasketQuote(
        store=names.STORE.format(quoted.store),
        lines=[
            _line_message(line, display_name=quoted.display_names[line.sku])
            for line in quoted.quote.lines
        ],
        total=money_to_proto(quoted.quote.total),
        quote_time=quoted.at,
    )


def created_products_bytes(products: Sequence[Product]) -> bytes:
    """The answer to BatchCreateProducts."""
    reply = catalog_service_pb2.BatchCreateProductsResponse(
        products=[product_message(product) for product in products]
    )
    return wire_bytes(reply)


def changed_prices_bytes(prices: Sequence[StorePrice]) -> bytes:
    """The answer to ChangePrices."""
    reply = catalog_service_pb2.ChangePricesResponse(
        prices=[price_message(price) for price in prices]
    )
    return wire_bytes(reply)


def product_events(tenant: str, products: Sequence[Product]) -> list[Event]:
    """A ProductChanged for each, numbered by the product's version."""
    events = []
    for product in products:
        message = product_message(product)
        events.append(
            Event(
                distribution_key=tenant,
                aggregate=f"{tenant}/{message.name}",
                sequence=product.version,
                type=events_pb2.ProductChanged.DESCRIPTOR.full_name,
                data=wire_bytes(events_pb2.ProductChanged(product=message)),
            )
        )
    return events


def price_events(prices: Sequence[StorePrice]) -> list[Event]:
    """A PriceChanged for each, numbered by the price's version."""
    events = []
    for price in prices:
        message = price_message(price)
        events.append(
            Event(
                distribution_key=price.store,
                aggregate=f"{names.tenant_of(price.store)}/{message.name}",
                sequence=price.version,
                type=events_pb2.PriceChanged.DESCRIPTOR.full_name,
                data=wire_bytes(events_pb2.PriceChanged(price=message)),
            )
        )
    return events


def _line_message(line: QuotedLine, *, display_name: str) -> catalog_pb2.QuotedLine:
    message = catalog_pb2.QuotedLine(
        product=names.PRODUCT.format(line.sku),
        display_name=display_name,
        quantity=line.quantity,
        unit=unit_to_proto(line.unit),
        unit_price=money_to_proto(line.unit_price),
        price_version=line.price_version,
        line_total=money_to_proto(line.line_total),
    )
    if line.shown is not None:
        message.shown_price_version = line.shown.version
        message.shown_unit_price.CopyFrom(money_to_proto(line.shown.unit_price))
    return message


def _instant_or_none(request: Message, field: str) -> datetime | None:
    if not request.HasField(field):
        return None
    message: Timestamp = getattr(request, field)
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidInput.at(field, "is not a time") from None
