"""Products between messages and values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chassis.kernel import names
from chassis.kernel.errors import PageTokenInvalid
from chassis.messaging.outbox import Event
from chassis.rpc.masks import paths_of
from chassis.rpc.values import (
    unit_from_proto,
    unit_to_proto,
    wire_bytes,
)
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, events_pb2
from services.catalog.convert.stock import availability_number
from services.catalog.domain import products as domain
from services.catalog.domain.availability import Availability
from services.catalog.domain.products import (
    Department,
    Match,
    NewProduct,
    Pack,
    PackKind,
    Product,
    ProductEdit,
)

_UPDATABLE = frozenset({"display_name", "department", "barcodes", "packs"})

_PACK_KINDS = {
    catalog_pb2.PACK_KIND_EACH: PackKind.EACH,
    catalog_pb2.PACK_KIND_INNER: PackKind.INNER,
    catalog_pb2.PACK_KIND_CASE: PackKind.CASE,
}
_PACK_KIND_NUMBERS = {kind: number for number, kind in _PACK_KINDS.items()}

_MATCH_KEY = re.compile(r"([0-4])/([0-9]{1,6})/(.+)")


def new_products(
    request: catalog_service_pb2.BatchCreateProductsRequest,
) -> list[NewProduct]:
    """The products to add; NameInvalid, BarcodeInvalid, PackNotCounted, naming the field."""
    return [
        _new_product(message, at=f"products[{i}]") for i, message in enumerate(request.products)
    ]


def _new_product(message: catalog_pb2.Product, *, at: str) -> NewProduct:
    sku = names.parse_product(message.name, at=f"{at}.name")
    unit = unit_from_proto(message.unit)
    packs = _packs(message.packs, at=f"{at}.packs")
    domain.require_counted(sku, unit, packs, at=f"{at}.packs")
    return NewProduct(
        sku=sku,
        display_name=message.display_name,
        department=message.department,
        unit=unit,
        barcodes=domain.kept_barcodes(message.barcodes, at=f"{at}.barcodes"),
        packs=packs,
    )


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
    packs = None
    if "packs" in paths:
        for i, pack in enumerate(message.packs):
            domain.require_barcode_list(pack.barcodes, at=f"product.packs[{i}].barcodes")
        packs = _packs(message.packs, at="product.packs")
    return sku, ProductEdit(display_name, department, barcodes, packs)


def _packs(messages: Sequence[catalog_pb2.Pack], *, at: str) -> tuple[Pack, ...]:
    """Packs in the order in which they are answered; InvalidInput or BarcodeInvalid."""
    packs = [
        Pack(
            pack=message.pack,
            kind=_PACK_KINDS.get(message.kind, PackKind.EACH),
            pieces=message.pieces,
            barcodes=domain.kept_pack_barcodes(message.barcodes, at=f"{at}[{i}].barcodes"),
        )
        for i, message in enumerate(messages)
    ]
    domain.require_packs(packs, at=at)
    return tuple(sorted(packs, key=lambda pack: (pack.pieces, pack.pack)))


def product_message(
    product: Product, availability: Availability | None = None
) -> catalog_pb2.Product:
    """The product as the contract has it."""
    return catalog_pb2.Product(
        name=names.PRODUCT.format(product.sku),
        display_name=product.display_name,
        department=product.department,
        unit=unit_to_proto(product.unit),
        barcodes=product.barcodes,
        create_time=product.created_at,
        update_time=product.updated_at,
        packs=[pack_message(pack) for pack in product.packs],
        gtins=product.gtins,
        availability=availability_number(availability),
    )


def pack_message(pack: Pack) -> catalog_pb2.Pack:
    """The pack as the contract has it."""
    return catalog_pb2.Pack(
        pack=pack.pack,
        kind=_PACK_KIND_NUMBERS[pack.kind],
        pieces=pack.pieces,
        barcodes=pack.barcodes,
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


def created_products_bytes(products: Sequence[Product]) -> bytes:
    """The answer to BatchCreateProducts."""
    reply = catalog_service_pb2.BatchCreateProductsResponse(
        products=[product_message(product) for product in products]
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
