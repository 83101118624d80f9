"""What devices show, and disagreements, between messages and values."""

from __future__ import annotations

from datetime import UTC

from chassis.kernel import names
from chassis.kernel.errors import InvalidInput
from chassis.rpc.call import Call
from chassis.rpc.values import money_from_proto, money_to_proto
from hutong.catalog.v1 import catalog_service_pb2, parity_pb2
from services.catalog.domain.parity import Device, Disagreement, Report, ShownPrice, Surface

_SURFACES = {
    parity_pb2.PRICE_SURFACE_SHELF_LABEL: Surface.SHELF_LABEL,
    parity_pb2.PRICE_SURFACE_TILL: Surface.TILL,
    parity_pb2.PRICE_SURFACE_APP: Surface.APP,
}
_SURFACE_NUMBERS = {surface: number for number, surface in _SURFACES.items()}


def report(request: catalog_service_pb2.ReportShownPricesRequest, call: Call) -> Report:
    """What a device shows; NameInvalid, AmountTooLarge, or InvalidInput for an impossible time."""
    try:
        at = request.report_time.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidInput.at("report_time", "is not a time") from None
    return Report(
        device=Device(
            store=names.parse_store(request.parent, call.tenant),
            surface=_SURFACES[request.surface],
            device=request.device,
        ),
        prices=tuple(
            ShownPrice(
                sku=names.parse_product(shown.product, at=f"prices[{i}].product"),
                version=shown.price_version,
                unit_price=money_from_proto(shown.unit_price, at=f"prices[{i}].unit_price"),
            )
            for i, shown in enumerate(request.prices)
        ),
        at=at,
    )


def disagreement_message(found: Disagreement) -> parity_pb2.PriceDisagreement:
    """The disagreement as the contract has it."""
    message = parity_pb2.PriceDisagreement(
        name=names.PRICE_DISAGREEMENT.format(found.device.store, str(found.number)),
        surface=_SURFACE_NUMBERS[found.device.surface],
        device=found.device.device,
        shown=parity_pb2.ShownPrice(
            product=names.PRODUCT.format(found.shown.sku),
            price_version=found.shown.version,
            unit_price=money_to_proto(found.shown.unit_price),
        ),
        price_version=found.price_version or 0,
        first_seen_time=found.first_seen_at,
        resolve_time=found.resolved_at,
    )
    if found.unit_price is not None:
        message.unit_price.CopyFrom(money_to_proto(found.unit_price))
    return message
