from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BatchItems(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: bytes
        request: bytes
        def __init__(self, context: _Optional[bytes] = ..., request: _Optional[bytes] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchItems.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchItems.Item, _Mapping]]] = ...) -> None: ...

class BatchResults(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "reply")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        REPLY_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        reply: bytes
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., reply: _Optional[bytes] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchResults.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchResults.Result, _Mapping]]] = ...) -> None: ...
