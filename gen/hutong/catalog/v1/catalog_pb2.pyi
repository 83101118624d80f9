import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hutong.common.v1 import measure_pb2 as _measure_pb2
from hutong.common.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Availability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AVAILABILITY_UNSPECIFIED: _ClassVar[Availability]
    AVAILABILITY_IN_STOCK: _ClassVar[Availability]
    AVAILABILITY_LOW: _ClassVar[Availability]
    AVAILABILITY_OUT_OF_STOCK: _ClassVar[Availability]

class PackKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PACK_KIND_UNSPECIFIED: _ClassVar[PackKind]
    PACK_KIND_EACH: _ClassVar[PackKind]
    PACK_KIND_INNER: _ClassVar[PackKind]
    PACK_KIND_CASE: _ClassVar[PackKind]

class SalesChannel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SALES_CHANNEL_UNSPECIFIED: _ClassVar[SalesChannel]
    SALES_CHANNEL_TILL: _ClassVar[SalesChannel]
    SALES_CHANNEL_ONLINE: _ClassVar[SalesChannel]
AVAILABILITY_UNSPECIFIED: Availability
AVAILABILITY_IN_STOCK: Availability
AVAILABILITY_LOW: Availability
AVAILABILITY_OUT_OF_STOCK: Availability
PACK_KIND_UNSPECIFIED: PackKind
PACK_KIND_EACH: PackKind
PACK_KIND_INNER: PackKind
PACK_KIND_CASE: PackKind
SALES_CHANNEL_UNSPECIFIED: SalesChannel
SALES_CHANNEL_TILL: SalesChannel
SALES_CHANNEL_ONLINE: SalesChannel

class Product(_message.Message):
    __slots__ = ("name", "display_name", "department", "unit", "barcodes", "create_time", "update_time", "packs", "gtins", "availability")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DEPARTMENT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    BARCODES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PACKS_FIELD_NUMBER: _ClassVar[int]
    GTINS_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    department: str
    unit: _measure_pb2.MeasureUnit
    barcodes: _containers.RepeatedScalarFieldContainer[str]
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    packs: _containers.RepeatedCompositeFieldContainer[Pack]
    gtins: _containers.RepeatedScalarFieldContainer[str]
    availability: Availability
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., department: _Optional[str] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ..., barcodes: _Optional[_Iterable[str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., packs: _Optional[_Iterable[_Union[Pack, _Mapping]]] = ..., gtins: _Optional[_Iterable[str]] = ..., availability: _Optional[_Union[Availability, str]] = ...) -> None: ...

class Pack(_message.Message):
    __slots__ = ("pack", "kind", "pieces", "barcodes")
    PACK_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PIECES_FIELD_NUMBER: _ClassVar[int]
    BARCODES_FIELD_NUMBER: _ClassVar[int]
    pack: str
    kind: PackKind
    pieces: int
    barcodes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, pack: _Optional[str] = ..., kind: _Optional[_Union[PackKind, str]] = ..., pieces: _Optional[int] = ..., barcodes: _Optional[_Iterable[str]] = ...) -> None: ...

class Department(_message.Message):
    __slots__ = ("department", "product_count")
    DEPARTMENT_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_COUNT_FIELD_NUMBER: _ClassVar[int]
    department: str
    product_count: int
    def __init__(self, department: _Optional[str] = ..., product_count: _Optional[int] = ...) -> None: ...

class Price(_message.Message):
    __slots__ = ("name", "unit_price", "version", "start_time", "unit", "channel", "end_time", "withdraw_time", "withdraw_reason", "withdrawn_by", "availability")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_TIME_FIELD_NUMBER: _ClassVar[int]
    WITHDRAW_REASON_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_BY_FIELD_NUMBER: _ClassVar[int]
    AVAILABILITY_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit_price: _money_pb2.Money
    version: int
    start_time: _timestamp_pb2.Timestamp
    unit: _measure_pb2.MeasureUnit
    channel: SalesChannel
    end_time: _timestamp_pb2.Timestamp
    withdraw_time: _timestamp_pb2.Timestamp
    withdraw_reason: str
    withdrawn_by: str
    availability: Availability
    def __init__(self, name: _Optional[str] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., version: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ..., channel: _Optional[_Union[SalesChannel, str]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., withdraw_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., withdraw_reason: _Optional[str] = ..., withdrawn_by: _Optional[str] = ..., availability: _Optional[_Union[Availability, str]] = ...) -> None: ...

class WantedLine(_message.Message):
    __slots__ = ("product", "quantity", "unit", "shown_price_version", "label")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SHOWN_PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    product: str
    quantity: int
    unit: _measure_pb2.MeasureUnit
    shown_price_version: int
    label: str
    def __init__(self, product: _Optional[str] = ..., quantity: _Optional[int] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ..., shown_price_version: _Optional[int] = ..., label: _Optional[str] = ...) -> None: ...

class QuotedLine(_message.Message):
    __slots__ = ("product", "display_name", "quantity", "unit", "unit_price", "price_version", "line_total", "shown_price_version", "shown_unit_price", "label")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    LINE_TOTAL_FIELD_NUMBER: _ClassVar[int]
    SHOWN_PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    SHOWN_UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    product: str
    display_name: str
    quantity: int
    unit: _measure_pb2.MeasureUnit
    unit_price: _money_pb2.Money
    price_version: int
    line_total: _money_pb2.Money
    shown_price_version: int
    shown_unit_price: _money_pb2.Money
    label: str
    def __init__(self, product: _Optional[str] = ..., display_name: _Optional[str] = ..., quantity: _Optional[int] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., price_version: _Optional[int] = ..., line_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., shown_price_version: _Optional[int] = ..., shown_unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., label: _Optional[str] = ...) -> None: ...

class BasketQuote(_message.Message):
    __slots__ = ("store", "lines", "total", "quote_time", "channel")
    STORE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    QUOTE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    store: str
    lines: _containers.RepeatedCompositeFieldContainer[QuotedLine]
    total: _money_pb2.Money
    quote_time: _timestamp_pb2.Timestamp
    channel: SalesChannel
    def __init__(self, store: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[QuotedLine, _Mapping]]] = ..., total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., quote_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., channel: _Optional[_Union[SalesChannel, str]] = ...) -> None: ...

class ScannedItem(_message.Message):
    __slots__ = ("product", "price", "quantity", "line_total", "pack")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LINE_TOTAL_FIELD_NUMBER: _ClassVar[int]
    PACK_FIELD_NUMBER: _ClassVar[int]
    product: Product
    price: Price
    quantity: int
    line_total: _money_pb2.Money
    pack: Pack
    def __init__(self, product: _Optional[_Union[Product, _Mapping]] = ..., price: _Optional[_Union[Price, _Mapping]] = ..., quantity: _Optional[int] = ..., line_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., pack: _Optional[_Union[Pack, _Mapping]] = ...) -> None: ...
