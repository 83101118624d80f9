from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Urgency(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    URGENCY_UNSPECIFIED: _ClassVar[Urgency]
    URGENCY_CHECKOUT: _ClassVar[Urgency]
    URGENCY_WORK: _ClassVar[Urgency]
    URGENCY_BROWSING: _ClassVar[Urgency]
    URGENCY_DEFERRED: _ClassVar[Urgency]
URGENCY_UNSPECIFIED: Urgency
URGENCY_CHECKOUT: Urgency
URGENCY_WORK: Urgency
URGENCY_BROWSING: Urgency
URGENCY_DEFERRED: Urgency
URGENCY_FIELD_NUMBER: _ClassVar[int]
urgency: _descriptor.FieldDescriptor
