from buf.validate import validate_pb2 as _validate_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.rpc import status_pb2 as _status_pb2
from hutong.auth.v1 import access_pb2 as _access_pb2
from hutong.auth.v1 import call_context_pb2 as _call_context_pb2
from hutong.common.v1 import money_pb2 as _money_pb2
from hutong.common.v1 import urgency_pb2 as _urgency_pb2
from hutong.payments.v1 import payments_pb2 as _payments_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetWalletRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class TopUpWalletRequest(_message.Message):
    __slots__ = ("name", "amount", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    amount: _money_pb2.Money
    request_id: str
    def __init__(self, name: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ListLedgerEntriesRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLedgerEntriesResponse(_message.Message):
    __slots__ = ("ledger_entries", "next_page_token")
    LEDGER_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ledger_entries: _containers.RepeatedCompositeFieldContainer[_payments_pb2.LedgerEntry]
    next_page_token: str
    def __init__(self, ledger_entries: _Optional[_Iterable[_Union[_payments_pb2.LedgerEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetPaymentRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class AuthorisePaymentRequest(_message.Message):
    __slots__ = ("parent", "payment_id", "store", "amount", "actor")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    parent: str
    payment_id: str
    store: str
    amount: _money_pb2.Money
    actor: str
    def __init__(self, parent: _Optional[str] = ..., payment_id: _Optional[str] = ..., store: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., actor: _Optional[str] = ...) -> None: ...

class ChargePaymentRequest(_message.Message):
    __slots__ = ("parent", "payment_id", "store", "amount", "actor", "till")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TILL_FIELD_NUMBER: _ClassVar[int]
    parent: str
    payment_id: str
    store: str
    amount: _money_pb2.Money
    actor: str
    till: str
    def __init__(self, parent: _Optional[str] = ..., payment_id: _Optional[str] = ..., store: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., actor: _Optional[str] = ..., till: _Optional[str] = ...) -> None: ...

class CapturePaymentRequest(_message.Message):
    __slots__ = ("name", "actor")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    actor: str
    def __init__(self, name: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class VoidPaymentRequest(_message.Message):
    __slots__ = ("name", "actor")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    actor: str
    def __init__(self, name: _Optional[str] = ..., actor: _Optional[str] = ...) -> None: ...

class RefundPaymentRequest(_message.Message):
    __slots__ = ("name", "actor", "amount", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    actor: str
    amount: _money_pb2.Money
    request_id: str
    def __init__(self, name: _Optional[str] = ..., actor: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class BatchAuthorisePaymentsRequest(_message.Message):
    __slots__ = ("items", "omit_results")
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: AuthorisePaymentRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[AuthorisePaymentRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OMIT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchAuthorisePaymentsRequest.Item]
    omit_results: bool
    def __init__(self, items: _Optional[_Iterable[_Union[BatchAuthorisePaymentsRequest.Item, _Mapping]]] = ..., omit_results: _Optional[bool] = ...) -> None: ...

class BatchAuthorisePaymentsResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "payment")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        PAYMENT_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        payment: _payments_pb2.Payment
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., payment: _Optional[_Union[_payments_pb2.Payment, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchAuthorisePaymentsResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchAuthorisePaymentsResponse.Result, _Mapping]]] = ...) -> None: ...

class BatchChargePaymentsRequest(_message.Message):
    __slots__ = ("items", "omit_results")
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: ChargePaymentRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[ChargePaymentRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OMIT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchChargePaymentsRequest.Item]
    omit_results: bool
    def __init__(self, items: _Optional[_Iterable[_Union[BatchChargePaymentsRequest.Item, _Mapping]]] = ..., omit_results: _Optional[bool] = ...) -> None: ...

class BatchChargePaymentsResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "payment")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        PAYMENT_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        payment: _payments_pb2.Payment
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., payment: _Optional[_Union[_payments_pb2.Payment, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchChargePaymentsResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchChargePaymentsResponse.Result, _Mapping]]] = ...) -> None: ...

class BatchCapturePaymentsRequest(_message.Message):
    __slots__ = ("items", "omit_results")
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: CapturePaymentRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[CapturePaymentRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OMIT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchCapturePaymentsRequest.Item]
    omit_results: bool
    def __init__(self, items: _Optional[_Iterable[_Union[BatchCapturePaymentsRequest.Item, _Mapping]]] = ..., omit_results: _Optional[bool] = ...) -> None: ...

class BatchCapturePaymentsResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "payment")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        PAYMENT_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        payment: _payments_pb2.Payment
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., payment: _Optional[_Union[_payments_pb2.Payment, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchCapturePaymentsResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchCapturePaymentsResponse.Result, _Mapping]]] = ...) -> None: ...

class BatchVoidPaymentsRequest(_message.Message):
    __slots__ = ("items", "omit_results")
    class Item(_message.Message):
        __slots__ = ("context", "request")
        CONTEXT_FIELD_NUMBER: _ClassVar[int]
        REQUEST_FIELD_NUMBER: _ClassVar[int]
        context: _call_context_pb2.CallContext
        request: VoidPaymentRequest
        def __init__(self, context: _Optional[_Union[_call_context_pb2.CallContext, _Mapping]] = ..., request: _Optional[_Union[VoidPaymentRequest, _Mapping]] = ...) -> None: ...
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    OMIT_RESULTS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BatchVoidPaymentsRequest.Item]
    omit_results: bool
    def __init__(self, items: _Optional[_Iterable[_Union[BatchVoidPaymentsRequest.Item, _Mapping]]] = ..., omit_results: _Optional[bool] = ...) -> None: ...

class BatchVoidPaymentsResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("error", "payment")
        ERROR_FIELD_NUMBER: _ClassVar[int]
        PAYMENT_FIELD_NUMBER: _ClassVar[int]
        error: _status_pb2.Status
        payment: _payments_pb2.Payment
        def __init__(self, error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., payment: _Optional[_Union[_payments_pb2.Payment, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchVoidPaymentsResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchVoidPaymentsResponse.Result, _Mapping]]] = ...) -> None: ...
