from google.api import field_behavior_pb2 as _field_behavior_pb2
from hutong.inventory.v1 import inventory_pb2 as _inventory_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StockMoved(_message.Message):
    __slots__ = ("movement", "level")
    MOVEMENT_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    movement: _inventory_pb2.StockMovement
    level: _inventory_pb2.StockLevel
    def __init__(self, movement: _Optional[_Union[_inventory_pb2.StockMovement, _Mapping]] = ..., level: _Optional[_Union[_inventory_pb2.StockLevel, _Mapping]] = ...) -> None: ...

class ReservationChanged(_message.Message):
    __slots__ = ("reservation",)
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    reservation: _inventory_pb2.Reservation
    def __init__(self, reservation: _Optional[_Union[_inventory_pb2.Reservation, _Mapping]] = ...) -> None: ...

class DiscrepancyChanged(_message.Message):
    __slots__ = ("discrepancy",)
    DISCREPANCY_FIELD_NUMBER: _ClassVar[int]
    discrepancy: _inventory_pb2.Discrepancy
    def __init__(self, discrepancy: _Optional[_Union[_inventory_pb2.Discrepancy, _Mapping]] = ...) -> None: ...
