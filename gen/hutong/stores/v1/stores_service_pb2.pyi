import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from hutong.auth.v1 import access_pb2 as _access_pb2
from hutong.auth.v1 import call_context_pb2 as _call_context_pb2
from hutong.common.v1 import position_pb2 as _position_pb2
from hutong.common.v1 import urgency_pb2 as _urgency_pb2
from hutong.stores.v1 import stores_pb2 as _stores_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StoreView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STORE_VIEW_UNSPECIFIED: _ClassVar[StoreView]
    STORE_VIEW_BASIC: _ClassVar[StoreView]
    STORE_VIEW_FULL: _ClassVar[StoreView]
STORE_VIEW_UNSPECIFIED: StoreView
STORE_VIEW_BASIC: StoreView
STORE_VIEW_FULL: StoreView

class CreateStoreRequest(_message.Message):
    __slots__ = ("store", "request_id")
    STORE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    store: _stores_pb2.Store
    request_id: str
    def __init__(self, store: _Optional[_Union[_stores_pb2.Store, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class BatchCreateStoresRequest(_message.Message):
    __slots__ = ("stores", "request_id")
    STORES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    stores: _containers.RepeatedCompositeFieldContainer[_stores_pb2.Store]
    request_id: str
    def __init__(self, stores: _Optional[_Iterable[_Union[_stores_pb2.Store, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class BatchCreateStoresResponse(_message.Message):
    __slots__ = ("stores",)
    STORES_FIELD_NUMBER: _ClassVar[int]
    stores: _containers.RepeatedCompositeFieldContainer[_stores_pb2.Store]
    def __init__(self, stores: _Optional[_Iterable[_Union[_stores_pb2.Store, _Mapping]]] = ...) -> None: ...

class UpdateStoreRequest(_message.Message):
    __slots__ = ("store", "update_mask", "expected_version", "request_id")
    STORE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    store: _stores_pb2.Store
    update_mask: _field_mask_pb2.FieldMask
    expected_version: int
    request_id: str
    def __init__(self, store: _Optional[_Union[_stores_pb2.Store, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., expected_version: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetStoreRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListStoresRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListStoresResponse(_message.Message):
    __slots__ = ("stores", "next_page_token")
    STORES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    stores: _containers.RepeatedCompositeFieldContainer[_stores_pb2.Store]
    next_page_token: str
    def __init__(self, stores: _Optional[_Iterable[_Union[_stores_pb2.Store, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CloseStoreRequest(_message.Message):
    __slots__ = ("name", "reason", "end_time", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    end_time: _timestamp_pb2.Timestamp
    request_id: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReopenStoreRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class FindStoresRequest(_message.Message):
    __slots__ = ("position", "kinds", "capabilities", "open_only", "serviceable_only", "distance_metres_max", "page_size", "page_token", "view")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    OPEN_ONLY_FIELD_NUMBER: _ClassVar[int]
    SERVICEABLE_ONLY_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_METRES_MAX_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    position: _position_pb2.Position
    kinds: _containers.RepeatedScalarFieldContainer[_stores_pb2.StoreKind]
    capabilities: _containers.RepeatedScalarFieldContainer[_stores_pb2.Capability]
    open_only: bool
    serviceable_only: bool
    distance_metres_max: int
    page_size: int
    page_token: str
    view: StoreView
    def __init__(self, position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., kinds: _Optional[_Iterable[_Union[_stores_pb2.StoreKind, str]]] = ..., capabilities: _Optional[_Iterable[_Union[_stores_pb2.Capability, str]]] = ..., open_only: _Optional[bool] = ..., serviceable_only: _Optional[bool] = ..., distance_metres_max: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., view: _Optional[_Union[StoreView, str]] = ...) -> None: ...

class FindStoresResponse(_message.Message):
    __slots__ = ("stores", "next_page_token")
    STORES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    stores: _containers.RepeatedCompositeFieldContainer[_stores_pb2.FoundStore]
    next_page_token: str
    def __init__(self, stores: _Optional[_Iterable[_Union[_stores_pb2.FoundStore, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CheckServiceabilityRequest(_message.Message):
    __slots__ = ("name", "position")
    NAME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    name: str
    position: _position_pb2.Position
    def __init__(self, name: _Optional[str] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class CheckServiceabilityResponse(_message.Message):
    __slots__ = ("openness", "serviceability", "capabilities", "closure")
    OPENNESS_FIELD_NUMBER: _ClassVar[int]
    SERVICEABILITY_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    CLOSURE_FIELD_NUMBER: _ClassVar[int]
    openness: _stores_pb2.Openness
    serviceability: _stores_pb2.Serviceability
    capabilities: _containers.RepeatedScalarFieldContainer[_stores_pb2.Capability]
    closure: _stores_pb2.Closure
    def __init__(self, openness: _Optional[_Union[_stores_pb2.Openness, _Mapping]] = ..., serviceability: _Optional[_Union[_stores_pb2.Serviceability, str]] = ..., capabilities: _Optional[_Iterable[_Union[_stores_pb2.Capability, str]]] = ..., closure: _Optional[_Union[_stores_pb2.Closure, _Mapping]] = ...) -> None: ...

class BatchCheckServiceabilityRequest(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: CheckServiceabilityRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[CheckServiceabilityRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchCheckServiceabilityRequest.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchCheckServiceabilityRequest.Item, _Mapping]]] = ...) -> None: ...

class BatchCheckServiceabilityResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "checked")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        CHECKED_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        checked: CheckServiceabilityResponse
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., checked: _Optional[_Union[CheckServiceabilityResponse, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchCheckServiceabilityResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchCheckServiceabilityResponse.Result, _Mapping]]] = ...) -> None: ...

class BatchFindStoresRequest(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: FindStoresRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[FindStoresRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchFindStoresRequest.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchFindStoresRequest.Item, _Mapping]]] = ...) -> None: ...

class BatchFindStoresResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "page")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        PAGE_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        page: FindStoresResponse
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., page: _Optional[_Union[FindStoresResponse, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchFindStoresResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchFindStoresResponse.Result, _Mapping]]] = ...) -> None: ...

class BatchGetStoresRequest(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: GetStoreRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[GetStoreRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchGetStoresRequest.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchGetStoresRequest.Item, _Mapping]]] = ...) -> None: ...

class BatchGetStoresResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "store")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        STORE_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        store: _stores_pb2.Store
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., store: _Optional[_Union[_stores_pb2.Store, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchGetStoresResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchGetStoresResponse.Result, _Mapping]]] = ...) -> None: ...
