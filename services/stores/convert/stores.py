"""Between messages and values; the only file that knows both."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from chassis.kernel import names
from chassis.kernel.errors import InvalidInput
from chassis.kernel.geo import Position
from chassis.kernel.names import StoreId
from chassis.messaging.outbox import Event
from chassis.rpc.call import Call
from chassis.rpc.masks import paths_of
from chassis.rpc.validation import Validator
from chassis.rpc.values import wire_bytes
from hutong.common.v1 import position_pb2
from hutong.stores.v1 import events_pb2, stores_pb2, stores_service_pb2
from services.stores.convert.hours import hours_message, hours_of
from services.stores.domain.area import area_of
from services.stores.domain.hours import Openness, zone_of
from services.stores.domain.known import Encoded
from services.stores.domain.store import (
    Address,
    Capability,
    Check,
    Checked,
    Closure,
    ClosureInvalid,
    Kind,
    NewStore,
    Serviceability,
    Store,
    StoreDetails,
    StoreEdit,
    require_place,
)

_UPDATABLE = frozenset(
    {
        "display_name",
        "kind",
        "address",
        "position",
        "time_zone",
        "opening_hours",
        "capabilities",
        "delivery_area",
        "franchise_owner",
    }
)
_UPDATABLE_BY_STAFF = frozenset({"opening_hours", "capabilities"})
_WHOLE_CHAIN = frozenset({"platform", "service"})
_OWNER_SHOWN_TO = frozenset({"store_manager", "franchise_owner"})

_SERVICEABILITIES = {
    Serviceability.SERVICEABLE: stores_pb2.SERVICEABILITY_SERVICEABLE,
    Serviceability.OUT_OF_AREA: stores_pb2.SERVICEABILITY_OUT_OF_AREA,
    Serviceability.CLOSED: stores_pb2.SERVICEABILITY_CLOSED,
}


def new_store(message: stores_pb2.Store, tenant: str, *, at: str) -> NewStore:
    """The store to create; errors name the fields below `at`."""
    return NewStore(
        id=names.parse_store(message.name, tenant, at=f"{at}.name"),
        details=StoreDetails(
            display_name=message.display_name,
            kind=kind(message.kind),
            address=_address(message.address),
            position=_place(message, at=at),
            time_zone=zone_of(message.time_zone, at=f"{at}.time_zone").key,
            opening_hours=hours_of(message.opening_hours, at=f"{at}.opening_hours"),
            capabilities=capabilities(message.capabilities),
            delivery_area=area_of(message.delivery_area, at=f"{at}.delivery_area"),
            franchise_owner=message.franchise_owner,
        ),
    )


def new_stores(request: stores_service_pb2.BatchCreateStoresRequest, tenant: str) -> list[NewStore]:
    """The stores to create."""
    return [
        new_store(message, tenant, at=f"stores[{index}]")
        for index, message in enumerate(request.stores)
    ]


def store_edit(
    request: stores_service_pb2.UpdateStoreRequest, call: Call
) -> tuple[StoreId, StoreEdit]:
    """The store, and what the mask changes of it; only what the mask names is looked at."""
    allowed = _UPDATABLE if call.caller.roles & _WHOLE_CHAIN else _UPDATABLE_BY_STAFF
    paths = paths_of(request.update_mask, allowed=allowed)
    message = request.store
    store = names.parse_store(message.name, call.tenant, at="store.name")
    _require_valid(message, paths)
    return store, StoreEdit(**{path: _EDITED[path](message) for path in paths})


def stores_seen_by(call: Call) -> list[StoreId] | None:
    """The stores that a list may have for the caller; None for all."""
    if call.caller.roles & _WHOLE_CHAIN:
        return None
    return [names.parse_store(name, call.tenant) for name in sorted(call.caller.stores)]


@dataclass(frozen=True, slots=True)
class WantedStore:
    """A store that somebody asks for, and whether they are told whose it is."""

    store: StoreId
    with_owner: bool


def wanted_store(request: stores_service_pb2.GetStoreRequest, call: Call) -> WantedStore:
    """Which store is asked for."""
    store = names.parse_store(request.name, call.tenant, at="name")
    return WantedStore(store, with_owner=sees_owner(call, request.name))


def got_store_bytes(got: tuple[Store, datetime], *, with_owner: bool) -> bytes:
    """The answer to GetStore: a store as it was at a time."""
    store, at = got
    return wire_bytes(store_message(store, at=at, with_owner=with_owner))


def sees_owner(call: Call, store: str) -> bool:
    """Whether the caller is told whose store it is: the chain's people, and the store's own."""
    caller = call.caller
    is_own = store in caller.stores and bool(caller.roles & _OWNER_SHOWN_TO)
    return is_own or bool(caller.roles & _WHOLE_CHAIN)


def closure_end(request: stores_service_pb2.CloseStoreRequest) -> datetime | None:
    """When the closure is to end; ClosureInvalid if that is no time."""
    if not request.HasField("end_time"):
        return None
    try:
        return request.end_time.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ClosureInvalid.at("end_time", "is not a time") from None


def position(message: position_pb2.Position, *, at: str = "position") -> Position:
    """The position; PositionInvalid, naming the field."""
    return Position.of(
        latitude_degrees=message.latitude_degrees,
        longitude_degrees=message.longitude_degrees,
        at=at,
    )


def store_message(store: Store, *, at: datetime, with_owner: bool) -> stores_pb2.Store:
    """The store at an instant, as the contract has it."""
    message = _usual(store, with_owner=with_owner)
    message.MergeFrom(_more(store))
    closure = store.closure_at(at)
    if closure is not None:
        message.closure.CopyFrom(closure_message(closure))
    return message


def known_store(store: Store) -> Encoded:
    """The store as searches answer it; without its owner, and without a closure."""
    return Encoded(usual=wire_bytes(_usual(store, with_owner=False)), more=wire_bytes(_more(store)))


def openness_message(openness: Openness) -> stores_pb2.Openness:
    """Whether a store is open, as the contract has it."""
    return stores_pb2.Openness(
        is_open=openness.is_open,
        open_until=openness.open_until,
        opens_at=openness.opens_at,
        business_date=openness.business_date.isoformat(),
    )


def check(request: stores_service_pb2.CheckServiceabilityRequest, call: Call) -> Check:
    """Which store is asked, and about where."""
    return Check(
        store=names.parse_store(request.name, call.tenant, at="name"),
        to=position(request.position) if request.HasField("position") else None,
    )


def checked_message(checked: Checked) -> stores_service_pb2.CheckServiceabilityResponse:
    """What a store promises, as the contract has it."""
    reply = stores_service_pb2.CheckServiceabilityResponse(
        openness=openness_message(checked.openness),
        capabilities=_capability_names(checked.capabilities),
    )
    if checked.serviceability is not None:
        reply.serviceability = serviceability(checked.serviceability)
    if checked.closure is not None:
        reply.closure.CopyFrom(closure_message(checked.closure))
    return reply


def store_bytes(store: Store) -> bytes:
    """The answer to a change of one store, by somebody who may change it."""
    return wire_bytes(store_message(store, at=store.updated_at, with_owner=True))


def created_store_bytes(stores: Sequence[Store]) -> bytes:
    """The answer to CreateStore."""
    (store,) = stores
    return store_bytes(store)


def created_stores_bytes(stores: Sequence[Store]) -> bytes:
    """The answer to BatchCreateStores."""
    reply = stores_service_pb2.BatchCreateStoresResponse(
        stores=[store_message(store, at=store.updated_at, with_owner=True) for store in stores]
    )
    return wire_bytes(reply)


def _usual(store: Store, *, with_owner: bool) -> stores_pb2.Store:
    """What lists show of a store, without its closure."""
    details = store.details
    address = details.address
    return stores_pb2.Store(
        name=names.STORE.format(store.id),
        display_name=details.display_name,
        kind=f"STORE_KIND_{details.kind}",
        address=stores_pb2.Address(
            country_code=address.country_code,
            region=address.region,
            locality=address.locality,
            district=address.district,
            street=address.street,
            postal_code=address.postal_code,
        ),
        position=position_pb2.Position(
            latitude_degrees=details.position.latitude_degrees,
            longitude_degrees=details.position.longitude_degrees,
        ),
        time_zone=details.time_zone,
        capabilities=_capability_names(details.capabilities),
        franchise_owner=details.franchise_owner if with_owner else "",
        version=store.version,
        create_time=store.created_at,
        update_time=store.updated_at,
    )


def _more(store: Store) -> stores_pb2.Store:
    """What whole stores have besides."""
    return stores_pb2.Store(
        opening_hours=hours_message(store.details.opening_hours),
        delivery_area=store.details.delivery_area.geojson,
    )


def closure_message(closure: Closure) -> stores_pb2.Closure:
    """A closure, as the contract has it."""
    return stores_pb2.Closure(
        reason=closure.reason, start_time=closure.started_at, end_time=closure.ends_at
    )


class StoreEvents:
    """The events of stores, numbered by their version."""

    def changed(self, store: Store) -> Event:
        """StoreChanged."""
        return _event(store, events_pb2.StoreChanged(store=_told(store)))

    def closed(self, store: Store) -> Event:
        """StoreClosed."""
        return _event(store, events_pb2.StoreClosed(store=_told(store)))

    def reopened(self, store: Store) -> Event:
        """StoreReopened."""
        return _event(store, events_pb2.StoreReopened(store=_told(store)))


def _event(store: Store, message: Message) -> Event:
    return Event(
        distribution_key=store.id,
        aggregate=f"{names.tenant_of(store.id)}/{names.STORE.format(store.id)}",
        sequence=store.version,
        type=message.DESCRIPTOR.full_name,
        data=wire_bytes(message),
    )


def _told(store: Store) -> stores_pb2.Store:
    return store_message(store, at=store.updated_at, with_owner=True)


def kind(number: stores_pb2.StoreKind) -> Kind:
    """The kind; validation has seen to it that the number is one."""
    return Kind(stores_pb2.StoreKind.Name(number).removeprefix("STORE_KIND_"))


def capabilities(numbers: Sequence[stores_pb2.Capability]) -> tuple[Capability, ...]:
    """The capabilities, in the order of the contract's numbers."""
    return tuple(
        Capability(stores_pb2.Capability.Name(number).removeprefix("CAPABILITY_"))
        for number in sorted(numbers)
    )


def _capability_names(capabilities: Sequence[Capability]) -> list[str]:
    return [f"CAPABILITY_{capability}" for capability in capabilities]


def serviceability(answer: Serviceability) -> stores_pb2.Serviceability:
    """Whether a store delivers, as the contract has it."""
    return _SERVICEABILITIES[answer]


def _address(message: stores_pb2.Address) -> Address:
    return Address(
        country_code=message.country_code,
        region=message.region,
        locality=message.locality,
        district=message.district,
        street=message.street,
        postal_code=message.postal_code,
    )


def _place(message: stores_pb2.Store, *, at: str) -> Position:
    field = f"{at}.position"
    return require_place(position(message.position, at=field), at=field)


_EDITED: Mapping[str, Callable[[stores_pb2.Store], Any]] = {
    "display_name": lambda message: message.display_name,
    "kind": lambda message: kind(message.kind),
    "address": lambda message: _address(message.address),
    "position": lambda message: _place(message, at="store"),
    "time_zone": lambda message: zone_of(message.time_zone, at="store.time_zone").key,
    "opening_hours": lambda message: hours_of(message.opening_hours, at="store.opening_hours"),
    "capabilities": lambda message: capabilities(message.capabilities),
    "delivery_area": lambda message: area_of(message.delivery_area, at="store.delivery_area"),
    "franchise_owner": lambda message: message.franchise_owner,
}


def _require_valid(message: stores_pb2.Store, paths: frozenset[str]) -> None:
    """InvalidInput unless the fields that the mask names keep the contract's rules.

    They are put on a store that keeps all rules, since the rules are about whole stores.
    """
    whole = stores_pb2.Store(
        display_name="-",
        kind=stores_pb2.STORE_KIND_CORNER,
        address=stores_pb2.Address(country_code="CN", locality="-", street="-"),
        position=position_pb2.Position(),
        time_zone="UTC",
    )
    for path in paths:
        whole.ClearField(path)
    FieldMask(paths=sorted(paths)).MergeMessage(
        message, whole, replace_message_field=True, replace_repeated_field=True
    )
    try:
        _validator().check(whole)
    except InvalidInput as problem:
        violations = ((f"store.{field}", text) for field, text in problem.violations)
        raise InvalidInput.of(*violations) from None


@functools.cache
def _validator() -> Validator:
    return Validator()
