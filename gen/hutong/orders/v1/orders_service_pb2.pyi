from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.rpc import status_pb2 as _status_pb2
from hutong.auth.v1 import access_pb2 as _access_pb2
from hutong.auth.v1 import call_context_pb2 as _call_context_pb2
from hutong.catalog.v1 import catalog_pb2 as _catalog_pb2
from hutong.common.v1 import money_pb2 as _money_pb2
from hutong.common.v1 import position_pb2 as _position_pb2
from hutong.common.v1 import resumption_pb2 as _resumption_pb2
from hutong.common.v1 import urgency_pb2 as _urgency_pb2
from hutong.orders.v1 import baskets_pb2 as _baskets_pb2
from hutong.orders.v1 import orders_pb2 as _orders_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QuoteOrderRequest(_message.Message):
    __slots__ = ("parent", "lines", "fulfilment", "position")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    FULFILMENT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    parent: str
    lines: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.WantedLine]
    fulfilment: _orders_pb2.Fulfilment
    position: _position_pb2.Position
    def __init__(self, parent: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_catalog_pb2.WantedLine, _Mapping]]] = ..., fulfilment: _Optional[_Union[_orders_pb2.Fulfilment, str]] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ...) -> None: ...

class PlaceOrderRequest(_message.Message):
    __slots__ = ("parent", "lines", "fulfilment", "tender", "customer", "till", "expected_total", "request_id", "delivery", "basket", "basket_version", "recorded_sale")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    FULFILMENT_FIELD_NUMBER: _ClassVar[int]
    TENDER_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    TILL_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    BASKET_FIELD_NUMBER: _ClassVar[int]
    BASKET_VERSION_FIELD_NUMBER: _ClassVar[int]
    RECORDED_SALE_FIELD_NUMBER: _ClassVar[int]
    parent: str
    lines: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.WantedLine]
    fulfilment: _orders_pb2.Fulfilment
    tender: _orders_pb2.Tender
    customer: str
    till: str
    expected_total: _money_pb2.Money
    request_id: str
    delivery: _orders_pb2.DeliveryAddress
    basket: str
    basket_version: int
    recorded_sale: _orders_pb2.RecordedSale
    def __init__(self, parent: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_catalog_pb2.WantedLine, _Mapping]]] = ..., fulfilment: _Optional[_Union[_orders_pb2.Fulfilment, str]] = ..., tender: _Optional[_Union[_orders_pb2.Tender, _Mapping]] = ..., customer: _Optional[str] = ..., till: _Optional[str] = ..., expected_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., request_id: _Optional[str] = ..., delivery: _Optional[_Union[_orders_pb2.DeliveryAddress, _Mapping]] = ..., basket: _Optional[str] = ..., basket_version: _Optional[int] = ..., recorded_sale: _Optional[_Union[_orders_pb2.RecordedSale, _Mapping]] = ...) -> None: ...

class BatchPlaceOrdersRequest(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: PlaceOrderRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[PlaceOrderRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchPlaceOrdersRequest.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchPlaceOrdersRequest.Item, _Mapping]]] = ...) -> None: ...

class BatchPlaceOrdersResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "order")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        ORDER_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        order: _orders_pb2.Order
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., order: _Optional[_Union[_orders_pb2.Order, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchPlaceOrdersResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchPlaceOrdersResponse.Result, _Mapping]]] = ...) -> None: ...

class GetOrderRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class WatchOrderRequest(_message.Message):
    __slots__ = ("name", "after_version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AFTER_VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    after_version: int
    def __init__(self, name: _Optional[str] = ..., after_version: _Optional[int] = ...) -> None: ...

class ListOrdersRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListOrdersResponse(_message.Message):
    __slots__ = ("orders", "next_page_token")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[_orders_pb2.Order]
    next_page_token: str
    def __init__(self, orders: _Optional[_Iterable[_Union[_orders_pb2.Order, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelOrderRequest(_message.Message):
    __slots__ = ("name", "reason", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class MarkOrderReadyRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class HandOverOrderRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UploadSalesRequest(_message.Message):
    __slots__ = ("sale",)
    SALE_FIELD_NUMBER: _ClassVar[int]
    sale: PlaceOrderRequest
    def __init__(self, sale: _Optional[_Union[PlaceOrderRequest, _Mapping]] = ...) -> None: ...

class UploadSalesResponse(_message.Message):
    __slots__ = ("request_id", "order", "total", "error")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    order: str
    total: _money_pb2.Money
    error: _status_pb2.Status
    def __init__(self, request_id: _Optional[str] = ..., order: _Optional[str] = ..., total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
