"""What devices show, and disagreements, between messages and values."""

from __future__ import annotations

from datetime import UTC

from google.protobuf.message import Message

from chassis.kernel import names
from chassis.kernel.errors import InvalidInput
from chassis.kernel.names import StoreId
from chassis.messaging.outbox import Event
from chassis.rpc.call import Call
from chassis.rpc.values import money_from_proto, money_to_proto, wire_bytes
from hutong.catalog.v1 import catalog_service_pb2, events_pb2, parity_pb2
from services.catalog.domain.parity import (
    Device,
    Disagreement,
    Report,
    ShownChange,
    ShownPrice,
    Surface,
)

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
        shown=_shown_message(found.shown),
        price_version=found.price_version or 0,
        first_seen_time=found.first_seen_at,
        resolve_time=found.resolved_at,
    )
    if found.unit_price is not None:
        message.unit_price.CopyFrom(money_to_proto(found.unit_price))
    return message


def shown_changed(change: ShownChange) -> Event:
    """The event that a device shows other prices, or that it was given up."""
    device = change.device
    message = events_pb2.ShownPricesChanged(
        store=names.STORE.format(device.store),
        surface=_SURFACE_NUMBERS[device.surface],
        device=device.device,
        prices=[_shown_message(shown) for shown in change.prices],
        lost_products=[names.PRODUCT.format(sku) for sku in change.lost],
        report_time=change.at,
    )
    name = names.PRICE_SURFACE.format(device.store, f"{device.surface}-{device.device}")
    return _event(device.store, name, sequence=change.version, message=message)


def disagreement_changed(found: Disagreement) -> Event:
    """The event that a disagreement was seen, is another by now, or is over."""
    message = events_pb2.PriceDisagreementChanged(price_disagreement=disagreement_message(found))
    return _event(
        found.device.store,
        message.price_disagreement.name,
        sequence=found.version,
        message=message,
    )


def _event(store: StoreId, name: str, *, sequence: int, message: Message) -> Event:
    return Event(
        distribution_key=store,
        aggregate=f"{names.tenant_of(store)}/{name}",
        sequence=sequence,
        type=message.DESCRIPTOR.full_name,
        data=wire_bytes(message),
    )


def _shown_message(shown: ShownPrice) -> parity_pb2.ShownPrice:
    return parity_pb2.ShownPrice(
        product=names.PRODUCT.format(shown.sku),
        price_version=shown.version,
        unit_price=money_to_proto(shown.unit_price),
    )
