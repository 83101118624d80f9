from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from hutong.common.v1 import measure_pb2 as _measure_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProductQuantity(_message.Message):
    __slots__ = ("product", "quantity", "unit")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    product: str
    quantity: int
    unit: _measure_pb2.MeasureUnit
    def __init__(self, product: _Optional[str] = ..., quantity: _Optional[int] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ...) -> None: ...
