"""Orders between protobuf and the domain."""

from __future__ import annotations

from datetime import UTC

from chassis.kernel import names
from chassis.kernel.errors import HutongError, InvalidInput
from chassis.kernel.geo import Position
from chassis.kernel.names import CustomerId, StoreId
from chassis.messaging.outbox import Event
from chassis.rpc.call import Call
from chassis.rpc.values import (
    money_to_proto,
    timestamp_of,
    unit_from_proto,
    unit_to_proto,
    wire_bytes,
)
from hutong.catalog.v1 import catalog_pb2
from hutong.common.v1 import money_pb2, position_pb2, product_quantity_pb2
from hutong.orders.v1 import events_pb2, orders_pb2, orders_service_pb2
from hutong.stores.v1 import stores_pb2, stores_service_pb2
from services.orders.convert.amounts import amount
from services.orders.convert.recorded_sales import recorded_sale, recorded_sale_to_proto
from services.orders.domain.delivery import DeliveryAddress
from services.orders.domain.orders import (
    Basket,
    Fulfilment,
    Order,
    OrderName,
    PlaceOrder,
    PricedLine,
    Purchaser,
    Quote,
    ShownPrice,
    State,
    Tender,
    TenderType,
    Wanted,
)
from services.orders.domain.promises import StoreToday
from services.orders.usecases.reading import aggregate_of

ORDER_CHANGED = events_pb2.OrderChanged.DESCRIPTOR.full_name

CHAIN_ROLES = frozenset({"platform", "service"})
STORE_ROLES = frozenset({"cashier", "store_manager"})
MANAGING_ROLE = "store_manager"
READING_ROLES = STORE_ROLES | {"franchise_owner"}

_FULFILMENTS = {
    orders_pb2.FULFILMENT_CARRY_OUT: Fulfilment.CARRY_OUT,
    orders_pb2.FULFILMENT_PICKUP: Fulfilment.PICKUP,
    orders_pb2.FULFILMENT_DELIVERY: Fulfilment.DELIVERY,
}
_FULFILMENT_NUMBERS = {fulfilment: number for number, fulfilment in _FULFILMENTS.items()}

_OFFERED = {
    stores_pb2.CAPABILITY_CARRY_OUT: Fulfilment.CARRY_OUT,
    stores_pb2.CAPABILITY_PICKUP: Fulfilment.PICKUP,
    stores_pb2.CAPABILITY_DELIVERY: Fulfilment.DELIVERY,
}

_STATE_NUMBERS = {
    State.PLACING: orders_pb2.ORDER_STATE_PLACING,
    State.UNDOING: orders_pb2.ORDER_STATE_PLACING,
    State.PLACED: orders_pb2.ORDER_STATE_PLACED,
    State.READY: orders_pb2.ORDER_STATE_READY,
    State.COMPLETED: orders_pb2.ORDER_STATE_COMPLETED,
    State.REFUSED: orders_pb2.ORDER_STATE_REFUSED,
    State.CANCELLING: orders_pb2.ORDER_STATE_CANCELLING,
    State.CANCELLED: orders_pb2.ORDER_STATE_CANCELLED,
    State.COMPLETING: orders_pb2.ORDER_STATE_COMPLETING,
    State.NEEDS_ATTENTION: orders_pb2.ORDER_STATE_NEEDS_ATTENTION,
}


def reader_of(call: Call, store: StoreId) -> Purchaser:
    """Who wants to see orders of this store: also its owner, who does not sell there."""
    return purchaser_of(call, store, store_roles=READING_ROLES)


def purchaser_of(
    call: Call, store: StoreId, *, store_roles: frozenset[str] = STORE_ROLES
) -> Purchaser:
    """Who asks at this store, as the verified caller says.

    A person may be staff of one store and a customer of all: staff are staff where they work.
    """
    caller = call.caller
    customer = (
        names.parse_customer(caller.customer, call.tenant, at="token") if caller.customer else None
    )
    is_theirs = names.STORE.format(store) in caller.stores
    return Purchaser(
        principal=caller.principal,
        tenant=call.tenant,
        is_staff=bool(caller.roles & CHAIN_ROLES)
        or (is_theirs and bool(caller.roles & store_roles)),
        customer=customer,
        works_here=is_theirs and bool(caller.roles & STORE_ROLES),
        manages_here=is_theirs and MANAGING_ROLE in caller.roles,
    )


def basket(
    request: orders_service_pb2.QuoteOrderRequest | orders_service_pb2.PlaceOrderRequest,
    call: Call,
) -> Basket:
    """What is wanted from which store, and at the till or online.

    How the goods reach the customer decides that; a quote does not say, so there it is who asks.
    """
    store = names.parse_store(request.parent, call.tenant)
    wanted = [
        Wanted(
            names.parse_product(line.product, at=f"lines[{index}].product"),
            line.quantity,
            unit_from_proto(line.unit),
            line.shown_price_version,
            line.label,
        )
        for index, line in enumerate(request.lines)
    ]
    if isinstance(request, orders_service_pb2.PlaceOrderRequest):
        is_at_till = request.fulfilment == orders_pb2.FULFILMENT_CARRY_OUT
    else:
        is_at_till = purchaser_of(call, store).is_staff
    return Basket(store=store, wanted=tuple(wanted), is_at_till=is_at_till)


def place_order(
    request: orders_service_pb2.PlaceOrderRequest,
    call: Call,
    *,
    order_id: str,
    is_uploaded: bool = False,
) -> PlaceOrder:
    """The command in a PlaceOrder request, or in a sale that is uploaded."""
    customer: CustomerId | None = None
    if request.customer:
        customer = names.parse_customer(request.customer, call.tenant)
    expected = None
    if request.HasField("expected_total"):
        expected = amount(request.expected_total, at="expected_total")
    wanted = basket(request, call)
    if request.basket:
        _require_own_basket(request.basket, wanted.store, customer, call)
    return PlaceOrder(
        basket=wanted,
        order_id=order_id,
        fulfilment=_FULFILMENTS[request.fulfilment],
        tender=_tender(request.tender),
        purchaser=purchaser_of(call, wanted.store),
        customer=customer,
        till=request.till,
        expected_total=expected,
        delivery=_delivery(request.delivery) if request.HasField("delivery") else None,
        basket_version=request.basket_version or None,
        traceparent=call.traceparent,
        recorded=recorded_sale(request.recorded_sale, is_uploaded=is_uploaded)
        if request.HasField("recorded_sale")
        else None,
    )


def quoted_promise(
    request: orders_service_pb2.QuoteOrderRequest,
) -> tuple[Fulfilment | None, Position | None]:
    """How the goods of a quote would reach the customer, and where; None if it is not said."""
    to = _position(request.position, at="position") if request.HasField("position") else None
    return _FULFILMENTS.get(request.fulfilment), to


def order_name(name: str, call: Call) -> OrderName:
    """The order that a resource name names."""
    store, order_id = names.parse_in_store(names.ORDER, name, call.tenant)
    return OrderName(store, order_id)


def order_to_proto(order: Order, *, with_delivery: bool) -> orders_pb2.Order:
    """The order as callers see it; where it is brought is for those who may know."""
    message = orders_pb2.Order(
        name=names.ORDER.format(order.store, order.order_id),
        state=_STATE_NUMBERS[order.state],
        fulfilment=_FULFILMENT_NUMBERS[order.fulfilment],
        lines=[_line_to_proto(line) for line in order.lines],
        total=money_to_proto(order.total),
        tender=_tender_to_proto(order.tender),
        customer="" if order.customer is None else names.CUSTOMER.format(order.customer),
        till=order.till,
        placed_by=order.placed_by,
        end_reason=_reason_text(order.end_reason),
        create_time=timestamp_of(order.created_at),
        update_time=timestamp_of(order.updated_at),
        version=order.version,
    )
    if order.change_due is not None:
        message.change_due.CopyFrom(money_to_proto(order.change_due))
    if with_delivery and order.delivery is not None:
        message.delivery.CopyFrom(_delivery_to_proto(order.delivery))
    if order.receipt is not None:
        message.recorded_sale.CopyFrom(recorded_sale_to_proto(order, order.receipt))
    return message


def encode(order: Order) -> tuple[bytes, Event]:
    """The reply to whose request the order answers, in the same bytes each time, and OrderChanged,
    which does not say where it is brought.
    """
    message = order_to_proto(order, with_delivery=order.tells_delivery)
    reply = wire_bytes(message)
    message.ClearField("delivery")
    event = Event(
        distribution_key=order.store,
        aggregate=aggregate_of(order.store, order.order_id),
        sequence=order.version,
        type=ORDER_CHANGED,
        data=wire_bytes(events_pb2.OrderChanged(order=message)),
        traceparent=order.traceparent,
    )
    return reply, event


def quote_from_proto(message: catalog_pb2.BasketQuote) -> Quote:
    """The catalogue's quote."""
    return Quote(
        lines=tuple(
            PricedLine(
                sku=names.parse_product(line.product),
                display_name=line.display_name,
                quantity=line.quantity,
                unit=unit_from_proto(line.unit),
                unit_price=amount(line.unit_price, at="unit_price"),
                price_version=line.price_version,
                line_total=amount(line.line_total, at="line_total"),
                shown=_shown(line),
                label=line.label,
            )
            for line in message.lines
        ),
        total=amount(message.total, at="total"),
        quoted_at=message.quote_time.ToDatetime(tzinfo=UTC),
    )


def quote_to_proto(quote: Quote, *, store: StoreId) -> catalog_pb2.BasketQuote:
    """The quote as callers see it."""
    return catalog_pb2.BasketQuote(
        store=names.STORE.format(store),
        lines=[_line_to_proto(line) for line in quote.lines],
        total=money_to_proto(quote.total),
        quote_time=timestamp_of(quote.quoted_at),
    )


def wanted_to_proto(wanting: Basket) -> list[catalog_pb2.WantedLine]:
    """The wanted lines, as the catalogue takes them."""
    return [
        catalog_pb2.WantedLine(
            product=names.PRODUCT.format(line.sku),
            quantity=line.quantity,
            unit=unit_to_proto(line.unit),
            shown_price_version=line.shown_price_version,
            label=line.label,
        )
        for line in wanting.wanted
    ]


def channel_to_proto(wanting: Basket) -> catalog_pb2.SalesChannel:
    """Whose prices the basket has."""
    if wanting.is_at_till:
        return catalog_pb2.SALES_CHANNEL_TILL
    return catalog_pb2.SALES_CHANNEL_ONLINE


def lines_to_proto(order: Order) -> list[product_quantity_pb2.ProductQuantity]:
    """The order's lines, as other services take them."""
    return [
        product_quantity_pb2.ProductQuantity(
            product=names.PRODUCT.format(line.sku),
            quantity=line.quantity,
            unit=unit_to_proto(line.unit),
        )
        for line in order.lines
    ]


def total_to_proto(order: Order) -> money_pb2.Money:
    """What is to be paid."""
    return money_to_proto(order.total)


def _shown(line: catalog_pb2.QuotedLine) -> ShownPrice | None:
    if not line.HasField("shown_unit_price"):
        return None
    unit_price = amount(line.shown_unit_price, at="shown_unit_price")
    return ShownPrice(line.shown_price_version, unit_price)


def checked_from_proto(
    message: stores_service_pb2.CheckServiceabilityResponse,
) -> StoreToday:
    """What a store says of itself."""
    openness = message.openness
    opens_at = openness.opens_at.ToDatetime(tzinfo=UTC) if openness.HasField("opens_at") else None
    return StoreToday(
        is_open=openness.is_open,
        opens_at=opens_at,
        closure=message.closure.reason,
        offers=frozenset(
            _OFFERED[capability] for capability in message.capabilities if capability in _OFFERED
        ),
        is_out_of_area=message.serviceability == stores_pb2.SERVICEABILITY_OUT_OF_AREA,
    )


def position_to_proto(position: Position) -> position_pb2.Position:
    """The position, as other services take it."""
    return position_pb2.Position(
        latitude_degrees=position.latitude_degrees, longitude_degrees=position.longitude_degrees
    )


def _require_own_basket(name: str, store: StoreId, customer: CustomerId | None, call: Call) -> None:
    """InvalidInput unless it is the basket of the order's customer at the order's store."""
    if names.parse_basket(name, call.tenant, at="basket") != (store, customer):
        raise InvalidInput.at("basket", "must be the basket of the order's customer at its store")


def _delivery(message: orders_pb2.DeliveryAddress) -> DeliveryAddress:
    return DeliveryAddress(
        recipient=message.recipient,
        phone=message.phone,
        street=message.street,
        position=_position(message.position, at="delivery.position"),
        note=message.note,
    )


def _delivery_to_proto(delivery: DeliveryAddress) -> orders_pb2.DeliveryAddress:
    return orders_pb2.DeliveryAddress(
        recipient=delivery.recipient,
        phone=delivery.phone,
        street=delivery.street,
        position=position_to_proto(delivery.position),
        note=delivery.note,
    )


def _position(message: position_pb2.Position, *, at: str) -> Position:
    return Position.of(
        latitude_degrees=message.latitude_degrees,
        longitude_degrees=message.longitude_degrees,
        at=at,
    )


def _tender(message: orders_pb2.Tender) -> Tender:
    if message.WhichOneof("kind") == "cash":
        tendered = amount(message.cash.tendered, at="tender.cash.tendered")
        return Tender(TenderType.CASH, tendered)
    return Tender(TenderType.WALLET)


def _tender_to_proto(tender: Tender) -> orders_pb2.Tender:
    if tender.tendered is not None:
        return orders_pb2.Tender(
            cash=orders_pb2.CashTender(tendered=money_to_proto(tender.tendered))
        )
    return orders_pb2.Tender(wallet=orders_pb2.WalletTender())


def _line_to_proto(line: PricedLine) -> catalog_pb2.QuotedLine:
    message = catalog_pb2.QuotedLine(
        product=names.PRODUCT.format(line.sku),
        display_name=line.display_name,
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


def _reason_text(reason: HutongError | None) -> str:
    return "" if reason is None else f"{reason.reason}: {reason.text}"
