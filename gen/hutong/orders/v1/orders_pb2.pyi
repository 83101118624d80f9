import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hutong.catalog.v1 import catalog_pb2 as _catalog_pb2
from hutong.common.v1 import money_pb2 as _money_pb2
from hutong.common.v1 import position_pb2 as _position_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OrderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_STATE_UNSPECIFIED: _ClassVar[OrderState]
    ORDER_STATE_PLACING: _ClassVar[OrderState]
    ORDER_STATE_PLACED: _ClassVar[OrderState]
    ORDER_STATE_COMPLETED: _ClassVar[OrderState]
    ORDER_STATE_REFUSED: _ClassVar[OrderState]
    ORDER_STATE_CANCELLING: _ClassVar[OrderState]
    ORDER_STATE_CANCELLED: _ClassVar[OrderState]
    ORDER_STATE_COMPLETING: _ClassVar[OrderState]
    ORDER_STATE_NEEDS_ATTENTION: _ClassVar[OrderState]
    ORDER_STATE_READY: _ClassVar[OrderState]

class Fulfilment(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FULFILMENT_UNSPECIFIED: _ClassVar[Fulfilment]
    FULFILMENT_CARRY_OUT: _ClassVar[Fulfilment]
    FULFILMENT_PICKUP: _ClassVar[Fulfilment]
    FULFILMENT_DELIVERY: _ClassVar[Fulfilment]
ORDER_STATE_UNSPECIFIED: OrderState
ORDER_STATE_PLACING: OrderState
ORDER_STATE_PLACED: OrderState
ORDER_STATE_COMPLETED: OrderState
ORDER_STATE_REFUSED: OrderState
ORDER_STATE_CANCELLING: OrderState
ORDER_STATE_CANCELLED: OrderState
ORDER_STATE_COMPLETING: OrderState
ORDER_STATE_NEEDS_ATTENTION: OrderState
ORDER_STATE_READY: OrderState
FULFILMENT_UNSPECIFIED: Fulfilment
FULFILMENT_CARRY_OUT: Fulfilment
FULFILMENT_PICKUP: Fulfilment
FULFILMENT_DELIVERY: Fulfilment

class Order(_message.Message):
    __slots__ = ("name", "state", "fulfilment", "lines", "total", "tender", "change_due", "customer", "till", "placed_by", "end_reason", "create_time", "update_time", "version", "delivery", "recorded_sale")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    FULFILMENT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    TENDER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_DUE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    TILL_FIELD_NUMBER: _ClassVar[int]
    PLACED_BY_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    RECORDED_SALE_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: OrderState
    fulfilment: Fulfilment
    lines: _containers.RepeatedCompositeFieldContainer[_catalog_pb2.QuotedLine]
    total: _money_pb2.Money
    tender: Tender
    change_due: _money_pb2.Money
    customer: str
    till: str
    placed_by: str
    end_reason: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    version: int
    delivery: DeliveryAddress
    recorded_sale: RecordedSale
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[OrderState, str]] = ..., fulfilment: _Optional[_Union[Fulfilment, str]] = ..., lines: _Optional[_Iterable[_Union[_catalog_pb2.QuotedLine, _Mapping]]] = ..., total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., tender: _Optional[_Union[Tender, _Mapping]] = ..., change_due: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., customer: _Optional[str] = ..., till: _Optional[str] = ..., placed_by: _Optional[str] = ..., end_reason: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[int] = ..., delivery: _Optional[_Union[DeliveryAddress, _Mapping]] = ..., recorded_sale: _Optional[_Union[RecordedSale, _Mapping]] = ...) -> None: ...

class DeliveryAddress(_message.Message):
    __slots__ = ("recipient", "phone", "street", "position", "note")
    RECIPIENT_FIELD_NUMBER: _ClassVar[int]
    PHONE_FIELD_NUMBER: _ClassVar[int]
    STREET_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    recipient: str
    phone: str
    street: str
    position: _position_pb2.Position
    note: str
    def __init__(self, recipient: _Optional[str] = ..., phone: _Optional[str] = ..., street: _Optional[str] = ..., position: _Optional[_Union[_position_pb2.Position, _Mapping]] = ..., note: _Optional[str] = ...) -> None: ...

class Tender(_message.Message):
    __slots__ = ("cash", "wallet")
    CASH_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    cash: CashTender
    wallet: WalletTender
    def __init__(self, cash: _Optional[_Union[CashTender, _Mapping]] = ..., wallet: _Optional[_Union[WalletTender, _Mapping]] = ...) -> None: ...

class CashTender(_message.Message):
    __slots__ = ("tendered",)
    TENDERED_FIELD_NUMBER: _ClassVar[int]
    tendered: _money_pb2.Money
    def __init__(self, tendered: _Optional[_Union[_money_pb2.Money, _Mapping]] = ...) -> None: ...

class WalletTender(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RecordedSale(_message.Message):
    __slots__ = ("receipt_number", "sale_time", "reason", "lines", "quoted_total", "is_uploaded")
    RECEIPT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SALE_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    QUOTED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    IS_UPLOADED_FIELD_NUMBER: _ClassVar[int]
    receipt_number: str
    sale_time: _timestamp_pb2.Timestamp
    reason: str
    lines: _containers.RepeatedCompositeFieldContainer[ChargedLine]
    quoted_total: _money_pb2.Money
    is_uploaded: bool
    def __init__(self, receipt_number: _Optional[str] = ..., sale_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[ChargedLine, _Mapping]]] = ..., quoted_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., is_uploaded: _Optional[bool] = ...) -> None: ...

class ChargedLine(_message.Message):
    __slots__ = ("product", "label", "charged_total", "discount", "display_name", "unit_price", "is_unpriced")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    CHARGED_TOTAL_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_PRICE_FIELD_NUMBER: _ClassVar[int]
    IS_UNPRICED_FIELD_NUMBER: _ClassVar[int]
    product: str
    label: str
    charged_total: _money_pb2.Money
    discount: _money_pb2.Money
    display_name: str
    unit_price: _money_pb2.Money
    is_unpriced: bool
    def __init__(self, product: _Optional[str] = ..., label: _Optional[str] = ..., charged_total: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., discount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., display_name: _Optional[str] = ..., unit_price: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., is_unpriced: _Optional[bool] = ...) -> None: ...
