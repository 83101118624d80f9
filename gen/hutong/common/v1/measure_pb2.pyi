from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class MeasureUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEASURE_UNIT_UNSPECIFIED: _ClassVar[MeasureUnit]
    MEASURE_UNIT_EACH: _ClassVar[MeasureUnit]
    MEASURE_UNIT_GRAM: _ClassVar[MeasureUnit]
MEASURE_UNIT_UNSPECIFIED: MeasureUnit
MEASURE_UNIT_EACH: MeasureUnit
MEASURE_UNIT_GRAM: MeasureUnit
