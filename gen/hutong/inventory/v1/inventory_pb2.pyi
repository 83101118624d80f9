import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hutong.common.v1 import measure_pb2 as _measure_pb2
from hutong.common.v1 import product_quantity_pb2 as _product_quantity_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MovementType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MOVEMENT_TYPE_UNSPECIFIED: _ClassVar[MovementType]
    MOVEMENT_TYPE_RECEIPT: _ClassVar[MovementType]
    MOVEMENT_TYPE_FOUND: _ClassVar[MovementType]
    MOVEMENT_TYPE_SHRINK: _ClassVar[MovementType]
    MOVEMENT_TYPE_HOLD: _ClassVar[MovementType]
    MOVEMENT_TYPE_RELEASE: _ClassVar[MovementType]
    MOVEMENT_TYPE_EXPIRY: _ClassVar[MovementType]
    MOVEMENT_TYPE_SALE: _ClassVar[MovementType]
    MOVEMENT_TYPE_RETURN: _ClassVar[MovementType]
    MOVEMENT_TYPE_DEFICIT: _ClassVar[MovementType]

class ReservationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESERVATION_STATE_UNSPECIFIED: _ClassVar[ReservationState]
    RESERVATION_STATE_HELD: _ClassVar[ReservationState]
    RESERVATION_STATE_TAKEN: _ClassVar[ReservationState]
    RESERVATION_STATE_COMMITTED: _ClassVar[ReservationState]
    RESERVATION_STATE_RELEASED: _ClassVar[ReservationState]
    RESERVATION_STATE_RETURNED: _ClassVar[ReservationState]
    RESERVATION_STATE_EXPIRED: _ClassVar[ReservationState]
    RESERVATION_STATE_REFUSED: _ClassVar[ReservationState]

class DiscrepancyState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISCREPANCY_STATE_UNSPECIFIED: _ClassVar[DiscrepancyState]
    DISCREPANCY_STATE_OPEN: _ClassVar[DiscrepancyState]
    DISCREPANCY_STATE_RESOLVED: _ClassVar[DiscrepancyState]
MOVEMENT_TYPE_UNSPECIFIED: MovementType
MOVEMENT_TYPE_RECEIPT: MovementType
MOVEMENT_TYPE_FOUND: MovementType
MOVEMENT_TYPE_SHRINK: MovementType
MOVEMENT_TYPE_HOLD: MovementType
MOVEMENT_TYPE_RELEASE: MovementType
MOVEMENT_TYPE_EXPIRY: MovementType
MOVEMENT_TYPE_SALE: MovementType
MOVEMENT_TYPE_RETURN: MovementType
MOVEMENT_TYPE_DEFICIT: MovementType
RESERVATION_STATE_UNSPECIFIED: ReservationState
RESERVATION_STATE_HELD: ReservationState
RESERVATION_STATE_TAKEN: ReservationState
RESERVATION_STATE_COMMITTED: ReservationState
RESERVATION_STATE_RELEASED: ReservationState
RESERVATION_STATE_RETURNED: ReservationState
RESERVATION_STATE_EXPIRED: ReservationState
RESERVATION_STATE_REFUSED: ReservationState
DISCREPANCY_STATE_UNSPECIFIED: DiscrepancyState
DISCREPANCY_STATE_OPEN: DiscrepancyState
DISCREPANCY_STATE_RESOLVED: DiscrepancyState

class StockLevel(_message.Message):
    __slots__ = ("name", "unit", "on_hand", "held", "available", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: _measure_pb2.MeasureUnit
    on_hand: int
    held: int
    available: int
    version: int
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ..., on_hand: _Optional[int] = ..., held: _Optional[int] = ..., available: _Optional[int] = ..., version: _Optional[int] = ...) -> None: ...

class StockMovement(_message.Message):
    __slots__ = ("name", "type", "on_hand_change", "held_change", "on_hand_after", "held_after", "actor", "cause", "create_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_CHANGE_FIELD_NUMBER: _ClassVar[int]
    HELD_CHANGE_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_AFTER_FIELD_NUMBER: _ClassVar[int]
    HELD_AFTER_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: MovementType
    on_hand_change: int
    held_change: int
    on_hand_after: int
    held_after: int
    actor: str
    cause: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[MovementType, str]] = ..., on_hand_change: _Optional[int] = ..., held_change: _Optional[int] = ..., on_hand_after: _Optional[int] = ..., held_after: _Optional[int] = ..., actor: _Optional[str] = ..., cause: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Reservation(_message.Message):
    __slots__ = ("name", "state", "lines", "expire_time", "create_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: ReservationState
    lines: _containers.RepeatedCompositeFieldContainer[_product_quantity_pb2.ProductQuantity]
    expire_time: _timestamp_pb2.Timestamp
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[ReservationState, str]] = ..., lines: _Optional[_Iterable[_Union[_product_quantity_pb2.ProductQuantity, _Mapping]]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Discrepancy(_message.Message):
    __slots__ = ("name", "product", "unit", "state", "quantity", "sales", "last_cause", "create_time", "update_time", "version", "resolution")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    SALES_FIELD_NUMBER: _ClassVar[int]
    LAST_CAUSE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    product: str
    unit: _measure_pb2.MeasureUnit
    state: DiscrepancyState
    quantity: int
    sales: int
    last_cause: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    version: int
    resolution: DiscrepancyResolution
    def __init__(self, name: _Optional[str] = ..., product: _Optional[str] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ..., state: _Optional[_Union[DiscrepancyState, str]] = ..., quantity: _Optional[int] = ..., sales: _Optional[int] = ..., last_cause: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., resolution: _Optional[_Union[DiscrepancyResolution, _Mapping]] = ...) -> None: ...

class DiscrepancyResolution(_message.Message):
    __slots__ = ("actor", "note", "counted", "create_time")
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    actor: str
    note: str
    counted: int
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, actor: _Optional[str] = ..., note: _Optional[str] = ..., counted: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
