import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.rpc import status_pb2 as _status_pb2
from hutong.auth.v1 import access_pb2 as _access_pb2
from hutong.auth.v1 import call_context_pb2 as _call_context_pb2
from hutong.common.v1 import measure_pb2 as _measure_pb2
from hutong.common.v1 import product_quantity_pb2 as _product_quantity_pb2
from hutong.common.v1 import resumption_pb2 as _resumption_pb2
from hutong.common.v1 import urgency_pb2 as _urgency_pb2
from hutong.inventory.v1 import inventory_pb2 as _inventory_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStockLevelRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListStockLevelsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListStockLevelsResponse(_message.Message):
    __slots__ = ("stock_levels", "next_page_token")
    STOCK_LEVELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    stock_levels: _containers.RepeatedCompositeFieldContainer[_inventory_pb2.StockLevel]
    next_page_token: str
    def __init__(self, stock_levels: _Optional[_Iterable[_Union[_inventory_pb2.StockLevel, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListStockMovementsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListStockMovementsResponse(_message.Message):
    __slots__ = ("stock_movements", "next_page_token")
    STOCK_MOVEMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    stock_movements: _containers.RepeatedCompositeFieldContainer[_inventory_pb2.StockMovement]
    next_page_token: str
    def __init__(self, stock_movements: _Optional[_Iterable[_Union[_inventory_pb2.StockMovement, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ReceiveStockRequest(_message.Message):
    __slots__ = ("parent", "lines", "delivery_note", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_NOTE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    lines: _containers.RepeatedCompositeFieldContainer[_product_quantity_pb2.ProductQuantity]
    delivery_note: str
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_product_quantity_pb2.ProductQuantity, _Mapping]]] = ..., delivery_note: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReceiveStockResponse(_message.Message):
    __slots__ = ("stock_levels",)
    STOCK_LEVELS_FIELD_NUMBER: _ClassVar[int]
    stock_levels: _containers.RepeatedCompositeFieldContainer[_inventory_pb2.StockLevel]
    def __init__(self, stock_levels: _Optional[_Iterable[_Union[_inventory_pb2.StockLevel, _Mapping]]] = ...) -> None: ...

class AdjustStockRequest(_message.Message):
    __slots__ = ("name", "counted", "expected_on_hand", "unit", "reason", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ON_HAND_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    counted: int
    expected_on_hand: int
    unit: _measure_pb2.MeasureUnit
    reason: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., counted: _Optional[int] = ..., expected_on_hand: _Optional[int] = ..., unit: _Optional[_Union[_measure_pb2.MeasureUnit, str]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetReservationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ReserveStockRequest(_message.Message):
    __slots__ = ("parent", "reservation_id", "lines", "actor", "hold_duration")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    HOLD_DURATION_FIELD_NUMBER: _ClassVar[int]
    parent: str
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_product_quantity_pb2.ProductQuantity]
    actor: str
    hold_duration: _duration_pb2.Duration
    def __init__(self, parent: _Optional[str] = ..., reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_product_quantity_pb2.ProductQuantity, _Mapping]]] = ..., actor: _Optional[str] = ..., hold_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class TakeStockRequest(_message.Message):
    __slots__ = ("parent", "reservation_id", "lines", "actor", "allow_deficit")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ALLOW_DEFICIT_FIELD_NUMBER: _ClassVar[int]
    parent: str
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_product_quantity_pb2.ProductQuantity]
    actor: str
    allow_deficit: bool
    def __init__(self, parent: _Optional[str] = ..., reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_product_quantity_pb2.ProductQuantity, _Mapping]]] = ..., actor: _Optional[str] = ..., allow_deficit: _Optional[bool] = ...) -> None: ...

class CommitReservationRequest(_message.Message):
    __slots__ = ("name", "actor")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    actor: str
    def __init__(self, name: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class ReleaseReservationRequest(_message.Message):
    __slots__ = ("name", "actor")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    actor: str
    def __init__(self, name: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class BatchReserveStockRequest(_message.Message):
    __slots__ = ("items", "omit_results")
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: ReserveStockRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[ReserveStockRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OMIT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchReserveStockRequest.Item]
    omit_results: bool
    def __init__(self, items: _Optional[_Iterable[_Union[BatchReserveStockRequest.Item, _Mapping]]] = ..., omit_results: _Optional[bool] = ...) -> None: ...

class BatchReserveStockResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "reservation")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        RESERVATION_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        reservation: _inventory_pb2.Reservation
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., reservation: _Optional[_Union[_inventory_pb2.Reservation, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchReserveStockResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchReserveStockResponse.Result, _Mapping]]] = ...) -> None: ...

class BatchTakeStockRequest(_message.Message):
    __slots__ = ("items", "omit_results")
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: TakeStockRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[TakeStockRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OMIT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchTakeStockRequest.Item]
    omit_results: bool
    def __init__(self, items: _Optional[_Iterable[_Union[BatchTakeStockRequest.Item, _Mapping]]] = ..., omit_results: _Optional[bool] = ...) -> None: ...

class BatchTakeStockResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "reservation")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        RESERVATION_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        reservation: _inventory_pb2.Reservation
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., reservation: _Optional[_Union[_inventory_pb2.Reservation, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchTakeStockResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchTakeStockResponse.Result, _Mapping]]] = ...) -> None: ...

class BatchCommitReservationsRequest(_message.Message):
    __slots__ = ("items", "omit_results")
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: CommitReservationRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[CommitReservationRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OMIT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchCommitReservationsRequest.Item]
    omit_results: bool
    def __init__(self, items: _Optional[_Iterable[_Union[BatchCommitReservationsRequest.Item, _Mapping]]] = ..., omit_results: _Optional[bool] = ...) -> None: ...

class BatchCommitReservationsResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "reservation")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        RESERVATION_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        reservation: _inventory_pb2.Reservation
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., reservation: _Optional[_Union[_inventory_pb2.Reservation, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchCommitReservationsResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchCommitReservationsResponse.Result, _Mapping]]] = ...) -> None: ...

class BatchReleaseReservationsRequest(_message.Message):
    __slots__ = ("items", "omit_results")
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: ReleaseReservationRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[ReleaseReservationRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OMIT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchReleaseReservationsRequest.Item]
    omit_results: bool
    def __init__(self, items: _Optional[_Iterable[_Union[BatchReleaseReservationsRequest.Item, _Mapping]]] = ..., omit_results: _Optional[bool] = ...) -> None: ...

class BatchReleaseReservationsResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "reservation")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        RESERVATION_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        reservation: _inventory_pb2.Reservation
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., reservation: _Optional[_Union[_inventory_pb2.Reservation, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchReleaseReservationsResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchReleaseReservationsResponse.Result, _Mapping]]] = ...) -> None: ...

class WatchStockRequest(_message.Message):
    __slots__ = ("parent", "products", "resume_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    products: _containers.RepeatedScalarFieldContainer[str]
    resume_token: str
    def __init__(self, parent: _Optional[str] = ..., products: _Optional[_Iterable[str]] = ..., resume_token: _Optional[str] = ...) -> None: ...

class WatchStockResponse(_message.Message):
    __slots__ = ("stock_levels", "resume_token", "is_reset", "is_snapshot", "is_current")
    STOCK_LEVELS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    IS_RESET_FIELD_NUMBER: _ClassVar[int]
    IS_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    IS_CURRENT_FIELD_NUMBER: _ClassVar[int]
    stock_levels: _containers.RepeatedCompositeFieldContainer[_inventory_pb2.StockLevel]
    resume_token: str
    is_reset: bool
    is_snapshot: bool
    is_current: bool
    def __init__(self, stock_levels: _Optional[_Iterable[_Union[_inventory_pb2.StockLevel, _Mapping]]] = ..., resume_token: _Optional[str] = ..., is_reset: _Optional[bool] = ..., is_snapshot: _Optional[bool] = ..., is_current: _Optional[bool] = ...) -> None: ...

class ListDiscrepanciesRequest(_message.Message):
    __slots__ = ("parent", "state", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    state: _inventory_pb2.DiscrepancyState
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., state: _Optional[_Union[_inventory_pb2.DiscrepancyState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDiscrepanciesResponse(_message.Message):
    __slots__ = ("discrepancies", "next_page_token")
    DISCREPANCIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    discrepancies: _containers.RepeatedCompositeFieldContainer[_inventory_pb2.Discrepancy]
    next_page_token: str
    def __init__(self, discrepancies: _Optional[_Iterable[_Union[_inventory_pb2.Discrepancy, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ResolveDiscrepancyRequest(_message.Message):
    __slots__ = ("name", "version", "count", "note", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    count: StockCount
    note: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., count: _Optional[_Union[StockCount, _Mapping]] = ..., note: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class StockCount(_message.Message):
    __slots__ = ("counted", "expected_on_hand")
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ON_HAND_FIELD_NUMBER: _ClassVar[int]
    counted: int
    expected_on_hand: int
    def __init__(self, counted: _Optional[int] = ..., expected_on_hand: _Optional[int] = ...) -> None: ...
