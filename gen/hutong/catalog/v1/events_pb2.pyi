import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hutong.catalog.v1 import catalog_pb2 as _catalog_pb2
from hutong.catalog.v1 import parity_pb2 as _parity_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProductChanged(_message.Message):
    __slots__ = ("product",)
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    product: _catalog_pb2.Product
    def __init__(self, product: _Optional[_Union[_catalog_pb2.Product, _Mapping]] = ...) -> None: ...

class PriceChanged(_message.Message):
    __slots__ = ("price",)
    PRICE_FIELD_NUMBER: _ClassVar[int]
    price: _catalog_pb2.Price
    def __init__(self, price: _Optional[_Union[_catalog_pb2.Price, _Mapping]] = ...) -> None: ...

class PriceWithdrawn(_message.Message):
    __slots__ = ("price",)
    PRICE_FIELD_NUMBER: _ClassVar[int]
    price: _catalog_pb2.Price
    def __init__(self, price: _Optional[_Union[_catalog_pb2.Price, _Mapping]] = ...) -> None: ...

class ShownPricesChanged(_message.Message):
    __slots__ = ("store", "surface", "device", "prices", "lost_products", "report_time")
    STORE_FIELD_NUMBER: _ClassVar[int]
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    LOST_PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    REPORT_TIME_FIELD_NUMBER: _ClassVar[int]
    store: str
    surface: _parity_pb2.PriceSurface
    device: str
    prices: _containers.RepeatedCompositeFieldContainer[_parity_pb2.ShownPrice]
    lost_products: _containers.RepeatedScalarFieldContainer[str]
    report_time: _timestamp_pb2.Timestamp
    def __init__(self, store: _Optional[str] = ..., surface: _Optional[_Union[_parity_pb2.PriceSurface, str]] = ..., device: _Optional[str] = ..., prices: _Optional[_Iterable[_Union[_parity_pb2.ShownPrice, _Mapping]]] = ..., lost_products: _Optional[_Iterable[str]] = ..., report_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PriceDisagreementChanged(_message.Message):
    __slots__ = ("price_disagreement",)
    PRICE_DISAGREEMENT_FIELD_NUMBER: _ClassVar[int]
    price_disagreement: _parity_pb2.PriceDisagreement
    def __init__(self, price_disagreement: _Optional[_Union[_parity_pb2.PriceDisagreement, _Mapping]] = ...) -> None: ...
