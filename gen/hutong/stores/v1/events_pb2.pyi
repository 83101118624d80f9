from google.api import field_behavior_pb2 as _field_behavior_pb2
from hutong.stores.v1 import stores_pb2 as _stores_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StoreChanged(_message.Message):
    __slots__ = ("store",)
    STORE_FIELD_NUMBER: _ClassVar[int]
    store: _stores_pb2.Store
    def __init__(self, store: _Optional[_Union[_stores_pb2.Store, _Mapping]] = ...) -> None: ...

class StoreClosed(_message.Message):
    __slots__ = ("store",)
    STORE_FIELD_NUMBER: _ClassVar[int]
    store: _stores_pb2.Store
    def __init__(self, store: _Optional[_Union[_stores_pb2.Store, _Mapping]] = ...) -> None: ...

class StoreReopened(_message.Message):
    __slots__ = ("store",)
    STORE_FIELD_NUMBER: _ClassVar[int]
    store: _stores_pb2.Store
    def __init__(self, store: _Optional[_Union[_stores_pb2.Store, _Mapping]] = ...) -> None: ...
