from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_TENANT: _ClassVar[Scope]
    SCOPE_STORE: _ClassVar[Scope]
    SCOPE_CUSTOMER: _ClassVar[Scope]
SCOPE_UNSPECIFIED: Scope
SCOPE_TENANT: Scope
SCOPE_STORE: Scope
SCOPE_CUSTOMER: Scope
ACCESS_FIELD_NUMBER: _ClassVar[int]
access: _descriptor.FieldDescriptor

class AccessRule(_message.Message):
    __slots__ = ("grants", "batch_of")
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    BATCH_OF_FIELD_NUMBER: _ClassVar[int]
    grants: _containers.RepeatedCompositeFieldContainer[Grant]
    batch_of: str
    def __init__(self, grants: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ..., batch_of: _Optional[str] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("role", "scope", "field")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    role: str
    scope: Scope
    field: str
    def __init__(self, role: _Optional[str] = ..., scope: _Optional[_Union[Scope, str]] = ..., field: _Optional[str] = ...) -> None: ...
