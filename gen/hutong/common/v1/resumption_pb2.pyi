from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor
RESUMPTION_FIELD_NUMBER: _ClassVar[int]
resumption: _descriptor.FieldDescriptor

class Resumption(_message.Message):
    __slots__ = ("reply_field", "request_field")
    REPLY_FIELD_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_FIELD_NUMBER: _ClassVar[int]
    reply_field: str
    request_field: str
    def __init__(self, reply_field: _Optional[str] = ..., request_field: _Optional[str] = ...) -> None: ...
