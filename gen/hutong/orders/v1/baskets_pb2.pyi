import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hutong.common.v1 import measure_pb2 as _measure_pb2
from hutong.common.v1 import money_pb2 as _money_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Basket(_message.Message):
    __slots__ = ("name", "lines", "total", "version", "freeze_expire_time", "notices", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FREEZE_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    lines: _containers.RepeatedCompositeFieldContainer[BasketLine]
    total: _money_pb2.Money
    version: int
    freeze_expire_time: _timestamp_pb2.Timestamp
    notices: _containers.RepeatedCompositeFieldContainer[BasketNotice]
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[BasketLine, _Mapping]]] = ..., total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., version: _Optional[int] = ..., freeze_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., notices: _Optional[_Iterable[_Union[BasketNotice, _Mapping]]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BasketLine(_message.Message):
    __slots__ = ("product", "display_name", "quantity", "unit", "shown_unit_price", "shown_price_version", "unit_price", "price_version", "line_total", "price_changed", "notice")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    SHOWN_UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    SHOWN_PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    PRICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    LINE_TOTAL_FIELD_NUMBER: _ClassVar[int]
    PRICE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    product: str
    display_name: str
    quantity: int
    unit: _measure_pb2.MeasureUnit
    shown_unit_price: _money_pb2.Money
    shown_price_version: int
    unit_price: _money_pb2.Money
    price_version: int
    line_total: _money_pb2.Money
    price_changed: bool
    notice: BasketNotice
    def __init__(self, product: _Optional[str] = ..., display_name: _Optional[str] = ..., quantity: _Optional[int] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ..., shown_unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., shown_price_version: _Optional[int] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., price_version: _Optional[int] = ..., line_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., price_changed: _Optional[bool] = ..., notice: _Optional[_Union[BasketNotice, _Mapping]] = ...) -> None: ...

class BasketNotice(_message.Message):
    __slots__ = ("reason", "text", "end_time")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    reason: str
    text: str
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, reason: _Optional[str] = ..., text: _Optional[str] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetBasketRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class BasketLineChange(_message.Message):
    __slots__ = ("product", "quantity", "unit")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    product: str
    quantity: int
    unit: _measure_pb2.MeasureUnit
    def __init__(self, product: _Optional[str] = ..., quantity: _Optional[int] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ...) -> None: ...

class SetBasketLinesRequest(_message.Message):
    __slots__ = ("name", "lines", "expected_version", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    lines: _containers.RepeatedCompositeFieldContainer[BasketLineChange]
    expected_version: int
    request_id: str
    def __init__(self, name: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[BasketLineChange, _Mapping]]] = ..., expected_version: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class AcceptBasketPricesRequest(_message.Message):
    __slots__ = ("name", "expected_version", "expected_total", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    expected_version: int
    expected_total: _money_pb2.Money
    request_id: str
    def __init__(self, name: _Optional[str] = ..., expected_version: _Optional[int] = ..., expected_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class FreezeBasketRequest(_message.Message):
    __slots__ = ("name", "expected_version", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    expected_version: int
    request_id: str
    def __init__(self, name: _Optional[str] = ..., expected_version: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class ClearBasketRequest(_message.Message):
    __slots__ = ("name", "expected_version", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    expected_version: int
    request_id: str
    def __init__(self, name: _Optional[str] = ..., expected_version: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...
