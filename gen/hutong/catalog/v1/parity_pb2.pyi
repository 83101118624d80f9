import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hutong.common.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PriceSurface(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_SURFACE_UNSPECIFIED: _ClassVar[PriceSurface]
    PRICE_SURFACE_SHELF_LABEL: _ClassVar[PriceSurface]
    PRICE_SURFACE_TILL: _ClassVar[PriceSurface]
    PRICE_SURFACE_APP: _ClassVar[PriceSurface]
PRICE_SURFACE_UNSPECIFIED: PriceSurface
PRICE_SURFACE_SHELF_LABEL: PriceSurface
PRICE_SURFACE_TILL: PriceSurface
PRICE_SURFACE_APP: PriceSurface

class ShownPrice(_message.Message):
    __slots__ = ("product", "price_version", "unit_price")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    product: str
    price_version: int
    unit_price: _money_pb2.Money
    def __init__(self, product: _Optional[str] = ..., price_version: _Optional[int] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class PriceDisagreement(_message.Message):
    __slots__ = ("name", "surface", "device", "shown", "price_version", "unit_price", "first_seen_time", "resolve_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    SHOWN_FIELD_NUMBER: _ClassVar[int]
    PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_TIME_FIELD_NUMBER: _ClassVar[int]
    RESOLVE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    surface: PriceSurface
    device: str
    shown: ShownPrice
    price_version: int
    unit_price: _money_pb2.Money
    first_seen_time: _timestamp_pb2.Timestamp
    resolve_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., surface: _Optional[_Union[PriceSurface, str]] = ..., device: _Optional[str] = ..., shown: _Optional[_Union[ShownPrice, _Mapping]] = ..., price_version: _Optional[int] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., first_seen_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resolve_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
