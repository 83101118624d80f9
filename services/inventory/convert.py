"""Protobuf to domain and back; the only file that knows both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chassis.kernel import names
from chassis.kernel.errors import InvalidInput, PageTokenInvalid
from chassis.messaging.board import Mark
from chassis.messaging.outbox import Event
from chassis.rpc.auth import Caller
from chassis.rpc.call import Call
from chassis.rpc.values import timestamp_of, unit_from_proto, unit_to_proto, wire_bytes
from hutong.common.v1 import product_quantity_pb2
from hutong.inventory.v1 import events_pb2, inventory_pb2
from hutong.inventory.v1 import inventory_service_pb2 as service_pb2
from services.inventory.domain.deficits import (
    Count,
    Discrepancy,
    DiscrepancyKey,
    DiscrepancyState,
    ResolveCommand,
)
from services.inventory.domain.reservations import (
    EndCommand,
    Mode,
    Reservation,
    ReservationKey,
    ReserveCommand,
)
from services.inventory.domain.stock import (
    AdjustCommand,
    LevelKey,
    Line,
    Posting,
    ReceiveCommand,
    StockLevel,
    StockMovement,
    merged,
)

STOCK_MOVED = "hutong.inventory.v1.StockMoved"
DISCREPANCY_CHANGED = "hutong.inventory.v1.DiscrepancyChanged"
RESERVATION_CHANGED = "hutong.inventory.v1.ReservationChanged"

_MAY_LIST_ALL = frozenset({"service", "platform"})
_MAY_LIST_THEIRS = frozenset({"store_manager", "franchise_owner", "cashier"})
"""Who may see all that a store of theirs has; elsewhere they are customers at best."""

_VERSION_DIGITS_MAX = 18
"""So many digits always fit the database's integers."""


def store(name: str, call: Call) -> names.StoreId:
    """The store of stores/{store}."""
    return names.parse_store(name, call.tenant)


def level_key(name: str, call: Call, *, at: str = "name") -> LevelKey:
    """The level of stores/{store}/stockLevels/{product}."""
    return LevelKey(*names.parse_in_store(names.STOCK_LEVEL, name, call.tenant, at=at))


def reservation_key(name: str, call: Call) -> ReservationKey:
    """The reservation of stores/{store}/reservations/{reservation}."""
    return ReservationKey(*names.parse_in_store(names.RESERVATION, name, call.tenant))


def reserve_command(request: service_pb2.ReserveStockRequest, call: Call) -> ReserveCommand:
    """What a ReserveStockRequest asks for."""
    has_clock = request.HasField("hold_duration")
    return ReserveCommand(
        store_id=store(request.parent, call),
        reservation_id=request.reservation_id,
        mode=Mode.HOLD,
        lines=_lines(request.lines),
        actor=call.actor(request.actor),
        hold_duration=request.hold_duration.ToTimedelta() if has_clock else None,
        traceparent=call.traceparent,
    )


def take_command(request: service_pb2.TakeStockRequest, call: Call) -> ReserveCommand:
    """What a TakeStockRequest asks for."""
    return ReserveCommand(
        store_id=store(request.parent, call),
        reservation_id=request.reservation_id,
        mode=Mode.TAKE,
        lines=_lines(request.lines),
        actor=call.actor(request.actor),
        traceparent=call.traceparent,
        allow_deficit=request.allow_deficit and call.caller.is_service,
    )


def end_command(
    request: service_pb2.CommitReservationRequest | service_pb2.ReleaseReservationRequest,
    call: Call,
) -> EndCommand:
    """What a CommitReservationRequest or a ReleaseReservationRequest asks for."""
    key = reservation_key(request.name, call)
    actor = call.actor(request.actor)
    return EndCommand(key.store_id, key.reservation_id, actor, call.traceparent)


def receive_command(request: service_pb2.ReceiveStockRequest, call: Call) -> ReceiveCommand:
    """What a ReceiveStockRequest asks for."""
    return ReceiveCommand(
        store_id=store(request.parent, call),
        lines=_lines(request.lines),
        delivery_note=request.delivery_note,
        actor=call.caller.principal,
    )


def adjust_command(request: service_pb2.AdjustStockRequest, call: Call) -> AdjustCommand:
    """What an AdjustStockRequest asks for."""
    key = level_key(request.name, call)
    return AdjustCommand(
        store_id=key.store_id,
        sku=key.sku,
        unit=unit_from_proto(request.unit),
        counted=request.counted,
        expected_on_hand=request.expected_on_hand,
        reason=request.reason,
        actor=call.caller.principal,
    )


def version_after(key: str) -> int:
    """The version in a page's key; PageTokenInvalid if there is none."""
    if not key:
        return 0
    if not (key.isascii() and key.isdecimal() and len(key) <= _VERSION_DIGITS_MAX):
        raise PageTokenInvalid.at("page_token", "is not a token of this list")
    return int(key)


def level_to_proto(level: StockLevel) -> inventory_pb2.StockLevel:
    """The level as the wire has it."""
    return inventory_pb2.StockLevel(
        name=names.STOCK_LEVEL.format(*level.key),
        unit=unit_to_proto(level.unit),
        on_hand=level.on_hand,
        held=level.held,
        available=level.available,
        version=level.version,
    )


def movement_to_proto(movement: StockMovement) -> inventory_pb2.StockMovement:
    """The movement as the wire has it."""
    return inventory_pb2.StockMovement(
        name=names.STOCK_MOVEMENT.format(movement.store_id, movement.sku, str(movement.version)),
        type=f"MOVEMENT_TYPE_{movement.type}",
        on_hand_change=movement.on_hand_change,
        held_change=movement.held_change,
        on_hand_after=movement.on_hand_after,
        held_after=movement.held_after,
        actor=movement.actor,
        cause=movement.cause,
        create_time=timestamp_of(movement.created_at),
    )


def reservation_to_proto(reservation: Reservation) -> inventory_pb2.Reservation:
    """The reservation as the wire has it."""
    return inventory_pb2.Reservation(
        name=names.RESERVATION.format(*reservation.key),
        state=f"RESERVATION_STATE_{reservation.state}",
        lines=[
            product_quantity_pb2.ProductQuantity(
                product=names.PRODUCT.format(line.sku),
                quantity=line.quantity,
                unit=unit_to_proto(line.unit),
            )
            for line in reservation.lines
        ],
        expire_time=reservation.expires_at,
        create_time=timestamp_of(reservation.created_at),
    )


def received_reply(levels: Sequence[StockLevel]) -> bytes:
    """The bytes that answer a delivery."""
    reply = service_pb2.ReceiveStockResponse(stock_levels=map(level_to_proto, levels))
    return wire_bytes(reply)


def adjusted_reply(level: StockLevel) -> bytes:
    """The bytes that answer a count."""
    return wire_bytes(level_to_proto(level))


def watched(
    request: service_pb2.WatchStockRequest, call: Call
) -> tuple[names.StoreId, frozenset[str] | None]:
    """The store of a WatchStockRequest, and the SKUs unless it is all of them.

    InvalidInput if a customer names none: what a store has is not listed for customers.
    """
    store_id = store(request.parent, call)
    skus = frozenset(
        names.parse_product(product, at=f"products[{position}]")
        for position, product in enumerate(request.products)
    )
    if not skus and not _may_list(store_id, call.caller):
        raise InvalidInput.at("products", "must be named")
    return store_id, skus or None


def _may_list(store_id: names.StoreId, caller: Caller) -> bool:
    is_theirs = names.STORE.format(store_id) in caller.stores
    return bool(caller.roles & _MAY_LIST_ALL or (is_theirs and caller.roles & _MAY_LIST_THEIRS))


def level_part(level: StockLevel) -> bytes:
    """The part of a WatchStockResponse that tells a level."""
    return wire_bytes(service_pb2.WatchStockResponse(stock_levels=[level_to_proto(level)]))


def stock_mark(mark: Mark) -> bytes:
    """The part of a WatchStockResponse that says where it is in the stream."""
    return wire_bytes(
        service_pb2.WatchStockResponse(
            resume_token=mark.token,
            is_reset=mark.is_reset,
            is_snapshot=mark.is_snapshot,
            is_current=mark.is_current,
        )
    )


def stock_moved(posting: Posting, traceparent: str) -> Event:
    """The event that tells of a posting, as part of a trace."""
    level = posting.level
    message = events_pb2.StockMoved(
        movement=movement_to_proto(posting.movement), level=level_to_proto(level)
    )
    return Event(
        distribution_key=level.store_id,
        aggregate=f"{names.tenant_of(level.store_id)}/{message.level.name}",
        sequence=level.version,
        type=STOCK_MOVED,
        data=wire_bytes(message),
        traceparent=traceparent,
    )


def reservation_changed(reservation: Reservation, sequence: int, traceparent: str) -> Event:
    """The event that tells of a reservation that was made or ended."""
    message = events_pb2.ReservationChanged(reservation=reservation_to_proto(reservation))
    return Event(
        distribution_key=reservation.store_id,
        aggregate=f"{names.tenant_of(reservation.store_id)}/{message.reservation.name}",
        sequence=sequence,
        type=RESERVATION_CHANGED,
        data=wire_bytes(message),
        traceparent=traceparent,
    )


def resolve_command(request: service_pb2.ResolveDiscrepancyRequest, call: Call) -> ResolveCommand:
    """What a ResolveDiscrepancyRequest says."""
    key = DiscrepancyKey(*names.parse_in_store(names.DISCREPANCY, request.name, call.tenant))
    count = request.count
    return ResolveCommand(
        key=key,
        version=request.version,
        count=Count(count.counted, count.expected_on_hand) if request.HasField("count") else None,
        note=request.note,
        actor=call.caller.principal,
    )


def discrepancy_state(number: int) -> DiscrepancyState | None:
    """The state that a list is to be of; None if it is not said."""
    if number == inventory_pb2.DISCREPANCY_STATE_UNSPECIFIED:
        return None
    name = inventory_pb2.DiscrepancyState.Name(inventory_pb2.DiscrepancyState.ValueType(number))
    return DiscrepancyState(name.removeprefix("DISCREPANCY_STATE_"))


def discrepancy_to_proto(discrepancy: Discrepancy) -> inventory_pb2.Discrepancy:
    """The discrepancy as the wire has it."""
    message = inventory_pb2.Discrepancy(
        name=names.DISCREPANCY.format(*discrepancy.key),
        product=names.PRODUCT.format(discrepancy.sku),
        unit=unit_to_proto(discrepancy.unit),
        state=f"DISCREPANCY_STATE_{discrepancy.state}",
        quantity=discrepancy.quantity,
        sales=discrepancy.sales,
        last_cause=discrepancy.last_cause,
        create_time=discrepancy.created_at,
        update_time=discrepancy.updated_at,
        version=discrepancy.version,
    )
    if discrepancy.resolution is not None:
        found = discrepancy.resolution
        message.resolution.CopyFrom(
            inventory_pb2.DiscrepancyResolution(
                actor=found.actor, note=found.note, counted=found.counted, create_time=found.at
            )
        )
    return message


def resolved_reply(discrepancy: Discrepancy) -> bytes:
    """The bytes that answer a resolution."""
    return wire_bytes(discrepancy_to_proto(discrepancy))


def discrepancy_changed(discrepancy: Discrepancy, traceparent: str) -> Event:
    """The event that tells of a discrepancy, as part of a trace."""
    message = events_pb2.DiscrepancyChanged(discrepancy=discrepancy_to_proto(discrepancy))
    return Event(
        distribution_key=discrepancy.store_id,
        aggregate=f"{names.tenant_of(discrepancy.store_id)}/{message.discrepancy.name}",
        sequence=discrepancy.version,
        type=DISCREPANCY_CHANGED,
        data=wire_bytes(message),
        traceparent=traceparent,
    )


def _lines(lines: Iterable[product_quantity_pb2.ProductQuantity]) -> tuple[Line, ...]:
    return merged(
        Line(
            sku=names.parse_product(line.product, at=f"lines[{position}].product"),
            quantity=line.quantity,
            unit=unit_from_proto(line.unit),
        )
        for position, line in enumerate(lines)
    )
