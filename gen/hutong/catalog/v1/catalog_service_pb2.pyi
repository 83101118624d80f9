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
from hutong.catalog.v1 import catalog_pb2 as _catalog_pb2
from hutong.catalog.v1 import parity_pb2 as _parity_pb2
from hutong.common.v1 import money_pb2 as _money_pb2
from hutong.common.v1 import resumption_pb2 as _resumption_pb2
from hutong.common.v1 import urgency_pb2 as _urgency_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BatchCreateProductsRequest(_message.Message):
    __slots__ = ("products", "request_id")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    products: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Product]
    request_id: str
    def __init__(self, products: _Optional[_Iterable[_Union[_catalog_pb2.Product, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class BatchCreateProductsResponse(_message.Message):
    __slots__ = ("products",)
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    products: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Product]
    def __init__(self, products: _Optional[_Iterable[_Union[_catalog_pb2.Product, _Mapping]]] = ...) -> None: ...

class UpdateProductRequest(_message.Message):
    __slots__ = ("product", "update_mask")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    product: _catalog_pb2.Product
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, product: _Optional[_Union[_catalog_pb2.Product, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class GetProductRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListProductsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "department", "store")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DEPARTMENT_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    department: str
    store: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., department: _Optional[str] = ..., store: _Optional[str] = ...) -> None: ...

class ListProductsResponse(_message.Message):
    __slots__ = ("products", "next_page_token")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    products: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Product]
    next_page_token: str
    def __init__(self, products: _Optional[_Iterable[_Union[_catalog_pb2.Product, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SearchProductsRequest(_message.Message):
    __slots__ = ("query", "page_size", "page_token", "department", "store")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DEPARTMENT_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    query: str
    page_size: int
    page_token: str
    department: str
    store: str
    def __init__(self, query: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., department: _Optional[str] = ..., store: _Optional[str] = ...) -> None: ...

class SearchProductsResponse(_message.Message):
    __slots__ = ("products", "next_page_token")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    products: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Product]
    next_page_token: str
    def __init__(self, products: _Optional[_Iterable[_Union[_catalog_pb2.Product, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListDepartmentsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDepartmentsResponse(_message.Message):
    __slots__ = ("departments", "next_page_token")
    DEPARTMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    departments: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Department]
    next_page_token: str
    def __init__(self, departments: _Optional[_Iterable[_Union[_catalog_pb2.Department, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class LookUpBarcodeRequest(_message.Message):
    __slots__ = ("parent", "barcode", "channel")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    parent: str
    barcode: str
    channel: _catalog_pb2.SalesChannel
    def __init__(self, parent: _Optional[str] = ..., barcode: _Optional[str] = ..., channel: _Optional[_Union[_catalog_pb2.SalesChannel, str]] = ...) -> None: ...

class PriceChange(_message.Message):
    __slots__ = ("product", "unit_price")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    product: str
    unit_price: _money_pb2.Money
    def __init__(self, product: _Optional[str] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class ChangePricesRequest(_message.Message):
    __slots__ = ("parent", "changes", "request_id", "start_time", "end_time", "channel")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    parent: str
    changes: _containers.RepeatedCompositeFieldContainer[PriceChange]
    request_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    channel: _catalog_pb2.SalesChannel
    def __init__(self, parent: _Optional[str] = ..., changes: _Optional[_Iterable[_Union[PriceChange, _Mapping]]] = ..., request_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., channel: _Optional[_Union[_catalog_pb2.SalesChannel, str]] = ...) -> None: ...

class WithdrawPriceRequest(_message.Message):
    __slots__ = ("name", "version", "reason", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    reason: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ChangePricesResponse(_message.Message):
    __slots__ = ("prices",)
    PRICES_FIELD_NUMBER: _ClassVar[int]
    prices: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Price]
    def __init__(self, prices: _Optional[_Iterable[_Union[_catalog_pb2.Price, _Mapping]]] = ...) -> None: ...

class GetPriceRequest(_message.Message):
    __slots__ = ("name", "channel")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    name: str
    channel: _catalog_pb2.SalesChannel
    def __init__(self, name: _Optional[str] = ..., channel: _Optional[_Union[_catalog_pb2.SalesChannel, str]] = ...) -> None: ...

class ListPricesRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "channel")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    channel: _catalog_pb2.SalesChannel
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., channel: _Optional[_Union[_catalog_pb2.SalesChannel, str]] = ...) -> None: ...

class ListPricesResponse(_message.Message):
    __slots__ = ("prices", "next_page_token")
    PRICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    prices: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Price]
    next_page_token: str
    def __init__(self, prices: _Optional[_Iterable[_Union[_catalog_pb2.Price, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListPriceVersionsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPriceVersionsResponse(_message.Message):
    __slots__ = ("prices", "next_page_token")
    PRICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    prices: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Price]
    next_page_token: str
    def __init__(self, prices: _Optional[_Iterable[_Union[_catalog_pb2.Price, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class QuoteBasketRequest(_message.Message):
    __slots__ = ("parent", "lines", "quote_time", "channel")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    QUOTE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    parent: str
    lines: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.WantedLine]
    quote_time: _timestamp_pb2.Timestamp
    channel: _catalog_pb2.SalesChannel
    def __init__(self, parent: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_catalog_pb2.WantedLine, _Mapping]]] = ..., quote_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., channel: _Optional[_Union[_catalog_pb2.SalesChannel, str]] = ...) -> None: ...

class BatchQuoteBasketsRequest(_message.Message):
    __slots__ = ("items",)
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: QuoteBasketRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[QuoteBasketRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchQuoteBasketsRequest.Item]
    def __init__(self, items: _Optional[_Iterable[_Union[BatchQuoteBasketsRequest.Item, _Mapping]]] = ...) -> None: ...

class BatchQuoteBasketsResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "quote")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        QUOTE_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        quote: _catalog_pb2.BasketQuote
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., quote: _Optional[_Union[_catalog_pb2.BasketQuote, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchQuoteBasketsResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchQuoteBasketsResponse.Result, _Mapping]]] = ...) -> None: ...

class ReportShownPricesRequest(_message.Message):
    __slots__ = ("parent", "surface", "device", "prices", "report_time")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    REPORT_TIME_FIELD_NUMBER: _ClassVar[int]
    parent: str
    surface: _parity_pb2.PriceSurface
    device: str
    prices: _containers.RepeatedCompositeFieldContainer[_parity_pb2.ShownPrice]
    report_time: _timestamp_pb2.Timestamp
    def __init__(self, parent: _Optional[str] = ..., surface: _Optional[_Union[_parity_pb2.PriceSurface, str]] = ..., device: _Optional[str] = ..., prices: _Optional[_Iterable[_Union[_parity_pb2.ShownPrice, _Mapping]]] = ..., report_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportShownPricesResponse(_message.Message):
    __slots__ = ("prices",)
    PRICES_FIELD_NUMBER: _ClassVar[int]
    prices: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Price]
    def __init__(self, prices: _Optional[_Iterable[_Union[_catalog_pb2.Price, _Mapping]]] = ...) -> None: ...

class ListPriceDisagreementsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "include_resolved")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_RESOLVED_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    include_resolved: bool
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_resolved: _Optional[bool] = ...) -> None: ...

class ListPriceDisagreementsResponse(_message.Message):
    __slots__ = ("price_disagreements", "next_page_token")
    PRICE_DISAGREEMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    price_disagreements: _containers.RepeatedCompositeFieldContainer[_parity_pb2.PriceDisagreement]
    next_page_token: str
    def __init__(self, price_disagreements: _Optional[_Iterable[_Union[_parity_pb2.PriceDisagreement, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchPricesRequest(_message.Message):
    __slots__ = ("parent", "products", "channel", "resume_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    products: _containers.RepeatedScalarFieldContainer[str]
    channel: _catalog_pb2.SalesChannel
    resume_token: str
    def __init__(self, parent: _Optional[str] = ..., products: _Optional[_Iterable[str]] = ..., channel: _Optional[_Union[_catalog_pb2.SalesChannel, str]] = ..., resume_token: _Optional[str] = ...) -> None: ...

class WatchPricesResponse(_message.Message):
    __slots__ = ("prices", "ended_prices", "resume_token", "is_reset", "is_snapshot", "is_current")
    PRICES_FIELD_NUMBER: _ClassVar[int]
    ENDED_PRICES_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    IS_RESET_FIELD_NUMBER: _ClassVar[int]
    IS_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    IS_CURRENT_FIELD_NUMBER: _ClassVar[int]
    prices: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.Price]
    ended_prices: _containers.RepeatedScalarFieldContainer[str]
    resume_token: str
    is_reset: bool
    is_snapshot: bool
    is_current: bool
    def __init__(self, prices: _Optional[_Iterable[_Union[_catalog_pb2.Price, _Mapping]]] = ..., ended_prices: _Optional[_Iterable[str]] = ..., resume_token: _Optional[str] = ..., is_reset: _Optional[bool] = ..., is_snapshot: _Optional[bool] = ..., is_current: _Optional[bool] = ...) -> None: ...
