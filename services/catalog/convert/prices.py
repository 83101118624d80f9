"""Prices, quotes and scanned codes between messages and values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel import names
from chassis.kernel.errors import InvalidInput, PageTokenInvalid
from chassis.messaging.board import Mark
from chassis.messaging.outbox import Event
from chassis.rpc.call import Call
from chassis.rpc.values import (
    money_from_proto,
    money_to_proto,
    timestamp_of,
    unit_from_proto,
    unit_to_proto,
    wire_bytes,
)
from hutong.catalog.v1 import catalog_pb2, catalog_service_pb2, events_pb2
from pricing import barcode
from pricing.basket import BasketLine
from pricing.quote import QuotedLine
from services.catalog.convert.products import pack_message, product_message
from services.catalog.convert.stock import availability_number
from services.catalog.domain.availability import Availability
from services.catalog.domain.prices import (
    BasketQuote,
    BasketToQuote,
    Channel,
    PriceChange,
    PriceRange,
    Scanned,
    StorePrice,
    ToldPrice,
    WatchedPrice,
    WatchedPrices,
)

_CHANNELS = {
    catalog_pb2.SALES_CHANNEL_TILL: Channel.TILL,
    catalog_pb2.SALES_CHANNEL_ONLINE: Channel.ONLINE,
}
_CHANNEL_NUMBERS = {channel: number for number, channel in _CHANNELS.items()}
_TILL_ROLES = frozenset({"platform", "store_manager", "cashier"})
NUMBER_MAX = 2**63 - 1


_NUMBER_KEY = re.compile(r"[0-9]{1,18}")


def price_changes(request: catalog_service_pb2.ChangePricesRequest) -> list[PriceChange]:
    """The new prices; NameInvalid or AmountTooLarge, naming the field."""
    return [
        PriceChange(
            sku=names.parse_product(change.product, at=f"changes[{i}].product"),
            unit_price=money_from_proto(change.unit_price, at=f"changes[{i}].unit_price"),
        )
        for i, change in enumerate(request.changes)
    ]


def range_of(request: catalog_service_pb2.ChangePricesRequest) -> PriceRange:
    """When and where new prices are to be asked; InvalidInput for an impossible time."""
    return PriceRange(
        start=_instant_or_none(request, "start_time"),
        end=_instant_or_none(request, "end_time"),
        channel=_CHANNELS.get(request.channel),
    )


def channel_of(asked: catalog_pb2.SalesChannel, call: Call) -> Channel:
    """The channel that is asked about; if none is named the caller's: the till for staff."""
    is_staff = bool(call.caller.roles & _TILL_ROLES)
    return _CHANNELS.get(asked, Channel.TILL if is_staff else Channel.ONLINE)


def number_of_key(key: str) -> int:
    """The number before which a page of a descending list begins, past all for "".

    PageTokenInvalid if it is none.
    """
    if not key:
        return NUMBER_MAX
    if _NUMBER_KEY.fullmatch(key) is None:
        raise PageTokenInvalid.at("page_token", "is not a token of this list")
    return int(key)


def basket(request: catalog_service_pb2.QuoteBasketRequest, call: Call) -> BasketToQuote:
    """The basket of a QuoteBasketRequest.

    NameInvalid, InvalidInput for an impossible time, BarcodeInvalid or BarcodeUnknown for a label.
    """
    return BasketToQuote(
        tenant=call.tenant,
        store=names.parse_store(request.parent, call.tenant),
        lines=tuple(
            BasketLine(
                sku=names.parse_product(line.product, at=f"lines[{i}].product"),
                quantity=line.quantity,
                unit=unit_from_proto(line.unit),
                shown_versions=(line.shown_price_version,) if line.shown_price_version else (),
                label=barcode.scanned_label(line.label, at=f"lines[{i}].label")
                if line.label
                else None,
            )
            for i, line in enumerate(request.lines)
        ),
        channel=channel_of(request.channel, call),
        at=_instant_or_none(request, "quote_time"),
    )


def price_message(price: StorePrice, availability: Availability | None = None) -> catalog_pb2.Price:
    """The price as the contract has it."""
    message = catalog_pb2.Price(
        name=names.PRICE.format(price.store, price.sku),
        unit_price=money_to_proto(price.unit_price),
        version=price.version,
        start_time=price.starts_at,
        unit=unit_to_proto(price.unit),
        end_time=price.ends_at,
        availability=availability_number(availability),
    )
    if price.channel is not None:
        message.channel = _CHANNEL_NUMBERS[price.channel]
    if price.withdrawn is not None:
        message.withdraw_time.FromDatetime(price.withdrawn.at)
        message.withdraw_reason = price.withdrawn.why
        message.withdrawn_by = price.withdrawn.actor
    return message


def watched(
    request: catalog_service_pb2.WatchPricesRequest, call: Call
) -> tuple[WatchedPrices, frozenset[str] | None]:
    """The prices of a WatchPricesRequest, and the SKUs unless it is all of them."""
    store = names.parse_store(request.parent, call.tenant)
    skus = frozenset(
        names.parse_product(product, at=f"products[{i}]")
        for i, product in enumerate(request.products)
    )
    return WatchedPrices(store, channel_of(request.channel, call)), skus or None


def watched_part(watched_price: WatchedPrice) -> bytes:
    """The part of a WatchPricesResponse that tells a price, or that it is not asked any more."""
    message = catalog_service_pb2.WatchPricesResponse()
    if watched_price.price is None:
        name = names.PRICE.format(watched_price.among.store, watched_price.sku)
        message.ended_prices.append(name)
    else:
        message.prices.append(price_message(watched_price.price))
    return wire_bytes(message)


def watch_mark(mark: Mark) -> bytes:
    """The part of a WatchPricesResponse that says where it is in the stream."""
    return wire_bytes(
        catalog_service_pb2.WatchPricesResponse(
            resume_token=mark.token,
            is_reset=mark.is_reset,
            is_snapshot=mark.is_snapshot,
            is_current=mark.is_current,
        )
    )


def scanned_message(scanned: Scanned) -> catalog_pb2.ScannedItem:
    """The scanned item as the contract has it."""
    return catalog_pb2.ScannedItem(
        product=product_message(scanned.product),
        price=price_message(scanned.price),
        quantity=scanned.quantity,
        line_total=money_to_proto(scanned.line_total),
        pack=None if scanned.pack is None else pack_message(scanned.pack),
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
        quote_time=timestamp_of(quoted.at),
        channel=_CHANNEL_NUMBERS[quoted.channel],
    )


def changed_prices_bytes(prices: Sequence[StorePrice]) -> bytes:
    """The answer to ChangePrices."""
    reply = catalog_service_pb2.ChangePricesResponse(
        prices=[price_message(price) for price in prices]
    )
    return wire_bytes(reply)


def price_bytes(price: StorePrice) -> bytes:
    """The answer to WithdrawPrice."""
    return wire_bytes(price_message(price))


def price_events(prices: Sequence[ToldPrice]) -> list[Event]:
    """A PriceChanged for each, or a PriceWithdrawn if it was withdrawn."""
    events = []
    for told in prices:
        message = price_message(told.price)
        kind = (
            events_pb2.PriceChanged if told.price.withdrawn is None else events_pb2.PriceWithdrawn
        )
        events.append(
            Event(
                distribution_key=told.price.store,
                aggregate=f"{names.tenant_of(told.price.store)}/{message.name}",
                sequence=told.sequence,
                type=kind.DESCRIPTOR.full_name,
                data=wire_bytes(kind(price=message)),
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
        label=line.label,
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
