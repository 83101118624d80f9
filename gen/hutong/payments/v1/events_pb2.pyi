from google.api import field_behavior_pb2 as _field_behavior_pb2
from hutong.common.v1 import money_pb2 as _money_pb2
from hutong.payments.v1 import payments_pb2 as _payments_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PaymentChanged(_message.Message):
    __slots__ = ("payment", "transfer")
    PAYMENT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    payment: _payments_pb2.Payment
    transfer: _payments_pb2.LedgerTransfer
    def __init__(self, payment: _Optional[_Union[_payments_pb2.Payment, _Mapping]] = ..., transfer: _Optional[_Union[_payments_pb2.LedgerTransfer, _Mapping]] = ...) -> None: ...

class WalletToppedUp(_message.Message):
    __slots__ = ("wallet", "amount", "transfer", "balance")
    WALLET_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    wallet: str
    amount: _money_pb2.Money
    transfer: _payments_pb2.LedgerTransfer
    balance: _payments_pb2.Wallet
    def __init__(self, wallet: _Optional[str] = ..., amount: _Optional[_Union[_money_pb2.Money, _Mapping]] = ..., transfer: _Optional[_Union[_payments_pb2.LedgerTransfer, _Mapping]] = ..., balance: _Optional[_Union[_payments_pb2.Wallet, _Mapping]] = ...) -> None: ...
